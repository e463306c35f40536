#include "lib/jose/jwks_cache.h"

#include <chrono>
#include <utility>

#include "lib/base/status.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/jwks.h"

namespace va::jose {

JwksCache::JwksCache(JwksFetch fetch, JwksCacheOptions options, const base::Clock& clock,
                     JwksObserver* observer)
    : fetch_(std::move(fetch)), options_(std::move(options)), clock_(clock), observer_(observer) {}

absl::StatusOr<JwksCache::Keys> JwksCache::Current() { return Find(nullptr); }

absl::StatusOr<JwksCache::Keys> JwksCache::Newer(const Keys& seen) {
  if (observer_ != nullptr) observer_->UnknownKey();
  return Find(seen);
}

absl::StatusOr<VerifiedJws> JwksCache::Verify(absl::string_view token) {
  return With([token](absl::Span<const VerifyingKey> keys) { return VerifyCompact(token, keys); });
}

std::optional<absl::Time> JwksCache::fetched() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (keys_ == nullptr) return std::nullopt;
  return fetched_;
}

bool JwksCache::IsKeyUnknown(const absl::Status& status) {
  return RejectOf(status) == JoseReject::kKeyUnknown;
}

// A clock that was set back must not stop us from ever asking again.
bool JwksCache::Elapsed(absl::Time since, absl::Duration span, absl::Time now) const {
  return now < since || now - since >= span;
}

absl::StatusOr<JwksCache::Keys> JwksCache::Find(const Keys& seen) {
  std::unique_lock<std::mutex> lock(mutex_);
  const absl::Time now = clock_.Now();
  if (keys_ != nullptr && Elapsed(fetched_, options_.keep, now)) keys_ = nullptr;
  const bool usable = keys_ != nullptr && keys_ != seen;
  const bool old = keys_ == nullptr || Elapsed(fetched_, options_.fresh, now);
  if (!usable || old) {
    if (!asking_ && Elapsed(asked_, old ? options_.retry : options_.window, now)) {
      Ask(lock, now);
    } else if (!usable) {
      AwaitFetch(lock);
    }
  }
  if (keys_ != nullptr) return keys_;
  return base::MakeError(absl::StatusCode::kUnavailable, "JWKS_UNAVAILABLE",
                         "no keys of the provider are known", /*retryable=*/true);
}

void JwksCache::AwaitFetch(std::unique_lock<std::mutex>& lock) {
  done_.wait_for(lock, absl::ToChronoMilliseconds(options_.timeout), [this] { return !asking_; });
}

void JwksCache::Ask(std::unique_lock<std::mutex>& lock, absl::Time now) {
  asking_ = true;
  asked_ = now;
  lock.unlock();
  Keys keys;
  const JwksFetchOutcome outcome = Fetch(keys);
  if (observer_ != nullptr) observer_->Fetched(outcome);
  lock.lock();
  asking_ = false;
  // Counted from when we asked: what the provider withdrew meanwhile is not good for longer.
  if (outcome == JwksFetchOutcome::kFetched) {
    keys_ = std::move(keys);
    fetched_ = now;
  }
  done_.notify_all();
}

JwksFetchOutcome JwksCache::Fetch(Keys& keys) const {
  const absl::StatusOr<std::string> text = fetch_(options_.timeout);
  if (!text.ok()) return JwksFetchOutcome::kFailed;
  const absl::StatusOr<Jwks> set = Jwks::Parse(*text);
  if (!set.ok()) return JwksFetchOutcome::kRefused;
  absl::StatusOr<std::vector<VerifyingKey>> usable = set->Verifying(options_.algorithms);
  if (!usable.ok() || usable->empty()) return JwksFetchOutcome::kRefused;
  keys = std::make_shared<const std::vector<VerifyingKey>>(*std::move(usable));
  return JwksFetchOutcome::kFetched;
}

}  // namespace va::jose
