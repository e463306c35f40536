// How a session becomes a row: which parts are sealed, and under what name. Shared by the statement
// that begins a session and the one that reads it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/id_generator.h"
#include "lib/crypto/sealed_box.h"
#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

// The sealed columns of one session.
struct SealedSession {
  std::string person;
  std::string name_id;
  std::string name_id_hash;  // what the session is found by: NameIdHash
};

SealedSession Seal(const SessionRecord& session, const crypto::SealedBox& box,
                   base::IdGenerator& ids);

// The sealed name alone, of the session with this token.
absl::StatusOr<identity::PersonText> OpenNameId(absl::string_view sealed,
                                                absl::string_view token_hash,
                                                const crypto::SealedBox& box);

// The column by which an IdP's word about a name finds its sessions: a keyed hash of the name at
// that IdP. What is written, and what is searched for.
std::string NameIdHash(absl::string_view idp, const identity::PersonText& name_id,
                       const crypto::SealedBox& box);
std::vector<std::string> NameIdCandidates(absl::string_view idp,
                                          const identity::PersonText& name_id,
                                          const crypto::SealedBox& box);

// Opens the sealed columns into `session`, whose token_hash is set already.
absl::Status Unseal(const SealedSession& sealed, const crypto::SealedBox& box,
                    SessionRecord& session);

}  // namespace va::gateway
