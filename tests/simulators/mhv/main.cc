// The program mhv-simulator.
#include <memory>
#include <mutex>
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
  std::string sts_key_set;
  std::string sts_client_id;
  std::string sts_service_account_id;
};

void AddFlags(CLI::App& app, Flags* flags) {
  app.add_option("--url", flags->url, "how callers reach us; default https://LISTEN");
  app.add_option("--api-key-file", flags->api_key_file, "x-api-key of the account API")->required();
  app.add_option("--app-token-file", flags->app_token_file, "appToken of the proofing API")
      ->required();
  app.add_option("--sts-key-set", flags->sts_key_set,
                 "JWK Set of those that sign assertions; read anew for each")
      ->required();
  app.add_option("--sts-client-id", flags->sts_client_id, "issuer of assertions")->required();
  app.add_option("--sts-service-account-id", flags->sts_service_account_id,
                 "service account of assertions; default: any");
}

absl::StatusOr<std::string> ReadLine(const std::string& path) {
  auto text = crypto::ReadSecretFile(path);
  if (!text.ok()) return text.status();
  return std::string(absl::StripAsciiWhitespace(*text));
}

absl::StatusOr<std::vector<ClientKey>> ReadKeySet(const std::string& path) {
  const auto text = crypto::ReadPublicFile(path);
  if (!text.ok()) return text.status();
  return ReadClientKeys(*text);
}

// What the file holds; while it holds nothing that can be used, what it held before. Thread-safe.
class KeySetFile {
 public:
  KeySetFile(std::string path, std::vector<ClientKey> keys)
      : path_(std::move(path)), keys_(std::move(keys)) {}

  std::vector<ClientKey> Read() {
    auto read = ReadKeySet(path_);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (read.ok()) keys_ = *std::move(read);
    return keys_;
  }

 private:
  const std::string path_;
  std::mutex mutex_;
  std::vector<ClientKey> keys_;
};

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
        auto client_keys = ReadKeySet(flags.sts_key_set);
        if (!client_keys.ok()) return client_keys.status();
        const auto key_set =
            std::make_shared<KeySetFile>(flags.sts_key_set, *std::move(client_keys));
        auto token_key = NewTokenKey();
        if (!token_key.ok()) return token_key.status();
        simulator.emplace(
            MhvDeps{std::move(personas),
                    flags.url.empty() ? absl::StrCat("https://", program.listen()) : flags.url,
                    *std::move(api_key),
                    *std::move(app_token),
                    {flags.sts_client_id, flags.sts_service_account_id,
                     [key_set] { return key_set->Read(); }},
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
