// Where a service lives in the database, as its own configuration says: for verbs that work on a
// service's schema. Only the database.* rows are read, and those that `bind` adds; the others are
// the service's to judge.
#pragma once

#include <functional>
#include <string>

#include "lib/config/fields.h"
#include "lib/service/common_config.h"
#include "tools/signinctl/verb.h"

namespace va::signinctl {

struct ServiceHome {
  std::string schema;
  service::CommonConfig common;
  std::string problem;  // not empty: what is wrong, and nothing else holds
};

ServiceHome ReadServiceHome(const std::string& service, const std::string& config_file,
                            const World& world,
                            const std::function<void(config::Table&)>& bind = {});

// Reads the rows of `table` alone, from a service's file and its variables. Empty, or what is
// wrong.
std::string LoadRows(config::Table& table, const std::string& config_file, const World& world);

}  // namespace va::signinctl
