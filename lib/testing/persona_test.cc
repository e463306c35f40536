#include "lib/testing/persona.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"

namespace va::testing {
namespace {

constexpr char kSmall[] = R"(
id: somebody
title: Somebody
type: idme
authn_context: http://idmanagement.gov/ns/assurance/loa/1/vets
name_id: abc
attributes:
  va_eauth_csid: idme
  va_eauth_uid: "0123456789abcdef"
  va_eauth_many: [a, b]
mpi: {outcome: not_asked}
expect: {exit: 0, outcome: session, loa: 1}
expect_by_application:
  mhv: {exit: 3, outcome: refusal, code: "101"}
flip:
  attributes: {va_eauth_uid: null}
  expect: {exit: 3, outcome: refusal, code: "104"}
)";

std::vector<Persona> House() { return LoadPersonas("tests/personas").value(); }

std::string Edited(absl::string_view from, absl::string_view to) {
  return absl::StrReplaceAll(kSmall, {{from, to}});
}

TEST_CASE("Personas: every file of the house loads, and all of the table are there", "[testing]") {
  const auto personas = LoadPersonas("tests/personas");
  REQUIRE(personas.ok());
  std::vector<std::string> ids;
  for (const Persona& persona : *personas) ids.push_back(persona.id);
  for (const char* id : {"mhv_premium",       "mhv_basic",
                         "dslogon_level2",    "idme_loa3",
                         "idme_loa1",         "logingov_ial2",
                         "two_mhv_ids",       "two_edipis",
                         "ssn_mismatch",      "mpi_multiple_matches",
                         "mpi_no_match",      "deceased",
                         "mpi_down",          "mhv_advanced",
                         "mhv_no_account",    "mhv_deactivated",
                         "proofed_in_person", "proofed_online",
                         "idtheft",           "two_icns",
                         "hostile_name",      "mpi_unknown",
                         "retired_icn",       "cerner_caregiver"}) {
    CHECK_THAT(ids, Catch::VectorContains(std::string(id)));
  }
}

TEST_CASE("Personas: every flip really alters what is asserted and what must happen", "[testing]") {
  for (const Persona& persona : House()) {
    INFO(persona.id);
    CHECK(persona.FlippedAttributes() != persona.attributes);
    const PersonaExpectation& before = persona.ExpectationFor(persona.flip.application);
    CHECK((persona.flip.expect.exit != before.exit || persona.flip.expect.code != before.code));
    CHECK_FALSE(persona.PersonalValues().empty());
  }
}

TEST_CASE("Personas: who may act for somebody is read, and never for a log", "[testing]") {
  const auto persona = LoadPersona("tests/personas/cerner_caregiver.yaml");
  REQUIRE(persona.ok());
  const std::vector<PersonaRelationship>& relationships = persona->mpi.person->relationships;
  REQUIRE(relationships.size() == 2);
  CHECK(relationships[0].role == "DEL");
  CHECK(relationships[0].expires == "20990301");
  CHECK(relationships[0].holder.names.at(0).family == "Overwater");
  CHECK(relationships[1].holder.icn == "1013991725V661725");
  for (const char* personal :
       {"1013991525V661525", "Perpetua", "perpetua.overwater@example.com", "Attendant"}) {
    CHECK_THAT(persona->PersonalValues(), Catch::VectorContains(std::string(personal)));
  }
}

TEST_CASE("Personas: MPI holds nobody who is never asked about", "[testing]") {
  for (const Persona& persona : House()) {
    INFO(persona.id);
    // Of somebody unknown there may be nothing at all.
    const bool unknown = persona.mpi.outcome == MpiOutcome::kNoMatch;
    CHECK((unknown ||
           (persona.mpi.outcome == MpiOutcome::kNotAsked) == !persona.mpi.person.has_value()));
    CHECK((persona.mpi.outcome == MpiOutcome::kNotAsked) == (persona.expect.loa == 1));
  }
}

TEST_CASE("Personas: whoever MHV is asked about stands there, and nobody is asked for unaccepted",
          "[testing]") {
  for (const Persona& persona : House()) {
    INFO(persona.id);
    std::vector<PersonaExpectation> expectations = {persona.expect};
    for (const auto& [application, expect] : persona.expect_by_application) {
      expectations.push_back(expect);
    }
    for (const PersonaExpectation& expect : expectations) {
      const bool asked_for = expect.mhv_account == "ensured" || expect.mhv_account == "ineligible";
      CHECK(asked_for == (persona.terms_accepted && expect.outcome == "session"));
      if (!expect.mhv_account.empty()) CHECK(persona.mhv.has_value());
      CHECK(expect.proofing.empty() == (persona.type != "mhv" || expect.loa != 3));
    }
  }
}

TEST_CASE("Personas: the hostile name holds markup, an apostrophe, right-to-left and four bytes",
          "[testing]") {
  const Persona persona = LoadPersona("tests/personas/hostile_name.yaml").value();
  CHECK(absl::StrContains(persona.Value("va_eauth_firstname"), "<script>"));
  CHECK(absl::StrContains(persona.Value("va_eauth_middlename"), "\u05E0"));  // a Hebrew nun
  CHECK(absl::StrContains(persona.Value("va_eauth_lastname"), "O'"));
  CHECK(absl::StrContains(persona.Value("va_eauth_lastname"), "\U0001F600"));
  const PersonaName& name = persona.mpi.person->names.front();
  CHECK(name.given.front() == persona.Value("va_eauth_firstname"));
  CHECK(name.family == persona.Value("va_eauth_lastname"));
}

constexpr char kAtMhv[] = R"(
id: somebody
title: Somebody
type: mhv
authn_context: myhealthevet
name_id: abc
attributes: {va_eauth_uid: "0123456789abcdef"}
mpi: {outcome: match, person: {icn: 1010101010V101010}}
mhv:
  account: existing
  user_profile_id: "71000001"
  premium: true
  champ_va: false
  patient: true
  sm_account_created: true
  proofing: {method: IPA, date: "2020-12-14", document: "XY9998887", document_type: Passport}
terms: accepted
expect: {exit: 0, outcome: session, loa: 3, mhv_account: ensured, proofing: invited}
flip:
  attributes: {va_eauth_uid: null}
  expect: {exit: 3, outcome: refusal, code: "104"}
)";

