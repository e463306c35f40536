// How a session becomes a row: which parts are sealed, and under what name. Shared by the statement
// that begins a session and the one that reads it.
#pragma once

#include <string>

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
};

SealedSession Seal(const SessionRecord& session, const crypto::SealedBox& box,
                   base::IdGenerator& ids);

// Opens the sealed columns into `session`, whose token_hash is set already.
absl::Status Unseal(const SealedSession& sealed, const crypto::SealedBox& box,
                    SessionRecord& session);

}  // namespace va::gateway
