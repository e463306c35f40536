// Which columns of this schema hang on a key (decision E7).
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "lib/store/sealed_columns.h"

namespace va::gateway {

// An IdP and a name at it, as one text to hash: the length goes in too, so that an IdP's id and a
// name run together mean one pair only.
inline std::string NameAtIdp(absl::string_view idp, absl::string_view name_id) {
  return absl::StrCat(idp.size(), ":", idp, name_id);
}

inline constexpr store::SealedColumn kSessionsSealed[] = {
    {"person", "gateway.sessions.person:{}"},
    {"name_id", "gateway.sessions.name_id:{}"},
};
inline constexpr store::LookupColumn kSessionsLookups[] = {
    {"name_id_hash", store::RingName::kSealedBox, "gateway.sessions.name_id", "name_id", nullptr,
     "idp", NameAtIdp},
};
inline constexpr store::SealedTable kSealedTables[] = {
    {"sessions", "token_hash", store::RowKeyType::kBytes, kSessionsSealed, kSessionsLookups},
};
inline constexpr store::KeylessColumn kKeylessColumns[] = {
    {"audit_heads", "hash", "SHA-256 of audit records, which hold no secret"},
    {"flows", "handle_hash", "SHA-256 of random bits: there is nothing to guess"},
    {"flows", "browser_hash", "SHA-256 of random bits: there is nothing to guess"},
    {"flows", "session_hash", "SHA-256 of a session's token, which is random bits"},
    {"sessions", "token_hash", "SHA-256 of random bits: there is nothing to guess"},
    {"logouts", "handle_hash", "SHA-256 of random bits: there is nothing to guess"},
    {"logouts", "browser_hash", "SHA-256 of random bits: there is nothing to guess"},
};
inline constexpr store::SealedSchema kSealedColumns = {kSealedTables, kKeylessColumns};

}  // namespace va::gateway
