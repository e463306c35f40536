// The settings every service has, under the same keys. A service binds its own beside them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/config/fields.h"
#include "lib/rpc/tls.h"
#include "lib/store/pool.h"

namespace va::service {

struct CommonConfig {
  // ops.listen: health and operator pages, plain HTTP, never exposed outside.
  std::string ops_listen = "127.0.0.1:0";

  // grpc.*
  std::string grpc_listen = "127.0.0.1:0";
  rpc::TlsOptions grpc_tls;
  std::map<std::string, std::vector<std::string>> grpc_callers;
  absl::Duration grpc_default_deadline = absl::Seconds(10);
  int grpc_threads = 1;
  bool grpc_reflection = false;

  // database.*
  std::string database_host;
  int database_port = 5432;
  std::string database_name = "va";
  std::string database_user;
  std::string database_password_file;
  int database_pool_size = 8;
  std::string database_owner_user;
  std::string database_owner_password_file;

  std::string log_level = "info";                         // log.level
  std::string audit_file;                                 // audit.file
  std::string audit_pseudonym_keys_file;                  // audit.pseudonym_keys_file
  std::string audit_on_failure = "refuse";                // audit.on_failure
  absl::Duration audit_write_timeout = absl::Seconds(1);  // audit.write_timeout
  int workers_threads = 64;                               // workers.threads
  int workers_queue = 256;                                // workers.queue
  absl::Duration drain_delay = absl::ZeroDuration();      // drain.delay
  absl::Duration drain_timeout = absl::Seconds(10);       // drain.timeout

  // traces.*
  std::string traces_endpoint;
  std::string traces_ca_file;
  std::string traces_sample_ratio = "1";

  double TraceSampleRatio() const;
};

// Adds the rows. `schema` is the service's own in the database: the example file names its roles.
// `methods` are the RPCs the service answers: a caller listed for any other is a problem with its
// own key.
void BindCommon(config::Table& table, CommonConfig& config, absl::string_view schema,
                std::vector<std::string> methods);

// The rows of database.* alone, for a tool that does nothing but work on a service's schema.
void BindDatabase(config::Table& table, CommonConfig& config, absl::string_view schema);

// Pool options of the role that serves people, and of the owner who migrates.
store::PoolOptions AppPool(const CommonConfig& config, const std::string& schema,
                           const std::string& service);
store::PoolOptions OwnerPool(const CommonConfig& config, const std::string& schema,
                             const std::string& service);

// Another service of the suite: <key>.target ("host:port"), <key>.server_name (certificate name).
// How long a call may take is the deadline of whoever calls. Bind with key "peers.mpi_adapter".
struct PeerConfig {
  std::string name;  // "mpi-adapter": as logs and metrics call it; not configured
  std::string target;
  std::string server_name;
};

void BindPeer(config::Table& table, const std::string& key, PeerConfig& peer,
              absl::string_view service_name);

}  // namespace va::service
