// The frame every service stands in: flags, configuration, logs, database, ops listener, gRPC
// server, signals, drain. The order of these steps is the same in every program, so a main holds a
// description of its service and one call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "lib/base/worker_pool.h"
#include "lib/config/fields.h"
#include "lib/http/router.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/server.h"
#include "lib/service/common_config.h"
#include "lib/service/file_loader.h"
#include "lib/service/health.h"
#include "lib/store/migrator.h"
#include "lib/store/pool.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"

namespace va::service {

// What a service is wired from. What it refers to outlives the service object; the struct itself
// does not: whoever needs it later keeps a copy.
struct Runtime {
  const CommonConfig& common;
  const base::Clock& clock;
  base::IdGenerator& ids;
  const telemetry::Log& log;
  telemetry::Audit& audit;
  base::WorkerPool& workers;  // shared by gRPC and a service's own listeners
  store::Pool& database;      // the service's schema, as the app role
  Health& health;             // add checks of your own
  rpc::ServerBuilder& rpc;    // add your methods; callers come from the configuration
  http::Router& ops;          // add operator routes; served on the ops port once started

  // A channel to another service, with this service's own certificate.
  absl::StatusOr<rpc::Channel> Connect(const PeerConfig& peer) const;

  // Shows in /readyz whether that service answers; never decides readiness.
  void AddPeerCheck(const std::string& name, rpc::Channel peer) const;
};

// A running service: owns what wiring built. Destroyed after everything that calls it has stopped.
class RunningService {
 public:
  virtual ~RunningService() = default;

  // Called on shutdown, after readiness turned false and before the gRPC server stops: close
  // listeners of your own, letting running requests finish for up to `drain`.
  virtual void Drain(absl::Duration /*drain*/) {}
};

struct ServiceSpec {
  std::string name;                  // "mpi-adapter"
  std::string summary;               // one line for --help
  std::string env_prefix;            // "VA_MPI_ADAPTER__"
  std::string schema;                // of the database: "mpi"
  std::vector<std::string> methods;  // RPCs it answers: "va.mpi.v1.MpiService/GetProfile"
  absl::Span<const store::Migration> migrations;
  std::function<void(config::Table&)> bind;  // its own settings
  // Reads the files its own settings name into what `start` works with. Runs in every mode once the
  // settings are good; any problem ends the program with 2, before a port or the database.
  std::function<void(FileLoader&)> load;
  // Builds the service and adds its RPCs; runs once the database has the schema.
  std::function<absl::StatusOr<std::unique_ptr<RunningService>>(Runtime&)> start;
};

// Runs the program. Exit codes: 0 asked to stop, 1 could not run, 2 wrong flags or configuration.
int Main(int argc, char** argv, const ServiceSpec& spec);

}  // namespace va::service
