#include "services/user-attributes/api/grpc/contact_service.h"

#include <string>
#include <utility>

#include "lib/base/status.h"
#include "services/user-attributes/api/grpc/contact_service_pack.h"
#include "services/user-attributes/api/grpc/unpack.h"

namespace va::attributes {
namespace {

constexpr int kIdentityProofed = 2;

absl::Status CheckVet360Id(const std::string& id) {
  if (IsVet360Id({id.data(), id.size()})) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "VET360_ID",
                         "an id of VA Profile is a number");
}

}  // namespace

absl::Status ContactServiceImpl::CheckToken(const v1::GetContactInformationRequest& request) const {
  std::string why;
  const absl::StatusOr<jose::VerifiedDecision> verified =
      deps_.verifier.Verify(request.decision_token(), {request.account_id(), {}, request.flow_id()},
                            deps_.clock.Now(), &why);
  // Whoever is known by e-mail only has no place at VA Profile.
  if (verified.ok() && verified->ial == kIdentityProofed) return absl::OkStatus();
  if (verified.ok()) why = "ial";
  deps_.log.Warn("decision_token.refused", {{"req", request.request_id()}, {"why", why}});
  if (!verified.ok()) return verified.status();
  return base::MakeError(absl::StatusCode::kPermissionDenied, "DECISION_TOKEN",
                         "the decision token does not allow this");
}

absl::StatusOr<v1::GetContactInformationResponse> ContactServiceImpl::GetContactInformation(
    const rpc::CallContext& context, const v1::GetContactInformationRequest& request) const {
  for (const absl::Status& id :
       {CheckRequestId(request.request_id(), "REQUEST_ID"),
        CheckRequestId(request.flow_id(), "FLOW_ID"),
        CheckRowId(request.account_id(), "ACCOUNT_ID"), CheckVet360Id(request.vet360_id())}) {
    if (!id.ok()) return id;
  }
  if (absl::Status token = CheckToken(request); !token.ok()) return token;
  if (auto kept = Kept(context, request)) return *std::move(kept);

  const absl::Time asked_at = deps_.clock.Now();
  const auto history = deps_.va_profile.Fetch(identity::CspId::FromWire(request.vet360_id()),
                                              request.request_id(), context.PeerDeadline());
  if (!history.ok()) return history.status();
  v1::GetContactInformationResponse response;
  // That VA Profile does not know somebody is not kept: they may be about to tell it.
  if (!history->has_value()) return response;
  PackContactInformation(PickInForce(**history, deps_.clock.Now()), response);
  Keep(context, request, response, asked_at);
  return response;
}

std::optional<v1::GetContactInformationResponse> ContactServiceImpl::Kept(
    const rpc::CallContext& context, const v1::GetContactInformationRequest& request) const {
  if (deps_.cache_for <= absl::ZeroDuration()) return std::nullopt;
  const auto kept =
      deps_.cache.Find(request.account_id(), deps_.clock.Now(), context.PeerDeadline());
  // A cache that cannot be read is no reason to refuse: VA Profile is asked.
  if (!kept.ok()) LogCache(request.request_id(), kept.status());
  if (!kept.ok() || !kept->has_value()) return std::nullopt;
  v1::GetContactInformationResponse response;
  // Of an account whose id at VA Profile changed the old answer is not told.
  if (!response.ParseFromString((*kept)->Reveal()) || response.vet360_id() != request.vet360_id()) {
    return std::nullopt;
  }
  response.set_from_cache(true);
  return response;
}

void ContactServiceImpl::Keep(const rpc::CallContext& context,
                              const v1::GetContactInformationRequest& request,
                              const v1::GetContactInformationResponse& response,
                              absl::Time asked_at) const {
  if (deps_.cache_for <= absl::ZeroDuration()) return;
  const absl::Status kept = deps_.cache.Keep(
      request.account_id(), identity::Secret::FromWire(response.SerializeAsString()), asked_at,
      asked_at + deps_.cache_for, context.deadline);
  if (!kept.ok()) LogCache(request.request_id(), kept);
}

void ContactServiceImpl::LogCache(const std::string& request_id, const absl::Status& status) const {
  deps_.log.Warn("contact.cache_failed", {{"req", request_id}, {"reason", base::ReasonOf(status)}});
}

absl::StatusOr<v1::DropContactInformationResponse> ContactServiceImpl::DropContactInformation(
    const rpc::CallContext& context, const v1::DropContactInformationRequest& request) const {
  for (const absl::Status& id : {CheckRequestId(request.request_id(), "REQUEST_ID"),
                                 CheckRowId(request.account_id(), "ACCOUNT_ID")}) {
    if (!id.ok()) return id;
  }
  const absl::Status dropped =
      deps_.cache.Drop(request.account_id(), deps_.clock.Now(), context.deadline);
  if (!dropped.ok()) return dropped;
  return v1::DropContactInformationResponse();
}

void RegisterContactService(const ContactServiceImpl& service, rpc::ServerBuilder& builder) {
  builder.Unary<v1::GetContactInformationRequest, v1::GetContactInformationResponse>(
      kGetContactInformationMethod,
      [&service](const rpc::CallContext& context, const v1::GetContactInformationRequest& request) {
        return service.GetContactInformation(context, request);
      });
  builder.Unary<v1::DropContactInformationRequest, v1::DropContactInformationResponse>(
      kDropContactInformationMethod, [&service](const rpc::CallContext& context,
                                                const v1::DropContactInformationRequest& request) {
        return service.DropContactInformation(context, request);
      });
}

}  // namespace va::attributes
