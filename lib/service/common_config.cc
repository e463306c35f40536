#include "lib/service/common_config.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/config/edit_distance.h"
#include "lib/rpc/reflection.h"

namespace va::service {
namespace {

// A caller listed for a method that does not exist would be refused for ever without anybody seeing
// why, so a wrong name stops the start.
std::string WrongCallers(const CommonConfig& config, std::vector<std::string> methods) {
  if (config.grpc_reflection) methods.emplace_back(rpc::kReflectionMethod);
  for (const auto& [caller, names] : config.grpc_callers) {
    for (const std::string& name : names) {
      if (std::find(methods.begin(), methods.end(), name) != methods.end()) continue;
      const std::string nearest = config::Nearest(name, methods);
      return absl::StrCat("caller ", caller, " is allowed an unknown method ", name,
                          nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?"));
    }
  }
  return "";
}

void BindGrpc(config::Table& table, CommonConfig& config, std::vector<std::string> methods) {
  table.String("grpc.listen", &config.grpc_listen, "Where gRPC is served, with mutual TLS.")
      .HostPort()
      .Example("0.0.0.0:8444");
  table
      .FilePath("grpc.tls.certificate_file", &config.grpc_tls.certificate_file,
                "Certificate of this service, as server and as client.")
      .Required()
      .Example("/etc/va/tls/tls.crt");
  table
      .SecretFile("grpc.tls.private_key_file", &config.grpc_tls.private_key_file,
                  "Private key of that certificate.")
      .Required()
      .Example("/etc/va/tls/tls.key");
  table
      .FilePath("grpc.tls.ca_file", &config.grpc_tls.ca_file,
                "Roots that the certificates of the other services chain to.")
      .Required()
      .Example("/etc/va/tls/ca.crt");
  table
      .StringListMap("grpc.callers", &config.grpc_callers,
                     "Who may call: DNS name of the client certificate, and its methods.")
      .Example(absl::StrCat("{auth-gateway.va.internal: [", absl::StrJoin(methods, ", "), "]}"));
  table
      .Duration("grpc.default_deadline", &config.grpc_default_deadline,
                "Deadline of a call whose client names none.")
      .Range(absl::Milliseconds(100), absl::Seconds(60));
  table.Int("grpc.threads", &config.grpc_threads, "Threads that receive calls.").Range(1, 64);
  table.Bool("grpc.reflection", &config.grpc_reflection,
             "Development only: describe the contracts to callers whose row lists the reflection "
             "method.");
  table.Rule("grpc.callers",
             [&config, methods = std::move(methods)] { return WrongCallers(config, methods); });
}

void BindDatabase(config::Table& table, CommonConfig& config, absl::string_view schema) {
  table
      .String("database.host", &config.database_host,
              "PostgreSQL: a host, or the folder of its socket.")
      .Required()
      .Example("postgres.va.internal");
  table.Int("database.port", &config.database_port, "Its port.").Range(1, 65535);
  table.String("database.name", &config.database_name, "Name of the database.");
  table.String("database.user", &config.database_user, "Role that serves: data only, no DDL.")
      .Required()
      .Example(absl::StrCat(schema, "_app"));
  table.SecretFile("database.password_file", &config.database_password_file,
                   "File with that role's password; empty where the server asks for none.");
  table.Int("database.pool_size", &config.database_pool_size, "Connections kept at most.")
      .Range(1, 200);
  table.String("database.owner_user", &config.database_owner_user,
               "Role that owns the schema; used with --migrate alone.");
  table.SecretFile("database.owner_password_file", &config.database_owner_password_file,
                   "File with the owner's password.");
}

store::PoolOptions BasePool(const CommonConfig& config, const std::string& schema,
                            const std::string& service) {
  store::PoolOptions options;
  options.host = config.database_host;
  options.port = config.database_port;
  options.name = config.database_name;
  options.schema = schema;
  options.application_name = service;
  return options;
}

}  // namespace

void BindCommon(config::Table& table, CommonConfig& config, absl::string_view schema,
                std::vector<std::string> methods) {
  table
      .String("ops.listen", &config.ops_listen,
              "Health and operator pages, plain HTTP; keep it inside.")
      .HostPort()
      .Example("0.0.0.0:9443");
  BindGrpc(table, config, std::move(methods));
  BindDatabase(table, config, schema);
  table.String("log.level", &config.log_level, "Least severity written to standard output.")
      .OneOf({"debug", "info", "warn", "error"});
  table.String("audit.file", &config.audit_file, "Where audit records are appended.")
      .Required()
      .Example("/var/log/va/audit.jsonl");
  table.Int("workers.threads", &config.workers_threads, "Threads that run blocking calls.")
      .Range(1, 1000);
  table
      .Int("workers.queue", &config.workers_queue,
           "Calls that may wait for a thread; more are refused at once.")
      .Range(0, 100'000);
  table
      .Duration("drain.delay", &config.drain_delay,
                "How long the service says it is not ready before it stops taking calls.")
      .Range(absl::ZeroDuration(), absl::Minutes(1));
  table
      .Duration("drain.timeout", &config.drain_timeout,
                "How long running calls may take after the service was asked to stop.")
      .Range(absl::ZeroDuration(), absl::Minutes(10));
}

store::PoolOptions AppPool(const CommonConfig& config, const std::string& schema,
                           const std::string& service) {
  store::PoolOptions options = BasePool(config, schema, service);
  options.user = config.database_user;
  options.password_file = config.database_password_file;
  options.size = config.database_pool_size;
  return options;
}

store::PoolOptions OwnerPool(const CommonConfig& config, const std::string& schema,
                             const std::string& service) {
  store::PoolOptions options = BasePool(config, schema, service);
  options.user = config.database_owner_user;
  options.password_file = config.database_owner_password_file;
  options.size = 1;
  return options;
}

void BindPeer(config::Table& table, const std::string& key, PeerConfig& peer,
              absl::string_view service_name) {
  peer.server_name = absl::StrCat(service_name, ".va.internal");
  table
      .String(absl::StrCat(key, ".target"), &peer.target,
              absl::StrCat("Where ", service_name, " answers, host:port."))
      .Required()
      .Example(absl::StrCat("dns:///", service_name, ":8444"));
  table.String(absl::StrCat(key, ".server_name"), &peer.server_name,
               "Name its certificate must carry.");
}

}  // namespace va::service
