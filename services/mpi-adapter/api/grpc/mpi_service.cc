#include "services/mpi-adapter/api/grpc/mpi_service.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/rpc/metadata.h"
#include "services/mpi-adapter/api/grpc/pack.h"
#include "services/mpi-adapter/api/grpc/unpack.h"
#include "services/mpi-adapter/domain/cache_key.h"

namespace va::mpi {
namespace {

using telemetry::AuditEvent;

constexpr int kLoaForMpi = 3;
constexpr absl::string_view kLoaTooLow = "LOA_TOO_LOW";

bool MayAsk(int loa_current) { return loa_current == kLoaForMpi; }

CachedAnswer Blocked() {
  CachedAnswer blocked;
  blocked.answer.outcome = Outcome::kBlocked;
  blocked.answer.reason = std::string(kLoaTooLow);
  return blocked;
}

ChangeAnswer BlockedChange() {
  ChangeAnswer blocked;
  blocked.outcome = Outcome::kBlocked;
  blocked.reason = std::string(kLoaTooLow);
  return blocked;
}

// Whether somebody has to look: what MPI or the connection did wrong, or we.
bool IsWorrying(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
    case Outcome::kNoMatch:
    case Outcome::kMultipleMatches:
      return false;
    case Outcome::kInvalidRequest:
    case Outcome::kSenderRejected:
    case Outcome::kDuplicateKey:
    case Outcome::kMpiFailed:
    case Outcome::kTransport:
    case Outcome::kTimeout:
    case Outcome::kBreakerOpen:
    case Outcome::kUnparseable:
    case Outcome::kBlocked:
      return true;
  }
  return true;
}

// What the trail says a change came to. Where nobody knows, it says so.
absl::string_view AuditWord(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return "accepted";
    case Outcome::kNoMatch:
    case Outcome::kMultipleMatches:
    case Outcome::kInvalidRequest:
    case Outcome::kSenderRejected:
    case Outcome::kDuplicateKey:
    case Outcome::kBlocked:
      return "refused";
    case Outcome::kMpiFailed:
    case Outcome::kBreakerOpen:
      return "failed";
    case Outcome::kTransport:
    case Outcome::kTimeout:
    case Outcome::kUnparseable:
      return "unknown";
  }
  return "unknown";
}

// The metadata's was checked on its way in. One in the request may be any text, a person's name for
// instance, and says nothing then.
std::string IdOf(const rpc::CallContext& context, const std::string& in_request) {
  if (!context.request_id.empty()) return context.request_id;
  return rpc::IsRequestId(in_request) ? in_request : std::string();
}

// One call, for its log line.
class Call {
 public:
  template <typename Request>
  Call(absl::string_view operation, const rpc::CallContext& context, const Request& request,
       const telemetry::Log& log)
      : operation_(operation), request_id_(IdOf(context, request.request_id())), log_(log) {}

  const std::string& request_id() const { return request_id_; }

  absl::Status Refused(const absl::Status& status) const {
    log_.Warn("mpi.lookup.refused", {{"req", request_id_},
                                     {"op", operation_},
                                     {"reason", base::ReasonOf(status)},
                                     {"ms", Millis()}});
    return status;
  }

  void Done(const CachedAnswer& cached) const {
    const Answer& answer = cached.answer;
    Write("mpi.lookup.done", answer.outcome,
          {{"req", request_id_},
           {"op", operation_},
           {"outcome", OutcomeName(answer.outcome)},
           {"reason", answer.reason},
           {"ms", Millis()},
           {"from_cache", cached.from_cache},
           {"transaction_id", answer.transaction_id},
           {"message_id", answer.message_id},
           {"ack", answer.ack_code},
           {"detail", answer.detail_code}});
  }

  void Done(const ChangeAnswer& change, bool sent, bool cache_failed) const {
    Write("mpi.change.done", change.outcome,
          {{"req", request_id_},
           {"op", operation_},
           {"outcome", OutcomeName(change.outcome)},
           {"reason", change.reason},
           {"ms", Millis()},
           {"sent", sent},
           {"transaction_id", change.transaction_id},
           {"message_id", change.message_id},
           {"ack", change.ack_code},
           {"detail", change.detail_code}});
    if (cache_failed) {
      log_.Warn("mpi.cache.not_forgotten", {{"req", request_id_}, {"op", operation_}});
    }
  }

