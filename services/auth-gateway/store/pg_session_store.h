// Sessions in PostgreSQL. The token is known here as a hash only; what is personal is sealed under
// the row it belongs to.
#pragma once

#include "lib/crypto/sealed_box.h"
#include "lib/store/pool.h"
#include "services/auth-gateway/domain/ports.h"

namespace va::gateway {

// Thread-safe. Holds its arguments by reference.
class PgSessionStore final : public SessionStore {
 public:
  PgSessionStore(store::Pool& pool, const crypto::SealedBox& box) : pool_(pool), box_(box) {}

  absl::StatusOr<std::optional<SessionRecord>> Use(absl::string_view token_hash, absl::Time now,
                                                   absl::Time deadline) override;
  absl::StatusOr<std::optional<EndedSession>> End(absl::string_view token_hash,
                                                  absl::Time deadline) override;
  absl::StatusOr<std::vector<EndedSession>> EndByIdp(const IdpSessions& which,
                                                     absl::Time deadline) override;
  absl::StatusOr<std::vector<EndedSession>> EndByAccount(const AccountSessions& which,
                                                         absl::Time deadline) override;
  absl::Status KeepLogout(const PendingLogout& logout, absl::Time deadline) override;
  absl::StatusOr<std::optional<PendingLogout>> FindLogout(absl::string_view handle_hash,
                                                          absl::string_view browser_hash,
                                                          absl::Time now,
                                                          absl::Time deadline) override;
  absl::StatusOr<bool> TakeLogout(absl::string_view handle_hash, absl::Time deadline) override;

 private:
  std::vector<EndedSession> ReadAllEnded(const store::Rows& rows) const;

  store::Pool& pool_;
  const crypto::SealedBox& box_;
};

}  // namespace va::gateway
