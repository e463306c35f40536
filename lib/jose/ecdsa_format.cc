#include "lib/jose/ecdsa_format.h"

#include <cstdint>

namespace va::jose {
namespace {

constexpr char kSequence = 0x30;
constexpr char kInteger = 0x02;
// Two integers of at most 48 bytes, their sign bytes and heads: lengths fit into one byte below
// 128.
constexpr size_t kMaxWidth = 48;

bool HighBit(char c) { return (static_cast<uint8_t>(c) & 0x80) != 0; }

// Without leading zero bytes; empty for zero.
absl::string_view Stripped(absl::string_view number) {
  while (!number.empty() && number.front() == '\0') number.remove_prefix(1);
  return number;
}

void AppendInteger(absl::string_view number, std::string& der) {
  const bool sign_byte = HighBit(number.front());
  der.push_back(kInteger);
  der.push_back(static_cast<char>(number.size() + (sign_byte ? 1 : 0)));
  if (sign_byte) der.push_back('\0');
  der.append(number.data(), number.size());
}

// Takes one positive integer off the front of `der` and appends it at full width.
bool TakeInteger(absl::string_view& der, size_t width, std::string& raw) {
  if (der.size() < 3 || der[0] != kInteger) return false;
  const auto length = static_cast<uint8_t>(der[1]);
  if (length == 0 || length > width + 1 || der.size() < size_t{2} + length) return false;
  absl::string_view number = der.substr(2, length);
  der.remove_prefix(size_t{2} + length);
  if (HighBit(number.front())) return false;  // negative
  if (number.front() == '\0') {
    if (number.size() == 1 || !HighBit(number[1])) return false;  // zero, or not the shortest form
    number.remove_prefix(1);
  }
  if (number.size() > width) return false;
  raw.append(width - number.size(), '\0');
  raw.append(number.data(), number.size());
  return true;
}

}  // namespace

std::optional<std::string> EcdsaRawToDer(absl::string_view raw, size_t width) {
  if (width == 0 || width > kMaxWidth || raw.size() != 2 * width) return std::nullopt;
  const absl::string_view r = Stripped(raw.substr(0, width));
  const absl::string_view s = Stripped(raw.substr(width));
  if (r.empty() || s.empty()) return std::nullopt;
  std::string der;
  der.reserve(2 * width + 8);
  der.push_back(kSequence);
  der.push_back('\0');  // the length, known in the end
  AppendInteger(r, der);
  AppendInteger(s, der);
  der[1] = static_cast<char>(der.size() - 2);
  return der;
}

std::optional<std::string> EcdsaDerToRaw(absl::string_view der, size_t width) {
  if (width == 0 || width > kMaxWidth || der.size() < 2 || der[0] != kSequence) return std::nullopt;
  if (HighBit(der[1]) || static_cast<size_t>(der[1]) != der.size() - 2) return std::nullopt;
  der.remove_prefix(2);
  std::string raw;
  raw.reserve(2 * width);
  for (int number = 0; number < 2; ++number) {
    if (!TakeInteger(der, width, raw)) return std::nullopt;
  }
  if (!der.empty()) return std::nullopt;
  return raw;
}

}  // namespace va::jose
