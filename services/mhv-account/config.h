// Settings of mhv-account beside the common ones.
#pragma once

#include "lib/config/fields.h"
#include "lib/service/common_config.h"

namespace va::mhv {

struct Config {
  service::PeerConfig mpi_adapter;      // peers.mpi_adapter
  service::PeerConfig user_attributes;  // peers.user_attributes
};

void Bind(config::Table& table, Config& config);

}  // namespace va::mhv
