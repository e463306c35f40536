// What the gateway knows of the SAML conversation: its own names and keys, and every identity
// provider as it is known now. One value is one moment: metadata or keys that change make a new one
// (ADR reload-by-snapshot), so a request never sees two.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/crypto/keys.h"

namespace va::gateway {

// How a message travels through the browser (SAML bindings 3.4, 3.5). Responses come by POST only.
enum class SamlBinding { kRedirect, kPost };

struct SamlEndpoint {
  std::string url;
  SamlBinding binding = SamlBinding::kPost;
};

// One identity provider.
struct SamlIdp {
  std::string name;  // row of the policy
  std::string entity_id;
  SamlEndpoint sso;
  std::optional<SamlEndpoint> slo;      // nothing: it takes no part in single logout
  std::string slo_response_url;         // where answers to its LogoutRequests go; empty: slo->url
  std::vector<crypto::PublicKey> keys;  // every key that may sign; empty only when switched off
  // Why nobody can sign in through it now (UPPER_SNAKE); empty while it works.
  std::string switched_off;

  bool IsOpen() const { return switched_off.empty() && !keys.empty(); }
};

struct SamlSettings {
  std::string sp_entity_id;
  std::string acs_url;
  std::string slo_url;  // where logout messages reach us, both bindings
  std::vector<SamlIdp> idps;
  crypto::PrivateKey signing_key;
  crypto::Certificate signing_certificate;
  // What assertions may be encrypted to: the current key, and during a roll-over the others.
  std::vector<crypto::PrivateKey> decryption_keys;
  absl::Duration skew = absl::Seconds(60);
  std::string metadata;  // ours, built once

  // nullptr when there is none.
  const SamlIdp* FindByName(absl::string_view name) const {
    for (const SamlIdp& idp : idps) {
      if (idp.name == name) return &idp;
    }
    return nullptr;
  }
  const SamlIdp* FindByEntityId(absl::string_view entity_id) const {
    for (const SamlIdp& idp : idps) {
      if (idp.entity_id == entity_id) return &idp;
    }
    return nullptr;
  }
};

}  // namespace va::gateway
