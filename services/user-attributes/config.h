// Settings of user-attributes beside the common ones.
#pragma once

#include <string>

#include "lib/config/fields.h"
#include "services/user-attributes/domain/terms.h"
#include "services/user-attributes/va_profile_config.h"

namespace va::attributes {

struct Config {
  std::string policy_file;        // policy.file
  std::string sealed_box_file;    // keys.sealed_box_file
  std::string lookup_file;        // keys.lookup_file
  std::string signing_ring_file;  // decision.signing_ring_file
  std::string icn_keys_file;      // decision.icn_keys_file
  TermsDocument terms;            // terms.*
  VaProfileConfig va_profile{};   // va_profile.*
};

void Bind(config::Table& table, Config& config);

}  // namespace va::attributes
