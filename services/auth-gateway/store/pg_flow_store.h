// Sign-in attempts in PostgreSQL. Everything that must happen once is one statement here, so that
// any number of gateways may share one database (attacks S90-S92, B6).
#pragma once

#include "lib/base/id_generator.h"
#include "lib/crypto/sealed_box.h"
#include "lib/store/pool.h"
#include "services/auth-gateway/domain/ports.h"

namespace va::gateway {

// Thread-safe. Holds its arguments by reference.
class PgFlowStore final : public FlowStore {
 public:
  PgFlowStore(store::Pool& pool, const crypto::SealedBox& box, base::IdGenerator& ids)
      : pool_(pool), box_(box), ids_(ids) {}

  absl::Status Start(const FlowRecord& flow, absl::Time deadline) override;
  absl::StatusOr<std::optional<FlowRecord>> FindByHandle(absl::string_view handle_hash,
                                                         absl::Time deadline) override;
  absl::StatusOr<Claim> ClaimOnce(const FlowRecord& flow, absl::string_view issuer,
                                  absl::string_view assertion_id, absl::Time usable_until,
                                  absl::Time now, absl::Time deadline) override;
  // FAILED_PRECONDITION (FLOW_NOT_OPEN) when the attempt has ended already, was dropped, or was to
  // end in a session without being claimed first.
  absl::Status Finish(absl::string_view flow_id, const Outcome& outcome,
                      const SessionRecord* session, const Provisioning& provisioning,
                      absl::Time deadline) override;
  absl::Status RecordProvisioning(absl::string_view flow_id, const Provisioning& provisioning,
                                  absl::Time deadline) override;
  absl::StatusOr<std::optional<FlowRecord>> FindById(absl::string_view request_id,
                                                     absl::Time deadline) override;

 private:
  store::Pool& pool_;
  const crypto::SealedBox& box_;
  base::IdGenerator& ids_;
};

}  // namespace va::gateway
