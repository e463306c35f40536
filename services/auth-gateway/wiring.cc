#include "services/auth-gateway/wiring.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/periodic.h"
#include "lib/base/status.h"
#include "lib/base/url.h"
#include "lib/base/worker_pool.h"
#include "lib/http/server.h"
#include "services/auth-gateway/adapters/grpc_attribute_rules.h"
#include "services/auth-gateway/adapters/grpc_mhv_accounts.h"
#include "services/auth-gateway/adapters/grpc_person_index.h"
#include "services/auth-gateway/adapters/grpc_proofing_handoff.h"
#include "services/auth-gateway/adapters/grpc_terms.h"
#include "services/auth-gateway/api/grpc/session_service.h"
#include "services/auth-gateway/api/http/provisioner.h"
#include "services/auth-gateway/api/http/routes.h"
#include "services/auth-gateway/store/janitor.h"
#include "services/auth-gateway/store/pg_flow_store.h"
#include "services/auth-gateway/store/pg_session_store.h"
#include "services/auth-gateway/web/assets.h"
#include "services/auth-gateway/web/page_headers.h"
#include "services/auth-gateway/web/pages.h"

namespace va::gateway {
namespace {

constexpr absl::Duration kSweepPause = absl::Minutes(1);
constexpr int kWaitingDoubleClicks = 8;
constexpr int kWaitingResultPages = 8;

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

// Owns what the handlers use, in the order it was built; the public server goes first.
class Gateway final : public service::RunningService {
 public:
  explicit Gateway(Parts parts)
      : loaded_(std::move(parts.loaded)),
        flows_(parts.runtime.database, loaded_.sealed_box, parts.runtime.ids),
        sessions_(parts.runtime.database, loaded_.sealed_box),
        rules_(parts.user_attributes),
        terms_(std::move(parts.user_attributes)),
        persons_(std::move(parts.mpi_adapter)),
        accounts_(std::move(parts.mhv_account)),
        proofing_(std::move(parts.inherited_proofing)),
        provisioner_(
            [this](std::function<void()> task) { return provisioning_.TrySubmit(std::move(task)); },
            {.deadline = parts.config.provisioning_deadline}, accounts_, proofing_, flows_,
            parts.runtime.clock, parts.runtime.log),
        provisioning_(static_cast<size_t>(parts.config.provisioning_threads),
                      static_cast<size_t>(parts.config.provisioning_queue)),
        deps_{
            parts.config.base_url,
            parts.config.front_end_url.empty() ? parts.config.base_url : parts.config.front_end_url,
            loaded_.policy,
            loaded_.saml,
            AttemptLimits(),
            parts.config.terms_document,
            waiters_,
            page_waiters_,
            flows_,
            sessions_,
            rules_,
            persons_,
            terms_,
            proofing_,
            provisioner_,
            parts.runtime.clock,
            parts.runtime.ids,
            parts.runtime.log,
            parts.runtime.audit},
        router_(PublicRoutes(deps_)),
        janitor_(kSweepPause, [this, &database = parts.runtime.database] { SweepOnce(database); }) {
  }

  absl::Status Serve(const Config& config, service::Runtime& runtime);
  void Drain(absl::Duration drain) override;

  SessionStore& sessions() { return sessions_; }
  const GatewayDeps& deps() const { return deps_; }

 private:
  http::Response ServerError(const http::ServerRefusal& refusal) const;
  void SweepOnce(store::Pool& database) const;

  base::Permits waiters_{kWaitingDoubleClicks};
  base::Permits page_waiters_{kWaitingResultPages};
  const Loaded loaded_;
  PgFlowStore flows_;
  PgSessionStore sessions_;
  GrpcAttributeRules rules_;
  GrpcTerms terms_;
  GrpcPersonIndex persons_;
  GrpcMhvAccounts accounts_;
  GrpcProofingHandoff proofing_;
  Provisioner provisioner_;
  base::WorkerPool provisioning_;  // goes before what its tasks use
  const GatewayDeps deps_;
  const http::Router router_;
  const base::Periodic janitor_;
  std::unique_ptr<http::Server> server_;
};

// What is still to be asked after a sign-in shares the time of the requests that are finishing;
// what does not fit stays pending.
void Gateway::Drain(absl::Duration drain) {
  provisioner_.StopBy(deps_.clock.Now() + drain);
  server_->Stop(drain);
  provisioning_.Shutdown();
}

void Gateway::SweepOnce(store::Pool& database) const {
  const absl::Time now = deps_.clock.Now();
  const auto swept = Sweep(database, JanitorOptions(), now, now + kSweepPause);
  if (!swept.ok()) {
    deps_.log.Warn("janitor.failed", {{"reason", base::ReasonOf(swept.status())}});
  } else if (*swept > 0) {
    deps_.log.Info("janitor.swept", {{"rows", *swept}});
  }
}

// What the server refuses by itself, before any handler: too large, too slow, not HTTP.
http::Response Gateway::ServerError(const http::ServerRefusal& refusal) const {
  Record(deps_, telemetry::AuditEvent::kRequestRefused,
         {.request_id = refusal.request_id,
          .code = absl::StrCat(refusal.status),
          .tag = refusal.reason});
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
  for (const auto& [name, value] : DefaultSecurityHeaders()) {
    if (name == "Strict-Transport-Security" && !config.hsts) continue;
    options.default_headers.push_back({name, value});
  }
  // Styles and script never wait for a worker: an overloaded house still shows readable pages.
  options.inline_handler = [this](http::Request& request) -> std::optional<http::Response> {
    if (FindAsset(request.path) == nullptr) return std::nullopt;
    return router_.Route(request);
  };
  options.new_request_id = [&ids = runtime.ids] { return ids.Uuid(); };
  options.error_page = [this](const http::ServerRefusal& refusal) { return ServerError(refusal); };
  auto server = http::Server::Start(
      std::move(options), [this](http::Request& request) { return router_.Route(request); },
      runtime.workers);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> Methods() { return {kIntrospectMethod}; }

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
  RegisterSessionService(runtime.rpc, gateway->sessions(), runtime.clock);
  runtime.ops.Add(
      "GET", "/attempts/{request_id}",
      [&deps = gateway->deps()](http::Request& request) { return HandleAttempt(deps, request); });
  runtime.AddPeerCheck("user-attributes", *user_attributes);
  runtime.AddPeerCheck("mpi-adapter", *mpi_adapter);
  runtime.AddPeerCheck("mhv-account", *mhv_account);
  runtime.AddPeerCheck("inherited-proofing", *inherited_proofing);
  const absl::Status serving = gateway->Serve(config, runtime);
  if (!serving.ok()) return serving;
  return gateway;
}

}  // namespace va::gateway
