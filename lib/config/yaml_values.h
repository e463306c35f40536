// A YAML file as a flat list of what stands in it, for whoever compares two files: it knows no
// field, so it shows every difference.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace va::config {

// Every value by its path, e.g. "applications.mhv.waives"; a list is one value, written as it
// stands. INVALID_ARGUMENT (YAML_INVALID) for what is no YAML.
absl::StatusOr<std::map<std::string, std::string>> YamlValues(const std::string& text);

}  // namespace va::config
