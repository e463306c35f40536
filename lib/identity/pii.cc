#include "lib/identity/pii.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"

namespace va::identity {
namespace {

bool AllDigits(absl::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return !text.empty();
}

int Number(absl::string_view digits) {
  int out = 0;
  for (const char c : digits) out = out * 10 + (c - '0');
  return out;
}

// Strict YYYYMMDD or YYYY-MM-DD of a day that exists; the lenient parser of the reference is a
// source of guesses (ssoe_saml.md 2).
std::optional<absl::CivilDay> ParseDay(absl::string_view text) {
  absl::string_view year, month, day;
  if (text.size() == 8) {
    year = text.substr(0, 4);
    month = text.substr(4, 2);
    day = text.substr(6, 2);
  } else if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    year = text.substr(0, 4);
    month = text.substr(5, 2);
    day = text.substr(8, 2);
  } else {
    return std::nullopt;
  }
  if (!AllDigits(year) || !AllDigits(month) || !AllDigits(day)) return std::nullopt;
  const absl::CivilDay parsed(Number(year), Number(month), Number(day));
  // CivilDay normalises 30 February into March: such a day was never written on a certificate.
  const bool exists = parsed.month() == Number(month) && parsed.day() == Number(day);
  if (!exists || Number(year) == 0) return std::nullopt;
  return parsed;
}

std::string TwoDigits(int value) {
  return {static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)};
}

std::string Print(const absl::CivilDay& day, absl::string_view separator) {
  const int year = static_cast<int>(day.year());
  std::string out = TwoDigits(year / 100) + TwoDigits(year % 100);
  out.append(separator.data(), separator.size());
  out += TwoDigits(day.month());
  out.append(separator.data(), separator.size());
  out += TwoDigits(day.day());
  return out;
}

std::string DigitsOf(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(c))) out.push_back(c);
  }
  return out;
}

}  // namespace

bool Ssn::IsWellFormed() const {
  const Ssn plain = WithoutHyphens();
  return plain.Reveal().size() == 9 && AllDigits(plain.Reveal());
}

bool Ssn::SameDigits(const Ssn& other) const {
  const std::string mine = DigitsOf(Reveal());
  const std::string theirs = DigitsOf(other.Reveal());
  if (mine.size() != theirs.size() || mine.empty()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < mine.size(); ++i) {
    difference |= static_cast<unsigned>(mine[i]) ^ static_cast<unsigned>(theirs[i]);
  }
  return difference == 0;
}

Ssn Ssn::WithoutHyphens() const {
  std::string out;
  out.reserve(Reveal().size());
  for (const char c : Reveal()) {
    if (c != '-') out.push_back(c);
  }
  return FromWire(std::move(out));
}

bool Icn::IsWellFormed() const {
  const absl::string_view text = Reveal();
  if (text.size() != 17) return false;
  if (AllDigits(text)) return true;
  return AllDigits(text.substr(0, 10)) && text[10] == 'V' && AllDigits(text.substr(11));
}

bool BirthDate::IsWellFormed() const { return ParseDay(Reveal()).has_value(); }

std::optional<BirthDate> BirthDate::Dashed() const {
  const std::optional<absl::CivilDay> day = ParseDay(Reveal());
  if (!day) return std::nullopt;
  return FromWire(Print(*day, "-"));
}

std::optional<BirthDate> BirthDate::Compact() const {
  const std::optional<absl::CivilDay> day = ParseDay(Reveal());
  if (!day) return std::nullopt;
  return FromWire(Print(*day, ""));
}

bool BirthDate::SameDay(const BirthDate& other) const {
  const std::optional<absl::CivilDay> mine = ParseDay(Reveal());
  return mine && mine == ParseDay(other.Reveal());
}

}  // namespace va::identity
