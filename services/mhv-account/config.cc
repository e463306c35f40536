#include "services/mhv-account/config.h"

namespace va::mhv {

void Bind(config::Table& table, Config& config) {
  service::BindPeer(table, "peers.mpi_adapter", config.mpi_adapter, "mpi-adapter");
  service::BindPeer(table, "peers.user_attributes", config.user_attributes, "user-attributes");
}

}  // namespace va::mhv
