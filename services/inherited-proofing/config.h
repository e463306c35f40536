// Settings of inherited-proofing beside the common ones.
#pragma once

#include "lib/config/fields.h"
#include "lib/service/common_config.h"

namespace va::proofing {

struct Config {
  service::PeerConfig mpi_adapter;  // peers.mpi_adapter
};

void Bind(config::Table& table, Config& config);

}  // namespace va::proofing
