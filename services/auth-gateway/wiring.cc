#include "services/auth-gateway/wiring.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/periodic.h"
#include "lib/base/status.h"
#include "lib/base/url.h"
#include "lib/config/policy_file.h"
#include "lib/crypto/sealed_box.h"
#include "lib/http/server.h"
#include "services/auth-gateway/adapters/grpc_attribute_rules.h"
#include "services/auth-gateway/adapters/grpc_person_index.h"
#include "services/auth-gateway/api/grpc/session_service.h"
#include "services/auth-gateway/api/http/routes.h"
#include "services/auth-gateway/domain/return_target.h"
#include "services/auth-gateway/saml/sp_metadata.h"
#include "services/auth-gateway/store/janitor.h"
#include "services/auth-gateway/store/pg_flow_store.h"
#include "services/auth-gateway/store/pg_session_store.h"
#include "services/auth-gateway/web/page_headers.h"
#include "services/auth-gateway/web/pages.h"

namespace va::gateway {
namespace {

constexpr absl::Duration kSweepPause = absl::Minutes(1);

absl::Status Unusable(absl::string_view key, absl::string_view why) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "SAML_SETTINGS",
                         absl::StrCat(key, ": ", why));
}

absl::StatusOr<std::vector<crypto::PublicKey>> LoadIdpKeys(const Config& config) {
  std::vector<crypto::PublicKey> keys;
  for (const std::string& path : config.idp_certificate_files) {
    const auto certificate = crypto::Certificate::FromPemFile(path);
    if (!certificate.ok()) {
      return Unusable("saml.idp.certificate_files", certificate.status().message());
    }
    keys.push_back(certificate->public_key());
  }
  if (keys.empty()) return Unusable("saml.idp.certificate_files", "at least one is needed");
  return keys;
}

// An identity provider without a key, a key of another certificate or an unreadable file stops the
// start: verification is never skipped for want of a key (attack S57).
absl::StatusOr<SamlSettings> LoadSamlSettings(const Config& config) {
  auto key = crypto::PrivateKey::FromPemFile(config.signing_key_file);
  if (!key.ok()) return Unusable("saml.signing_key_file", key.status().message());
  auto certificate = crypto::Certificate::FromPemFile(config.signing_certificate_file);
  if (!certificate.ok()) {
    return Unusable("saml.signing_certificate_file", certificate.status().message());
  }
  if (certificate->public_key().Der() != key->Public().Der()) {
    return Unusable("saml.signing_certificate_file", "is not the certificate of the signing key");
  }
  auto idp_keys = LoadIdpKeys(config);
  if (!idp_keys.ok()) return idp_keys.status();
  const auto want = SignatureWantedFromString(config.idp_want);
  if (!want.has_value()) return Unusable("saml.idp.want", "must be response, assertion or both");

  const std::string acs_url = config.acs_url.empty()
                                  ? absl::StrCat(config.base_url, "/v1/sessions/callback")
                                  : config.acs_url;
  auto metadata = BuildSpMetadata({config.sp_entity_id, acs_url, {*certificate}});
  if (!metadata.ok()) return metadata.status();

  return SamlSettings{config.sp_entity_id,     acs_url,
                      config.idp_entity_id,    config.idp_sso_url,
                      *std::move(idp_keys),    *std::move(key),
                      *std::move(certificate), *want,
                      config.clock_skew,       *std::move(metadata)};
}

// Owns what the handlers use, in the order it was built; the public server goes first.
class Gateway final : public service::RunningService {
 public:
  Gateway(const Config& config, service::Runtime& runtime, identity::Policy policy,
          SamlSettings saml, crypto::SealedBox box, rpc::Channel user_attributes,
          rpc::Channel mpi_adapter)
      : policy_(std::move(policy)),
        saml_(std::move(saml)),
        box_(std::move(box)),
        flows_(runtime.database, box_, runtime.ids),
        sessions_(runtime.database, box_),
        rules_(user_attributes),
        persons_(mpi_adapter),
        deps_{
            config.base_url, config.front_end_url.empty() ? config.base_url : config.front_end_url,
            policy_,         saml_,
            AttemptLimits(), flows_,
            sessions_,       rules_,
            persons_,        runtime.clock,
            runtime.ids,     runtime.log,
            runtime.audit},
        router_(PublicRoutes(deps_)),
        janitor_(kSweepPause, [this, &database = runtime.database] { SweepOnce(database); }) {}

  absl::Status Serve(const Config& config, service::Runtime& runtime);
  void Drain(absl::Duration drain) override { server_->Stop(drain); }

  SessionStore& sessions() { return sessions_; }
  const GatewayDeps& deps() const { return deps_; }

 private:
  http::Response ServerError(const http::ServerRefusal& refusal) const;
  void SweepOnce(store::Pool& database) const;

  const identity::Policy policy_;
  const SamlSettings saml_;
  const crypto::SealedBox box_;
  PgFlowStore flows_;
  PgSessionStore sessions_;
  GrpcAttributeRules rules_;
  GrpcPersonIndex persons_;
  const GatewayDeps deps_;
  const http::Router router_;
  const base::Periodic janitor_;
  std::unique_ptr<http::Server> server_;
};

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
    options.default_headers.push_back({name, value});
  }
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

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config,
                                                              service::Runtime& runtime) {
  auto policy = config::LoadPolicyFile(config.policy_file);
  if (!policy.ok()) return policy.status();
  const absl::Status front_end =
      UseFrontEnd(config.front_end_url.empty() ? config.base_url : config.front_end_url, *policy);
  if (!front_end.ok()) return front_end;
  auto saml = LoadSamlSettings(config);
  if (!saml.ok()) return saml.status();
  auto box = crypto::SealedBox::FromKeyFile(config.sealed_box_file);
  if (!box.ok()) return box.status();
  auto user_attributes = runtime.Connect(config.user_attributes);
  if (!user_attributes.ok()) return user_attributes.status();
  auto mpi_adapter = runtime.Connect(config.mpi_adapter);
  if (!mpi_adapter.ok()) return mpi_adapter.status();

  auto gateway = std::make_unique<Gateway>(config, runtime, *std::move(policy), *std::move(saml),
                                           *std::move(box), *user_attributes, *mpi_adapter);
  RegisterSessionService(runtime.rpc, gateway->sessions(), runtime.clock);
  runtime.ops.Add(
      "GET", "/attempts/{request_id}",
      [&deps = gateway->deps()](http::Request& request) { return HandleAttempt(deps, request); });
  runtime.AddPeerCheck("user-attributes", *user_attributes);
  runtime.AddPeerCheck("mpi-adapter", *mpi_adapter);
  const absl::Status serving = gateway->Serve(config, runtime);
  if (!serving.ok()) return serving;
  return gateway;
}

}  // namespace va::gateway