TEST_CASE("ParsePersona: reads what MHV holds, the answer to the terms and both states",
          "[testing]") {
  const auto persona = ParsePersona(kAtMhv, "mhv").value();
  CHECK(persona.terms_accepted);
  REQUIRE(persona.mhv.has_value());
  CHECK(persona.mhv->account == MhvAccount::kExisting);
  CHECK(persona.mhv->user_profile_id == "71000001");
  CHECK(persona.mhv->premium);
  CHECK_FALSE(persona.mhv->champ_va);
  CHECK(persona.mhv->patient);
  CHECK(persona.mhv->sm_account_created);
  REQUIRE(persona.mhv->proofing.has_value());
  CHECK(persona.mhv->proofing->method == "IPA");
  CHECK(persona.mhv->proofing->date == "2020-12-14");
  CHECK(persona.mhv->proofing->document_type == "Passport");
  CHECK(persona.mhv->proofing->document_expires.empty());
  CHECK(persona.expect.mhv_account == "ensured");
  CHECK(persona.expect.proofing == "invited");
  CHECK(persona.flip.expect.mhv_account.empty());
  for (const char* value : {"71000001", "XY9998887"}) {
    CHECK_THAT(persona.PersonalValues(), Catch::VectorContains(std::string(value)));
  }
  // Neither is said: MHV must not be asked, the terms stay unanswered.
  const auto without = ParsePersona(kSmall, "small").value();
  CHECK_FALSE(without.mhv.has_value());
  CHECK_FALSE(without.terms_accepted);
  CHECK(without.expect.mhv_account.empty());
}

TEST_CASE("ParsePersona: reads values, lists, expectations and removals", "[testing]") {
  const auto persona = ParsePersona(kSmall, "small").value();
  CHECK(persona.Value("va_eauth_uid") == "0123456789abcdef");
  CHECK(persona.Values("va_eauth_many") == std::vector<std::string>{"a", "b"});
  CHECK(persona.Values("va_eauth_none").empty());
  CHECK(persona.ExpectationFor("").outcome == "session");
  CHECK(persona.ExpectationFor("ebenefits").outcome == "session");
  CHECK(persona.ExpectationFor("mhv").code == "101");
  CHECK(persona.FlippedAttributes().size() == persona.attributes.size() - 1);
  CHECK(persona.PersonalValues() == std::vector<std::string>{"0123456789abcdef"});
}

TEST_CASE("ParsePersona: a mistake is named with its line", "[testing]") {
  const auto check = [](const std::string& yaml, const std::string& message) {
    const auto persona = ParsePersona(yaml, "f.yaml");
    REQUIRE_FALSE(persona.ok());
    INFO(persona.status().message());
    CHECK(absl::StrContains(persona.status().message(), message));
  };
  check(Edited("title:", "titel:"), "f.yaml:3: unknown key 'titel'");
  check(Edited("outcome: session", "outcome: fine"), "unknown outcome 'fine'");
  check(Edited("exit: 0", "exit: 3"), "exit must be 0");
  check(Edited(", code: \"104\"", ""), "'code' is missing");
  check(Edited("not_asked", "maybe"), "unknown outcome 'maybe'");
  check(Edited("not_asked", "match"), "'person' is missing");
  check(Edited("{va_eauth_uid: null}", "{va_eauth_uid: null, va_eauth_csid: null}"),
        "exactly one attribute");
  check("id: [", "f.yaml:");
}

TEST_CASE("ParsePersona: a mistake about MHV is named with its line", "[testing]") {
  const auto check = [](absl::string_view from, absl::string_view to, const std::string& message) {
    const std::string yaml = absl::StrReplaceAll(kAtMhv, {{from, to}});
    REQUIRE(yaml != kAtMhv);
    const auto persona = ParsePersona(yaml, "f.yaml");
    INFO(message);
    REQUIRE_FALSE(persona.ok());
    INFO(persona.status().message());
    CHECK(absl::StrContains(persona.status().message(), message));
  };
  check("account: existing", "account: fine", "f.yaml:10: unknown account 'fine'");
  check("  account: existing\n", "", "'account' must be a text");
  check("\"71000001\"", "MHV1", "f.yaml:11: 'user_profile_id' must be digits");
  check("champ_va", "champva", "f.yaml:13: unknown key 'champva'");
  check("account: existing", "account: none", "f.yaml:16: 'proofing' needs an existing account");
  check("method: IPA, ", "", "'method' must be a text");
  check(", person: {icn: 1010101010V101010}", ", person: {gender: F}",
        "MHV knows people by the ICN");
  check("terms: accepted", "terms: perhaps", "f.yaml:17: unknown terms 'perhaps'");
  check("mhv_account: ensured", "mhv_account: pending", "f.yaml:18: unknown mhv_account 'pending'");
  check("proofing: invited", "proofing: yes", "f.yaml:18: unknown proofing 'yes'");
  check("mhv_account: ensured, ", "", "f.yaml:18: a session at LOA3 needs 'mhv_account'");
  check("loa: 3", "loa: 1", "a session at LOA1 has neither");
  check("code: \"104\"", "code: \"104\", proofing: invited", "need a session");
}

}  // namespace
}  // namespace va::testing
