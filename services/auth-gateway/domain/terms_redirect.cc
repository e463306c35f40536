#include "services/auth-gateway/domain/terms_redirect.h"

#include "absl/strings/str_cat.h"
#include "lib/base/url.h"

namespace va::gateway {

std::string TermsRedirect(absl::string_view front_end, const SignInPlan& plan) {
  base::FormPairs query = {{"redirect_url", plan.target}};
  // My HealtheVet makes an account itself for whoever comes from there.
  const bool skips = plan.application == "mhv" || plan.application == "custom";
  if (skips || plan.type == "custom") query.emplace_back("skip_mhv_account_creation", "true");
  return absl::StrCat(front_end, kTermsRedirectPath, "?", base::BuildQuery(query));
}

std::string LandingOf(absl::string_view front_end, const SignInPlan& plan, const Outcome& outcome) {
  return outcome.terms_first ? TermsRedirect(front_end, plan) : plan.target;
}

}  // namespace va::gateway
