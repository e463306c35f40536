// Checks what the settings of mpi-adapter name: the files of the TLS connection to MPI. The HTTP
// client reads them for every connection, so nothing is kept here.
#pragma once

#include "lib/service/file_loader.h"
#include "services/mpi-adapter/config.h"

namespace va::mpi {

void Load(const Config& config, service::FileLoader& files);

}  // namespace va::mpi
