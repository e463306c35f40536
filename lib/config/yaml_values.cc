#include "lib/config/yaml_values.h"

#include <yaml-cpp/yaml.h>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::config {
namespace {

constexpr int kDeepest = 32;

void Flatten(const YAML::Node& node, const std::string& path, int depth,
             std::map<std::string, std::string>& out) {
  if (!node.IsMap() || depth == kDeepest) {
    out[path] = YAML::Dump(node);
    return;
  }
  for (const auto& pair : node) {
    const std::string key = pair.first.as<std::string>();
    Flatten(pair.second, path.empty() ? key : absl::StrCat(path, ".", key), depth + 1, out);
  }
}

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> YamlValues(const std::string& text) {
  std::map<std::string, std::string> out;
  try {
    Flatten(YAML::Load(text), "", 0, out);
  } catch (const YAML::Exception&) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "YAML_INVALID", "not YAML");
  }
  return out;
}

}  // namespace va::config
