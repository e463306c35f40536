// The gRPC face of the handoff: verify whom a call is about, unpack, ask the rules, pack. Every
// call needs a decision token (decision E6). What is logged and audited holds neither a token, nor
// a code, nor who the person is.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "lib/jose/decision_token.h"
#include "lib/rpc/server.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"
#include "services/inherited-proofing/api/grpc/eligibility_check.h"
#include "services/inherited-proofing/domain/handoff.h"
#include "services/inherited-proofing/domain/ports.h"
#include "va/proofing/v1/proofing.pb.h"

namespace va::proofing {

inline constexpr char kCheckEligibilityMethod[] = "va.proofing.v1.ProofingService/CheckEligibility";
inline constexpr char kRecordConsentMethod[] = "va.proofing.v1.ProofingService/RecordConsent";
inline constexpr char kStartHandoffMethod[] = "va.proofing.v1.ProofingService/StartHandoff";

struct ProofingSettings {
  Rules rules;
  std::string text_version;  // of the consent text that may be answered
  absl::Duration consent_lifetime = absl::Minutes(10);
  absl::Duration code_lifetime = kMaxCodeLifetime;
};

class ProofingServiceImpl {
 public:
  struct Deps {
    const jose::DecisionVerifier& decisions;
    MhvProofingApi& mhv;
    PersonIndex& people;
    ConsentStore& consents;
    HandoffStore& handoffs;
    const base::Clock& clock;
    base::IdGenerator& ids;
    const telemetry::Log& log;
    telemetry::Audit& audit;
  };

  ProofingServiceImpl(const Deps& deps, ProofingSettings settings);
  ProofingServiceImpl(const ProofingServiceImpl&) = delete;
  ProofingServiceImpl& operator=(const ProofingServiceImpl&) = delete;

  absl::StatusOr<v1::CheckEligibilityResponse> CheckEligibility(
      const rpc::CallContext& context, const v1::CheckEligibilityRequest& request) const;
  absl::StatusOr<v1::RecordConsentResponse> RecordConsent(
      const rpc::CallContext& context, const v1::RecordConsentRequest& request) const;
  absl::StatusOr<v1::StartHandoffResponse> StartHandoff(
      const rpc::CallContext& context, const v1::StartHandoffRequest& request) const;

 private:
  // The person of the call, borne out by its token. PERMISSION_DENIED: DECISION_TOKEN, or ASSURANCE
  // for somebody below IAL2, about whom neither MPI nor MHV may be asked (decision M3).
  absl::StatusOr<Person> Admitted(const std::string& request_id, const v1::Subject& subject) const;
  absl::StatusOr<Eligibility> Judge(const std::string& request_id, const Person& person,
                                    FlagsAge age, absl::Time deadline) const;
  absl::StatusOr<v1::StartHandoffResponse> Mint(const v1::StartHandoffRequest& request,
                                                const Person& person, absl::Time deadline) const;
  void LogStart(const std::string& request_id, absl::string_view outcome) const;

  const Deps deps_;
  const ProofingSettings settings_;
  const EligibilityCheck check_;
};

// Adds the three methods. `service` outlives the server that is built.
void RegisterProofingService(const ProofingServiceImpl& service, rpc::ServerBuilder& builder);

}  // namespace va::proofing
