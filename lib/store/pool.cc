#include "lib/store/pool.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/store/pqxx_connection.h"

namespace va::store {
namespace {

constexpr Statement kPing{"store_ping", "SELECT 1"};

absl::Status OptionError(absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "STORE_OPTIONS", message);
}

// The schema becomes part of a setting, so it is held to plain identifiers.
bool IsIdentifier(absl::string_view name) {
  return !name.empty() && name.size() <= 63 && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_islower(static_cast<unsigned char>(c)) ||
                  absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_';
         });
}

absl::Status Check(const PoolOptions& options) {
  if (!IsIdentifier(options.schema)) return OptionError("schema: expected a lower-case identifier");
  if (options.size < 1) return OptionError("pool size: at least 1");
  if (options.host.empty() || options.name.empty() || options.user.empty()) {
    return OptionError("database host, name and user are needed");
  }
  return absl::OkStatus();
}

std::chrono::nanoseconds ToChrono(absl::Duration duration) {
  return absl::ToChronoNanoseconds(std::max(duration, absl::ZeroDuration()));
}

// `remaining` from now, on the clock of the watchdog; days ahead are as good as never.
Watchdog::Clock::time_point SteadyDeadline(absl::Duration remaining) {
  if (remaining > absl::Hours(24)) return Watchdog::kNever;
  return Watchdog::Clock::now() + ToChrono(remaining);
}

}  // namespace

struct Pool::Impl {
  explicit Impl(PoolOptions o) : options(std::move(o)) {}

  const PoolOptions options;
  const base::SystemClock clock;
  // Outlives the connections it watches.
  Watchdog watchdog;
  mutable std::mutex mutex;
  std::condition_variable freed;
  // Last returned, first lent: the others may be closed by the server when load falls.
  std::vector<std::unique_ptr<Connection>> idle;
  PoolStats stats;
};

absl::StatusOr<std::unique_ptr<Pool>> Pool::Create(PoolOptions options) {
  absl::Status checked = Check(options);
  if (!checked.ok()) return checked;
  if (options.application_name.empty())
    options.application_name = absl::StrCat("va-", options.schema);
  return std::unique_ptr<Pool>(new Pool(std::make_unique<Impl>(std::move(options))));
}

Pool::Pool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pool::~Pool() = default;

const PoolOptions& Pool::options() const { return impl_->options; }

PoolStats Pool::stats() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  PoolStats stats = impl_->stats;
  stats.idle = static_cast<int>(impl_->idle.size());
  return stats;
}

absl::StatusOr<std::unique_ptr<Connection>> Pool::Acquire(absl::Time deadline) {
  Impl& impl = *impl_;
  const absl::Duration remaining = deadline - impl.clock.Now();
  if (remaining <= absl::ZeroDuration()) {
    return base::MakeError(absl::StatusCode::kDeadlineExceeded, "STATEMENT_DEADLINE",
                           "database: the caller's deadline had passed already", true);
  }
  const Watchdog::Clock::time_point steady_deadline = SteadyDeadline(remaining);
  std::unique_ptr<Connection> connection;
  {
    std::unique_lock<std::mutex> lock(impl.mutex);
    const auto available = [&] {
      return !impl.idle.empty() || impl.stats.open < impl.options.size;
    };
    if (!available()) {
      const absl::Duration patience = std::min(remaining, impl.options.acquire_timeout);
      ++impl.stats.waiting;
      const bool in_time = impl.freed.wait_for(lock, ToChrono(patience), available);
      --impl.stats.waiting;
      if (!in_time) {
        ++impl.stats.exhausted;
        return base::MakeError(absl::StatusCode::kUnavailable, "POOL_EXHAUSTED",
                               "database: no connection became free in time", true);
      }
    }
    if (impl.idle.empty()) {
      ++impl.stats.open;
    } else {
      connection = std::move(impl.idle.back());
      impl.idle.pop_back();
    }
  }
  // Outside the lock: connecting takes milliseconds.
  absl::Status ready;
  if (connection == nullptr) {
    connection = std::make_unique<Connection>(
        std::make_unique<Connection::Impl>(impl.options, impl.watchdog));
    connection->impl().deadline = steady_deadline;
    ready = connection->impl().Open();
  } else {
    connection->impl().deadline = steady_deadline;
    if (connection->impl().WentStale()) ready = connection->impl().Reconnect();
  }
  if (ready.ok()) return connection;
  connection.reset();
  {
    const std::lock_guard<std::mutex> lock(impl.mutex);
    --impl.stats.open;
  }
  // All: who waits for one of the others may now be waiting for none.
  impl.freed.notify_all();
  std::unique_ptr<Connection> other = AwaitOther(steady_deadline);
  if (other == nullptr) return ready;
  return other;
}

std::unique_ptr<Connection> Pool::AwaitOther(std::chrono::steady_clock::time_point deadline) {
  Impl& impl = *impl_;
  const auto until =
      std::min(deadline, Watchdog::Clock::now() + ToChrono(impl.options.acquire_timeout));
  while (true) {
    std::unique_ptr<Connection> connection;
    {
      std::unique_lock<std::mutex> lock(impl.mutex);
      ++impl.stats.waiting;
      impl.freed.wait_until(lock, until,
                            [&impl] { return !impl.idle.empty() || impl.stats.open == 0; });
      --impl.stats.waiting;
      if (impl.idle.empty()) return nullptr;
      connection = std::move(impl.idle.back());
      impl.idle.pop_back();
    }
    if (!connection->impl().WentStale()) {
      connection->impl().deadline = deadline;
      return connection;
    }
    connection->impl().broken = true;
    Release(std::move(connection));
  }
}

void Pool::Release(std::unique_ptr<Connection> connection) {
  Impl& impl = *impl_;
  Connection::Impl& inner = connection->impl();
  const bool keep = !inner.broken;
  const int64_t replaced = std::exchange(inner.replaced, 0);
  inner.used = false;
  if (!keep) connection.reset();  // closes outside the lock
  {
    const std::lock_guard<std::mutex> lock(impl.mutex);
    impl.stats.replaced += replaced + (keep ? 0 : 1);
    if (keep) {
      impl.idle.push_back(std::move(connection));
    } else {
      --impl.stats.open;
    }
  }
  if (keep) {
    impl.freed.notify_one();
  } else {
    impl.freed.notify_all();
  }
}

absl::StatusOr<Rows> Pool::Exec(absl::Time deadline, const Statement& statement,
                                std::initializer_list<Param> params) {
  return Run(deadline, [&](Connection& connection) { return connection.Exec(statement, params); });
}

absl::Status Pool::Ping(absl::Time deadline) { return Exec(deadline, kPing).status(); }

}  // namespace va::store
