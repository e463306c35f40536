#include "services/auth-gateway/load.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/config/policy_file.h"
#include "services/auth-gateway/domain/return_target.h"
#include "services/auth-gateway/saml/sp_metadata.h"

namespace va::gateway {

std::optional<identity::Policy> LoadPolicy(const Config& config, service::FileLoader& files) {
  auto policy = files.Take("policy.file", config::LoadPolicyFile(config.policy_file));
  if (!policy) return std::nullopt;
  const bool own_page = config.front_end_url.empty();
  const absl::Status front_end =
      UseFrontEnd(own_page ? config.base_url : config.front_end_url, *policy);
  if (front_end.ok()) return policy;
  files.Report(own_page ? "public.base_url" : "public.front_end_url", front_end.message());
  return std::nullopt;
}

namespace {

// The policy row that the one configured provider stands for.
constexpr char kOnlyIdp[] = "ssoe";

// An identity provider without a key or an unreadable file stops the start: verification is never
// skipped for want of a key (attack S57).
std::optional<std::vector<crypto::PublicKey>> LoadIdpKeys(const Config& config,
                                                          service::FileLoader& files) {
  constexpr absl::string_view kKey = "saml.idp.certificate_files";
  std::vector<crypto::PublicKey> keys;
  for (const std::string& path : config.idp_certificate_files) {
    const auto certificate = files.Take(kKey, crypto::Certificate::FromPemFile(path));
    if (certificate) keys.push_back(certificate->public_key());
  }
  if (!keys.empty() && keys.size() == config.idp_certificate_files.size()) return keys;
  if (config.idp_certificate_files.empty()) files.Report(kKey, "at least one is needed");
  return std::nullopt;
}

}  // namespace

std::optional<SamlSettings> LoadSaml(const Config& config, service::FileLoader& files) {
  auto pair = files.ReadKeyPair({"saml.signing_certificate_file", config.signing_certificate_file},
                                {"saml.signing_key_file", config.signing_key_file});
  auto idp_keys = LoadIdpKeys(config, files);
  if (!pair || !idp_keys) return std::nullopt;

  const std::string acs_url = config.acs_url.empty()
                                  ? absl::StrCat(config.base_url, "/v1/sessions/callback")
                                  : config.acs_url;
  auto metadata = files.Take("saml.sp_entity_id",
                             BuildSpMetadata({config.sp_entity_id, acs_url, {pair->certificate}}));
  if (!metadata) return std::nullopt;
  SamlIdp idp;
  idp.name = kOnlyIdp;
  idp.entity_id = config.idp_entity_id;
  idp.sso.url = config.idp_sso_url;
  idp.keys = *std::move(idp_keys);
  SamlSettings settings{.sp_entity_id = config.sp_entity_id,
                        .acs_url = acs_url,
                        .slo_url = absl::StrCat(config.base_url, "/v1/sessions/saml_logout"),
                        .idps = {},
                        .signing_key = std::move(pair->key),
                        .signing_certificate = std::move(pair->certificate),
                        .decryption_keys = {},
                        .skew = config.clock_skew,
                        .metadata = *std::move(metadata)};
  settings.idps.push_back(std::move(idp));
  return settings;
}

void CheckPublicTls(const Config& config, service::FileLoader& files) {
  files.CheckTls("public.tls",
                 {config.public_certificate_file, config.public_private_key_file, ""});
}

std::optional<Loaded> Load(const Config& config, service::FileLoader& files) {
  CheckPublicTls(config, files);
  auto policy = LoadPolicy(config, files);
  auto saml = LoadSaml(config, files);
  auto sealed_box =
      files.Take("keys.sealed_box_file", crypto::SealedBox::FromKeyFile(config.sealed_box_file));
  if (!policy || !saml || !sealed_box) return std::nullopt;
  return Loaded{*std::move(policy), *std::move(saml), *std::move(sealed_box)};
}

}  // namespace va::gateway
