#include "tests/bench/mpi_profiles.h"

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lib/base/clock.h"
#include "tests/bench/process_meter.h"
#include "tests/bench/rounds.h"
#include "tests/bench/stack.h"
#include "tests/bench/steady_goal.h"

namespace va::bench {
namespace {

constexpr double kP99Ms = 2;

using Ask = std::function<absl::Status(const std::string& icn)>;

// What one of several questions took that were asked one after another.
absl::StatusOr<absl::Duration> OneOf(const std::vector<std::string>& icns, int times,
                                     const Ask& ask) {
  const base::Stopwatch watch;
  for (int n = 0; n < times; ++n) {
    if (absl::Status asked = ask(icns[static_cast<size_t>(n) % icns.size()]); !asked.ok()) {
      return asked;
    }
  }
  return watch.Elapsed() / times;
}

absl::Status AskProfile(const rpc::Channel& channel, const std::string& icn,
                        mpi::v1::Freshness freshness) {
  const auto answer = rpc::Call<mpi::v1::GetProfileResponse>(
      channel, kGetProfile, ProfileQuestion(icn, freshness), {.deadline = InSeconds(5)});
  if (!answer.ok()) return answer.status();
  return CheckPerson(*answer, freshness != mpi::v1::FRESHNESS_ASK);
}

absl::Status AskFind(const rpc::Channel& channel, const std::string& icn) {
  const auto answer = rpc::Call<mpi::v1::FindByIdentifierResponse>(
      channel, kFindByIdentifier, FindQuestion(icn), {.deadline = InSeconds(5)});
  if (!answer.ok()) return answer.status();
  return CheckPerson(answer->answer(), /*from_cache=*/false);
}

// CPU that mpi-adapter and PostgreSQL have used so far.
absl::StatusOr<std::pair<absl::Duration, absl::Duration>> CpuSoFar() {
  std::vector<absl::Duration> cpu;
  for (const char* name : {"mpi-adapter", "postgres"}) {
    const auto pid = PidOf(name);
    if (!pid.ok()) return pid.status();
    const auto cost = MeasureProcess(*pid);
    if (!cost.ok()) return cost.status();
    cpu.push_back(cost->cpu);
  }
  return std::pair(cpu[0], cpu[1]);
}

// A miss beside what it consists of, one question after another on connections that are kept.
absl::Status MeasureMiss(const ProfileRounds& how, const rpc::Channel& channel, BareMpi& bare,
                         const std::vector<std::string>& icns, Report& report) {
  const auto profile = [&channel](mpi::v1::Freshness freshness) -> Ask {
    return [&channel, freshness](const std::string& icn) {
      return AskProfile(channel, icn, freshness);
    };
  };
  struct Kind {
    const char* name;
    const char* words;
    Ask ask;
  };
  const std::vector<Kind> kinds = {
      {"bare_find", "a question straight to MPI: network, TLS, the simulator",
       [&](const std::string& icn) { return bare.Find(icn); }},
      {"find", "FindByIdentifier: the same through mpi-adapter",
       [&](const std::string& icn) { return AskFind(channel, icn); }},
      {"miss", "GetProfile when MPI must be asked: the answer is kept as well",
       profile(mpi::v1::FRESHNESS_ASK)},
      {"hit", "GetProfile from the cache", profile(mpi::v1::FRESHNESS_FLAGS)}};
  std::vector<Candidate> candidates;
  for (const Kind& kind : kinds) {
    candidates.push_back({kind.name, [&] { return OneOf(icns, how.misses, kind.ask); }});
  }
  const auto measured = RunRounds(candidates, how.miss_rounds);
  if (!measured.ok()) return measured.status();
  for (const Kind& kind : kinds) report.Cost(*measured, kind.name, kind.words);
  const auto beside = [&](const char* name) {
    return absl::ToDoubleMilliseconds(measured->MedianOf(name) - measured->MedianOf("bare_find"));
  };
  report.Say(absl::StrFormat("mpi-adapter adds %.2f ms to a find and %.2f ms to a miss",
                             beside("find"), beside("miss")));
  return absl::OkStatus();
}

// What one call of a steady load costs the machine, the caller apart.
absl::Status TellCpu(const SteadyLoad& load, const std::function<absl::Status(int)>& call,
                     Report& report) {
  const auto before = CpuSoFar();
  if (!before.ok()) return before.status();
  const auto took = RunSteadily(load, call);
  if (!took.ok()) return took.status();
  const auto after = CpuSoFar();
  if (!after.ok()) return after.status();
  const auto each = [&took](absl::Duration cpu) {
    return absl::ToDoubleMicroseconds(cpu / static_cast<int64_t>(took->size()));
  };
  report.Say(
      absl::StrFormat("CPU of one answer from the cache: %.0f µs in mpi-adapter, %.0f µs in "
                      "PostgreSQL",
                      each(after->first - before->first), each(after->second - before->second)));
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasureProfiles(const ProfileRounds& how, MpiPlace& place,
                             const std::vector<std::string>& icns, Report& report) {
  const auto channel = place.Connect(place.adapter());
  if (!channel.ok()) return channel.status();
  const auto bare = place.Bare(1);
  if (!bare.ok()) return bare.status();
  // Everybody is in the cache, and their flags are fresh.
  const auto filled = OneOf(icns, static_cast<int>(icns.size()), [&](const std::string& icn) {
    return AskProfile(*channel, icn, mpi::v1::FRESHNESS_ASK);
  });
  if (!filled.ok()) return filled.status();
  if (absl::Status done = MeasureMiss(how, *channel, **bare, icns, report); !done.ok()) {
    return done;
  }
  const auto cached = [&](int i) {
    return AskProfile(*channel, icns[static_cast<size_t>(i) % icns.size()],
                      mpi::v1::FRESHNESS_FLAGS);
  };
  const SteadyLoad load{static_cast<double>(how.per_second), absl::Seconds(how.seconds), 16};
  if (absl::Status told = TellCpu(load, cached, report); !told.ok()) return told;
  return MeasureSteadily(
      {"cached_profile", absl::StrCat("GetProfile from the cache at ", how.per_second, " a second"),
       kP99Ms, load},
      how.rounds, *channel, cached, report);
}

}  // namespace va::bench
