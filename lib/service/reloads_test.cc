#include "lib/service/reloads.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <fstream>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/strings/match.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/test_pki.h"

namespace va::service {
namespace {

class Lines final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    text_.append(line.data(), line.size());
    return true;
  }
  std::string text() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

class Trail final : public telemetry::Audit {
 public:
  absl::Status Write(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    events.push_back(std::string(telemetry::ToString(event)) + " " + std::string(facts.tag));
    return absl::OkStatus();
  }
  std::mutex mutex_;
  std::vector<std::string> events;
};

// A service with one unit: the policy, whose file must begin with "good".
class Bench {
 public:
  Bench()
      : log_("test", telemetry::Severity::kDebug, clock, lines),
        reloads(clock, log_, trail, metrics) {}

  void Serve(const std::string& file) {
    Read(file);
    reloads.Add({"policy",
                 {{"policy.file", file}, {"policy.also", ""}},
                 [this, file](FileLoader& files) { Reload(file, files); }});
  }

  // Waits until the value in place is that one.
  bool Becomes(const std::string& value) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return value_ == value; });
  }
  // Waits until the trail has so many records.
  bool Tells(size_t records) {
    const base::Stopwatch waited;
    while (waited.Elapsed() < absl::Seconds(20)) {
      {
        const std::lock_guard<std::mutex> lock(trail.mutex_);
        if (trail.events.size() >= records) return true;
      }
      std::this_thread::yield();
    }
    return false;
  }
  bool Fails() {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return failures_ > 0; });
  }
  std::string value() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return value_;
  }
  bool Shows(const std::string& line) { return absl::StrContains(metrics.Text(), line + "\n"); }

  testing::FakeClock clock;
  Lines lines;
  Trail trail;
  telemetry::Metrics metrics;

 private:
  std::string Read(const std::string& file) {
    std::ifstream in(file);
    std::string text;
    std::getline(in, text);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (value_.empty()) value_ = text;
    return text;
  }
  void Reload(const std::string& file, FileLoader& files) {
    const std::string text = Read(file);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (absl::StartsWith(text, "good")) {
      value_ = text;
    } else {
      ++failures_;
      files.Report("policy.file", "is not good");
    }
    changed_.notify_all();
  }

  telemetry::Log log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string value_;
  int failures_ = 0;

 public:
  Reloads reloads;
};

// With a poll that never comes, only the watch can tell.
ReloadOptions WatchOnly() {
  ReloadOptions options;
  options.quiet = absl::Milliseconds(20);
  options.poll = absl::Hours(1);
  return options;
}

void Link(const std::string& target, const std::string& path) {
  const std::string fresh = path + ".new";
  REQUIRE(::symlink(target.c_str(), fresh.c_str()) == 0);
  REQUIRE(::rename(fresh.c_str(), path.c_str()) == 0);
}

}  // namespace

TEST_CASE(
    "Reloads K2: a file that cannot be used changes nothing and raises the alarm until it can",
    "[service][reload][K2]") {
  const testing::TempDir dir;
  Bench bench;
  const std::string file = dir.Write("policy", "good 1\n");
  bench.Serve(file);
  bench.reloads.CheckAll(false);
  CHECK(bench.Shows("va_reload_failed{unit=\"policy\"} 0"));
  CHECK(bench.trail.events.empty());

  dir.Write("policy", "half");
  bench.reloads.CheckAll(false);
  CHECK(bench.value() == "good 1");
  CHECK(bench.Shows("va_reload_failed{unit=\"policy\"} 1"));
  CHECK(bench.Shows("va_reload_total{unit=\"policy\",outcome=\"failed\"} 1"));
  CHECK(base::ReasonOf(bench.reloads.Check("policy")) == "RELOAD_FAILED");
  CHECK(absl::StrContains(bench.lines.text(), "\"setting\":\"policy.file\""));

  // Tried again with every look, told once.
  const std::string told = bench.lines.text();
  bench.reloads.CheckAll(false);
  CHECK(bench.lines.text() == told);
  CHECK(bench.Shows("va_reload_total{unit=\"policy\",outcome=\"failed\"} 1"));

  dir.Write("policy", "good 2\n");
  bench.reloads.CheckAll(false);
  CHECK(bench.value() == "good 2");
  CHECK(bench.Shows("va_reload_failed{unit=\"policy\"} 0"));
  CHECK(bench.reloads.Check("policy").ok());
  CHECK(bench.trail.events == std::vector<std::string>{"config.reloaded policy"});
}

