#include "lib/resilience/token_bucket.h"

#include <algorithm>

namespace va::resilience {
namespace {

int64_t PartsOfToken(const Rate& rate) {
  return std::max<int64_t>(1, absl::ToInt64Nanoseconds(rate.per));
}

// Nanoseconds in which `parts` come in, rounded up.
int64_t NanosFor(const Rate& rate, int64_t parts) {
  return parts / rate.tokens + (parts % rate.tokens == 0 ? 0 : 1);
}

}  // namespace

BucketLevel::BucketLevel(const Rate& /*rate*/, absl::Time now) : at_(now) {}

void BucketLevel::Refill(const Rate& rate, absl::Time now) {
  if (now <= at_) return;
  const int64_t passed = absl::ToInt64Nanoseconds(now - at_);
  // Compared before it is multiplied: years of rest do not overflow.
  missing_ = passed >= NanosFor(rate, missing_) ? 0 : missing_ - passed * rate.tokens;
  at_ = now;
}

Admission BucketLevel::Take(const Rate& rate, absl::Time now, int64_t cost) {
  Refill(rate, now);
  const int64_t token = PartsOfToken(rate);
  if (cost < 1 || cost > rate.burst) return {false, absl::InfiniteDuration()};
  const int64_t room = rate.burst * token - missing_;
  const int64_t price = cost * token;
  if (price <= room) {
    missing_ += price;
    return {true, absl::ZeroDuration()};
  }
  return {false, absl::Nanoseconds(NanosFor(rate, price - room))};
}

absl::Time BucketLevel::FullAt(const Rate& rate) const {
  return at_ + absl::Nanoseconds(NanosFor(rate, missing_));
}

}  // namespace va::resilience
