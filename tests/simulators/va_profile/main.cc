// The program va-profile-simulator.
#include <optional>
#include <utility>

#include "tests/simulators/program.h"
#include "tests/simulators/va_profile/va_profile_simulator.h"

namespace va::simulators {
namespace {

int RunProgram(int argc, char** argv) {
  // Threads enough that slow answers, which hold one each, leave room for others.
  Program program({.name = "va-profile-simulator",
                   .description = "Stand-in for VA Profile",
                   .listen = "127.0.0.1:8464",
                   .threads = 64});
  std::optional<va_profile::VaProfileSimulator> simulator;
  return program.Run(
      argc, argv, [&](std::vector<testing::Persona> personas) -> absl::StatusOr<http::Handler> {
        simulator.emplace(std::move(personas), program.ids(), ReportRefusal);
        return [&simulator](http::Request& request) { return simulator->Handle(request); };
      });
}

}  // namespace
}  // namespace va::simulators

int main(int argc, char** argv) {
  return va::simulators::Guarded(argc, argv, va::simulators::RunProgram);
}
