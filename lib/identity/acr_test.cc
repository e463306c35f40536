#include "lib/identity/acr.h"

#include <catch2/catch.hpp>
#include <vector>

#include "lib/identity/authn_context.h"

namespace va::identity {
namespace {

std::string Show(std::optional<AssuranceLevel> level) {
  return level ? std::to_string(level->ial) + "/" + std::to_string(level->aal) : "none";
}

TEST_CASE("LevelOfAcr: R18 one table for every word that asks for assurance", "[identity][R18]") {
  struct Row {
    const char* acr;
    const char* level;
  };
  const auto row = GENERATE(values<Row>({
      {"min", "1/1"},
      {"loa1", "1/1"},
      {"ial1", "1/1"},
      // LOA3 says nothing about factors (ssoe_saml.md 25.18).
      {"loa3", "2/1"},
      {"ial2", "2/1"},
      {"http://idmanagement.gov/ns/assurance/ial/1", "1/1"},
      {"http://idmanagement.gov/ns/assurance/ial/2", "2/1"},
      {"http://idmanagement.gov/ns/assurance/aal/2", "1/2"},
      {"http://idmanagement.gov/ns/assurance/ial/2/aal/2", "2/2"},
      {"http://idmanagement.gov/ns/assurance/loa/1/vets", "1/1"},
      {"http://idmanagement.gov/ns/assurance/loa/3", "2/1"},
      {"http://idmanagement.gov/ns/assurance/loa/3/vets", "2/1"},
      {"multifactor", "1/2"},
      {"myhealthevet_loa3", "2/1"},
      {"dslogon_multifactor", "1/2"},
      {"urn:acr.va.gov:verified-facial-match-required", "2/2"},
      {"", "none"},
      {"LOA3", "none"},
      {"loa2", "none"},
      {"http://idmanagement.gov/ns/assurance/ial/2 ", "none"},
  }));
  CAPTURE(row.acr);
  CHECK(Show(LevelOfAcr(row.acr)) == row.level);
}

TEST_CASE("AcrOfLevel: R18 every level has a value, and the value says that level",
          "[identity][R18]") {
  for (const int ial : {1, 2}) {
    for (const int aal : {1, 2}) {
      const AssuranceLevel level{ial, aal};
      CHECK(LevelOfAcr(AcrOfLevel(level)) == level);
    }
  }
}

TEST_CASE("Satisfies: R18 neither number makes up for the other", "[identity][R18]") {
  CHECK(Satisfies({2, 2}, {1, 1}));
  CHECK(Satisfies({2, 1}, {2, 1}));
  CHECK_FALSE(Satisfies({2, 1}, {1, 2}));
  CHECK_FALSE(Satisfies({1, 2}, {2, 1}));
}

TEST_CASE("LevelOfAcrs: R18 several values ask for the most of each", "[identity][R18]") {
  CHECK(LevelOfAcrs({}) == AssuranceLevel{1, 1});
  CHECK(LevelOfAcrs(std::vector<std::string>{std::string(kIal2), std::string(kAal2),
                                             "https://eauth.va.gov/csp/LOGINGOV"}) ==
        AssuranceLevel{2, 2});
}

TEST_CASE("LevelOfAcr: every level context has the ial its LOA stands for", "[identity][R18]") {
  for (const absl::string_view context : {kLoa1Vets, kLoa3Vets, kLoa3, kIdmeIal2, kIal1, kIal2}) {
    CAPTURE(context);
    const auto meaning = FindAuthnContext(context);
    REQUIRE(meaning.has_value());
    REQUIRE(LevelOfAcr(context).has_value());
    CHECK((*meaning->nominal_loa == 3) == (LevelOfAcr(context)->ial == 2));
  }
}

}  // namespace
}  // namespace va::identity
