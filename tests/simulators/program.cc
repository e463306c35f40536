#include "tests/simulators/program.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/worker_pool.h"

namespace va::simulators {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Before any thread starts, so that every thread inherits it and sigwait gets them.
void BlockStopSignals() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

Program::Program(ProgramOptions options)
    : options_(std::move(options)),
      app_(options_.description, options_.name),
      listen_(options_.listen) {
  app_.add_option("--listen", listen_, "address:port");
  app_.add_option("--tls-cert", tls_cert_, "PEM")->required();
  app_.add_option("--tls-key", tls_key_, "PEM")->required();
  if (options_.client_certificates) {
    app_.add_option("--client-ca", client_ca_, "PEM; callers must present a certificate of it")
        ->required();
  }
  app_.add_option("--personas", personas_, "folder of persona files");
}

int Program::Fault(const absl::Status& status) const {
  std::cerr << absl::StrCat(options_.name, ": ", std::string(status.message()), "\n");
  return 1;
}

int Program::Run(
    int argc, char** argv,
    const std::function<absl::StatusOr<http::Handler>(std::vector<testing::Persona>)>& make) {
  CLI11_PARSE(app_, argc, argv);
  BlockStopSignals();
  auto personas = testing::LoadPersonas(personas_);
  if (!personas.ok()) return Fault(personas.status());
  const auto handler = make(*std::move(personas));
  if (!handler.ok()) return Fault(handler.status());
  return Serve(*handler);
}

int Program::RunServer(int argc, char** argv, const MakeServer& make) {
  CLI11_PARSE(app_, argc, argv);
  BlockStopSignals();
  auto personas = testing::LoadPersonas(personas_);
  if (!personas.ok()) return Fault(personas.status());
  const auto server = make(*std::move(personas), listen_, {tls_cert_, tls_key_, client_ca_});
  if (!server.ok()) return Fault(server.status());
  WaitForSignal((*server)->port());
  (*server)->Stop();
  return 0;
}

int Program::Serve(const http::Handler& handler) {
  base::WorkerPool pool(options_.threads, options_.queue);
  http::ServerOptions options;
  options.listen = listen_;
  options.tls = http::TlsServerOptions{tls_cert_, tls_key_, client_ca_};
  auto server = http::Server::Start(options, handler, pool);
  if (!server.ok()) return Fault(server.status());
  WaitForSignal((*server)->port());
  (*server)->Stop(absl::Seconds(2));
  pool.Shutdown();
  return 0;
}

void Program::WaitForSignal(int port) const {
  std::cerr << absl::StrCat(options_.name, ": listening on port ", port, "\n");
  const sigset_t signals = StopSignals();
  int signal = 0;
  sigwait(&signals, &signal);
}

int Guarded(int argc, char** argv, int (*run)(int argc, char** argv)) try {
  return run(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
  return 1;
}

void ReportRefusal(const std::vector<std::string>& problems) {
  std::cerr << absl::StrCat("request refused: ", absl::StrJoin(problems, "; "), "\n");
}

}  // namespace va::simulators
