// Every persona of tests/personas, straight through the rules: the same files that feed the
// simulators and the end-to-end tests.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/testing/persona.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

using testing::Persona;
using testing::PersonaExpectation;
using testing::PersonaMpiRecord;

struct Asked {
  std::vector<std::string> contexts;
  std::string comparison;
};

// ssoe_saml.md 9.1, as the gateway asks.
Asked AskedBy(const std::string& type) {
  const std::string ns = "http://idmanagement.gov/ns/assurance/";
  const std::string csp = "https://eauth.va.gov/csp?Select=idme3";
  const std::map<std::string, Asked> types = {
      {"mhv", {{"myhealthevet", csp}, "exact"}},
      {"mhv_verified", {{"myhealthevet", csp}, "exact"}},
      {"dslogon", {{"dslogon", csp}, "exact"}},
      {"dslogon_verified", {{"dslogon", csp}, "exact"}},
      {"idme", {{ns + "loa/1/vets", csp}, "minimum"}},
      {"idme_verified", {{ns + "loa/3", csp}, "minimum"}},
      {"logingov", {{ns + "ial/1", ns + "aal/2", csp}, "minimum"}},
      {"logingov_verified", {{ns + "ial/2", ns + "aal/2", csp}, "exact"}},
  };
  return types.at(type);
}

std::string JoinedIds(const PersonaMpiRecord& record) {
  std::string out = absl::StrCat(record.icn, "^NI^200M^USVHA^P");
  for (const std::string& id : record.ids) absl::StrAppend(&out, "|", id);
  return out;
}

MpiProfile ProfileOf(const PersonaMpiRecord& record) {
  MpiProfile profile;
  profile.icn = identity::Icn::FromWire(record.icn);
  for (const testing::PersonaName& name : record.names) {
    if (name.use != "L") continue;
    profile.first_name = identity::PersonText::FromWire(name.given.front());
    profile.last_name = identity::PersonText::FromWire(name.family);
  }
  profile.birth_date = identity::BirthDate::FromWire(record.birth_date).Dashed();
  if (!record.ssn.empty()) profile.ssn = identity::Ssn::FromWire(record.ssn);
  profile.deceased = !record.deceased_date.empty();
  profile.id_theft = record.id_theft;
  profile.ids = identity::ParseGcIds(JoinedIds(record));
  return profile;
}

const std::vector<Persona>& Everybody() {
  static const std::vector<Persona> personas = testing::LoadPersonas("tests/personas").value();
  return personas;
}

// Whom an ICN leads to, whoever asks.
const Persona* FindByIcn(const std::string& icn) {
  for (const Persona& persona : Everybody()) {
    if (!persona.mpi.person) continue;
    const std::vector<std::string>& replaced = persona.mpi.person->icns;
    const bool by_old = std::find(replaced.begin(), replaced.end(), icn) != replaced.end();
    if (persona.mpi.person->icn == icn || by_old) return &persona;
  }
  return nullptr;
}

// MPI as the files describe it.
MpiAnswer Answer(const Persona& persona, const std::optional<MpiQuestion>& question) {
  if (persona.mpi.outcome == testing::MpiOutcome::kNotAsked) CHECK_FALSE(question.has_value());
  if (!question) return {};
  const auto* icn = std::get_if<identity::Icn>(&*question);
  const Persona* known = icn != nullptr ? FindByIcn(icn->Reveal()) : &persona;
  if (known == nullptr) return {MpiOutcome::kNoMatch, std::nullopt};
  if (known->mpi.outcome == testing::MpiOutcome::kDown) {
    return {MpiOutcome::kTransport, std::nullopt};
  }
  if (icn != nullptr) return Found(ProfileOf(*known->mpi.person));
  if (persona.mpi.outcome == testing::MpiOutcome::kMultiple) {
    return {MpiOutcome::kMultipleMatches, std::nullopt};
  }
  if (persona.mpi.outcome == testing::MpiOutcome::kNoMatch) {
    return {MpiOutcome::kNoMatch, std::nullopt};
  }
  return Found(ProfileOf(*persona.mpi.person));
}

void CheckEnd(const Persona& persona, const testing::PersonaAttributes& attributes,
              const std::string& application, const PersonaExpectation& expected) {
  SsoeAssertion assertion;
  assertion.authn_context = persona.authn_context;
  assertion.auth_time = TestNow();
  for (const auto& [name, values] : attributes) {
    Attribute& attribute = assertion.attributes.emplace_back();
    attribute.name = name;
    for (const std::string& value : values) attribute.values.push_back(value);
  }
  const Asked asked = AskedBy(persona.type);
  Attempt attempt = AttemptAt(application, persona.type);
  attempt.requested_contexts = asked.contexts;
  attempt.comparison = asked.comparison;

  const Derivation derived = Derive(assertion, attempt, ShippedPolicy());
  const Decision decision =
      Admit(assertion, attempt, Answer(persona, derived.question), ShippedPolicy(), TestNow());
  const char* const outcomes[] = {"session", "step_up", "refusal", "try_later"};
  CHECK(outcomes[static_cast<int>(decision.verdict)] == expected.outcome);
  if (expected.loa != 0) CHECK(decision.assurance.loa_current == expected.loa);
  if (!expected.code.empty()) {
    REQUIRE(decision.refusal.has_value());
    CHECK(std::string(base::Describe(decision.refusal->code).code) == expected.code);
  }
  if (!expected.tag.empty()) CHECK(decision.refusal->tag == expected.tag);
}

TEST_CASE("Admit: every persona ends as its file says", "[attributes][persona]") {
  REQUIRE(Everybody().size() >= 13);
  for (const Persona& persona : Everybody()) {
    DYNAMIC_SECTION(persona.id) {
      CheckEnd(persona, persona.attributes, "vaweb", persona.expect);
      for (const auto& [application, expected] : persona.expect_by_application) {
        CAPTURE(application);
        CheckEnd(persona, persona.attributes, application, expected);
      }
    }
    DYNAMIC_SECTION(persona.id << ", one attribute altered: the outcome flips") {
      const std::string application =
          persona.flip.application.empty() ? "vaweb" : persona.flip.application;
      CheckEnd(persona, persona.FlippedAttributes(), application, persona.flip.expect);
    }
  }
}

}  // namespace
}  // namespace va::attributes
