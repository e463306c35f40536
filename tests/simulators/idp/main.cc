// The program idp-simulator: reads its flags, listens, and serves until it is told to stop.
#include <csignal>
#include <cstdio>
#include <exception>
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
#include "tests/simulators/idp/idp_simulator.h"
#include "tests/simulators/idp/saml_words.h"

namespace va::simulators {
namespace {

struct Flags {
  std::string listen = "127.0.0.1:8461";
  std::string url;  // how browsers reach us
  std::string tls_cert;
  std::string tls_key;
  std::string personas = "tests/personas";
  std::vector<std::string> sp_certs;
  std::string sp_entity_id;
  std::string acs;
  std::string idp_key;
  std::string idp_cert;
  std::string entity_id;
  std::string sign = "assertion";
};

int Fault(const absl::Status& status) {
  std::cerr << "idp-simulator: " << status.message() << "\n";
  return 1;
}

int Serve(const Flags& flags) {
  static const base::SystemClock clock;
  static crypto::SystemIdGenerator ids;
  auto personas = testing::LoadPersonas(flags.personas);
  if (!personas.ok()) return Fault(personas.status());
  auto key = crypto::PrivateKey::FromPemFile(flags.idp_key);
  if (!key.ok()) return Fault(key.status());
  auto certificate = crypto::Certificate::FromPemFile(flags.idp_cert);
  if (!certificate.ok()) return Fault(certificate.status());

  Registration registration;
  registration.sp_entity_id = flags.sp_entity_id;
  registration.acs_url = flags.acs;
  const std::string url = flags.url.empty() ? absl::StrCat("https://", flags.listen) : flags.url;
  registration.sso_url = absl::StrCat(url, kLoginPath);
  for (const std::string& file : flags.sp_certs) {
    auto sp = crypto::Certificate::FromPemFile(file);
    if (!sp.ok()) return Fault(sp.status());
    registration.sp_keys.push_back(sp->public_key());
  }

  IdpSimulator simulator({*std::move(personas), std::move(registration),
                          Issuer{flags.entity_id, *std::move(key), *std::move(certificate)},
                          SignWhatFromString(flags.sign).value_or(SignWhat::kAssertion), clock, ids,
                          [](const std::vector<std::string>& problems) {
                            std::cerr << absl::StrCat(
                                "request refused: ", absl::StrJoin(problems, "; "), "\n");
                          }});

  base::WorkerPool pool(4, 256);
  http::ServerOptions options;
  options.listen = flags.listen;
  options.tls = http::TlsServerOptions{flags.tls_cert, flags.tls_key, ""};
  auto server = http::Server::Start(
      options, [&](http::Request& request) { return simulator.Handle(request); }, pool);
  if (!server.ok()) return Fault(server.status());
  std::cerr << "idp-simulator: listening on port " << (*server)->port() << "\n";

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

int main(int argc, char** argv) try {
  va::simulators::Flags flags;
  CLI::App app("Stand-in for the SSOe identity provider");
  app.add_option("--listen", flags.listen, "address:port");
  app.add_option("--url", flags.url, "how browsers reach us; default https://LISTEN");
  app.add_option("--tls-cert", flags.tls_cert, "PEM")->required();
  app.add_option("--tls-key", flags.tls_key, "PEM")->required();
  app.add_option("--personas", flags.personas, "folder of persona files");
  app.add_option("--sp-cert", flags.sp_certs, "certificate that signs requests; repeatable")
      ->required();
  app.add_option("--sp-entity-id", flags.sp_entity_id, "who may ask")->required();
  app.add_option("--acs", flags.acs, "where answers go")->required();
  app.add_option("--idp-key", flags.idp_key, "PEM, signs answers")->required();
  app.add_option("--idp-cert", flags.idp_cert, "PEM of its certificate")->required();
  app.add_option("--entity-id", flags.entity_id, "our name")->required();
  app.add_option("--sign", flags.sign, "what is signed unless a script says otherwise")
      ->check(CLI::IsMember({"assertion", "response", "both", "nothing"}));
  CLI11_PARSE(app, argc, argv);

  // Blocked before any thread starts, so that every thread inherits it and sigwait gets them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return va::simulators::Serve(flags);
} catch (const std::exception& error) {
  std::fprintf(stderr, "idp-simulator: %s\n", error.what());
  return 1;
}
