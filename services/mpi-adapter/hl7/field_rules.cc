#include "services/mpi-adapter/hl7/field_rules.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status.h"
#include "lib/identity/text.h"

namespace va::mpi::hl7 {
namespace {

constexpr size_t kMaxText = 512;
constexpr size_t kMaxIdentifier = 64;

absl::Status Refuse(absl::string_view reason, absl::string_view field, absl::string_view why) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason,
                         absl::StrCat(field, ": ", why));
}

// The next code point of well-formed UTF-8; nullopt for overlong forms, surrogates and anything
// above U+10FFFF. Moves `rest` behind it.
std::optional<std::uint32_t> NextCodePoint(absl::string_view& rest) {
  const auto byte = [&rest](size_t i) { return static_cast<std::uint8_t>(rest[i]); };
  const std::uint8_t lead = byte(0);
  size_t length = 1;
  std::uint32_t point = lead;
  std::uint32_t least = 0;
  if (lead >= 0x80) {
    if ((lead & 0xE0U) == 0xC0U) {
      length = 2, point = lead & 0x1FU, least = 0x80;
    } else if ((lead & 0xF0U) == 0xE0U) {
      length = 3, point = lead & 0x0FU, least = 0x800;
    } else if ((lead & 0xF8U) == 0xF0U) {
      length = 4, point = lead & 0x07U, least = 0x10000;
    } else {
      return std::nullopt;
    }
  }
  if (rest.size() < length) return std::nullopt;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return std::nullopt;
    point = (point << 6U) | (byte(i) & 0x3FU);
  }
  if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
    return std::nullopt;
  }
  rest.remove_prefix(length);
  return point;
}

bool IsControl(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0xFFFE || point == 0xFFFF;
}

constexpr size_t kMaxTime = 32;

bool IsMadeOf(absl::string_view text, absl::string_view marks) {
  return std::all_of(text.begin(), text.end(), [marks](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
           marks.find(c) != absl::string_view::npos;
  });
}

// Behind a day: nothing, or 123000, 1230.5-0500 as HL7 writes a time.
bool IsHl7Time(absl::string_view time) {
  const size_t digits = std::min(time.find_first_of(".+-"), time.size());
  const bool pairs = digits == 2 || digits == 4 || digits == 6;
  return time.empty() || (pairs && time.size() <= kMaxTime && IsMadeOf(time, ".+-"));
}

// T12:30:00Z, as ISO 8601 does.
bool IsIsoTime(absl::string_view time) {
  const bool begins = time.size() > 1 && (time[0] == 'T' || time[0] == ' ');
  return time.empty() || (begins && time.size() <= kMaxTime && IsMadeOf(time.substr(1), ":.+-Z"));
}

}  // namespace

absl::Status CheckText(absl::string_view field, absl::string_view value) {
  if (value.size() > kMaxText) return Refuse("FIELD_TOO_LONG", field, "too long");
  while (!value.empty()) {
    const std::optional<std::uint32_t> point = NextCodePoint(value);
    if (!point) return Refuse("FIELD_ENCODING", field, "not UTF-8");
    if (IsControl(*point)) {
      return Refuse("FIELD_CONTROL_CHARACTER", field, "holds a control character");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckIdentifier(absl::string_view field, absl::string_view value) {
  const bool good =
      !value.empty() && value.size() <= kMaxIdentifier &&
      std::all_of(value.begin(), value.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
      });
  return good ? absl::OkStatus() : Malformed(field);
}

absl::Status Malformed(absl::string_view field) {
  return Refuse("FIELD_MALFORMED", field, "not of the form it must have");
}

std::optional<identity::BirthDate> WireDay(const identity::BirthDate& date) {
  const absl::string_view text = date.Reveal();
  const bool dashed = text.size() > 4 && text[4] == '-';
  const absl::string_view day = text.substr(0, dashed ? 10 : 8);
  if (!(dashed ? IsIsoTime(text.substr(day.size())) : IsHl7Time(text.substr(day.size())))) {
    return std::nullopt;
  }
  return identity::BirthDate::FromWire(std::string(day)).Compact();
}

bool IsBlank(absl::string_view value) { return absl::StripAsciiWhitespace(value).empty(); }

FieldCheck& FieldCheck::Need(absl::string_view field,
                             std::initializer_list<absl::string_view> values) {
  if (std::all_of(values.begin(), values.end(), IsBlank)) missing_.push_back(field);
  return *this;
}

FieldCheck& FieldCheck::Also(const absl::Status& status) {
  if (fault_.ok()) fault_ = status;
  return *this;
}

FieldCheck& FieldCheck::Form(absl::string_view field, bool good) {
  return good ? *this : Also(Malformed(field));
}

FieldCheck& FieldCheck::Text(absl::string_view field, absl::string_view value) {
  return Also(CheckText(field, value));
}

FieldCheck& FieldCheck::Identifier(absl::string_view field, const identity::CspId& id) {
  return IsBlank(id.Reveal()) ? *this : Also(CheckIdentifier(field, id.Reveal()));
}

FieldCheck& FieldCheck::Edipi(absl::string_view field, const identity::CspId& edipi) {
  return Form(field, IsBlank(edipi.Reveal()) || identity::IsEdipi(edipi.Reveal()));
}

FieldCheck& FieldCheck::Icn(absl::string_view field, const identity::Icn& icn) {
  return Form(field, IsBlank(icn.Reveal()) || icn.IsWellFormed());
}

FieldCheck& FieldCheck::Ssn(absl::string_view field, const identity::Ssn& ssn) {
  return Form(field, IsBlank(ssn.Reveal()) || ssn.IsWellFormed());
}

FieldCheck& FieldCheck::Day(absl::string_view field, const identity::BirthDate& date) {
  return Form(field, IsBlank(date.Reveal()) || WireDay(date).has_value());
}

absl::Status FieldCheck::status() const {
  if (missing_.empty()) return fault_;
  return base::MakeError(
      absl::StatusCode::kInvalidArgument, "FIELD_MISSING",
      absl::StrCat("Required values missing: [", absl::StrJoin(missing_, ", "), "]"));
}

}  // namespace va::mpi::hl7
