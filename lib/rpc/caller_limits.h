// How much one caller may have of a server: calls over time and calls at the same moment. Callers
// are the names of an allow-list, so there are as many entries as lines in the configuration.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/resilience/token_bucket.h"

namespace va::rpc {

// Thread-safe after the last Add.
class CallerLimits {
 public:
  enum class Verdict { kAdmitted, kTooOften, kTooMany };

  // No rate: as often as they like.
  CallerLimits(std::optional<resilience::Rate> rate, size_t max_calls)
      : rate_(rate), max_calls_(max_calls) {}

  void Add(const std::string& caller, absl::Time now);

  // kAdmitted counts a call, which ends with End. `rated`: it uses up a token. What is not rated,
  // health, also has a few places of its own: whoever is busy is not therefore ill.
  Verdict Begin(absl::string_view caller, bool rated, absl::Time now);
  void End(absl::string_view caller);

 private:
  struct Caller {
    size_t calls = 0;
    std::optional<resilience::TokenBucket> bucket;
  };

  static constexpr size_t kUnratedPlaces = 64;

  const std::optional<resilience::Rate> rate_;
  const size_t max_calls_;
  std::mutex mutex_;
  std::map<std::string, Caller, std::less<>> callers_;
};

}  // namespace va::rpc
