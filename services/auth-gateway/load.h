// Reads what the gateway's settings name: the policy, the keys of the SAML conversation, the key
// ring and the public certificate. Wiring works with these values and reads no file itself.
#pragma once

#include <optional>

#include "lib/crypto/sealed_box.h"
#include "lib/identity/policy.h"
#include "lib/service/file_loader.h"
#include "services/auth-gateway/api/http/deps.h"
#include "services/auth-gateway/config.h"

namespace va::gateway {

struct Loaded {
  identity::Policy policy;  // rows without a return base land on our front end
  SamlSettings saml;
  crypto::SealedBox sealed_box;
};

// Nothing when a file cannot be used; `files` then holds every reason.
std::optional<Loaded> Load(const Config& config, service::FileLoader& files);

// What is read anew while serving, each part for itself.
std::optional<identity::Policy> LoadPolicy(const Config& config, service::FileLoader& files);
std::optional<SamlSettings> LoadSaml(const Config& config, service::FileLoader& files);
void CheckPublicTls(const Config& config, service::FileLoader& files);

}  // namespace va::gateway
