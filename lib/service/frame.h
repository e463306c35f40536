// The frame every service stands in: flags, configuration, logs, database, ops listener, gRPC
// server, signals, drain. The order of these steps is the same in every program, so a main holds a
// description of its service and one call.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
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
#include "lib/service/frame_metrics.h"
#include "lib/service/health.h"
#include "lib/service/reloads.h"
#include "lib/store/migrator.h"
#include "lib/store/pool.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"
#include "lib/telemetry/metrics.h"
#include "lib/telemetry/trace.h"

namespace va::service {

// The channels to other services, all with this service's certificate, which is exchanged in all of
// them together. Thread-safe.
class PeerChannels {
 public:
  void Keep(const rpc::Channel& channel);
  void UseTls(const rpc::TlsMaterial& material) const;

 private:
  mutable std::mutex mutex_;
  std::vector<rpc::Channel> channels_;
};

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
  Reloads& reloads;           // add what is read from files; exchanged while serving
  telemetry::Metrics& metrics;
  PeerChannels& peers;
  const telemetry::Tracer& tracer;  // off unless configured
  const RpcClientMetrics& calls;    // of Connect()

  // A channel to another service, with this service's own certificate.
  absl::StatusOr<rpc::Channel> Connect(const PeerConfig& peer) const;

  // Shows in /readyz whether that service answers; never decides readiness.
  void AddPeerCheck(const std::string& name, rpc::Channel peer) const;
};

// A running service: owns what wiring built. Destroyed after everything that calls it has stopped.
class RunningService {
 public:
  virtual ~RunningService() = default;

  // Called on shutdown, after readiness turned false and while the gRPC server stops, by a thread
  // of its own: close listeners of your own, letting running requests finish for up to `drain`.
  virtual void Drain(absl::Duration /*drain*/) {}

  // The settings have been read anew without a problem, into the variables of bind_anew: take over
  // those whose rows say Live(). On the thread that reloads.
  virtual void Apply() {}
};

struct ServiceSpec {
  std::string name;                  // "mpi-adapter"
  std::string summary;               // one line for --help
  std::string env_prefix;            // "VA_MPI_ADAPTER__"
  std::string schema;                // of the database: "mpi"
  std::vector<std::string> methods;  // RPCs it answers: "va.mpi.v1.MpiService/GetProfile"
  std::vector<std::string> calls;    // RPCs of others that it calls, for its metrics
  absl::Span<const store::Migration> migrations;
  // What the common settings are unless somebody sets them, where that differs; may be empty.
  std::function<void(CommonConfig&)> defaults;
  std::function<void(config::Table&)> bind;  // its own settings
  // The same rows and conditions bound to variables nobody serves from: the settings are read again
  // while serving.
  std::function<void(config::Table&, const CommonConfig&)> bind_anew;
  // Conditions between its own settings and the common ones; may be empty.
  std::function<void(config::Table&, const CommonConfig&)> rules;
  // Reads the files its own settings name into what `start` works with. Runs in every mode once the
  // settings are good; any problem ends the program with 2, before a port or the database.
  std::function<void(FileLoader&)> load;
  // Builds the service and adds its RPCs; runs once the database has the schema.
  std::function<absl::StatusOr<std::unique_ptr<RunningService>>(Runtime&)> start;
};

// Runs the program. Exit codes: 0 asked to stop, 1 could not run, 2 wrong flags or configuration.
int Main(int argc, char** argv, const ServiceSpec& spec);

}  // namespace va::service
