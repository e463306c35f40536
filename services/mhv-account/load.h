// Reads what the settings of mhv-account name: the keys of decision tokens, both key rings, the
// signing ring and the API key towards MHV. Wiring works with these values and reads no file
// itself; the files of the TLS connection to MHV are checked here and read by the HTTP client for
// every connection.
#pragma once

#include <memory>
#include <optional>

#include "lib/base/reloadable.h"
#include "lib/crypto/private_key_ring.h"
#include "lib/crypto/sealed_box.h"
#include "lib/identity/pii.h"
#include "lib/jose/decision_token.h"
#include "lib/jose/signature.h"
#include "lib/service/file_loader.h"
#include "services/mhv-account/config.h"

namespace va::mhv {

// How we prove ourselves to the token service.
struct StsKeys {
  jose::SigningKey key;  // the ring's current one, for RS256
  crypto::PrivateKeyRing ring;
};

struct Loaded {
  jose::DecisionVerifier decisions;
  crypto::SealedBox sealed_box;
  crypto::LookupHasher hasher;
  std::unique_ptr<base::Reloadable<jose::SigningKey>> sts_key;
  std::unique_ptr<base::Reloadable<crypto::PrivateKeyRing>> sts_ring;
  identity::Secret api_key;
};

// Nothing when a file cannot be used; `files` then holds every reason.
std::optional<Loaded> Load(const Config& config, service::FileLoader& files);

// What is read anew while serving, each part for itself.
std::optional<StsKeys> LoadStsKeys(const Config& config, service::FileLoader& files);
void CheckHttpTls(const Config& config, service::FileLoader& files);

}  // namespace va::mhv
