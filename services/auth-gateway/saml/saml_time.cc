#include "services/auth-gateway/saml/saml_time.h"

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"

namespace va::gateway {
namespace {

constexpr int kMaxOffsetMinutes = 14 * 60;  // xs:dateTime 3.2.7.3
constexpr size_t kMaxFractionDigits = 18;

// Reads a fixed form from left to right; remembers the first misfit.
class Reader {
 public:
  explicit Reader(absl::string_view text) : rest_(text) {}

  int Digits(size_t count) {
    int value = 0;
    for (size_t i = 0; i < count; ++i) {
      const char c = Next();
      if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) ok_ = false;
      value = value * 10 + (c - '0');
    }
    return value;
  }

  void Literal(char expected) { ok_ = Next() == expected && ok_; }

  // ".digits", or nothing.
  absl::Duration Fraction() {
    if (rest_.empty() || rest_[0] != '.') return absl::ZeroDuration();
    rest_.remove_prefix(1);
    size_t count = 0;
    absl::Duration out = absl::ZeroDuration();
    absl::Duration unit = absl::Milliseconds(100);
    for (; count < rest_.size() && absl::ascii_isdigit(static_cast<unsigned char>(rest_[count]));
         ++count) {
      out += unit * (rest_[count] - '0');
      unit /= 10;
    }
    if (count == 0 || count > kMaxFractionDigits) ok_ = false;
    rest_.remove_prefix(count);
    return out;
  }

  // "Z" or an offset, as what has to be taken away to get UTC.
  absl::Duration Zone() {
    const char sign = Next();
    if (sign == 'Z') return absl::ZeroDuration();
    if (sign != '+' && sign != '-') ok_ = false;
    const int hours = Digits(2);
    Literal(':');
    const int minutes = Digits(2);
    if (minutes > 59 || hours * 60 + minutes > kMaxOffsetMinutes) ok_ = false;
    const absl::Duration offset = absl::Minutes(hours * 60 + minutes);
    return sign == '-' ? -offset : offset;
  }

  bool Finished() const { return ok_ && rest_.empty(); }

 private:
  char Next() {
    if (rest_.empty()) {
      ok_ = false;
      return '0';
    }
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }

  absl::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::optional<absl::Time> ParseSamlTime(absl::string_view text) {
  Reader reader(text);
  const int year = reader.Digits(4);
  reader.Literal('-');
  const int month = reader.Digits(2);
  reader.Literal('-');
  const int day = reader.Digits(2);
  reader.Literal('T');
  const int hour = reader.Digits(2);
  reader.Literal(':');
  const int minute = reader.Digits(2);
  reader.Literal(':');
  const int second = reader.Digits(2);
  const absl::Duration fraction = reader.Fraction();
  const absl::Duration zone = reader.Zone();
  if (!reader.Finished() || year == 0) return std::nullopt;
  // CivilSecond carries what overflows into the next field; a value that moved did not exist.
  const absl::CivilSecond civil(year, month, day, hour, minute, second);
  if (civil.month() != month || civil.day() != day || civil.hour() != hour ||
      civil.minute() != minute || civil.second() != second) {
    return std::nullopt;
  }
  return absl::FromCivil(civil, absl::UTCTimeZone()) + fraction - zone;
}

std::string FormatSamlTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

}  // namespace va::gateway
