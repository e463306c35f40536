#include "services/mhv-account/load.h"

#include <utility>

#include "lib/crypto/keys.h"
#include "lib/service/ring_durations.h"
#include "services/mhv-account/adapters/http_account_api.h"

namespace va::mhv {

std::optional<StsKeys> LoadStsKeys(const Config& config, service::FileLoader& files) {
  constexpr absl::string_view kRing = "mhv.sts.signing_ring_file";
  auto ring = files.Take(kRing, crypto::PrivateKeyRing::FromFile(config.sts_signing_ring_file,
                                                                 {crypto::RingPurpose::kSigning}));
  if (!ring) return std::nullopt;
  if (ring->policy().algorithm != crypto::RingAlgorithm::kRs256) {
    files.Report(kRing, "the ring must be for RS256, which the token service asks for");
    return std::nullopt;
  }
  service::CheckRingDurations(
      {std::string(kRing), config.sts_signing_ring_file}, ring->policy(),
      service::ForTokens(kAssertionLife,
                         "an assertion is believed for five minutes, and processes read the ring "
                         "one after the other"),
      files);
  auto key =
      files.Take(kRing, jose::SigningKey::Create(ring->current().key, jose::Algorithm::kRs256));
  if (!key) return std::nullopt;
  return StsKeys{*std::move(key), *std::move(ring)};
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
  auto sts = LoadStsKeys(config, files);
  auto api_key = files.Take("mhv.api_key_file", crypto::ReadSecretLine(config.api_key_file));
  if (!decisions || !sealed_box || !hasher || !sts || !api_key) return std::nullopt;
  if (!files.problems().empty()) return std::nullopt;  // the files of the connection
  return Loaded{*std::move(decisions),
                *std::move(sealed_box),
                *std::move(hasher),
                std::make_unique<base::Reloadable<jose::SigningKey>>(std::move(sts->key)),
                std::make_unique<base::Reloadable<crypto::PrivateKeyRing>>(std::move(sts->ring)),
                identity::Secret::FromWire(*std::move(api_key))};
}

}  // namespace va::mhv
