#include "tests/bench/stack.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace va::bench {
namespace {

std::string Env(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

}  // namespace

const std::vector<std::string>& ServiceNames() {
  static const auto* const names = new std::vector<std::string>{
      "auth-gateway", "user-attributes", "mpi-adapter", "mhv-account", "inherited-proofing"};
  return *names;
}

std::string Underscored(absl::string_view service) {
  return absl::StrReplaceAll(service, {{"-", "_"}});
}

absl::StatusOr<int> PidOf(const std::string& name) {
  // VA_PID_AUTH_GATEWAY and so on.
  const std::string variable = absl::StrCat("VA_PID_", absl::AsciiStrToUpper(Underscored(name)));
  int pid = 0;
  if (!absl::SimpleAtoi(Env(variable), &pid)) {
    return absl::FailedPreconditionError(absl::StrCat(variable, " is not set"));
  }
  return pid;
}

absl::StatusOr<Stack> Stack::FromEnvironment(const std::string& persona_folder, int connections) {
  Stack stack;
  stack.gateway_url_ = Env("VA_URL");
  stack.ops_url_ = Env("VA_OPS_URL");
  stack.mhv_url_ = Env("VA_MHV_URL");
  if (stack.gateway_url_.empty()) {
    return absl::FailedPreconditionError("VA_URL is not set: no stack to measure");
  }
  http::TlsClientOptions tls;
  tls.ca_file = Env("VA_CA");
  tls.idle_handles = static_cast<size_t>(connections);
  auto client = http::CurlClient::Create(tls);
  if (!client.ok()) return client.status();
  stack.client_ = *std::move(client);
  http::TlsClientOptions plain;
  plain.allow_plain_http = true;
  auto ops_client = http::CurlClient::Create(plain);
  if (!ops_client.ok()) return ops_client.status();
  stack.ops_client_ = *std::move(ops_client);
  auto personas = testing::LoadPersonas(persona_folder);
  if (!personas.ok()) return personas.status();
  stack.personas_ = *std::move(personas);
  return stack;
}

std::vector<const testing::Persona*> Stack::VerifiedPersonas() const {
  std::vector<const testing::Persona*> verified;
  for (const testing::Persona& persona : personas_) {
    if (persona.expect.outcome == "session" && persona.expect.loa == 3) {
      verified.push_back(&persona);
    }
  }
  return verified;
}

std::vector<const testing::Persona*> Stack::PersonasWithMhvAccount() const {
  std::vector<const testing::Persona*> ensured;
  for (const testing::Persona* persona : VerifiedPersonas()) {
    if (persona->expect.mhv_account == "ensured") ensured.push_back(persona);
  }
  return ensured;
}

absl::StatusOr<ProcessCosts> Stack::MeasureProcesses() const {
  ProcessCosts costs;
  std::vector<std::string> names = ServiceNames();
  names.emplace_back("postgres");
  for (const std::string& name : names) {
    const auto pid = PidOf(name);
    if (!pid.ok()) return pid.status();
    const auto cost = MeasureProcess(*pid);
    if (!cost.ok()) return absl::NotFoundError(absl::StrCat(name, " does not run"));
    costs[name] = *cost;
  }
  return costs;
}

}  // namespace va::bench
