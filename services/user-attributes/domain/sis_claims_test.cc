#include "services/user-attributes/domain/sis_claims.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "services/user-attributes/domain/linking.h"
#include "services/user-attributes/domain/sis_fixture.h"
#include "services/user-attributes/domain/sis_reading.h"

namespace va::attributes {
namespace {

using identity::Csp;

struct Read {
  Normalised normalised;
  std::vector<Finding> findings;
};

Read ReadOf(const OidcAnswer& answer, const Known& known = {}) {
  Read out;
  out.normalised = Normalise(answer.Build(), known, out.findings);
  return out;
}

template <typename T>
std::string Shown(const std::optional<T>& value) {
  return value ? value->Reveal() : "-";
}

TEST_CASE("Seed 002: the idme_uuid is retrieved from the user attributes that ID.me is asked for",
          "[attributes][sis][seed]") {
  CHECK(Shown(ReadOf(OidcIdme()).normalised.claims.idme_uuid) ==
        "11d0e4a1f0b24c55a1de6f1b6c2f7a01");
}

TEST_CASE("Seed 002: the logingov_uuid is retrieved from the user attributes of Login.gov",
          "[attributes][sis][seed]") {
  const Claims claims = ReadOf(OidcLogingov()).normalised.claims;
  CHECK(Shown(claims.logingov_uuid) == "aa11bb22-cc33-4d44-8e55-ff6600770088");
  CHECK_FALSE(claims.idme_uuid);
}

TEST_CASE("Seed 002: the mhv_uuid is retrieved from the user attributes of My HealtheVet",
          "[attributes][sis][seed]") {
  const Claims claims = ReadOf(OidcMhv()).normalised.claims;
  CHECK(Shown(claims.mhv_id) == "30001");
  CHECK(Shown(claims.mhv_icn) == "1000000001V100001");
  CHECK(claims.mhv_account_type == "Premium");
}

TEST_CASE("Seed 002: the dslogon_uuid is retrieved from the user attributes of DS Logon",
          "[attributes][sis][seed]") {
  CHECK(Shown(ReadOf(OidcDslogon()).normalised.claims.edipi) == "2000000001");
}

TEST_CASE("Seed 002: the backing_idme_uuid is ID.me's uuid of a My HealtheVet or DS Logon sign-in",
          "[attributes][sis][seed]") {
  for (const OidcAnswer& answer : {OidcMhv(), OidcDslogon()}) {
    const auto credential = CredentialOf(ReadOf(answer).normalised.claims, std::nullopt, 1);
    REQUIRE(credential);
    CHECK(credential->type == answer.service());
    CHECK(Shown(credential->backing_idme) == "11d0e4a1f0b24c55a1de6f1b6c2f7a01");
  }
}

TEST_CASE("Normalise: ID.me's person by ID.me's names, the SSN without hyphens",
          "[attributes][sis][rule]") {
  const Read read = ReadOf(OidcIdme());
  const Claims& claims = read.normalised.claims;
  CHECK(Shown(claims.first_name) == "Ida");
  CHECK(Shown(claims.last_name) == "Fernbrook");
  CHECK(Shown(claims.ssn) == "666010001");
  CHECK(Shown(claims.birth_date) == "1971-03-02");
  CHECK(Shown(claims.email) == "ida.fernbrook@example.com");
  CHECK(claims.multifactor);
  CHECK(claims.service == Csp::kIdme);
  CHECK(read.normalised.all_emails.size() == 2);
  CHECK(read.normalised.authn_context == "http://idmanagement.gov/ns/assurance/loa/3");
  CHECK(read.findings.empty());
}

TEST_CASE("Normalise: DS Logon's person by DS Logon's names, with a middle name",
          "[attributes][sis][rule]") {
  const Claims claims = ReadOf(OidcDslogon()).normalised.claims;
  CHECK(Shown(claims.first_name) == "Ida");
  CHECK(Shown(claims.middle_name) == "Rose");
  CHECK(Shown(claims.last_name) == "Fernbrook");
  CHECK(Shown(claims.ssn) == "666010001");
  CHECK(Shown(claims.birth_date) == "1971-03-02");
}

TEST_CASE("Normalise: what ID.me knows of its own wallet says nothing about another credential",
          "[attributes][sis][rule]") {
  OidcAnswer mhv = OidcMhv();
  mhv.With("fname", "Somebody").With("lname", "Else").With("social", "666010002");
  const Read read = ReadOf(mhv);
  CHECK_FALSE(read.normalised.claims.last_name);
  CHECK_FALSE(read.normalised.claims.ssn);
  OidcAnswer dslogon = OidcDslogon();
  dslogon.Without("dslogon_assurance").With("lname", "Fernbrook");
  CHECK(ReadOf(dslogon).normalised.level.current_ial == 1);
}

TEST_CASE("Normalise: Login.gov's person by Login.gov's names; a second factor is always used",
          "[attributes][sis][rule]") {
  const Read read = ReadOf(OidcLogingov());
  const Claims& claims = read.normalised.claims;
  CHECK(Shown(claims.first_name) == "Ida");
  CHECK(Shown(claims.ssn) == "666010001");
  CHECK(Shown(claims.birth_date) == "1971-03-02");
  CHECK(Shown(claims.verified_at) == "1600000000");
  CHECK(claims.multifactor);
  CHECK(read.normalised.authn_context == "http://idmanagement.gov/ns/assurance/ial/2");
}

TEST_CASE("Normalise: Login.gov's street has its lines below each other, and lies in the USA",
          "[attributes][sis][rule]") {
  const auto address = ReadOf(OidcLogingov()).normalised.address;
  REQUIRE(address);
  REQUIRE(address->street.size() == 2);
  CHECK(address->street[0].Reveal() == "1 Mill Lane");
  CHECK(address->street[1].Reveal() == "Apt 3");
  CHECK(address->country.Reveal() == "USA");
  CHECK(address->postal_code.Reveal() == "12345");
}

TEST_CASE("Normalise: an address is whole or there is none", "[attributes][sis][rule]") {
  for (const char* part : {"street", "zip", "state", "city"}) {
    OidcAnswer answer = OidcIdme();
    CAPTURE(part);
    CHECK(ReadOf(answer).normalised.address);
    CHECK_FALSE(ReadOf(answer.Without(part)).normalised.address);
  }
}

TEST_CASE("Normalise: without a level of ID.me a last name tells that it proofed the person",
          "[attributes][sis][rule]") {
  OidcAnswer named = OidcIdme();
  named.Without("level_of_assurance").Without("credential_ial");
  CHECK(ReadOf(named).normalised.level_of_assurance == "3");
  CHECK(ReadOf(named).normalised.credential_ial == "2");
  named.Without("lname");
  CHECK(ReadOf(named).normalised.level_of_assurance == "1");
  CHECK(ReadOf(named).normalised.credential_ial == "1");
}

TEST_CASE(
    "Normalise: R11 a claim with two values where one is defined is ambiguous, never the "
    "first",
    "[attributes][sis][rule][R11]") {
  OidcAnswer answer = OidcIdme();
  answer.WithValues("social", {"666-01-0001", "666-01-0002"});
  const Read read = ReadOf(answer);
  CHECK_FALSE(read.normalised.claims.ssn);
  CHECK(Lines(read.findings) == std::vector<std::string>{"007 ambiguous_attribute blocks"});
  CHECK(read.findings.front().subject == "social");
}

TEST_CASE("Normalise: R11 the same claim twice is two values, also when they agree",
          "[attributes][sis][rule][R11]") {
  const OidcAnswer answer = OidcIdme();
  OidcAssertion assertion = answer.Build();
  assertion.claims.push_back({"sub", {"11d0e4a1f0b24c55a1de6f1b6c2f7a01"}});
  std::vector<Finding> findings;
  CHECK_FALSE(Normalise(assertion, {}, findings).claims.uuid);
  CHECK(Lines(findings) == std::vector<std::string>{"007 ambiguous_attribute blocks"});
}

TEST_CASE("Normalise: what no claim of a person can be is said to be so and never read",
          "[attributes][sis][rule]") {
  struct Row {
    std::string name;
    std::string value;
  };
  const auto row = GENERATE(values<Row>({
      {"fname", "Ida\n"},
      {"lname", std::string("Fern\0brook", 10)},
      {"email", "ida@example.com\r\nBcc: x@example.com"},
      {"sub", "11d0\t"},
      {"fname", std::string(1024 * 1024, 'a')},
      {"lname", "Jos\xE9"},
      {"city", "\xED\xA0\x80"},
      {"emails_confirmed", "a@example.com\x7F"},
      {"street", "1 Mill Lane\r"},
  }));
  CAPTURE(row.name);
  OidcAnswer answer = OidcIdme();
  const Read read = ReadOf(answer.With(row.name, row.value));
  CHECK(Lines(read.findings) == std::vector<std::string>{"007 malformed_attribute blocks"});
  CHECK(read.findings.front().subject == row.name);
}

TEST_CASE("Normalise: blank is absent", "[attributes][sis][rule]") {
  OidcAnswer answer = OidcIdme();
  answer.With("fname", "").With("email", "  ").WithValues("emails_confirmed", {"", " "});
  const Read read = ReadOf(answer);
  CHECK_FALSE(read.normalised.claims.first_name);
  CHECK_FALSE(read.normalised.claims.email);
  CHECK(read.normalised.all_emails.empty());
  CHECK(read.findings.empty());
}

TEST_CASE("Normalise: a day that never was and a number that is none block a verified person only",
          "[attributes][sis][rule]") {
  OidcAnswer verified = OidcIdme();
  verified.With("birth_date", "1971-02-30").With("social", "66601000");
  CHECK(Lines(ReadOf(verified).findings) ==
        std::vector<std::string>{"004 malformed_ssn blocks", "004 malformed_birth_date blocks"});
  OidcAnswer unverified = OidcIdmeLoa1();
  unverified.With("birth_date", "1971-02-30").With("social", "66601000");
  CHECK(ReadOf(unverified).findings.empty());
}

TEST_CASE("SisReading: another provider's names are unknown claims", "[attributes][sis][rule]") {
  CHECK(WireName(SisClaim::kLastName, Csp::kIdme) == "lname");
  CHECK(WireName(SisClaim::kLastName, Csp::kLogingov) == "family_name");
  CHECK(WireName(SisClaim::kMhvUuid, Csp::kIdme).empty());
  OidcAnswer answer = OidcIdme();
  answer.WithValues("family_name", {"Somebody", "Else"}).With("mhv_uuid", "30001");
  const Read read = ReadOf(answer);
  CHECK(read.findings.empty());
  CHECK_FALSE(read.normalised.claims.mhv_id);
}

}  // namespace
}  // namespace va::attributes
