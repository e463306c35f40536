// The stream that tells other services of locks, unlocks, moved credentials and forgotten accounts
// as they happen. Whoever watches has a place of its own in the events; one look at the database
// every quarter of a second, while anybody watches, tells all of them that there is news.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/periodic.h"
#include "lib/rpc/server.h"
#include "services/user-attributes/domain/ports.h"
#include "va/attributes/v1/accounts.pb.h"

namespace va::attributes {

inline constexpr char kWatchLocksMethod[] = "va.attributes.v1.AccountsService/WatchLocks";

class LockWatches {
 public:
  using Writer = rpc::StreamWriter<v1::WatchLocksResponse>;

  struct Options {
    absl::Duration look = absl::Milliseconds(250);
    // The contract says 15 s; the network may take its part.
    absl::Duration heartbeat = absl::Seconds(10);
    int page = 256;
  };

  // Both outlive this, and this outlives the server.
  LockWatches(AccountEvents& events, const base::Clock& clock) : LockWatches(events, clock, {}) {}
  LockWatches(AccountEvents& events, const base::Clock& clock, const Options& options)
      : events_(events), clock_(clock), options_(options) {}

  // Tells until shortly before the deadline. INVALID_ARGUMENT (AFTER_SEQUENCE), OUT_OF_RANGE
  // (EVENTS_FORGOTTEN); a database that does not answer is UNAVAILABLE at once, because a stream
  // that only says that it lives would be believed.
  absl::Status Watch(const rpc::CallContext& context, const v1::WatchLocksRequest& request,
                     Writer& writer);

  // How many watch now.
  size_t watchers() const;

 private:
  class Watcher;

  void Enter(Watcher& watcher, Writer& writer);
  void Leave(Watcher& watcher);
  // One look, and everybody is told of a change or a failure.
  void Look();
  absl::Time ReadDeadline() const;

  AccountEvents& events_;
  const base::Clock& clock_;
  const Options options_;
  mutable std::mutex mutex_;
  std::map<Watcher*, Writer*> watchers_;
  std::int64_t seen_ = -1;  // by the last look
  std::unique_ptr<base::Periodic> looks_;
};

// Adds the method.
void RegisterWatchLocks(LockWatches& watches, rpc::ServerBuilder& builder);

}  // namespace va::attributes
