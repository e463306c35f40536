// The gRPC face of the terms of use: a person's answer is put on record only with the proof that
// this person was admitted (decision E6) and only for the revision in force. The latest answer is
// told to whoever may ask, also when no person is there. Logged and audited without personal data.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/jose/decision_token.h"
#include "lib/rpc/server.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"
#include "services/user-attributes/domain/ports.h"
#include "va/attributes/v1/attributes.pb.h"

namespace va::attributes {

inline constexpr char kRecordTermsMethod[] = "va.attributes.v1.AttributesService/RecordTerms";
inline constexpr char kGetTermsAcceptanceMethod[] =
    "va.attributes.v1.AttributesService/GetTermsAcceptance";

class TermsServiceImpl {
 public:
  struct Deps {
    const TermsDocument& current;  // what must be accepted now
    TermsStore& terms;
    const jose::DecisionVerifier& verifier;  // for the audience user-attributes
    const base::Clock& clock;
    const telemetry::Log& log;
    telemetry::Audit& audit;
  };

  explicit TermsServiceImpl(const Deps& deps) : deps_(deps) {}

  // PERMISSION_DENIED (DECISION_TOKEN), INVALID_ARGUMENT (TERMS_DOCUMENT), FAILED_PRECONDITION
  // (TERMS_REVISION), ALREADY_EXISTS (REQUEST_ID_REUSED) when the key belongs to another answer.
  absl::StatusOr<v1::RecordTermsResponse> RecordTerms(const rpc::CallContext& context,
                                                      const v1::RecordTermsRequest& request) const;
  absl::StatusOr<v1::GetTermsAcceptanceResponse> GetTermsAcceptance(
      const rpc::CallContext& context, const v1::GetTermsAcceptanceRequest& request) const;

 private:
  absl::Status CheckToken(const v1::RecordTermsRequest& request) const;
  absl::Status CheckDocument(const std::string& document) const;
  absl::Status Report(const v1::RecordTermsRequest& request, const TermsAnswer& answer) const;

  const Deps deps_;
};

// Adds both methods. `service` outlives the server.
void RegisterTermsService(const TermsServiceImpl& service, rpc::ServerBuilder& builder);

}  // namespace va::attributes
