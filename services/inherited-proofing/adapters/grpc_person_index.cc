#include "services/inherited-proofing/adapters/grpc_person_index.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::proofing {
namespace {

constexpr char kGetProfile[] = "va.mpi.v1.MpiService/GetProfile";

// Whoever comes this far was admitted at IAL2 (checked with the decision token).
constexpr int kLoa3 = 3;

absl::Status Unavailable(absl::string_view why) {
  return base::MakeError(absl::StatusCode::kUnavailable, "MPI_UNAVAILABLE",
                         absl::StrCat("MPI could not be asked: ", why), true);
}

}  // namespace

absl::StatusOr<PersonFlags> ReadFlags(const mpi::v1::GetProfileResponse& response) {
  switch (response.outcome()) {
    case common::v1::MPI_OUTCOME_OK:
      break;
    case common::v1::MPI_OUTCOME_NO_MATCH:
    case common::v1::MPI_OUTCOME_MULTIPLE_MATCHES:
      return base::MakeError(absl::StatusCode::kFailedPrecondition, "MPI_NOT_MATCHED",
                             "MPI does not know exactly one person by this ICN");
    default:  // the wire may hold outcomes that are younger than this program
      return Unavailable(common::v1::MpiOutcome_Name(response.outcome()));
  }
  if (!response.has_profile()) return Unavailable("a match without a profile");
  PersonFlags flags;
  flags.deceased = !response.profile().deceased_date().empty();
  flags.id_theft = response.profile().id_theft();
  return flags;
}

GrpcPersonIndex::GrpcPersonIndex(rpc::Channel channel) : channel_(std::move(channel)) {}

absl::StatusOr<PersonFlags> GrpcPersonIndex::FlagsOf(const identity::Icn& icn, FlagsAge age,
                                                     const CallScope& scope) {
  mpi::v1::GetProfileRequest request;
  request.set_request_id(scope.request_id);
  request.set_loa_current(kLoa3);
  request.mutable_by_identifier()->set_type(mpi::v1::IDENTIFIER_TYPE_ICN);
  request.mutable_by_identifier()->set_value(icn.Reveal());
  // An ICN that MPI has replaced is answered with the person's new one: the flags are theirs.
  request.set_freshness(age == FlagsAge::kNow ? mpi::v1::FRESHNESS_ASK : mpi::v1::FRESHNESS_FLAGS);
  // A question that changes nothing at MPI.
  const auto response = rpc::Call<mpi::v1::GetProfileResponse>(
      channel_, kGetProfile, request,
      {.deadline = scope.deadline, .request_id = scope.request_id, .repeatable = true});
  // Whatever went wrong on the way there, a refusal included, is not this person's doing.
  if (!response.ok()) return Unavailable(base::ReasonOf(response.status()));
  return ReadFlags(*response);
}

}  // namespace va::proofing
