#include "services/auth-gateway/wiring.h"

#include <memory>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/periodic.h"
#include "lib/base/reloadable.h"
#include "lib/base/status.h"
#include "lib/base/steady_wall_clock.h"
#include "lib/base/url.h"
#include "lib/base/worker_pool.h"
#include "lib/http/server.h"
#include "lib/service/reload_units.h"
#include "lib/service/ring_gauges.h"
#include "services/auth-gateway/adapters/agreeing_rules.h"
#include "services/auth-gateway/adapters/grpc_attribute_rules.h"
#include "services/auth-gateway/adapters/grpc_contact.h"
#include "services/auth-gateway/adapters/grpc_lock_feed.h"
#include "services/auth-gateway/adapters/grpc_mhv_accounts.h"
#include "services/auth-gateway/adapters/grpc_person_index.h"
#include "services/auth-gateway/adapters/grpc_person_records.h"
#include "services/auth-gateway/adapters/grpc_proofing_handoff.h"
#include "services/auth-gateway/adapters/grpc_terms.h"
#include "services/auth-gateway/adapters/metadata_fetcher.h"
#include "services/auth-gateway/api/grpc/session_service.h"
#include "services/auth-gateway/api/http/edge_limits.h"
#include "services/auth-gateway/api/http/mpi_teller.h"
#include "services/auth-gateway/api/http/provisioner.h"
#include "services/auth-gateway/api/http/routes.h"
#include "services/auth-gateway/idp_refresher.h"
#include "services/auth-gateway/idps_file.h"
#include "services/auth-gateway/lock_watcher.h"
#include "services/auth-gateway/signin_metrics.h"
#include "services/auth-gateway/store/janitor.h"
#include "services/auth-gateway/store/pg_flow_store.h"
#include "services/auth-gateway/store/pg_lock_cursor.h"
#include "services/auth-gateway/store/pg_session_store.h"
#include "services/auth-gateway/web/assets.h"
#include "services/auth-gateway/web/page_headers.h"
#include "services/auth-gateway/web/pages.h"

namespace va::gateway {
namespace {

constexpr absl::Duration kSweepPause = absl::Minutes(1);
constexpr int kWaitingDoubleClicks = 8;
constexpr int kWaitingResultPages = 8;
// Questions that are put while others of the same request are on their way. Where there are more,
// they follow one after another.
constexpr size_t kAsideThreads = 16;
// For what MPI is told after a sign-in: apart from the threads that ask My HealtheVet, so that an
// MPI that is slow to write leaves nobody's account pending.
constexpr size_t kTellingThreads = 2;
constexpr size_t kTellingQueue = 256;

// A rate of 0 in the configuration is no limit.
EdgeLimitOptions LimitsOf(const Config& config) {
  return {.per_address = {config.limit_address_rate, absl::Seconds(1), config.limit_address_burst},
          .per_flow = {config.limit_flow_rate, absl::Minutes(1), config.limit_flow_burst},
          .max_keys = static_cast<size_t>(config.limit_keys)};
}

// Rows that went because they were over, by table.
class ExpiredCounters {
 public:
  explicit ExpiredCounters(telemetry::Metrics& metrics)
      : flows_(metrics.AddCounter("va_flows_expired_total", "Attempts forgotten.")),
        assertions_(metrics.AddCounter("va_used_assertions_expired_total",
                                       "Uses of assertions forgotten.")),
        sessions_(metrics.AddCounter("va_sessions_expired_total", "Sessions that ran out.")),
        logouts_(metrics.AddCounter("va_logouts_expired_total",
                                    "Sign-outs that their identity provider never answered.")) {}

  void Add(absl::string_view table, int64_t rows) const {
    const telemetry::Counter& counter = table == "flows"      ? flows_
                                        : table == "sessions" ? sessions_
                                        : table == "logouts"  ? logouts_
                                                              : assertions_;
    counter.Add({}, static_cast<double>(rows));
  }

