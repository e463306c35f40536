#include "services/auth-gateway/adapters/grpc_person_records.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::gateway {
namespace {

namespace common = ::va::common::v1;

constexpr char kGetProfile[] = "va.mpi.v1.MpiService/GetProfile";
constexpr int kVerified = 3;

absl::StatusCode CodeOf(common::MpiOutcome outcome) {
  switch (outcome) {
    case common::MPI_OUTCOME_NO_MATCH:
      return absl::StatusCode::kNotFound;
    case common::MPI_OUTCOME_TIMEOUT:
      return absl::StatusCode::kDeadlineExceeded;
    case common::MPI_OUTCOME_MPI_FAILED:
    case common::MPI_OUTCOME_TRANSPORT:
    case common::MPI_OUTCOME_BREAKER_OPEN:
      return absl::StatusCode::kUnavailable;
    case common::MPI_OUTCOME_MULTIPLE_MATCHES:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kInternal;
  }
}

absl::Status FaultOf(common::MpiOutcome outcome) {
  const std::string& name = common::MpiOutcome_Name(outcome);
  absl::string_view word = {name.data(), name.size()};
  absl::ConsumePrefix(&word, "MPI_OUTCOME_");
  absl::ConsumePrefix(&word, "MPI_");
  return base::MakeError(CodeOf(outcome), absl::StrCat("MPI_", word.empty() ? "UNKNOWN" : word),
                         "MPI named nobody");
}

identity::GcIds IdsOf(const common::Profile& profile) {
  std::vector<identity::CorrelatedId> rows;
  rows.reserve(static_cast<size_t>(profile.ids_size()));
  for (const common::CorrelatedId& id : profile.ids()) {
    rows.push_back({identity::CspId::FromWire(id.id()), id.id_type(), id.facility(), id.authority(),
                    id.status(), id.root()});
  }
  return identity::FromCorrelatedIds(rows);
}

PersonRecord RecordOf(const common::Profile& profile) {
  PersonRecord record;
  for (const common::PersonName& name : profile.names()) {
    PersonRecord::Name& out = record.names.emplace_back();
    for (const std::string& given : name.given()) {
      out.given.push_back(identity::PersonText::FromWire(given));
    }
    out.family = identity::PersonText::FromWire(name.family());
    out.use = name.use();
  }
  record.gender = identity::PersonText::FromWire(profile.gender());
  record.birth_date = identity::BirthDate::FromWire(profile.birth_date());
  if (profile.addresses_size() > 0) {
    record.postal_code = identity::PersonText::FromWire(profile.addresses(0).postal_code());
  }
  record.id_theft = profile.id_theft();
  record.ids = IdsOf(profile);
  return record;
}

}  // namespace

GrpcPersonRecords::GrpcPersonRecords(rpc::Channel channel) : channel_(std::move(channel)) {}

absl::StatusOr<PersonRecord> GrpcPersonRecords::FindByIcn(const identity::Icn& icn,
                                                          const CallScope& scope) {
  mpi::v1::GetProfileRequest request;
  request.set_request_id(scope.request_id);
  request.set_loa_current(kVerified);
  // GET /v0/user says whether MPI holds an identity theft against the person: an answer whose flags
  // are hours old would say no where nobody knows.
  request.set_freshness(mpi::v1::FRESHNESS_FLAGS);
  request.mutable_by_identifier()->set_type(mpi::v1::IDENTIFIER_TYPE_ICN);
  request.mutable_by_identifier()->set_value(icn.Reveal());
  const auto response = rpc::Call<mpi::v1::GetProfileResponse>(
      channel_, kGetProfile, request,
      {.deadline = scope.deadline, .request_id = scope.request_id, .repeatable = true});
  if (!response.ok()) return response.status();
  if (response->outcome() != common::MPI_OUTCOME_OK || !response->has_profile()) {
    return FaultOf(response->outcome());
  }
  return RecordOf(response->profile());
}

}  // namespace va::gateway
