#include "lib/service/audit_keeper.h"

#include <algorithm>
#include <utility>

#include "lib/base/status.h"
#include "lib/service/audit_heads.h"

namespace va::service {
namespace {

constexpr absl::Duration kTurn = absl::Seconds(1);
constexpr absl::Duration kAnchorEvery = absl::Minutes(1);
constexpr absl::Duration kForgetEvery = absl::Hours(1);
constexpr absl::Duration kPatience = absl::Seconds(2);  // with the database

AuditKeeper::Anchor AnchorIn(store::Pool& database) {
  return [&database](const telemetry::ChainHead& head, absl::Time deadline) {
    return AnchorHead(database, head, deadline);
  };
}

AuditKeeper::Forget ForgetIn(store::Pool& database) {
  return [&database](absl::Time deadline) { return ForgetOldHeads(database, deadline).status(); };
}

}  // namespace

AuditKeeper::AuditKeeper(Deps deps) : deps_(std::move(deps)) { ShowMetrics(deps_.metrics); }

AuditKeeper::AuditKeeper(telemetry::FileAudit& audit, store::Pool& database,
                         const base::Clock& clock, const telemetry::Log& log,
                         telemetry::Metrics& metrics)
    : AuditKeeper({audit, AnchorIn(database), ForgetIn(database), clock, log, metrics}) {}

void AuditKeeper::ShowMetrics(telemetry::Metrics& metrics) {
  telemetry::FileAudit& audit = deps_.audit;
  metrics.AddReading("va_audit_records_total", "Audit records written.", {},
                     [&audit] { return static_cast<double>(audit.stats().written); });
  metrics.AddReading("va_audit_failures_total", "Audit records that could not be written.", {},
                     [&audit] { return static_cast<double>(audit.stats().failed); });
  metrics.AddReading("va_audit_failing", "1 while audit records cannot be written.", {},
                     [&audit] { return audit.stats().failing ? 1.0 : 0.0; });
  metrics.AddReading("va_audit_anchor_age_seconds",
                     "Age of the oldest audit record that no anchored head covers.", {},
                     [this] { return AnchorAge(); });
}

void AuditKeeper::Start() {
  turns_ = std::make_unique<base::Periodic>(kTurn, [this] { Turn(deps_.clock.Now()); });
}

void AuditKeeper::Finish() {
  turns_.reset();
  deps_.audit.End();
  TellAnchor(AnchorHeads(deps_.clock.Now()));
}

void AuditKeeper::Turn(absl::Time now) {
  TellTrail(deps_.audit.Tend());
  // A clock that was set back must not put the next anchor off for as long.
  anchor_due_ = std::min(anchor_due_, now + kAnchorEvery);
  if (now >= anchor_due_) {
    anchor_due_ = now + kAnchorEvery;
    TellAnchor(AnchorHeads(now));
  }
  if (now >= forget_due_) {
    forget_due_ = now + kForgetEvery;
    static_cast<void>(deps_.forget(deps_.clock.Now() + kPatience));
  }
  const bool unanchored = !deps_.audit.UnanchoredHeads().empty();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!unanchored) unanchored_since_ = absl::InfiniteFuture();
  if (unanchored && unanchored_since_ == absl::InfiniteFuture()) unanchored_since_ = now;
}

absl::Status AuditKeeper::AnchorHeads(absl::Time now) {
  for (const telemetry::ChainHead& head : deps_.audit.UnanchoredHeads()) {
    const absl::Status anchored = deps_.anchor(head, now + kPatience);
    if (!anchored.ok()) return anchored;
    deps_.audit.MarkAnchored(head);
  }
  // Records that came in meanwhile are younger than this.
  const std::lock_guard<std::mutex> lock(mutex_);
  unanchored_since_ = absl::InfiniteFuture();
  return absl::OkStatus();
}

double AuditKeeper::AnchorAge() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (unanchored_since_ == absl::InfiniteFuture()) return 0;
  return absl::ToDoubleSeconds(deps_.clock.Now() - unanchored_since_);
}

// Told when it changes: a database that is away for an hour is one line, not sixty.
void AuditKeeper::TellTrail(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  if (reason == trail_trouble_) return;
  trail_trouble_ = reason;
  if (status.ok()) {
    deps_.log.Info("audit.recovered", {{"failed", deps_.audit.stats().failed}});
  } else {
    deps_.log.Error("audit.failing", {{"reason", reason}, {"error", status.message()}});
  }
}

void AuditKeeper::TellAnchor(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  if (reason == anchor_trouble_) return;
  anchor_trouble_ = reason;
  if (status.ok()) {
    deps_.log.Info("audit.anchored");
  } else {
    deps_.log.Warn("audit.anchor_failed", {{"reason", reason}});
  }
}

}  // namespace va::service
