#include "services/user-attributes/api/grpc/terms_service.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "services/user-attributes/api/grpc/pack.h"
#include "services/user-attributes/api/grpc/unpack.h"

namespace va::attributes {

absl::Status TermsServiceImpl::CheckToken(const v1::RecordTermsRequest& request) const {
  std::string why;
  const absl::StatusOr<jose::VerifiedDecision> verified =
      deps_.verifier.Verify(request.decision_token(), {request.account_id(), {}, request.flow_id()},
                            deps_.clock.Now(), &why);
  if (!verified.ok()) {
    deps_.log.Warn("decision_token.refused", {{"req", request.request_id()}, {"why", why}});
  }
  return verified.status();
}

absl::Status TermsServiceImpl::CheckDocument(const std::string& document) const {
  if (document == deps_.current.name) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "TERMS_DOCUMENT",
                         "no such terms of use");
}

absl::StatusOr<v1::RecordTermsResponse> TermsServiceImpl::RecordTerms(
    const rpc::CallContext& context, const v1::RecordTermsRequest& request) const {
  for (const absl::Status& id : {CheckRequestId(request.request_id(), "REQUEST_ID"),
                                 CheckRequestId(request.flow_id(), "FLOW_ID"),
                                 CheckRowId(request.account_id(), "ACCOUNT_ID")}) {
    if (!id.ok()) return id;
  }
  const absl::StatusOr<TermsDecision> decision = UnpackTermsDecision(request.decision());
  if (!decision.ok()) return decision.status();
  if (absl::Status token = CheckToken(request); !token.ok()) return token;
  if (absl::Status known = CheckDocument(request.document()); !known.ok()) return known;
  // An answer holds for what was shown: a page that lay open while the terms changed asks again.
  if (request.revision() != deps_.current.revision) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "TERMS_REVISION",
                           "another revision is in force");
  }

  const TermsAnswer given{deps_.current, *decision, deps_.clock.Now()};
  const absl::StatusOr<TermsAnswer> stored =
      deps_.terms.Record(request.account_id(), request.request_id(), given, context.deadline);
  if (!stored.ok()) return stored.status();
  // Nobody may take a decline for recorded because an acceptance stands under the same key.
  if (!SameAnswer(*stored, given)) {
    return base::MakeError(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                           "this request id belongs to another answer");
  }
  // A repeat is reported again: the first report may be what failed.
  if (absl::Status reported = Report(request, *stored); !reported.ok()) return reported;
  v1::RecordTermsResponse response;
  PackAnswer(*stored, *response.mutable_record());
  return response;
}

absl::Status TermsServiceImpl::Report(const v1::RecordTermsRequest& request,
                                      const TermsAnswer& answer) const {
  const std::string shown = absl::StrCat(answer.document.name, "/", answer.document.revision);
  telemetry::AuditFacts facts;
  facts.request_id = request.request_id();
  facts.outcome = ToString(answer.decision);
  facts.tag = shown;
  facts.account_id = request.account_id();
  deps_.log.Info("terms.answered", {{"req", facts.request_id},
                                    {"flow", request.flow_id()},
                                    {"terms", facts.tag},
                                    {"outcome", facts.outcome}});
  return deps_.audit.Write(telemetry::AuditEvent::kTermsAnswered, facts);
}

absl::StatusOr<v1::GetTermsAcceptanceResponse> TermsServiceImpl::GetTermsAcceptance(
    const rpc::CallContext& context, const v1::GetTermsAcceptanceRequest& request) const {
  if (absl::Status id = CheckRowId(request.account_id(), "ACCOUNT_ID"); !id.ok()) return id;
  if (absl::Status known = CheckDocument(request.document()); !known.ok()) return known;
  const absl::StatusOr<std::optional<TermsAnswer>> latest =
      deps_.terms.Latest(request.account_id(), request.document(), context.deadline);
  if (!latest.ok()) return latest.status();
  v1::GetTermsAcceptanceResponse response;
  response.set_accepted(StandsAccepted(*latest, deps_.current));
  if (latest->has_value()) PackAnswer(**latest, *response.mutable_latest());
  PackDocument(deps_.current, *response.mutable_current());
  return response;
}

void RegisterTermsService(const TermsServiceImpl& service, rpc::ServerBuilder& builder) {
  builder.Unary<v1::RecordTermsRequest, v1::RecordTermsResponse>(
      kRecordTermsMethod,
      [&service](const rpc::CallContext& context, const v1::RecordTermsRequest& request) {
        return service.RecordTerms(context, request);
      },
      rpc::Dispatch::kPool);
  builder.Unary<v1::GetTermsAcceptanceRequest, v1::GetTermsAcceptanceResponse>(
      kGetTermsAcceptanceMethod,
      [&service](const rpc::CallContext& context, const v1::GetTermsAcceptanceRequest& request) {
        return service.GetTermsAcceptance(context, request);
      },
      rpc::Dispatch::kPool);
}

}  // namespace va::attributes