TEST_CASE("Reloads: a file that did not change is left alone unless somebody asks",
          "[service][reload]") {
  const testing::TempDir dir;
  Bench bench;
  bench.Serve(dir.Write("policy", "good 1\n"));
  for (int i = 0; i < 3; ++i) bench.reloads.CheckAll(false);
  CHECK(bench.trail.events.empty());
  bench.reloads.CheckAll(true);
  CHECK(bench.trail.events.size() == 1);
}

TEST_CASE("Reloads K2: permissions that change are a change", "[service][reload][K2]") {
  const testing::TempDir dir;
  Bench bench;
  const std::string file = dir.Write("policy", "good 1\n");
  bench.Serve(file);
  bench.reloads.CheckAll(false);
  REQUIRE(::chmod(file.c_str(), 0644) == 0);
  bench.reloads.CheckAll(false);
  CHECK(bench.trail.events.size() == 1);
}

TEST_CASE("Reloads: a refresh happens at most once a second", "[service][reload]") {
  const testing::TempDir dir;
  Bench bench;
  bench.Serve(dir.Write("policy", "good 1\n"));
  bench.reloads.CheckAll(false);
  dir.Write("policy", "good 2\n");
  CHECK(bench.reloads.Refresh("policy"));
  dir.Write("policy", "good 3\n");
  CHECK_FALSE(bench.reloads.Refresh("policy"));
  CHECK(bench.value() == "good 2");
  bench.clock.Advance(absl::Seconds(1));
  CHECK(bench.reloads.Refresh("policy"));
  CHECK(bench.value() == "good 3");
  CHECK_FALSE(bench.reloads.Refresh("elsewhere"));
}

TEST_CASE("Reloads: what is done to a file is seen by the watch", "[service][reload]") {
  const testing::TempDir dir;
  const std::string base = dir.path();
  Bench bench;
  SECTION("replaced by rename") {
    const std::string file = dir.Write("policy", "good 1\n");
    bench.Serve(file);
    bench.reloads.Start(WatchOnly());
    const std::string fresh = dir.Write("policy.new", "good 2\n");
    REQUIRE(::rename(fresh.c_str(), file.c_str()) == 0);
    CHECK(bench.Becomes("good 2"));
  }
  SECTION("written in place in two halves") {
    const std::string file = dir.Write("policy", "good 1\n");
    bench.Serve(file);
    bench.reloads.Start(WatchOnly());
    std::ofstream out(file, std::ios::trunc);
    out << "go" << std::flush;
    CHECK(bench.Fails());
    CHECK(bench.value() == "good 1");
    out << "od 2\n" << std::flush;
    CHECK(bench.Becomes("good 2"));
  }
  SECTION("a link turned over as Kubernetes does, twice") {
    for (const char* const version : {"1", "2", "3"}) {
      REQUIRE(::mkdir((base + "/v" + version).c_str(), 0700) == 0);
      dir.Write(std::string("v") + version + "/policy", std::string("good ") + version + "\n");
    }
    Link("v1", base + "/..data");
    Link("..data/policy", base + "/policy");
    bench.Serve(base + "/policy");
    bench.reloads.Start(WatchOnly());
    Link("v2", base + "/..data");
    CHECK(bench.Becomes("good 2"));
    Link("v3", base + "/..data");
    CHECK(bench.Becomes("good 3"));
  }
  SECTION("taken away and put back") {
    const std::string file = dir.Write("policy", "good 1\n");
    bench.Serve(file);
    bench.reloads.Start(WatchOnly());
    REQUIRE(::unlink(file.c_str()) == 0);
    CHECK(bench.Fails());
    CHECK(bench.value() == "good 1");
    dir.Write("policy", "good 2\n");
    CHECK(bench.Becomes("good 2"));
  }
  SECTION("its folder taken away and made again") {
    const std::string folder = base + "/keys";
    REQUIRE(::mkdir(folder.c_str(), 0700) == 0);
    bench.Serve(dir.Write("keys/policy", "good 1\n"));
    bench.reloads.Start(WatchOnly());
    REQUIRE(::unlink((folder + "/policy").c_str()) == 0);
    REQUIRE(::rmdir(folder.c_str()) == 0);
    CHECK(bench.Fails());
    CHECK(bench.value() == "good 1");
    REQUIRE(::mkdir(folder.c_str(), 0700) == 0);
    dir.Write("keys/policy", "good 2\n");
    CHECK(bench.Becomes("good 2"));
    // And that one is watched again.
    dir.Write("keys/policy", "good 3\n");
    CHECK(bench.Becomes("good 3"));
  }
  bench.reloads.Stop();
}

