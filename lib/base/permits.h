// A fixed number of permits for work that may hold a thread for long, so that it can never hold all
// of them. Taking never waits: who gets none is told so and does something else.
#pragma once

#include <atomic>

namespace va::base {

class Permits {
 public:
  explicit Permits(int count) : left_(count) {}
  Permits(const Permits&) = delete;
  Permits& operator=(const Permits&) = delete;

  // Holds one permit for its lifetime, or none when all were taken.
  class Hold {
   public:
    explicit Hold(Permits& permits) : permits_(permits), held_(permits.Take()) {}
    ~Hold() {
      if (held_) permits_.left_.fetch_add(1);
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    bool held() const { return held_; }

   private:
    Permits& permits_;
    const bool held_;
  };

 private:
  bool Take() {
    int left = left_.load();
    while (left > 0 && !left_.compare_exchange_weak(left, left - 1)) {
    }
    return left > 0;
  }

  std::atomic<int> left_;
};

}  // namespace va::base
