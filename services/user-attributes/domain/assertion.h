// What the rules are given: one verified assertion and the attempt it belongs to. Values are views
// into the message they were unpacked from and live as long as it does; nothing is copied before a
// rule has read it.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/identity/assurance.h"
#include "lib/identity/pii.h"

namespace va::attributes {

// One attribute as asserted, values in document order.
struct Attribute {
  absl::string_view name;
  absl::InlinedVector<absl::string_view, 1> values;
};

// A verified SAML assertion of the SSOe broker.
struct SsoeAssertion {
  absl::string_view authn_context;
  std::vector<Attribute> attributes;
  absl::Time auth_time = absl::InfinitePast();
};

// A verified answer of an OpenID Connect provider (sign_in_service.md 7): the claims of userinfo,
// with members of an object under dotted names (address.street_address).
struct OidcAssertion {
  identity::Csp issuer = identity::Csp::kIdme;   // whose provider answered: kIdme or kLogingov
  identity::Csp service = identity::Csp::kIdme;  // with whom the person signed in
  absl::string_view requested_acr;               // loa1, loa3, ial1, ial2, min ...
  absl::string_view acr;                         // as the provider states it
  std::vector<Attribute> claims;
  absl::Time auth_time = absl::InfinitePast();
};

using Assertion = std::variant<SsoeAssertion, OidcAssertion>;

// What is stored about the credential, read before the rules run and handed in, so that the rules
// stay pure. Empty for a first sign-in.
struct Known {
  // A verification of this credential exists and is verified (sign_in_service.md 8).
  bool previously_verified = false;
  // Uuids of the account that holds the asserted ICN, for an assertion that brings none
  // (ssoe_saml.md 13.2).
  std::optional<identity::CspId> idme_uuid;
  std::optional<identity::CspId> logingov_uuid;
};

// What the gateway planned. Everything here comes from the server-side flow, never from the browser
// (decision R15).
struct Attempt {
  absl::string_view type;         // mhv, idme_verified ...
  absl::string_view application;  // row of the policy
  std::vector<std::string> requested_contexts;
  absl::string_view comparison;  // exact or minimum
  absl::string_view profile;     // empty: the profile of the CSP's row
  // The request parameter of that name, as the plan recorded it. Read by the profiles of before the
  // application table alone (decision R2).
  absl::string_view skip_dupe;
  // Below the highest level that the person has reached is enough (decision R9).
  bool stay_at_level = false;
  Known known;
};

}  // namespace va::attributes
