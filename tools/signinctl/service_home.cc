#include "tools/signinctl/service_home.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/config/edit_distance.h"
#include "lib/config/fields.h"
#include "lib/service/example_config.h"

namespace va::signinctl {
namespace {

struct Schema {
  const char* service;
  const char* schema;
};

constexpr Schema kSchemas[] = {
    {"auth-gateway", "gateway"}, {"inherited-proofing", "proofing"}, {"mhv-account", "mhv"},
    {"mpi-adapter", "mpi"},      {"user-attributes", "attributes"},
};

std::string NoSuchService(const std::string& name) {
  std::vector<std::string> known;
  for (const Schema& one : kSchemas) known.emplace_back(one.service);
  const std::string nearest = config::Nearest(name, known);
  return absl::StrCat("there is no service ", name,
                      nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?"),
                      " Services: ", absl::StrJoin(known, ", "));
}

config::Environment EnvironmentOf(const config::Table& table, const World& world) {
  config::Environment environment;
  for (const config::FieldInfo& field : table.Describe()) {
    if (std::string value = world.env(field.env); !value.empty()) {
      environment[field.env] = std::move(value);
    }
  }
  return environment;
}

}  // namespace

ServiceHome ReadServiceHome(const std::string& service, const std::string& config_file,
                            const World& world, const std::function<void(config::Table&)>& bind) {
  ServiceHome home;
  const auto* const found =
      std::find_if(std::begin(kSchemas), std::end(kSchemas),
                   [&service](const Schema& one) { return service == one.service; });
  if (found == std::end(kSchemas)) {
    home.problem = NoSuchService(service);
    return home;
  }
  home.schema = found->schema;
  config::Table table(va::service::EnvPrefix(service));
  va::service::BindDatabase(table, home.common, home.schema);
  if (bind) bind(table);
  home.problem = LoadRows(table, config_file, world);
  return home;
}

std::string LoadRows(config::Table& table, const std::string& config_file, const World& world) {
  table.IgnoreOtherSections();
  std::string problems;
  for (const config::Problem& problem : table.Load(config_file, EnvironmentOf(table, world))) {
    absl::StrAppend(&problems, "\n  ", config::ToString(problem));
  }
  return problems.empty() ? "" : absl::StrCat("problems in ", config_file, problems);
}

}  // namespace va::signinctl
