#include "lib/identity/authn_context.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace va::identity {
namespace {

// ssoe_saml.md 1.4, one row per line of the table.
TEST_CASE("FindAuthnContext: names the CSP and the nominal level", "[identity][rule]") {
  struct Row {
    const char* context;
    std::optional<Csp> csp;
    std::optional<int> loa;
    bool multifactor;
  };
  const auto row = GENERATE(values<Row>({
      {"http://idmanagement.gov/ns/assurance/loa/1/vets", Csp::kIdme, 1, false},
      {"http://idmanagement.gov/ns/assurance/loa/1/vets/mfa", Csp::kIdme, 1, true},
      {"http://idmanagement.gov/ns/assurance/loa/3/vets", Csp::kIdme, 3, false},
      {"http://idmanagement.gov/ns/assurance/loa/3", Csp::kIdme, 3, false},
      {"http://idmanagement.gov/ns/assurance/loa/3/2fa", Csp::kIdme, 3, true},
      {"http://idmanagement.gov/ns/assurance/ial/2/aal/2", Csp::kIdme, 3, true},
      {"multifactor", Csp::kIdme, std::nullopt, true},
      {"myhealthevet", Csp::kMhv, std::nullopt, false},
      {"myhealthevet_multifactor", Csp::kMhv, std::nullopt, true},
      {"myhealthevet_loa3", Csp::kMhv, 3, false},
      {"dslogon", Csp::kDslogon, std::nullopt, false},
      {"dslogon_multifactor", Csp::kDslogon, std::nullopt, true},
      {"dslogon_loa3", Csp::kDslogon, 3, false},
      {"http://idmanagement.gov/ns/assurance/ial/1", Csp::kLogingov, 1, false},
      {"http://idmanagement.gov/ns/assurance/ial/2", Csp::kLogingov, 3, false},
      {"http://idmanagement.gov/ns/assurance/ial/2/mfa", Csp::kLogingov, 3, true},
      {"urn:oasis:names:tc:SAML:2.0:ac:classes:Password", std::nullopt, std::nullopt, false},
  }));
  CAPTURE(row.context);
  const std::optional<AuthnContext> found = FindAuthnContext(row.context);
  REQUIRE(found.has_value());
  CHECK(found->csp == row.csp);
  CHECK(found->nominal_loa == row.loa);
  CHECK(found->multifactor == row.multifactor);
}

TEST_CASE("FindAuthnContext: anything else is unknown", "[identity][rule]") {
  const std::string context = GENERATE(as<std::string>(), "", "unknown", "MYHEALTHEVET",
                                       "dslogon/mfa", "http://idmanagement.gov/ns/assurance/loa/2",
                                       "http://idmanagement.gov/ns/assurance/loa/3 ",
                                       "http://idmanagement.gov/ns/assurance/loa/3/mfa/mfa");
  CAPTURE(context);
  CHECK_FALSE(FindAuthnContext(context).has_value());
}

// Decision R14: a silent downgrade is caught, an upgrade under "minimum" is welcome.
TEST_CASE("SatisfiesRequest: the returned context answers the requested one (R14)",
          "[identity][rule]") {
  struct Row {
    const char* rule;
    std::vector<std::string> requested;
    const char* comparison;
    std::string returned;
    bool satisfied;
  };
  const std::string idme = "https://eauth.va.gov/csp?Select=idme3";
  const std::string loa1(kLoa1Vets), loa3(kLoa3), ial1(kIal1), ial2(kIal2), aal2(kAal2);
  const auto row = GENERATE_COPY(values<Row>({
      {"idme: LOA1 for a minimum of LOA1", {loa1, idme}, "minimum", loa1, true},
      {"idme: LOA3 for a minimum of LOA1", {loa1, idme}, "minimum", loa3, true},
      {"idme: LOA3 for exactly LOA1", {loa1, idme}, "exact", loa3, false},
      {"idme_verified: LOA1 is a downgrade", {loa3, idme}, "minimum", loa1, false},
      {"idme_verified: both spellings of LOA3",
       {loa3, idme},
       "exact",
       "http://idmanagement.gov/ns/assurance/loa/3/vets",
       true},
      {"idme: another provider's context", {loa1, idme}, "minimum", ial2, false},
      {"logingov: IAL2 for a minimum of IAL1", {ial1, aal2, idme}, "minimum", ial2, true},
      {"logingov_verified: IAL1 is a downgrade", {ial2, aal2, idme}, "exact", ial1, false},
      {"mhv: any context of that credential",
       {"myhealthevet", idme},
       "exact",
       "myhealthevet_loa3",
       true},
      {"mhv: the context itself", {"myhealthevet", idme}, "exact", "myhealthevet", true},
      {"mhv: not DS Logon's", {"myhealthevet", idme}, "exact", "dslogon", false},
      {"verify: a level is asked, none returned",
       {"myhealthevet_loa3", idme},
       "exact",
       "myhealthevet",
       false},
      {"mfa: a factor is asked, none returned",
       {"dslogon_multifactor", idme},
       "exact",
       "dslogon",
       false},
      {"an unknown context satisfies nothing", {loa1}, "minimum", "unknown", false},
      {"nothing was asked", {}, "", "dslogon", true},
      {"only a selector was asked", {idme}, "exact", "dslogon", true},
  }));
  INFO(row.rule);
  CHECK(SatisfiesRequest(row.returned, row.requested, row.comparison) == row.satisfied);
}

TEST_CASE("SatisfiesRequest: an inbound Password context counts for the provider it names",
          "[identity][rule]") {
  const std::vector<std::string> requested = {"dslogon"};
  CHECK(SatisfiesRequest(kInboundPassword, requested, "exact", Csp::kDslogon));
  CHECK_FALSE(SatisfiesRequest(kInboundPassword, requested, "exact", Csp::kMhv));
  CHECK_FALSE(SatisfiesRequest(kInboundPassword, requested, "exact"));
}

}  // namespace
}  // namespace va::identity
