#include "services/auth-gateway/api/http/aside.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace va::gateway {

struct Aside::State {
  enum class Stage { kWaiting, kBegun, kDone };

  explicit State(std::function<void()> what) : work(std::move(what)) {}

  // Does the work unless somebody has begun it.
  void TryRun() {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      if (stage != Stage::kWaiting) return;
      stage = Stage::kBegun;
    }
    work();
    work = nullptr;  // what it refers to may go now
    {
      const std::lock_guard<std::mutex> lock(mutex);
      stage = Stage::kDone;
    }
    done.notify_all();
  }

  std::mutex mutex;
  std::condition_variable done;
  Stage stage = Stage::kWaiting;
  std::function<void()> work;
};

Aside::Aside(const SubmitAside& submit, std::function<void()> work)
    : state_(std::make_shared<State>(std::move(work))) {
  submit([state = state_] { state->TryRun(); });
}

Aside::~Aside() { Join(); }

void Aside::Join() {
  state_->TryRun();
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->done.wait(lock, [this] { return state_->stage == State::Stage::kDone; });
}

}  // namespace va::gateway
