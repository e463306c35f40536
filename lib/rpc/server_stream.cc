#include "lib/rpc/server_stream.h"

#include <utility>

#include "lib/base/status.h"
#include "lib/rpc/server.h"

namespace va::rpc::internal {

void ServerStream::Begin() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stage_ = Stage::kHandling;
}

bool ServerStream::Write(const google::protobuf::MessageLite& message) {
  grpc::ByteBuffer bytes;
  const absl::Status encoded = Encode(message, bytes);
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!encoded.ok()) failure_ = encoded;
    changed_.wait(lock, [this] { return !writing_ || end_.has_value(); });
    if (end_.has_value() || !failure_.ok()) {
      told_ = true;
      return false;
    }
    writing_ = true;
  }
  // Beyond the lock: whoever ends the stream meanwhile makes the write fail, nothing worse.
  call_.StartWrite(bytes);
  return true;
}

bool ServerStream::WaitUntil(absl::Time until) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_until(lock, absl::ToChronoTime(until),
                      [this] { return woken_ || end_.has_value(); });
  woken_ = false;
  told_ = told_ || end_.has_value();
  return !end_.has_value();
}

void ServerStream::Wake() {
  const std::lock_guard<std::mutex> lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

void ServerStream::Written(bool ok) {
  const std::lock_guard<std::mutex> lock(mutex_);
  writing_ = false;
  if (!ok && !end_.has_value()) end_ = End::kGone;
  changed_.notify_all();
}

void ServerStream::EndBy(End why) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!end_.has_value()) end_ = why;
  // A handler that runs is told, and its status reaches the caller. Without one, or with an answer
  // on its way that the caller does not read, no status would ever get there.
  const bool stuck = stage_ == Stage::kReading || writing_;
  const bool unread_status = stage_ == Stage::kSettled && why == End::kDeadline;
  if (why != End::kGone && (stuck || unread_status)) call_.Abort();
  changed_.notify_all();
}

absl::Status ServerStream::Settle(const absl::Status& handled) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return !writing_; });
  stage_ = Stage::kSettled;
  return HowItEnded(handled);
}

absl::Status ServerStream::HowItEnded(const absl::Status& handled) const {
  if (!failure_.ok()) return failure_;
  const bool cut = end_.has_value() && (told_ || *end_ == End::kGone);
  if (!cut || !handled.ok()) return handled;
  switch (*end_) {
    case End::kGone:
      return base::MakeError(absl::StatusCode::kCancelled, "CLIENT_GONE", "the client went away");
    case End::kDeadline:
      return base::MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE",
                             "the server's deadline passed", true);
    case End::kDraining:
      return base::MakeError(absl::StatusCode::kUnavailable, "SERVER_STOPPING",
                             "the service stops and ends its streams", true);
  }
  return handled;
}

// A place is given back a moment before its thread is free again: whoever takes it waits so long.
ServerStreams::ServerStreams(size_t most, size_t most_per_caller)
    : most_(most), most_per_caller_(most_per_caller), threads_(most, most) {}

bool ServerStreams::Enter(const std::string& caller, ServerStream& stream) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (streams_.size() >= most_) return false;
  size_t& of_caller = of_caller_[caller];  // callers are names of the allow-list: few
  if (of_caller >= most_per_caller_) return false;
  ++of_caller;
  streams_.insert(&stream);
  if (draining_) stream.EndBy(ServerStream::End::kDraining);
  return true;
}

void ServerStreams::Leave(const std::string& caller, ServerStream& stream) {
  const std::lock_guard<std::mutex> lock(mutex_);
  streams_.erase(&stream);
  --of_caller_[caller];
}

bool ServerStreams::Run(std::function<void()> handler) {
  return threads_.TrySubmit(std::move(handler));
}

void ServerStreams::EndAll() {
  const std::lock_guard<std::mutex> lock(mutex_);
  draining_ = true;
  for (ServerStream* stream : streams_) stream->EndBy(ServerStream::End::kDraining);
}

}  // namespace va::rpc::internal
