// How an attempt that did not end in a session is told to the person: our own page with an honest
// status, or the redirect of the compatible rows (decision R19).
#pragma once

#include <string>

#include "lib/http/message.h"
#include "services/auth-gateway/api/http/deps.h"
#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

// 400 for what is malformed, 403 for what is refused, 503 for try later.
int HttpStatusFor(const Outcome& outcome);

// `flow` is null when the attempt is unknown; then the way on is the sign-in page.
http::Response OutcomeResponse(const GatewayDeps& deps, const Outcome& outcome,
                               const FlowRecord* flow, absl::string_view request_id);

// A refusal before any attempt exists.
http::Response RefusalPage(int status, const base::Refusal& refusal, absl::string_view request_id,
                           absl::string_view retry_url);

// <front end>/auth/login/callback with what went wrong, its query in alphabetical order
// (ssoe_saml.md 10.2).
std::string FailureRedirect(const GatewayDeps& deps, const SignInPlan& plan, absl::string_view code,
                            absl::string_view request_id);

}  // namespace va::gateway
