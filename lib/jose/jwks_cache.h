// The keys of somebody else's JWK Set, kept while they are good: fetched again when they are old or
// when a token names a key that is not among them. Whoever sends tokens cannot make us ask more
// than once a window (attack O20), and a provider that does not answer leaves us with the keys we
// know, to their end and no longer (attack O21). How a set is fetched is the caller's.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/jose/jws.h"
#include "lib/jose/signature.h"

namespace va::jose {

// The text of the set as it stands now, at most kMaxJwks bytes, within `timeout`.
using JwksFetch = std::function<absl::StatusOr<std::string>(absl::Duration timeout)>;

enum class JwksFetchOutcome {
  kFetched,  // and in use
  kFailed,   // no answer
  kRefused,  // no JWK Set, or none with a key for us: the one before stays
};

// What an operator wants to see. Called by whichever thread found it out, without a lock.
class JwksObserver {
 public:
  virtual ~JwksObserver() = default;
  virtual void Fetched(JwksFetchOutcome outcome) = 0;
  // A token named a key that we do not have.
  virtual void UnknownKey() = 0;
};

struct JwksCacheOptions {
  // The closed list of the use.
  std::vector<Algorithm> algorithms{};
  absl::Duration fresh = absl::Minutes(10);   // then the set is fetched again
  absl::Duration keep = absl::Hours(24);      // then, in an outage, its keys are no longer good
  absl::Duration window = absl::Minutes(1);   // between fetches that an unknown key causes
  absl::Duration retry = absl::Seconds(5);    // between fetches while there is no fresh set
  absl::Duration timeout = absl::Seconds(2);  // of one fetch, and of whoever waits for it
};

// Thread-safe. What it refers to outlives it.
class JwksCache {
 public:
  using Keys = std::shared_ptr<const std::vector<VerifyingKey>>;

  // Fetches nothing before it is asked. `observer` may be null.
  JwksCache(JwksFetch fetch, JwksCacheOptions options, const base::Clock& clock,
            JwksObserver* observer = nullptr);
  JwksCache(const JwksCache&) = delete;
  JwksCache& operator=(const JwksCache&) = delete;

  // The keys of the moment, never null. Of several callers one fetches; the others wait only when
  // there are no keys at all. UNAVAILABLE, JWKS_UNAVAILABLE, when none are known, or none any
  // longer.
  absl::StatusOr<Keys> Current();

  // For a token whose key is not among `seen`: later keys when there are some or when it is time to
  // ask, else the same again. Waits for a fetch that is under way.
  absl::StatusOr<Keys> Newer(const Keys& seen);

  // Calls `verify(absl::Span<const VerifyingKey>)`, a second time when it says KEY_UNKNOWN and
  // there are newer keys.
  template <typename Verify>
  auto With(const Verify& verify) -> decltype(verify(absl::Span<const VerifyingKey>())) {
    const absl::StatusOr<Keys> keys = Current();
    if (!keys.ok()) return keys.status();
    auto verified = verify(absl::MakeConstSpan(**keys));
    if (verified.ok() || !IsKeyUnknown(verified.status())) return verified;
    const absl::StatusOr<Keys> newer = Newer(*keys);
    if (!newer.ok() || *newer == *keys) return verified;
    return verify(absl::MakeConstSpan(**newer));
  }

  // VerifyCompact with these keys.
  absl::StatusOr<VerifiedJws> Verify(absl::string_view token);

  // When the set in use was fetched; nothing when there is none.
  std::optional<absl::Time> fetched() const;

 private:
  static bool IsKeyUnknown(const absl::Status& status);

  absl::StatusOr<Keys> Find(const Keys& seen);
  bool Elapsed(absl::Time since, absl::Duration span, absl::Time now) const;
  // Both with the lock held; the lock is open while the provider is asked.
  void Ask(std::unique_lock<std::mutex>& lock, absl::Time now);
  void AwaitFetch(std::unique_lock<std::mutex>& lock);
  JwksFetchOutcome Fetch(Keys& keys) const;

  const JwksFetch fetch_;
  const JwksCacheOptions options_;
  const base::Clock& clock_;
  JwksObserver* const observer_;

  mutable std::mutex mutex_;
  std::condition_variable done_;
  Keys keys_;  // null: none that are good
  absl::Time fetched_ = absl::InfinitePast();
  absl::Time asked_ = absl::InfinitePast();
  bool asking_ = false;
};

}  // namespace va::jose
