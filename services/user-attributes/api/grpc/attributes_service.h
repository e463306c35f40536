// The gRPC face of the rules: unpack, decide, pack. Derive is pure and never blocks; Admit links
// the account when, and only when, the rules admit. Every decision is logged and audited with the
// policy version it was made under, without personal data.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/rpc/server.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/ports.h"
#include "va/attributes/v1/attributes.pb.h"

namespace va::attributes {

inline constexpr char kDeriveMethod[] = "va.attributes.v1.AttributesService/Derive";
inline constexpr char kAdmitMethod[] = "va.attributes.v1.AttributesService/Admit";

class AttributesServiceImpl {
 public:
  struct Deps {
    PolicySource& policy;
    AccountStore& accounts;
    const base::Clock& clock;
    const telemetry::Log& log;
    telemetry::Audit& audit;
  };

  explicit AttributesServiceImpl(const Deps& deps) : deps_(deps) {}

  absl::StatusOr<v1::DeriveResponse> Derive(const rpc::CallContext& context,
                                            const v1::DeriveRequest& request) const;
  absl::StatusOr<v1::AdmitResponse> Admit(const rpc::CallContext& context,
                                          const v1::AdmitRequest& request) const;

 private:
  // The policy both sides agree on; FAILED_PRECONDITION (POLICY_VERSION) when they do not, even
  // after this side has read the file again (decision E5).
  absl::StatusOr<std::shared_ptr<const identity::Policy>> AgreedPolicy(
      const std::string& version) const;
  absl::Status Link(const rpc::CallContext& context, const std::string& request_id,
                    Decision& decision, v1::AdmitResponse& response) const;
  absl::Status Record(const v1::SignInContext& context, const Decision& decision,
                      const std::string& policy_version) const;

  const Deps deps_;
};

// Adds both methods. `service` outlives the server.
void RegisterAttributesService(const AttributesServiceImpl& service, rpc::ServerBuilder& builder);

}  // namespace va::attributes
