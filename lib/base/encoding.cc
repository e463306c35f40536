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

// The bits of up to four characters, the first ones highest; what is foreign shows in `seen`.
uint32_t WordOf(absl::string_view text, const std::array<uint8_t, 256>& table, uint8_t& seen) {
  uint32_t word = 0;
  for (const char c : text) {
    const uint8_t value = table[static_cast<uint8_t>(c)];
    seen |= value;
    word = word << 6 | (value & 63U);
  }
  return word;
}

// `text` carries no padding here.
absl::StatusOr<std::string> Decode(absl::string_view text, const std::array<uint8_t, 256>& table) {
  const size_t rest = text.size() % 4;
  if (rest == 1) return absl::InvalidArgumentError("base64 text has an impossible length");
  const size_t whole = text.size() - rest;
  std::string out(whole / 4 * 3 + (rest == 0 ? 0 : rest - 1), '\0');
  uint8_t seen = 0;
  char* to = out.data();
  for (size_t at = 0; at < whole; at += 4, to += 3) {
    const uint32_t word = WordOf(text.substr(at, 4), table, seen);
    to[0] = static_cast<char>(word >> 16 & 0xff);
    to[1] = static_cast<char>(word >> 8 & 0xff);
    to[2] = static_cast<char>(word & 0xff);
  }
  // Two characters hold one byte and four bits, three hold two bytes and two bits.
  const uint32_t last = WordOf(text.substr(whole), table, seen);
  if (rest == 2) to[0] = static_cast<char>(last >> 4 & 0xff);
  if (rest == 3) {
    to[0] = static_cast<char>(last >> 10 & 0xff);
    to[1] = static_cast<char>(last >> 2 & 0xff);
  }
  if (seen > 63) return absl::InvalidArgumentError("base64 text has a foreign character");
  const uint32_t unused = rest == 2 ? 15 : (rest == 3 ? 3 : 0);
  if ((last & unused) != 0) {
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
  // Mostly there is none, and white space is foreign to the strict reading.
  absl::StatusOr<std::string> strict = Base64DecodeStrict(text);
  if (strict.ok()) return strict;
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
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