  void Forgot(int64_t answers) const {
    log_.Info("mpi.cache.forgotten",
              {{"req", request_id_}, {"op", operation_}, {"answers", answers}, {"ms", Millis()}});
  }

 private:
  int64_t Millis() const { return absl::ToInt64Milliseconds(watch_.Elapsed()); }
  void Write(absl::string_view event, Outcome outcome, const telemetry::Fields& fields) const {
    if (IsWorrying(outcome)) {
      log_.Warn(event, fields);
    } else {
      log_.Info(event, fields);
    }
  }

  const absl::string_view operation_;
  const std::string request_id_;
  const telemetry::Log& log_;
  const base::Stopwatch watch_;
};

// MPI itself, now: nothing is kept.
absl::StatusOr<CachedAnswer> AskMpi(MpiGateway& mpi, const absl::StatusOr<Question>& question,
                                    absl::Time deadline) {
  if (!question.ok()) return question.status();
  absl::StatusOr<Answer> answer = mpi.Find(*question, deadline);
  if (!answer.ok()) return answer.status();
  CachedAnswer out;
  out.flags_known = answer->profile.has_value();
  const std::optional<CacheKey> key = KeyOf(*question);
  if (key && key->kind == KeyKind::kIcn && answer->profile) {
    const std::vector<CacheKey> retired = RetiredIcns(*answer->profile);
    out.by_retired_icn = std::any_of(retired.begin(), retired.end(), [&key](const CacheKey& one) {
      return one.value == key->value;
    });
  }
  out.answer = *std::move(answer);
  return out;
}

absl::StatusOr<CachedAnswer> AskCached(const CachedMpi& cached,
                                       const v1::GetProfileRequest& request, absl::Time deadline) {
  const absl::StatusOr<Question> question = UnpackQuestion(request);
  if (!question.ok()) return question.status();
  const absl::StatusOr<Freshness> freshness = UnpackFreshness(request.freshness());
  if (!freshness.ok()) return freshness.status();
  return cached.Get(*question, *freshness, deadline);
}

struct Credential {
  absl::string_view csp;
  absl::string_view id;
};

// Of whom the trail speaks: ID.me's wins, as in the add itself.
Credential CredentialOf(const v1::AddPersonImplicitRequest& request) {
  if (!request.idme_uuid().empty()) return {"idme", request.idme_uuid()};
  return {"logingov", request.logingov_uuid()};
}

// EDIPI before Login.gov before ID.me, as in the update itself. An EDIPI is no credential of ours.
Credential CredentialOf(const v1::UpdateProfileRequest& request) {
  if (!request.edipi().empty()) return {"", ""};
  if (!request.logingov_uuid().empty()) return {"logingov", request.logingov_uuid()};
  return {"idme", request.idme_uuid()};
}

telemetry::AuditFacts FactsOf(const Call& call, const rpc::CallContext& context,
                              const ChangeAnswer& change, const Credential& credential,
                              absl::string_view icn) {
  telemetry::AuditFacts facts;
  facts.request_id = call.request_id();
  facts.caller = context.caller;
  facts.outcome = AuditWord(change.outcome);
  facts.code = change.detail_code;
  facts.tag = change.reason;
  facts.csp = credential.csp;
  facts.credential_id = credential.id;
  facts.icn = icn;
  return facts;
}

}  // namespace

std::vector<std::string> MpiServiceMethods() {
  return {kGetProfileMethod,        kFindByIdentifierMethod, kFindByAttributesMethod,
          kAddPersonImplicitMethod, kAddPersonProxyMethod,   kUpdateProfileMethod,
          kParseGcIdsMethod,        kInvalidateMethod};
}

