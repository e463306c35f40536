// What a handler of a server stream writes its answers to. The call behind it belongs to the
// server; a writer is good for as long as the handler runs.
#pragma once

#include "absl/time/time.h"
#include "google/protobuf/message_lite.h"

namespace va::rpc {
namespace internal {

// The untyped side, which the server implements.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  virtual bool Write(const google::protobuf::MessageLite& message) = 0;
  virtual bool WaitUntil(absl::Time until) = 0;
  virtual void Wake() = 0;
};

}  // namespace internal

template <typename Response>
class StreamWriter {
 public:
  explicit StreamWriter(internal::StreamSink& sink) : sink_(sink) {}

  // Sends one answer. Waits until the one before it has been taken, so that a caller who does not
  // read makes us hold one answer and no more. False: the caller went away, the deadline passed or
  // the server drains; the handler should return, and what it returns as OK becomes that reason.
  bool Write(const Response& response) { return sink_.Write(response); }

  // Waits for something to say: until `until`, or a Wake since the last wait. False as with Write.
  bool WaitUntil(absl::Time until) { return sink_.WaitUntil(until); }

  // Ends a wait, from any thread, while the handler runs.
  void Wake() { sink_.Wake(); }

 private:
  internal::StreamSink& sink_;
};

}  // namespace va::rpc
