// Reads what the settings of user-attributes name: the policy, the key rings and the ring that
// signs decisions. Wiring works with these values and reads no file itself.
#pragma once

#include <memory>
#include <optional>

#include "lib/base/reloadable.h"
#include "lib/crypto/private_key_ring.h"
#include "lib/crypto/sealed_box.h"
#include "lib/jose/decision_token.h"
#include "lib/service/file_loader.h"
#include "services/user-attributes/adapters/file_policy_source.h"
#include "services/user-attributes/config.h"

namespace va::attributes {

struct Decisions {
  jose::DecisionSigner signer;      // with the ring's current key
  jose::DecisionVerifier verifier;  // of this service's own tokens, when they come back
  std::unique_ptr<base::Reloadable<crypto::PrivateKeyRing>> ring;
};

struct Loaded {
  std::unique_ptr<FilePolicySource> policy;
  crypto::SealedBox sealed_box;
  crypto::LookupHasher hasher;
  Decisions decisions;
};

std::optional<Decisions> LoadDecisions(const Config& config, service::FileLoader& files);

// Nothing when a file cannot be used; `files` then holds every reason.
std::optional<Loaded> Load(const Config& config, service::FileLoader& files);

}  // namespace va::attributes
