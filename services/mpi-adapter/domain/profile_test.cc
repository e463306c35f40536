#include "services/mpi-adapter/domain/profile.h"

#include <catch2/catch.hpp>

namespace va::mpi {
namespace {

Name Named(const char* use, const char* family) {
  Name name;
  name.use = use;
  name.family = identity::PersonText::FromWire(family);
  return name;
}

TEST_CASE("LegalName: the first name with use L wins over whatever stands before it",
          "[mpi][rule]") {
  Profile profile;
  profile.names = {Named("ASGN", "Quillfeather"), Named("L", "Oddfellow"), Named("L", "Later")};
  REQUIRE(LegalName(profile) != nullptr);
  CHECK(LegalName(profile)->family == identity::PersonText::FromWire("Oddfellow"));
}

TEST_CASE("LegalName: no name with use L is no legal name", "[mpi][rule]") {
  Profile profile;
  profile.names = {Named("P", "Oddfellow")};
  CHECK(LegalName(profile) == nullptr);
}

TEST_CASE("IsInForce: a relation needs a role, the status ACTIVE and a day inside its dates",
          "[mpi][rule]") {
  const auto in_force = [](const char* role, const char* status, const char* effective,
                           const char* expires) {
    Relationship relationship;
    relationship.role = role;
    relationship.status = status;
    relationship.effective = effective;
    relationship.expires = expires;
    return IsInForce(relationship, absl::CivilDay(2026, 1, 15));
  };
  CHECK(in_force("DEL", "ACTIVE", "20240105", "20270105"));
  CHECK(in_force("DEL", "ACTIVE", "20260115", "20260115"));
  CHECK(in_force("DEL", "ACTIVE", "20240105120000-0500", ""));
  CHECK(in_force("DEL", "ACTIVE", "", ""));
  CHECK_FALSE(in_force("", "ACTIVE", "20240105", "20270105"));
  CHECK_FALSE(in_force("DEL", "", "20240105", "20270105"));
  CHECK_FALSE(in_force("DEL", "INACTIVE", "20240105", "20270105"));
  CHECK_FALSE(in_force("DEL", "active", "20240105", "20270105"));
  CHECK_FALSE(in_force("DEL", "ACTIVE", "20260116", "20270105"));
  CHECK_FALSE(in_force("DEL", "ACTIVE", "20240105", "20260114"));
}

TEST_CASE("IsInForce: a date that cannot be read lets nobody act", "[mpi][rule]") {
  const std::string date =
      GENERATE(values<std::string>({"2024", "202401", "2024-01-05", "20240230", "20241301",
                                    "UNKNOWN", "0000000A", " 20240105"}));
  CAPTURE(date);
  Relationship relationship;
  relationship.role = "DEL";
  relationship.status = "ACTIVE";
  CHECK(IsInForce(relationship, absl::CivilDay(2026, 1, 15)));
  relationship.effective = date;
  CHECK_FALSE(IsInForce(relationship, absl::CivilDay(2026, 1, 15)));
  relationship.effective.clear();
  relationship.expires = date;
  CHECK_FALSE(IsInForce(relationship, absl::CivilDay(2026, 1, 15)));
}

}  // namespace
}  // namespace va::mpi
