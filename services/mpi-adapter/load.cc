#include "services/mpi-adapter/load.h"

namespace va::mpi {

void Load(const Config& config, service::FileLoader& files) {
  files.CheckTls("mpi.http.tls",
                 {config.certificate_file, config.private_key_file, config.ca_file});
}

}  // namespace va::mpi
