#include "lib/base/encoding.h"

#include <array>
#include <cstdint>

namespace va::base {
namespace {

constexpr char kStandard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kUrl[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr uint8_t kForeign = 0xff;

constexpr std::array<uint8_t, 256> ReverseOf(const char* alphabet) {
  std::array<uint8_t, 256> table{};
  for (auto& entry : table) entry = kForeign;
  for (uint8_t i = 0; i < 64; ++i) table[static_cast<uint8_t>(alphabet[i])] = i;
  return table;
}

constexpr auto kStandardReverse = ReverseOf(kStandard);
constexpr auto kUrlReverse = ReverseOf(kUrl);

std::string Encode(absl::string_view bytes, const char* alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  size_t i = 0;
  const auto byte = [&](size_t at) {
    return static_cast<uint32_t>(static_cast<uint8_t>(bytes[at]));
  };
  for (; i + 2 < bytes.size(); i += 3) {
    const uint32_t word = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (int shift = 18; shift >= 0; shift -= 6) out.push_back(alphabet[word >> shift & 63]);
  }
  const size_t rest = bytes.size() - i;
  if (rest == 0) return out;
  const uint32_t word = byte(i) << 16 | (rest == 2 ? byte(i + 1) << 8 : 0);
  out.push_back(alphabet[word >> 18 & 63]);
  out.push_back(alphabet[word >> 12 & 63]);
  if (rest == 2) out.push_back(alphabet[word >> 6 & 63]);
  if (pad) out.append(3 - rest, '=');
  return out;
}

// `text` carries no padding here.
absl::StatusOr<std::string> Decode(absl::string_view text, const std::array<uint8_t, 256>& table) {
  if (text.size() % 4 == 1)
    return absl::InvalidArgumentError("base64 text has an impossible length");
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  uint32_t word = 0;
  int bits = 0;
  for (const char c : text) {
    const uint8_t value = table[static_cast<uint8_t>(c)];
    if (value == kForeign) return absl::InvalidArgumentError("base64 text has a foreign character");
    word = word << 6 | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>(word >> bits & 0xff));
    }
  }
  if ((word & ((1U << bits) - 1)) != 0) {
    return absl::InvalidArgumentError("base64 text is not canonical");
  }
  return out;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string HexEncode(absl::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out.push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
    out.push_back(kDigits[static_cast<uint8_t>(c) & 15]);
  }
  return out;
}

absl::StatusOr<std::string> HexDecode(absl::string_view text) {
  if (text.size() % 2 != 0) return absl::InvalidArgumentError("hex text has an odd length");
  std::string out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) return absl::InvalidArgumentError("hex text has a foreign character");
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return out;
}

std::string Base64Encode(absl::string_view bytes) { return Encode(bytes, kStandard, true); }

absl::StatusOr<std::string> Base64DecodeStrict(absl::string_view text) {
  if (text.size() % 4 != 0) return absl::InvalidArgumentError("base64 text lacks its padding");
  size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  return Decode(text, kStandardReverse);
}

absl::StatusOr<std::string> Base64DecodeLenientWhitespace(absl::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  bool clean = true;
  for (const char c : text) clean = clean && !is_space(c);
  if (clean) return Base64DecodeStrict(text);
  std::string compact;
  compact.reserve(text.size());
  for (const char c : text) {
    if (!is_space(c)) compact.push_back(c);
  }
  return Base64DecodeStrict(compact);
}

std::string Base64UrlEncode(absl::string_view bytes) { return Encode(bytes, kUrl, false); }

absl::StatusOr<std::string> Base64UrlDecode(absl::string_view text) {
  return Decode(text, kUrlReverse);
}

}  // namespace va::base
