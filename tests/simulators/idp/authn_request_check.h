// Reads an AuthnRequest as strictly as the broker does and lists everything that is wrong with it,
// so that a mistake of the gateway shows at its first request and not at a partner's.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/crypto/keys.h"
#include "lib/testing/persona.h"

namespace va::simulators {

// What was agreed with the service provider when it registered.
struct Registration {
  std::string sp_entity_id;
  std::string acs_url;
  std::string sso_url;     // our own address, which Destination must name
  std::string slo_url;     // the same for single logout
  std::string sp_slo_url;  // where messages of single logout go
  std::vector<crypto::PublicKey> sp_keys;
  absl::Duration skew = absl::Minutes(1);
};

// A request that passed.
struct AuthnRequest {
  std::string id;
  std::string acs_url;
  std::string issuer;
  std::string name_id_format;  // empty: any
  bool force_authn = false;
  std::vector<std::string> contexts;
  std::string comparison;
};

struct CheckedRequest {
  AuthnRequest request;
  std::vector<std::string> problems;  // empty: answer it
};

// `form_value` is the SAMLRequest field as posted.
CheckedRequest CheckAuthnRequest(absl::string_view form_value, const Registration& registration,
                                 absl::Time now);

// Why a RelayState could not be carried (saml-bindings 3.5.3: at most 80 bytes); empty: fine.
std::string RelayStateProblem(absl::string_view relay_state);

// Whether the persona's credential can answer the request: same provider, level high enough.
bool IsSuitable(const testing::Persona& persona, const AuthnRequest& request);

}  // namespace va::simulators
