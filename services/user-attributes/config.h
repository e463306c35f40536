// Settings of user-attributes beside the common ones.
#pragma once

#include <string>

#include "lib/config/fields.h"

namespace va::attributes {

struct Config {
  std::string policy_file;      // policy.file
  std::string sealed_box_file;  // keys.sealed_box_file
  std::string lookup_file;      // keys.lookup_file
};

void Bind(config::Table& table, Config& config);

}  // namespace va::attributes
