#include "services/auth-gateway/lock_watcher.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lib/base/status.h"
#include "lib/resilience/retry.h"

namespace va::gateway {
namespace {

// Shorter than gRPC keeps a connection beyond its age, so that streams end by themselves.
constexpr absl::Duration kStreamTime = absl::Seconds(100);
constexpr absl::Duration kStoreTime = absl::Seconds(5);
constexpr absl::Duration kListTime = absl::Seconds(10);
// Four signs of life that did not come.
constexpr absl::Duration kLongestSilence = absl::Seconds(60);
constexpr absl::Duration kPauseBetween = absl::Milliseconds(100);
// The clock that events are stamped by and ours may be as far apart (decision P3).
constexpr absl::Duration kClocksDiffer = absl::Seconds(60);
constexpr resilience::RetryPolicy kRetry = {
    .max_attempts = 1'000'000'000, .first = absl::Milliseconds(200), .longest = absl::Seconds(5)};
constexpr int kMostFailures = 1000;

absl::string_view NameOf(LockEventKind kind) {
  switch (kind) {
    case LockEventKind::kSignOfLife:
      return "sign_of_life";
    case LockEventKind::kLocked:
      return "locked";
    case LockEventKind::kUnlocked:
      return "unlocked";
    case LockEventKind::kMoved:
      return "moved";
    case LockEventKind::kForgotten:
      return "forgotten";
    case LockEventKind::kUnknown:
      return "unknown";
  }
  return "unknown";
}

// Why a session ended, as the trail says it.
absl::string_view TagOf(const LockEvent& event) {
  switch (event.kind) {
    case LockEventKind::kLocked:
      return event.verification_id.empty() ? "account_locked" : "credential_locked";
    case LockEventKind::kMoved:
      return "credential_moved";
    case LockEventKind::kForgotten:
      return "account_forgotten";
    case LockEventKind::kSignOfLife:
    case LockEventKind::kUnlocked:
    case LockEventKind::kUnknown:
      return "";
  }
  return "";
}

telemetry::Label Kinds() {
  telemetry::Label label{"kind", {}};
  for (const LockEventKind kind :
       {LockEventKind::kLocked, LockEventKind::kUnlocked, LockEventKind::kMoved,
        LockEventKind::kForgotten, LockEventKind::kUnknown}) {
    label.values.emplace_back(NameOf(kind));
  }
  return label;
}

bool SameTarget(const LockEvent& a, const LockEvent& b) {
  return a.account_id == b.account_id && a.verification_id == b.verification_id;
}

// Whether `later` means that what `event` ended may begin again: the lock is gone, or the
// credential moved on, perhaps back.
bool Undoes(const LockEvent& later, const LockEvent& event) {
  if (later.kind == LockEventKind::kUnlocked) {
    return event.kind == LockEventKind::kLocked && SameTarget(later, event);
  }
  return later.kind == LockEventKind::kMoved && event.kind == LockEventKind::kMoved &&
         !later.verification_id.empty() && later.verification_id == event.verification_id;
}

}  // namespace

LockMetrics::LockMetrics(telemetry::Metrics& metrics)
    : events_(metrics.AddCounter("va_gateway_lock_events_total",
                                 "Events of accounts that were applied to sessions.", {Kinds()})),
      ended_(metrics.AddCounter("va_gateway_lock_sessions_ended_total",
                                "Sessions that a lock, a move or a forgotten account ended.",
                                {Kinds()})),
      lag_(metrics.AddHistogram("va_gateway_lock_event_lag_seconds",
                                "From an event of an account to the end of its sessions.")) {}

void LockMetrics::CountEvent(LockEventKind kind) const { events_.Add({NameOf(kind)}); }

void LockMetrics::CountEnded(LockEventKind kind, size_t sessions) const {
  if (sessions > 0) ended_.Add({NameOf(kind)}, static_cast<double>(sessions));
}

void LockMetrics::ObserveLag(absl::Duration lag) const { lag_.Observe({}, lag); }

LockWatcher::LockWatcher(const Deps& deps) : deps_(deps), heard_at_(deps_.clock.Now()) {}

void LockWatcher::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void LockWatcher::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  deps_.feed.Stop();
  if (thread_.joinable()) thread_.join();
}

bool LockWatcher::stopping() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopping_;
}

