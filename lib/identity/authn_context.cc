#include "lib/identity/authn_context.h"

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace va::identity {
namespace {

struct Row {
  absl::string_view context;
  AuthnContext meaning;
};

constexpr std::optional<int> kNoLevel = std::nullopt;

// ssoe_saml.md 1.4. The 2fa and mfa forms of the level contexts are handled by stripping them.
const std::array<Row, 12>& Table() {
  static const std::array<Row, 12> table = {{
      {kLoa1Vets, {Csp::kIdme, 1, false, false}},
      {kLoa3Vets, {Csp::kIdme, 3, false, false}},
      {kLoa3, {Csp::kIdme, 3, false, false}},
      {kIdmeIal2, {Csp::kIdme, 3, true, false}},
      {"multifactor", {Csp::kIdme, kNoLevel, true, false}},
      {"myhealthevet", {Csp::kMhv, kNoLevel, false, false}},
      {"myhealthevet_multifactor", {Csp::kMhv, kNoLevel, true, false}},
      {"myhealthevet_loa3", {Csp::kMhv, 3, false, false}},
      {"dslogon", {Csp::kDslogon, kNoLevel, false, false}},
      {"dslogon_multifactor", {Csp::kDslogon, kNoLevel, true, false}},
      {"dslogon_loa3", {Csp::kDslogon, 3, false, false}},
      {kIal1, {Csp::kLogingov, 1, false, false}},
  }};
  return table;
}

std::optional<AuthnContext> FindPlain(absl::string_view context) {
  for (const Row& row : Table()) {
    if (row.context == context) return row.meaning;
  }
  if (context == kIal2) return AuthnContext{Csp::kLogingov, 3, false, false};
  if (context == kInboundPassword) return AuthnContext{std::nullopt, kNoLevel, false, true};
  return std::nullopt;
}

// Names the provider or a factor in a request; the class reference of the answer never repeats it.
bool IsSelector(absl::string_view context) {
  return absl::StartsWith(context, "https://eauth.va.gov/csp") || context == kAal2;
}

bool SatisfiesOne(const AuthnContext& got, std::optional<Csp> got_csp, const AuthnContext& asked,
                  bool minimum) {
  if (asked.csp && asked.csp != got_csp) return false;
  if (asked.multifactor && !got.multifactor) return false;
  if (!asked.nominal_loa) return true;
  if (!got.nominal_loa) return false;
  return minimum ? *got.nominal_loa >= *asked.nominal_loa : *got.nominal_loa == *asked.nominal_loa;
}

}  // namespace

std::optional<AuthnContext> FindAuthnContext(absl::string_view context) {
  const std::optional<AuthnContext> plain = FindPlain(context);
  if (plain) return plain;
  absl::string_view base = context;
  if (!absl::ConsumeSuffix(&base, "/2fa") && !absl::ConsumeSuffix(&base, "/mfa")) {
    return std::nullopt;
  }
  // Only a level context has such forms: "dslogon/mfa" is not a context.
  std::optional<AuthnContext> found = FindPlain(base);
  if (!found || !found->nominal_loa || !absl::StartsWith(base, "http://")) return std::nullopt;
  found->multifactor = true;
  return found;
}

bool SatisfiesRequest(absl::string_view returned, absl::Span<const std::string> requested,
                      absl::string_view comparison, std::optional<Csp> inbound_csp) {
  const std::optional<AuthnContext> got = FindAuthnContext(returned);
  if (!got) return false;
  const std::optional<Csp> got_csp = got->inbound ? inbound_csp : got->csp;
  bool asked_anything = false;
  for (const std::string& context : requested) {
    if (IsSelector(context)) continue;
    asked_anything = true;
    if (context == returned) return true;
    const std::optional<AuthnContext> asked = FindAuthnContext(context);
    if (asked && SatisfiesOne(*got, got_csp, *asked, comparison == "minimum")) return true;
  }
  return !asked_anything;
}

}  // namespace va::identity
