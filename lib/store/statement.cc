#include "lib/store/statement.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace va::store {
namespace {

// The array literal of PostgreSQL, every element quoted.
std::string ArrayLiteral(const std::vector<std::string>& texts) {
  std::string literal = "{";
  for (const std::string& text : texts) {
    if (literal.size() > 1) literal.push_back(',');
    literal.push_back('"');
    for (const char c : text) {
      if (c == '"' || c == '\\') literal.push_back('\\');
      literal.push_back(c);
    }
    literal.push_back('"');
  }
  literal.push_back('}');
  return literal;
}

std::string TimestampLiteral(absl::Time time) {
  if (time == absl::InfiniteFuture()) return "infinity";
  if (time == absl::InfinitePast()) return "-infinity";
  const absl::CivilSecond civil = absl::ToCivilSecond(time, absl::UTCTimeZone());
  const int64_t micros =
      absl::ToInt64Microseconds(time - absl::FromCivil(civil, absl::UTCTimeZone()));
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", civil.year(), civil.month(),
                         civil.day(), civil.hour(), civil.minute(), civil.second(), micros);
}

}  // namespace

Param::Param(int64_t value) : kind_(Kind::kOwned), owned_(absl::StrCat(value)) {}

Param::Param(double value)
    : kind_(Kind::kOwned),
      owned_(std::isnan(value) ? std::string("NaN") : absl::StrFormat("%.17g", value)) {}

Param::Param(absl::Time time) : kind_(Kind::kOwned), owned_(TimestampLiteral(time)) {}

Param::Param(const std::vector<std::string>& texts)
    : kind_(Kind::kOwned), owned_(ArrayLiteral(texts)) {}

}  // namespace va::store
