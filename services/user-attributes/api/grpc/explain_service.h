// What the rules make of a sign-in, for operators who ask why: both stations with every rule that
// is reached. Decides about nobody: links nothing, signs nothing, looks nothing up. That somebody
// asked is on record, without whom it was about.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/rpc/server.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"
#include "services/user-attributes/domain/ports.h"
#include "va/attributes/v1/attributes.pb.h"

namespace va::attributes {

inline constexpr char kExplainMethod[] = "va.attributes.v1.AttributesService/Explain";

class ExplainServiceImpl {
 public:
  struct Deps {
    const PolicySource& policy;
    const base::Clock& clock;
    const telemetry::Log& log;
    telemetry::Audit& audit;
  };

  explicit ExplainServiceImpl(const Deps& deps) : deps_(deps) {}

  // INVALID_ARGUMENT (PROFILE_UNKNOWN, and as Admit does); FAILED_PRECONDITION (POLICY_VERSION)
  // when a version is named that is not the one in force.
  absl::StatusOr<v1::ExplainResponse> Explain(const rpc::CallContext& context,
                                              const v1::ExplainRequest& request) const;

 private:
  absl::Status Record(const rpc::CallContext& context, const v1::ExplainRequest& request,
                      const v1::ExplainResponse& response) const;

  const Deps deps_;
};

// Adds the method. `service` outlives the server.
void RegisterExplainService(const ExplainServiceImpl& service, rpc::ServerBuilder& builder);

}  // namespace va::attributes
