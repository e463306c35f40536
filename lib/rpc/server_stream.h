// Server streams behind the generic server: the state between a handler that writes on a thread of
// its own and the completions of gRPC, and the book of all streams of a server. Only server.cc
// includes it, and its test.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/worker_pool.h"
#include "lib/rpc/stream_writer.h"

namespace va::rpc::internal {

// What a stream needs of its call; both may be called by any thread.
class StreamCall {
 public:
  virtual ~StreamCall() = default;

  // Begins to send; Written follows. One at a time.
  virtual void StartWrite(const grpc::ByteBuffer& bytes) = 0;
  virtual void Abort() = 0;
};

// One stream. Thread-safe: its handler, the queue of its call and the drain meet here.
class ServerStream final : public StreamSink {
 public:
  enum class End { kGone, kDeadline, kDraining };

  explicit ServerStream(StreamCall& call) : call_(call) {}

  // The handler runs from now on.
  void Begin();
  // It has returned: waits until nothing is on its way any more, and says how the call ends.
  absl::Status Settle(const absl::Status& handled);

  bool Write(const google::protobuf::MessageLite& message) override;
  bool WaitUntil(absl::Time until) override;
  void Wake() override;

  // What was on its way has been taken, or never will be.
  void Written(bool ok);
  // The first reason counts. What nobody takes any more is given up.
  void EndBy(End why);

 private:
  enum class Stage { kReading, kHandling, kSettled };

  absl::Status HowItEnded(const absl::Status& handled) const;

  StreamCall& call_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Stage stage_ = Stage::kReading;
  bool writing_ = false;
  bool woken_ = false;
  bool told_ = false;  // the handler knows that it is over
  std::optional<End> end_;
  absl::Status failure_;  // of ours, to encode an answer
};

// All streams of a server, and the threads their handlers run on. Thread-safe.
class ServerStreams {
 public:
  ServerStreams(size_t most, size_t most_per_caller);

  // False: too many, of this caller or at all. Otherwise Leave follows, with the same caller.
  bool Enter(const std::string& caller, ServerStream& stream);
  void Leave(const std::string& caller, ServerStream& stream);

  // Whoever has entered gets a thread.
  bool Run(std::function<void()> handler);

  // Ends those there are, and whoever enters later.
  void EndAll();

 private:
  const size_t most_;
  const size_t most_per_caller_;
  std::mutex mutex_;
  bool draining_ = false;
  std::set<ServerStream*> streams_;
  std::map<std::string, size_t> of_caller_;
  base::WorkerPool threads_;
};

}  // namespace va::rpc::internal
