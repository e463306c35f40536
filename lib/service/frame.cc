#include "lib/service/frame.h"

#include <algorithm>
#include <atomic>
#include <iostream>
#include <thread>
#include <utility>

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "lib/crypto/random.h"
#include "lib/crypto/sealed_box.h"
#include "lib/rpc/credentials.h"
#include "lib/rpc/library_log.h"
#include "lib/service/audit_keeper.h"
#include "lib/service/clock_watch.h"
#include "lib/service/flags.h"
#include "lib/service/inspect.h"
#include "lib/service/live_config.h"
#include "lib/service/ops.h"
#include "lib/service/process.h"
#include "lib/service/ring_gauges.h"
#include "lib/telemetry/file_audit.h"
#include "lib/telemetry/metrics.h"
#include "lib/telemetry/queued_sink.h"

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

std::vector<std::string> CallersOf(const CommonConfig& common) {
  std::vector<std::string> callers;
  for (const auto& [caller, methods] : common.grpc_callers) callers.push_back(caller);
  return callers;
}

absl::StatusOr<crypto::KeyRing> ReadPseudonymKeys(const CommonConfig& common) {
  return crypto::KeyRing::FromFile(common.audit_pseudonym_keys_file, crypto::RingPurpose::kLookup);
}

FileLoader::TlsFiles GrpcTlsOf(const CommonConfig& common) {
  return {common.grpc_tls.certificate_file, common.grpc_tls.private_key_file,
          common.grpc_tls.ca_file};
}

// What the settings were at the start, and where they came from.
struct Settings {
  std::string path;
  std::vector<std::pair<std::string, std::string>> values;
  std::vector<config::FieldInfo> rows;
};

