// Keyed hashes of what answers and claims are found by: a purpose per table and kind, so that equal
// identifiers of two kinds, or in two tables, are never equal here.
#pragma once

#include <string>
#include <vector>

#include "lib/crypto/sealed_box.h"
#include "services/mpi-adapter/domain/answer_cache.h"

namespace va::mpi {

// Under the current key: what is written.
std::string SubjectHash(const crypto::LookupHasher& hasher, const CacheKey& key);
std::vector<std::string> SubjectHashes(const crypto::LookupHasher& hasher,
                                       const std::vector<CacheKey>& keys);
// Under every key of the ring: what is searched for. Sorted, so that whoever locks rows by them
// does so in one order.
std::vector<std::string> SubjectCandidates(const crypto::LookupHasher& hasher,
                                           const std::vector<CacheKey>& keys);
std::vector<std::string> ClaimCandidates(const crypto::LookupHasher& hasher,
                                         const CacheKey& credential);

}  // namespace va::mpi
