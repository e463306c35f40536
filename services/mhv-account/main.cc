// The mhv-account program. Everything that is the same in every service is in lib/service.
#include <optional>
#include <utility>

#include "lib/service/frame.h"
#include "services/mhv-account/config.h"
#include "services/mhv-account/load.h"
#include "services/mhv-account/migrations.h"
#include "services/mhv-account/wiring.h"

int main(int argc, char** argv) {
  va::mhv::Config config;
  va::mhv::Config fresh;  // what is on disk, as read again while serving
  std::optional<va::mhv::Loaded> loaded;
  va::service::ServiceSpec spec;
  spec.name = "mhv-account";
  spec.summary = "Knows, creates and upgrades My HealtheVet accounts.";
  spec.env_prefix = "VA_MHV_ACCOUNT__";
  spec.schema = "mhv";
  spec.methods = va::mhv::Methods();
  spec.calls = va::mhv::Calls();
  spec.migrations = va::mhv::Migrations();
  spec.bind = [&config](va::config::Table& table) { va::mhv::Bind(table, config); };
  spec.bind_anew = [&fresh](va::config::Table& table, const va::service::CommonConfig& /*common*/) {
    fresh = {};
    va::mhv::Bind(table, fresh);
  };
  spec.load = [&](va::service::FileLoader& files) { loaded = va::mhv::Load(config, files); };
  spec.start = [&](va::service::Runtime& runtime) {
    return va::mhv::Wire(config, *std::move(loaded), runtime);
  };
  return va::service::Main(argc, argv, spec);
}
