#include "lib/telemetry/queued_sink.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/str_split.h"
#include "lib/base/clock.h"
#include "lib/crypto/keys.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/test_pki.h"

namespace va::telemetry {
namespace {

using nlohmann::json;

// A pipe of the smallest size, whose reader reads when told to.
class Pipe {
 public:
  Pipe() {
    REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0);
    REQUIRE(::fcntl(ends_[1], F_SETPIPE_SZ, 4096) >= 4096);
  }
  ~Pipe() {
    CloseReader();
    CloseWriter();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int writer() const { return ends_[1]; }
  void CloseReader() { Close(ends_[0]); }
  void CloseWriter() { Close(ends_[1]); }

  // Everything until the writer's end is closed.
  std::string ReadAll() const {
    std::string all;
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = ::read(ends_[0], part.data(), part.size())) > 0;) {
      all.append(part.data(), static_cast<size_t>(got));
    }
    return all;
  }

 private:
  static void Close(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  std::array<int, 2> ends_{-1, -1};
};

std::vector<json> Lines(const std::string& text) {
  std::vector<json> lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    lines.push_back(json::parse(line.begin(), line.end()));
  }
  return lines;
}

// What a reader misses is told, to the line: written and told make all that were sent.
int64_t Accounted(const std::vector<json>& lines) {
  int64_t count = 0;
  for (const json& line : lines) {
    count += line.at("ev") == "log.dropped" ? line.at("lines").get<int64_t>() : 1;
  }
  return count;
}

QueuedSinkOptions Small(absl::Duration flush = absl::Seconds(30)) {
  QueuedSinkOptions options;
  options.max_bytes = 20'000;
  options.flush_timeout = flush;
  return options;
}

}  // namespace

TEST_CASE("QueuedSink: lines of several threads arrive whole, all of them, before the end",
          "[log]") {
  const testing::FakeClock clock;
  Pipe pipe;
  std::string read;
  std::thread reader([&] { read = pipe.ReadAll(); });
  {
    QueuedSink sink(pipe.writer(), "svc", clock);
    const Log log("svc", Severity::kInfo, clock, sink);
    std::vector<std::thread> writers;
    for (int t = 0; t < 4; ++t) {
      writers.emplace_back([&log, t] {
        for (int i = 0; i < 200; ++i) log.Info("tick", {{"thread", t}, {"i", i}});
      });
    }
    for (std::thread& writer : writers) writer.join();
  }
  pipe.CloseWriter();
  reader.join();
  CHECK(Lines(read).size() == 800);
}

TEST_CASE(
    "QueuedSink L3: nobody reads: writers never wait, memory is bounded, and the log says what "
    "it lacks once it flows again",
    "[log][L3]") {
  constexpr int kSent = 2000;
  const testing::FakeClock clock;
  Pipe pipe;
  std::string read;
  std::thread reader;
  {
    QueuedSink sink(pipe.writer(), "svc", clock, Small());
    const Log log("svc", Severity::kInfo, clock, sink);
    for (int i = 0; i < kSent; ++i) log.Info("sign_in", {{"i", i}});
    CHECK(sink.stats().dropped_full > kSent / 2);
    reader = std::thread([&] { read = pipe.ReadAll(); });
  }
  pipe.CloseWriter();
  reader.join();
  const std::vector<json> lines = Lines(read);
  CHECK(lines.size() < kSent / 2);
  CHECK(Accounted(lines) == kSent);
}

TEST_CASE("QueuedSink L3: a reader that never reads again does not hold up the end", "[log][L3]") {
  const testing::FakeClock clock;
  const Pipe pipe;
  const base::Stopwatch watch;
  {
    QueuedSink sink(pipe.writer(), "svc", clock, Small(absl::Milliseconds(20)));
    for (int i = 0; i < 500; ++i) sink.Write("{\"ev\":\"a line that nobody takes\"}\n");
  }
  CHECK(watch.Elapsed() < absl::Seconds(20));
}

TEST_CASE(
    "QueuedSink L3: disk full: lines are dropped and counted, and told as soon as there is room",
    "[log][L3]") {
  const testing::FakeClock clock;
  const testing::TempDir dir;
  const std::string path = dir.Write("log.jsonl", "");
  const int fd = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  const int room = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  REQUIRE(fd >= 0);
  REQUIRE(room >= 0);
  {
    QueuedSink sink(fd, "svc", clock);
    const Log log("svc", Severity::kInfo, clock, sink);
    for (int i = 0; i < 5; ++i) log.Info("sign_in");
    while (sink.stats().dropped_failed < 5) std::this_thread::yield();
    REQUIRE(::dup2(room, fd) == fd);
    log.Info("after");
  }
  ::close(fd);
  ::close(room);
  const std::vector<json> lines = Lines(*crypto::ReadPublicFile(path));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].at("ev") == "log.dropped");
  CHECK(lines[0].at("sev") == "warn");
  CHECK(lines[0].at("lines") == 5);
  CHECK(lines[1].at("ev") == "after");
}

TEST_CASE("QueuedSink L3: a reader that is gone costs lines and nothing else", "[log][L3]") {
  ::signal(SIGPIPE, SIG_IGN);  // as in every service
  const testing::FakeClock clock;
  Pipe pipe;
  pipe.CloseReader();
  QueuedSink sink(pipe.writer(), "svc", clock);
  CHECK(sink.Write("{}\n"));
  while (sink.stats().dropped_failed < 1) std::this_thread::yield();
  CHECK(sink.stats().written == 0);
}

}  // namespace va::telemetry
