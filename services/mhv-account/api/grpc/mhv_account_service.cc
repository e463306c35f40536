#include "services/mhv-account/api/grpc/mhv_account_service.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_join.h"
#include "lib/base/status.h"
#include "services/mhv-account/api/grpc/pack.h"
#include "services/mhv-account/api/grpc/unpack.h"

namespace va::mhv {
namespace {

// Of the time that the person's page may be waiting for.
constexpr absl::Duration kForgetLimit = absl::Milliseconds(500);

bool NewlyCreated(const EnsureOutcome& outcome) {
  return outcome.account && !outcome.from_cache && outcome.account->origin == Origin::kApiCreated;
}

}  // namespace

absl::StatusOr<int> MhvAccountServiceImpl::CheckDecision(
    const v1::EnsureAccountRequest& request) const {
  const jose::ExpectedDecision expected{
      request.account_id(), identity::Icn::FromWire(request.icn()), request.request_id()};
  std::string why;
  const absl::StatusOr<jose::VerifiedDecision> decision =
      deps_.decisions.Verify(request.decision_token(), expected, deps_.clock.Now(), &why);
  if (decision.ok()) return decision->ial;
  deps_.log.Warn("mhv.decision_token.refused", {{"req", request.request_id()}, {"why", why}});
  return decision.status();
}

absl::StatusOr<v1::EnsureAccountResponse> MhvAccountServiceImpl::EnsureAccount(
    const rpc::CallContext& context, const v1::EnsureAccountRequest& request) const {
  const base::Stopwatch watch;
  if (absl::Status good = CheckRequest(request); !good.ok()) return good;
  const absl::StatusOr<int> ial = CheckDecision(request);
  if (!ial.ok()) return ial.status();
  const Ask ask{{request.account_id(), identity::Icn::FromWire(request.icn())},
                identity::PersonText::FromWire(request.email()),
                request.request_id(),
                context.caller,
                *ial,
                context.PeerDeadline(),
                context.deadline};
  const absl::StatusOr<EnsureOutcome> outcome = Ensure(ask);
  if (!outcome.ok()) {
    deps_.log.Warn("mhv.account.failed", {{"req", ask.request_id},
                                          {"reason", base::ReasonOf(outcome.status())},
                                          {"retryable", base::IsRetryable(outcome.status())},
                                          {"ms", absl::ToInt64Milliseconds(watch.Elapsed())}});
    return outcome.status();
  }
  if (absl::Status reported = Report(ask, *outcome, watch.Elapsed()); !reported.ok()) {
    return reported;
  }
  return PackOutcome(*outcome);
}

absl::StatusOr<EnsureOutcome> MhvAccountServiceImpl::Ensure(const Ask& ask) const {
  // Asked every time, also when the account is known: terms can be declined at any moment.
  const absl::StatusOr<Terms> terms =
      deps_.terms.Find(ask.person.account_id, ask.request_id, ask.deadline);
  if (!terms.ok()) return terms.status();
  if (std::optional<EnsureOutcome> held =
          Evaluate({ask.ial, !ask.person.icn.empty(), terms->standing})) {
    // What a sign-in without proof of identity lacks says nothing of the account.
    if (held->state != State::kNeedsTerms) return *std::move(held);
    const EnsureRecord record{*held, false, ask.actor, ask.request_id, ""};
    const absl::Status recorded =
        deps_.accounts.Record(ask.person, record, deps_.clock.Now(), ask.end);
    if (!recorded.ok()) return recorded;
    return *std::move(held);
  }
  return AskMhv(ask, *terms->acceptance);
}

absl::StatusOr<EnsureOutcome> MhvAccountServiceImpl::AskMhv(const Ask& ask,
                                                            const TermsAcceptance& terms) const {
  absl::StatusOr<std::optional<MhvAccount>> known = deps_.accounts.FindEnsured(
      ask.person, terms.revision, deps_.clock.Now() - deps_.account_lifetime, ask.deadline);
  if (!known.ok()) return known.status();
  if (*known) {
    EnsureOutcome outcome = Ensured(**std::move(known));
    outcome.from_cache = true;
    return outcome;
  }
  absl::StatusOr<AccountAnswer> answer =
      deps_.mhv.Ensure({ask.person.icn, ask.email, terms}, ask.deadline);
  if (!answer.ok()) return answer.status();
  absl::StatusOr<EnsureOutcome> outcome =
      std::holds_alternative<Refusal>(*answer)
          ? Judge(std::get<Refusal>(*answer))
          : absl::StatusOr<EnsureOutcome>(Ensured(std::get<MhvAccount>(*std::move(answer))));
  if (!outcome.ok()) return outcome.status();
  const bool new_id = outcome->account && IsNewId(ask, terms, *outcome->account);
  const EnsureRecord record{*outcome, true, ask.actor, ask.request_id, terms.revision};
  // With the time that was kept back: MHV calls an account new once, and what is not written then
  // is never known again.
  const absl::Status recorded =
      deps_.accounts.Record(ask.person, record, deps_.clock.Now(), ask.end);
  if (!recorded.ok()) return recorded;
  if (new_id) ForgetPerson(ask);
  return outcome;
}

// Whether what MPI was last heard to say of the person may lack the id: the account was made just
// now, or it is one that this service did not know of. A created account whose first answer was
// lost comes back as an existing one.
bool MhvAccountServiceImpl::IsNewId(const Ask& ask, const TermsAcceptance& terms,
                                    const MhvAccount& account) const {
  if (account.origin == Origin::kApiCreated) return true;
  const absl::StatusOr<std::optional<MhvAccount>> known =
      deps_.accounts.FindEnsured(ask.person, terms.revision, absl::UnixEpoch(), ask.deadline);
  return !known.ok() || !*known || !((*known)->mhv_id == account.mhv_id);
}

// So that the new id shows at once and not a day later (mpi_mhv.md 2.12), by typed key and only
// when there is a new one: forgetting after every answer doubles what MPI is asked (3.2.10). The
// account is there whether this works or not.
void MhvAccountServiceImpl::ForgetPerson(const Ask& ask) const {
  const absl::Time until = std::min(ask.deadline, deps_.clock.Now() + kForgetLimit);
  const absl::Status forgotten = deps_.people.Forget(ask.person.icn, ask.request_id, until);
  deps_.forgotten.Add({forgotten.ok() ? "done" : "failed"});
  if (forgotten.ok()) return;
  deps_.log.Warn("mhv.account.mpi_not_forgotten",
                 {{"req", ask.request_id}, {"reason", base::ReasonOf(forgotten)}});
}

absl::Status MhvAccountServiceImpl::Report(const Ask& ask, const EnsureOutcome& outcome,
                                           absl::Duration took) const {
  const std::string reasons = absl::StrJoin(outcome.reasons, ",");
  deps_.log.Info(
      "mhv.account.ensured",
      {{"req", ask.request_id},
       {"state", ToString(outcome.state)},
       {"reasons", reasons},
       {"upstream_code", outcome.upstream_code},
       {"origin", outcome.account ? ToString(outcome.account->origin) : absl::string_view()},
       {"from_cache", outcome.from_cache},
       {"ms", absl::ToInt64Milliseconds(took)}});
  telemetry::AuditFacts facts;
  facts.request_id = ask.request_id;
  facts.outcome = ToString(outcome.state);
  facts.code = outcome.upstream_code;
  facts.tag = reasons;
  facts.account_id = ask.person.account_id;
  return deps_.audit.Write(NewlyCreated(outcome) ? telemetry::AuditEvent::kMhvAccountCreated
                                                 : telemetry::AuditEvent::kMhvAccountEnsured,
                           facts);
}

void RegisterMhvAccountService(const MhvAccountServiceImpl& service, rpc::ServerBuilder& builder) {
  builder.Unary<v1::EnsureAccountRequest, v1::EnsureAccountResponse>(
      kEnsureAccountMethod,
      [&service](const rpc::CallContext& context, const v1::EnsureAccountRequest& request) {
        return service.EnsureAccount(context, request);
      },
      rpc::Dispatch::kPool);
}

}  // namespace va::mhv
