// Reads what the gateway's settings name: the policy, the keys of the SAML conversation, the key
// ring and the public certificate. Wiring works with these values and reads no file itself.
#pragma once

#include <optional>
#include <vector>

#include "lib/crypto/private_key_ring.h"
#include "lib/crypto/sealed_box.h"
#include "lib/identity/policy.h"
#include "lib/service/file_loader.h"
#include "services/auth-gateway/api/http/deps.h"
#include "services/auth-gateway/config.h"
#include "services/auth-gateway/saml/idp_directory.h"
#include "services/auth-gateway/saml/sp_metadata.h"

namespace va::gateway {

// Our own keys of the SAML conversation.
struct SamlRings {
  crypto::PrivateKeyRing signing;
  std::optional<crypto::PrivateKeyRing> decryption;  // of its own; else the signing ring opens

  // nullptr when nobody can encrypt to us: only RSA keys open (decision P4).
  const crypto::PrivateKeyRing* Opening() const;
};

// The SAML conversation as the files have it: what serves now, and what it is made of anew when
// metadata changes.
struct LoadedSaml {
  SamlSettings settings;   // with the identity providers as they stand now
  SamlRings rings;         // what settings has its keys from
  SpMetadataSpec sp;       // what settings.metadata says
  IdpDirectory directory;  // who they are
};

struct Loaded {
  identity::Policy policy;  // rows without a return base land on our front end
  LoadedSaml saml;
  crypto::SealedBox sealed_box;
};

// Nothing when a file cannot be used; `files` then holds every reason.
std::optional<Loaded> Load(const Config& config, service::FileLoader& files);

// What is read anew while serving, each part for itself.
std::optional<identity::Policy> LoadPolicy(const Config& config, service::FileLoader& files);
std::optional<LoadedSaml> LoadSaml(const Config& config, service::FileLoader& files);

// Whether these rings may take the place of those that serve: a key that has just signed, or that
// partners encrypt to, must still be in them. If not, reported.
bool CheckReplaces(const SamlRings& next, const SamlRings& serving, service::FileLoader& files);

// Whether every csp of the policy leads to a row; if not, reported under `key`.
bool CheckIdps(const identity::Policy& policy, const std::vector<IdpRow>& rows,
               absl::string_view key, service::FileLoader& files);

// The files that the rings and the rows name: read, and watched, together with those.
std::vector<service::FileSetting> FilesNamedBySaml(const Config& config);
void CheckPublicTls(const Config& config, service::FileLoader& files);

}  // namespace va::gateway
