#include "services/mhv-account/load.h"

#include <utility>

#include "lib/crypto/keys.h"

namespace va::mhv {

std::optional<jose::SigningKey> LoadStsKey(const Config& config, service::FileLoader& files) {
  constexpr absl::string_view kKey = "mhv.sts.private_key_file";
  const auto key = files.Take(kKey, crypto::PrivateKey::FromPemFile(config.sts_private_key_file));
  if (!key) return std::nullopt;
  return files.Take(kKey, jose::SigningKey::Create(*key, jose::Algorithm::kRs256));
}

void CheckHttpTls(const Config& config, service::FileLoader& files) {
  files.CheckTls("mhv.http.tls",
                 {config.http_certificate_file, config.http_private_key_file, config.http_ca_file});
}

std::optional<Loaded> Load(const Config& config, service::FileLoader& files) {
  CheckHttpTls(config, files);
  auto decisions = service::ReadDecisionVerifier(config.decision, jose::kMhvAccountAudience, files);
  auto sealed_box =
      files.Take("keys.sealed_box_file", crypto::SealedBox::FromKeyFile(config.sealed_box_file));
  auto hasher =
      files.Take("keys.lookup_file", crypto::LookupHasher::FromKeyFile(config.lookup_file));
  auto sts_key = LoadStsKey(config, files);
  auto api_key = files.Take("mhv.api_key_file", crypto::ReadSecretLine(config.api_key_file));
  if (!decisions || !sealed_box || !hasher || !sts_key || !api_key) return std::nullopt;
  if (!files.problems().empty()) return std::nullopt;  // the files of the connection
  return Loaded{*std::move(decisions), *std::move(sealed_box), *std::move(hasher),
                std::make_unique<base::Reloadable<jose::SigningKey>>(*std::move(sts_key)),
                identity::Secret::FromWire(*std::move(api_key))};
}

}  // namespace va::mhv
