// The published RPCs of mhv-account: unpack, check the proof of admission, ask the domain, pack.
// Every answer is logged and audited without personal data; what MHV did not answer is a failure of
// the call and leaves nothing behind (decision M8).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/jose/decision_token.h"
#include "lib/rpc/server.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"
#include "lib/telemetry/metrics.h"
#include "services/mhv-account/domain/ports.h"
#include "va/mhv/v1/mhv.pb.h"

namespace va::mhv {

inline constexpr char kEnsureAccountMethod[] = "va.mhv.v1.MhvAccountService/EnsureAccount";

class MhvAccountServiceImpl {
 public:
  struct Deps {
    const jose::DecisionVerifier& decisions;
    TermsRecords& terms;
    AccountApi& mhv;
    AccountStore& accounts;
    PersonCache& people;
    const base::Clock& clock;
    const telemetry::Log& log;
    telemetry::Audit& audit;
    absl::Duration account_lifetime = absl::Hours(24);  // how long MHV's word is good
    // What mpi-adapter was asked to forget, by outcome: done, failed.
    telemetry::Counter forgotten{};
  };

  explicit MhvAccountServiceImpl(const Deps& deps) : deps_(deps) {}

  absl::StatusOr<v1::EnsureAccountResponse> EnsureAccount(
      const rpc::CallContext& context, const v1::EnsureAccountRequest& request) const;

 private:
  // One request, once it is known to be well formed and for an admitted person.
  struct Ask {
    Person person;
    identity::PersonText email;
    std::string request_id;
    std::string actor;
    int ial = 1;
    absl::Time deadline;  // for others
    absl::Time end;       // of the call
  };

  absl::StatusOr<int> CheckDecision(const v1::EnsureAccountRequest& request) const;
  absl::StatusOr<EnsureOutcome> Ensure(const Ask& ask) const;
  absl::StatusOr<EnsureOutcome> AskMhv(const Ask& ask, const TermsAcceptance& terms) const;
  bool IsNewId(const Ask& ask, const TermsAcceptance& terms, const MhvAccount& account) const;
  void ForgetPerson(const Ask& ask) const;
  absl::Status Report(const Ask& ask, const EnsureOutcome& outcome, absl::Duration took) const;

  const Deps deps_;
};

// `service` outlives the server that is built.
void RegisterMhvAccountService(const MhvAccountServiceImpl& service, rpc::ServerBuilder& builder);

}  // namespace va::mhv
