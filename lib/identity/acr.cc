#include "lib/identity/acr.h"

#include <algorithm>

#include "lib/identity/authn_context.h"

namespace va::identity {
namespace {

struct Row {
  absl::string_view acr;
  AssuranceLevel level;
  bool says = false;  // the value by which the level is told to others
};

constexpr AssuranceLevel kLowest{1, 1};

// sign_in_service.md 1 and 6, ssoe_saml.md 1.1.
constexpr Row kTable[] = {
    {kIal1, {1, 1}, true},
    {kAal2, {1, 2}, true},
    {kIal2, {2, 1}, true},
    {kIdmeIal2, {2, 2}, true},
    {"min", {1, 1}},
    {"loa1", {1, 1}},
    {"ial1", {1, 1}},
    {kLoa1Vets, {1, 1}},
    {"loa3", {2, 1}},
    {"ial2", {2, 1}},
    {kLoa3, {2, 1}},
    {kLoa3Vets, {2, 1}},
    // Nominal levels of the broker's own contexts; what is held is read from attributes alone.
    {"multifactor", {1, 2}},
    {"myhealthevet", {1, 1}},
    {"myhealthevet_multifactor", {1, 2}},
    {"myhealthevet_loa3", {2, 1}},
    {"dslogon", {1, 1}},
    {"dslogon_multifactor", {1, 2}},
    {"dslogon_loa3", {2, 1}},
    {"urn:acr.va.gov:verified-facial-match-required", {2, 2}},
    {"urn:acr.va.gov:verified-facial-match-preferred", {2, 2}},
};

}  // namespace

bool Satisfies(AssuranceLevel held, AssuranceLevel asked) {
  return held.ial >= asked.ial && held.aal >= asked.aal;
}

std::optional<AssuranceLevel> LevelOfAcr(absl::string_view acr) {
  for (const Row& row : kTable) {
    if (row.acr == acr) return row.level;
  }
  return std::nullopt;
}

AssuranceLevel LevelOfAcrs(absl::Span<const std::string> acrs) {
  AssuranceLevel level = kLowest;
  for (const std::string& acr : acrs) {
    const AssuranceLevel one = LevelOfAcr(acr).value_or(kLowest);
    level = {std::max(level.ial, one.ial), std::max(level.aal, one.aal)};
  }
  return level;
}

absl::string_view AcrOfLevel(AssuranceLevel level) {
  for (const Row& row : kTable) {
    if (row.says && row.level == level) return row.acr;
  }
  return kIal1;
}

}  // namespace va::identity
