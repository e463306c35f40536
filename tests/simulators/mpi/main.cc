// The program mpi-simulator.
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/simulators/mpi/mpi_simulator.h"
#include "tests/simulators/mpi/wire_server.h"
#include "tests/simulators/program.h"

namespace va::simulators {
namespace {

class Served final : public RunningServer {
 public:
  explicit Served(std::unique_ptr<WireServer> server) : server_(std::move(server)) {}
  int port() const override { return server_->port(); }
  void Stop() override { server_->Stop(); }

 private:
  std::unique_ptr<WireServer> server_;
};

int RunProgram(int argc, char** argv) {
  Program program({.name = "mpi-simulator",
                   .description = "Stand-in for the Master Person Index",
                   .listen = "127.0.0.1:8462",
                   .client_certificates = true});
  std::string faults;
  int latency_ms = 0;
  program.app().add_option("--faults", faults,
                           "JSON: what goes wrong from the start, as POST /_sim/faults takes it");
  program.app()
      .add_option("--latency-ms", latency_ms, "every answer comes this much later")
      ->excludes("--faults")
      ->check(CLI::Range(0, 600000));
  program.app().footer(
      "At run time: POST /_sim/faults, POST /_sim/reset, GET /_sim/calls, GET /_sim/state;\n"
      "tests/simulators/mpi/README.md names the faults.");
  std::optional<MpiSimulator> simulator;
  return program.RunServer(
      argc, argv,
      [&](std::vector<testing::Persona> personas, const std::string& listen,
          const http::TlsServerOptions& tls) -> absl::StatusOr<std::unique_ptr<RunningServer>> {
        simulator.emplace(
            MpiDeps{std::move(personas), program.clock(), program.ids(), ReportRefusal});
        if (latency_ms > 0) faults = absl::StrCat(R"({"mode":"slow","ms":)", latency_ms, "}");
        if (!faults.empty()) {
          if (absl::Status set = simulator->SetFaults(faults); !set.ok()) return set;
        }
        WireOptions options;
        options.listen = listen;
        options.tls = tls;
        auto server = WireServer::Start(options, [&simulator](const http::Request& request) {
          return simulator->Answer(request);
        });
        if (!server.ok()) return server.status();
        return std::make_unique<Served>(*std::move(server));
      });
}

}  // namespace
}  // namespace va::simulators

int main(int argc, char** argv) {
  return va::simulators::Guarded(argc, argv, va::simulators::RunProgram);
}
