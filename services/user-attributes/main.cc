// The user-attributes program. Everything that is the same in every service is in lib/service.
#include <optional>
#include <utility>

#include "lib/service/frame.h"
#include "services/user-attributes/config.h"
#include "services/user-attributes/load.h"
#include "services/user-attributes/migrations.h"
#include "services/user-attributes/wiring.h"

int main(int argc, char** argv) {
  va::attributes::Config config;
  va::attributes::Config fresh;  // what is on disk, as read again while serving
  std::optional<va::attributes::Loaded> loaded;
  va::service::ServiceSpec spec;
  spec.name = "user-attributes";
  spec.summary = "Decides who a person is and whether they may come in; owns accounts.";
  spec.env_prefix = "VA_USER_ATTRIBUTES__";
  spec.schema = "attributes";
  spec.methods = va::attributes::Methods();
  spec.migrations = va::attributes::Migrations();
  spec.bind = [&config](va::config::Table& table) { va::attributes::Bind(table, config); };
  spec.bind_anew = [&fresh](va::config::Table& table, const va::service::CommonConfig& /*common*/) {
    fresh = {};
    va::attributes::Bind(table, fresh);
  };
  spec.load = [&](va::service::FileLoader& files) { loaded = va::attributes::Load(config, files); };
  spec.start = [&](va::service::Runtime& runtime) {
    return va::attributes::Wire(config, *std::move(loaded), runtime);
  };
  return va::service::Main(argc, argv, spec);
}
