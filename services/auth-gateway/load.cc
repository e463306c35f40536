#include "services/auth-gateway/load.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/config/policy_file.h"
#include "lib/http/client.h"
#include "services/auth-gateway/adapters/metadata_files.h"
#include "services/auth-gateway/domain/return_target.h"
#include "services/auth-gateway/idps_file.h"
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

constexpr char kIdpsKey[] = "saml.idps_file";
constexpr char kNextKey[] = "saml.next_certificate_file";
constexpr char kDecryptionKey[] = "saml.decryption_key_files";
constexpr char kFolderKey[] = "saml.metadata_folder";

// What we sign with now, what will follow, and what we open with.
struct OwnKeys {
  crypto::PrivateKey signing_key;
  std::vector<crypto::Certificate> certificates;  // the current one first
  std::vector<crypto::PrivateKey> decryption_keys;
};

std::optional<crypto::Certificate> LoadNext(const Config& config, service::FileLoader& files) {
  auto next = files.Take(kNextKey, crypto::Certificate::FromPemFile(config.next_certificate_file));
  if (next && next->not_after() <= files.now()) {
    files.Report(kNextKey, absl::StrCat(config.next_certificate_file, " has expired"));
    return std::nullopt;
  }
  return next;
}

// Only RSA keys can be encrypted to.
std::vector<crypto::PrivateKey> LoadDecryptionKeys(const Config& config,
                                                   const service::KeyPair& pair,
                                                   service::FileLoader& files) {
  std::vector<crypto::PrivateKey> keys;
  if (config.decryption_key_files.empty()) {
    if (pair.key.type() == crypto::KeyType::kRsa) keys.push_back(pair.key.Share());
    return keys;
  }
  for (const std::string& path : config.decryption_key_files) {
    auto key = files.Take(kDecryptionKey, crypto::PrivateKey::FromPemFile(path));
    if (key && key->type() != crypto::KeyType::kRsa) {
      files.Report(kDecryptionKey, absl::StrCat(path, " is no RSA key"));
    } else if (key) {
      keys.push_back(*std::move(key));
    }
  }
  return keys;
}

bool AnyOpens(const std::vector<crypto::PrivateKey>& keys, const crypto::Certificate& certificate) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const crypto::PrivateKey& key) { return certificate.Matches(key); });
}

std::optional<OwnKeys> LoadOwnKeys(const Config& config, service::FileLoader& files) {
  auto pair = files.ReadKeyPair({"saml.signing_certificate_file", config.signing_certificate_file},
                                {"saml.signing_key_file", config.signing_key_file});
  std::optional<crypto::Certificate> next;
  if (!config.next_certificate_file.empty()) next = LoadNext(config, files);
  if (!pair) return std::nullopt;
  OwnKeys own{pair->key.Share(), {pair->certificate}, LoadDecryptionKeys(config, *pair, files)};
  // Partners encrypt to the certificate they know; what they send must be opened.
  if (pair->key.type() == crypto::KeyType::kRsa && files.problems().empty() &&
      !AnyOpens(own.decryption_keys, pair->certificate)) {
    files.Report(kDecryptionKey, absl::StrCat("must hold the key of saml.signing_key_file, ",
                                              config.signing_key_file));
  }
  if (next && next->der() != pair->certificate.der()) own.certificates.push_back(*next);
  return own;
}

// What a source said last; nobody waits for it here. A copy that cannot be used is none.
void LoadMetadataCopy(const std::string& folder, const IdpRow& row, IdpDirectory& directory,
                      absl::Time now) {
  if (folder.empty()) return;
  auto copy = ReadMetadataCopy(folder, row.name);
  if (!copy.ok()) return;
  static_cast<void>(directory.Accept(row.name, std::move(copy->bytes), copy->written_at, now));
}

