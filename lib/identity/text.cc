#include "lib/identity/text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "lib/identity/gc_ids.h"

namespace va::identity {
namespace {

// The next character that counts, lower case; nothing at the end.
std::optional<char> Next(absl::string_view& text) {
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '-') return absl::ascii_tolower(static_cast<unsigned char>(c));
  }
  return std::nullopt;
}

// How many bytes follow a first byte, and the smallest code point that may need them.
struct Lead {
  int more;
  std::uint32_t bits;
  std::uint32_t least;
};

std::optional<Lead> LeadOf(unsigned char byte) {
  if (byte < 0x80) return Lead{0, byte, 0};
  if ((byte & 0xE0U) == 0xC0U) return Lead{1, byte & 0x1FU, 0x80};
  if ((byte & 0xF0U) == 0xE0U) return Lead{2, byte & 0x0FU, 0x800};
  if ((byte & 0xF8U) == 0xF0U) return Lead{3, byte & 0x07U, 0x10000};
  return std::nullopt;
}

constexpr std::size_t kUuidHyphens[] = {8, 13, 18, 23};

bool IsUuidHyphen(std::size_t at) {
  return std::find(std::begin(kUuidHyphens), std::end(kUuidHyphens), at) != std::end(kUuidHyphens);
}

// The 32 digits of a uuid, lower case; nothing for what is none in either spelling.
std::optional<std::string> UuidDigits(absl::string_view text) {
  if (text.size() != 32 && text.size() != 36) return std::nullopt;
  std::string out;
  out.reserve(32);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (text.size() == 36 && IsUuidHyphen(i)) {
      if (c != '-') return std::nullopt;
    } else if (absl::ascii_isxdigit(c)) {
      out.push_back(absl::ascii_tolower(c));
    } else {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace

bool IsEdipi(absl::string_view text) {
  return text.size() == 10 && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c));
         });
}

bool IsUuid(absl::string_view text) { return UuidDigits(text).has_value(); }

CspId IdmeSpelling(const CspId& uuid) {
  std::optional<std::string> digits = UuidDigits(uuid.Reveal());
  return digits ? CspId::FromWire(*std::move(digits)) : uuid;
}

CspId LogingovSpelling(const CspId& uuid) {
  std::optional<std::string> text = UuidDigits(uuid.Reveal());
  if (!text) return uuid;
  for (const std::size_t at : kUuidHyphens) text->insert(at, 1, '-');
  return CspId::FromWire(*std::move(text));
}

bool IsUtf8(absl::string_view bytes) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    const std::optional<Lead> lead = LeadOf(static_cast<unsigned char>(bytes[i++]));
    if (!lead) return false;
    std::uint32_t point = lead->bits;
    for (int more = lead->more; more > 0; --more) {
      if (i >= bytes.size()) return false;
      const auto next = static_cast<unsigned char>(bytes[i++]);
      if ((next & 0xC0U) != 0x80U) return false;
      point = (point << 6U) | (next & 0x3FU);
    }
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (point < lead->least || point > 0x10FFFF || surrogate) return false;
  }
  return true;
}

bool SameWithoutHyphens(absl::string_view a, absl::string_view b) {
  for (;;) {
    const std::optional<char> left = Next(a);
    const std::optional<char> right = Next(b);
    if (left != right) return false;
    if (!left) return true;
  }
}

std::vector<CspId> DistinctIds(const std::vector<CspId>& ids) {
  std::vector<CspId> out;
  for (const CspId& id : ids) {
    const std::optional<std::string> digits = FirstDigitRun(id.Reveal());
    CspId counted = digits ? CspId::FromWire(*digits) : id;
    if (std::find(out.begin(), out.end(), counted) == out.end()) out.push_back(std::move(counted));
  }
  return out;
}

}  // namespace va::identity
