// Server streams: what a handler says arrives in order and no faster than it is read, and a stream
// ends for every reason that a call has.
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/rpc/house_testing.h"
#include "lib/rpc/raw_http2_testing.h"
#include "lib/rpc/server_stream.h"
#include "va/attributes/v1/accounts.pb.h"

namespace va::rpc {
namespace {

using attributes::v1::WatchLocksRequest;
using attributes::v1::WatchLocksResponse;
using Writer = StreamWriter<WatchLocksResponse>;
using Handler = std::function<absl::Status(const CallContext&, const WatchLocksRequest&, Writer&)>;

constexpr char kWatch[] = "va.attributes.v1.AccountsService/WatchLocks";

// What happened, for tests that wait for it.
class Tally {
 public:
  void Add() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  int count() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return count_;
  }
  bool Await(int count, absl::Duration patience = absl::Seconds(10)) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, absl::ToChronoNanoseconds(patience),
                             [&] { return count_ >= count; });
  }
  // Where it stands once nothing has come for a while.
  int AwaitStandstill() {
    int before = count();
    while (Await(before + 1, absl::Milliseconds(300))) before = count();
    return before;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

// Keeps the records of calls that are over.
struct Records {
  std::mutex mutex;
  std::vector<std::string> all;  // "CODE REASON"
  Tally tally;

  std::function<void(const CallRecord&)> Keeper() {
    return [this](const CallRecord& record) {
      if (record.method != kWatch) return;
      {
        const std::lock_guard<std::mutex> lock(mutex);
        all.push_back(absl::StatusCodeToString(record.code) + " " + record.reason);
      }
      tally.Add();
    };
  }
  std::string Last() {
    const std::lock_guard<std::mutex> lock(mutex);
    return all.empty() ? "" : all.back();
  }
};

struct StreamHouse {
  explicit StreamHouse(Handler handler, ServerOptions options = {})
      : house(&Echo, Dispatch::kPool, WithRecords(std::move(options)), 4, 16,
              [this, handler = std::move(handler)](ServerBuilder& builder) {
                builder.Stream<WatchLocksRequest, WatchLocksResponse>(
                    kWatch, [this, handler](const CallContext& context,
                                            const WatchLocksRequest& request, Writer& writer) {
                      begun.Add();
                      absl::Status status = handler(context, request, writer);
                      returned.Add();
                      return status;
                    });
                builder.Allow("gateway.va.internal", {kGet, kWatch});
                builder.Allow("batch.va.internal", {kWatch});
              }) {}

  std::unique_ptr<ReadStream> Open(const Channel& channel,
                                   absl::Duration time = absl::Seconds(30)) {
    CallOptions options;
    options.deadline = base::SystemClock().Now() + time;
    return std::make_unique<ReadStream>(channel, kWatch, WatchLocksRequest(), options);
  }

  ServerOptions WithRecords(ServerOptions options) {
    options.on_done = records.Keeper();
    return options;
  }

  Records records;
  Tally begun;
  Tally returned;
  House house;
};

WatchLocksResponse Numbered(int64_t number, size_t padding = 0) {
  WatchLocksResponse response;
  response.set_sequence(number);
  response.set_account_id(std::string(padding, 'x'));
  return response;
}

absl::Status WaitForTheEnd(const CallContext& /*context*/, const WatchLocksRequest& /*request*/,
                           Writer& writer) {
  writer.Write(Numbered(1));
  while (writer.WaitUntil(absl::InfiniteFuture())) {
  }
  return absl::OkStatus();
}

// Says as much as is taken.
absl::Status WriteForEver(const CallContext& /*context*/, const WatchLocksRequest& /*request*/,
                          Writer& writer) {
  for (int64_t i = 1; writer.Write(Numbered(i, 60'000)); ++i) {
  }
  return absl::OkStatus();
}

// Reads what is left; how it ended.
absl::Status Drained(ReadStream& stream) {
  WatchLocksResponse response;
  while (stream.Read(response)) {
  }
  return stream.Finish();
}

// A call that takes everything and says nothing.
class SilentCall final : public internal::StreamCall {
 public:
  virtual ~SilentCall() = default;
  void StartWrite(const grpc::ByteBuffer& /*bytes*/) override { ++writes; }
  void Abort() override { ++aborts; }

  int writes = 0;
  int aborts = 0;
};

TEST_CASE("ServerStream: a wake ends one wait, not the next ones too", "[rpc]") {
  SilentCall call;
  internal::ServerStream stream(call);
  stream.Begin();
  stream.Wake();
  const base::SystemClock clock;
  CHECK(stream.WaitUntil(clock.Now() + absl::Seconds(20)));
  const base::Stopwatch watch;
  CHECK(stream.WaitUntil(clock.Now() + absl::Milliseconds(80)));
  CHECK(watch.Elapsed() >= absl::Milliseconds(60));
}

TEST_CASE("ServerStreams: whoever enters a server that stops is told to end", "[rpc]") {
  internal::ServerStreams streams(4, 2);
  streams.EndAll();
  SilentCall call;
  internal::ServerStream late(call);
  REQUIRE(streams.Enter("caller", late));
  late.Begin();
  CHECK_FALSE(late.WaitUntil(base::SystemClock().Now() + absl::Seconds(20)));
  CHECK(late.Settle(absl::OkStatus()).code() == absl::StatusCode::kUnavailable);
  streams.Leave("caller", late);
}

}  // namespace

TEST_CASE("Stream: answers come in order and the end has a status", "[rpc]") {
  StreamHouse scene([](const CallContext& context, const WatchLocksRequest&, Writer& writer) {
    CHECK(context.caller == "gateway.va.internal");
    CHECK(context.request_id.empty());
    for (int64_t i = 0; i < 1000; ++i) CHECK(writer.Write(Numbered(i)));
    return absl::OkStatus();
  });
  const auto stream = scene.Open(scene.house.As("gateway"));
  WatchLocksResponse response;
  for (int64_t i = 0; i < 1000; ++i) {
    REQUIRE(stream->Read(response));
    REQUIRE(response.sequence() == i);
  }
  CHECK_FALSE(stream->Read(response));
  CHECK(stream->Finish().ok());
  CHECK(stream->Finish().ok());
  REQUIRE(scene.records.tally.Await(1));
  CHECK(scene.records.Last() == "OK ");
}

TEST_CASE("Stream: a handler's refusal arrives with its reason, after what it said", "[rpc]") {
  StreamHouse scene([](const CallContext&, const WatchLocksRequest&, Writer& writer) {
    writer.Write(Numbered(7));
    return base::MakeError(absl::StatusCode::kOutOfRange, "EVENTS_FORGOTTEN", "too old");
  });
  const auto stream = scene.Open(scene.house.As("gateway"));
  WatchLocksResponse response;
  REQUIRE(stream->Read(response));
  CHECK(response.sequence() == 7);
  CHECK_FALSE(stream->Read(response));
  const absl::Status end = stream->Finish();
  CHECK(end.code() == absl::StatusCode::kOutOfRange);
  CHECK(base::ReasonOf(end) == "EVENTS_FORGOTTEN");
}

TEST_CASE("Stream: a handler that throws ends its stream, not the server", "[rpc]") {
  StreamHouse scene([](const CallContext&, const WatchLocksRequest&, Writer&) -> absl::Status {
    throw std::runtime_error("words that may quote data");
  });
  const Channel channel = scene.house.As("gateway");
  for (int i = 0; i < 2; ++i) {
    const absl::Status end = Drained(*scene.Open(channel));
    CHECK(end.code() == absl::StatusCode::kInternal);
    CHECK(base::ReasonOf(end) == "HANDLER_THREW");
  }
}

TEST_CASE("Stream: nobody is written to faster than they read", "[rpc]") {
  constexpr int kAnswers = 300;
  Tally written;
  StreamHouse scene([&](const CallContext&, const WatchLocksRequest&, Writer& writer) {
    for (int i = 0; i < kAnswers; ++i) {
      if (!writer.Write(Numbered(i, 60'000))) return absl::OkStatus();
      written.Add();
    }
    return absl::OkStatus();
  });
  const auto stream = scene.Open(scene.house.As("gateway"));
  WatchLocksResponse response;
  REQUIRE(stream->Read(response));
  // 18 MB would be said; what stands still is held by HTTP/2 windows and socket buffers.
  CHECK(written.AwaitStandstill() < kAnswers / 2);
  CHECK(scene.returned.count() == 0);
  for (int i = 1; i < kAnswers; ++i) {
    REQUIRE(stream->Read(response));
    REQUIRE(response.sequence() == i);
  }
  CHECK_FALSE(stream->Read(response));
  CHECK(stream->Finish().ok());
}

TEST_CASE("Stream: a wake ends a wait, and one that came before is not lost", "[rpc]") {
  std::mutex mutex;
  Writer* waiting = nullptr;
  Tally ready;
  StreamHouse scene([&](const CallContext&, const WatchLocksRequest&, Writer& writer) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      waiting = &writer;
    }
    ready.Add();
    if (!writer.WaitUntil(absl::InfiniteFuture())) return absl::OkStatus();
    writer.Write(Numbered(1));
    return absl::OkStatus();
  });
  const auto stream = scene.Open(scene.house.As("gateway"));
  std::thread waker([&] {
    REQUIRE(ready.Await(1));
    const std::lock_guard<std::mutex> lock(mutex);
    waiting->Wake();
  });
  WatchLocksResponse response;
  CHECK(stream->Read(response));
  waker.join();
  CHECK(Drained(*stream).ok());
}

TEST_CASE("Stream G4: the handler of a caller who cancels is told", "[rpc][G4]") {
  StreamHouse scene(&WaitForTheEnd);
  const auto stream = scene.Open(scene.house.As("gateway"));
  WatchLocksResponse response;
  REQUIRE(stream->Read(response));
  std::thread other([&] { stream->Cancel(); });
  CHECK_FALSE(stream->Read(response));
  other.join();
  CHECK(base::ReasonOf(stream->Finish()) == "STREAM_CANCELLED");
  CHECK(scene.returned.Await(1));
  REQUIRE(scene.records.tally.Await(1));
  CHECK(scene.records.Last() == "CANCELLED CLIENT_GONE");
}

TEST_CASE("Stream G4: a caller who vanishes in the middle of an answer leaves nothing behind",
          "[rpc][G4]") {
  StreamHouse scene(&WriteForEver);
  {
    RawHttp2 client(scene.house.server().port(), scene.house.pki().IssueService("gateway"));
    REQUIRE(client.alive());
    client.Send(Frame(kHeaders, kEndHeaders, 1,
                      CallFields(std::string("/") + kWatch, Field("grpc-timeout", "1H"))) +
                Frame(kData, kEndStream, 1, Message(0, "")));
    REQUIRE(client.ReadUntil([&] { return scene.begun.count() == 1; }));
  }
  CHECK(scene.returned.Await(1));
  CHECK(scene.records.tally.Await(1));
}

TEST_CASE("Stream G4: a deadline is needed, and longer than the server's it ends there",
          "[rpc][G4]") {
  ServerOptions options;
  options.max_stream_deadline = absl::Milliseconds(300);
  StreamHouse scene(&WaitForTheEnd, options);
  const auto foreign = scene.house.Foreign(scene.house.pki().IssueService("gateway"));
  grpc::ClientContext none;
  const grpc::Status refused = Raw(*foreign, std::string("/") + kWatch, WatchLocksRequest(), none);
  CHECK(refused.error_code() == grpc::INVALID_ARGUMENT);
  CHECK(scene.begun.count() == 0);

  const Channel channel = scene.house.As("gateway");
  const absl::Status missing =
      Drained(*std::make_unique<ReadStream>(channel, kWatch, WatchLocksRequest(), CallOptions()));
  CHECK(base::ReasonOf(missing) == "DEADLINE_MISSING");

  const base::Stopwatch watch;
  const absl::Status cut = Drained(*scene.Open(channel, absl::Hours(1)));
  CHECK(cut.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(base::ReasonOf(cut) == "DEADLINE");
  CHECK(watch.Elapsed() < absl::Seconds(10));
  CHECK(scene.returned.Await(1));
}

TEST_CASE("Stream G4: the deadline ends a handler that nobody reads from, too", "[rpc][G4]") {
  ServerOptions options;
  options.max_stream_deadline = absl::Milliseconds(300);
  StreamHouse scene(&WriteForEver, options);
  const auto unread = scene.Open(scene.house.As("gateway"));
  WatchLocksResponse response;
  REQUIRE(unread->Read(response));
  CHECK(scene.returned.Await(1));
  REQUIRE(scene.records.tally.Await(1));
  CHECK(scene.records.Last() == "DEADLINE_EXCEEDED DEADLINE");

  // And the caller's own.
  StreamHouse patient(&WriteForEver);
  const auto shorter = patient.Open(patient.house.As("gateway"), absl::Seconds(3));
  REQUIRE(shorter->Read(response));
  CHECK(patient.returned.Await(1));
  CHECK(Drained(*shorter).code() == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("Stream: stopping ends those that wait with UNAVAILABLE and those nobody reads from",
          "[rpc]") {
  StreamHouse scene(
      [](const CallContext& context, const WatchLocksRequest& request, Writer& writer) {
        return context.caller == "batch.va.internal" ? WriteForEver(context, request, writer)
                                                     : WaitForTheEnd(context, request, writer);
      });
  const auto waits = scene.Open(scene.house.As("gateway"));
  const auto unread = scene.Open(scene.house.As("batch"));
  WatchLocksResponse response;
  REQUIRE(waits->Read(response));
  REQUIRE(unread->Read(response));
  // One whose question never comes holds nobody up either.
  RawHttp2 silent(scene.house.server().port(), scene.house.pki().IssueService("gateway"));
  REQUIRE(silent.alive());
  silent.Send(Frame(kHeaders, kEndHeaders, 1,
                    CallFields(std::string("/") + kWatch, Field("grpc-timeout", "1H"))));
  absl::Status end;
  std::thread reading([&] { end = Drained(*waits); });
  const base::Stopwatch watch;
  scene.house.server().Stop(absl::Seconds(60));
  CHECK(watch.Elapsed() < absl::Seconds(30));
  reading.join();
  CHECK(end.code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(end) == "SERVER_STOPPING");
  CHECK(scene.returned.count() == 2);
}

TEST_CASE("Stream G1: a caller who is not listed for it reads nothing", "[rpc][G1][G2]") {
  StreamHouse scene(&WaitForTheEnd);
  const absl::Status end = Drained(*scene.Open(scene.house.As("stranger")));
  CHECK(end.code() == absl::StatusCode::kPermissionDenied);
  CHECK(scene.begun.count() == 0);
}

TEST_CASE("Stream G6: streams are bounded for a caller and in all, and a place is given back",
          "[rpc][G6]") {
  ServerOptions options;
  options.max_streams = 3;
  options.max_streams_per_caller = 2;
  StreamHouse scene(&WaitForTheEnd, options);
  const Channel gateway = scene.house.As("gateway");
  const Channel batch = scene.house.As("batch");
  WatchLocksResponse response;
  std::vector<std::unique_ptr<ReadStream>> good;
  for (const Channel& channel : {gateway, gateway, batch}) {
    good.push_back(scene.Open(channel));
    REQUIRE(good.back()->Read(response));
  }
  for (const Channel& channel : {gateway, batch}) {
    const absl::Status end = Drained(*scene.Open(channel));
    CHECK(end.code() == absl::StatusCode::kResourceExhausted);
    CHECK(base::ReasonOf(end) == "TOO_MANY_STREAMS");
  }
  CHECK(Call<GetProfileResponse>(gateway, kGet, GetProfileRequest(), Soon()).ok());
  good.front().reset();
  REQUIRE(scene.records.tally.Await(3));
  const absl::Time patience = Soon().deadline;
  while (base::SystemClock().Now() < patience) {
    if (scene.Open(gateway)->Read(response)) return;
  }
  FAIL("the place of a stream that ended is not given back");
}

TEST_CASE("Stream G6: opening streams is rated like calls", "[rpc][G6]") {
  ServerOptions options;
  options.caller_rate = resilience::Rate{.tokens = 1, .per = absl::Hours(1), .burst = 2};
  StreamHouse scene(&WaitForTheEnd, options);
  const Channel channel = scene.house.As("gateway");
  WatchLocksResponse response;
  for (int i = 0; i < 2; ++i) CHECK(scene.Open(channel)->Read(response));
  CHECK(base::ReasonOf(Drained(*scene.Open(channel))) == "RATE_LIMITED");
}

TEST_CASE("Stream G5: what is no question is refused, and none at all", "[rpc][G5]") {
  StreamHouse scene(&WaitForTheEnd);
  const auto foreign = scene.house.Foreign(scene.house.pki().IssueService("gateway"));
  const std::string path = std::string("/") + kWatch;
  CHECK(RawBytes(*foreign, path, "\xff\xff\xff").error_code() == grpc::INVALID_ARGUMENT);
  RawHttp2 client(scene.house.server().port(), scene.house.pki().IssueService("gateway"));
  REQUIRE(client.alive());
  client.Send(
      Frame(kHeaders, kEndHeaders | kEndStream, 1, CallFields(path, Field("grpc-timeout", "1H"))));
  CHECK(client.ReadUntil([&client] { return client.headers() > 0; }));
  CHECK(scene.begun.count() == 0);
}

TEST_CASE("Stream W3: streams that are reset as soon as they are opened leave every place free",
          "[rpc][W3][G6]") {
  ServerOptions options;
  options.max_streams = 8;
  options.max_streams_per_caller = 8;
  StreamHouse scene(&WriteForEver, options);
  {
    RawHttp2 client(scene.house.server().port(), scene.house.pki().IssueService("gateway"));
    REQUIRE(client.alive());
    const std::string fields = CallFields(std::string("/") + kWatch, Field("grpc-timeout", "1H"));
    const std::string cancel("\0\0\0\x08", 4);
    for (uint32_t i = 0; i < 2'000 && client.alive(); ++i) {
      const uint32_t id = 2 * i + 1;
      client.Send(Frame(kHeaders, kEndHeaders, id, fields) +
                  Frame(kData, kEndStream, id, Message(0, "")) + Frame(kRstStream, 0, id, cancel));
    }
  }
  const Channel honest = scene.house.As("batch");
  const absl::Time patience = Soon().deadline + absl::Seconds(20);
  WatchLocksResponse response;
  bool served = false;
  while (!served && base::SystemClock().Now() < patience) {
    served = scene.Open(honest)->Read(response);
  }
  CHECK(served);
  const base::Stopwatch watch;
  scene.house.server().Stop(absl::Seconds(60));
  CHECK(watch.Elapsed() < absl::Seconds(30));
  CHECK(scene.begun.count() == scene.returned.count());
}

TEST_CASE("Stream: many come, are read and go at once", "[rpc]") {
  StreamHouse scene([](const CallContext&, const WatchLocksRequest&, Writer& writer) {
    for (int64_t i = 0; i < 20; ++i) {
      if (!writer.Write(Numbered(i))) break;
    }
    return absl::OkStatus();
  });
  std::atomic<int> read{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back([&, channel = scene.house.As(i % 2 == 0 ? "gateway" : "batch")] {
      WatchLocksResponse response;
      for (int n = 0; n < 25; ++n) {
        const auto stream = scene.Open(channel);
        while (stream->Read(response)) ++read;
        if (n % 5 == 0) stream->Cancel();
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  CHECK(read == 8 * 25 * 20);
  scene.house.server().Stop(absl::Seconds(30));
}

}  // namespace va::rpc
