#include "services/mpi-adapter/domain/cached_mpi.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "services/mpi-adapter/domain/cache_key.h"

namespace va::mpi {
namespace {

// The store's share of what a caller has left: a quarter, and no more than this.
constexpr absl::Duration kStorePatience = absl::Milliseconds(250);
constexpr int kStoreShare = 4;

// Lifetimes are shortened by up to a tenth, so that what was kept together does not end together.
constexpr int64_t kJitterSteps = 65536;

absl::Duration Jittered(absl::Duration lifetime, base::IdGenerator& ids) {
  const std::string random = ids.RandomBytes(2);
  const int64_t step =
      static_cast<unsigned char>(random[0]) * 256 + static_cast<unsigned char>(random[1]);
  return lifetime - lifetime / 10 * step / kJitterSteps;
}

bool SameKey(const CacheKey& a, const CacheKey& b) {
  return a.kind == b.kind && a.value == b.value;
}

// Whether the answer to a question by this ICN is about a person who had it before.
bool AskedByRetired(const CacheKey& key, const Answer& answer) {
  if (key.kind != KeyKind::kIcn || !answer.profile) return false;
  const std::vector<CacheKey> retired = RetiredIcns(*answer.profile);
  return std::any_of(retired.begin(), retired.end(),
                     [&key](const CacheKey& one) { return SameKey(one, key); });
}

CachedAnswer Fresh(const CacheKey& key, Answer answer) {
  CachedAnswer fresh;
  fresh.flags_known = answer.profile.has_value();
  fresh.by_retired_icn = AskedByRetired(key, answer);
  fresh.answer = std::move(answer);
  return fresh;
}

CachedAnswer Uncached(Answer answer) { return Fresh({}, std::move(answer)); }

}  // namespace

absl::Duration LifetimeOf(Outcome outcome, const CacheSettings& settings) {
  switch (outcome) {
    case Outcome::kOk:
      return settings.profile_ttl;
    case Outcome::kNoMatch:
      return settings.no_match_ttl;
    case Outcome::kMultipleMatches:
    case Outcome::kInvalidRequest:
    case Outcome::kSenderRejected:
    case Outcome::kDuplicateKey:
    case Outcome::kMpiFailed:
    case Outcome::kTransport:
    case Outcome::kTimeout:
    case Outcome::kBreakerOpen:
    case Outcome::kUnparseable:
    case Outcome::kBlocked:
      break;
  }
  return absl::ZeroDuration();
}

absl::StatusOr<CachedAnswer> CachedMpi::Get(const Question& question, Freshness freshness,
                                            absl::Time deadline) const {
  const std::optional<CacheKey> key = KeyOf(question);
  if (!settings_.enabled || !key) {
    MpiGateway& gateway = freshness == Freshness::kAsk ? deps_.mpi : deps_.shared;
    absl::StatusOr<Answer> answer = gateway.Find(question, deadline);
    if (!answer.ok()) return answer.status();
    return key ? Fresh(*key, *std::move(answer)) : Uncached(*std::move(answer));
  }
  if (freshness == Freshness::kAsk) return Ask(question, *key, deps_.mpi, deadline);
  std::optional<CachedAnswer> kept = Look(*key, freshness, deadline);
  if (kept) return *std::move(kept);
  return Ask(question, *key, deps_.shared, deadline);
}

absl::StatusOr<int64_t> CachedMpi::Forget(const CacheKey& key, absl::Time deadline) const {
  absl::StatusOr<int64_t> forgotten = deps_.cache.Forget(key, deps_.clock.Now(), deadline);
  if (!forgotten.ok()) deps_.observer.StoreFailed();
  return forgotten;
}

std::optional<CachedAnswer> CachedMpi::Look(const CacheKey& key, Freshness freshness,
                                            absl::Time deadline) const {
  const absl::Time now = deps_.clock.Now();
  absl::StatusOr<std::optional<KeptAnswer>> found =
      deps_.cache.Get(key, now, StoreDeadline(deadline));
  if (!found.ok()) {
    deps_.observer.StoreFailed();
    deps_.observer.Looked(CacheResult::kError);
    return std::nullopt;
  }
  if (!found->has_value() || !MayServe(**found, now)) {
    deps_.observer.Looked(CacheResult::kMiss);
    return std::nullopt;
  }
  KeptAnswer& kept = **found;
  CachedAnswer served;
  served.from_cache = true;
  served.age = now - kept.asked_at;
  served.by_retired_icn = kept.by_retired_icn;
  served.flags_known = kept.answer.profile.has_value() && served.age <= settings_.flags_ttl;
  const bool negative = kept.answer.outcome == Outcome::kNoMatch;
  if (!negative && freshness == Freshness::kFlags && !served.flags_known) {
    deps_.observer.Looked(CacheResult::kStaleFlags);
    return std::nullopt;
  }
  deps_.observer.Looked(negative ? CacheResult::kHitNegative : CacheResult::kHit);
  deps_.observer.ServedAt(served.age);
  served.answer = std::move(kept.answer);
  return served;
}

// Whatever the store thinks: it may have been written under other settings, or by a clock that has
// been set back since.
bool CachedMpi::MayServe(const KeptAnswer& kept, absl::Time now) const {
  const absl::Duration age = now - kept.asked_at;
  return age >= absl::ZeroDuration() && now < kept.expires_at &&
         age < LifetimeOf(kept.answer.outcome, settings_) &&
         kept.answer.profile.has_value() == (kept.answer.outcome == Outcome::kOk);
}

absl::StatusOr<CachedAnswer> CachedMpi::Ask(const Question& question, const CacheKey& key,
                                            MpiGateway& gateway, absl::Time deadline) const {
  const absl::Time asked_at = deps_.clock.Now();
  absl::StatusOr<Answer> answer = gateway.Find(question, deadline);
  if (!answer.ok()) return answer.status();
  CachedAnswer fresh = Fresh(key, *std::move(answer));
  Keep(key, fresh, asked_at, deadline);
  return fresh;
}

void CachedMpi::Keep(const CacheKey& key, const CachedAnswer& answer, absl::Time asked_at,
                     absl::Time deadline) const {
  // When another caller's question was asked is for that caller to know.
  if (answer.answer.shared) return;
  const absl::Time until = StoreDeadline(deadline);
  // Several people answer now: whoever was kept may be the wrong one.
  if (answer.answer.outcome == Outcome::kMultipleMatches) {
    if (!deps_.cache.Forget(key, asked_at, until).ok()) deps_.observer.StoreFailed();
    return;
  }
  const absl::Duration lifetime = LifetimeOf(answer.answer.outcome, settings_);
  if (lifetime <= absl::ZeroDuration()) return;
  std::optional<CacheKey> under = key;
  if (answer.answer.outcome == Outcome::kOk) {
    // Nobody could forget it, or find out whom it is about.
    if (!answer.answer.profile) return;
    const std::optional<CacheKey> person = PersonOf(*answer.answer.profile);
    if (!person) return;
    // Under the ICN of today; the one of before leads there (mpi_mhv.md 3.1.10).
    if (answer.by_retired_icn) under->value = person->value;
  }
  KeptAnswer kept;
  kept.answer = answer.answer;
  kept.asked_at = asked_at;
  kept.expires_at = asked_at + Jittered(lifetime, deps_.ids);
  if (!deps_.cache.Keep(*under, kept, until).ok()) deps_.observer.StoreFailed();
}

absl::Time CachedMpi::StoreDeadline(absl::Time deadline) const {
  const absl::Time now = deps_.clock.Now();
  return now + std::min(kStorePatience, (deadline - now) / kStoreShare);
}

}  // namespace va::mpi
