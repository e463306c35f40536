// The frame of a simulator's program: the flags all of them have, the people, TLS, serving, and an
// end by signal. What a simulator is stays with itself; this knows only its handler.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/crypto/random.h"
#include "lib/http/router.h"
#include "lib/http/server.h"
#include "lib/testing/persona.h"

namespace va::simulators {

struct ProgramOptions {
  std::string name;
  std::string description;
  std::string listen;  // default of --listen
  bool client_certificates = false;
  std::size_t threads = 4;
  std::size_t queue = 1024;
};

// A simulator's own server, for what that of lib/http will not do.
class RunningServer {
 public:
  virtual ~RunningServer() = default;
  virtual int port() const = 0;
  virtual void Stop() = 0;
};
using MakeServer = std::function<absl::StatusOr<std::unique_ptr<RunningServer>>(
    std::vector<testing::Persona> personas, const std::string& listen,
    const http::TlsServerOptions& tls)>;

class Program {
 public:
  explicit Program(ProgramOptions options);

  // For flags of its own.
  CLI::App& app() { return app_; }
  // What all simulators need; they outlive the handler.
  const base::Clock& clock() const { return clock_; }
  base::IdGenerator& ids() { return ids_; }
  const std::string& listen() const { return listen_; }

  // Reads the flags, lets `make` build the handler from the people, and serves until SIGTERM or
  // SIGINT. The exit code of the program; faults are told on stderr.
  int Run(int argc, char** argv,
          const std::function<absl::StatusOr<http::Handler>(std::vector<testing::Persona>)>& make);

  // The same with a server of the simulator's own.
  int RunServer(int argc, char** argv, const MakeServer& make);

 private:
  int Serve(const http::Handler& handler);
  void WaitForSignal(int port) const;
  int Fault(const absl::Status& status) const;

  ProgramOptions options_;
  CLI::App app_;
  base::SystemClock clock_;
  crypto::SystemIdGenerator ids_;
  std::string listen_;
  std::string tls_cert_;
  std::string tls_key_;
  std::string client_ca_;
  std::string personas_ = "tests/personas";
};

// What a main does: runs it, and tells on stderr what was thrown.
int Guarded(int argc, char** argv, int (*run)(int argc, char** argv));

// Tells a refusal on stderr, one write a line: refusals come from several threads.
void ReportRefusal(const std::vector<std::string>& problems);

}  // namespace va::simulators
