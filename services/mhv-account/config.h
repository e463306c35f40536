// Settings of mhv-account beside the common ones.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "lib/config/fields.h"
#include "lib/service/common_config.h"
#include "lib/service/decision_keys.h"

namespace va::mhv {

struct Config {
  service::DecisionKeyFiles decision;  // decision.*

  std::string sealed_box_file;  // keys.sealed_box_file
  std::string lookup_file;      // keys.lookup_file

  // mhv.*
  std::string http_url;
  absl::Duration http_timeout = absl::Seconds(3);
  std::string http_ca_file;
  std::string http_certificate_file;
  std::string http_private_key_file;
  std::string api_key_file;
  std::string sts_url;
  std::string sts_client_id;
  std::string sts_signing_ring_file;
  std::string sts_service_account_id;
  std::string terms_document = "va_terms_of_use";
  absl::Duration account_lifetime = absl::Hours(24);

  service::PeerConfig mpi_adapter;      // peers.mpi_adapter
  service::PeerConfig user_attributes;  // peers.user_attributes
};

void Bind(config::Table& table, Config& config);

}  // namespace va::mhv
