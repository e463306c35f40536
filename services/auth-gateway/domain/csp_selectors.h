// The words by which a request names the credential provider behind the broker (ssoe_saml.md 1.2,
// the newer form).
#pragma once

#include "absl/strings/string_view.h"

namespace va::gateway {

inline constexpr absl::string_view kSelectIdme = "https://eauth.va.gov/csp/IDME";
inline constexpr absl::string_view kSelectLogingov = "https://eauth.va.gov/csp/LOGINGOV";
inline constexpr absl::string_view kSelectMhv = "https://eauth.va.gov/csp/IDME_MHV";
inline constexpr absl::string_view kSelectDslogon = "https://eauth.va.gov/csp/IDME_DSL";

}  // namespace va::gateway
