#include "lib/service/common_config.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "lib/testing/test_pki.h"

namespace va::service {
namespace {

constexpr char kMethod[] = "va.mpi.v1.MpiService/GetProfile";

// The least a service needs, with files that exist, and `more` below it.
std::string Least(testing::TestPki& pki, const std::string& more = "") {
  const testing::PemFiles files = pki.IssueService("mpi-adapter");
  // Any file of the kind will do: what it holds is read later.
  return absl::StrCat("database: {host: localhost, user: mpi_app}\n",
                      "audit: {file: /dev/null, pseudonym_keys_file: ", files.private_key_file,
                      "}\n", "grpc:\n  tls: {certificate_file: ", files.certificate_file,
                      ", private_key_file: ", files.private_key_file, ", ca_file: ", pki.ca_file(),
                      "}\n", more);
}

std::vector<std::string> Problems(const std::string& yaml, CommonConfig& config,
                                  const config::Environment& environment = {}) {
  config::Table table("VA_TEST__");
  BindCommon(table, config, "mpi", {kMethod});
  std::vector<std::string> out;
  for (const config::Problem& problem : table.LoadText(yaml, environment)) {
    out.push_back(config::ToString(problem));
  }
  return out;
}

}  // namespace

TEST_CASE("CommonConfig G2: the rows to begin with let nobody but operators handle accounts",
          "[service][config][G2]") {
  const std::string accounts = "va.attributes.v1.AccountsService/";
  CommonConfig config;
  config::Table table("VA_TEST__");
  BindCommon(table, config, "attributes",
             {kMethod, accounts + "ListAccounts", accounts + "Lock", accounts + "WatchLocks"});
  const std::vector<config::FieldInfo> fields = table.Describe();
  const auto callers =
      std::find_if(fields.begin(), fields.end(),
                   [](const config::FieldInfo& field) { return field.key == "grpc.callers"; });
  REQUIRE(callers != fields.end());
  CHECK(callers->example == absl::StrCat("{auth-gateway.va.internal: [", kMethod, ", ", accounts,
                                         "ListAccounts, ", accounts,
                                         "WatchLocks], operator.va.internal: [", accounts,
                                         "ListAccounts, ", accounts, "Lock]}"));
}

TEST_CASE("CommonConfig: callers and their methods are read", "[service][config]") {
  testing::TestPki pki;
  CommonConfig config;
  REQUIRE(Problems(Least(pki, absl::StrCat("  callers:\n    auth-gateway.va.internal: [", kMethod,
                                           "]\n    probe.va.internal: []\n")),
                   config)
              .empty());
  CHECK(config.grpc_callers.at("auth-gateway.va.internal") == std::vector<std::string>{kMethod});
  CHECK(config.grpc_callers.at("probe.va.internal").empty());
}

TEST_CASE("CommonConfig G2: a caller of an unknown method stops the start", "[service][G2]") {
  testing::TestPki pki;
  CommonConfig config;
  CHECK(Problems(Least(pki, "  callers: {a.va.internal: [va.mpi.v1.MpiService/GetProfil]}\n"),
                 config) ==
        std::vector<std::string>{
            "grpc.callers (line 5): caller a.va.internal is allowed an unknown method "
            "va.mpi.v1.MpiService/GetProfil; did you mean va.mpi.v1.MpiService/GetProfile?"});
}

TEST_CASE("CommonConfig G2: a caller of reflection stops the start unless reflection is on",
          "[service][G2]") {
  testing::TestPki pki;
  const std::string row =
      "  callers: {dev.va.internal: "
      "[grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo]}\n";
  CommonConfig off;
  CHECK(Problems(Least(pki, row), off).size() == 1);
  CHECK_FALSE(off.grpc_reflection);
  CommonConfig on;
  CHECK(Problems(Least(pki, row + "  reflection: true\n"), on).empty());
  CHECK(on.grpc_reflection);
}

TEST_CASE("CommonConfig: the pools differ in role, not in place", "[service][config]") {
  testing::TestPki pki;
  CommonConfig config;
  REQUIRE(Problems(Least(pki), config, {{"VA_TEST__DATABASE__OWNER_USER", "mpi_owner"}}).empty());
  const store::PoolOptions app = AppPool(config, "mpi", "mpi-adapter");
  const store::PoolOptions owner = OwnerPool(config, "mpi", "mpi-adapter");
  CHECK(app.user == "mpi_app");
  CHECK(owner.user == "mpi_owner");
  CHECK(app.schema == "mpi");
  CHECK(owner.schema == "mpi");
  CHECK(app.application_name == "mpi-adapter");
}

TEST_CASE("CommonConfig B8: the role that serves is never the owner", "[service][config][B8]") {
  testing::TestPki pki;
  CommonConfig config;
  const auto problems =
      Problems(Least(pki), config, {{"VA_TEST__DATABASE__OWNER_USER", "mpi_app"}});
  REQUIRE(problems.size() == 1);
  CHECK(problems[0] ==
        "database.owner_user: must be another role than database.user, which only reads and "
        "writes data");
}

TEST_CASE("CommonConfig: an owner's password without an owner is a mistake", "[service][config]") {
  testing::TestPki pki;
  const testing::TempDir dir;
  CommonConfig config;
  const auto problems =
      Problems(Least(pki), config,
               {{"VA_TEST__DATABASE__OWNER_PASSWORD_FILE", dir.Write("password", "x", 0600)}});
  REQUIRE(problems.size() == 1);
  CHECK(problems[0] ==
        "database.owner_password_file: is a password without a role: set database.owner_user too");
}

TEST_CASE("BindPeer: the certificate name follows from the service's", "[service][config]") {
  PeerConfig peer;
  config::Table table("VA_TEST__");
  BindPeer(table, "peers.mpi_adapter", peer, "mpi-adapter");
  REQUIRE(table.LoadText("peers: {mpi_adapter: {target: 'localhost:1'}}", {}).empty());
  CHECK(peer.target == "localhost:1");
  CHECK(peer.server_name == "mpi-adapter.va.internal");
}

}  // namespace va::service
