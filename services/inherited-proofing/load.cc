#include "services/inherited-proofing/load.h"

#include <utility>

#include "lib/crypto/keys.h"

namespace va::proofing {

std::optional<Loaded> Load(const Config& config, service::FileLoader& files) {
  auto verifier = service::ReadDecisionVerifier(config.decision, jose::kProofingAudience, files);
  auto token = files.Take("mhv.app_token_file", crypto::ReadSecretLine(config.mhv_app_token_file));
  // The HTTP client reads these for every connection, so nothing is kept here.
  files.CheckTls("mhv.http.tls",
                 {config.mhv_certificate_file, config.mhv_private_key_file, config.mhv_ca_file});
  if (!verifier || !token || !files.problems().empty()) return std::nullopt;
  return Loaded{*std::move(verifier), identity::Secret::FromWire(*std::move(token))};
}

}  // namespace va::proofing
