#include "services/user-attributes/api/grpc/accounts_service.h"

#include <utility>

#include "lib/base/status.h"
#include "services/user-attributes/api/grpc/accounts_pack.h"
#include "services/user-attributes/api/grpc/unpack.h"

namespace va::attributes {
namespace {

using telemetry::AuditEvent;

const std::string kNone;

absl::Status AccountUnknown() {
  return base::MakeError(absl::StatusCode::kNotFound, "ACCOUNT_UNKNOWN",
                         "no such account, or no such credential of it");
}

absl::Status MergeUnknown() {
  return base::MakeError(absl::StatusCode::kNotFound, "MERGE_UNKNOWN", "no such merge");
}

absl::Status CheckIds(const std::string& request_id, const std::string& row_id,
                      absl::string_view row_reason) {
  if (absl::Status id = CheckRequestId(request_id, "REQUEST_ID"); !id.ok()) return id;
  return CheckRowId(row_id, row_reason);
}

absl::Status CheckTarget(const std::string& request_id, const v1::LockTarget& target) {
  if (absl::Status ids = CheckIds(request_id, target.account_id(), "ACCOUNT_ID"); !ids.ok()) {
    return ids;
  }
  if (target.verification_id().empty()) return absl::OkStatus();
  return CheckRowId(target.verification_id(), "VERIFICATION_ID");
}

// What a merge came to, in one word.
absl::string_view Word(MergeState before, MergeState after) {
  if (before == MergeState::kRevertProposed && after == MergeState::kAccepted) return "withdrawn";
  switch (after) {
    case MergeState::kPending:
      return "unchanged";
    case MergeState::kProposed:
    case MergeState::kRevertProposed:
      return "proposed";
    case MergeState::kAccepted:
      return "accepted";
    case MergeState::kRejected:
      return "rejected";
    case MergeState::kReverted:
      return "reverted";
  }
  return "";
}

}  // namespace

absl::Status AccountsServiceImpl::Report(const Deed& deed, absl::string_view outcome,
                                         absl::string_view refusal) const {
  telemetry::AuditFacts facts;
  facts.request_id = deed.request_id;
  facts.outcome = outcome;
  facts.tag = refusal;
  facts.account_id = deed.account_id;
  facts.verification_id = deed.verification_id;
  facts.merge_id = deed.merge_id;
  facts.caller = deed.actor.caller;
  facts.operator_id = deed.actor.operator_id;
  facts.reason = deed.actor.reason;
  // Whom it is about and why stands in the trail alone.
  deps_.log.Info(telemetry::ToString(deed.event), {{"req", facts.request_id},
                                                   {"caller", facts.caller},
                                                   {"merge", facts.merge_id},
                                                   {"outcome", outcome},
                                                   {"refused", refusal}});
  return deps_.audit.Write(deed.event, facts);
}

absl::Status AccountsServiceImpl::ReportDone(const Deed& deed, absl::string_view outcome) const {
  if (Report(deed, outcome).ok()) return absl::OkStatus();
  const bool again =
      deed.event == AuditEvent::kAccountLocked || deed.event == AuditEvent::kAccountUnlocked;
  return base::MakeError(absl::StatusCode::kUnavailable, "AUDIT_WRITE",
                         "it was done, but the audit record of what it came to is missing", again);
}

// The failure itself is the answer, whether it could be put on record or not.
absl::Status AccountsServiceImpl::ReportFailure(const Deed& deed,
                                                const absl::Status& failure) const {
  const bool refused = failure.code() == absl::StatusCode::kFailedPrecondition ||
                       failure.code() == absl::StatusCode::kNotFound;
  Report(deed, refused ? "refused" : "failed", base::ReasonOf(failure)).IgnoreError();
  return failure;
}

absl::StatusOr<v1::GetAccountResponse> AccountsServiceImpl::GetAccount(
    const rpc::CallContext& context, const v1::GetAccountRequest& request) const {
  if (absl::Status ids = CheckIds(request.request_id(), request.account_id(), "ACCOUNT_ID");
      !ids.ok()) {
    return ids;
  }
  absl::StatusOr<Actor> actor = Actor();
  if (request.reveal()) actor = UnpackActor(request.actor(), context.caller);
  if (!actor.ok()) return actor.status();
  const absl::StatusOr<std::optional<AccountRecord>> found =
      deps_.accounts.Find(request.account_id(), request.reveal(), context.deadline);
  if (!found.ok()) return found.status();
  if (!found->has_value()) return AccountUnknown();
  if (request.reveal()) {
    const Deed deed{AuditEvent::kAccountRevealed,
                    request.request_id(),
                    request.account_id(),
                    kNone,
                    kNone,
                    *actor};
    if (absl::Status reported = Report(deed, "revealed"); !reported.ok()) return reported;
  }
  v1::GetAccountResponse response;
  PackAccount(**found, *response.mutable_account());
  return response;
}

absl::StatusOr<v1::ListAccountsResponse> AccountsServiceImpl::ListAccounts(
    const rpc::CallContext& context, const v1::ListAccountsRequest& request) const {
  const absl::StatusOr<int> size = UnpackPageSize(request.page_size());
  if (!size.ok()) return size.status();
  if (absl::Status token = CheckAccountToken(request.page_token()); !token.ok()) return token;
  const absl::StatusOr<Page<AccountRecord>> page =
      deps_.accounts.List(request.page_token(), *size, request.locked_only(), context.deadline);
  if (!page.ok()) return page.status();
  v1::ListAccountsResponse response;
  for (const AccountRecord& account : page->items) PackAccount(account, *response.add_accounts());
  response.set_next_page_token(page->next);
  return response;
}

absl::StatusOr<Changed> AccountsServiceImpl::SetLock(const rpc::CallContext& context,
                                                     const Deed& deed, bool locked) const {
  const absl::StatusOr<std::optional<Changed>> set =
      deps_.accounts.SetLock(deed.account_id, deed.verification_id, locked, deed.actor,
                             deps_.clock.Now(), context.deadline);
  if (!set.ok()) return ReportFailure(deed, set.status());
  if (!set->has_value()) return ReportFailure(deed, AccountUnknown());
  const absl::string_view done = locked ? "locked" : "unlocked";
  if (absl::Status reported = ReportDone(deed, (*set)->changed ? done : "unchanged");
      !reported.ok()) {
    return reported;
  }
  return **set;
}

absl::StatusOr<v1::LockResponse> AccountsServiceImpl::Lock(const rpc::CallContext& context,
                                                           const v1::LockRequest& request) const {
  const v1::LockTarget& target = request.target();
  if (absl::Status ids = CheckTarget(request.request_id(), target); !ids.ok()) return ids;
  const absl::StatusOr<Actor> actor = UnpackActor(request.actor(), context.caller);
  if (!actor.ok()) return actor.status();
  const Deed deed{AuditEvent::kAccountLocked,
                  request.request_id(),
                  target.account_id(),
                  target.verification_id(),
                  kNone,
                  *actor};
  const absl::StatusOr<Changed> changed = SetLock(context, deed, true);
  if (!changed.ok()) return changed.status();
  v1::LockResponse response;
  response.set_was_locked(!changed->changed);
  response.set_sequence(changed->sequence);
  return response;
}

absl::StatusOr<v1::UnlockResponse> AccountsServiceImpl::Unlock(
    const rpc::CallContext& context, const v1::UnlockRequest& request) const {
  const v1::LockTarget& target = request.target();
  if (absl::Status ids = CheckTarget(request.request_id(), target); !ids.ok()) return ids;
  const absl::StatusOr<Actor> actor = UnpackActor(request.actor(), context.caller);
  if (!actor.ok()) return actor.status();
  const Deed deed{AuditEvent::kAccountUnlocked,
                  request.request_id(),
                  target.account_id(),
                  target.verification_id(),
                  kNone,
                  *actor};
  // It gives something: nobody is let in again without a record of who did it.
  if (absl::Status reported = Report(deed, "requested"); !reported.ok()) return reported;
  const absl::StatusOr<Changed> changed = SetLock(context, deed, false);
  if (!changed.ok()) return changed.status();
  v1::UnlockResponse response;
  response.set_was_unlocked(!changed->changed);
  response.set_sequence(changed->sequence);
  return response;
}

absl::StatusOr<v1::ListMergesResponse> AccountsServiceImpl::ListMerges(
    const rpc::CallContext& context, const v1::ListMergesRequest& request) const {
  const absl::StatusOr<int> size = UnpackPageSize(request.page_size());
  if (!size.ok()) return size.status();
  if (absl::Status token = CheckMergeToken(request.page_token()); !token.ok()) return token;
  const absl::StatusOr<Page<MergeRecord>> page = deps_.accounts.ListMerges(
      UnpackMergeState(request.state()), request.page_token(), *size, context.deadline);
  if (!page.ok()) return page.status();
  v1::ListMergesResponse response;
  for (const MergeRecord& merge : page->items) PackMerge(merge, *response.add_merges());
  response.set_next_page_token(page->next);
  return response;
}

absl::StatusOr<v1::GetMergeResponse> AccountsServiceImpl::GetMerge(
    const rpc::CallContext& context, const v1::GetMergeRequest& request) const {
  if (absl::Status ids = CheckIds(request.request_id(), request.merge_id(), "MERGE_ID");
      !ids.ok()) {
    return ids;
  }
  absl::StatusOr<Actor> actor = Actor();
  if (request.reveal()) actor = UnpackActor(request.actor(), context.caller);
  if (!actor.ok()) return actor.status();
  const absl::StatusOr<std::optional<MergeRecord>> found =
      deps_.accounts.FindMerge(request.merge_id(), request.reveal(), context.deadline);
  if (!found.ok()) return found.status();
  if (!found->has_value()) return MergeUnknown();
  if (request.reveal()) {
    const Deed deed{AuditEvent::kAccountRevealed, request.request_id(),
                    (*found)->account_id,         kNone,
                    request.merge_id(),           *actor};
    if (absl::Status reported = Report(deed, "revealed"); !reported.ok()) return reported;
  }
  v1::GetMergeResponse response;
  PackMerge(**found, *response.mutable_merge());
  return response;
}

absl::StatusOr<MergeRecord> AccountsServiceImpl::ChangeMerge(
    const rpc::CallContext& context, AuditEvent event, const std::string& request_id,
    const std::string& merge_id, const Actor& actor, const MergeChange& change) const {
  const absl::StatusOr<std::optional<MergeRecord>> found =
      deps_.accounts.FindMerge(merge_id, false, context.deadline);
  if (!found.ok()) return found.status();
  if (!found->has_value()) return MergeUnknown();
  const Deed deed{event,    request_id, (*found)->account_id, (*found)->verification_id,
                  merge_id, actor};
  if (absl::Status reported = Report(deed, "requested"); !reported.ok()) return reported;
  absl::StatusOr<std::optional<MergeRecord>> changed = change(deps_.clock.Now());
  if (!changed.ok()) return ReportFailure(deed, changed.status());
  if (!changed->has_value()) return ReportFailure(deed, MergeUnknown());
  if (absl::Status reported = ReportDone(deed, Word((*found)->state, (*changed)->state));
      !reported.ok()) {
    return reported;
  }
  return **std::move(changed);
}

absl::StatusOr<v1::DecideMergeResponse> AccountsServiceImpl::DecideMerge(
    const rpc::CallContext& context, const v1::DecideMergeRequest& request) const {
  if (absl::Status ids = CheckIds(request.request_id(), request.merge_id(), "MERGE_ID");
      !ids.ok()) {
    return ids;
  }
  const absl::StatusOr<Actor> actor = UnpackActor(request.actor(), context.caller);
  if (!actor.ok()) return actor.status();
  const absl::StatusOr<MergeRecord> merge =
      ChangeMerge(context, AuditEvent::kMergeDecided, request.request_id(), request.merge_id(),
                  *actor, [&](absl::Time now) {
                    return deps_.accounts.DecideMerge(request.merge_id(), request.accept(), *actor,
                                                      now, context.deadline);
                  });
  if (!merge.ok()) return merge.status();
  v1::DecideMergeResponse response;
  PackMerge(*merge, *response.mutable_merge());
  return response;
}

absl::StatusOr<v1::RevertMergeResponse> AccountsServiceImpl::RevertMerge(
    const rpc::CallContext& context, const v1::RevertMergeRequest& request) const {
  if (absl::Status ids = CheckIds(request.request_id(), request.merge_id(), "MERGE_ID");
      !ids.ok()) {
    return ids;
  }
  const absl::StatusOr<Actor> actor = UnpackActor(request.actor(), context.caller);
  if (!actor.ok()) return actor.status();
  const absl::StatusOr<MergeRecord> merge = ChangeMerge(
      context, AuditEvent::kMergeReverted, request.request_id(), request.merge_id(), *actor,
      [&](absl::Time now) {
        return deps_.accounts.RevertMerge(request.merge_id(), *actor, now, context.deadline);
      });
  if (!merge.ok()) return merge.status();
  v1::RevertMergeResponse response;
  PackMerge(*merge, *response.mutable_merge());
  return response;
}

absl::StatusOr<v1::ForgetAccountResponse> AccountsServiceImpl::ForgetAccount(
    const rpc::CallContext& context, const v1::ForgetAccountRequest& request) const {
  if (absl::Status ids = CheckIds(request.request_id(), request.account_id(), "ACCOUNT_ID");
      !ids.ok()) {
    return ids;
  }
  const absl::StatusOr<Actor> actor = UnpackActor(request.actor(), context.caller);
  if (!actor.ok()) return actor.status();
  const Deed deed{AuditEvent::kAccountForgotten,
                  request.request_id(),
                  request.account_id(),
                  kNone,
                  kNone,
                  *actor};
  if (absl::Status reported = Report(deed, "requested"); !reported.ok()) return reported;
  const absl::StatusOr<std::optional<bool>> gone =
      deps_.accounts.Forget(request.account_id(), *actor, deps_.clock.Now(), context.deadline);
  if (!gone.ok()) return ReportFailure(deed, gone.status());
  if (!gone->has_value()) return ReportFailure(deed, AccountUnknown());
  if (absl::Status reported = ReportDone(deed, **gone ? "forgotten" : "proposed"); !reported.ok()) {
    return reported;
  }
  v1::ForgetAccountResponse response;
  response.set_forgotten(**gone);
  return response;
}

namespace {

// Every method waits for the database.
template <typename Request, typename Response>
void Add(const AccountsServiceImpl& service, absl::string_view method,
         absl::StatusOr<Response> (AccountsServiceImpl::*call)(const rpc::CallContext&,
                                                               const Request&) const,
         rpc::ServerBuilder& builder) {
  builder.Unary<Request, Response>(
      method,
      [&service, call](const rpc::CallContext& context, const Request& request) {
        return (service.*call)(context, request);
      },
      rpc::Dispatch::kPool);
}

}  // namespace

void RegisterAccountsService(const AccountsServiceImpl& service, rpc::ServerBuilder& builder) {
  Add(service, kGetAccountMethod, &AccountsServiceImpl::GetAccount, builder);
  Add(service, kListAccountsMethod, &AccountsServiceImpl::ListAccounts, builder);
  Add(service, kLockMethod, &AccountsServiceImpl::Lock, builder);
  Add(service, kUnlockMethod, &AccountsServiceImpl::Unlock, builder);
  Add(service, kListMergesMethod, &AccountsServiceImpl::ListMerges, builder);
  Add(service, kGetMergeMethod, &AccountsServiceImpl::GetMerge, builder);
  Add(service, kDecideMergeMethod, &AccountsServiceImpl::DecideMerge, builder);
  Add(service, kRevertMergeMethod, &AccountsServiceImpl::RevertMerge, builder);
  Add(service, kForgetAccountMethod, &AccountsServiceImpl::ForgetAccount, builder);
}

}  // namespace va::attributes
