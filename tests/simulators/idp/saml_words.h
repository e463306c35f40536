// The names SAML 2.0 and the broker put on the wire, as this stand-in knows them. Written from the
// standards and the interface document, not taken from the gateway: it must be able to disagree.
#pragma once

#include "absl/strings/string_view.h"

namespace va::simulators {

inline constexpr absl::string_view kSamlp = "urn:oasis:names:tc:SAML:2.0:protocol";
inline constexpr absl::string_view kSaml = "urn:oasis:names:tc:SAML:2.0:assertion";
inline constexpr absl::string_view kMd = "urn:oasis:names:tc:SAML:2.0:metadata";
inline constexpr absl::string_view kDs = "http://www.w3.org/2000/09/xmldsig#";
inline constexpr absl::string_view kXs = "http://www.w3.org/2001/XMLSchema";
inline constexpr absl::string_view kXsi = "http://www.w3.org/2001/XMLSchema-instance";
inline constexpr absl::string_view kPostBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
inline constexpr absl::string_view kBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
inline constexpr absl::string_view kPersistent =
    "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
inline constexpr absl::string_view kTransient =
    "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
inline constexpr absl::string_view kUnspecified =
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
inline constexpr absl::string_view kEmailFormat =
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
inline constexpr absl::string_view kSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success";
inline constexpr absl::string_view kResponder = "urn:oasis:names:tc:SAML:2.0:status:Responder";
inline constexpr absl::string_view kAuthnFailed = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed";

// Where the broker takes the messages of single logout.
inline constexpr absl::string_view kLogoutPath = "/isam/sps/saml20idp/saml20/slo";

// Where the broker takes requests (ssoe_saml.md 8).
inline constexpr absl::string_view kLoginPath = "/isam/sps/saml20idp/saml20/login";

}  // namespace va::simulators
