// Turns "sign me in" into a plan: which CSP, which contexts to ask for, and where to return to. The
// request can ask for a type, an application and a place inside it; only policy grants them
// (decisions R2, P14). Pure.
#pragma once

#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/base/signin_code.h"
#include "lib/base/url.h"
#include "lib/identity/policy.h"
#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

// One row of the table of sign-in types (ssoe_saml.md 9.1).
struct SignInType {
  absl::string_view name;  // path segment
  identity::Csp csp;
  absl::Span<const absl::string_view> contexts;
  absl::string_view comparison;  // exact or minimum
  absl::string_view relay_type;  // what the front end is told
  bool verified;                 // asks for LOA3 at once
};

// nullptr for a type that does not exist.
const SignInType* FindSignInType(absl::string_view name);

// All types, in order.
absl::Span<const SignInType> SignInTypes();

// The query of a start request, decoded.
struct StartRequest {
  std::string type;
  base::FormPairs query;
};

// Where a plan could not be made, and what the person is told.
struct PlanRefusal {
  enum class Kind {
    kNotFound,    // no such sign-in type: 404
    kBadRequest,  // unknown application, target not allowed, parameter twice: 400
    kCspClosed,   // the CSP is not offered now, or not to this application: 403
  };
  Kind kind = Kind::kBadRequest;
  base::Refusal refusal;
};

// The plan for a request, or why there is none.
std::variant<SignInPlan, PlanRefusal> PlanSignIn(const identity::Policy& policy,
                                                 const StartRequest& request, absl::Time now);

}  // namespace va::gateway
