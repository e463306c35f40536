// A value that is exchanged while it is in use: a policy, a key ring, a certificate. Who works with
// it takes the value of the moment and keeps it to the end of the request, so that no request ever
// sees half of an old one and half of a new one. Owns the value in place; a value that was
// exchanged lives for as long as a request still holds it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace va::base {

// Thread-safe. A plain mutex: it is held for the copy of a pointer, and copying two words of an
// atomic shared pointer takes a lock in this library anyway.
template <class T>
class Reloadable {
 public:
  explicit Reloadable(std::unique_ptr<const T> value) : value_(std::move(value)) {}
  explicit Reloadable(T value) : value_(std::make_shared<const T>(std::move(value))) {}
  Reloadable(const Reloadable&) = delete;
  Reloadable& operator=(const Reloadable&) = delete;

  // The value of the moment, never null. Take it once for each request.
  std::shared_ptr<const T> Get() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return value_;
  }

  // The next Get sees the new value. The old one is destroyed outside the lock, here or by the last
  // request that holds it.
  void Swap(T value) { Put(std::make_shared<const T>(std::move(value))); }
  void Swap(std::unique_ptr<const T> value) { Put(std::move(value)); }
  // The value of another one, shared with it.
  void Swap(std::shared_ptr<const T> value) { Put(std::move(value)); }

  // How many values there have been: 1, and one more for each Swap.
  int64_t generation() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return generation_;
  }

 private:
  void Put(std::shared_ptr<const T> value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    value_.swap(value);
    ++generation_;
  }

  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
  int64_t generation_ = 1;
};

}  // namespace va::base
