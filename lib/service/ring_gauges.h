// How old the keys of a service's rings are, as metrics: whoever forgets to rotate, or begins and
// does not go on, is told by an alert.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/crypto/ring_file.h"
#include "lib/telemetry/metrics.h"

namespace va::service {

class RingGauges {
 public:
  // Both outlive the last scrape.
  RingGauges(telemetry::Metrics& metrics, const base::Clock& clock)
      : metrics_(metrics), clock_(clock) {}

  // `ring` is the setting that names the file. `ages` is asked with every scrape, so what it reads
  // lives as long as the metrics are asked.
  void Watch(const std::string& ring, const std::function<std::vector<crypto::RingAge>()>& ages);

  // A set of public keys, of somebody else's ring: whether it has followed that ring. `set` is the
  // setting that names the file.
  void WatchSet(const std::string& set, const std::function<size_t()>& keys);

  // A SealedBox or LookupHasher, with what it has sealed.
  template <typename Ring>
  requires requires(const Ring& keys) { keys.Ages(); }
  void Watch(const std::string& ring, const Ring& keys) {
    Watch(ring, [&keys] { return keys.Ages(); });
    if constexpr (requires { keys.seals(); }) {
      WatchSeals(ring, [&keys] { return keys.seals(); });
    }
  }

 private:
  // A key wears out with every value sealed (docs/adr/2026-11-22-nonces-are-random-and-counted.md).
  void WatchSeals(const std::string& ring, const std::function<uint64_t()>& seals);

  telemetry::Metrics& metrics_;
  const base::Clock& clock_;
};

// Of the keys in that state, the oldest; NaN, which is not shown, when there is none or none says
// since when.
double OldestSeconds(const std::vector<crypto::RingAge>& ages, crypto::KeyState state,
                     absl::Time now);

}  // namespace va::service