void LockWatcher::Loop() {
  while (!stopping()) {
    const absl::Status ended = Watch();
    if (stopping()) return;
    Report(ended);
    Pause(NextPause(ended));
  }
}

void LockWatcher::Pause(absl::Duration pause) {
  std::unique_lock<std::mutex> lock(mutex_);
  wake_.wait_for(lock, absl::ToChronoNanoseconds(pause), [this] { return stopping_; });
}

// Gateways that lost the same stream do not all come back in the same moment.
absl::Duration LockWatcher::NextPause(const absl::Status& ended) {
  const double random = static_cast<unsigned char>(deps_.ids.RandomBytes(1)[0]) / 256.0;
  if (ended.ok()) return kPauseBetween * random;
  failures_ = heard_now_ ? 1 : std::min(failures_ + 1, kMostFailures);
  return resilience::NextPause(kRetry, failures_, absl::UnixEpoch(), absl::InfiniteFuture(), random)
      .value_or(kRetry.longest);
}

// A failure that lasts is one line, not one for each try.
void LockWatcher::Report(const absl::Status& ended) {
  const std::string reason = ended.ok() ? "" : base::ReasonOf(ended);
  if (reason == told_) return;
  told_ = reason;
  if (ended.ok()) {
    deps_.log.Info("locks.watching_again");
    return;
  }
  deps_.log.Warn("locks.watch_ended", {{"reason", reason}, {"error", ended.message()}});
}

void LockWatcher::Heard() {
  heard_now_ = true;
  const std::lock_guard<std::mutex> lock(mutex_);
  heard_at_ = deps_.clock.Now();
}

absl::Duration LockWatcher::Silence() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::max(deps_.clock.Now() - heard_at_, absl::ZeroDuration());
}

absl::Status LockWatcher::Check() const {
  if (Silence() <= kLongestSilence) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kUnavailable, "LOCKS_SILENT",
                         "nothing was heard of locks for a minute", true);
}

absl::Status LockWatcher::Watch() {
  heard_now_ = false;
  up_to_date_ = false;
  if (absl::Status begun = Begin(); !begun.ok()) return begun;
  failure_ = absl::OkStatus();
  const absl::Status ended =
      deps_.feed.Watch(*position_, deps_.clock.Now() + kStreamTime,
                       [this](const LockEvent& event) { return Take(event); });
  if (!failure_.ok()) return failure_;
  if (absl::IsOutOfRange(ended)) return JudgeAnew();
  return ended;
}

// A gateway that never heard anything begins with the oldest event that is kept.
absl::Status LockWatcher::Begin() {
  if (!position_.has_value()) {
    const auto loaded = deps_.cursor.Load(deps_.clock.Now() + kStoreTime);
    if (!loaded.ok()) return loaded.status();
    position_ = loaded->value_or(0);
    kept_ = *position_;
  }
  return Settle();
}

bool LockWatcher::Take(const LockEvent& event) {
  if (event.kind == LockEventKind::kSignOfLife) {
    position_ = std::max(*position_, event.sequence);
    up_to_date_ = true;
  } else if (event.sequence > *position_) {  // otherwise it was applied before
    failure_ = Apply(event);
  }
  if (failure_.ok()) failure_ = Settle();
  if (failure_.ok()) Heard();  // what cannot be applied is as good as not heard
  return failure_.ok();
}

