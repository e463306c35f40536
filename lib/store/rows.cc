#include "lib/store/rows.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "lib/base/encoding.h"
#include "lib/store/pqxx_connection.h"

namespace va::store {
namespace {

// `count` digits at `at`; -1 when they are not digits.
int Digits(absl::string_view text, size_t at, size_t count) {
  if (text.size() < at + count) return -1;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

// ".123456" as a duration; the text behind it is left in `rest`.
absl::Duration Fraction(absl::string_view text, absl::string_view* rest) {
  *rest = text;
  if (text.empty() || text[0] != '.') return absl::ZeroDuration();
  int64_t micros = 0;
  int64_t unit = 100000;
  size_t at = 1;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    micros += (text[at] - '0') * unit;
    unit /= 10;
  }
  *rest = text.substr(at);
  return absl::Microseconds(micros);
}

// ISO as the server writes it with the session's time zone, which is UTC: "2026-01-15
// 12:00:00.25+00".
absl::Time ParseTimestamp(absl::string_view text) {
  if (text == "infinity") return absl::InfiniteFuture();
  const int year = Digits(text, 0, 4), month = Digits(text, 5, 2), day = Digits(text, 8, 2);
  const int hour = Digits(text, 11, 2), minute = Digits(text, 14, 2), second = Digits(text, 17, 2);
  if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0) {
    return absl::InfinitePast();
  }
  absl::string_view rest;
  const absl::Duration fraction = Fraction(text.substr(19), &rest);
  if (rest != "+00") return absl::InfinitePast();
  return absl::FromCivil(absl::CivilSecond(year, month, day, hour, minute, second),
                         absl::UTCTimeZone()) +
         fraction;
}

// `{a,"b \"c\"",NULL}`: elements are quoted where they have to be.
std::vector<std::string> ParseTextArray(absl::string_view text) {
  std::vector<std::string> elements;
  if (!absl::ConsumePrefix(&text, "{") || !absl::ConsumeSuffix(&text, "}") || text.empty()) {
    return elements;
  }
  std::string element;
  bool quoted = false;
  bool was_quoted = false;
  const auto finish = [&] {
    elements.push_back(!was_quoted && element == "NULL" ? "" : element);
    element.clear();
    was_quoted = false;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      quoted = !quoted;
      was_quoted = true;
    } else if (c == '\\' && i + 1 < text.size()) {
      element.push_back(text[++i]);
    } else if (c == ',' && !quoted) {
      finish();
    } else {
      element.push_back(c);
    }
  }
  finish();
  return elements;
}

}  // namespace

absl::string_view Row::Raw(int column) const {
  const pqxx::result& result = result_->result;
  if (row_ < 0 || static_cast<pqxx::result::size_type>(row_) >= result.size() || column < 0 ||
      static_cast<pqxx::row::size_type>(column) >= result.columns()) {
    return {};
  }
  const pqxx::field field =
      result[static_cast<pqxx::result::size_type>(row_)][static_cast<pqxx::row::size_type>(column)];
  if (field.is_null()) return {};
  return {field.c_str(), field.size()};
}

// libpq gives a value that is not NULL an address even when it is empty.
bool Row::IsNull(int column) const { return Raw(column).data() == nullptr; }

std::string Row::Text(int column) const { return std::string(Raw(column)); }

std::optional<std::string> Row::OptText(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Text(column);
}

int64_t Row::Int(int column) const {
  int64_t value = 0;
  return absl::SimpleAtoi(Raw(column), &value) ? value : 0;
}

double Row::Double(int column) const {
  double value = 0;
  return absl::SimpleAtod(Raw(column), &value) ? value : 0;
}

bool Row::Bool(int column) const { return Raw(column) == "t"; }

absl::Time Row::Time(int column) const { return ParseTimestamp(Raw(column)); }

std::optional<absl::Time> Row::OptTime(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Time(column);
}

std::string Row::Bytes(int column) const {
  absl::string_view text = Raw(column);
  if (!absl::ConsumePrefix(&text, "\\x")) return "";
  return base::HexDecode(text).value_or("");
}

std::vector<std::string> Row::Texts(int column) const { return ParseTextArray(Raw(column)); }

Rows::Rows(std::unique_ptr<const ResultHolder> result) : result_(std::move(result)) {}
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;

int Rows::size() const { return static_cast<int>(result_->result.size()); }

int64_t Rows::affected() const { return static_cast<int64_t>(result_->result.affected_rows()); }

}  // namespace va::store
