// What only raw HTTP/2 can say: floods and lies of a caller who holds a certificate that is
// trusted. The figures of docs/grpc-floods.md come from here: `va_rpc_test "[figures]"`.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "lib/base/clock.h"
#include "lib/rpc/house_testing.h"
#include "lib/rpc/raw_http2_testing.h"

namespace va::rpc {
namespace {

constexpr int64_t kEnhanceYourCalm = 11;
const std::string& Path() {
  static const std::string path = std::string("/") + kGet;
  return path;
}

double ResidentMib() {
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

absl::Duration Cpu(int who) {
  rusage usage{};
  getrusage(who, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

// Sends a flood and says how far it came.
using Flood = std::function<int(RawHttp2&)>;

uint32_t StreamAt(int i) { return static_cast<uint32_t>(2 * i + 1); }

int RapidReset(RawHttp2& client, int streams) {
  const std::string fields = CallFields(Path());
  const std::string cancel("\0\0\0\x08", 4);
  for (int i = 0; i < streams; i += 100) {
    std::string batch;
    for (int n = i; n < i + 100; ++n) {
      batch += Frame(kHeaders, kEndHeaders, StreamAt(n), fields);
      batch += Frame(kRstStream, 0, StreamAt(n), cancel);
    }
    if (!client.Send(batch)) return i;
  }
  return streams;
}

int Repeat(RawHttp2& client, const std::string& frame, int times) {
  std::string batch;
  for (int i = 0; i < 100; ++i) batch += frame;
  for (int i = 0; i < times; i += 100) {
    if (!client.Send(batch)) return i;
  }
  return times;
}

int Continuations(RawHttp2& client, int frames) {
  client.Send(Frame(kHeaders, 0, 1, CallFields(Path())));
  const std::string crumb = Field("x-crumb", std::string(100, 'a'));
  std::string block;
  while (block.size() < 16000) block += crumb;
  const std::string frame = Frame(kContinuation, 0, 1, block);
  for (int i = 0; i < frames; ++i) {
    if (!client.Send(frame)) return i;
  }
  return frames;
}

int EmptyData(RawHttp2& client, int frames) {
  client.Send(Frame(kHeaders, kEndHeaders, 1, CallFields(Path())));
  return Repeat(client, Frame(kData, 0, 1, ""), frames);
}

// One field of 3,900 bytes enters the table; after that a byte of ours is one of them.
int HpackBomb(RawHttp2& client, int blocks) {
  // Literal with indexing, name of 1 byte, value of 3,900 bytes: 127 + 3773 as a 7-bit integer.
  std::string plant("\x40\x01x\x7f", 4);
  plant += std::string("\xbd\x1d", 2) + std::string(3900, 'a');
  const std::string references(16000 - plant.size(), '\xbe');
  for (int i = 0; i < blocks; ++i) {
    const std::string block = CallFields(Path()) + (i == 0 ? plant : "") + references;
    if (!client.Send(Frame(kHeaders, kEndHeaders | kEndStream, StreamAt(i), block))) return i;
  }
  return blocks;
}

int CookieCrumbs(RawHttp2& client, int blocks) {
  std::string crumbs;
  while (crumbs.size() < 15000) crumbs += Field("cookie", "a=b");
  for (int i = 0; i < blocks; ++i) {
    if (!client.Send(
            Frame(kHeaders, kEndHeaders | kEndStream, StreamAt(i), CallFields(Path()) + crumbs))) {
      return i;
    }
  }
  return blocks;
}

int ManyStreams(RawHttp2& client, int streams) {
  const std::string fields = CallFields(Path());
  for (int i = 0; i < streams; i += 100) {
    std::string batch;
    for (int n = i; n < i + 100; ++n) batch += Frame(kHeaders, kEndHeaders, StreamAt(n), fields);
    if (!client.Send(batch)) return i;
  }
  return streams;
}

// Takes note of the server's settings. gRPC 1.51 holds a client to them from then on, and one that
// never does to none of them.
void Acknowledge(RawHttp2& client) {
  client.ReadUntil([] { return false; }, absl::Milliseconds(50));
  client.Send(Frame(kSettings, 1, 0, ""));
}

struct Figures {
  int sent = 0;
  absl::Duration took;
  absl::Duration server_cpu;
  double grown_mib = 0;
  int healthy = 0;
  int failed = 0;
  absl::Duration slowest;
  absl::Duration median;
  int64_t goaway = -1;
  bool closed = false;
};

// Somebody else asks all the while, over a connection of their own.
Figures Under(House& house, const Flood& flood) {
  const testing::PemFiles files = house.pki().IssueService("gateway");
  const Channel honest = house.As("gateway");
  const absl::Status first =
      Call<GetProfileResponse>(honest, kGet, GetProfileRequest(), Soon()).status();
  INFO(first);
  REQUIRE(first.ok());
  Figures figures;
  absl::Notification over;
  std::vector<absl::Duration> times;
  absl::Duration honest_cpu;
  RawHttp2 client(house.server().port(), files);
  REQUIRE(client.alive());  // while no thread runs that it would have to wait for
  std::thread asking([&] {
    // At least once: a short flood may be over before this thread has run at all.
    do {
      const base::Stopwatch watch;
      const bool ok = Call<GetProfileResponse>(honest, kGet, GetProfileRequest(), Soon()).ok();
      times.push_back(watch.Elapsed());
      ++(ok ? figures.healthy : figures.failed);
    } while (!over.WaitForNotificationWithTimeout(absl::Milliseconds(2)));
    honest_cpu = Cpu(RUSAGE_THREAD);
  });
  const double before = ResidentMib();
  const absl::Duration cpu = Cpu(RUSAGE_SELF);
  const absl::Duration own = Cpu(RUSAGE_THREAD);
  const base::Stopwatch watch;
  figures.sent = flood(client);
  figures.took = watch.Elapsed();
  client.ReadUntil([&client] { return client.goaways() > 0; }, absl::Milliseconds(200));
  figures.grown_mib = ResidentMib() - before;
  over.Notify();
  asking.join();
  figures.server_cpu = Cpu(RUSAGE_SELF) - cpu - (Cpu(RUSAGE_THREAD) - own) - honest_cpu;
  std::sort(times.begin(), times.end());
  figures.median = times[times.size() / 2];
  figures.slowest = times.back();
  figures.goaway = client.goaway_code();
  figures.closed = !client.alive();
  return figures;
}

void CheckHealthy(const Figures& figures) {
  CHECK(figures.failed == 0);
  CHECK(figures.healthy > 0);
#if !defined(__SANITIZE_ADDRESS__)  // it keeps back what was freed
  CHECK(figures.grown_mib < 64);
#endif
}

}  // namespace

TEST_CASE("Server G3: a message that claims four gigabytes gets no room and ends in time",
          "[rpc][G3]") {
  ServerOptions options;
  options.default_deadline = absl::Milliseconds(500);
  House house(&Echo, Dispatch::kPool, options);
  RawHttp2 client(house.server().port(), house.pki().IssueService("gateway"));
  REQUIRE(client.alive());
  const double before = ResidentMib();
  client.Send(Frame(kHeaders, kEndHeaders, 1, CallFields(Path())) +
              Frame(kData, 0, 1, Message(0xffffffff, "abc")));
  // gRPC compares lengths once a message is whole; until then it is the deadline that counts.
  CHECK(client.ReadUntil([&client] { return client.headers() > 0 || !client.resets().empty(); },
                         absl::Seconds(8)));
  CHECK(ResidentMib() - before < 32);
  CHECK(house.calls() == 0);
}

TEST_CASE("Server G4: a time-out of a nanosecond on the wire never reaches the handler",
          "[rpc][G4]") {
  House house;
  RawHttp2 client(house.server().port(), house.pki().IssueService("gateway"));
  REQUIRE(client.alive());
  client.Send(Frame(kHeaders, kEndHeaders, 1, CallFields(Path(), Field("grpc-timeout", "1n"))));
  CHECK(client.ReadUntil([&client] { return client.headers() > 0 || !client.resets().empty(); }));
  client.Send(Frame(kData, kEndStream, 1, Message(0, "")));
  CHECK(CheckHealth(house.As("gateway"), Soon().deadline).ok());
  CHECK(house.calls() == 0);
}

TEST_CASE("Server G6: a flood of pings ends in ENHANCE_YOUR_CALM", "[rpc][G6][W3]") {
  House house;
  // Few at a time: whoever floods on is cut off before it can read why.
  const Figures figures = Under(house, [](RawHttp2& client) {
    int sent = 0;
    while (sent < 1000 && client.goaways() == 0 && client.Send(Frame(kPing, 0, 0, "12345678"))) {
      ++sent;
      client.ReadUntil([&client] { return client.goaways() > 0; }, absl::Milliseconds(10));
    }
    return sent;
  });
  CheckHealthy(figures);
  CHECK(figures.goaway == kEnhanceYourCalm);
  CHECK(figures.sent < 10);
  const Figures flood = Under(house, [](RawHttp2& client) {
    return Repeat(client, Frame(kPing, 0, 0, "12345678"), 500'000);
  });
  CheckHealthy(flood);
  CHECK(flood.sent < 500'000);
}

TEST_CASE("Server G6: of a hundred thousand streams few are let in", "[rpc][G6]") {
  House house;
  const Figures figures = Under(house, [](RawHttp2& client) {
    Acknowledge(client);
    return ManyStreams(client, 100'000);
  });
  CheckHealthy(figures);
}

TEST_CASE("Server W3: resets, continuations and empty frames hurt nobody else", "[rpc][W3]") {
  House house;
  CheckHealthy(Under(house, [](RawHttp2& client) { return RapidReset(client, 5'000); }));
  CheckHealthy(Under(house, [](RawHttp2& client) { return Continuations(client, 1'000); }));
  CheckHealthy(Under(house, [](RawHttp2& client) { return EmptyData(client, 50'000); }));
  CheckHealthy(Under(
      house, [](RawHttp2& client) { return Repeat(client, Frame(kSettings, 0, 0, ""), 50'000); }));
}

TEST_CASE("Server W3: headers that grow when they are unpacked are refused", "[rpc][W3]") {
  House house;
  CheckHealthy(Under(house, [](RawHttp2& client) { return HpackBomb(client, 200); }));
  CheckHealthy(Under(house, [](RawHttp2& client) { return CookieCrumbs(client, 100); }));
}

TEST_CASE("Health G6: watches that never say what they watch are counted and end with the server",
          "[rpc][G6]") {
  House house;
  RawHttp2 client(house.server().port(), house.pki().IssueService("gateway"));
  REQUIRE(client.alive());
  const std::string fields = CallFields(std::string("/") + kHealthWatchMethod);
  for (int i = 0; i < 20; ++i) client.Send(Frame(kHeaders, kEndHeaders, StreamAt(i), fields));
  // Eight of a connection have a place; the others are told so.
  CHECK(client.ReadUntil([&client] { return client.headers() >= 12; }));
  const base::Stopwatch watch;
  house.server().Stop(absl::Seconds(60));
  CHECK(watch.Elapsed() < absl::Seconds(30));
}

TEST_CASE("Server G7: a binary header that is no base64 never reaches the handler", "[rpc][G7]") {
  House house;
  RawHttp2 client(house.server().port(), house.pki().IssueService("gateway"));
  REQUIRE(client.alive());
  client.Send(
      Frame(kHeaders, kEndHeaders, 1, CallFields(Path(), Field("x-trick-bin", "!!not base64!!"))) +
      Frame(kData, kEndStream, 1, Message(0, "")));
  CHECK(client.ReadUntil(
      [&client] { return client.headers() > 0 || !client.resets().empty() || !client.alive(); }));
  CHECK(CheckHealth(house.As("gateway"), Soon().deadline).ok());
  CHECK(house.calls() == 0);
}

TEST_CASE("Floods in figures", "[.figures]") {
  struct Row {
    const char* name;
    Flood flood;
  };
  const std::vector<Row> rows = {
      {"100,000 streams, acknowledged",
       [](RawHttp2& c) {
         Acknowledge(c);
         return ManyStreams(c, 100'000);
       }},
      {"CONTINUATION, acknowledged",
       [](RawHttp2& c) {
         Acknowledge(c);
         return Continuations(c, 10'000);
       }},
      {"cookie crumbs, acknowledged",
       [](RawHttp2& c) {
         Acknowledge(c);
         return CookieCrumbs(c, 2'000);
       }},
      {"nothing",
       [](RawHttp2& c) {
         c.ReadUntil([] { return false; }, absl::Seconds(1));
         return 0;
       }},
      {"rapid reset", [](RawHttp2& c) { return RapidReset(c, 100'000); }},
      {"CONTINUATION, 16 KB", [](RawHttp2& c) { return Continuations(c, 10'000); }},
      {"SETTINGS, empty",
       [](RawHttp2& c) { return Repeat(c, Frame(kSettings, 0, 0, ""), 500'000); }},
      {"PING", [](RawHttp2& c) { return Repeat(c, Frame(kPing, 0, 0, "12345678"), 500'000); }},
      {"DATA, empty", [](RawHttp2& c) { return EmptyData(c, 500'000); }},
      {"HPACK bomb", [](RawHttp2& c) { return HpackBomb(c, 2'000); }},
      {"cookie crumbs", [](RawHttp2& c) { return CookieCrumbs(c, 2'000); }},
      {"100,000 streams", [](RawHttp2& c) { return ManyStreams(c, 100'000); }},
  };
  std::printf("| %-30s | %8s | %7s | %9s | %7s | %7s | %8s | %8s | %s\n", "flood", "frames", "s",
              "server CPU", "MiB", "others", "median", "slowest", "end");
  for (const Row& row : rows) {
    House house;
    const Figures f = Under(house, row.flood);
    std::printf(
        "| %-30s | %8d | %7.2f | %8.2f s | %7.1f | %3d/%3d | %5.1f ms | %5.1f ms | %s %lld\n",
        row.name, f.sent, absl::ToDoubleSeconds(f.took), absl::ToDoubleSeconds(f.server_cpu),
        f.grown_mib, f.failed, f.healthy, absl::ToDoubleMilliseconds(f.median),
        absl::ToDoubleMilliseconds(f.slowest), f.closed ? "closed" : "open",
        static_cast<long long>(f.goaway));
  }
}

}  // namespace va::rpc
