#include "services/inherited-proofing/adapters/grpc_person_index.h"

#include <catch2/catch.hpp>
#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/rpc/server.h"
#include "lib/testing/test_pki.h"

namespace va::proofing {
namespace {

using common::v1::MpiOutcome;

mpi::v1::GetProfileResponse Match() {
  mpi::v1::GetProfileResponse response;
  response.set_outcome(common::v1::MPI_OUTCOME_OK);
  response.mutable_profile()->set_icn("1000000001V100001");
  return response;
}

TEST_CASE("GrpcPersonIndex: a match without flags stands against nobody", "[proofing][adapter]") {
  const auto flags = ReadFlags(Match());
  REQUIRE(flags.ok());
  CHECK_FALSE(flags->deceased);
  CHECK_FALSE(flags->id_theft);
}

TEST_CASE("GrpcPersonIndex: a date of death counts whatever its form", "[proofing][adapter]") {
  mpi::v1::GetProfileResponse response = Match();
  response.mutable_profile()->set_deceased_date("unknown");
  const auto flags = ReadFlags(response);
  REQUIRE(flags.ok());
  CHECK(flags->deceased);
  CHECK_FALSE(flags->id_theft);
}

TEST_CASE("GrpcPersonIndex: the identity-theft flag is told apart", "[proofing][adapter]") {
  mpi::v1::GetProfileResponse response = Match();
  response.mutable_profile()->set_id_theft(true);
  const auto flags = ReadFlags(response);
  REQUIRE(flags.ok());
  CHECK(flags->id_theft);
  CHECK_FALSE(flags->deceased);
}

TEST_CASE(
    "GrpcPersonIndex: how old flags may be is said, and a replaced ICN's are the person's (R12)",
    "[proofing][adapter][rule]") {
  constexpr char kGetProfile[] = "va.mpi.v1.MpiService/GetProfile";
  mpi::v1::GetProfileRequest asked;
  mpi::v1::GetProfileResponse answer = Match();
  rpc::ServerBuilder builder;
  builder.Unary<mpi::v1::GetProfileRequest, mpi::v1::GetProfileResponse>(
      kGetProfile, [&](const rpc::CallContext&, const mpi::v1::GetProfileRequest& request) {
        asked = request;
        return absl::StatusOr<mpi::v1::GetProfileResponse>(answer);
      });
  builder.Allow("inherited-proofing.va.internal", {kGetProfile});
  testing::TestPki pki;
  const base::SystemClock clock;
  base::WorkerPool pool(1, 4);
  const testing::PemFiles theirs = pki.IssueService("mpi-adapter");
  rpc::ServerOptions options;
  options.tls = {theirs.certificate_file, theirs.private_key_file, pki.ca_file()};
  const std::unique_ptr<rpc::Server> server = builder.Start(options, pool, clock).value();
  const testing::PemFiles ours = pki.IssueService("inherited-proofing");
  GrpcPersonIndex index(rpc::Connect(absl::StrCat("127.0.0.1:", server->port()),
                                     {ours.certificate_file, ours.private_key_file, pki.ca_file()},
                                     "mpi-adapter.va.internal")
                            .value());
  const auto icn = identity::Icn::FromWire("1000000002V100002");
  const CallScope scope{"request-1", clock.Now() + absl::Seconds(10)};

  CHECK(index.FlagsOf(icn, FlagsAge::kMinutes, scope).ok());
  CHECK(asked.freshness() == mpi::v1::FRESHNESS_FLAGS);
  CHECK(asked.loa_current() == 3);

  answer.set_asked_by_retired_icn(true);  // and the profile has another ICN
  answer.mutable_profile()->set_id_theft(true);
  const auto flags = index.FlagsOf(icn, FlagsAge::kNow, scope);
  REQUIRE(flags.ok());
  CHECK(flags->id_theft);
  CHECK(asked.freshness() == mpi::v1::FRESHNESS_ASK);
  CHECK(asked.by_identifier().value() == "1000000002V100002");
  server->Stop(absl::Seconds(1));
  pool.Shutdown();
}

TEST_CASE("GrpcPersonIndex: only a match with a profile is an answer about flags (M1, M8)",
          "[proofing][adapter][rule]") {
  const std::set<int> answered = {common::v1::MPI_OUTCOME_NO_MATCH,
                                  common::v1::MPI_OUTCOME_MULTIPLE_MATCHES};
  for (int value = 0; value < common::v1::MpiOutcome_ARRAYSIZE; ++value) {
    if (value == common::v1::MPI_OUTCOME_OK) continue;
    mpi::v1::GetProfileResponse response;
    response.set_outcome(static_cast<MpiOutcome>(value));
    CAPTURE(common::v1::MpiOutcome_Name(response.outcome()));
    const absl::Status status = ReadFlags(response).status();
    if (answered.count(value) != 0) {
      CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
      CHECK(base::ReasonOf(status) == "MPI_NOT_MATCHED");
    } else {
      CHECK(status.code() == absl::StatusCode::kUnavailable);
      CHECK(base::ReasonOf(status) == "MPI_UNAVAILABLE");
      CHECK(base::IsRetryable(status));
    }
  }
  mpi::v1::GetProfileResponse empty;
  empty.set_outcome(common::v1::MPI_OUTCOME_OK);
  CHECK(base::ReasonOf(ReadFlags(empty).status()) == "MPI_UNAVAILABLE");
}

}  // namespace
}  // namespace va::proofing
