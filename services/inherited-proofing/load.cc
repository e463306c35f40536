#include "services/inherited-proofing/load.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "lib/base/status.h"
#include "lib/crypto/keys.h"
#include "lib/crypto/sealed_box.h"

namespace va::proofing {
namespace {

constexpr char kKeysSetting[] = "decision.public_key_files";

std::vector<crypto::PublicKey> ReadKeys(const Config& config, service::FileLoader& files) {
  std::vector<crypto::PublicKey> keys;
  for (const std::string& path : config.decision_key_files) {
    const auto pem = files.Take(kKeysSetting, crypto::ReadPublicFile(path));
    if (!pem) continue;
    auto key = files.Take(kKeysSetting, crypto::PublicKey::FromPem(*pem));
    if (key) keys.push_back(*std::move(key));
  }
  return keys;
}

// One line that can stand in a header.
absl::StatusOr<identity::Secret> ReadToken(const std::string& path) {
  absl::StatusOr<std::string> text = crypto::ReadSecretFile(path);
  if (!text.ok()) return text.status();
  absl::StripTrailingAsciiWhitespace(&*text);
  const bool plain = std::all_of(text->begin(), text->end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
  if (text->empty() || !plain) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "TOKEN_FILE",
                           "must hold one line of printable characters");
  }
  return identity::Secret::FromWire(*std::move(text));
}

absl::StatusOr<std::vector<crypto::Certificate>> ReadRoots(const std::string& path) {
  const absl::StatusOr<std::string> pem = crypto::ReadPublicFile(path);
  if (!pem.ok()) return pem.status();
  return crypto::Certificate::AllFromPem(*pem);
}

// The HTTP client reads these for every connection, so nothing is kept here.
void CheckTls(const Config& config, service::FileLoader& files) {
  files.Take("mhv.http.tls.ca_file", ReadRoots(config.mhv_ca_file));
  if (config.mhv_certificate_file.empty()) return;
  files.ReadKeyPair({"mhv.http.tls.certificate_file", config.mhv_certificate_file},
                    {"mhv.http.tls.private_key_file", config.mhv_private_key_file});
}

std::optional<jose::DecisionVerifier> ReadVerifier(const Config& config,
                                                   service::FileLoader& files) {
  const std::vector<crypto::PublicKey> keys = ReadKeys(config, files);
  auto hasher = files.Take("decision.icn_keys_file",
                           crypto::LookupHasher::FromKeyFile(config.decision_icn_keys_file));
  if (!hasher || keys.size() != config.decision_key_files.size()) return std::nullopt;
  return files.Take(kKeysSetting, jose::DecisionVerifier::Create(keys, *std::move(hasher),
                                                                 jose::kProofingAudience));
}

}  // namespace

std::optional<Loaded> Load(const Config& config, service::FileLoader& files) {
  auto verifier = ReadVerifier(config, files);
  auto token = files.Take("mhv.app_token_file", ReadToken(config.mhv_app_token_file));
  CheckTls(config, files);
  if (!verifier || !token || !files.problems().empty()) return std::nullopt;
  return Loaded{*std::move(verifier), *std::move(token)};
}

}  // namespace va::proofing