// A running program: owns everything that is the same in every service, in the order it is built.
class Program {
 public:
  Program(const ServiceSpec& spec, const CommonConfig& common, Settings settings, Signals& signals)
      : spec_(spec),
        common_(common),
        signals_(signals),
        drain_delay_ms_(absl::ToInt64Milliseconds(common.drain_delay)),
        drain_timeout_ms_(absl::ToInt64Milliseconds(common.drain_timeout)),
        sink_(STDOUT_FILENO, spec.name, clock_),
        log_(spec.name,
             telemetry::SeverityFromString(common.log_level).value_or(telemetry::Severity::kInfo),
             clock_, sink_),
        answers_(metrics_, spec.methods, CallersOf(common)),
        calls_(metrics_, spec.calls),
        settings_(
            settings.path, spec.env_prefix,
            [this](config::Table& table, CommonConfig& fresh) { BindAnew(table, fresh); },
            std::move(settings.values), [this](const CommonConfig& fresh) { Apply(fresh); }, log_),
        rows_(std::move(settings.rows)),
        ops_(health_) {}
  ~Program() { rpc::SendLibraryErrors(nullptr); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  int Migrate();
  int Serve();

 private:
  int Fail(absl::string_view step, const absl::Status& status) const;
  void LogMigration(const store::MigrationEvent& event) const;
  void ShowLogMetrics();
  absl::Status OpenAudit();
  absl::Status Open();
  bool WaitForSchema();
  absl::Status StartService();
  absl::Status StartRpc();
  void BindAnew(config::Table& table, CommonConfig& fresh) const;
  void Apply(const CommonConfig& fresh);
  absl::Status AddReloads();
  void ReloadGrpcTls(FileLoader& files);
  void Shutdown();
  absl::Status OpenTelemetry();
  void CallDone(const rpc::CallRecord& record) const;
  void LogCall(const rpc::CallRecord& record) const;

  const ServiceSpec& spec_;
  const CommonConfig& common_;
  Signals& signals_;
  std::atomic<int64_t> drain_delay_ms_;
  std::atomic<int64_t> drain_timeout_ms_;
  const base::SystemClock clock_;
  const base::Stopwatch since_start_;
  telemetry::QueuedSink sink_;
  telemetry::Log log_;
  telemetry::Metrics metrics_;
  telemetry::Tracer tracer_;
  RpcServerMetrics answers_;
  RpcClientMetrics calls_;
  crypto::SystemIdGenerator ids_;
  LiveConfig settings_;
  const std::vector<config::FieldInfo> rows_;
  Health health_;
  OpsServer ops_;
  std::unique_ptr<telemetry::FileAudit> audit_;
  std::unique_ptr<CountedAudit> counted_audit_;
  std::unique_ptr<Reloads> reloads_;
  PeerChannels peers_;
  std::unique_ptr<store::Pool> database_;
  std::unique_ptr<AuditKeeper> audit_keeper_;
  std::unique_ptr<ClockWatch> clock_watch_;
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
  store::MigrateOptions how;
  how.on_event = [this](const store::MigrationEvent& event) { LogMigration(event); };
  const absl::Status status =
      store::Migrate(OwnerPool(common_, spec_.schema, spec_.name), spec_.migrations, how);
  // A container of the previous release that starts again in the middle of a rollout has nothing to
  // do, and nothing to complain of.
  if (base::ReasonOf(status) == "MIGRATION_UNKNOWN") {
    log_.Warn("schema.ahead", {{"version", spec_.migrations.size()}});
    return kOk;
  }
  if (!status.ok()) return Fail("migrate", status);
  log_.Info("schema.migrated",
            {{"version", spec_.migrations.empty() ? 0 : spec_.migrations.back().number}});
  return kOk;
}

void Program::LogMigration(const store::MigrationEvent& event) const {
  const int number = event.migration == nullptr ? 0 : event.migration->number;
  const absl::string_view name = event.migration == nullptr ? "" : event.migration->name;
  log_.Info("schema.migrating", {{"step", store::StepName(event.kind)},
                                 {"number", number},
                                 {"name", name},
                                 {"ms", absl::ToInt64Milliseconds(event.took)}});
}

// By what was lost to whom: a reader that is too slow, or a file that takes nothing.
void Program::ShowLogMetrics() {
  const auto dropped = [this](const char* cause, int64_t telemetry::QueuedSinkStats::*count) {
    metrics_.AddReading("va_log_dropped_total", "Log lines that were not written.",
                        {{"cause", cause}},
                        [this, count] { return static_cast<double>(sink_.stats().*count); });
  };
  dropped("full", &telemetry::QueuedSinkStats::dropped_full);
  dropped("failed", &telemetry::QueuedSinkStats::dropped_failed);
}

absl::Status Program::OpenAudit() {
  ShowLogMetrics();
  auto keys = ReadPseudonymKeys(common_);
  if (!keys.ok()) return keys.status();
  telemetry::FileAuditOptions options;
  options.path = common_.audit_file;
  options.service = spec_.name;
  options.process = base::HexEncode(ids_.RandomBytes(8));
  options.on_failure = common_.audit_on_failure == "continue" ? telemetry::AuditFailure::kContinue
                                                              : telemetry::AuditFailure::kRefuse;
  options.write_timeout = common_.audit_write_timeout;
  auto audit = telemetry::FileAudit::Open(std::move(options), *std::move(keys), clock_);
  if (!audit.ok()) return audit.status();
  audit_ = *std::move(audit);
  counted_audit_ = std::make_unique<CountedAudit>(metrics_, *audit_);
  RingGauges(metrics_, clock_).Watch("audit.pseudonym_keys_file", [this] {
    return audit_->PseudonymKeys();
  });
  health_.Add("audit", CheckKind::kReadiness, [this] { return audit_->Refusing(); });
  return absl::OkStatus();
}

absl::Status Program::OpenTelemetry() {
  AddProcessMetrics(metrics_, spec_.name, clock_.Now() - since_start_.Elapsed());
  telemetry::TraceOptions options;
  options.endpoint = common_.traces_endpoint;
  options.ca_file = common_.traces_ca_file;
  options.sample_ratio = common_.TraceSampleRatio();
  options.service = spec_.name;
  auto tracer = telemetry::Tracer::Create(options);
  if (!tracer.ok()) return tracer.status();
  tracer_ = *std::move(tracer);
  AddTraceMetrics(metrics_, tracer_);
  ops_.routes().AddSafe("/metrics", [this](http::Request& /*request*/) {
    http::Response response = http::Text(200, metrics_.Text());
    response.headers.Set("Content-Type", telemetry::kMetricsContentType);
    return response;
  });
  return absl::OkStatus();
}

absl::Status Program::Open() {
  if (absl::Status telemetry = OpenTelemetry(); !telemetry.ok()) return telemetry;
  if (absl::Status audit = OpenAudit(); !audit.ok()) return audit;
  reloads_ = std::make_unique<Reloads>(clock_, log_, *counted_audit_, metrics_);
  auto database = store::Pool::Create(AppPool(common_, spec_.schema, spec_.name));
  if (!database.ok()) return database.status();
  database_ = *std::move(database);
  audit_keeper_ = std::make_unique<AuditKeeper>(*audit_, *database_, clock_, log_, metrics_);
  health_.Add("database", CheckKind::kReadiness,
              [this] { return database_->Ping(clock_.Now() + absl::Seconds(2)); });
  workers_ = std::make_unique<base::WorkerPool>(static_cast<size_t>(common_.workers_threads),
                                                static_cast<size_t>(common_.workers_queue));
  clock_watch_ = std::make_unique<ClockWatch>(clock_, log_, metrics_);
  AddDatabaseMetrics(metrics_, *database_);
  AddPoolMetrics(metrics_, "workers", *workers_, static_cast<size_t>(common_.workers_threads),
                 static_cast<size_t>(common_.workers_queue));
  health_.Watch("workers", [this] { return Progress{workers_->pending(), workers_->finished()}; });
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
    if (signals_.WaitForStop(absl::Milliseconds(250))) return false;
  }
}

