// The mpi-adapter program. Everything that is the same in every service is in lib/service.
#include <optional>
#include <utility>

#include "lib/service/frame.h"
#include "services/mpi-adapter/config.h"
#include "services/mpi-adapter/load.h"
#include "services/mpi-adapter/migrations.h"
#include "services/mpi-adapter/wiring.h"

int main(int argc, char** argv) {
  std::optional<va::mpi::Loaded> loaded;
  va::mpi::Config config;
  va::mpi::Config fresh;  // what is on disk, as read again while serving
  va::service::ServiceSpec spec;
  spec.name = "mpi-adapter";
  spec.summary = "Asks the Master Person Index over HL7 v3 and answers with a closed outcome.";
  spec.env_prefix = "VA_MPI_ADAPTER__";
  spec.schema = "mpi";
  spec.methods = va::mpi::Methods();
  spec.migrations = va::mpi::Migrations();
  spec.defaults = va::mpi::SetDefaults;
  spec.bind = [&config](va::config::Table& table) { va::mpi::Bind(table, config); };
  spec.bind_anew = [&fresh](va::config::Table& table, const va::service::CommonConfig& common) {
    fresh = {};
    va::mpi::Bind(table, fresh);
    va::mpi::BindRules(table, fresh, common);
  };
  spec.rules = [&config](va::config::Table& table, const va::service::CommonConfig& common) {
    va::mpi::BindRules(table, config, common);
  };
  spec.load = [&config, &loaded](va::service::FileLoader& files) {
    loaded = va::mpi::Load(config, files);
  };
  spec.start = [&config, &fresh, &loaded](va::service::Runtime& runtime) {
    return va::mpi::Wire(config, fresh, *std::move(loaded), runtime);
  };
  return va::service::Main(argc, argv, spec);
}
