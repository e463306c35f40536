// Which columns of this schema hang on a key (decision E7).
#pragma once

#include "lib/store/sealed_columns.h"

namespace va::attributes {

inline constexpr store::SealedColumn kAccountsSealed[] = {{"icn_sealed", "user_accounts/{}/icn"}};
inline constexpr store::LookupColumn kAccountsLookups[] = {
    {"icn_hash", store::RingName::kLookup, "icn", "icn_sealed"},
};
inline constexpr store::SealedColumn kVerificationsSealed[] = {
    {"credential_sealed", "user_verifications/{}/credential"},
    {"backing_idme_uuid_sealed", "user_verifications/{}/backing_idme_uuid"},
    {"email_sealed", "user_verifications/{}/email"},
};
inline constexpr store::LookupColumn kVerificationsLookups[] = {
    {"idme_uuid_hash", store::RingName::kLookup, "idme_uuid", "credential_sealed"},
    {"logingov_uuid_hash", store::RingName::kLookup, "logingov_uuid", "credential_sealed"},
    {"mhv_uuid_hash", store::RingName::kLookup, "mhv_uuid", "credential_sealed"},
    {"dslogon_uuid_hash", store::RingName::kLookup, "dslogon_uuid", "credential_sealed"},
    {"backing_idme_uuid_hash", store::RingName::kLookup, "backing_idme_uuid",
     "backing_idme_uuid_sealed"},
};
inline constexpr store::SealedColumn kMergesSealed[] = {
    {"icn_sealed", "pending_merges/{}/icn"},
    {"former_icn_sealed", "pending_merges/{}/former_icn"},
};
inline constexpr store::LookupColumn kMergesLookups[] = {
    {"icn_hash", store::RingName::kLookup, "icn", "icn_sealed"},
    {"former_icn_hash", store::RingName::kLookup, "icn", "former_icn_sealed"},
};
inline constexpr store::SealedColumn kContactsSealed[] = {
    {"answer_sealed", "contact_cache/{}/answer"},
};
inline constexpr store::SealedTable kSealedTables[] = {
    {"user_accounts", "id", store::RowKeyType::kUuid, kAccountsSealed, kAccountsLookups},
    {"user_verifications", "id", store::RowKeyType::kUuid, kVerificationsSealed,
     kVerificationsLookups},
    {"pending_merges", "id", store::RowKeyType::kUuid, kMergesSealed, kMergesLookups},
    {"contact_cache", "user_account_id", store::RowKeyType::kUuid, kContactsSealed, {}},
};
inline constexpr store::KeylessColumn kKeylessColumns[] = {
    {"audit_heads", "hash", "SHA-256 of audit records, which hold no secret"},
    {"user_verifications", "attributes_digest",
     "compared with one made now, looked up by nobody: under another current key MPI is told once "
     "more what it knows"},
};
inline constexpr store::SealedSchema kSealedColumns = {kSealedTables, kKeylessColumns};

}  // namespace va::attributes
