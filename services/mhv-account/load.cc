#include "services/mhv-account/load.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "lib/crypto/keys.h"

namespace va::mhv {
namespace {

std::optional<jose::DecisionVerifier> LoadDecisions(const Config& config,
                                                    service::FileLoader& files) {
  constexpr absl::string_view kKey = "decision.public_key_files";
  std::vector<crypto::PublicKey> keys;
  for (const std::string& path : config.decision_public_key_files) {
    const auto pem = files.Take(kKey, crypto::ReadPublicFile(path));
    if (!pem) continue;
    if (auto key = files.Take(kKey, crypto::PublicKey::FromPem(*pem))) {
      keys.push_back(*std::move(key));
    }
  }
  auto hasher = files.Take("decision.icn_keys_file",
                           crypto::LookupHasher::FromKeyFile(config.decision_icn_keys_file));
  if (keys.size() != config.decision_public_key_files.size() || !hasher) return std::nullopt;
  return files.Take(kKey, jose::DecisionVerifier::Create(std::move(keys), *std::move(hasher),
                                                         jose::kMhvAccountAudience));
}

std::optional<jose::SigningKey> LoadStsKey(const Config& config, service::FileLoader& files) {
  constexpr absl::string_view kKey = "mhv.sts.private_key_file";
  const auto key = files.Take(kKey, crypto::PrivateKey::FromPemFile(config.sts_private_key_file));
  if (!key) return std::nullopt;
  return files.Take(kKey, jose::SigningKey::Create(*key, jose::Algorithm::kRs256));
}

// It becomes a header as it is: one line of visible characters.
absl::StatusOr<std::string> ReadApiKey(const std::string& path) {
  absl::StatusOr<std::string> text = crypto::ReadSecretFile(path);
  if (!text.ok()) return text;
  absl::StripTrailingAsciiWhitespace(&*text);
  const bool visible = std::all_of(text->begin(), text->end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
  if (text->empty() || !visible) {
    return absl::InvalidArgumentError("must hold one line of visible characters");
  }
  return text;
}

}  // namespace

std::optional<Loaded> Load(const Config& config, service::FileLoader& files) {
  files.CheckTls("mhv.http.tls",
                 {config.http_certificate_file, config.http_private_key_file, config.http_ca_file});
  auto decisions = LoadDecisions(config, files);
  auto sealed_box =
      files.Take("keys.sealed_box_file", crypto::SealedBox::FromKeyFile(config.sealed_box_file));
  auto hasher =
      files.Take("keys.lookup_file", crypto::LookupHasher::FromKeyFile(config.lookup_file));
  auto sts_key = LoadStsKey(config, files);
  auto api_key = files.Take("mhv.api_key_file", ReadApiKey(config.api_key_file));
  if (!decisions || !sealed_box || !hasher || !sts_key || !api_key) return std::nullopt;
  if (!files.problems().empty()) return std::nullopt;  // the files of the connection
  return Loaded{*std::move(decisions), *std::move(sealed_box), *std::move(hasher),
                *std::move(sts_key), identity::Secret::FromWire(*std::move(api_key))};
}

}  // namespace va::mhv
