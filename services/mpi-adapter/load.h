// Reads what the settings of mpi-adapter name: the key rings of what is kept of MPI's answers. The
// files of the TLS connection to MPI are checked only: the HTTP client reads them for every
// connection.
#pragma once

#include <optional>

#include "lib/crypto/sealed_box.h"
#include "lib/service/file_loader.h"
#include "services/mpi-adapter/config.h"

namespace va::mpi {

struct Loaded {
  crypto::SealedBox sealed_box;
  crypto::LookupHasher hasher;
};

// Nothing when a file cannot be used; `files` then holds every reason.
std::optional<Loaded> Load(const Config& config, service::FileLoader& files);

}  // namespace va::mpi
