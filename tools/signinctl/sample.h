// A sign-in on file, as the rules take it: what a credential states, and what was planned for the
// attempt. A row of a vector file is one.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/user-attributes/domain/assertion.h"

namespace va::signinctl {

// With keys in order: to find one among the many of a hostile file stays cheap.
using Sorted = nlohmann::json;

// Reasons NOT_JSON and DUPLICATE_KEY: a name that stands twice in one object would leave it to the
// reader which one counts.
absl::StatusOr<Sorted> ParseOnce(const std::string& bytes);

struct Sample {
  using Values = std::vector<std::pair<std::string, std::vector<std::string>>>;

  std::string name;  // of the row, if it has one
  bool oidc = false;
  Values values;  // attributes, or claims with dotted names
  std::string authn_context;
  identity::Csp issuer = identity::Csp::kIdme;  // of OpenID Connect
  identity::Csp service = identity::Csp::kIdme;
  std::string acr;
  std::string requested_acr;
  // The attempt; empty: not said.
  std::string application;
  std::string type;
  std::string comparison;
  std::vector<std::string> requested_contexts;
  std::string skip_dupe;

  // Points into this object. An authentication that the statement does not date is of `now`.
  attributes::Assertion View(absl::Time now) const;
  // Of the same kind: nothing but what the file says about the attempt.
  attributes::Attempt Planned() const;
};

// Whether this object holds a statement at all.
bool HasStatement(const Sorted& row);

// {"saml_attributes":{name:[values]}} or {"oidc_claims":{...},"issuer":"idme"}, with
// authn_context, application, type ... beside it or in "options".
absl::StatusOr<Sample> ReadSample(const Sorted& row);

}  // namespace va::signinctl
