// The way over the terms of use (ssoe_saml.md 10.3): somebody who has to accept them first is sent
// there with the address they were on their way to. Pure.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

// The path of the front end's page, and of ours when no front end is configured.
inline constexpr absl::string_view kTermsRedirectPath = "/terms-of-use";

// <base>/terms-of-use?redirect_url=…, and skip_mhv_account_creation=true for the application mhv
// and for inbound attempts. `front_end` comes without a slash at the end.
std::string TermsRedirect(absl::string_view front_end, const SignInPlan& plan);

// Where a session of this attempt begins.
std::string LandingOf(absl::string_view front_end, const SignInPlan& plan, const Outcome& outcome);

}  // namespace va::gateway
