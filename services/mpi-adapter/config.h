// Settings of mpi-adapter beside the common ones.
#pragma once

#include <string>

#include "lib/config/fields.h"
#include "lib/service/common_config.h"
#include "services/mpi-adapter/adapters/break_glass.h"
#include "services/mpi-adapter/adapters/guarded_mpi.h"
#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"
#include "services/mpi-adapter/domain/cached_mpi.h"

namespace va::mpi {

struct Config {
  SoapSettings soap;  // mpi.http.url, mpi.http.timeout, mpi.message.*
  absl::Duration connect_timeout = absl::Seconds(3);  // mpi.http.connect_timeout
  int connections = 512;                              // mpi.http.connections
  GuardSettings guards;                               // mpi.http.max_in_flight
  BreakGlassSettings break_glass;                     // mpi.break_glass.*
  std::string ca_file;                                // mpi.http.tls.*
  std::string certificate_file;
  std::string private_key_file;
  std::string sealed_box_file;  // keys.sealed_box_file
  std::string lookup_file;      // keys.lookup_file
  CacheSettings cache;          // mpi.cache.*
};

void Bind(config::Table& table, Config& config);

// What must hold between these settings and the common ones.
void BindRules(config::Table& table, const Config& config, const service::CommonConfig& common);

// Those of mpi.* alone: what it takes to ask MPI as this service does.
void BindMpi(config::Table& table, Config& config);

}  // namespace va::mpi
