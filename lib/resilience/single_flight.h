// One question at a time: who asks what is being asked already waits for that answer. The first one
// (the leader) asks, on its own thread and by its own deadline; the others (followers) wait, each
// as long as its own deadline lets it, and never more of them than the bound says, because each
// holds a thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/status.h"

namespace va::resilience {

struct SingleFlightOptions {
  // Over all keys. Beyond it a caller asks for itself, as if there were no single flight.
  int max_followers = 64;
  // Which of a leader's failures followers take as their own; after any other one of them asks
  // again. Absent: none. A leader's own deadline should never be among them.
  std::function<bool(const absl::Status&)> share_failure{};
};

// Thread-safe. T is copied to each follower.
template <class T>
class SingleFlight {
 public:
  explicit SingleFlight(SingleFlightOptions options) : options_(std::move(options)) {}
  SingleFlight(const SingleFlight&) = delete;
  SingleFlight& operator=(const SingleFlight&) = delete;

  // The answer to `key`: of `ask`, or of another caller's. `patience` is how long this caller may
  // wait for another's answer; it ends in DEADLINE_EXCEEDED, FOLLOWER_DEADLINE. `ask` is told how
  // much of it is left.
  absl::StatusOr<T> Do(const std::string& key, absl::Duration patience,
                       absl::FunctionRef<absl::StatusOr<T>(absl::Duration)> ask) {
    const auto start = std::chrono::steady_clock::now();
    const auto give_up = start + absl::ToChronoNanoseconds(std::min(patience, absl::Hours(1)));
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      const auto found = flights_by_key_.find(key);
      if (found == flights_by_key_.end()) return Lead(key, give_up, lock, ask);
      if (followers_ >= options_.max_followers) {
        lock.unlock();
        return ask(Left(give_up));
      }
      std::optional<absl::StatusOr<T>> answer = Follow(found->second, give_up, lock);
      if (!answer) return TookTooLong();
      if (answer->ok() || Shared(answer->status())) return *std::move(answer);
      if (std::chrono::steady_clock::now() >= give_up) return TookTooLong();
    }
  }

  // Callers that wait for another's answer now.
  int followers() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return followers_;
  }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Flight {
    std::condition_variable landed;
    std::optional<absl::StatusOr<T>> answer;
    int followers = 0;
  };
  using FlightAt = typename std::list<Flight>::iterator;

  static absl::Duration Left(SteadyTime give_up) {
    return absl::FromChrono(give_up - std::chrono::steady_clock::now());
  }
  static absl::Status TookTooLong() {
    return base::MakeError(absl::StatusCode::kDeadlineExceeded, "FOLLOWER_DEADLINE",
                           "the same question of another caller was not answered in time", true);
  }

  bool Shared(const absl::Status& failure) const {
    return options_.share_failure && options_.share_failure(failure);
  }

  absl::StatusOr<T> Lead(const std::string& key, SteadyTime give_up,
                         std::unique_lock<std::mutex>& lock,
                         absl::FunctionRef<absl::StatusOr<T>(absl::Duration)> ask) {
    const FlightAt flight = flights_.emplace(flights_.end());
    flights_by_key_.emplace(key, flight);
    lock.unlock();
    try {
      absl::StatusOr<T> answer = ask(Left(give_up));
      lock.lock();
      Land(key, flight, answer);
      return answer;
    } catch (...) {
      // Out of memory, say. Nobody may wait for what will never land; the rest asks for itself.
      if (!lock.owns_lock()) lock.lock();
      Land(key, flight, absl::CancelledError("the caller that asked has gone"));
      throw;
    }
  }

  void Land(const std::string& key, FlightAt flight, const absl::StatusOr<T>& answer) {
    flights_by_key_.erase(key);
    if (flight->followers == 0) {
      flights_.erase(flight);
      return;
    }
    flight->answer = answer;
    flight->landed.notify_all();
  }

  // The leader's answer, or nothing when it did not come in time. The last to leave clears up.
  std::optional<absl::StatusOr<T>> Follow(FlightAt flight, SteadyTime give_up,
                                          std::unique_lock<std::mutex>& lock) {
    ++flight->followers;
    ++followers_;
    flight->landed.wait_until(lock, give_up, [&] { return flight->answer.has_value(); });
    --followers_;
    --flight->followers;
    std::optional<absl::StatusOr<T>> answer = flight->answer;
    if (answer && flight->followers == 0) flights_.erase(flight);
    return answer;
  }

  const SingleFlightOptions options_;
  mutable std::mutex mutex_;
  std::list<Flight> flights_;
  std::unordered_map<std::string, FlightAt> flights_by_key_;
  int followers_ = 0;
};

}  // namespace va::resilience
