// Settings of the connection to VA Profile: section va_profile.*.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "lib/config/fields.h"
#include "lib/service/file_loader.h"

namespace va::attributes {

struct VaProfileConfig {
  std::string base_url;                       // empty: not configured
  absl::Duration timeout = absl::Seconds(2);  // for all of a question
  absl::Duration cache_for = absl::Minutes(10);
  std::string ca_file;  // tls.*
  std::string certificate_file;
  std::string private_key_file;
};

void BindVaProfile(config::Table& table, VaProfileConfig& config);

// Reports what is wrong with the files of the connection; they are read by the HTTP client.
void CheckVaProfileTls(const VaProfileConfig& config, service::FileLoader& files);
service::FileLoader::TlsFiles VaProfileTlsFiles(const VaProfileConfig& config);

inline constexpr char kVaProfileTls[] = "va_profile.tls";

}  // namespace va::attributes