TEST_CASE("Reloads: a storm of requests is one round, then a rest, and ends at once when stopped",
          "[service][reload]") {
  const testing::TempDir dir;
  Bench bench;
  bench.Serve(dir.Write("policy", "good 1\n"));
  ReloadOptions options = WatchOnly();
  options.rest = absl::Hours(1);
  bench.reloads.Start(options);
  bench.reloads.Request();
  CHECK(bench.Tells(1));
  for (int i = 0; i < 1000; ++i) bench.reloads.Request();
  bench.reloads.Stop();
  CHECK(bench.trail.events.size() == 1);
}

TEST_CASE("Reloads: a unit whose settings are all unset is never read, and they still count",
          "[service][reload]") {
  Bench bench;
  bool read = false;
  bench.reloads.Add({"database_password",
                     {{"database.password_file", ""}},
                     [&read](FileLoader& /*files*/) { read = true; }});
  bench.reloads.CheckAll(true);
  CHECK_FALSE(read);
  CHECK(bench.reloads.units().empty());
  CHECK(bench.reloads.settings() == std::set<std::string>{"database.password_file"});
}

TEST_CASE("Reloads: requests may ask for a refresh while the service still adds its units",
          "[service][reload]") {
  const testing::TempDir dir;
  Bench bench;
  const std::string file = dir.Write("policy", "good 1\n");
  std::atomic<bool> added{false};
  std::thread request([&] {
    while (!added) bench.reloads.Refresh("policy");
  });
  bench.Serve(file);
  for (int i = 0; i < 200; ++i) {
    bench.reloads.Add({"saml", {{"saml.file", file}}, [](FileLoader& /*files*/) {}});
  }
  added = true;
  request.join();
  CHECK(bench.reloads.units().size() == 201);
}

TEST_CASE("FolderWatch: a queue of events that ran over is an event like any other",
          "[service][reload]") {
  const testing::TempDir dir;
  FolderWatch watch;
  const std::string file = dir.Write("policy", "good 1\n");
  REQUIRE(watch.Follow({file}));
  // Three events each, and the kernel keeps 16,384 by default.
  const std::string other = dir.path() + "/other";
  for (int i = 0; i < 6'000; ++i) {
    std::ofstream(other) << i;
    REQUIRE(::unlink(other.c_str()) == 0);
  }
  CHECK(watch.Wait(absl::Seconds(10)));
  watch.Clear();
  CHECK_FALSE(watch.Wait(absl::ZeroDuration()));
  dir.Write("policy", "good 2\n");
  CHECK(watch.Wait(absl::Seconds(10)));
}

TEST_CASE("Reloads: without an event the poll finds the change", "[service][reload]") {
  const testing::TempDir dir;
  Bench bench;
  const std::string file = dir.Write("policy", "good 1\n");
  bench.Serve(file);
  ReloadOptions options;
  options.poll = absl::Milliseconds(20);
  bench.reloads.Start(options);
  bench.reloads.Request();
  dir.Write("policy", "good 2\n");
  CHECK(bench.Becomes("good 2"));
}

TEST_CASE("FoldersOf: the folder of a file, of each link on the way, and of what they lead to",
          "[service][reload]") {
  const testing::TempDir dir;
  const std::string base = dir.path();
  REQUIRE(::mkdir((base + "/v1").c_str(), 0700) == 0);
  Link("v1", base + "/..data");
  Link("..data/policy", base + "/policy");
  const std::set<std::string> folders = FoldersOf(base + "/policy");
  CHECK(folders.count(base) == 1);
  CHECK(folders.count(base + "/..data") == 1);
  CHECK(folders.count(base + "/v1") == 1);
  // A circle ends.
  Link("circle", base + "/circle");
  CHECK(FoldersOf(base + "/circle").count(base) == 1);
}

}  // namespace va::service
