// The program mpi-simulator.
#include <optional>
#include <utility>

#include "tests/simulators/mpi/mpi_simulator.h"
#include "tests/simulators/program.h"

namespace va::simulators {
namespace {

int RunProgram(int argc, char** argv) {
  Program program({.name = "mpi-simulator",
                   .description = "Stand-in for the Master Person Index",
                   .listen = "127.0.0.1:8462",
                   .client_certificates = true});
  std::optional<MpiSimulator> simulator;
  return program.Run(
      argc, argv, [&](std::vector<testing::Persona> personas) -> absl::StatusOr<http::Handler> {
        simulator.emplace(
            MpiDeps{std::move(personas), program.clock(), program.ids(), ReportRefusal});
        return [&simulator](http::Request& request) { return simulator->Handle(request); };
      });
}

}  // namespace
}  // namespace va::simulators

int main(int argc, char** argv) {
  return va::simulators::Guarded(argc, argv, va::simulators::RunProgram);
}
