// The names SAML 2.0 puts on the wire. Constants only.
#pragma once

#include "absl/strings/string_view.h"

namespace va::gateway::saml {

inline constexpr absl::string_view kProtocol = "urn:oasis:names:tc:SAML:2.0:protocol";
inline constexpr absl::string_view kAssertion = "urn:oasis:names:tc:SAML:2.0:assertion";
inline constexpr absl::string_view kMetadata = "urn:oasis:names:tc:SAML:2.0:metadata";
inline constexpr absl::string_view kHttpPost = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
inline constexpr absl::string_view kHttpRedirect =
    "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
inline constexpr absl::string_view kBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
inline constexpr absl::string_view kEntityFormat =
    "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
inline constexpr absl::string_view kUnspecifiedFormat =
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
inline constexpr absl::string_view kSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success";
inline constexpr absl::string_view kRequester = "urn:oasis:names:tc:SAML:2.0:status:Requester";
inline constexpr absl::string_view kResponder = "urn:oasis:names:tc:SAML:2.0:status:Responder";
inline constexpr absl::string_view kAuthnFailed = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed";
inline constexpr absl::string_view kPartialLogout =
    "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";
inline constexpr absl::string_view kRequestDenied =
    "urn:oasis:names:tc:SAML:2.0:status:RequestDenied";

}  // namespace va::gateway::saml