 private:
  const telemetry::Counter flows_;
  const telemetry::Counter assertions_;
  const telemetry::Counter sessions_;
  const telemetry::Counter logouts_;
};

EdgeLimitDeps LimitDepsOf(const service::Runtime& runtime,
                          const std::vector<std::string>& cors_origins) {
  const telemetry::Counter refused = runtime.metrics.AddCounter(
      "va_gateway_rate_limited_total", "Requests refused with 429, by what they were counted by.",
      {{"limit", {"per_address", "per_flow"}}});
  return {runtime.clock, runtime.audit, runtime.log,
          [refused](absl::string_view limit) { refused.Add({limit}); }, cors_origins};
}

telemetry::Counter RetryCounterOf(telemetry::Metrics& metrics) {
  return metrics.AddCounter("va_gateway_policy_mismatch_total",
                            "Calls of the rules answered that their policy is another one.",
                            {{"outcome", {"retried", "same_policy"}}});
}

// What a gateway is built from.
struct Parts {
  const Config& config;
  service::Runtime& runtime;
  Loaded loaded;
  rpc::Channel user_attributes;
  rpc::Channel mpi_adapter;
  rpc::Channel mhv_account;
  rpc::Channel inherited_proofing;
};

// What one request is served by from its first line to its answer: one policy, one set of SAML
// keys, and the handlers that were bound to them. Never changed; a new policy makes a new one.
struct Edge {
  Edge(std::shared_ptr<const identity::Policy> serving_policy,
       std::shared_ptr<const SamlSettings> serving_saml, GatewayDeps bound)
      : policy(std::move(serving_policy)),
        saml(std::move(serving_saml)),
        deps(std::move(bound)),
        router(PublicRoutes(deps)) {}

  const std::shared_ptr<const identity::Policy> policy;
  const std::shared_ptr<const SamlSettings> saml;
  const GatewayDeps deps;
  const http::Router router;
};

// Owns what the handlers use, in the order it was built; the public server goes first.
class Gateway final : public service::RunningService {
 public:
  explicit Gateway(Parts parts)
      : config_(parts.config),
        runtime_(parts.runtime),
        sealed_box_(std::move(parts.loaded.sealed_box)),
        policy_(std::move(parts.loaded.policy)),
        saml_(std::move(parts.loaded.saml.settings)),
        saml_rings_(std::move(parts.loaded.saml.rings)),
        sp_metadata_(std::move(parts.loaded.saml.sp)),
        sp_metadata_at_(parts.runtime.clock.Now()),
        idps_(RefresherDeps(), std::move(parts.loaded.saml.directory)),
        signin_(parts.runtime.metrics, *policy_.Get(), parts.runtime.audit),
        flows_(parts.runtime.database, sealed_box_, parts.runtime.ids),
        sessions_(parts.runtime.database, sealed_box_),
        asked_rules_(parts.user_attributes),
        rules_(
            asked_rules_, policy_,
            [&reloads = parts.runtime.reloads] { return reloads.Refresh("policy"); },
            RetryCounterOf(parts.runtime.metrics)),
        lock_feed_(parts.user_attributes),
        lock_cursor_(parts.runtime.database),
        // Straight into the trail: nobody signed out.
        locks_({lifetimes_, parts.runtime.ids, parts.runtime.log, parts.runtime.audit,
                LockMetrics(parts.runtime.metrics), lock_feed_, lock_cursor_, sessions_}),
        terms_(parts.user_attributes),
        persons_(parts.mpi_adapter),
        records_(std::move(parts.mpi_adapter)),
        contacts_(std::move(parts.user_attributes)),
        accounts_(std::move(parts.mhv_account)),
        proofing_(std::move(parts.inherited_proofing)),
        provisioner_(
            [this](std::function<void()> task) { return provisioning_.TrySubmit(std::move(task)); },
            {.deadline = parts.config.provisioning_deadline}, accounts_, proofing_, flows_,
            parts.runtime.clock, parts.runtime.log, {signin_.provisioning(), parts.runtime.tracer}),
        provisioning_(static_cast<size_t>(parts.config.provisioning_threads),
                      static_cast<size_t>(parts.config.provisioning_queue)),
        teller_([this](std::function<void()> task) { return telling_.TrySubmit(std::move(task)); },
                {.deadline = parts.config.provisioning_deadline}, persons_, parts.runtime.clock,
                parts.runtime.log, {signin_.updates(), parts.runtime.tracer}),
        edge_(MakeEdge()),
        limits_(LimitsOf(parts.config), LimitDepsOf(parts.runtime, parts.config.cors_origins),
                parts.runtime.ids.RandomBytes(32)),
        expired_(parts.runtime.metrics),
        janitor_(kSweepPause, [this, &database = parts.runtime.database] { SweepOnce(database); }) {
  }

