// Bounds how many calls go to one party at the same moment, so that a slow party fills its own room
// and never the whole service. Whoever finds the room full waits for a place, a little, and is told
// that there is none. Who waits holds a thread as well, so those may be bounded too.
#pragma once

#include <condition_variable>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/time/time.h"

namespace va::resilience {

// Thread-safe. Outlives its places.
class Bulkhead {
 public:
  // A place inside, given back when it goes.
  class Place {
   public:
    Place(Place&& other) noexcept : room_(other.room_) { other.room_ = nullptr; }
    Place& operator=(Place&& other) noexcept {
      std::swap(room_, other.room_);
      return *this;
    }
    ~Place() {
      if (room_ != nullptr) room_->Leave();
    }

   private:
    friend class Bulkhead;
    explicit Place(Bulkhead* room) : room_(room) {}
    Bulkhead* room_;
  };

  explicit Bulkhead(int places, int most_waiting = std::numeric_limits<int>::max())
      : places_(places), most_waiting_(most_waiting) {}
  Bulkhead(const Bulkhead&) = delete;
  Bulkhead& operator=(const Bulkhead&) = delete;

  // None: no place became free within `patience` of the machine's own time, or as many as may
  // wait for one already.
  std::optional<Place> Enter(absl::Duration patience);

  int inside() const;
  int waiting() const;

 private:
  void Leave();

  const int places_;
  const int most_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable free_;
  int inside_ = 0;
  int waiting_ = 0;
};

}  // namespace va::resilience
