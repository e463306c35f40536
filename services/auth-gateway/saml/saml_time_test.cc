#include "services/auth-gateway/saml/saml_time.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

namespace va::gateway {

TEST_CASE("ParseSamlTime: reads UTC, offsets and fractions", "[gateway][saml]") {
  const absl::Time noon = absl::FromUnixSeconds(1772625600);
  CHECK(ParseSamlTime("2026-03-04T12:00:00Z") == noon);
  CHECK(ParseSamlTime("2026-03-04T12:00:00.000Z") == noon);
  CHECK(ParseSamlTime("2026-03-04T12:00:00.25Z") == noon + absl::Milliseconds(250));
  CHECK(ParseSamlTime("2026-03-04T12:00:00.123456789Z") == noon + absl::Nanoseconds(123456789));
  CHECK(ParseSamlTime("2026-03-04T07:00:00-05:00") == noon);
  CHECK(ParseSamlTime("2026-03-05T02:00:00+14:00") == noon);
  CHECK(ParseSamlTime("2026-03-04T12:00:00+00:00") == noon);
  CHECK(ParseSamlTime("2024-02-29T00:00:00Z").has_value());
  CHECK(ParseSamlTime("9999-12-31T23:59:59Z").has_value());
}

TEST_CASE("ParseSamlTime: S102 every other form is malformed", "[gateway][saml]") {
  for (const char* const text : {"",
                                 "2026-03-04",
                                 "2026-03-04T12:00:00",
                                 "2026-03-04T12:00Z",
                                 "2026-03-04 12:00:00Z",
                                 "2026-03-04t12:00:00Z",
                                 "2026-03-04T12:00:00z",
                                 " 2026-03-04T12:00:00Z",
                                 "2026-03-04T12:00:00Z ",
                                 "2026-03-04T12:00:00ZZ",
                                 "2026-03-04T24:00:00Z",
                                 "2026-03-04T23:59:60Z",
                                 "2026-03-04T12:60:00Z",
                                 "2026-02-29T12:00:00Z",
                                 "2026-13-01T12:00:00Z",
                                 "2026-00-01T12:00:00Z",
                                 "2026-03-00T12:00:00Z",
                                 "2026-03-32T12:00:00Z",
                                 "0000-03-04T12:00:00Z",
                                 "99999-03-04T12:00:00Z",
                                 "-2026-03-04T12:00:00Z",
                                 "+2026-03-04T12:00:00Z",
                                 "226-03-04T12:00:00Z",
                                 "2026-03-04T12:00:00.Z",
                                 "2026-03-04T12:00:00,5Z",
                                 "2026-03-04T12:00:00+14:01",
                                 "2026-03-04T12:00:00+24:00",
                                 "2026-03-04T12:00:00+05:60",
                                 "2026-03-04T12:00:00+0500",
                                 "2026-03-04T12:00:00+5:00",
                                 "2026-3-4T12:00:00Z",
                                 "2026-03-04T12:00:00.1234567890123456789Z",
                                 "1772625600",
                                 "never"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseSamlTime(text).has_value());
  }
}

TEST_CASE("ParseSamlTime: reads what FormatSamlTime writes", "[gateway][saml][prop]") {
  CHECK(rc::check([] {
    const auto seconds = *rc::gen::inRange<int64_t>(0, 253402300799);
    const absl::Time time = absl::FromUnixSeconds(seconds);
    RC_ASSERT(ParseSamlTime(FormatSamlTime(time)) == time);
  }));
}

}  // namespace va::gateway
