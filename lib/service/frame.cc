#include "lib/service/frame.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/crypto/random.h"
#include "lib/rpc/library_log.h"
#include "lib/service/flags.h"
#include "lib/service/ops.h"
#include "lib/service/process.h"

namespace va::service {
namespace {

constexpr int kOk = 0;
constexpr int kCannotRun = 1;
constexpr int kWrongConfig = 2;

// What was left undone after the drain is cut off; beyond this the process is ended from outside of
// its own code.
constexpr absl::Duration kStopGrace = absl::Seconds(5);

int ReportProblems(const ServiceSpec& spec, const Flags& flags,
                   const std::vector<config::Problem>& problems) {
  std::cerr << spec.name << ": " << problems.size()
            << (problems.size() == 1 ? " problem" : " problems") << " in "
            << (flags.config_file.empty() ? "the environment (no --config given)"
                                          : flags.config_file)
            << "\n";
  for (const config::Problem& problem : problems) {
    std::cerr << "  " << config::ToString(problem) << "\n";
  }
  return kWrongConfig;
}

// A running program: owns everything that is the same in every service, in the order it is built.
class Program {
 public:
  Program(const ServiceSpec& spec, const CommonConfig& common, const StopSignals& signals)
      : spec_(spec),
        common_(common),
        signals_(signals),
        sink_(STDOUT_FILENO),
        log_(spec.name,
             telemetry::SeverityFromString(common.log_level).value_or(telemetry::Severity::kInfo),
             clock_, sink_),
        ops_(health_) {}
  ~Program() { rpc::SendLibraryErrors(nullptr); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  int Migrate();
  int Serve();

 private:
  int Fail(absl::string_view step, const absl::Status& status) const;
  absl::Status Open();
  bool WaitForSchema();
  absl::Status StartService();
  absl::Status StartRpc();
  void Shutdown();
  void LogCall(const rpc::CallRecord& record) const;

  const ServiceSpec& spec_;
  const CommonConfig& common_;
  const StopSignals& signals_;
  const base::SystemClock clock_;
  const base::Stopwatch since_start_;
  telemetry::FdSink sink_;
  const telemetry::Log log_;
  crypto::SystemIdGenerator ids_;
  Health health_;
  OpsServer ops_;
  std::unique_ptr<telemetry::FileAudit> audit_;
  std::unique_ptr<store::Pool> database_;
  std::unique_ptr<base::WorkerPool> workers_;
  rpc::ServerBuilder builder_;
  std::unique_ptr<RunningService> service_;
  std::unique_ptr<rpc::Server> rpc_;
};

int Program::Fail(absl::string_view step, const absl::Status& status) const {
  log_.Error("service.failed",
             {{"step", step}, {"reason", base::ReasonOf(status)}, {"error", status.message()}});
  std::cerr << spec_.name << ": " << step << ": " << status.message() << "\n";
  return kCannotRun;
}

int Program::Migrate() {
  if (common_.database_owner_user.empty()) {
    std::cerr << spec_.name << ": database.owner_user: is required with --migrate\n";
    return kWrongConfig;
  }
  const absl::Status status =
      store::Migrate(OwnerPool(common_, spec_.schema, spec_.name), spec_.migrations);
  if (!status.ok()) return Fail("migrate", status);
  log_.Info("schema.migrated",
            {{"version", spec_.migrations.empty() ? 0 : spec_.migrations.back().number}});
  return kOk;
}

absl::Status Program::Open() {
  auto audit = telemetry::FileAudit::Open(common_.audit_file, spec_.name, clock_);
  if (!audit.ok()) return audit.status();
  audit_ = *std::move(audit);
  auto database = store::Pool::Create(AppPool(common_, spec_.schema, spec_.name));
  if (!database.ok()) return database.status();
  database_ = *std::move(database);
  health_.Add("database", CheckKind::kReadiness,
              [this] { return database_->Ping(clock_.Now() + absl::Seconds(2)); });
  workers_ = std::make_unique<base::WorkerPool>(static_cast<size_t>(common_.workers_threads),
                                                static_cast<size_t>(common_.workers_queue));
  const absl::Status listening = ops_.Listen(common_.ops_listen);
  if (listening.ok()) log_.Info("ops.listening", {{"port", ops_.port()}});
  return listening;
}

// A database that is not there yet, or not migrated yet, is waited for: probes show "starting", and
// whoever started us decides how long that may last. False: asked to stop meanwhile.
bool Program::WaitForSchema() {
  std::string told;
  while (true) {
    const absl::Status status =
        store::CheckVersion(*database_, spec_.migrations, clock_.Now() + absl::Seconds(2));
    if (status.ok()) return true;
    if (const std::string reason = base::ReasonOf(status); reason != told) {
      log_.Warn("database.waiting", {{"reason", reason}, {"error", status.message()}});
      told = reason;
    }
    if (signals_.WaitFor(absl::Milliseconds(250))) return false;
  }
}

absl::Status Program::StartService() {
  Runtime runtime{common_,   clock_,     ids_,    log_,     *audit_,
                  *workers_, *database_, health_, builder_, ops_.routes()};
  auto service = spec_.start(runtime);
  if (!service.ok()) return service.status();
  service_ = *std::move(service);
  std::vector<std::string> declared = spec_.methods;
  std::sort(declared.begin(), declared.end());
  // The configuration was checked against what the service declares, so the two must agree.
  if (declared != builder_.Methods()) {
    return base::MakeError(absl::StatusCode::kInternal, "METHODS_DIFFER",
                           "the methods registered are not those declared");
  }
  return absl::OkStatus();
}

absl::Status Program::StartRpc() {
  for (const auto& [caller, methods] : common_.grpc_callers) builder_.Allow(caller, methods);
  rpc::ServerOptions options;
  options.listen = common_.grpc_listen;
  options.tls = common_.grpc_tls;
  options.default_deadline = common_.grpc_default_deadline;
  options.threads = static_cast<size_t>(common_.grpc_threads);
  options.reflection = common_.grpc_reflection;
  options.on_done = [this](const rpc::CallRecord& record) { LogCall(record); };
  auto server = builder_.Start(std::move(options), *workers_, clock_);
  if (!server.ok()) return server.status();
  rpc_ = *std::move(server);
  return absl::OkStatus();
}

void Program::LogCall(const rpc::CallRecord& record) const {
  const double ms = absl::ToDoubleMilliseconds(record.took);
  if (record.code == absl::StatusCode::kOk) {
    log_.Debug("rpc.done", {{"method", record.method},
                            {"caller", record.caller},
                            {"req", record.request_id},
                            {"ms", ms}});
    return;
  }
  // Words without a reason are a library's and may quote data: only ours are written down.
  log_.Warn("rpc.failed", {{"method", record.method},
                           {"caller", record.caller},
                           {"req", record.request_id},
                           {"code", absl::StatusCodeToString(record.code)},
                           {"reason", record.reason},
                           {"error", record.reason.empty() ? "" : record.message},
                           {"ms", ms}});
}

int Program::Serve() {
  rpc::SendLibraryErrors([this](absl::string_view where, absl::string_view text) {
    log_.Warn("grpc.error", {{"where", where}, {"error", text}});
  });
  if (const absl::Status status = Open(); !status.ok()) return Fail("open", status);
  if (!WaitForSchema()) return kOk;
  absl::Status status = StartService();
  if (status.ok()) status = StartRpc();
  if (!status.ok()) {
    Shutdown();
    return Fail("start", status);
  }
  ops_.Publish();
  health_.SetPhase(Phase::kServing);
  log_.Info("service.ready", {{"grpc_port", rpc_->port()},
                              {"ops_port", ops_.port()},
                              {"ms", absl::ToInt64Milliseconds(since_start_.Elapsed())}});
  signals_.Wait();
  Shutdown();
  log_.Info("service.stopped");
  return kOk;
}

// Not ready, then no new work, then what runs may finish, then everything goes in the reverse order
// of its making.
void Program::Shutdown() {
  health_.SetPhase(Phase::kDraining);
  log_.Info("service.stopping");
  const Watchdog watchdog(common_.drain_delay + common_.drain_timeout + kStopGrace);
  if (rpc_ != nullptr) {
    rpc_->SetServing(false);
    signals_.WaitFor(common_.drain_delay);
  }
  const absl::Time deadline = clock_.Now() + common_.drain_timeout;
  const auto left = [&] { return std::max(deadline - clock_.Now(), absl::ZeroDuration()); };
  if (service_ != nullptr) service_->Drain(left());
  if (rpc_ != nullptr) rpc_->Stop(left());
  workers_->Shutdown();
  ops_.Stop();
  rpc_.reset();
  service_.reset();
}

}  // namespace

absl::StatusOr<rpc::Channel> Runtime::Connect(const PeerConfig& peer) const {
  return rpc::Connect(peer.target, common.grpc_tls, peer.server_name);
}

void Runtime::AddPeerCheck(const std::string& name, rpc::Channel peer) const {
  health.Add(name, CheckKind::kDegraded, [&now = clock, peer = std::move(peer)] {
    return rpc::CheckHealth(peer, now.Now() + absl::Seconds(1));
  });
}

int Main(int argc, char** argv, const ServiceSpec& spec) {
  HardenProcess();
  const StopSignals signals;
  Flags flags;
  if (const auto exit = ParseFlags(argc, argv, spec, flags)) return *exit;

  CommonConfig common;
  config::Table table(spec.env_prefix);
  BindCommon(table, common, spec.schema, spec.methods);
  if (spec.bind) spec.bind(table);
  if (flags.print_example_config) {
    std::cout << table.ExampleYaml();
    return kOk;
  }
  const auto problems = table.Load(flags.config_file, config::ProcessEnvironment());
  if (!problems.empty()) return ReportProblems(spec, flags, problems);
  FileLoader files;
  files.CheckTls("grpc.tls", {common.grpc_tls.certificate_file, common.grpc_tls.private_key_file,
                              common.grpc_tls.ca_file});
  if (spec.load) spec.load(files);
  if (!files.problems().empty()) return ReportProblems(spec, flags, files.problems());
  if (flags.check_config) {
    std::cout << spec.name << ": the configuration is good\n";
    return kOk;
  }
  Program program(spec, common, signals);
  return flags.migrate ? program.Migrate() : program.Serve();
}

}  // namespace va::service
