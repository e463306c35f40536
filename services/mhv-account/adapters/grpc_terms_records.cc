#include "services/mhv-account/adapters/grpc_terms_records.h"

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/rpc/wire.h"

namespace va::mhv {
namespace {

constexpr char kGetTermsAcceptance[] = "va.attributes.v1.AttributesService/GetTermsAcceptance";

absl::StatusOr<Terms> Accepted(const attributes::v1::TermsRecord& record) {
  if (record.decision() != attributes::v1::TERMS_DECISION_ACCEPTED || record.revision().empty() ||
      record.legal_version().empty() || record.title().empty() || !record.has_decided_at()) {
    return base::MakeError(absl::StatusCode::kUnavailable, "TERMS_MALFORMED",
                           "an acceptance that does not say of what or when", true);
  }
  TermsAcceptance acceptance;
  acceptance.revision = record.revision();
  acceptance.legal_version = record.legal_version();
  acceptance.title = record.title();
  acceptance.accepted_at = rpc::UnpackTime(record.decided_at());
  return Terms{TermsStanding::kAccepted, std::move(acceptance)};
}

}  // namespace

absl::StatusOr<Terms> ReadTerms(const attributes::v1::GetTermsAcceptanceResponse& response) {
  if (response.accepted()) return Accepted(response.latest());
  switch (response.latest().decision()) {
    case attributes::v1::TERMS_DECISION_ACCEPTED:
      return Terms{TermsStanding::kOutdated, std::nullopt};
    case attributes::v1::TERMS_DECISION_DECLINED:
      return Terms{TermsStanding::kDeclined, std::nullopt};
    default:  // no record, or an answer of a newer user-attributes that accepts nothing
      return Terms{TermsStanding::kNoAnswer, std::nullopt};
  }
}

absl::StatusOr<Terms> GrpcTermsRecords::Find(absl::string_view account_id,
                                             absl::string_view request_id, absl::Time deadline) {
  attributes::v1::GetTermsAcceptanceRequest request;
  request.set_account_id(std::string(account_id));
  request.set_document(document_);
  const auto response = rpc::Call<attributes::v1::GetTermsAcceptanceResponse>(
      user_attributes_, kGetTermsAcceptance, request,
      {.deadline = deadline, .request_id = std::string(request_id), .repeatable = true});
  if (!response.ok()) {
    // Whatever the reason there, here it means that nobody can say how the person stands.
    return base::MakeError(absl::StatusCode::kUnavailable, "TERMS_UNAVAILABLE",
                           absl::StrCat("user-attributes did not say how the person stands: ",
                                        base::ReasonOf(response.status())),
                           true);
  }
  return ReadTerms(*response);
}

}  // namespace va::mhv
