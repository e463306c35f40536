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

}  // namespace
}  // namespace va::mpi
