// What a person who already has a session, or has just come back, is asked for next: the contexts
// of the verify and mfa legs by the context they have (ssoe_saml.md 9.2). A context that the table
// does not list has no next one; the reference then asks for nothing at all, and takes any answer
// (25.15). Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/identity/assurance.h"
#include "lib/identity/authn_context.h"

namespace va::gateway {

enum class Leg { kVerify, kMfa };

// How the person stands: the context their sign-in was answered with, and the service of an inbound
// one, whose context says nothing about the provider.
struct CurrentContext {
  std::string authn_context;
  std::string service_name;  // mhv (older: myhealthevet), dslogon, idme, logingov
};

// What to ask for; the comparison is always exact.
struct NextContext {
  identity::Csp csp = identity::Csp::kIdme;
  std::vector<std::string> contexts;
  absl::string_view relay_type;  // verify or mfa, when it is an attempt of its own

  bool operator==(const NextContext&) const = default;
};

// Nothing when there is no such leg from there.
std::optional<NextContext> NextContextOf(Leg leg, const CurrentContext& current,
                                         absl::string_view loa3_context = identity::kLoa3);

// The second lap of an attempt of `type` that came back below what the person can reach (decision
// R9). It goes on under the attempt's own type. Types logingov and mhv name what comes next
// themselves, whatever context was returned.
std::optional<NextContext> SecondLap(absl::string_view type, const CurrentContext& returned);

}  // namespace va::gateway
