// The gRPC face of accounts, for operators: what stands on record, locks, merges (decision R12) and
// the end of an account. Sealed values leave only with an actor and a record of who looked.
//
// What an operator does is on record before its answer. Whatever gives, moves or deletes something
// is on record as `requested` before it is done, too, and is not done when that record cannot be
// written. A lock never waits for its record: it ends something. When the record of what became of
// a change is lost, the answer is UNAVAILABLE (AUDIT_WRITE) and the change stands.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/rpc/server.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"
#include "services/user-attributes/domain/ports.h"
#include "va/attributes/v1/accounts.pb.h"

namespace va::attributes {

inline constexpr char kGetAccountMethod[] = "va.attributes.v1.AccountsService/GetAccount";
inline constexpr char kListAccountsMethod[] = "va.attributes.v1.AccountsService/ListAccounts";
inline constexpr char kLockMethod[] = "va.attributes.v1.AccountsService/Lock";
inline constexpr char kUnlockMethod[] = "va.attributes.v1.AccountsService/Unlock";
inline constexpr char kListMergesMethod[] = "va.attributes.v1.AccountsService/ListMerges";
inline constexpr char kGetMergeMethod[] = "va.attributes.v1.AccountsService/GetMerge";
inline constexpr char kDecideMergeMethod[] = "va.attributes.v1.AccountsService/DecideMerge";
inline constexpr char kRevertMergeMethod[] = "va.attributes.v1.AccountsService/RevertMerge";
inline constexpr char kForgetAccountMethod[] = "va.attributes.v1.AccountsService/ForgetAccount";

class AccountsServiceImpl {
 public:
  struct Deps {
    AccountDirectory& accounts;
    const base::Clock& clock;
    const telemetry::Log& log;
    telemetry::Audit& audit;
  };

  explicit AccountsServiceImpl(const Deps& deps) : deps_(deps) {}

  absl::StatusOr<v1::GetAccountResponse> GetAccount(const rpc::CallContext& context,
                                                    const v1::GetAccountRequest& request) const;
  absl::StatusOr<v1::ListAccountsResponse> ListAccounts(
      const rpc::CallContext& context, const v1::ListAccountsRequest& request) const;
  absl::StatusOr<v1::LockResponse> Lock(const rpc::CallContext& context,
                                        const v1::LockRequest& request) const;
  absl::StatusOr<v1::UnlockResponse> Unlock(const rpc::CallContext& context,
                                            const v1::UnlockRequest& request) const;
  absl::StatusOr<v1::ListMergesResponse> ListMerges(const rpc::CallContext& context,
                                                    const v1::ListMergesRequest& request) const;
  absl::StatusOr<v1::GetMergeResponse> GetMerge(const rpc::CallContext& context,
                                                const v1::GetMergeRequest& request) const;
  absl::StatusOr<v1::DecideMergeResponse> DecideMerge(const rpc::CallContext& context,
                                                      const v1::DecideMergeRequest& request) const;
  absl::StatusOr<v1::RevertMergeResponse> RevertMerge(const rpc::CallContext& context,
                                                      const v1::RevertMergeRequest& request) const;
  absl::StatusOr<v1::ForgetAccountResponse> ForgetAccount(
      const rpc::CallContext& context, const v1::ForgetAccountRequest& request) const;

 private:
  // What one change is about, for log and trail.
  struct Deed {
    telemetry::AuditEvent event;
    const std::string& request_id;
    const std::string& account_id;
    const std::string& verification_id;
    const std::string& merge_id;
    const Actor& actor;
  };
  using MergeChange = std::function<absl::StatusOr<std::optional<MergeRecord>>(absl::Time now)>;

  absl::Status Report(const Deed& deed, absl::string_view outcome,
                      absl::string_view refusal = {}) const;
  absl::Status ReportDone(const Deed& deed, absl::string_view outcome) const;
  absl::Status ReportFailure(const Deed& deed, const absl::Status& failure) const;
  absl::StatusOr<Changed> SetLock(const rpc::CallContext& context, const Deed& deed,
                                  bool locked) const;
  absl::StatusOr<MergeRecord> ChangeMerge(const rpc::CallContext& context,
                                          telemetry::AuditEvent event,
                                          const std::string& request_id,
                                          const std::string& merge_id, const Actor& actor,
                                          const MergeChange& change) const;

  const Deps deps_;
};

// Adds the nine methods. `service` outlives the server.
void RegisterAccountsService(const AccountsServiceImpl& service, rpc::ServerBuilder& builder);

}  // namespace va::attributes