  // Its rounds use everything below.
  ~Gateway() override { idps_.Stop(); }
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  absl::Status Serve(const Config& config, service::Runtime& runtime);
  void Drain(absl::Duration drain) override;

  SessionStore& sessions() { return sessions_; }
  const base::Clock& lifetimes() const { return lifetimes_; }
  http::Response ShowAttempt(http::Request& request) const;
  void AddReloads(service::Reloads& reloads);
  void WatchRings(service::RingGauges rings) const;
  absl::Status CheckIdpStates() const { return idps_.Check(); }
  std::vector<std::string> UnusedIdps() const {
    return va::gateway::UnusedIdps(*policy_.Get(), idps_.Rows());
  }
  // From now on sources of metadata are read again in their time.
  void RefreshIdps() { idps_.Start(); }
  LockWatcher& locks() { return locks_; }

 private:
  IdpRefresher::Deps RefresherDeps();
  std::unique_ptr<const Edge> MakeEdge();
  // Whether what the files hold now may take the place of what serves.
  bool MayUse(const LoadedSaml& next, service::FileLoader& files);
  // It does.
  void UseSaml(LoadedSaml next);
  // The providers as they stand now, and our own metadata before it grows old.
  void TakeIdps();
  http::Response Route(http::Request& request) const;
  // Requests that begin from now on are served by the policy and the keys of the moment.
  void ExchangeEdge();
  http::Response ServerError(const http::ServerRefusal& refusal);
  void SweepOnce(store::Pool& database) const;

