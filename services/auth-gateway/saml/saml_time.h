// Moments as SAML writes them: xs:dateTime in UTC or with an offset. One strict reader, because a
// lenient one turns a malformed bound into a bound somewhere else (attack S102).
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::gateway {

// "2026-01-02T03:04:05[.678](Z|+hh:mm|-hh:mm)". Nothing for any other form: no zone, a year of
// other than four digits or 0000, 24:00:00, a leap second, a day that does not exist, white space.
std::optional<absl::Time> ParseSamlTime(absl::string_view text);

// UTC with seconds, as SAML core 1.3.3 wants it.
std::string FormatSamlTime(absl::Time time);

}  // namespace va::gateway
