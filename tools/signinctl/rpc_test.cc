// signinctl rpc against a server of lib/rpc, with reflection and without.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/base/status.h"
#include "lib/rpc/reflection.h"
#include "lib/rpc/server.h"
#include "lib/testing/test_pki.h"
#include "tools/signinctl/run_testing.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::signinctl {
namespace {

using mpi::v1::GetProfileRequest;
using mpi::v1::GetProfileResponse;
using testing::PemFiles;
using testing::TestPki;

constexpr char kGet[] = "va.mpi.v1.MpiService/GetProfile";
constexpr char kAsk[] =
    "{\"request_id\":\"r-1\",\"loa_current\":3,"
    "\"by_identifier\":{\"type\":\"IDENTIFIER_TYPE_ICN\",\"value\":\"1000000001V100001\"}}";

absl::StatusOr<GetProfileResponse> Answer(const rpc::CallContext& /*context*/,
                                          const GetProfileRequest& request) {
  if (request.request_id() == "fail") {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "NOT_TODAY", "not today", true);
  }
  GetProfileResponse response;
  response.set_outcome(common::v1::MPI_OUTCOME_OK);
  response.set_message_id(request.request_id());
  response.mutable_profile()->set_icn(request.by_identifier().value());
  response.mutable_profile()->add_names()->set_family("FERNBROOK");
  return response;
}

// mpi-adapter, as far as the wire goes, and the environment of a stack it runs in.
class House {
 public:
  explicit House(bool reflection = true) : pool_(2, 16) {
    rpc::ServerBuilder builder;
    builder.Unary<GetProfileRequest, GetProfileResponse>(kGet, &Answer);
    builder.Allow("dev-client.va.internal", {kGet});
    if (reflection) builder.Allow("dev-client.va.internal", {rpc::kReflectionMethod});
    rpc::ServerOptions options;
    const PemFiles files = pki_.IssueService("mpi-adapter");
    options.tls = {files.certificate_file, files.private_key_file, pki_.ca_file()};
    options.reflection = reflection;
    auto server = builder.Start(options, pool_, clock_);
    REQUIRE(server.ok());
    server_ = *std::move(server);
  }

  std::map<std::string, std::string> Env(const std::string& client = "dev-client") {
    const PemFiles files = pki_.IssueService(client);
    return {{"VA_CA", pki_.ca_file()},
            {"VA_CLIENT_CERT", files.certificate_file},
            {"VA_CLIENT_KEY", files.private_key_file},
            {"VA_MPI_ADAPTER_GRPC", target()}};
  }
  std::string target() const { return "127.0.0.1:" + std::to_string(server_->port()); }
  Ran Rpc(const std::vector<std::string>& more, const std::string& in = "",
          const std::string& client = "dev-client") {
    std::vector<std::string> arguments = {"rpc"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunWith(arguments, in, Env(client), &clock_);
  }

 private:
  TestPki pki_;
  base::SystemClock clock_;
  base::WorkerPool pool_;
  std::unique_ptr<rpc::Server> server_;
};

}  // namespace

TEST_CASE("rpc: JSON in, JSON out, everything found from the service's name", "[signinctl]") {
  House house;
  const Ran ran = house.Rpc({kGet, kAsk});
  CHECK(ran.exit == 0);
  CHECK(ran.json["outcome"] == "MPI_OUTCOME_OK");
  CHECK(ran.json["message_id"] == "r-1");
  CHECK(ran.json["profile"]["icn"] == "***");
  CHECK_FALSE(absl::StrContains(ran.out + ran.err, "FERNBROOK"));
  const Ran shown = house.Rpc({kGet, "-", "--reveal"}, kAsk);
  CHECK(shown.json["profile"]["icn"] == "1000000001V100001");
  CHECK(shown.json["profile"]["names"][0]["family"] == "FERNBROOK");
}

TEST_CASE("rpc: flags win over the environment", "[signinctl]") {
  House house;
  std::map<std::string, std::string> env = house.Env();
  const std::vector<std::string> flags = {"rpc",           kGet,
                                          "--target",      house.target(),
                                          "--ca",          env["VA_CA"],
                                          "--cert",        env["VA_CLIENT_CERT"],
                                          "--key",         env["VA_CLIENT_KEY"],
                                          "--server-name", "mpi-adapter.va.internal"};
  const base::SystemClock clock;
  CHECK(RunWith(flags, "", {}, &clock).exit == 0);
  CHECK(RunWith(flags, "", {{"VA_MPI_ADAPTER_GRPC", "127.0.0.1:1"}}, &clock).exit == 0);
}

