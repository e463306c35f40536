#include "services/user-attributes/api/grpc/watch_locks.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lib/base/status.h"
#include "lib/rpc/wire.h"

namespace va::attributes {
namespace {

constexpr std::int64_t kFromNowOn = -1;
constexpr absl::Duration kReadTime = absl::Seconds(2);

absl::Status EventsForgotten() {
  return base::MakeError(absl::StatusCode::kOutOfRange, "EVENTS_FORGOTTEN",
                         "this number was never given out");
}

v1::AccountEventKind PackKind(AccountEventKind kind) {
  switch (kind) {
    case AccountEventKind::kLocked:
      return v1::ACCOUNT_EVENT_KIND_LOCKED;
    case AccountEventKind::kUnlocked:
      return v1::ACCOUNT_EVENT_KIND_UNLOCKED;
    case AccountEventKind::kMoved:
      return v1::ACCOUNT_EVENT_KIND_MOVED;
    case AccountEventKind::kForgotten:
      return v1::ACCOUNT_EVENT_KIND_FORGOTTEN;
  }
  return v1::ACCOUNT_EVENT_KIND_UNSPECIFIED;
}

v1::WatchLocksResponse PackEvent(const AccountEvent& event) {
  v1::WatchLocksResponse response;
  response.set_sequence(event.sequence);
  response.set_kind(PackKind(event.kind));
  response.set_account_id(event.account_id);
  response.set_verification_id(event.verification_id);
  rpc::PackTime(event.happened_at, *response.mutable_happened_at());
  return response;
}

v1::WatchLocksResponse SignOfLife(std::int64_t sequence) {
  v1::WatchLocksResponse response;
  response.set_sequence(sequence);
  response.set_heartbeat(true);
  return response;
}

}  // namespace

// One stream, from its beginning to its end.
class LockWatches::Watcher {
 public:
  Watcher(LockWatches& watches, Writer& writer) : watches_(watches), writer_(writer) {
    watches_.Enter(*this, writer);
  }
  ~Watcher() { watches_.Leave(*this); }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  absl::Status Run(std::int64_t after, absl::Time end);

  // Under the lock of the watches.
  void Fail(const absl::Status& failure) { failure_ = failure; }

 private:
  absl::Status Begin(std::int64_t after);
  // Everything there is behind the cursor. False in `going`: nobody listens any more.
  absl::Status TellNews(bool& going);
  absl::Status Failure() const {
    const std::lock_guard<std::mutex> lock(watches_.mutex_);
    return failure_;
  }

  LockWatches& watches_;
  Writer& writer_;
  std::int64_t cursor_ = 0;
  absl::Status failure_;  // guarded by the lock of the watches
};

absl::Status LockWatches::Watcher::Begin(std::int64_t after) {
  const absl::StatusOr<std::int64_t> last = watches_.events_.LastEvent(watches_.ReadDeadline());
  if (!last.ok()) return last.status();
  // Seen before the database came back from a backup: what gets those numbers now was not seen.
  if (after > *last) return EventsForgotten();
  cursor_ = after == kFromNowOn ? *last : after;
  bool going = true;
  absl::Status told = TellNews(going);
  // Of numbers that are no longer kept only the last is left.
  if (told.ok()) cursor_ = std::max(cursor_, *last);
  return told;
}

absl::Status LockWatches::Watcher::TellNews(bool& going) {
  while (true) {
    const auto events =
        watches_.events_.ReadEvents(cursor_, watches_.options_.page, watches_.ReadDeadline());
    if (!events.ok()) return events.status();
    for (const AccountEvent& event : *events) {
      going = writer_.Write(PackEvent(event));
      if (!going) return absl::OkStatus();
      cursor_ = event.sequence;
    }
    if (events->size() < static_cast<size_t>(watches_.options_.page)) return absl::OkStatus();
  }
}

absl::Status LockWatches::Watcher::Run(std::int64_t after, absl::Time end) {
  if (absl::Status begun = Begin(after); !begun.ok()) return begun;
  // The first sign of life comes at once: from where on the reader is up to date.
  absl::Time next_sign = absl::InfinitePast();
  while (watches_.clock_.Now() < end) {
    bool going = true;
    if (absl::Status told = TellNews(going); !told.ok()) return told;
    const absl::Time now = watches_.clock_.Now();
    if (going && now >= next_sign) {
      going = writer_.Write(SignOfLife(cursor_));
      next_sign = now + watches_.options_.heartbeat;
    }
    if (!going || !writer_.WaitUntil(std::min(next_sign, end))) return absl::OkStatus();
    if (absl::Status failure = Failure(); !failure.ok()) return failure;
  }
  return absl::OkStatus();
}

absl::Status LockWatches::Watch(const rpc::CallContext& context,
                                const v1::WatchLocksRequest& request, Writer& writer) {
  if (request.after_sequence() < kFromNowOn) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "AFTER_SEQUENCE",
                           "after_sequence is -1, 0 or a number that was told");
  }
  // The reader learns of an end in time that nothing is wrong.
  return Watcher(*this, writer).Run(request.after_sequence(), context.PeerDeadline());
}

size_t LockWatches::watchers() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return watchers_.size();
}

void LockWatches::Enter(Watcher& watcher, Writer& writer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  watchers_.emplace(&watcher, &writer);
  if (looks_ == nullptr) {
    seen_ = -1;
    looks_ = std::make_unique<base::Periodic>(options_.look, [this] { Look(); });
  }
}

void LockWatches::Leave(Watcher& watcher) {
  std::unique_ptr<base::Periodic> idle;  // ends without the lock, which a look needs
  const std::lock_guard<std::mutex> lock(mutex_);
  watchers_.erase(&watcher);
  if (watchers_.empty()) idle.swap(looks_);
}

void LockWatches::Look() {
  const absl::StatusOr<std::int64_t> last = events_.LastEvent(ReadDeadline());
  const std::lock_guard<std::mutex> lock(mutex_);
  absl::Status failure = last.status();
  if (last.ok() && *last < seen_) failure = EventsForgotten();
  if (failure.ok() && *last == seen_) return;
  seen_ = last.value_or(seen_);
  for (const auto& [watcher, writer] : watchers_) {
    if (!failure.ok()) watcher->Fail(failure);
    writer->Wake();
  }
}

absl::Time LockWatches::ReadDeadline() const { return clock_.Now() + kReadTime; }

void RegisterWatchLocks(LockWatches& watches, rpc::ServerBuilder& builder) {
  builder.Stream<v1::WatchLocksRequest, v1::WatchLocksResponse>(
      kWatchLocksMethod,
      [&watches](const rpc::CallContext& context, const v1::WatchLocksRequest& request,
                 LockWatches::Writer& writer) { return watches.Watch(context, request, writer); });
}

}  // namespace va::attributes