absl::Status Program::StartService() {
  Runtime runtime{common_,   clock_,     ids_,    log_,     *counted_audit_,
                  *workers_, *database_, health_, builder_, ops_.routes(),
                  *reloads_, metrics_,   peers_,  tracer_,  calls_};
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
  options.on_done = [this](const rpc::CallRecord& record) { CallDone(record); };
  auto server = builder_.Start(std::move(options), *workers_, clock_);
  if (!server.ok()) return server.status();
  rpc_ = *std::move(server);
  health_.Watch("grpc", [this] { return ProgressOf(rpc_->Beat()); });
  return absl::OkStatus();
}

void Program::CallDone(const rpc::CallRecord& record) const {
  answers_.Done(record);
  RecordSpan(tracer_, clock_, record);
  LogCall(record);
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

void Program::BindAnew(config::Table& table, CommonConfig& fresh) const {
  if (spec_.defaults) spec_.defaults(fresh);
  BindCommon(table, fresh, spec_.schema, spec_.methods);
  if (spec_.bind_anew) spec_.bind_anew(table, fresh);
}

// The settings that take effect while serving; their rows say Live().
void Program::Apply(const CommonConfig& fresh) {
  log_.SetLevel(
      telemetry::SeverityFromString(fresh.log_level).value_or(telemetry::Severity::kInfo));
  drain_delay_ms_ = absl::ToInt64Milliseconds(fresh.drain_delay);
  drain_timeout_ms_ = absl::ToInt64Milliseconds(fresh.drain_timeout);
  if (service_ != nullptr) service_->Apply();
}

// What every service reads from files beside its own units.
absl::Status Program::AddReloads() {
  using telemetry::AuditEvent;
  reloads_->Add({"config",
                 {},
                 [this](FileLoader& files) { settings_.Reload(files); },
                 AuditEvent::kConfigReloaded});
  reloads_->Add({"grpc_tls", FileLoader::SettingsOf("grpc.tls", GrpcTlsOf(common_)),
                 [this](FileLoader& files) { ReloadGrpcTls(files); }, AuditEvent::kKeyRotated});
  reloads_->Add({"audit_keys",
                 {{"audit.pseudonym_keys_file", common_.audit_pseudonym_keys_file}},
                 [this](FileLoader& files) {
                   auto keys = files.Take("audit.pseudonym_keys_file", ReadPseudonymKeys(common_));
                   if (keys) audit_->SetPseudonymKeys(*std::move(keys));
                 },
                 AuditEvent::kKeyRotated});
  // The pool reads it for each new connection; here it is only judged, before one is needed.
  reloads_->Add({"database_password",
                 {{"database.password_file", common_.database_password_file}},
                 [this](FileLoader& files) {
                   auto password =
                       files.Take("database.password_file",
                                  crypto::ReadSecretFile(common_.database_password_file));
                   if (!password) return;
                   if (password->empty()) files.Report("database.password_file", "is empty");
                   crypto::Cleanse(*password);
                 },
                 AuditEvent::kKeyRotated});
  for (const std::string& unit : reloads_->units()) {
    health_.Add(absl::StrCat("reload.", unit), CheckKind::kDegraded,
                [this, unit] { return reloads_->Check(unit); });
  }
  health_.Add("config", CheckKind::kDegraded, [this] { return settings_.Check(); });
  return LiveFilesAgree(rows_, reloads_->settings());
}

// Read once and judged whole before any of it is used: the server and all channels have the same
// certificate, or all keep the old one.
void Program::ReloadGrpcTls(FileLoader& files) {
  files.CheckTls("grpc.tls", GrpcTlsOf(common_));
  if (!files.problems().empty()) return;
  auto material = files.Take("grpc.tls", rpc::LoadTlsMaterial(common_.grpc_tls));
  if (!material) return;
  rpc_->UseTls(*material);
  peers_.UseTls(*material);
  crypto::Cleanse(material->private_key);
}

int Program::Serve() {
  rpc::SendLibraryErrors([this](absl::string_view where, absl::string_view text) {
    log_.Warn("grpc.error", {{"where", where}, {"error", text}});
  });
  if (const absl::Status status = Open(); !status.ok()) return Fail("open", status);
  if (!WaitForSchema()) return kOk;
  audit_keeper_->Start();
  absl::Status status = StartService();
  if (status.ok()) status = StartRpc();
  if (status.ok()) status = AddReloads();
  if (!status.ok()) {
    Shutdown();
    return Fail("start", status);
  }
  ops_.Publish();
  health_.Start();
  health_.SetPhase(Phase::kServing);
  log_.Info("service.ready", {{"grpc_port", rpc_->port()},
                              {"ops_port", ops_.port()},
                              {"ms", absl::ToInt64Milliseconds(since_start_.Elapsed())}});
  reloads_->Start();
  signals_.OnReload([this] { reloads_->Request(); });
  signals_.WaitForStop();
  Shutdown();
  log_.Info("service.stopped");
  return kOk;
}

// Not ready, then no new work, then what runs may finish, then everything goes in the reverse order
// of its making.
void Program::Shutdown() {
  health_.SetPhase(Phase::kDraining);
  log_.Info("service.stopping");
  const absl::Duration delay = absl::Milliseconds(drain_delay_ms_.load());
  const absl::Duration timeout = absl::Milliseconds(drain_timeout_ms_.load());
  const Watchdog watchdog(delay + timeout + kStopGrace);
  signals_.EndOnNext();
  if (reloads_ != nullptr) reloads_->Stop();
  if (rpc_ != nullptr) {
    // Whoever watches our health goes elsewhere while we still answer.
    rpc_->SetServing(false);
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(delay));
  }
  const absl::Time deadline = clock_.Now() + timeout;
  const auto left = [&] { return std::max(deadline - clock_.Now(), absl::ZeroDuration()); };
  // Both ends at the same time: neither takes new work while the other finishes, and the requests
  // of each have all the time there is.
  std::thread listeners([this, &left] {
    if (service_ != nullptr) service_->Drain(left());
  });
  if (rpc_ != nullptr) rpc_->Stop(left());
  listeners.join();
  workers_->Shutdown();
  health_.Stop();
  ops_.Stop();
  rpc_.reset();
  service_.reset();
  tracer_.Stop(std::max(left(), kStopGrace / 2));
  // Nobody reports any more.
  audit_keeper_->Finish();
}

}  // namespace

