#include "lib/service/common_config.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
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

// What no browser's request leads to, and a person at a keyboard may.
bool IsForOperators(const std::string& method) {
  return absl::StrContains(method, "AccountsService/") && !absl::EndsWith(method, "/WatchLocks") &&
         !absl::EndsWith(method, "/ListAccounts");
}

// Rows to begin with: the gateway's, and the operators' where there is something for them.
std::string ExampleCallers(const std::vector<std::string>& methods) {
  std::vector<std::string> gateway;
  std::vector<std::string> operators;
  for (const std::string& method : methods) {
    (IsForOperators(method) ? operators : gateway).push_back(method);
    if (absl::EndsWith(method, "AccountsService/ListAccounts")) operators.push_back(method);
  }
  std::string rows =
      absl::StrCat("{auth-gateway.va.internal: [", absl::StrJoin(gateway, ", "), "]");
  if (!operators.empty()) {
    absl::StrAppend(&rows, ", operator.va.internal: [", absl::StrJoin(operators, ", "), "]");
  }
  return absl::StrCat(rows, "}");
}

void BindGrpc(config::Table& table, CommonConfig& config, std::vector<std::string> methods) {
  table.String("grpc.listen", &config.grpc_listen, "Where gRPC is served, with mutual TLS.")
      .HostPort()
      .Example("0.0.0.0:8444");
  table
      .FilePath("grpc.tls.certificate_file", &config.grpc_tls.certificate_file,
                "Certificate of this service, as server and as client.")
      .Required()
      .Example("/etc/va/tls/tls.crt")
      .Live();
  table
      .SecretFile("grpc.tls.private_key_file", &config.grpc_tls.private_key_file,
                  "Private key of that certificate.")
      .Required()
      .Example("/etc/va/tls/tls.key")
      .Live();
  table
      .FilePath("grpc.tls.ca_file", &config.grpc_tls.ca_file,
                "Roots that the certificates of the other services chain to.")
      .Required()
      .Example("/etc/va/tls/ca.crt")
      .Live();
  table
      .StringListMap("grpc.callers", &config.grpc_callers,
                     "Who may call: DNS name of the client certificate, and its methods.")
      .Example(ExampleCallers(methods));
  table
      .Duration("grpc.default_deadline", &config.grpc_default_deadline,
                "Deadline of a call whose client names none.")
      .Range(absl::Milliseconds(100), absl::Seconds(60));
  table.Int("grpc.threads", &config.grpc_threads, "Threads that receive calls.")
      .Unit("threads")
      .Range(1, 64);
  table.Bool("grpc.reflection", &config.grpc_reflection,
             "Development only: describe the contracts to callers whose row lists the reflection "
             "method.");
  table.Rule("grpc.callers",
             [&config, methods = std::move(methods)] { return WrongCallers(config, methods); });
}

// The role that serves people must not be able to change the schema (B8).
std::string WrongRoles(const CommonConfig& config) {
  if (!config.database_owner_user.empty() && config.database_owner_user == config.database_user) {
    return "must be another role than database.user, which only reads and writes data";
  }
  return "";
}

}  // namespace

void BindTraces(config::Table& table, CommonConfig& config) {
  table
      .String("traces.endpoint", &config.traces_endpoint,
              "Where spans are sent by OTLP over HTTP; empty: traces are off and cost nothing.")
      .HttpUrl()
      .Example("https://collector.va.internal:4318/v1/traces");
  table
      .FilePath("traces.ca_file", &config.traces_ca_file,
                "Roots that the collector's certificate chains to; needed with https.")
      .Example("/etc/va/tls/ca.crt");
  table.String("traces.sample_ratio", &config.traces_sample_ratio,
               "Share of sign-ins that are traced, from 0 to 1; decided by the gateway.");
  table.Rule("traces.sample_ratio", [&config] {
    return config.TraceSampleRatio() < 0 ? "must be a number from 0 to 1, such as 0.05" : "";
  });
  table.Rule("traces.ca_file", [&config] {
    const bool tls = absl::StartsWith(config.traces_endpoint, "https://");
    return tls && config.traces_ca_file.empty() ? "is required with an https endpoint" : "";
  });
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
  table
      .SecretFile("database.password_file", &config.database_password_file,
                  "File with that role's password; empty where the server asks for none.")
      .Live();
  table.Int("database.pool_size", &config.database_pool_size, "Connections kept at most.")
      .Unit("connections")
      .Range(1, 200);
  table.String("database.owner_user", &config.database_owner_user,
               "Role that owns the schema; used with --migrate alone.");
  table.SecretFile("database.owner_password_file", &config.database_owner_password_file,
                   "File with the owner's password.");
  table.Rule("database.owner_user", [&config] { return WrongRoles(config); });
  table.Rule("database.owner_password_file", [&config]() -> std::string {
    return config.database_owner_user.empty() && !config.database_owner_password_file.empty()
               ? "is a password without a role: set database.owner_user too"
               : "";
  });
}

namespace {

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

void BindAudit(config::Table& table, CommonConfig& config) {
  table.String("audit.file", &config.audit_file, "Where audit records are appended.")
      .Required()
      .Example("/var/log/va/audit.jsonl");
  table
      .SecretFile("audit.pseudonym_keys_file", &config.audit_pseudonym_keys_file,
                  "Key ring of the pseudonyms that stand for people in audit records; the same in "
                  "every service, and used for nothing else.")
      .Required()
      .Live()
      .Example("/etc/va/keys/audit-pseudonym.keys");
  table
      .String("audit.on_failure", &config.audit_on_failure,
              "What becomes of a sign-in whose audit record cannot be written: refuse it, or "
              "continue without the record.")
      .OneOf({"refuse", "continue"});
  table
      .Duration("audit.write_timeout", &config.audit_write_timeout,
                "How long one audit record may take to be written.")
      .Range(absl::Milliseconds(10), absl::Seconds(10));
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
      .OneOf({"debug", "info", "warn", "error"})
      .Live();
  BindAudit(table, config);
  table.Int("workers.threads", &config.workers_threads, "Threads that run blocking calls.")
      .Unit("threads")
      .Range(1, 1000);
  table
      .Int("workers.queue", &config.workers_queue,
           "Calls that may wait for a thread; more are refused at once.")
      .Unit("calls")
      .Range(0, 100'000);
  table
      .Duration("drain.delay", &config.drain_delay,
                "How long the service says it is not ready before it stops taking calls.")
      .Range(absl::ZeroDuration(), absl::Minutes(1))
      .Live();
  table
      .Duration("drain.timeout", &config.drain_timeout,
                "How long running calls may take after the service was asked to stop.")
      .Range(absl::ZeroDuration(), absl::Minutes(10))
      .Live();
  BindTraces(table, config);
}

double CommonConfig::TraceSampleRatio() const {
  double ratio = -1;
  if (!absl::SimpleAtod(traces_sample_ratio, &ratio)) return -1;
  return ratio >= 0 && ratio <= 1 ? ratio : -1;
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
  peer.name = std::string(service_name);
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