  base::Permits waiters_{kWaitingDoubleClicks};
  base::Permits page_waiters_{kWaitingResultPages};
  const Config& config_;
  const service::Runtime runtime_;
  const base::SteadyWallClock lifetimes_{runtime_.clock};
  crypto::SealedBox sealed_box_;
  base::Reloadable<identity::Policy> policy_;
  mutable std::mutex saml_mutex_;  // held while the next settings are made
  base::Reloadable<SamlSettings> saml_;
  // Asked with every scrape, which must not wait for whoever exchanges providers.
  base::Reloadable<SamlRings> saml_rings_;
  SpMetadataSpec sp_metadata_;
  absl::Time sp_metadata_at_;
  IdpRefresher idps_;
  SignInMetrics signin_;
  PgFlowStore flows_;
  PgSessionStore sessions_;
  GrpcAttributeRules asked_rules_;
  AgreeingRules rules_;
  GrpcLockFeed lock_feed_;
  PgLockCursor lock_cursor_;
  LockWatcher locks_;
  GrpcTerms terms_;
  GrpcPersonIndex persons_;
  GrpcPersonRecords records_;
  GrpcContact contacts_;
  GrpcMhvAccounts accounts_;
  GrpcProofingHandoff proofing_;
  Provisioner provisioner_;
  base::WorkerPool provisioning_;  // goes before what its tasks use
  MpiTeller teller_;
  base::WorkerPool telling_{kTellingThreads, kTellingQueue};  // likewise
  base::WorkerPool asides_{kAsideThreads, kAsideThreads};
  const SubmitAside aside_ = [this](std::function<void()> task) {
    return asides_.TrySubmit(std::move(task));
  };
  std::mutex edge_mutex_;  // held while an edge is made
  base::Reloadable<Edge> edge_;
  EdgeLimits limits_;
  const ExpiredCounters expired_;
  const base::Periodic janitor_;
  std::unique_ptr<http::Server> server_;
};

std::unique_ptr<const Edge> Gateway::MakeEdge() {
  auto policy = policy_.Get();
  auto saml = saml_.Get();
  GatewayDeps deps{config_.base_url,
                   config_.front_end_url.empty() ? config_.base_url : config_.front_end_url,
                   *policy,
                   *saml,
                   AttemptLimits(),
                   config_.terms_document,
                   waiters_,
                   page_waiters_,
                   flows_,
                   sessions_,
                   rules_,
                   persons_,
                   terms_,
                   proofing_,
                   records_,
                   contacts_,
                   aside_,
                   provisioner_,
                   teller_,
                   runtime_.clock,
                   lifetimes_,
                   runtime_.ids,
                   runtime_.log,
                   signin_,
                   config_.cors_origins,
                   signin_.clock_offset(),
                   signin_.outcomes(),
                   signin_.additions(),
                   runtime_.tracer,
                   config_.global_logout,
                   config_.saml_cookie_environment};
  return std::make_unique<const Edge>(std::move(policy), std::move(saml), std::move(deps));
}

IdpRefresher::Deps Gateway::RefresherDeps() {
  return {.clock = runtime_.clock,
          .ids = runtime_.ids,
          .log = runtime_.log,
          .audit = runtime_.audit,
          .metrics = IdpMetrics(runtime_.metrics),
          .fetch = [](const MetadataSource& source) { return FetchMetadata(source); },
          .folder = config_.metadata_folder,
          .after_round = [this] { TakeIdps(); }};
}

// The same conversation with other providers, or other metadata of ours.
SamlSettings NextSettings(const SamlSettings& now, std::vector<SamlIdp> idps,
                          std::string metadata) {
  std::vector<crypto::PrivateKey> decryption_keys;
  for (const crypto::PrivateKey& key : now.decryption_keys) decryption_keys.push_back(key.Share());
  return {.sp_entity_id = now.sp_entity_id,
          .acs_url = now.acs_url,
          .slo_url = now.slo_url,
          .idps = std::move(idps),
          .signing_key = now.signing_key.Share(),
          .signing_certificate = now.signing_certificate,
          .decryption_keys = std::move(decryption_keys),
          .skew = now.skew,
          .metadata = std::move(metadata)};
}

bool Gateway::MayUse(const LoadedSaml& next, service::FileLoader& files) {
  if (!CheckIdps(*policy_.Get(), next.directory.rows(), "saml.idps_file", files)) return false;
  const std::lock_guard<std::mutex> lock(saml_mutex_);
  return CheckReplaces(next.rings, *saml_rings_.Get(), files);
}

void Gateway::UseSaml(LoadedSaml next) {
  const std::lock_guard<std::mutex> lock(saml_mutex_);
  const bool rotated =
      next.settings.signing_certificate.der() != saml_.Get()->signing_certificate.der();
  idps_.Use(std::move(next.directory));
  next.settings.idps = idps_.Idps();
  saml_rings_.Swap(std::move(next.rings));
  sp_metadata_ = std::move(next.sp);
  sp_metadata_at_ = runtime_.clock.Now();
  saml_.Swap(std::move(next.settings));
  ExchangeEdge();
  if (!rotated) return;
  // Beside the record that the unit was read anew: which is so for a provider's change as well.
  const absl::Status recorded = runtime_.audit.Write(telemetry::AuditEvent::kKeyRotated,
                                                     {.outcome = "reloaded", .tag = "saml"});
  if (!recorded.ok()) {
    runtime_.log.Error("audit.failed", {{"reason", base::ReasonOf(recorded)}});
  }
}

void Gateway::TakeIdps() {
  const std::lock_guard<std::mutex> lock(saml_mutex_);
  const auto serving = saml_.Get();
  const absl::Time now = runtime_.clock.Now();
  const bool stale = now - sp_metadata_at_ >= kSpMetadataCache;
  std::vector<SamlIdp> idps = idps_.Idps();
  if (!stale && SameIdps(serving->idps, idps)) return;
  std::string metadata = serving->metadata;
  if (stale) {
    sp_metadata_at_ = now;
    auto built = BuildSpMetadata(sp_metadata_, serving->signing_key, now);
    if (built.ok()) {
      metadata = *std::move(built);
    } else {
      runtime_.log.Error("saml.own_metadata_failed", {{"reason", base::ReasonOf(built.status())}});
    }
  }
  saml_.Swap(NextSettings(*serving, std::move(idps), std::move(metadata)));
  ExchangeEdge();
}

void Gateway::ExchangeEdge() {
  const std::lock_guard<std::mutex> lock(edge_mutex_);
  edge_.Swap(MakeEdge());
}

http::Response Gateway::Route(http::Request& request) const {
  const auto edge = edge_.Get();
  return edge->router.Route(request);
}

http::Response Gateway::ShowAttempt(http::Request& request) const {
  const auto edge = edge_.Get();
  return HandleAttempt(edge->deps, request);
}

void Gateway::WatchRings(service::RingGauges rings) const {
  rings.Watch("keys.sealed_box_file", sealed_box_);
  rings.Watch("saml.signing_ring_file", [this] { return saml_rings_.Get()->signing.Ages(); });
  if (config_.decryption_ring_file.empty()) return;
  rings.Watch("saml.decryption_ring_file",
              [this] { return saml_rings_.Get()->decryption->Ages(); });
}

void Gateway::AddReloads(service::Reloads& reloads) {
  using service::FileLoader;
  using telemetry::AuditEvent;
  reloads.Add({"policy",
               {{"policy.file", config_.policy_file}},
               [this](FileLoader& files) {
                 auto policy = LoadPolicy(config_, files);
                 if (!policy || !CheckIdps(*policy, idps_.Rows(), "policy.file", files)) return;
                 policy_.Swap(*std::move(policy));
                 ExchangeEdge();
               },
               AuditEvent::kConfigReloaded});
  reloads.Add({"saml",
               {{"saml.signing_ring_file", config_.signing_ring_file},
                {"saml.decryption_ring_file", config_.decryption_ring_file},
                {"saml.idps_file", config_.idps_file}},
               [this](FileLoader& files) {
                 auto saml = LoadSaml(config_, files);
                 if (saml && MayUse(*saml, files)) UseSaml(*std::move(saml));
               },
               AuditEvent::kMetadataChanged,
               [this] { return FilesNamedBySaml(config_); }});
  reloads.Add(service::RingUnit("sealed_box", {"keys.sealed_box_file", config_.sealed_box_file},
                                sealed_box_));
  reloads.Add({"public_tls",
               {{"public.tls.certificate_file", config_.public_certificate_file},
                {"public.tls.private_key_file", config_.public_private_key_file}},
               [this](FileLoader& files) {
                 CheckPublicTls(config_, files);
                 if (!files.problems().empty()) return;
                 const absl::Status status = server_->ReloadTls();
                 if (!status.ok()) files.Report("public.tls.certificate_file", status.message());
               },
               AuditEvent::kKeyRotated});
}

// What is still to be asked after a sign-in shares the time of the requests that are finishing;
// what does not fit stays pending.
void Gateway::Drain(absl::Duration drain) {
  // A source that is slow must not use up the time of those who are signing in.
  idps_.NoMoreRounds();
  provisioner_.StopBy(runtime_.clock.Now() + drain);
  teller_.StopBy(runtime_.clock.Now() + drain);
  server_->Stop(drain);
  locks_.Stop();
  idps_.Stop();
  provisioning_.Shutdown();
  telling_.Shutdown();
}

void Gateway::SweepOnce(store::Pool& database) const {
  const absl::Time deadline = runtime_.clock.Now() + kSweepPause;
  JanitorOptions options;
  options.on_deleted = [this](absl::string_view table, int64_t rows) { expired_.Add(table, rows); };
  const auto swept = Sweep(database, options, lifetimes_.Now(), deadline);
  if (!swept.ok()) {
    runtime_.log.Warn("janitor.failed", {{"reason", base::ReasonOf(swept.status())}});
  } else if (*swept > 0) {
    runtime_.log.Info("janitor.swept", {{"rows", *swept}});
  }
}

// What the server refuses by itself, before any handler: too large, too slow, not HTTP.
// Overload makes as many refusals as there are requests, and who sends what is no request as many
// as he likes: of those the trail gets a sample.
http::Response Gateway::ServerError(const http::ServerRefusal& refusal) {
  const bool recorded = refusal.status == 503
                            ? limits_.InSample(refusal.reason, refusal.client_address)
                            : limits_.MayRecordRefusal(refusal.client_address);
  if (recorded) {
    Record(edge_.Get()->deps, telemetry::AuditEvent::kRequestRefused,
           {.request_id = refusal.request_id,
            .code = absl::StrCat(refusal.status),
            .tag = refusal.reason});
  }
  return http::Html(refusal.status,
                    RenderErrorPage(ErrorPageForStatus(refusal.status, refusal.request_id)));
}

// The Host values browsers may send: those of our own address and those the configuration adds.
// Anything else is 421, so that no foreign name ever reaches a link or a cookie (attack W6).
absl::StatusOr<std::vector<std::string>> OurHosts(const Config& config) {
  const auto url = base::ParseUrl(config.base_url);
  if (!url.ok()) return url.status();
  std::vector<std::string> hosts = config.public_hosts;
  hosts.push_back(absl::StrCat(url->host, ":", url->port));
  if (url->Origin() == absl::StrCat(url->scheme, "://", url->host)) hosts.push_back(url->host);
  return hosts;
}

absl::Status Gateway::Serve(const Config& config, service::Runtime& runtime) {
  auto hosts = OurHosts(config);
  if (!hosts.ok()) return hosts.status();
  http::ServerOptions options;
  options.hosts = *std::move(hosts);
  options.listen = config.public_listen;
  options.tls =
      http::TlsServerOptions{config.public_certificate_file, config.public_private_key_file, ""};
  options.io_threads = static_cast<size_t>(config.public_io_threads);
  options.max_connections = static_cast<size_t>(config.public_max_connections);
  options.max_connections_per_address = static_cast<size_t>(config.limit_connections_per_address);
  for (const auto& [name, value] : DefaultSecurityHeaders()) {
    if (name == "Strict-Transport-Security" && !config.hsts) continue;
    options.default_headers.push_back({name, value});
  }
  options.trusted_proxies = config.trusted_proxies;
  // Who asks too often is told so before a worker is taken. Styles and script never wait for one:
  // an overloaded house still shows readable pages.
  options.inline_handler = [this](http::Request& request) -> std::optional<http::Response> {
    if (auto refused = limits_.Refuse(request)) return refused;
    if (FindAsset(request.path) == nullptr) return std::nullopt;
    return Route(request);
  };
  options.new_request_id = [&ids = runtime.ids] { return ids.Uuid(); };
  options.error_page = [this](const http::ServerRefusal& refusal) { return ServerError(refusal); };
  options.on_done =
      [counts = service::HttpServerMetrics(runtime.metrics, edge_.Get()->router.Patterns())](
          const http::RequestRecord& record) { counts.Done(record); };
  auto server = http::Server::Start(
      std::move(options), [this](http::Request& request) { return Route(request); },
      runtime.workers);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  service::HttpServerMetrics::Watch(runtime.metrics, *server_);
  runtime.health.Watch("public", [this] { return service::ProgressOf(server_->Beat()); });
  service::AddPoolMetrics(runtime.metrics, "provisioning", provisioning_,
                          static_cast<size_t>(config.provisioning_threads),
                          static_cast<size_t>(config.provisioning_queue));
  service::AddPoolMetrics(runtime.metrics, "asides", asides_, kAsideThreads, kAsideThreads);
  service::AddPoolMetrics(runtime.metrics, "telling", telling_, kTellingThreads, kTellingQueue);
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> Methods() { return {kIntrospectMethod}; }

std::vector<std::string> Calls() {
  return {"va.attributes.v1.AccountsService/ListAccounts",
          "va.attributes.v1.AccountsService/WatchLocks",
          "va.attributes.v1.AttributesService/Admit",
          "va.attributes.v1.AttributesService/Derive",
          "va.attributes.v1.AttributesService/GetTermsAcceptance",
          "va.attributes.v1.AttributesService/RecordTerms",
          "va.attributes.v1.AttributesService/RenewDecision",
          "va.attributes.v1.ContactService/DropContactInformation",
          "va.attributes.v1.ContactService/GetContactInformation",
          "va.mhv.v1.MhvAccountService/EnsureAccount",
          "va.mpi.v1.MpiService/AddPersonImplicit",
          "va.mpi.v1.MpiService/GetProfile",
          "va.mpi.v1.MpiService/UpdateProfile",
          "va.proofing.v1.ProofingService/CheckEligibility",
          "va.proofing.v1.ProofingService/RecordConsent",
          "grpc.health.v1.Health/Check"};
}

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config, Loaded loaded,
                                                              service::Runtime& runtime) {
  auto user_attributes = runtime.Connect(config.user_attributes);
  if (!user_attributes.ok()) return user_attributes.status();
  auto mpi_adapter = runtime.Connect(config.mpi_adapter);
  if (!mpi_adapter.ok()) return mpi_adapter.status();
  auto mhv_account = runtime.Connect(config.mhv_account);
  if (!mhv_account.ok()) return mhv_account.status();
  auto inherited_proofing = runtime.Connect(config.inherited_proofing);
  if (!inherited_proofing.ok()) return inherited_proofing.status();

  auto gateway =
      std::make_unique<Gateway>(Parts{config, runtime, std::move(loaded), *user_attributes,
                                      *mpi_adapter, *mhv_account, *inherited_proofing});
  RegisterSessionService(runtime.rpc, gateway->sessions(), gateway->lifetimes());
  runtime.ops.Add(
      "GET", "/attempts/{request_id}",
      [gateway = gateway.get()](http::Request& request) { return gateway->ShowAttempt(request); });
  runtime.AddPeerCheck("user-attributes", *user_attributes);
  runtime.AddPeerCheck("mpi-adapter", *mpi_adapter);
  runtime.AddPeerCheck("mhv-account", *mhv_account);
  runtime.AddPeerCheck("inherited-proofing", *inherited_proofing);
  runtime.health.Add("identity-providers", service::CheckKind::kDegraded,
                     [gateway = gateway.get()] { return gateway->CheckIdpStates(); });
  runtime.health.Add("locks", service::CheckKind::kDegraded,
                     [&locks = gateway->locks()] { return locks.Check(); });
  runtime.metrics.AddReading(
      "va_gateway_lock_watch_silence_seconds", "Since anything was heard of locks.", {},
      [&locks = gateway->locks()] { return absl::ToDoubleSeconds(locks.Silence()); });
  const absl::Status serving = gateway->Serve(config, runtime);
  if (!serving.ok()) return serving;
  gateway->AddReloads(runtime.reloads);
  gateway->WatchRings({runtime.metrics, runtime.clock});
  for (const std::string& name : gateway->UnusedIdps()) {
    runtime.log.Warn("saml.idp_unused", {{"idp", name}, {"policy", "no csp leads to it"}});
  }
  gateway->RefreshIdps();
  gateway->locks().Start();
  return gateway;
}

}  // namespace va::gateway
