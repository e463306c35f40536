// The break-glass switch (mpi_mhv.md 3.1.14): while it is on, the bodies of requests to MPI and of
// its answers are written to the log, with everything personal in them; at any other time no line
// of any level holds one. It is switched on by a setting that names its own end, at most a day
// ahead, and a reason; both are on record in the audit trail.
#pragma once

#include <mutex>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"
#include "lib/telemetry/metrics.h"

namespace va::mpi {

struct BreakGlassSettings {
  std::string until;   // mpi.break_glass.until, RFC 3339; empty: off
  std::string reason;  // mpi.break_glass.reason
};

// The longest it may be on, seen from when the setting is read.
inline constexpr absl::Duration kLongestBreakGlass = absl::Hours(24);

// What is wrong with them at `now`; empty: nothing. An end that has passed is no mistake: it is how
// every use of the switch ends.
std::string CheckBreakGlass(const BreakGlassSettings& settings, absl::Time now);

// Thread-safe. What it refers to outlives it.
class BreakGlass {
 public:
  struct Deps {
    const base::Clock& clock;
    const telemetry::Log& log;
    telemetry::Audit& audit;
    telemetry::Metrics& metrics;  // va_mpi_break_glass
  };
  explicit BreakGlass(Deps deps);
  // A process that stops while it is on ends it: no beginning stands in the trail without an end.
  ~BreakGlass();
  BreakGlass(const BreakGlass&) = delete;
  BreakGlass& operator=(const BreakGlass&) = delete;

  // Takes over settings that CheckBreakGlass found good. Stays off if the trail takes no record.
  void Set(const BreakGlassSettings& settings);

  // Writes a body down, in parts, if the switch is on. Notes its end otherwise, once.
  void Sent(absl::string_view message_id, absl::string_view interaction, absl::string_view body);
  void Received(absl::string_view message_id, int status, absl::string_view body);

  bool IsOn() const;

 private:
  // Whether bodies may be written at this moment.
  bool Open();
  void Begin(absl::Time until, const std::string& reason);
  void End();
  void WriteParts(absl::string_view event, absl::string_view message_id, absl::string_view what,
                  absl::string_view body) const;

  const Deps deps_;
  mutable std::mutex mutex_;
  BreakGlassSettings settings_;
  bool begun_ = false;
  absl::Time until_ = absl::InfinitePast();
};

}  // namespace va::mpi
