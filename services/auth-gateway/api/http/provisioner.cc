#include "services/auth-gateway/api/http/provisioner.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "lib/base/status.h"

namespace va::gateway {

Provisioner::Provisioner(Submit submit, ProvisioningLimits limits, MhvAccounts& accounts,
                         ProofingHandoff& proofing, FlowStore& flows, const base::Clock& clock,
                         const telemetry::Log& log, ProvisioningTelemetry telemetry)
    : submit_(std::move(submit)),
      limits_(limits),
      accounts_(accounts),
      proofing_(proofing),
      flows_(flows),
      clock_(clock),
      log_(log),
      telemetry_(telemetry),
      stop_by_ns_(std::numeric_limits<int64_t>::max()) {}

bool Provisioner::Enqueue(const ProvisioningPlan& plan, AdmittedPerson person) {
  if (!plan.any()) return true;
  const std::string flow_id = person.flow_id;
  const absl::Time usable_until = clock_.Now() + limits_.token_use;
  const bool taken = submit_(
      [this, plan, person = std::move(person), usable_until] { Work(plan, person, usable_until); });
  if (taken) return true;
  if (plan.mhv_account) telemetry_.states.Add({"mhv_account", "dropped"});
  if (plan.proofing) telemetry_.states.Add({"proofing", "dropped"});
  log_.Warn("provisioning.dropped", {{"req", flow_id}, {"reason", "QUEUE_FULL"}});
  return false;
}

void Provisioner::StopBy(absl::Time end) { stop_by_ns_ = absl::ToUnixNanos(end); }

void Provisioner::Work(const ProvisioningPlan& plan, const AdmittedPerson& person,
                       absl::Time usable_until) {
  telemetry::Span span(telemetry_.tracer, clock_, "sign_in.provision");
  span.Join(person.flow_id);
  if (clock_.Now() >= usable_until) {
    LogDropped(person, "WAITED_TOO_LONG");
    Record(person, UnavailableOf(plan));
    return;
  }
  if (plan.mhv_account) AskAccount(person);
  if (plan.proofing) AskProofing(person);
}

void Provisioner::AskAccount(const AdmittedPerson& person) {
  const auto deadline = NextDeadline();
  if (!deadline.has_value()) return LogDropped(person, "STOPPING");
  const auto answer = accounts_.EnsureAccount(person, {person.flow_id, *deadline});
  if (!answer.ok()) LogFailure(person, "mhv_account", answer.status());
  Record(person, {.mhv_account = answer.ok() ? *answer : MhvAccountState::kUnavailable,
                  .proofing = std::nullopt});
}

void Provisioner::AskProofing(const AdmittedPerson& person) {
  const auto deadline = NextDeadline();
  if (!deadline.has_value()) return LogDropped(person, "STOPPING");
  const auto answer = proofing_.CheckEligibility(person, {person.flow_id, *deadline});
  if (!answer.ok()) LogFailure(person, "proofing", answer.status());
  Record(person, {.mhv_account = std::nullopt,
                  .proofing = answer.ok() ? *answer : ProofingState::kUnavailable});
}

void Provisioner::Record(const AdmittedPerson& person, const Provisioning& answer) {
  if (answer.mhv_account) telemetry_.states.Add({"mhv_account", ToString(*answer.mhv_account)});
  if (answer.proofing) telemetry_.states.Add({"proofing", ToString(*answer.proofing)});
  const absl::Status written =
      flows_.RecordProvisioning(person.flow_id, answer, clock_.Now() + limits_.record_deadline);
  if (!written.ok()) LogFailure(person, "store", written);
}

std::optional<absl::Time> Provisioner::NextDeadline() const {
  const absl::Time now = clock_.Now();
  const int64_t stop_by_ns = stop_by_ns_.load();
  if (stop_by_ns == std::numeric_limits<int64_t>::max()) return now + limits_.deadline;
  const absl::Time stop_by = absl::FromUnixNanos(stop_by_ns);
  if (now >= stop_by) return std::nullopt;
  return std::min(now + limits_.deadline, stop_by);
}

void Provisioner::LogDropped(const AdmittedPerson& person, absl::string_view reason) const {
  log_.Warn("provisioning.dropped", {{"req", person.flow_id}, {"reason", reason}});
}

void Provisioner::LogFailure(const AdmittedPerson& person, absl::string_view question,
                             const absl::Status& status) const {
  log_.Warn("provisioning.failed", {{"req", person.flow_id},
                                    {"question", question},
                                    {"status", absl::StatusCodeToString(status.code())},
                                    {"reason", base::ReasonOf(status)}});
}

}  // namespace va::gateway
