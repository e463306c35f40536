#include "lib/base/encoding.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

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

// Two characters for every twelve bits, the first in the lower byte. Four of them make the eight
// characters of six bytes in one step: base64 is most of what a token costs beside its cipher.
using Pairs = std::array<uint16_t, 4096>;
static_assert(std::endian::native == std::endian::little);

constexpr Pairs PairsOf(const char* alphabet) {
  Pairs pairs{};
  for (size_t i = 0; i < pairs.size(); ++i) {
    pairs[i] = static_cast<uint16_t>(alphabet[i >> 6] | alphabet[i & 63] << 8);
  }
  return pairs;
}

constexpr Pairs kStandardPairs = PairsOf(kStandard);
constexpr Pairs kUrlPairs = PairsOf(kUrl);

constexpr auto kStandardReverse = ReverseOf(kStandard);
constexpr auto kUrlReverse = ReverseOf(kUrl);

size_t EncodedBytes(size_t bytes, bool pad) {
  return pad ? (bytes + 2) / 3 * 4 : bytes / 3 * 4 + (bytes % 3 == 0 ? 0 : bytes % 3 + 1);
}

// The characters of six bytes; reads eight.
uint64_t EightOf(const char* from, const Pairs& pairs) {
  uint64_t bits = 0;
  std::memcpy(&bits, from, sizeof bits);
  bits = __builtin_bswap64(bits);
  return uint64_t{pairs[bits >> 52]} | uint64_t{pairs[bits >> 40 & 4095]} << 16 |
         uint64_t{pairs[bits >> 28 & 4095]} << 32 | uint64_t{pairs[bits >> 16 & 4095]} << 48;
}

// Writes EncodedBytes characters.
void Encode(absl::string_view bytes, const Pairs& pairs, bool pad, char* to) {
  for (; bytes.size() >= 8; bytes.remove_prefix(6), to += 8) {
    const uint64_t eight = EightOf(bytes.data(), pairs);
    std::memcpy(to, &eight, sizeof eight);
  }
  // Up to three at a time, as if zeros followed; what they would have given is cut off.
  for (; !bytes.empty(); bytes.remove_prefix(std::min<size_t>(bytes.size(), 3))) {
    const size_t size = std::min<size_t>(bytes.size(), 3);
    char few[8] = {};
    std::memcpy(few, bytes.data(), size);
    const uint64_t eight = EightOf(few, pairs);
    std::memcpy(to, &eight, size + 1);
    to += size + 1;
    for (size_t at = size; pad && at < 3; ++at) *to++ = '=';
  }
}

void Append(absl::string_view bytes, const Pairs& pairs, bool pad, std::string& out) {
  const size_t at = out.size();
  out.resize(at + EncodedBytes(bytes.size(), pad));
  Encode(bytes, pairs, pad, out.data() + at);
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

std::string Base64Encode(absl::string_view bytes) {
  std::string out;
  Append(bytes, kStandardPairs, true, out);
  return out;
}

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

std::string Base64UrlEncode(absl::string_view bytes) {
  std::string out;
  AppendBase64Url(bytes, out);
  return out;
}

void AppendBase64Url(absl::string_view bytes, std::string& out) {
  Append(bytes, kUrlPairs, false, out);
}

absl::StatusOr<std::string> Base64UrlDecode(absl::string_view text) {
  return Decode(text, kUrlReverse);
}

}  // namespace va::base