template <typename Response, typename Request>
absl::StatusOr<Response> MpiServiceImpl::Find(absl::string_view operation,
                                              const rpc::CallContext& context,
                                              const Request& request) const {
  const Call call(operation, context, request, deps_.log);
  const absl::StatusOr<CachedAnswer> answer =
      MayAsk(request.loa_current())
          ? AskMpi(deps_.mpi, UnpackQuestion(request), context.PeerDeadline())
          : Blocked();
  if (!answer.ok()) return call.Refused(answer.status());
  call.Done(*answer);
  Response response;
  *response.mutable_answer() = PackAnswer(*answer);
  return response;
}

absl::StatusOr<v1::GetProfileResponse> MpiServiceImpl::GetProfile(
    const rpc::CallContext& context, const v1::GetProfileRequest& request) const {
  const Call call("get_profile", context, request, deps_.log);
  const absl::StatusOr<CachedAnswer> answer =
      MayAsk(request.loa_current()) ? AskCached(deps_.cached, request, context.PeerDeadline())
                                    : Blocked();
  if (!answer.ok()) return call.Refused(answer.status());
  call.Done(*answer);
  return PackAnswer(*answer);
}

absl::StatusOr<v1::FindByIdentifierResponse> MpiServiceImpl::FindByIdentifier(
    const rpc::CallContext& context, const v1::FindByIdentifierRequest& request) const {
  return Find<v1::FindByIdentifierResponse>("find_by_identifier", context, request);
}

absl::StatusOr<v1::FindByAttributesResponse> MpiServiceImpl::FindByAttributes(
    const rpc::CallContext& context, const v1::FindByAttributesRequest& request) const {
  return Find<v1::FindByAttributesResponse>("find_by_attributes", context, request);
}

absl::StatusOr<v1::AddPersonImplicitResponse> MpiServiceImpl::AddPersonImplicit(
    const rpc::CallContext& context, const v1::AddPersonImplicitRequest& request) const {
  const Call call("add_person_implicit", context, request, deps_.log);
  ImplicitAdd add;
  add.change = BlockedChange();
  if (MayAsk(request.loa_current())) {
    const absl::StatusOr<AddPerson> person = UnpackAdd(request);
    if (!person.ok()) return call.Refused(person.status());
    absl::StatusOr<ImplicitAdd> added = deps_.changes.AddImplicit(*person, context.PeerDeadline());
    if (!added.ok()) return call.Refused(added.status());
    add = *std::move(added);
  }
  call.Done(add.change, add.sent, add.cache_failed);
  if (add.sent) {
    std::optional<identity::Icn> known = add.change.codes.icn;
    if (add.profile && add.profile->ids.icn()) known = add.profile->ids.icn();
    const std::string icn = known ? known->Reveal() : std::string();
    telemetry::AuditFacts facts = FactsOf(call, context, add.change, CredentialOf(request), icn);
    // Of the add, whatever the search after it said.
    if (add.accepted) facts.outcome = AuditWord(Outcome::kOk);
    const absl::Status reported = deps_.audit.Write(AuditEvent::kMpiPersonAdded, facts);
    if (!reported.ok()) return reported;
  }
  return PackAdd(add);
}

absl::StatusOr<v1::AddPersonProxyResponse> MpiServiceImpl::AddPersonProxy(
    const rpc::CallContext& context, const v1::AddPersonProxyRequest& request) const {
  const Call call("add_person_proxy", context, request, deps_.log);
  if (!MayAsk(request.loa_current())) {
    ProxyAdd blocked;
    blocked.change = BlockedChange();
    call.Done(blocked.change, false, false);
    v1::AddPersonProxyResponse response = PackProxyAdd(blocked);
    response.clear_step();
    return response;
  }
  const absl::StatusOr<identity::CspId> icn = UnpackProxy(request);
  if (!icn.ok()) return call.Refused(icn.status());
  const absl::StatusOr<ProxyAdd> add = deps_.changes.AddProxy(*icn, context.PeerDeadline());
  if (!add.ok()) return call.Refused(add.status());
  call.Done(add->change, add->sent, add->cache_failed);
  if (add->sent) {
    const absl::Status reported = deps_.audit.Write(
        AuditEvent::kMpiProxyAdded, FactsOf(call, context, add->change, {}, request.icn()));
    if (!reported.ok()) return reported;
  }
  return PackProxyAdd(*add);
}