absl::Status LockWatcher::Apply(const LockEvent& event) {
  const absl::Time now = deps_.clock.Now();
  const absl::Duration age = now - event.happened_at;
  // What comes after a sign of life has just happened, whatever the two clocks say (attack C1).
  const bool fresh = up_to_date_ || age < kLockSettles;
  // An old event says nothing of sessions that began long after it: the lock may be gone again.
  const absl::Time begun_by =
      fresh ? absl::InfiniteFuture() : event.happened_at + kLockSettles + kClocksDiffer;
  if (absl::Status ended = End(event, begun_by); !ended.ok()) return ended;
  TakeBack(event);
  deps_.metrics.CountEvent(event.kind);
  if (fresh) {
    deps_.metrics.ObserveLag(std::max(deps_.clock.Now() - event.happened_at, absl::ZeroDuration()));
  }
  if (event.kind == LockEventKind::kUnknown) {
    deps_.log.Warn("locks.unknown_event", {{"sequence", event.sequence}});
  }
  position_ = event.sequence;
  applied_.push_back({event, fresh ? now + kLockSettles : now, fresh});
  return absl::OkStatus();
}

void LockWatcher::TakeBack(const LockEvent& event) {
  for (Applied& earlier : applied_) {
    if (Undoes(event, earlier.event)) earlier.again = false;
  }
}

absl::Status LockWatcher::End(const LockEvent& event, absl::Time begun_by) {
  const absl::string_view tag = TagOf(event);
  if (tag.empty()) return absl::OkStatus();
  const auto ended = deps_.sessions.EndByAccount(
      {event.account_id, event.verification_id, begun_by}, deps_.clock.Now() + kStoreTime);
  if (!ended.ok()) return ended.status();
  for (const EndedSession& session : *ended) {
    const absl::Status recorded =
        deps_.audit.Write(telemetry::AuditEvent::kSessionEnded,
                          {.request_id = session.flow_id,
                           .csp = session.csp ? identity::ToString(*session.csp) : "",
                           .application = session.application,
                           .tag = tag,
                           .account_id = session.account_id});
    // What a lock ends stays ended, on record or not; the trail raises its own alarm.
    if (!recorded.ok()) deps_.log.Error("audit.lost", {{"reason", base::ReasonOf(recorded)}});
  }
  deps_.metrics.CountEnded(event.kind, ended->size());
  return absl::OkStatus();
}

// Applies once more what is due, and keeps how far everything is done with.
absl::Status LockWatcher::Settle() {
  const absl::Time now = deps_.clock.Now();
  while (!applied_.empty() && applied_.front().settled_at <= now) {
    const Applied& first = applied_.front();
    if (first.again) {
      if (absl::Status ended = End(first.event, absl::InfiniteFuture()); !ended.ok()) return ended;
    }
    applied_.pop_front();
  }
  const std::int64_t done = applied_.empty() ? *position_ : applied_.front().event.sequence - 1;
  if (done <= kept_) return absl::OkStatus();
  if (absl::Status kept = deps_.cursor.Advance(done, now + kStoreTime); !kept.ok()) return kept;
  kept_ = done;
  return absl::OkStatus();
}

// Events were missed for good: what is locked now ends, and then everything that is still kept is
// applied. What happened before that is older than any session.
absl::Status LockWatcher::JudgeAnew() {
  if (!judging_) deps_.log.Warn("locks.judging_anew");
  judging_ = true;  // one line, however often it has to be tried
  std::string token;
  do {
    if (stopping()) return absl::OkStatus();
    const auto page = deps_.feed.ListLocked(token, deps_.clock.Now() + kListTime);
    if (!page.ok()) return page.status();
    for (const LockedAccount& account : page->accounts) {
      LockEvent lock{0, LockEventKind::kLocked, account.account_id, "", absl::InfiniteFuture()};
      std::vector<std::string> targets = account.verification_ids;
      if (account.whole) targets = {""};
      for (std::string& target : targets) {
        lock.verification_id = std::move(target);
        if (absl::Status ended = End(lock, absl::InfiniteFuture()); !ended.ok()) return ended;
      }
    }
    // A page that leads to itself would never end.
    if (page->next == token) break;
    token = page->next;
  } while (!token.empty());
  if (absl::Status reset = deps_.cursor.Reset(deps_.clock.Now() + kStoreTime); !reset.ok()) {
    return reset;
  }
  applied_.clear();
  position_ = 0;
  kept_ = 0;
  judging_ = false;
  return absl::OkStatus();
}

}  // namespace va::gateway