// What stands in the file of a row must be believable, like every file a setting names. That it has
// run out, or is not there yet (somebody else puts it there, by a mount or a job), is no mistake of
// the configuration: its provider is switched off, and the others serve.
void LoadMetadataFile(const Config& config, const IdpRow& row, IdpDirectory& directory,
                      service::FileLoader& files) {
  auto read = ReadMetadataFile(row.source->file);
  if (absl::IsNotFound(read.status())) {
    LoadMetadataCopy(config.metadata_folder, row, directory, files.now());
    return;
  }
  auto file = files.Take(kIdpsKey, std::move(read));
  if (!file) return;
  const absl::Status accepted =
      directory.Accept(row.name, std::move(file->bytes), files.now(), files.now());
  if (accepted.ok() || MetadataRejectOf(accepted) == MetadataReject::kExpired) return;
  files.Report(kIdpsKey, absl::StrCat(row.source->file, ": ", base::ReasonOf(accepted), ": ",
                                      accepted.message()));
}

std::optional<IdpDirectory> LoadDirectory(const Config& config, service::FileLoader& files) {
  auto rows = files.Take(kIdpsKey, LoadIdpsFile(config.idps_file));
  if (!rows) return std::nullopt;
  IdpDirectory directory(*std::move(rows));
  for (const IdpRow& row : directory.rows()) {
    if (!row.source) continue;
    if (!row.source->file.empty()) {
      LoadMetadataFile(config, row, directory, files);
      continue;
    }
    files.Take(kIdpsKey, http::CurlClient::Create({.ca_file = row.source->ca_file}));
    if (config.metadata_folder.empty()) {
      files.Report(kFolderKey, absl::StrCat("is needed: ", row.name, " has a metadata url"));
      continue;
    }
    LoadMetadataCopy(config.metadata_folder, row, directory, files.now());
  }
  return directory;
}

SpMetadataSpec SpOf(const Config& config, const OwnKeys& own) {
  SpMetadataSpec sp;
  sp.entity_id = config.sp_entity_id;
  sp.acs_url = config.acs_url.empty() ? absl::StrCat(config.base_url, "/v1/sessions/callback")
                                      : config.acs_url;
  sp.slo_url = absl::StrCat(config.base_url, "/v1/sessions/saml_logout");
  sp.signing_certificates = own.certificates;
  for (const crypto::Certificate& certificate : own.certificates) {
    if (AnyOpens(own.decryption_keys, certificate))
      sp.encryption_certificates.push_back(certificate);
  }
  sp.validity = config.metadata_validity;
  return sp;
}

}  // namespace

std::optional<LoadedSaml> LoadSaml(const Config& config, service::FileLoader& files) {
  auto own = LoadOwnKeys(config, files);
  auto directory = LoadDirectory(config, files);
  if (!own || !directory || !files.problems().empty()) return std::nullopt;
  SpMetadataSpec sp = SpOf(config, *own);
  auto metadata =
      files.Take("saml.sp_entity_id", BuildSpMetadata(sp, own->signing_key, files.now()));
  if (!metadata) return std::nullopt;
  SamlSettings settings{.sp_entity_id = sp.entity_id,
                        .acs_url = sp.acs_url,
                        .slo_url = sp.slo_url,
                        .idps = directory->At(files.now()),
                        .signing_key = std::move(own->signing_key),
                        .signing_certificate = own->certificates.front(),
                        .decryption_keys = std::move(own->decryption_keys),
                        .skew = config.clock_skew,
                        .metadata = *std::move(metadata)};
  return LoadedSaml{std::move(settings), std::move(sp), *std::move(directory)};
}

bool CheckIdps(const identity::Policy& policy, const std::vector<IdpRow>& rows,
               absl::string_view key, service::FileLoader& files) {
  const std::string missing = MissingIdps(policy, rows);
  files.Report(key, missing);
  return missing.empty();
}

std::vector<service::FileSetting> FilesOfIdps(const Config& config) {
  std::vector<service::FileSetting> settings;
  const auto files = FilesNamedIn(config.idps_file);
  settings.reserve(files.size());
  for (const std::string& file : files) settings.push_back({kIdpsKey, file});
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
  if (!CheckIdps(*policy, saml->directory.rows(), kIdpsKey, files)) return std::nullopt;
  return Loaded{*std::move(policy), *std::move(saml), *std::move(sealed_box)};
}

}  // namespace va::gateway
