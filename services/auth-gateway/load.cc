#include "services/auth-gateway/load.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/config/policy_file.h"
#include "lib/http/client.h"
#include "lib/service/reload_units.h"
#include "lib/service/ring_durations.h"
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
constexpr char kSigningKey[] = "saml.signing_ring_file";
constexpr char kDecryptionKey[] = "saml.decryption_ring_file";
constexpr char kFolderKey[] = "saml.metadata_folder";

bool IsOfRsa(const crypto::PrivateKeyRing& ring) {
  const auto keys = ring.keys();
  return std::all_of(keys.begin(), keys.end(), [](const crypto::PrivateKeyRing::Key& key) {
    return key.key.type() == crypto::KeyType::kRsa;
  });
}

// A key that is published: partners take its certificate for ours.
bool IsPublished(const crypto::PrivateKeyRing::Key& key) {
  return key.state != crypto::KeyState::kRetired;
}

// The current one first, since some partners read no further.
std::vector<crypto::Certificate> PublishedCertificates(const crypto::PrivateKeyRing& ring) {
  std::vector<crypto::Certificate> certificates;
  for (const auto& key : ring.keys()) {
    if (IsPublished(key)) certificates.push_back(*key.certificate);
  }
  return certificates;
}

// What is published must be good today. Nobody takes a retired certificate for anything new.
void CheckCertificates(const service::FileSetting& setting, const crypto::PrivateKeyRing& ring,
                       service::FileLoader& files) {
  for (const auto& key : ring.keys()) {
    if (!IsPublished(key)) continue;
    files.TakeCertificate(setting.key,
                          absl::StrCat(setting.path, ": the certificate of the ",
                                       ToString(key.state), " key ", key.id),
                          *key.certificate);
  }
}

// Partners may keep what our metadata said for this long: so long they do not know a new key, and
// encrypt to an old one. `signinctl keys` rotates by what the ring says.
void CheckDurations(const service::FileSetting& setting, const crypto::RingPolicy& policy,
                    service::FileLoader& files) {
  service::CheckRingDurations(
      setting, policy, {kSpMetadataCache, kSpMetadataCache, "that long partners keep our metadata"},
      files);
}

std::optional<crypto::PrivateKeyRing> LoadRing(const service::FileSetting& setting,
                                               crypto::RingPurpose purpose,
                                               service::FileLoader& files) {
  auto ring = files.Take(setting.key, crypto::PrivateKeyRing::FromFile(setting.path, {purpose}));
  if (!ring) return std::nullopt;
  CheckDurations(setting, ring->policy(), files);
  CheckCertificates(setting, *ring, files);
  return ring;
}

std::optional<SamlRings> LoadRings(const Config& config, service::FileLoader& files) {
  auto signing =
      LoadRing({kSigningKey, config.signing_ring_file}, crypto::RingPurpose::kSamlSigning, files);
  std::optional<crypto::PrivateKeyRing> decryption;
  if (!config.decryption_ring_file.empty()) {
    decryption = LoadRing({kDecryptionKey, config.decryption_ring_file},
                          crypto::RingPurpose::kSamlDecryption, files);
    if (!decryption) return std::nullopt;
  }
  if (!signing) return std::nullopt;
  return SamlRings{*std::move(signing), std::move(decryption)};
}

// Until a key is out of the ring somebody may encrypt to it, whatever its state: those who took our
// metadata early know the next one, those who took it late an old one.
std::vector<crypto::PrivateKey> DecryptionKeys(const SamlRings& rings) {
  std::vector<crypto::PrivateKey> keys;
  const crypto::PrivateKeyRing* const opening = rings.Opening();
  if (opening == nullptr) return keys;
  for (const auto& key : opening->keys()) keys.push_back(key.key.Share());
  return keys;
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

SpMetadataSpec SpOf(const Config& config, const SamlRings& rings) {
  SpMetadataSpec sp;
  sp.entity_id = config.sp_entity_id;
  sp.acs_url = config.acs_url.empty() ? absl::StrCat(config.base_url, "/v1/sessions/callback")
                                      : config.acs_url;
  sp.slo_url = absl::StrCat(config.base_url, "/v1/sessions/saml_logout");
  sp.signing_certificates = PublishedCertificates(rings.signing);
  if (rings.Opening() != nullptr) {
    sp.encryption_certificates = PublishedCertificates(*rings.Opening());
  }
  sp.validity = config.metadata_validity;
  return sp;
}

}  // namespace

const crypto::PrivateKeyRing* SamlRings::Opening() const {
  if (decryption) return &*decryption;
  return IsOfRsa(signing) ? &signing : nullptr;
}

std::optional<LoadedSaml> LoadSaml(const Config& config, service::FileLoader& files) {
  auto rings = LoadRings(config, files);
  auto directory = LoadDirectory(config, files);
  if (!rings || !directory || !files.problems().empty()) return std::nullopt;
  SpMetadataSpec sp = SpOf(config, *rings);
  const crypto::PrivateKeyRing::Key& current = rings->signing.current();
  auto metadata = files.Take("saml.sp_entity_id", BuildSpMetadata(sp, current.key, files.now()));
  if (!metadata) return std::nullopt;
  SamlSettings settings{.sp_entity_id = sp.entity_id,
                        .acs_url = sp.acs_url,
                        .slo_url = sp.slo_url,
                        .idps = directory->At(files.now()),
                        .signing_key = current.key.Share(),
                        .signing_certificate = *current.certificate,
                        .decryption_keys = DecryptionKeys(*rings),
                        .skew = config.clock_skew,
                        .metadata = *std::move(metadata)};
  return LoadedSaml{std::move(settings), *std::move(rings), std::move(sp), *std::move(directory)};
}

bool CheckReplaces(const SamlRings& next, const SamlRings& serving, service::FileLoader& files) {
  const auto check = [&files](absl::string_view key, const absl::Status& status) {
    if (!status.ok()) files.Report(key, status.message());
    return status.ok();
  };
  bool good = check(kSigningKey, next.signing.Replaces(serving.signing));
  if (next.decryption && serving.decryption) {
    good = check(kDecryptionKey, next.decryption->Replaces(*serving.decryption)) && good;
  }
  return good;
}

bool CheckIdps(const identity::Policy& policy, const std::vector<IdpRow>& rows,
               absl::string_view key, service::FileLoader& files) {
  const std::string missing = MissingIdps(policy, rows);
  files.Report(key, missing);
  return missing.empty();
}

std::vector<service::FileSetting> FilesNamedBySaml(const Config& config) {
  std::vector<service::FileSetting> settings;
  for (std::string& file : FilesNamedIn(config.idps_file)) {
    settings.push_back({kIdpsKey, std::move(file)});
  }
  for (const service::FileSetting& ring :
       {service::FileSetting{kSigningKey, config.signing_ring_file},
        service::FileSetting{kDecryptionKey, config.decryption_ring_file}}) {
    if (ring.path.empty()) continue;
    for (service::FileSetting& file : service::FilesOfRing(ring)()) {
      settings.push_back(std::move(file));
    }
  }
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
