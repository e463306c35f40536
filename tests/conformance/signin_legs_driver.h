// Rows about the legs of a sign-in before and after the provider: what a start asks for (new), what
// comes next for somebody who has a session (url), and where the browser goes in the end (redirect,
// logout).
#pragma once

#include "absl/status/statusor.h"
#include "tests/conformance/driver.h"

namespace va::conformance {

// A start: `path` names the type, `params` the query, `session` the session of the browser. Type
// slo is the global logout.
absl::StatusOr<Facts> RunNew(const Row& row, const Mode& mode, const Environment& environment);

// `fn` verify_url or mfa_url from `user_authn_context`, `sign_in_service` and `loa3_context`.
absl::StatusOr<Facts> RunUrl(const Row& row, const Mode& mode, const Environment& environment);

// The way back: `relay_state.type`, `tracker`, `auth`, `code`, `request_id`, `base`; or `action`
// saml_logout_callback.
absl::StatusOr<Facts> RunRedirect(const Row& row, const Mode& mode, const Environment& environment);

// The return from the global logout: `path` and `params`.
absl::StatusOr<Facts> RunLogout(const Row& row, const Mode& mode, const Environment& environment);

}  // namespace va::conformance
