#include "lib/service/ring_gauges.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace va::service {
namespace {

constexpr std::array<crypto::KeyState, 3> kStates = {
    crypto::KeyState::kNext, crypto::KeyState::kCurrent, crypto::KeyState::kRetired};

double CountOf(const std::vector<crypto::RingAge>& ages, crypto::KeyState state) {
  return static_cast<double>(
      std::count_if(ages.begin(), ages.end(),
                    [state](const crypto::RingAge& age) { return age.state == state; }));
}

}  // namespace

double OldestSeconds(const std::vector<crypto::RingAge>& ages, crypto::KeyState state,
                     absl::Time now) {
  double oldest = std::numeric_limits<double>::quiet_NaN();
  for (const crypto::RingAge& age : ages) {
    if (age.state != state || !age.since) continue;
    // A clock behind the one that wrote the ring makes no key younger than new.
    const double seconds = std::max(0.0, absl::ToDoubleSeconds(now - *age.since));
    oldest = std::isnan(oldest) ? seconds : std::max(oldest, seconds);
  }
  return oldest;
}

void RingGauges::Watch(const std::string& ring,
                       const std::function<std::vector<crypto::RingAge>()>& ages) {
  for (const crypto::KeyState state : kStates) {
    const std::vector<telemetry::Metrics::FixedLabel> labels = {
        {"ring", ring}, {"state", std::string(ToString(state))}};
    metrics_.AddReading(
        "va_key_age_seconds", "How long the oldest key of a ring has been in this state.", labels,
        [ages, state, &clock = clock_] { return OldestSeconds(ages(), state, clock.Now()); });
    metrics_.AddReading("va_key_ring_keys", "Keys of a ring in this state.", labels,
                        [ages, state] { return CountOf(ages(), state); });
  }
}

void RingGauges::WatchSet(const std::string& set, const std::function<size_t()>& keys) {
  metrics_.AddReading("va_key_set_keys", "Public keys of a set that this process verifies with.",
                      {{"set", set}}, [keys] { return static_cast<double>(keys()); });
}

void RingGauges::WatchSeals(const std::string& ring, const std::function<uint64_t()>& seals) {
  metrics_.AddReading("va_key_seals_total", "Values this process sealed with keys of a ring.",
                      {{"ring", ring}}, [seals] { return static_cast<double>(seals()); });
}

}  // namespace va::service
