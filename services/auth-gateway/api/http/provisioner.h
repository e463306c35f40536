// Works on what follows a session once the person has been answered: asks for the My HealtheVet
// account and for the invitation to hand a proofing on, and writes down how far it came. Owns no
// thread: tasks go to a bounded pool by way of `submit`, and what does not fit stays pending. A
// failure here is a state on record and a line in the log, never a change of the session.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/telemetry/log.h"
#include "lib/telemetry/metrics.h"
#include "lib/telemetry/trace.h"
#include "services/auth-gateway/domain/ports.h"

namespace va::gateway {

struct ProvisioningLimits {
  absl::Duration deadline = absl::Seconds(10);        // of each question
  absl::Duration record_deadline = absl::Seconds(2);  // of writing an answer down
  // A decision token lives for five minutes: what has waited longer than this is left alone.
  absl::Duration token_use = absl::Minutes(4);
};

// What operators see of the work.
struct ProvisioningTelemetry {
  telemetry::Counter states{};  // by question and state
  const telemetry::Tracer& tracer = telemetry::Tracer::Off();
};

// Thread-safe. Outlives the tasks it submitted; what it refers to outlives them as well.
class Provisioner {
 public:
  // Takes a task to run later on another thread; false when there is no room. Never waits.
  using Submit = std::function<bool(std::function<void()>)>;

  Provisioner(Submit submit, ProvisioningLimits limits, MhvAccounts& accounts,
              ProofingHandoff& proofing, FlowStore& flows, const base::Clock& clock,
              const telemetry::Log& log, ProvisioningTelemetry telemetry = {});

  // Has the questions of `plan` put. Returns at once; false when there is no room, and they stay
  // pending.
  bool Enqueue(const ProvisioningPlan& plan, AdmittedPerson person);

  // Has something else done on the same threads once the person has been answered. Returns at once;
  // false when there is no room.
  bool Later(std::function<void()> task) { return submit_(std::move(task)); }

  // From now on no question lasts beyond `end`, and none begins after it.
  void StopBy(absl::Time end);

 private:
  void Work(const ProvisioningPlan& plan, const AdmittedPerson& person, absl::Time usable_until);
  void AskAccount(const AdmittedPerson& person);
  void AskProofing(const AdmittedPerson& person);
  void Record(const AdmittedPerson& person, const Provisioning& answer);
  void LogDropped(const AdmittedPerson& person, absl::string_view reason) const;
  // Until when the next question may take; nothing when none may begin any more.
  std::optional<absl::Time> NextDeadline() const;
  void LogFailure(const AdmittedPerson& person, absl::string_view question,
                  const absl::Status& status) const;

  const Submit submit_;
  const ProvisioningLimits limits_;
  MhvAccounts& accounts_;
  ProofingHandoff& proofing_;
  FlowStore& flows_;
  const base::Clock& clock_;
  const telemetry::Log& log_;
  const ProvisioningTelemetry telemetry_;
  std::atomic<int64_t> stop_by_ns_;
};

}  // namespace va::gateway
