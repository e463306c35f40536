// The program bench-signin: signs people in on a running stack and says what one verified sign-in
// costs our services and PostgreSQL, in CPU and memory. One line a goal; exit 1 on a miss.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "lib/http/client.h"
#include "lib/testing/persona.h"
#include "tests/bench/bare_reference.h"
#include "tests/bench/load.h"
#include "tests/bench/process_meter.h"

namespace va::bench {
namespace {

constexpr double kCpuLimitMs = 3;
constexpr double kResidentLimitMib = 64;

const std::vector<std::string>& Services() {
  static const std::vector<std::string> services = {
      "auth-gateway", "user-attributes", "mpi-adapter", "mhv-account", "inherited-proofing"};
  return services;
}

struct Flags {
  int sign_ins = 2000;
  int warm_up = 200;
  int threads = 8;
  std::string personas = "tests/personas";
};

std::string Env(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

std::string Underscored(const std::string& service) {
  return absl::StrReplaceAll(service, {{"-", "_"}});
}

// VA_PID_AUTH_GATEWAY and so on, from .dev/env.
absl::StatusOr<int> PidOf(const std::string& service) {
  const std::string name = absl::StrCat("VA_PID_", absl::AsciiStrToUpper(Underscored(service)));
  int pid = 0;
  if (!absl::SimpleAtoi(Env(name), &pid)) {
    return absl::FailedPreconditionError(absl::StrCat(name, " is not set; is a stack up?"));
  }
  return pid;
}

// One measured thing against its limit; false on a miss.
bool Goal(const std::string& name, double value, double limit) {
  const bool ok = value <= limit;
  absl::PrintF("GOAL %s %.2f %.2f %s\n", name, value, limit, ok ? "ok" : "miss");
  return ok;
}

using Costs = std::map<std::string, ProcessCost>;

absl::StatusOr<Costs> MeasureAll() {
  Costs costs;
  std::vector<std::string> names = Services();
  names.emplace_back("postgres");
  for (const std::string& name : names) {
    const auto pid = PidOf(name);
    if (!pid.ok()) return pid.status();
    auto cost = MeasureProcess(*pid);
    if (!cost.ok()) return absl::NotFoundError(absl::StrCat(name, " does not run"));
    costs[name] = *cost;
  }
  return costs;
}

double Ms(absl::Duration duration) { return absl::ToDoubleMilliseconds(duration); }

void PrintTimes(const LoadResult& load, int threads) {
  absl::PrintF("%d sign-ins, %d at a time, %.0f a second\n", static_cast<int>(load.whole.size()),
               threads, static_cast<double>(load.whole.size()) / absl::ToDoubleSeconds(load.wall));
  absl::PrintF("wall_ms whole sign-in with stand-ins   p50 %.2f p99 %.2f\n",
               Ms(Percentile(load.whole, 0.5)), Ms(Percentile(load.whole, 0.99)));
  absl::PrintF("wall_ms POST of the response           p50 %.2f p99 %.2f\n",
               Ms(Percentile(load.callback, 0.5)), Ms(Percentile(load.callback, 0.99)));
}

int Fault(const absl::Status& status) {
  std::cerr << "bench-signin: " << status.message() << "\n";
  return 1;
}

int Run(const Flags& flags) {
  const auto personas = testing::LoadPersonas(flags.personas);
  if (!personas.ok()) return Fault(personas.status());
  http::TlsClientOptions tls;
  tls.ca_file = Env("VA_CA");
  tls.idle_handles = static_cast<size_t>(flags.threads);
  const auto client = http::CurlClient::Create(tls);
  if (!client.ok()) return Fault(client.status());

  LoadPlan plan;
  plan.gateway_url = Env("VA_URL");
  plan.threads = flags.threads;
  for (const testing::Persona& persona : *personas) {
    // Verified people only: the rules, MPI and the database all take part.
    if (persona.expect.outcome == "session" && persona.expect.loa == 3) {
      plan.personas.push_back(&persona);
    }
  }
  plan.sign_ins = flags.warm_up;
  const auto warm = RunLoad(plan, **client);
  if (!warm.ok()) return Fault(warm.status());

  const auto before = MeasureAll();
  if (!before.ok()) return Fault(before.status());
  plan.sign_ins = flags.sign_ins;
  const auto load = RunLoad(plan, **client);
  if (!load.ok()) return Fault(load.status());
  const auto after = MeasureAll();
  if (!after.ok()) return Fault(after.status());
  const auto bare = MeasureBare(load->a_response, 300);
  if (!bare.ok()) return Fault(bare.status());

  PrintTimes(*load, flags.threads);
  absl::Duration cpu;
  for (const auto& [name, cost] : *after) {
    const absl::Duration one = (cost.cpu - before->at(name).cpu) / flags.sign_ins;
    cpu += one;
    absl::PrintF("cpu_ms %-20s %.3f\n", name, Ms(one));
  }
  const double bare_ms = Ms(bare->sign + bare->validate);
  absl::PrintF(
      "reference: bare RSA-2048 signature %.3f ms, bare validation of one response %.3f ms; "
      "a sign-in costs %.1f times both together\n",
      Ms(bare->sign), Ms(bare->validate), Ms(cpu) / bare_ms);
  bool ok = Goal("signin_cpu_ms", Ms(cpu), kCpuLimitMs);
  for (const std::string& service : Services()) {
    ok = Goal(absl::StrCat("rss_mib_", Underscored(service)), after->at(service).resident_mib,
              kResidentLimitMib) &&
         ok;
  }
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace va::bench

int main(int argc, char** argv) try {
  va::bench::Flags flags;
  CLI::App app("Measures sign-ins on a running stack");
  app.add_option("--sign-ins", flags.sign_ins, "how many are measured")
      ->check(CLI::Range(1, 1000000));
  app.add_option("--warm-up", flags.warm_up, "how many go before")->check(CLI::Range(1, 100000));
  app.add_option("--threads", flags.threads, "how many at a time")->check(CLI::Range(1, 64));
  app.add_option("--personas", flags.personas, "folder of persona files");
  CLI11_PARSE(app, argc, argv);
  return va::bench::Run(flags);
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench-signin: %s\n", error.what());
  return 1;
}
