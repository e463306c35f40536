// bench: what the rules cost: deciding in one thread, over gRPC, and linking accounts
// needs: stack
//
// Everything is measured with the largest sample sets of the vectors.
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lib/base/clock.h"
#include "lib/config/policy_file.h"
#include "lib/crypto/hash.h"
#include "lib/rpc/channel.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/derive.h"
#include "tests/bench/account_linking.h"
#include "tests/bench/benchmark.h"
#include "tests/bench/rule_samples.h"
#include "tests/bench/steady_goal.h"

// Allocations of this thread: the goal counts them.
namespace {
thread_local std::size_t allocations = 0;
}  // namespace

// Not inlined: what the compiler sees of both ends would look like a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace va::bench {
namespace {

constexpr double kRulesUs = 30;
constexpr double kAllocations = 40;
constexpr double kDeriveP99Ms = 1;
constexpr double kAdmitP99Ms = 2;
constexpr int kDerivesPerSecond = 2000;
constexpr int kAdmitsPerSecond = 1000;
constexpr int kTimes = 2000;  // calls in a round of one thread
constexpr int kPersons = 200;

const base::Clock& Clock() {
  static const base::SystemClock clock;
  return clock;
}

struct Flags {
  int rounds = 11;
  int load_rounds = 3;
  bool only_linking = false;
  LinkingRounds linking;
  std::string vectors = "tests/conformance/vectors/ssoe_saml.json";
  std::string policy = "deploy/policy/policy.yaml";
};

std::string Env(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// ---- One thread ---------------------------------------------------------------------------------

// The largest sample that the rules admit at LOA3.
absl::StatusOr<RuleSample> LargestAdmitted(const std::vector<RuleSample>& samples,
                                           const identity::Policy& policy, absl::Time now) {
  attributes::Attempt attempt;
  attempt.type = "idme";
  attempt.application = policy.default_application;
  attempt.stay_at_level = true;
  for (const RuleSample& sample : samples) {
    const auto decision =
        attributes::Admit(sample.View(now), attempt, sample.MatchingAnswer(), policy, now);
    if (decision.verdict == attributes::Verdict::kAdmit && decision.assurance.loa_current == 3) {
      return sample;
    }
  }
  return absl::NotFoundError("no sample of the vectors ends in an admission at LOA3");
}

absl::Status MeasureRules(const Flags& flags, const RuleSample& sample,
                          const identity::Policy& policy, absl::Time now, Report& report) {
  attributes::Attempt attempt;
  attempt.type = "idme";
  attempt.application = policy.default_application;
  attempt.stay_at_level = true;
  const attributes::SsoeAssertion assertion = sample.View(now);
  const attributes::MpiAnswer answer = sample.MatchingAnswer();
  const auto decide = [&] {
    const attributes::Derivation derived = attributes::Derive(assertion, attempt, policy);
    const attributes::Decision decision =
        attributes::Admit(assertion, attempt, answer, policy, now);
    return derived.question.has_value() && decision.verdict == attributes::Verdict::kAdmit;
  };
  const std::string bytes(9 * 1024, 'x');
  const auto measured = RunRounds(
      {{"rules", [&] { return CpuOfOne(kTimes, decide); }},
       {"sha256",
        [&] { return CpuOfOne(kTimes, [&] { return !crypto::Sha256(bytes).empty(); }); }}},
      flags.rounds);
  if (!measured.ok()) return measured.status();
  const std::size_t before = allocations;
  if (!decide()) return absl::InternalError("the sample is not admitted");
  const std::size_t counted = allocations - before;
  report.Cost(*measured, "rules", absl::StrCat("Derive and Admit, ", sample.name));
  report.Cost(*measured, "sha256", "the machine: SHA-256 of 9 KB");
  report.AtMost("derive_and_admit_us", absl::ToDoubleMicroseconds(measured->MedianOf("rules")),
                kRulesUs);
  report.AtMost("derive_and_admit_allocations", static_cast<double>(counted), kAllocations);
  return absl::OkStatus();
}

// ---- Over gRPC ----------------------------------------------------------------------------------

absl::Status MeasureService(const Flags& flags, const RuleSample& sample,
                            const std::string& version, Report& report) {
  rpc::TlsOptions tls;
  tls.ca_file = Env("VA_CA");
  // The gateway's own certificate: it is the gateway that asks.
  tls.certificate_file = absl::StrCat(Env("VA_DEV_DIR"), "/pki/auth-gateway.crt");
  tls.private_key_file = absl::StrCat(Env("VA_DEV_DIR"), "/pki/auth-gateway.key");
  const auto channel =
      rpc::Connect(Env("VA_USER_ATTRIBUTES_GRPC"), tls, "user-attributes.va.internal");
  if (!channel.ok()) return channel.status();
  std::vector<attributes::v1::DeriveRequest> derives;
  std::vector<attributes::v1::AdmitRequest> admits;
  for (int n = 0; n < kPersons; ++n) {
    const RuleSample person = sample.ForPerson(n);
    derives.push_back(person.ToDerive(version));
    admits.push_back(person.ToAdmit(version, absl::StrFormat("bench-%08d", n)));
  }
  const auto derive = [&](int i) {
    return rpc::Call<attributes::v1::DeriveResponse>(*channel,
                                                     "va.attributes.v1.AttributesService/Derive",
                                                     derives[static_cast<size_t>(i % kPersons)],
                                                     {.deadline = Clock().Now() + absl::Seconds(5)})
        .status();
  };
  const auto admit = [&](int i) -> absl::Status {
    const auto answer = rpc::Call<attributes::v1::AdmitResponse>(
        *channel, "va.attributes.v1.AttributesService/Admit",
        admits[static_cast<size_t>(i % kPersons)], {.deadline = Clock().Now() + absl::Seconds(5)});
    if (!answer.ok()) return answer.status();
    return answer->verdict() == attributes::v1::VERDICT_ADMIT
               ? absl::OkStatus()
               : absl::InternalError(absl::StrCat("refused: ", answer->code(), " ", answer->tag()));
  };
  for (int n = 0; n < kPersons; ++n) {
    if (absl::Status linked = admit(n); !linked.ok()) return linked;
  }
  const SteadyLoad derive_load{kDerivesPerSecond, absl::Seconds(4), 16};
  const SteadyLoad admit_load{kAdmitsPerSecond, absl::Seconds(4), 16};
  if (absl::Status measured =
          MeasureSteadily({"derive", "Derive at 2,000 a second", kDeriveP99Ms, derive_load},
                          flags.load_rounds, *channel, derive, report);
      !measured.ok()) {
    return measured;
  }
  return MeasureSteadily(
      {"admit", "Admit of linked people at 1,000 a second", kAdmitP99Ms, admit_load},
      flags.load_rounds, *channel, admit, report);
}

absl::Status MeasureDurably(const LinkingRounds& how, Report& report) {
  ::setenv("VA_TEST_PG_DURABLE", "1", /*overwrite=*/1);
  return MeasureLinking(how, report);
}

absl::Status Measure(const Flags& flags, Report& report) {
  const absl::Time now = Clock().Now();
  const auto samples = LoadRuleSamples(flags.vectors);
  if (!samples.ok()) return samples.status();
  const auto policy = config::LoadPolicyFile(flags.policy);
  if (!policy.ok()) return policy.status();
  const auto sample = LargestAdmitted(*samples, *policy, now);
  if (!sample.ok()) return sample.status();
  if (flags.only_linking) return MeasureDurably(flags.linking, report);
  if (absl::Status done = MeasureRules(flags, *sample, *policy, now, report); !done.ok()) {
    return done;
  }
  if (absl::Status done = MeasureService(flags, *sample, policy->version, report); !done.ok()) {
    return done;
  }
  return MeasureDurably(flags.linking, report);
}

}  // namespace
}  // namespace va::bench

int main(int argc, char** argv) {
  va::bench::Flags flags;
  return va::bench::RunBenchmark(
      argc, argv, "What the rules of user-attributes cost",
      [&flags](CLI::App& app) {
        app.add_option("--rounds", flags.rounds, "rounds of one thread")->capture_default_str();
        app.add_option("--load-rounds", flags.load_rounds, "rounds of each steady load")
            ->capture_default_str();
        app.add_flag("--only-linking", flags.only_linking, "the accounts alone");
        app.add_option("--links", flags.linking.links, "new people in a round of linking")
            ->capture_default_str();
        app.add_option("--rows", flags.linking.rows, "verifications in the full database")
            ->capture_default_str();
      },
      [&flags](va::bench::Report& report) { return va::bench::Measure(flags, report); });
}
