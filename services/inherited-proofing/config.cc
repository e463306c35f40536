#include "services/inherited-proofing/config.h"

namespace va::proofing {

void Bind(config::Table& table, Config& config) {
  service::BindPeer(table, "peers.mpi_adapter", config.mpi_adapter, "mpi-adapter");
}

}  // namespace va::proofing
