// What the rules are given: one verified assertion and the attempt it belongs to. Values are views
// into the message they were unpacked from and live as long as it does; nothing is copied before a
// rule has read it.
#pragma once

#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

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
};

}  // namespace va::attributes
