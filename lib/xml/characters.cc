#include "lib/xml/characters.h"

#include <cstdint>
#include <cstring>

namespace va::xml {
namespace {

constexpr size_t kMaxIdBytes = 256;

// Length of the well-formed UTF-8 sequence at the front and the code point in it; 0 when malformed.
size_t DecodeOne(absl::string_view bytes, uint32_t& code) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const auto follows = [&](size_t i) { return i < bytes.size() && (at(i) & 0xc0) == 0x80; };
  const uint8_t lead = at(0);
  if (lead < 0x80) {
    code = lead;
    return 1;
  }
  if (lead >= 0xc2 && lead <= 0xdf && follows(1)) {
    code = (lead & 0x1fU) << 6 | (at(1) & 0x3fU);
    return 2;
  }
  if ((lead & 0xf0) == 0xe0 && follows(1) && follows(2)) {
    code = (lead & 0x0fU) << 12 | (at(1) & 0x3fU) << 6 | (at(2) & 0x3fU);
    return code >= 0x800 && (code < 0xd800 || code > 0xdfff) ? 3 : 0;
  }
  if ((lead & 0xf8) == 0xf0 && follows(1) && follows(2) && follows(3)) {
    code = (lead & 0x07U) << 18 | (at(1) & 0x3fU) << 12 | (at(2) & 0x3fU) << 6 | (at(3) & 0x3fU);
    return code >= 0x10000 && code <= 0x10ffff ? 4 : 0;
  }
  return 0;
}

bool IsXmlChar(uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code != 0xfffe && code != 0xffff;
}

bool IsAsciiLetter(uint32_t code) {
  return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

// NameStartChar of XML 1.0 (fifth edition) without the colon.
bool IsNcNameStart(uint32_t code) {
  if (code < 0x80) return IsAsciiLetter(code) || code == '_';
  return (code >= 0xc0 && code <= 0x2ff && code != 0xd7 && code != 0xf7) ||
         (code >= 0x370 && code <= 0x1fff && code != 0x37e) || code == 0x200c || code == 0x200d ||
         (code >= 0x2070 && code <= 0x218f) || (code >= 0x2c00 && code <= 0x2fef) ||
         (code >= 0x3001 && code <= 0xd7ff) || (code >= 0xf900 && code <= 0xfdcf) ||
         (code >= 0xfdf0 && code <= 0xfffd) || (code >= 0x10000 && code <= 0xeffff);
}

bool IsNcNameChar(uint32_t code) {
  return IsNcNameStart(code) || code == '-' || code == '.' || (code >= '0' && code <= '9') ||
         code == 0xb7 || (code >= 0x300 && code <= 0x36f) || code == 0x203f || code == 0x2040;
}

// Calls `accept` for every character; false when one is malformed or not accepted.
template <typename Accept>
bool EveryCharacter(absl::string_view bytes, Accept accept) {
  while (!bytes.empty()) {
    uint32_t code = 0;
    const size_t length = DecodeOne(bytes, code);
    if (length == 0 || !accept(code)) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

// Whether the next eight bytes are ASCII without NUL: the usual case, decided at once.
bool EightPlainBytes(absl::string_view bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  constexpr uint64_t kHigh = 0x8080808080808080U;
  constexpr uint64_t kOnes = 0x0101010101010101U;
  return (word & kHigh) == 0 && ((word - kOnes) & kHigh) == 0;
}

}  // namespace

bool IsUtf8WithoutNul(absl::string_view bytes) {
  while (!bytes.empty()) {
    if (bytes.size() >= 8 && EightPlainBytes(bytes)) {
      bytes.remove_prefix(8);
      continue;
    }
    uint32_t code = 0;
    const size_t length = DecodeOne(bytes, code);
    if (length == 0 || code == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

bool IsXmlText(absl::string_view bytes) { return EveryCharacter(bytes, IsXmlChar); }

bool IsNcName(absl::string_view text) {
  if (text.empty() || text.size() > kMaxIdBytes) return false;
  bool first = true;
  return EveryCharacter(text, [&first](uint32_t code) {
    const bool fits = first ? IsNcNameStart(code) : IsNcNameChar(code);
    first = false;
    return fits;
  });
}

}  // namespace va::xml
