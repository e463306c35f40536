#include "lib/identity/disclosure.h"

#include <vector>

#include <catch2/catch.hpp>

namespace va::identity {

TEST_CASE("Disclose: a value is masked, whatever its length, unless it is asked for", "[pii]") {
  const Ssn ssn = Ssn::FromWire("666010001");
  CHECK(Disclose(ssn, Disclosure::kMasked) == "***");
  CHECK(Disclose(PersonText::FromWire("I"), Disclosure::kMasked) == "***");
  CHECK(Disclose(ssn, Disclosure::kRevealed) == "666010001");
}

TEST_CASE("Disclose: nothing is shown as nothing", "[pii]") {
  CHECK(Disclose(Ssn(), Disclosure::kMasked).empty());
  CHECK(Disclose(Ssn(), Disclosure::kRevealed).empty());
}

TEST_CASE("JoinNames: one space between names", "[pii]") {
  const std::vector<PersonText> names = {PersonText::FromWire("ROSE"), PersonText::FromWire("MAY")};
  CHECK(JoinNames(names) == PersonText::FromWire("ROSE MAY"));
  CHECK(JoinNames({}).empty());
  const PersonText none;
  const std::vector<PersonText> gaps = {none, names[0], none, names[1], none};
  CHECK(JoinNames(gaps) == PersonText::FromWire("ROSE MAY"));
}

}  // namespace va::identity
