#include "services/auth-gateway/api/http/provisioning_view.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"

namespace va::gateway {
namespace {

constexpr absl::Duration kFirstPoll = absl::Milliseconds(25);
constexpr absl::Duration kLastPoll = absl::Milliseconds(200);

}  // namespace

absl::StatusOr<Provisioning> ProvisioningOf(const GatewayDeps& deps, const SessionRecord& session) {
  if (!PlanProvisioning(session).any()) return Provisioning{};
  const absl::Time deadline = deps.clock.Now() + deps.limits.request_deadline;
  const auto flow = deps.flows.FindById(session.flow_id, deadline);
  if (!flow.ok()) {
    deps.log.Warn("provisioning.unread",
                  {{"req", session.flow_id}, {"reason", base::ReasonOf(flow.status())}});
    return flow.status();
  }
  return flow->has_value() ? (*flow)->provisioning : Provisioning{};
}

Provisioning AwaitProvisioning(const GatewayDeps& deps, const SessionRecord& session) {
  const Provisioning unknown = PendingOf(PlanProvisioning(session));
  auto found = ProvisioningOf(deps, session);
  if (!found.ok() || !IsPending(*found)) return found.value_or(unknown);
  // Waiting holds a worker: pages that are opened again and again must not hold them all.
  const base::Permits::Hold permit(deps.page_waiters);
  const base::Stopwatch watch;
  absl::Duration pause = kFirstPoll;
  while (permit.held() && watch.Elapsed() < deps.limits.provisioning_wait) {
    absl::SleepFor(pause);
    pause = std::min(2 * pause, kLastPoll);
    found = ProvisioningOf(deps, session);
    if (!found.ok() || !IsPending(*found)) break;
  }
  return found.value_or(unknown);
}

}  // namespace va::gateway
