#include "services/user-attributes/domain/credential_dates.h"

#include <catch2/catch.hpp>
#include <string>

namespace va::attributes {
namespace {

const absl::Time kBefore = absl::FromUnixSeconds(1600000000);
const absl::Time kNow = absl::FromUnixSeconds(1700000000);

std::string Show(const CredentialDates& dates) {
  const auto word = [](const std::optional<absl::Time>& date) -> std::string {
    if (!date) return "-";
    return *date == kNow ? "now" : "before";
  };
  return word(dates.acceptable) + " " + word(dates.idme);
}

// sign_in_service.md 10, ssoe_saml.md 16.
TEST_CASE("PlanDates: when an account first held an acceptable credential", "[attributes][rule]") {
  struct Row {
    const char* rule;
    DatesFacts facts;
    const char* expected;
  };
  const auto row = GENERATE(values<Row>({
      {"Login.gov sets the acceptable date", {true, true, false, {}}, "now -"},
      {"ID.me sets its own date", {true, false, true, {}}, "- now"},
      {"both", {true, true, true, {}}, "now now"},
      {"neither kind: MHV and DS Logon set nothing", {true, false, false, {}}, "- -"},
      {"an unverified account gets none", {false, true, true, {}}, "- -"},
      {"a date is never written again", {true, true, true, {kBefore, kBefore}}, "before before"},
      {"the missing one is added", {true, true, true, {kBefore, {}}}, "before now"},
      {"an account that lost its ICN keeps what it had",
       {false, true, true, {{}, kBefore}},
       "- before"},
  }));
  INFO(row.rule);
  CHECK(Show(PlanDates(row.facts, kNow)) == row.expected);
}

}  // namespace
}  // namespace va::attributes
