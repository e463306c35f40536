// The running stack that a benchmark measures, found through the environment that ./dev writes:
// addresses, processes, people.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/http/client.h"
#include "lib/testing/persona.h"
#include "tests/bench/process_meter.h"

namespace va::bench {

// Our five services, as their programs are called.
const std::vector<std::string>& ServiceNames();

// "auth_gateway": the name of a service inside the name of a goal.
std::string Underscored(absl::string_view service);

// Of a part of the running stack: "mpi-adapter", "postgres". FAILED_PRECONDITION without a stack.
absl::StatusOr<int> PidOf(const std::string& name);

using ProcessCosts = std::map<std::string, ProcessCost>;

class Stack {
 public:
  // FAILED_PRECONDITION when the environment names no stack. `connections`: kept for reuse.
  static absl::StatusOr<Stack> FromEnvironment(const std::string& persona_folder, int connections);

  const std::string& gateway_url() const { return gateway_url_; }
  const std::string& ops_url() const { return ops_url_; }
  const std::string& mhv_url() const { return mhv_url_; }
  http::Client& client() const { return *client_; }
  // For the operators' port, which speaks plain HTTP.
  http::Client& ops_client() const { return *ops_client_; }

  // Those whose file says so; every one ends in a session of a verified person.
  std::vector<const testing::Persona*> VerifiedPersonas() const;
  // Those among them whose account at My HealtheVet ends up ensured.
  std::vector<const testing::Persona*> PersonasWithMhvAccount() const;

  // What the services and PostgreSQL have cost so far, by name ("postgres").
  absl::StatusOr<ProcessCosts> MeasureProcesses() const;

 private:
  Stack() = default;

  std::string gateway_url_;
  std::string ops_url_;
  std::string mhv_url_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<http::Client> ops_client_;
  std::vector<testing::Persona> personas_;
};

}  // namespace va::bench
