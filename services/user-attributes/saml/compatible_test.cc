#include "services/user-attributes/saml/compatible.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

template <typename T>
std::string Show(const std::optional<T>& value) {
  return value ? value->Reveal() : "(none)";
}

CompatiblePerson Run(const Statement& statement, const std::string& profile) {
  Attempt attempt = AttemptAt("vaweb");
  attempt.profile = profile;
  const SsoeAssertion assertion = statement.Build();
  return CompatiblePersonOf(assertion, Derive(assertion, attempt, ShippedPolicy()));
}

TEST_CASE("UuidOfSecId: the two that are known", "[attributes][rule]") {
  CHECK(Show(UuidOfSecId("1012779219")) == "85ba80dba1b93ed3bf080b2989cde313");
  CHECK(Show(UuidOfSecId("1012853550")) == "a0b4d1a95dc7363d87487a1235b4aed9");
}

TEST_CASE("CompatiblePersonOf: only before 2022-04 a SEC id stands in for a missing uuid",
          "[attributes][rule]") {
  const Statement none = IdmeLoa3().Without("uid").With("secid", "1012779219");
  CHECK(Show(Run(none, "ssoe-2022-03").uuid) == "85ba80dba1b93ed3bf080b2989cde313");
  CHECK(Show(Run(none, "ssoe-2022").uuid) == "(none)");
  CHECK(Show(Run(none, "ssoe-2025").uuid) == "(none)");
  CHECK(Show(Run(Statement(none).With("secid", "NOT_FOUND"), "ssoe-2022-03").uuid) == "(none)");
  const std::string own = Show(Run(IdmeLoa3(), "ssoe-2022").uuid);
  CHECK(own != "(none)");
  CHECK(Show(Run(IdmeLoa3(), "ssoe-2022-03").uuid) == own);
}

TEST_CASE("CompatiblePersonOf: My HealtheVet had another name before 2022-04",
          "[attributes][rule]") {
  const auto name = [](const char* context, const char* profile) {
    return Run(IdmeLoa3().Context(context), profile).service_name;
  };
  for (const char* context : {"myhealthevet", "myhealthevet_multifactor", "myhealthevet_loa3"}) {
    CHECK(name(context, "ssoe-2022-03") == "myhealthevet");
    CHECK(name(context, "ssoe-2022") == "mhv");
  }
  CHECK(name("dslogon", "ssoe-2022-03") == "dslogon");
  CHECK(name("nobody's", "ssoe-2022-03").empty());
}

TEST_CASE("CompatiblePersonOf: where the person lives, and what is NOT_FOUND is nothing",
          "[attributes][rule]") {
  const CompatiblePerson person = Run(IdmeLoa3()
                                          .With("commonname", "ida.fernbrook@example.com")
                                          .With("suffix", "NOT_FOUND")
                                          .With("phone", "(555)555-0100")
                                          .With("persontype", "PAT|VET")
                                          .With("street", "1 Example Way")
                                          .With("street2", " ")
                                          .With("city", "Fernbrook")
                                          .With("state", "TX")
                                          .With("postalcode", "00000"),
                                      "ssoe-2022");
  CHECK(Show(person.common_name) == "ida.fernbrook@example.com");
  CHECK(Show(person.suffix) == "(none)");
  CHECK(Show(person.phone) == "(555)555-0100");
  CHECK(person.person_types == std::vector<std::string>{"PAT", "VET"});
  CHECK(Show(person.address.street) == "1 Example Way");
  CHECK(Show(person.address.street2) == "(none)");
  CHECK(Show(person.address.city) == "Fernbrook");
  CHECK(Show(person.address.state) == "TX");
  CHECK(Show(person.address.postal_code) == "00000");
  CHECK(Show(person.address.country) == "(none)");
  CHECK(Run(IdmeLoa3().With("persontype", "NOT_FOUND"), "ssoe-2022").person_types.empty());
}

}  // namespace
}  // namespace va::attributes
