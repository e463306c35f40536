// A part of a request's work that another thread may do meanwhile. Whoever serves the request never
// waits for a thread that has not begun: then the work is done in place, so that a full pool costs
// time and never an answer.
#pragma once

#include <functional>
#include <memory>

namespace va::gateway {

// Takes a task to run on another thread; false when there is no room. Never waits.
using SubmitAside = std::function<bool(std::function<void()>)>;

class Aside {
 public:
  // `work` must end by itself: what it waits for has a deadline.
  Aside(const SubmitAside& submit, std::function<void()> work);
  // Joins.
  ~Aside();
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

  // Returns when the work is done, by whomever. Idempotent.
  void Join();

 private:
  struct State;
  // Shared with a task that may still lie in the queue when this is gone.
  const std::shared_ptr<State> state_;
};

}  // namespace va::gateway
