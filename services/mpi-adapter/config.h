// Settings of mpi-adapter beside the common ones.
#pragma once

#include <string>

#include "lib/config/fields.h"
#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"

namespace va::mpi {

struct Config {
  SoapSettings soap;  // mpi.http.url, mpi.http.timeout, mpi.message.*
  absl::Duration connect_timeout = absl::Seconds(3);  // mpi.http.connect_timeout
  int connections = 64;                               // mpi.http.connections
  std::string ca_file;                                // mpi.http.tls.*
  std::string certificate_file;
  std::string private_key_file;
};

void Bind(config::Table& table, Config& config);

}  // namespace va::mpi
