// Reads what the settings of user-attributes name: the policy, the key rings and the key that signs
// decisions. Wiring works with these values and reads no file itself.
#pragma once

#include <memory>
#include <optional>

#include "lib/crypto/sealed_box.h"
#include "lib/jose/decision_token.h"
#include "lib/service/file_loader.h"
#include "services/user-attributes/adapters/file_policy_source.h"
#include "services/user-attributes/config.h"

namespace va::attributes {

struct Decisions {
  jose::DecisionSigner signer;
  jose::DecisionVerifier verifier;  // of this service's own tokens, when they come back
  crypto::PublicKey key;            // that of the signer
};

struct Loaded {
  std::unique_ptr<FilePolicySource> policy;
  crypto::SealedBox sealed_box;
  crypto::LookupHasher hasher;
  Decisions decisions;
};

// The keys of decision tokens. Tokens signed with `previous`, when there is one, verify as well:
// those in people's hands when the key is exchanged live for some minutes more.
std::optional<Decisions> LoadDecisions(const Config& config,
                                       const std::optional<crypto::PublicKey>& previous,
                                       service::FileLoader& files);

// Nothing when a file cannot be used; `files` then holds every reason.
std::optional<Loaded> Load(const Config& config, service::FileLoader& files);

}  // namespace va::attributes
