#include "lib/base/field_pack.h"

#include <cstdint>

namespace va::base {
namespace {

void AppendText(absl::string_view text, std::string& out) {
  const auto size = static_cast<uint32_t>(text.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift));
  out.append(text.data(), text.size());
}

bool TakeText(absl::string_view& bytes, std::string& out) {
  if (bytes.size() < 4) return false;
  uint32_t size = 0;
  for (size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<uint8_t>(bytes[i]);
  bytes.remove_prefix(4);
  if (bytes.size() < size) return false;
  out.assign(bytes.data(), size);
  bytes.remove_prefix(size);
  return true;
}

}  // namespace

std::string PackFields(const Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    AppendText(name, out);
    AppendText(value, out);
  }
  return out;
}

absl::StatusOr<Fields> UnpackFields(absl::string_view bytes) {
  Fields fields;
  while (!bytes.empty()) {
    auto& [name, value] = fields.emplace_back();
    if (!TakeText(bytes, name) || !TakeText(bytes, value)) {
      return absl::InvalidArgumentError("packed fields are cut off");
    }
  }
  return fields;
}

}  // namespace va::base