TEST_CASE("rpc: --list tells services and methods", "[signinctl]") {
  House house;
  const Ran ran = house.Rpc({"--list", "--target", house.target()});
  CHECK(ran.exit == 0);
  CHECK(ran.json["services"] ==
        Json{{"grpc.health.v1.Health", {"Check", "Watch"}},
             {"va.mpi.v1.MpiService",
              {"GetProfile", "FindByIdentifier", "FindByAttributes", "AddPersonImplicit",
               "AddPersonProxy", "UpdateProfile", "ParseGcIds", "Invalidate"}}});
}

TEST_CASE("rpc: health can be asked with an address alone", "[signinctl]") {
  House house;
  const Ran ran = house.Rpc({"grpc.health.v1.Health/Check", "--target", house.target()});
  CHECK(ran.exit == 0);
  CHECK(ran.json["status"] == "SERVING");
}

TEST_CASE("rpc: a failed call is exit 1 with code, reason and advice", "[signinctl]") {
  House house;
  const Ran ran = house.Rpc({kGet, "{\"request_id\":\"fail\"}"});
  CHECK(ran.exit == 1);
  CHECK(ran.json == Json{{"status", "FAILED_PRECONDITION"},
                         {"reason", "NOT_TODAY"},
                         {"message", "not today"},
                         {"retryable", true}});
  CHECK(absl::StrContains(ran.err, "NOT_TODAY"));
}

TEST_CASE("rpc: what does not fit the contract is refused before it is sent", "[signinctl]") {
  House house;
  for (const char* json :
       {"{", "[]", "", "null x", "{\"no_such_field\":1}", "{\"loa_current\":\"many\"}",
        "{\"by_identifier\":{\"type\":\"NONE\"}}"}) {
    CAPTURE(json);
    const Ran ran = house.Rpc({kGet, "-"}, json);
    CHECK(ran.exit == 1);
    CHECK(ran.json["reason"] == "BAD_JSON");
  }
  for (const std::string& input : HostileInputs(kAsk)) {
    const Ran ran = house.Rpc({kGet, "-"}, input);
    CAPTURE(input.substr(0, 80));
    CHECK((ran.exit == 0 || ran.exit == 1));
    CHECK(ran.json.is_object());
  }
  CHECK(house.Rpc({"va.mpi.v1.MpiService/Nothing"}).json["reason"] == "UNKNOWN_METHOD");
  CHECK(house.Rpc({"va.mpi.v1.Nothing/GetProfile"}).json["reason"] == "UNKNOWN_SERVICE");
}

TEST_CASE("rpc G2: without reflection, or without a row, the answer is PERMISSION_DENIED",
          "[signinctl][G2]") {
  House off(false);
  House on(true);
  for (const Ran& ran : {off.Rpc({kGet, kAsk}), on.Rpc({kGet, kAsk}, "", "stranger")}) {
    CHECK(ran.exit == 1);
    CHECK(ran.json["status"] == "PERMISSION_DENIED");
    CHECK(absl::StrContains(ran.err, "grpc.reflection"));
  }
}

TEST_CASE("rpc: nobody listening is a failed call, and says so once", "[signinctl]") {
  House house;
  const Ran ran = house.Rpc({kGet, "--target", "127.0.0.1:1", "--deadline", "2s"});
  CHECK(ran.exit == 1);
  CHECK(ran.json["status"] == "UNAVAILABLE");
  CHECK(ran.json["retryable"] == true);
}

TEST_CASE("rpc: what is missing or unreadable is misuse", "[signinctl]") {
  House house;
  CHECK(RunWith({"rpc", kGet}).exit == 2);
  CHECK(absl::StrContains(RunWith({"rpc", kGet}).err, "--target"));
  CHECK(house.Rpc({}).exit == 2);
  CHECK(house.Rpc({"GetProfile"}).exit == 2);
  CHECK(house.Rpc({kGet, "--deadline", "soon"}).exit == 2);
  CHECK(house.Rpc({kGet, "--deadline", "-1s"}).exit == 2);
  CHECK(house.Rpc({kGet, "--cert", "/nonexistent"}).exit == 2);
}

}  // namespace va::signinctl
