#include "lib/identity/policy.h"

#include <catch2/catch.hpp>

namespace va::identity {
namespace {

absl::Time At(int year, int month, int day, int hour) {
  return absl::FromCivil(absl::CivilHour(year, month, day, hour), absl::UTCTimeZone());
}

TEST_CASE("CspRow: open from its first to its last day", "[identity][rule]") {
  CspRow row;
  row.start = absl::CivilDay(2025, 1, 1);
  row.end = absl::CivilDay(2025, 9, 30);
  CHECK_FALSE(row.IsOpen(At(2024, 12, 31, 23)));
  CHECK(row.IsOpen(At(2025, 1, 1, 0)));
  CHECK(row.IsOpen(At(2025, 9, 30, 23)));
  CHECK_FALSE(row.IsOpen(At(2025, 10, 1, 0)));
  row.enabled = false;
  CHECK_FALSE(row.IsOpen(At(2025, 5, 1, 0)));
}

TEST_CASE("CspRow: without days it is always open", "[identity][rule]") {
  CHECK(CspRow().IsOpen(At(2030, 1, 1, 0)));
}

TEST_CASE("Check: every check has a tag that leads back to it", "[identity]") {
  for (std::size_t i = 0; i < kCheckCount; ++i) {
    const Check check = static_cast<Check>(i);
    REQUIRE_FALSE(ToString(check).empty());
    CHECK(CheckFromString(ToString(check)) == check);
  }
  CHECK_FALSE(CheckFromString("no_such_check").has_value());
}

TEST_CASE("Csp: ids lead back, other spellings do not", "[identity]") {
  for (const Csp csp : {Csp::kIdme, Csp::kLogingov, Csp::kMhv, Csp::kDslogon}) {
    CHECK(CspFromString(ToString(csp)) == csp);
  }
  CHECK_FALSE(CspFromString("IDME").has_value());
  CHECK_FALSE(CspFromString("").has_value());
}

TEST_CASE("Policy: look-ups are exact", "[identity]") {
  Policy policy;
  Application app;
  app.name = "mhv";
  app.waives = {"101"};
  policy.applications.push_back(app);
  REQUIRE(policy.FindApplication("mhv") != nullptr);
  CHECK(policy.FindApplication("MHV") == nullptr);
  CHECK(policy.FindApplication("mhv")->Waives("101"));
  CHECK_FALSE(policy.FindApplication("mhv")->Waives("10"));
}

}  // namespace
}  // namespace va::identity
