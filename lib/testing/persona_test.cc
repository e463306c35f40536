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
  for (const char* id : {"mhv_premium", "mhv_basic", "dslogon_level2", "idme_loa3", "idme_loa1",
                         "logingov_ial2", "two_mhv_ids", "two_edipis", "ssn_mismatch",
                         "mpi_multiple_matches", "mpi_no_match", "deceased", "mpi_down"}) {
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

TEST_CASE("Personas: MPI holds nobody who is never asked about", "[testing]") {
  for (const Persona& persona : House()) {
    INFO(persona.id);
    CHECK((persona.mpi.outcome == MpiOutcome::kNotAsked) == !persona.mpi.person.has_value());
    CHECK((persona.mpi.outcome == MpiOutcome::kNotAsked) == (persona.expect.loa == 1));
  }
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

}  // namespace
}  // namespace va::testing
