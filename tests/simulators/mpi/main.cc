// The program mpi-simulator: reads its flags, listens, and serves until it is told to stop.
#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/clock.h"
#include "lib/base/worker_pool.h"
#include "lib/crypto/random.h"
#include "lib/http/server.h"
#include "tests/simulators/mpi/mpi_simulator.h"

namespace va::simulators {
namespace {

struct Flags {
  std::string listen = "127.0.0.1:8462";
  std::string tls_cert;
  std::string tls_key;
  std::string client_ca;
  std::string personas = "tests/personas";
};

int Fault(const absl::Status& status) {
  std::cerr << "mpi-simulator: " << status.message() << "\n";
  return 1;
}

// One write a line: refusals come from several threads.
void ReportRefusal(const std::vector<std::string>& problems) {
  std::cerr << absl::StrCat("request refused: ", absl::StrJoin(problems, "; "), "\n");
}

int Serve(const Flags& flags) {
  static const base::SystemClock clock;
  static crypto::SystemIdGenerator ids;
  auto personas = testing::LoadPersonas(flags.personas);
  if (!personas.ok()) return Fault(personas.status());
  MpiSimulator simulator({*std::move(personas), clock, ids, ReportRefusal});

  base::WorkerPool pool(4, 1024);
  http::ServerOptions options;
  options.listen = flags.listen;
  options.tls = http::TlsServerOptions{flags.tls_cert, flags.tls_key, flags.client_ca};
  auto server = http::Server::Start(
      options, [&](http::Request& request) { return simulator.Handle(request); }, pool);
  if (!server.ok()) return Fault(server.status());
  std::cerr << "mpi-simulator: listening on port " << (*server)->port() << "\n";

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int signal = 0;
  sigwait(&signals, &signal);
  (*server)->Stop(absl::Seconds(2));
  pool.Shutdown();
  return 0;
}

}  // namespace
}  // namespace va::simulators

int main(int argc, char** argv) {
  va::simulators::Flags flags;
  CLI::App app("Stand-in for the Master Person Index");
  app.add_option("--listen", flags.listen, "address:port");
  app.add_option("--tls-cert", flags.tls_cert, "PEM")->required();
  app.add_option("--tls-key", flags.tls_key, "PEM")->required();
  app.add_option("--client-ca", flags.client_ca, "PEM; callers must present a certificate of it")
      ->required();
  app.add_option("--personas", flags.personas, "folder of persona files");
  CLI11_PARSE(app, argc, argv);

  // Blocked before any thread starts, so that every thread inherits it and sigwait gets them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return va::simulators::Serve(flags);
}
