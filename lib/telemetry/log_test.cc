#include "lib/telemetry/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <thread>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/str_split.h"
#include "lib/identity/pii.h"
#include "lib/testing/fake_clock.h"

namespace va::telemetry {
namespace {

using nlohmann::json;

class MemorySink final : public Sink {
 public:
  bool Write(absl::string_view line) override {
    text.append(line.data(), line.size());
    return true;
  }
  std::string text;
};

struct Fixture {
  testing::FakeClock clock;
  MemorySink sink;
  Log log{"mpi-adapter", Severity::kInfo, clock, sink};

  json Only() const { return json::parse(sink.text); }
};

std::string Encode(absl::string_view text, size_t max = 100) {
  std::string out;
  AppendJsonString(out, text, max);
  return out;
}

}  // namespace

// Personal data cannot become a value, so it cannot be logged by mistake.
static_assert(!std::is_constructible_v<Value, identity::Ssn>);
static_assert(!std::is_constructible_v<Value, identity::Icn>);
static_assert(!std::is_constructible_v<Value, identity::BirthDate>);
static_assert(!std::is_constructible_v<Value, identity::Secret>);
static_assert(!std::is_constructible_v<Value, identity::PersonText>);
static_assert(!std::is_constructible_v<Value, identity::CspId>);
static_assert(!std::is_constructible_v<Value, int*>);

TEST_CASE("Log: one event is one line of typed fields", "[log]") {
  Fixture f;
  f.log.Info("mpi.lookup.done", {{"outcome", "ok"}, {"ms", 41}, {"share", 0.5}, {"cached", false}});
  REQUIRE(f.sink.text.back() == '\n');
  CHECK(f.sink.text.find('\n') == f.sink.text.size() - 1);
  CHECK(
      f.sink.text ==
      "{\"ts\":\"2026-01-15T12:00:00.000Z\",\"sev\":\"info\",\"svc\":\"mpi-adapter\","
      "\"ev\":\"mpi.lookup.done\",\"outcome\":\"ok\",\"ms\":41,\"share\":0.5,\"cached\":false}\n");
}

TEST_CASE("Log: what is below the level is not written", "[log]") {
  Fixture f;
  f.log.Debug("quiet");
  CHECK(f.sink.text.empty());
  CHECK_FALSE(f.log.Enabled(Severity::kDebug));
  f.log.Error("loud");
  CHECK(f.Only()["sev"] == "error");
}

TEST_CASE("Log: numbers JSON cannot write are null", "[log]") {
  Fixture f;
  f.log.Info("odd", {{"a", std::nan("")}, {"b", INFINITY}});
  CHECK(f.Only()["a"].is_null());
  CHECK(f.Only()["b"].is_null());
}

TEST_CASE("Log L2: nothing in a value ends a line, a string or a terminal's patience",
          "[log][L2]") {
  const std::vector<std::string> attacks = {"a\r\n{\"ev\":\"session.issued\"}",
                                            "\",\"sev\":\"error\",\"x\":\"",
                                            "\x1b[2J\x1b[31m",
                                            std::string("nul\0byte", 8),
                                            "back\\slash",
                                            "\xff\xfe bytes",
                                            "\xc2\x85 next line",
                                            "\xe2\x80\xa8 separator",
                                            "\x7f",
                                            "\xe2\x80\xae reversed",
                                            "\xc0\xaf overlong",
                                            "\xed\xa0\x80 surrogate",
                                            "\xf4\x90\x80\x80 too high",
                                            "cut \xe2\x82"};
  for (const std::string& attack : attacks) {
    CAPTURE(attack);
    Fixture f;
    f.log.Info("ev", {{"field", attack}, {"last", 1}});
    CHECK(f.sink.text.find('\n') == f.sink.text.size() - 1);
    for (const char c : f.sink.text.substr(0, f.sink.text.size() - 1)) {
      const auto byte = static_cast<unsigned char>(c);
      CHECK((byte >= 0x20 && byte != 0x7f));
    }
    const json line = f.Only();
    CHECK(line["ev"] == "ev");
    CHECK(line["sev"] == "info");
    CHECK(line["last"] == 1);
    CHECK(line.size() == 6);
  }
}

TEST_CASE("Log L2: names and events are encoded as well", "[log][L2]") {
  Fixture f;
  f.log.Info("e\"v\n", {{"na\"me", 1}});
  CHECK(f.Only()["ev"] == "e\"v\n");
  CHECK(f.Only()["na\"me"] == 1);
}

TEST_CASE("Log L2: a field of ten megabytes is cut, and the line stays one", "[log][L2]") {
  Fixture f;
  f.log.Info("big", {{"body", std::string(10 << 20, 'x')}, {"last", true}});
  CHECK(f.sink.text.size() < 2000);
  CHECK(f.Only()["last"] == true);
  CHECK(f.Only()["body"].get<std::string>().find("more]") != std::string::npos);
}

TEST_CASE("Log L2: many long fields make no endless line", "[log][L2]") {
  Fixture f;
  const std::string control(1024, '\x01');
  f.log.Info("many", {{"a", control}, {"b", control}, {"c", control}, {"d", control}});
  CHECK(f.sink.text.size() <= 17 * 1024);
  CHECK(f.Only()["dropped"].get<int>() > 0);
}

TEST_CASE("AppendJsonString: good text stays readable and is cut between characters", "[log]") {
  CHECK(Encode("Zoë \xf0\x9f\x98\x80") == "\"Zoë \xf0\x9f\x98\x80\"");
  CHECK(Encode("aé", 2) == "\"a...[2 more]\"");
  CHECK(Encode("\xff") == "\"\\ufffd\"");
  CHECK(Encode("\t") == "\"\\u0009\"");
}

TEST_CASE("FdSink: lines of several threads never mix", "[log]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  std::string read;
  std::thread reader([&] {
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; (n = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
      read.append(buffer.data(), static_cast<size_t>(n));
    }
  });
  {
    const testing::FakeClock clock;
    FdSink sink(ends[1]);
    const Log log("svc", Severity::kInfo, clock, sink);
    std::vector<std::thread> writers;
    for (int t = 0; t < 4; ++t) {
      writers.emplace_back([&log, t] {
        for (int i = 0; i < 200; ++i) log.Info("tick", {{"thread", t}, {"i", i}});
      });
    }
    for (std::thread& writer : writers) writer.join();
  }
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  int lines = 0;
  for (const absl::string_view line : absl::StrSplit(read, '\n', absl::SkipEmpty())) {
    CHECK(json::accept(std::string(line)));
    ++lines;
  }
  CHECK(lines == 800);
}

}  // namespace va::telemetry
