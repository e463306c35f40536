#include "lib/rpc/caller_limits.h"

namespace va::rpc {

void CallerLimits::Add(const std::string& caller, absl::Time now) {
  const auto [added, fresh] = callers_.try_emplace(caller);
  if (fresh && rate_.has_value()) added->second.bucket.emplace(*rate_, now);
}

CallerLimits::Verdict CallerLimits::Begin(absl::string_view caller, bool rated, absl::Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = callers_.find(caller);
  const size_t places = max_calls_ + (rated ? 0 : kUnratedPlaces);
  if (found == callers_.end() || found->second.calls >= places) return Verdict::kTooMany;
  Caller& entry = found->second;
  if (rated && entry.bucket.has_value() && !entry.bucket->Take(now).allowed) {
    return Verdict::kTooOften;
  }
  ++entry.calls;
  return Verdict::kAdmitted;
}

void CallerLimits::End(absl::string_view caller) {
  const std::lock_guard<std::mutex> lock(mutex_);
  --callers_.find(caller)->second.calls;
}

}  // namespace va::rpc