absl::StatusOr<v1::UpdateProfileResponse> MpiServiceImpl::UpdateProfile(
    const rpc::CallContext& context, const v1::UpdateProfileRequest& request) const {
  const Call call("update_profile", context, request, deps_.log);
  Update update;
  update.change = BlockedChange();
  if (MayAsk(request.loa_current())) {
    const absl::StatusOr<UpdatePerson> person = UnpackUpdate(request);
    if (!person.ok()) return call.Refused(person.status());
    absl::StatusOr<Update> updated = deps_.changes.UpdateProfile(*person, context.PeerDeadline());
    if (!updated.ok()) return call.Refused(updated.status());
    update = *std::move(updated);
  }
  call.Done(update.change, update.sent, update.cache_failed);
  if (update.sent) {
    const absl::Status reported = deps_.audit.Write(
        AuditEvent::kMpiProfileUpdated,
        FactsOf(call, context, update.change, CredentialOf(request), request.icn()));
    if (!reported.ok()) return reported;
  }
  return PackUpdate(update);
}

absl::StatusOr<v1::ParseGcIdsResponse> MpiServiceImpl::ParseGcIds(
    const rpc::CallContext& /*context*/, const v1::ParseGcIdsRequest& request) const {
  if (absl::Status good = CheckGcIds(request); !good.ok()) return good;
  return PackGcIds(identity::ParseGcIds(request.gc_ids()));
}

absl::StatusOr<v1::InvalidateResponse> MpiServiceImpl::Invalidate(
    const rpc::CallContext& context, const v1::InvalidateRequest& request) const {
  const Call call("invalidate", context, request, deps_.log);
  const absl::StatusOr<Question> question = UnpackQuestion(request);
  if (!question.ok()) return call.Refused(question.status());
  const std::optional<CacheKey> key = KeyOf(*question);
  v1::InvalidateResponse response;
  if (key) {
    const absl::StatusOr<int64_t> forgotten = deps_.cached.Forget(*key, context.PeerDeadline());
    if (!forgotten.ok()) {
      return call.Refused(base::MakeError(absl::StatusCode::kUnavailable, "CACHE_STORE",
                                          "what is kept cannot be forgotten now", true));
    }
    response.set_forgotten(static_cast<int32_t>(*forgotten));
  }
  call.Forgot(response.forgotten());
  return response;
}

namespace {

template <typename Request, typename Response>
using Handler = absl::StatusOr<Response> (MpiServiceImpl::*)(const rpc::CallContext&,
                                                             const Request&) const;

template <typename Request, typename Response>
void Add(rpc::ServerBuilder& builder, absl::string_view method, const MpiServiceImpl& service,
         Handler<Request, Response> handler, rpc::Dispatch dispatch = rpc::Dispatch::kPool) {
  builder.Unary<Request, Response>(
      method,
      [&service, handler](const rpc::CallContext& context, const Request& request) {
        return (service.*handler)(context, request);
      },
      dispatch);
}

}  // namespace

void RegisterMpiService(const MpiServiceImpl& service, rpc::ServerBuilder& builder) {
  Add(builder, kGetProfileMethod, service, &MpiServiceImpl::GetProfile);
  Add(builder, kFindByIdentifierMethod, service, &MpiServiceImpl::FindByIdentifier);
  Add(builder, kFindByAttributesMethod, service, &MpiServiceImpl::FindByAttributes);
  Add(builder, kAddPersonImplicitMethod, service, &MpiServiceImpl::AddPersonImplicit);
  Add(builder, kAddPersonProxyMethod, service, &MpiServiceImpl::AddPersonProxy);
  Add(builder, kUpdateProfileMethod, service, &MpiServiceImpl::UpdateProfile);
  Add(builder, kParseGcIdsMethod, service, &MpiServiceImpl::ParseGcIds, rpc::Dispatch::kInline);
  Add(builder, kInvalidateMethod, service, &MpiServiceImpl::Invalidate);
}

}  // namespace va::mpi
