#include "lib/telemetry/trace.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"

namespace va::telemetry {
namespace {

constexpr char kAttempt[] = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736";
constexpr char kOther[] = "1bf92f35-77b3-4da6-a3ce-929d0e0e4737";

struct Kept {
  std::string name;
  base::TraceContext self;
  uint64_t parent = 0;
  bool failed = false;
};

class MemorySpans final : public SpanSink {
 public:
  explicit MemorySpans(std::vector<Kept>& kept) : kept_(kept) {}
  void Record(const SpanRecord& span) override {
    kept_.push_back({std::string(span.name), span.self, span.parent_span, span.failed});
  }
  TraceStats stats() const override { return {}; }
  void Stop(absl::Duration) override {}

 private:
  std::vector<Kept>& kept_;
};

// A collector on a loopback port: answers 200 to whatever comes, or takes the connection and stays
// silent.
class Collector {
 public:
  explicit Collector(bool answers) : answers_(answers) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(listen(listener_, 16) == 0);
    socklen_t size = sizeof(address);
    REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    if (answers_) thread_ = std::thread([this] { Serve(); });
  }
  ~Collector() {
    shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    close(listener_);
  }
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  std::string url() const { return absl::StrCat("http://127.0.0.1:", port_, "/v1/traces"); }
  std::string seen() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return seen_;
  }

 private:
  void Serve() {
    while (true) {
      const int peer = accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      const timeval patience{1, 0};
      setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
      Answer(peer);
      close(peer);
    }
  }

  void Answer(int peer) {
    std::string request;
    std::array<char, 4096> part{};
    while (!Whole(request)) {
      const ssize_t got = read(peer, part.data(), part.size());
      if (got <= 0) return;
      request.append(part.data(), static_cast<size_t>(got));
    }
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      seen_ += request;
    }
    constexpr absl::string_view kOk =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    static_cast<void>(!write(peer, kOk.data(), kOk.size()));
  }

  static bool Whole(const std::string& request) {
    const size_t end = request.find("\r\n\r\n");
    const size_t length = request.find("Content-Length: ");
    if (end == std::string::npos || length == std::string::npos) return false;
    return request.size() >= end + 4 + static_cast<size_t>(std::stoul(request.substr(length + 16)));
  }

  const bool answers_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::string seen_;
  std::thread thread_;
};

SpanRecord SpanOf(const char* attempt) {
  SpanRecord span;
  span.name = "va.mpi.v1.MpiService/GetProfile";
  span.kind = SpanKind::kServer;
  span.self = base::ChildOf(base::RootOf(attempt, true));
  span.parent_span = base::RootOf(attempt, true).span;
  span.start = absl::FromUnixSeconds(1'700'000'000);
  span.took = absl::Milliseconds(3);
  span.attributes = {{"va.code", "OK"}};
  return span;
}

TraceOptions OptionsTo(const Collector& collector) {
  TraceOptions options;
  options.endpoint = collector.url();
  options.service = "test";
  options.pause = absl::Milliseconds(20);
  options.export_timeout = absl::Milliseconds(300);
  return options;
}

TEST_CASE("Tracer: without an endpoint there is nothing", "[telemetry][trace]") {
  const auto tracer = Tracer::Create({});
  REQUIRE(tracer.ok());
  CHECK_FALSE(tracer->on());
  CHECK_FALSE(tracer->Root(kAttempt).valid());
  const testing::FakeClock clock;
  {
    Span span(*tracer, clock, "sign_in.start");
    span.JoinAsRoot(kAttempt);
    CHECK_FALSE(base::CurrentTrace().valid());
  }
  tracer->Record(SpanOf(kAttempt));
  CHECK(tracer->stats().recorded == 0);
}

TEST_CASE("Span: both halves of a redirect are in the trace of the attempt", "[telemetry][trace]") {
  std::vector<Kept> kept;
  const Tracer tracer(1.0, std::make_unique<MemorySpans>(kept));
  const testing::FakeClock clock;
  {
    Span start(tracer, clock, "sign_in.start");
    start.JoinAsRoot(kAttempt);
    CHECK(base::CurrentTrace().valid());
  }
  CHECK_FALSE(base::CurrentTrace().valid());
  {
    Span callback(tracer, clock, "sign_in.callback");
    CHECK_FALSE(base::CurrentTrace().valid());
    callback.Join(kAttempt);
    callback.Join(kOther);
    callback.Fail();
  }
  REQUIRE(kept.size() == 2);
  CHECK(base::TraceIdOf(kept[0].self) == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(base::TraceIdOf(kept[1].self) == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(kept[0].parent == 0);
  CHECK(kept[1].parent == kept[0].self.span);
  CHECK_FALSE(kept[0].failed);
  CHECK(kept[1].failed);
}

TEST_CASE("Tracer: what the sample leaves out is recorded nowhere", "[telemetry][trace]") {
  std::vector<Kept> kept;
  const Tracer none(0.0, std::make_unique<MemorySpans>(kept));
  const testing::FakeClock clock;
  { Span(none, clock, "sign_in.start").JoinAsRoot(kAttempt); }
  SpanRecord span = SpanOf(kAttempt);
  span.self.sampled = false;
  none.Record(span);
  CHECK(kept.empty());
}

TEST_CASE("Tracer: the collector gets the span by OTLP, with the attempt as its trace",
          "[telemetry][trace]") {
  const Collector collector(true);
  const auto tracer = Tracer::Create(OptionsTo(collector));
  REQUIRE(tracer.ok());
  tracer->Record(SpanOf(kAttempt));
  tracer->Stop(absl::Seconds(5));
  const std::string seen = collector.seen();
  CHECK_THAT(seen, Catch::StartsWith("POST /v1/traces "));
  CHECK_THAT(seen, Catch::Contains("va.mpi.v1.MpiService/GetProfile"));
  CHECK_THAT(seen, Catch::Contains("\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6"));
  CHECK(tracer->stats().exported == 1);
  CHECK(tracer->stats().dropped == 0);
}

TEST_CASE("Tracer L3: a collector that does not answer costs spans, which are counted, and no time",
          "[telemetry][trace]") {
  const Collector collector(false);
  TraceOptions options = OptionsTo(collector);
  options.queue = 64;
  const auto tracer = Tracer::Create(options);
  REQUIRE(tracer.ok());
  const base::Stopwatch recording;
  for (int i = 0; i < 5'000; ++i) tracer->Record(SpanOf(kAttempt));
  CHECK(recording.Elapsed() < absl::Seconds(2));
  const base::Stopwatch stopping;
  tracer->Stop(absl::Milliseconds(100));
  // The bound, and the batch that was on its way.
  CHECK(stopping.Elapsed() < absl::Seconds(3));
  CHECK(tracer->stats().recorded == 5'000);
  CHECK(tracer->stats().exported == 0);
  CHECK(tracer->stats().dropped == 5'000);
}

TEST_CASE("Tracer: a collector that is not there costs its spans, which are counted",
          "[telemetry][trace]") {
  TraceOptions options;
  {
    const Collector gone(true);
    options = OptionsTo(gone);
  }
  const auto tracer = Tracer::Create(options);
  REQUIRE(tracer.ok());
  for (int i = 0; i < 3; ++i) tracer->Record(SpanOf(kAttempt));
  tracer->Stop(absl::Seconds(2));
  CHECK(tracer->stats().exported == 0);
  CHECK(tracer->stats().dropped == 3);
}

}  // namespace
}  // namespace va::telemetry
