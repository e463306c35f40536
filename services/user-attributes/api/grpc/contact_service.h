// The gRPC face of contact information (user_endpoint.md 2): asks VA Profile about the person who
// is present, and only with the proof that this person was admitted at ial 2 (decision E6). What it
// answered is kept sealed for some minutes and dropped when the session ends. Nothing personal is
// logged. Never on the way of a sign-in.
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/jose/decision_token.h"
#include "lib/rpc/server.h"
#include "lib/telemetry/log.h"
#include "services/user-attributes/domain/contact.h"
#include "va/attributes/v1/contact.pb.h"

namespace va::attributes {

inline constexpr char kGetContactInformationMethod[] =
    "va.attributes.v1.ContactService/GetContactInformation";
inline constexpr char kDropContactInformationMethod[] =
    "va.attributes.v1.ContactService/DropContactInformation";

class ContactServiceImpl {
 public:
  struct Deps {
    VaProfile& va_profile;
    ContactCache& cache;
    const jose::DecisionVerifier& verifier;  // for the audience user-attributes
    const base::Clock& clock;
    const telemetry::Log& log;
    absl::Duration cache_for = absl::Minutes(10);  // zero: nothing is kept
  };

  explicit ContactServiceImpl(const Deps& deps) : deps_(deps) {}

  // PERMISSION_DENIED (DECISION_TOKEN), INVALID_ARGUMENT (VET360_ID), and the errors of VaProfile.
  absl::StatusOr<v1::GetContactInformationResponse> GetContactInformation(
      const rpc::CallContext& context, const v1::GetContactInformationRequest& request) const;
  absl::StatusOr<v1::DropContactInformationResponse> DropContactInformation(
      const rpc::CallContext& context, const v1::DropContactInformationRequest& request) const;

 private:
  absl::Status CheckToken(const v1::GetContactInformationRequest& request) const;
  std::optional<v1::GetContactInformationResponse> Kept(
      const rpc::CallContext& context, const v1::GetContactInformationRequest& request) const;
  void Keep(const rpc::CallContext& context, const v1::GetContactInformationRequest& request,
            const v1::GetContactInformationResponse& response, absl::Time asked_at) const;
  void LogCache(const std::string& request_id, const absl::Status& status) const;

  const Deps deps_;
};

// Adds both methods. `service` outlives the server.
void RegisterContactService(const ContactServiceImpl& service, rpc::ServerBuilder& builder);

}  // namespace va::attributes
