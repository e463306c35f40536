// The inherited-proofing program. Everything that is the same in every service is in lib/service.
#include <optional>
#include <utility>

#include "lib/service/frame.h"
#include "services/inherited-proofing/config.h"
#include "services/inherited-proofing/load.h"
#include "services/inherited-proofing/migrations.h"
#include "services/inherited-proofing/wiring.h"

int main(int argc, char** argv) {
  va::proofing::Config config;
  va::proofing::Config fresh;  // what is on disk, as read again while serving
  std::optional<va::proofing::Loaded> loaded;
  va::service::ServiceSpec spec;
  spec.name = "inherited-proofing";
  spec.summary = "Hands an in-person proofing at VA on to Login.gov.";
  spec.env_prefix = "VA_INHERITED_PROOFING__";
  spec.schema = "proofing";
  spec.methods = va::proofing::Methods();
  spec.calls = va::proofing::Calls();
  spec.migrations = va::proofing::Migrations();
  spec.bind = [&config](va::config::Table& table) { va::proofing::Bind(table, config); };
  spec.bind_anew = [&fresh](va::config::Table& table, const va::service::CommonConfig& /*common*/) {
    fresh = {};
    va::proofing::Bind(table, fresh);
  };
  spec.load = [&](va::service::FileLoader& files) { loaded = va::proofing::Load(config, files); };
  spec.start = [&](va::service::Runtime& runtime) {
    return va::proofing::Wire(config, *std::move(loaded), runtime);
  };
  return va::service::Main(argc, argv, spec);
}
