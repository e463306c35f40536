// What keeps services/<name>/config.example.yaml and docs/configuration.md true: the text of the
// file, and the text the program prints, for each service's config_test.cc to compare.
// `./dev docs` writes both.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/config/fields.h"
#include "lib/service/common_config.h"
#include "lib/service/inspect.h"

namespace va::service {

// "VA_MPI_ADAPTER__" for "mpi-adapter".
std::string EnvPrefix(absl::string_view service_name);

// The file as it lies in the repository; empty when there is none. Tests run at its root.
std::string StoredExample(absl::string_view service_name);

// The tables between <!-- begin NAME --> and <!-- end NAME --> of docs/configuration.md; NAME is a
// service or "common". Empty when they are not there.
std::string StoredReference(absl::string_view name);

// What the program prints with --print-config-reference own.
template <typename Config>
std::string PrintedReference(void (*bind)(config::Table&, Config&)) {
  Config config;
  config::Table table("VA_SERVICE__");
  bind(table, config);
  return OwnReference(table, 0);
}

// The text the program prints: the common rows, then those of the service's own Bind.
template <typename Config>
std::string PrintedExample(absl::string_view service_name, absl::string_view schema,
                           std::vector<std::string> methods, void (*bind)(config::Table&, Config&),
                           void (*defaults)(CommonConfig&) = nullptr) {
  CommonConfig common;
  if (defaults != nullptr) defaults(common);
  Config config;
  config::Table table(EnvPrefix(service_name));
  BindCommon(table, common, schema, std::move(methods));
  bind(table, config);
  return table.ExampleYaml();
}

}  // namespace va::service
