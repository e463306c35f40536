// Which columns of this schema hang on a key (decision E7).
#pragma once

#include "lib/store/sealed_columns.h"

namespace va::mhv {

inline constexpr store::SealedColumn kAccountsSealed[] = {{"mhv_id_sealed", "accounts/{}/mhv_id"}};
inline constexpr store::LookupColumn kAccountsLookups[] = {
    {"mhv_id_hash", store::RingName::kLookup, "mhv_id", "mhv_id_sealed"},
    // The ICN itself is not kept here.
    {"icn_hash", store::RingName::kLookup, "icn", nullptr,
     "the cached answer counts as another person's: MHV is asked once more at the next sign-in"},
};
inline constexpr store::SealedTable kSealedTables[] = {
    {"accounts", "account_id", store::RowKeyType::kUuid, kAccountsSealed, kAccountsLookups},
};
inline constexpr store::KeylessColumn kKeylessColumns[] = {
    {"audit_heads", "hash", "SHA-256 of audit records, which hold no secret"},
};
inline constexpr store::SealedSchema kSealedColumns = {kSealedTables, kKeylessColumns};

}  // namespace va::mhv
