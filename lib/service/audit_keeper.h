// Keeps a service's audit trail in order while it runs: lets it follow a rotated file, tries again
// after failures, anchors its heads in the database every minute and at the end, and shows all of
// that as metrics and in the log. Nothing here ever holds up a sign-in.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/periodic.h"
#include "lib/store/pool.h"
#include "lib/telemetry/audit_chain.h"
#include "lib/telemetry/file_audit.h"
#include "lib/telemetry/log.h"
#include "lib/telemetry/metrics.h"

namespace va::service {

class AuditKeeper {
 public:
  using Anchor = std::function<absl::Status(const telemetry::ChainHead&, absl::Time deadline)>;
  using Forget = std::function<absl::Status(absl::Time deadline)>;
  struct Deps {
    telemetry::FileAudit& audit;
    Anchor anchor;
    Forget forget;
    const base::Clock& clock;
    const telemetry::Log& log;
    telemetry::Metrics& metrics;
  };

  explicit AuditKeeper(Deps deps);
  // The same, with the heads of `database`.
  AuditKeeper(telemetry::FileAudit& audit, store::Pool& database, const base::Clock& clock,
              const telemetry::Log& log, telemetry::Metrics& metrics);

  // From now on by itself, once a second. Call when the database has the schema.
  void Start();
  // Ends the trail and anchors its last head: when nobody reports to it any more.
  void Finish();

  // One turn; `now` decides what is due.
  void Turn(absl::Time now);
  // Anchors what moved. The first failure.
  absl::Status AnchorHeads(absl::Time now);

 private:
  void ShowMetrics(telemetry::Metrics& metrics);
  void TellTrail(const absl::Status& status);
  void TellAnchor(const absl::Status& status);
  double AnchorAge() const;

  const Deps deps_;
  absl::Time anchor_due_ = absl::InfinitePast();
  absl::Time forget_due_ = absl::InfinitePast();
  std::string trail_trouble_;  // reasons already told
  std::string anchor_trouble_;
  mutable std::mutex mutex_;  // guards what a scrape reads
  absl::Time unanchored_since_ = absl::InfiniteFuture();
  std::unique_ptr<base::Periodic> turns_;
};

}  // namespace va::service