void PeerChannels::Keep(const rpc::Channel& channel) {
  const std::lock_guard<std::mutex> lock(mutex_);
  channels_.push_back(channel);
}

void PeerChannels::UseTls(const rpc::TlsMaterial& material) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const rpc::Channel& channel : channels_) channel.UseTls(material);
}

absl::StatusOr<rpc::Channel> Runtime::Connect(const PeerConfig& peer) const {
  rpc::ChannelOptions options;
  options.peer = peer.name;
  options.balanced = true;
  options.on_done = [calls = calls, &tracer = tracer,
                     &now = clock](const rpc::ClientCallRecord& record) {
    calls.Done(record);
    RecordSpan(tracer, now, record);
  };
  auto channel = rpc::Connect(peer.target, common.grpc_tls, peer.server_name, std::move(options));
  if (channel.ok()) peers.Keep(*channel);
  return channel;
}

void Runtime::AddPeerCheck(const std::string& name, rpc::Channel peer) const {
  health.Add(name, CheckKind::kDegraded, [&now = clock, peer = std::move(peer)] {
    return rpc::CheckHealth(peer, now.Now() + absl::Seconds(1));
  });
}

int Main(int argc, char** argv, const ServiceSpec& spec) {
  HardenProcess();
  Flags flags;
  if (const auto exit = ParseFlags(argc, argv, spec, flags)) return *exit;

  CommonConfig common;
  if (spec.defaults) spec.defaults(common);
  config::Table table(spec.env_prefix);
  BindCommon(table, common, spec.schema, spec.methods);
  const size_t common_rows = table.Describe().size();
  if (spec.bind) spec.bind(table);
  if (spec.rules) spec.rules(table, common);
  const auto answered = Inspect(flags, spec.name, table, common_rows, std::cout, std::cerr);
  if (answered.has_value()) return *answered;
  const auto problems = table.Load(flags.config_file, config::ProcessEnvironment());
  if (!problems.empty()) return ReportProblems(spec, flags, problems);
  FileLoader files;
  files.CheckTls("grpc.tls", GrpcTlsOf(common));
  files.Take("audit.pseudonym_keys_file", ReadPseudonymKeys(common));
  if (spec.load) spec.load(files);
  if (!files.problems().empty()) return ReportProblems(spec, flags, files.problems());
  if (flags.check_config) {
    std::cout << spec.name << ": the configuration is good\n";
    return kOk;
  }
  // Before the first thread, and not before the files are read: until here TERM ends the program,
  // even one that waits at a pipe that nobody writes to.
  Signals signals;
  Program program(spec, common, {flags.config_file, table.Values(), table.Describe()}, signals);
  return flags.migrate ? program.Migrate() : program.Serve();
}

}  // namespace va::service
