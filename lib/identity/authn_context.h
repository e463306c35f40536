// The table of authentication contexts: what each AuthnContextClassRef says about the CSP, the
// nominal assurance and the factors, and whether a returned context satisfies what was asked for
// (decision R14). LOA itself is read from attributes, never from this table.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/identity/assurance.h"

namespace va::identity {

inline constexpr absl::string_view kLoa1Vets = "http://idmanagement.gov/ns/assurance/loa/1/vets";
inline constexpr absl::string_view kLoa3Vets = "http://idmanagement.gov/ns/assurance/loa/3/vets";
inline constexpr absl::string_view kLoa3 = "http://idmanagement.gov/ns/assurance/loa/3";
inline constexpr absl::string_view kIdmeIal2 = "http://idmanagement.gov/ns/assurance/ial/2/aal/2";
inline constexpr absl::string_view kIal1 = "http://idmanagement.gov/ns/assurance/ial/1";
inline constexpr absl::string_view kIal2 = "http://idmanagement.gov/ns/assurance/ial/2";
inline constexpr absl::string_view kAal2 = "http://idmanagement.gov/ns/assurance/aal/2";
inline constexpr absl::string_view kInboundPassword =
    "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";

// What one returned context means.
struct AuthnContext {
  // The CSP; nothing for the inbound Password context, where the attribute csid names it.
  std::optional<Csp> csp;
  // Nominal LOA; nothing where the context names a credential and not a level.
  std::optional<int> nominal_loa;
  // The context says that a second factor was used.
  bool multifactor = false;
  // The inbound Password context.
  bool inbound = false;
};

// Looks a context up; nothing for one that is not in the table (that ends in 007).
std::optional<AuthnContext> FindAuthnContext(absl::string_view context);

// Whether `returned` satisfies a request for `requested` under the comparison word ("exact" or
// "minimum"). CSP selectors and the AAL context in the request name a provider or a factor and are
// not answered by the class reference, so they are skipped. A request that names a credential
// without a level is satisfied by any context of that credential. An empty request is satisfied.
// `inbound_csp` is the CSP of an inbound Password context.
bool SatisfiesRequest(absl::string_view returned, absl::Span<const std::string> requested,
                      absl::string_view comparison, std::optional<Csp> inbound_csp = std::nullopt);

}  // namespace va::identity
