#include "services/mpi-adapter/domain/profile.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace va::mpi {
namespace {

// The day of YYYYMMDD, with or without a time behind it.
std::optional<absl::CivilDay> DayOf(absl::string_view text) {
  if (text.size() < 8) return std::nullopt;
  int digits[8] = {};
  for (int i = 0; i < 8; ++i) {
    const char c = text[static_cast<std::size_t>(i)];
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
    digits[i] = c - '0';
  }
  const int year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3];
  const int month = digits[4] * 10 + digits[5];
  const int day = digits[6] * 10 + digits[7];
  const absl::CivilDay parsed(year, month, day);
  // CivilDay makes the 30th of February a day in March.
  if (parsed.month() != month || parsed.day() != day) return std::nullopt;
  return parsed;
}

}  // namespace

const Name* LegalName(const Profile& profile) {
  const auto legal = std::find_if(profile.names.begin(), profile.names.end(),
                                  [](const Name& name) { return name.use == "L"; });
  return legal == profile.names.end() ? nullptr : &*legal;
}

bool IsInForce(const Relationship& relationship, absl::CivilDay today) {
  if (relationship.role.empty() || relationship.status != "ACTIVE") return false;
  if (!relationship.effective.empty()) {
    const std::optional<absl::CivilDay> begins = DayOf(relationship.effective);
    if (!begins || *begins > today) return false;
  }
  if (relationship.expires.empty()) return true;
  const std::optional<absl::CivilDay> ends = DayOf(relationship.expires);
  return ends && *ends >= today;
}

}  // namespace va::mpi
