#include "services/mpi-adapter/store/subject_hashes.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace va::mpi {
namespace {

absl::string_view WordOf(KeyKind kind) {
  switch (kind) {
    case KeyKind::kIcn:
      return "icn";
    case KeyKind::kIdme:
      return "idme_uuid";
    case KeyKind::kLogingov:
      return "logingov_uuid";
    case KeyKind::kMhv:
      return "mhv_id";
    case KeyKind::kEdipi:
      return "edipi";
    case KeyKind::kFacility:
      return "facility_id";
    case KeyKind::kTraits:
      return "traits";
    case KeyKind::kNameAndBirth:
      break;
  }
  return "name_and_birth";
}

std::string AnswersPurpose(KeyKind kind) { return absl::StrCat("mpi.answers.", WordOf(kind)); }

}  // namespace

std::string SubjectHash(const crypto::LookupHasher& hasher, const CacheKey& key) {
  return hasher.Hash(AnswersPurpose(key.kind), key.value.Reveal());
}

std::vector<std::string> SubjectHashes(const crypto::LookupHasher& hasher,
                                       const std::vector<CacheKey>& keys) {
  std::vector<std::string> hashes;
  hashes.reserve(keys.size());
  for (const CacheKey& key : keys) hashes.push_back(SubjectHash(hasher, key));
  return hashes;
}

std::vector<std::string> SubjectCandidates(const crypto::LookupHasher& hasher,
                                           const std::vector<CacheKey>& keys) {
  std::vector<std::string> all;
  for (const CacheKey& key : keys) {
    std::vector<std::string> of_one =
        hasher.Candidates(AnswersPurpose(key.kind), key.value.Reveal());
    std::move(of_one.begin(), of_one.end(), std::back_inserter(all));
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::string> ClaimCandidates(const crypto::LookupHasher& hasher,
                                         const CacheKey& credential) {
  std::vector<std::string> all = hasher.Candidates(
      absl::StrCat("mpi.claims.", WordOf(credential.kind)), credential.value.Reveal());
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace va::mpi
