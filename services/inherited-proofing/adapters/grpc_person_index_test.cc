#include "services/inherited-proofing/adapters/grpc_person_index.h"

#include <catch2/catch.hpp>
#include <set>

#include "lib/base/status.h"

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
