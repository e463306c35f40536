// bench: what asking the Master Person Index costs: messages, a crowd at a slow MPI, the cache
// needs: stack
//
// Real processes throughout: mpi-adapter, the MPI simulator, PostgreSQL, mutual TLS between them.
#include <string>

#include "tests/bench/benchmark.h"
#include "tests/bench/mpi_crowd.h"
#include "tests/bench/mpi_messages.h"
#include "tests/bench/mpi_place.h"
#include "tests/bench/mpi_profiles.h"

namespace va::bench {
namespace {

struct Flags {
  MessageRounds messages;
  CrowdRounds crowd;
  ProfileRounds profiles;
  std::string only;
};

void AddFlags(CLI::App& app, Flags& flags) {
  const auto count = [&app](const char* name, int& value, const char* words) {
    app.add_option(name, value, words)->check(CLI::Range(1, 100000))->capture_default_str();
  };
  count("--message-rounds", flags.messages.rounds, "rounds of reading and writing");
  count("--crowd-rounds", flags.crowd.rounds, "rounds of the crowd, each with a new mpi-adapter");
  count("--finds", flags.crowd.finds, "how many at once");
  count("--latency-ms", flags.crowd.latency_ms, "what MPI takes for each");
  count("--load-rounds", flags.profiles.rounds, "rounds of the steady load");
  count("--rate", flags.profiles.per_second, "questions a second");
  count("--load-seconds", flags.profiles.seconds, "length of each");
  count("--miss-rounds", flags.profiles.miss_rounds, "rounds of one question after another");
  app.add_option("--only", flags.only, "one part alone")
      ->check(CLI::IsMember({"messages", "crowd", "profiles"}));
}

absl::Status Measure(const Flags& flags, Report& report) {
  const auto wanted = [&flags](const char* part) {
    return flags.only.empty() || flags.only == part;
  };
  if (wanted("messages")) {
    if (absl::Status done = MeasureMessages(flags.messages, report); !done.ok()) return done;
  }
  if (flags.only == "messages") return absl::OkStatus();
  auto place = MpiPlace::FromEnvironment();
  if (!place.ok()) return place.status();
  const auto people = place->AddPeople(flags.crowd.finds);
  if (!people.ok()) return people.status();
  if (wanted("crowd")) {
    if (absl::Status done = MeasureCrowd(flags.crowd, *place, *people, report); !done.ok()) {
      return done;
    }
  }
  if (wanted("profiles")) return MeasureProfiles(flags.profiles, *place, *people, report);
  return absl::OkStatus();
}

int Main(int argc, char** argv) noexcept {
  Flags flags;
  return RunBenchmark(
      argc, argv, "What asking the Master Person Index costs",
      [&flags](CLI::App& app) { AddFlags(app, flags); },
      [&flags](Report& report) { return Measure(flags, report); });
}

}  // namespace
}  // namespace va::bench

int main(int argc, char** argv) { return va::bench::Main(argc, argv); }
