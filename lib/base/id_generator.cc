#include "lib/base/id_generator.h"

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"

namespace va::base {

std::string IdGenerator::Token(size_t bytes) { return Base64UrlEncode(RandomBytes(bytes)); }

std::string IdGenerator::Uuid() {
  std::string bytes = RandomBytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = HexEncode(bytes);
  const absl::string_view view(hex);
  return absl::StrCat(view.substr(0, 8), "-", view.substr(8, 4), "-", view.substr(12, 4), "-",
                      view.substr(16, 4), "-", view.substr(20));
}

std::string IdGenerator::XmlId() { return absl::StrCat("_", HexEncode(RandomBytes(16))); }

}  // namespace va::base
