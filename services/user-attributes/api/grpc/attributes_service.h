// The gRPC face of the rules: unpack, decide, pack. Derive writes nothing; Admit links the account
// when, and only when, the rules admit, and then signs the proof of it that the other
// services ask for (decision E6). Every decision is logged and audited with the policy version it
// was made under, without personal data.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "lib/jose/decision_token.h"
#include "lib/rpc/server.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/ports.h"
#include "services/user-attributes/oidc/credential_digest.h"
#include "va/attributes/v1/attributes.pb.h"

namespace va::attributes {

inline constexpr char kDeriveMethod[] = "va.attributes.v1.AttributesService/Derive";
inline constexpr char kAdmitMethod[] = "va.attributes.v1.AttributesService/Admit";
inline constexpr char kRenewDecisionMethod[] = "va.attributes.v1.AttributesService/RenewDecision";

class AttributesServiceImpl {
 public:
  struct Deps {
    PolicySource& policy;
    AccountStore& accounts;
    const jose::DecisionSigner& signer;
    const base::Clock& clock;
    base::IdGenerator& ids;
    const telemetry::Log& log;
    telemetry::Audit& audit;
    const CredentialDigester& digests;
  };

  explicit AttributesServiceImpl(const Deps& deps) : deps_(deps) {}

  absl::StatusOr<v1::DeriveResponse> Derive(const rpc::CallContext& context,
                                            const v1::DeriveRequest& request) const;
  absl::StatusOr<v1::AdmitResponse> Admit(const rpc::CallContext& context,
                                          const v1::AdmitRequest& request) const;
  // NOT_FOUND (ACCOUNT_UNKNOWN) when the account has no such verification: the caller's session is
  // not of this service, or its credential has moved to another account since.
  absl::StatusOr<v1::RenewDecisionResponse> RenewDecision(
      const rpc::CallContext& context, const v1::RenewDecisionRequest& request) const;

 private:
  // The policy both sides agree on; FAILED_PRECONDITION (POLICY_VERSION) when they do not, even
  // after this side has read the file again (decision E5).
  absl::StatusOr<std::shared_ptr<const identity::Policy>> AgreedPolicy(
      const std::string& version) const;
  // Whether Derive would have to wait for anything.
  bool MayBlock(const Assertion& credential, const std::string& version) const;
  // What is stored that the rules want to know before they run: whether the credential of an OpenID
  // Connect provider was verified before; and whose the asserted ICN is, when an assertion without
  // a CSP uuid may stand on that account (ssoe_saml.md 13.2). Asks the database for nobody else.
  absl::Status FillKnown(const Assertion& credential, const identity::Policy& policy,
                         bool with_account, absl::Time deadline, Attempt& attempt) const;
  absl::Status Link(const rpc::CallContext& context, const std::string& request_id,
                    const identity::Policy& policy, Decision& decision,
                    v1::AdmitResponse& response) const;
  absl::StatusOr<std::string> SignAdmission(const std::string& flow_id, const Decision& decision,
                                            const std::string& account_id) const;
  absl::StatusOr<std::string> SignRenewal(const v1::RenewDecisionRequest& request,
                                          const Renewal& renewal) const;
  absl::Status Record(const v1::SignInContext& context, const Decision& decision,
                      const std::string& account_id, const std::string& policy_version) const;
  absl::Status RecordRenewal(const v1::RenewDecisionRequest& request, const LiveSession& session,
                             const Renewal& renewal) const;

  const Deps deps_;
};

// Adds the three methods. `service` outlives the server.
void RegisterAttributesService(const AttributesServiceImpl& service, rpc::ServerBuilder& builder);

}  // namespace va::attributes
