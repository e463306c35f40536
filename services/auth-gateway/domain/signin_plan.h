// Turns "sign me in" into a plan: which CSP, which contexts to ask for, and where to return to. The
// request can ask for a type, an application and a place inside it; only policy grants them
// (decisions R2, P14). Pure.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/base/signin_code.h"
#include "lib/base/url.h"
#include "lib/identity/policy.h"
#include "services/auth-gateway/domain/next_context.h"
#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

// What decides the contexts that a type asks for.
enum class Asks {
  kTable,    // the row itself
  kVerify,   // the context of the session: its verify leg
  kMfa,      // the same: its mfa leg
  kInbound,  // parameters of the request: somebody is signed in elsewhere already
};

// One row of the table of sign-in types (ssoe_saml.md 9.1).
struct SignInType {
  absl::string_view name;                        // path segment
  identity::Csp csp;                             // of kTable
  absl::Span<const absl::string_view> contexts;  // of kTable
  absl::string_view comparison;                  // exact or minimum
  absl::string_view relay_type;                  // what the front end is told
  bool verified;                                 // asks for LOA3 at once
  Asks asks = Asks::kTable;
  // Value of the query parameter `op` on the way to the provider, where the request itself travels
  // in a query; empty: none.
  absl::string_view op = "";
};

// nullptr for a type that does not exist.
const SignInType* FindSignInType(absl::string_view name);

// All types, in order.
absl::Span<const SignInType> SignInTypes();

// Whether `operation` is one that a start may name (ssoe_saml.md 1.3).
bool IsOperation(absl::string_view operation);

// A start path of ours, `restart`, for somebody who stays at the level they come back with.
std::string RestartAtLevel(absl::string_view restart);

// The query of a start request, decoded, and how the browser is signed in already.
struct StartRequest {
  std::string type;
  base::FormPairs query;
  std::optional<CurrentContext> session = std::nullopt;
};

// What a caller that reads JSON is told (ssoe_saml.md 6.3). These codes are a number space of their
// own: 103 and 108 here are no sign-in codes.
struct ApiError {
  std::string code;
  std::string title;
  std::string detail;
};

// Where a plan could not be made, and what the person is told.
struct PlanRefusal {
  enum class Kind {
    kNotFound,       // no such sign-in type: 404
    kBadRequest,     // unknown application, target not allowed, parameter wrong or twice: 400
    kNotAuthorized,  // the type needs a session and there is none: 401
    kCspClosed,      // the CSP is not offered now, or not to this application: 403
  };
  Kind kind = Kind::kBadRequest;
  base::Refusal refusal;
  std::optional<ApiError> error = std::nullopt;
};

// The status that goes with a refusal.
int StatusFor(PlanRefusal::Kind kind);

// The plan for a request, or why there is none.
std::variant<SignInPlan, PlanRefusal> PlanSignIn(const identity::Policy& policy,
                                                 const StartRequest& request, absl::Time now);

}  // namespace va::gateway
