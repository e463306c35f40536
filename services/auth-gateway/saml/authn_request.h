// The SAML message a sign-in leaves with: an AuthnRequest, signed for the HTTP-POST binding, or
// bare for HTTP-Redirect, where the query is what is signed. What it says is fixed by configuration
// and plan; nothing of it comes from the browser (attack S147).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/crypto/keys.h"

namespace va::gateway {

struct AuthnRequestSpec {
  std::string id;  // NCName, remembered with the flow
  absl::Time issue_instant;
  std::string destination;  // the IdP's single sign-on address
  std::string acs_url;
  std::string issuer;  // our entity id
  bool force_authn = true;
  std::vector<std::string> contexts;   // RequestedAuthnContext, in order; none when empty
  std::string comparison = "exact";    // exact or minimum
  std::optional<std::string> name_id;  // Subject, when a session exists
};

// The signed message as XML; the form field is its base64. `certificate` goes into KeyInfo.
absl::StatusOr<std::string> BuildAuthnRequest(const AuthnRequestSpec& spec,
                                              const crypto::PrivateKey& key,
                                              const crypto::Certificate& certificate);

// The same without a signature: over HTTP-Redirect the message must not carry one (SAML bindings
// 3.4.4.1).
absl::StatusOr<std::string> BuildBareAuthnRequest(const AuthnRequestSpec& spec);

// The value of the form field SAMLRequest.
std::string EncodeFormValue(absl::string_view xml);

}  // namespace va::gateway
