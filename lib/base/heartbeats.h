// Signs of life of threads that wait for events. Whoever owns the threads posts a beat to each, the
// thread answers it when it gets there; one that is stuck in some handler never does. Counts only:
// how long is too long is for whoever watches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace va::base {

class Heartbeats {
 public:
  struct Count {
    size_t waiting = 0;   // threads that have not answered their last beat yet
    uint64_t rounds = 0;  // beats that every thread has answered
  };

  explicit Heartbeats(size_t threads) : beats_(threads) {}

  // How things stand; then posts the next beat to every thread that answered the last one, so that
  // a stuck thread never finds more than one. `post` must not block and not answer by itself.
  Count Beat(const std::function<void(size_t thread)>& post);

  // By the thread, when it has come to its beat.
  void Answer(size_t thread);

 private:
  struct State {
    uint64_t answered = 0;
    bool waiting = false;
  };

  std::mutex mutex_;
  std::vector<State> beats_;
};

}  // namespace va::base
