// The auth-gateway program. Everything that is the same in every service is in lib/service.
#include <optional>
#include <utility>

#include "lib/service/frame.h"
#include "services/auth-gateway/config.h"
#include "services/auth-gateway/load.h"
#include "services/auth-gateway/migrations.h"
#include "services/auth-gateway/wiring.h"

int main(int argc, char** argv) {
  va::gateway::Config config;
  va::gateway::Config fresh;  // what is on disk, as read again while serving
  std::optional<va::gateway::Loaded> loaded;
  va::service::ServiceSpec spec;
  spec.name = "auth-gateway";
  spec.summary = "The edge: signs people in over SAML and keeps their sessions.";
  spec.env_prefix = "VA_AUTH_GATEWAY__";
  spec.schema = "gateway";
  spec.methods = va::gateway::Methods();
  spec.calls = va::gateway::Calls();
  spec.migrations = va::gateway::Migrations();
  spec.bind = [&config](va::config::Table& table) { va::gateway::Bind(table, config); };
  spec.bind_anew = [&fresh](va::config::Table& table, const va::service::CommonConfig& common) {
    fresh = {};
    va::gateway::Bind(table, fresh);
    va::gateway::BindRules(table, fresh, common);
  };
  spec.rules = [&config](va::config::Table& table, const va::service::CommonConfig& common) {
    va::gateway::BindRules(table, config, common);
  };
  spec.load = [&](va::service::FileLoader& files) { loaded = va::gateway::Load(config, files); };
  spec.start = [&](va::service::Runtime& runtime) {
    return va::gateway::Wire(config, *std::move(loaded), runtime);
  };
  return va::service::Main(argc, argv, spec);
}
