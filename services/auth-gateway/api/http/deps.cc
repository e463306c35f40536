#include "services/auth-gateway/api/http/deps.h"

#include "lib/base/status.h"

namespace va::gateway {

void Record(const GatewayDeps& deps, telemetry::AuditEvent event,
            const telemetry::AuditFacts& facts) {
  static_cast<void>(RecordFirst(deps, event, facts));
}

absl::Status RecordFirst(const GatewayDeps& deps, telemetry::AuditEvent event,
                         const telemetry::AuditFacts& facts) {
  const absl::Status written = deps.audit.Write(event, facts);
  if (written.ok()) return written;
  deps.log.Error("audit.write_failed", {{"req", facts.request_id},
                                        {"event", telemetry::ToString(event)},
                                        {"reason", base::ReasonOf(written)}});
  return written;
}

}  // namespace va::gateway
