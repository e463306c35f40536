#include "services/user-attributes/domain/sis_credential_level.h"

#include <catch2/catch.hpp>
#include <string>

namespace va::attributes {
namespace {

using identity::Csp;

constexpr char kRequired[] = "urn:acr.va.gov:verified-facial-match-required";
constexpr char kPreferred[] = "urn:acr.va.gov:verified-facial-match-preferred";
constexpr char kLogingovIal2[] = "http://idmanagement.gov/ns/assurance/ial/2";
constexpr char kLogingovFacial[] = "urn:acr.login.gov:verified-facial-match-required";

// "1/2 uplevel", or the code and tag of the refusal.
std::string Show(const CredentialLevel& level) {
  if (level.refusal) {
    return std::string(base::Describe(level.refusal->code).code) + " " +
           std::string(level.refusal->tag);
  }
  return std::to_string(level.current_ial) + "/" + std::to_string(level.max_ial) +
         (level.can_uplevel ? " uplevel" : "");
}

CredentialFacts Idme(absl::string_view requested, absl::string_view loa, absl::string_view ial) {
  CredentialFacts facts;
  facts.type = Csp::kIdme;
  facts.requested_acr = requested;
  facts.level_of_assurance = loa;
  facts.credential_ial = ial;
  facts.multifactor = true;
  return facts;
}

CredentialFacts Logingov(absl::string_view requested, absl::string_view acr, bool verified_at) {
  CredentialFacts facts;
  facts.type = Csp::kLogingov;
  facts.requested_acr = requested;
  facts.acr = acr;
  facts.verified_at = verified_at;
  return facts;
}

CredentialFacts Mhv(absl::string_view requested, absl::string_view assurance) {
  CredentialFacts facts;
  facts.type = Csp::kMhv;
  facts.requested_acr = requested;
  facts.mhv_assurance = assurance;
  return facts;
}

CredentialFacts Dslogon(absl::string_view requested, absl::string_view assurance,
                        absl::string_view ial = "") {
  CredentialFacts facts;
  facts.type = Csp::kDslogon;
  facts.requested_acr = requested;
  facts.dslogon_assurance = assurance;
  facts.credential_ial = ial;
  return facts;
}

struct Row {
  const char* rule;
  CredentialFacts facts;
  const char* level;
};

TEST_CASE("LevelOf: each line of the table of credential levels", "[attributes][sis][rule]") {
  const auto row = GENERATE(values<Row>({
      {"ID.me is at IAL2 by credential_ial 2", Idme("loa1", "3", "2"), "2/2"},
      {"ID.me is at IAL2 by classic_loa3", Idme("loa3", "3", "classic_loa3"), "2/2"},
      {"ID.me could be at IAL2 by level_of_assurance 3", Idme("loa1", "3", "1"), "1/2"},
      {"ID.me is at IAL1 otherwise", Idme("loa1", "1", "1"), "1/1"},
      {"a number that only begins like one is another", Idme("loa1", "30", "20"), "1/1"},
      {"Login.gov is at IAL2 by its acr", Logingov("ial2", kLogingovIal2, true), "2/2"},
      {"Login.gov says verified in its newer words, too",
       Logingov("ial2", "urn:acr.login.gov:verified", true), "2/2"},
      {"Login.gov could be at IAL2 when it verified the person", Logingov("ial1", "", true), "1/2"},
      {"Login.gov is at IAL1 otherwise", Logingov("ial1", "", false), "1/1"},
      {"MHV is at IAL2 when Premium was asked for at a level", Mhv("loa3", "Premium"), "2/2"},
      {"MHV Premium at loa1 stays below what it could be", Mhv("loa1", "Premium"), "1/2"},
      {"MHV Advanced is at IAL1", Mhv("min", "Advanced"), "1/1"},
      {"MHV Premium is spelled so", Mhv("min", "premium"), "1/1"},
      {"DS Logon is at IAL2 by assurance 2", Dslogon("loa3", "2"), "2/2"},
      {"DS Logon is at IAL2 by assurance 3", Dslogon("min", "3"), "2/2"},
      {"DS Logon 1 is at IAL1, whatever ID.me says", Dslogon("min", "1", "classic_loa3"), "1/1"},
      {"DS Logon without a word of its own stands as ID.me says", Dslogon("min", "", "2"), "2/2"},
  }));
  CAPTURE(row.rule);
  CHECK(Show(LevelOf(row.facts)) == row.level);
}

TEST_CASE("LevelOf: who was verified before could be verified again", "[attributes][sis][rule]") {
  CredentialFacts facts = Idme("loa1", "1", "1");
  facts.previously_verified = true;
  CHECK(Show(LevelOf(facts)) == "1/2");
  facts = Logingov("ial1", "", false);
  facts.previously_verified = true;
  CHECK(Show(LevelOf(facts)) == "1/2");
  // MHV's own word is asked for each time.
  facts = Mhv("loa1", "Basic");
  facts.previously_verified = true;
  CHECK(Show(LevelOf(facts)) == "1/1");
}

TEST_CASE("LevelOf: min takes a person up who could be verified, nothing else does",
          "[attributes][sis][rule]") {
  CHECK(Show(LevelOf(Idme("min", "3", "1"))) == "1/2 uplevel");
  CHECK(Show(LevelOf(Logingov("min", "", true))) == "1/2 uplevel");
  CHECK(Show(LevelOf(Idme("min", "1", "1"))) == "1/1");
  CHECK(Show(LevelOf(Idme("min", "3", "2"))) == "2/2");
  CHECK(Show(LevelOf(Idme("loa1", "3", "1"))) == "1/2");
}

TEST_CASE(
    "LevelOf: an unverified credential is blocked where a verified one was asked for: 108 "
    "for MHV, else 007",
    "[attributes][sis][rule]") {
  CHECK(Show(LevelOf(Idme("loa3", "3", "1"))) == "007 unverified_credential_blocked");
  CHECK(Show(LevelOf(Idme("ial2", "1", "1"))) == "007 unverified_credential_blocked");
  CHECK(Show(LevelOf(Logingov("ial2", "", true))) == "007 unverified_credential_blocked");
  CHECK(Show(LevelOf(Mhv("loa3", "Basic"))) == "108 mhv_unverified_blocked");
  CHECK(Show(LevelOf(Dslogon("loa3", "1"))) == "007 unverified_credential_blocked");
}

TEST_CASE("LevelOf: 400 for a level nobody can ask for, an unknown service, and more than can be",
          "[attributes][sis][rule]") {
  CHECK(Show(LevelOf(Idme("", "3", "2"))) == "400 unsupported_credential_level");
  CHECK(Show(LevelOf(Idme("LOA3", "3", "2"))) == "400 unsupported_credential_level");
  CHECK(Show(LevelOf(Idme("loa1", "1", "classic_loa3"))) == "400 unsupported_credential_level");
  CHECK(Show(LevelOf(Logingov("ial1", kLogingovIal2, false))) ==
        "400 unsupported_credential_level");
  CredentialFacts unknown = Idme("loa1", "3", "2");
  unknown.type.reset();
  CHECK(Show(LevelOf(unknown)) == "400 unsupported_credential_level");
}

TEST_CASE("LevelOf: R14 a facial match that was asked for is one that was made (28.1 #19)",
          "[attributes][sis][rule][R14]") {
  CHECK(Show(LevelOf(Logingov(kRequired, kLogingovFacial, true))) == "2/2");
  CHECK(Show(LevelOf(Logingov(kRequired, kLogingovIal2, true))) == "007 assurance_not_met");
  CHECK(Show(LevelOf(Logingov(kRequired, "", true))) == "007 unverified_credential_blocked");
  CHECK(Show(LevelOf(Idme(kRequired, "3", "2"))) == "2/2");
  CHECK(Show(LevelOf(Idme(kRequired, "3", "classic_loa3"))) == "007 assurance_not_met");
  CredentialFacts assumed = Idme(kRequired, "3", "2");
  assumed.credential_ial_stated = false;
  CHECK(Show(LevelOf(assumed)) == "007 assurance_not_met");
  CredentialFacts one_factor = Idme(kRequired, "3", "2");
  one_factor.multifactor = false;
  CHECK(Show(LevelOf(one_factor)) == "007 assurance_not_met");
}

TEST_CASE(
    "LevelOf: R14 a facial match that is preferred asks for a verified person with two "
    "factors",
    "[attributes][sis][rule][R14]") {
  CHECK(Show(LevelOf(Logingov(kPreferred, kLogingovIal2, true))) == "2/2");
  CHECK(Show(LevelOf(Idme(kPreferred, "3", "classic_loa3"))) == "2/2");
  CHECK(Show(LevelOf(Idme(kPreferred, "3", "1"))) == "007 unverified_credential_blocked");
}

TEST_CASE("LevelOf: R18 Login.gov always has two factors, ID.me's credentials when they say so",
          "[attributes][sis][rule][R18]") {
  CHECK(LevelOf(Logingov("min", "", false)).aal == 2);
  CHECK(LevelOf(Idme("min", "1", "1")).aal == 2);
  CredentialFacts one_factor = Idme("min", "1", "1");
  one_factor.multifactor = false;
  CHECK(LevelOf(one_factor).aal == 1);
  CHECK(LevelOf(Mhv("min", "Premium")).aal == 1);
}

}  // namespace
}  // namespace va::attributes
