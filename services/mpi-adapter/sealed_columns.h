// Which columns of this schema hang on a key (decision E7). All of it is a cache: what cannot be
// read any more is asked for again.
#pragma once

#include "lib/store/sealed_columns.h"

namespace va::mpi {

inline constexpr store::SealedColumn kAnswersSealed[] = {
    {"answer_sealed", "kept_answers/{}/answer"},
};
inline constexpr store::LookupColumn kAnswersLookups[] = {
    {"key_hash", store::RingName::kLookup, "mpi.answers", nullptr,
     "the answer counts as not there: MPI is asked once more"},
    {"person_hash", store::RingName::kLookup, "mpi.answers.icn", nullptr,
     "stands beside a key_hash of the same ring, and is not found without it"},
};
inline constexpr store::SealedColumn kLinksSealed[] = {
    {"link_sealed", "retired_icns/{}/link"},
};
inline constexpr store::LookupColumn kLinksLookups[] = {
    {"icn_hash", store::RingName::kLookup, "mpi.answers.icn", nullptr,
     "the link counts as not there: MPI is asked by the old ICN once more"},
    {"successor_hash", store::RingName::kLookup, "mpi.answers.icn", nullptr,
     "the link leads nowhere: MPI is asked by the old ICN once more"},
};
inline constexpr store::SealedTable kSealedTables[] = {
    {"kept_answers", "id", store::RowKeyType::kUuid, kAnswersSealed, kAnswersLookups},
    {"retired_icns", "id", store::RowKeyType::kUuid, kLinksSealed, kLinksLookups},
};
inline constexpr store::KeylessColumn kKeylessColumns[] = {
    {"audit_heads", "hash", "SHA-256 of audit records, which hold no secret"},
    {"kept_answers", "subject_hashes",
     "made with key_hash beside it and of no use without it; gone within a day"},
    {"invalidations", "subject_hash",
     "stands under every key of the ring at its time, as the answers it concerns; gone in a day"},
    {"add_claims", "credential_hash", "stands under every key of the ring; gone in minutes"},
};
inline constexpr store::SealedSchema kSealedColumns = {kSealedTables, kKeylessColumns};

}  // namespace va::mpi
