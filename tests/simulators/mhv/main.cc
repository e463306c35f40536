// The program mhv-simulator.
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/crypto/certificate_issuer.h"
#include "tests/simulators/mhv/mhv_simulator.h"
#include "tests/simulators/program.h"

namespace va::simulators {
namespace {

struct Flags {
  std::string url;
  std::string api_key_file;
  std::string app_token_file;
  std::string sts_public_key;
  std::string sts_client_id;
  std::string sts_service_account_id;
};

void AddFlags(CLI::App& app, Flags* flags) {
  app.add_option("--url", flags->url, "how callers reach us; default https://LISTEN");
  app.add_option("--api-key-file", flags->api_key_file, "x-api-key of the account API")->required();
  app.add_option("--app-token-file", flags->app_token_file, "appToken of the proofing API")
      ->required();
  app.add_option("--sts-public-key", flags->sts_public_key, "PEM; signs assertions")->required();
  app.add_option("--sts-client-id", flags->sts_client_id, "issuer of assertions")->required();
  app.add_option("--sts-service-account-id", flags->sts_service_account_id,
                 "service account of assertions; default: any");
}

absl::StatusOr<std::string> ReadLine(const std::string& path) {
  auto text = crypto::ReadSecretFile(path);
  if (!text.ok()) return text.status();
  return std::string(absl::StripAsciiWhitespace(*text));
}

absl::StatusOr<crypto::PublicKey> ReadPublicKey(const std::string& path) {
  const auto pem = crypto::ReadPublicFile(path);
  if (!pem.ok()) return pem.status();
  return crypto::PublicKey::FromPem(*pem);
}

// Made at every start: nobody else checks what it signs.
absl::StatusOr<crypto::PrivateKey> NewTokenKey() {
  const auto pem = crypto::GenerateKeyPem(crypto::NewKey::kRsa2048);
  if (!pem.ok()) return pem.status();
  return crypto::PrivateKey::FromPem(*pem);
}

int RunProgram(int argc, char** argv) {
  // Threads enough that slow answers, which hold one each, leave room for others.
  Program program({.name = "mhv-simulator",
                   .description = "Stand-in for My HealtheVet",
                   .listen = "127.0.0.1:8463",
                   .threads = 64});
  Flags flags;
  AddFlags(program.app(), &flags);
  std::optional<MhvSimulator> simulator;
  return program.Run(
      argc, argv, [&](std::vector<testing::Persona> personas) -> absl::StatusOr<http::Handler> {
        auto api_key = ReadLine(flags.api_key_file);
        if (!api_key.ok()) return api_key.status();
        auto app_token = ReadLine(flags.app_token_file);
        if (!app_token.ok()) return app_token.status();
        auto client_key = ReadPublicKey(flags.sts_public_key);
        if (!client_key.ok()) return client_key.status();
        auto token_key = NewTokenKey();
        if (!token_key.ok()) return token_key.status();
        simulator.emplace(
            MhvDeps{std::move(personas),
                    flags.url.empty() ? absl::StrCat("https://", program.listen()) : flags.url,
                    *std::move(api_key),
                    *std::move(app_token),
                    {flags.sts_client_id, flags.sts_service_account_id, *std::move(client_key)},
                    *std::move(token_key),
                    program.clock(),
                    program.ids(),
                    ReportRefusal});
        return [&simulator](http::Request& request) { return simulator->Handle(request); };
      });
}

}  // namespace
}  // namespace va::simulators

int main(int argc, char** argv) {
  return va::simulators::Guarded(argc, argv, va::simulators::RunProgram);
}
