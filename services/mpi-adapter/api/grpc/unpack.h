// From va.mpi.v1 into the values of domain/. A request that no caller means to send is refused
// here, with the field named and never its value (INVALID_ARGUMENT); whether a value can stand in a
// message to MPI is the codec's to say.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/mpi-adapter/domain/cached_mpi.h"
#include "services/mpi-adapter/domain/change.h"
#include "services/mpi-adapter/domain/question.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::mpi {

// Longer ones are no list of identifiers.
inline constexpr int kLongestGcIds = 64 * 1024;

// Reasons: REQUEST_ID, QUESTION_MISSING, IDENTIFIER_TYPE_UNKNOWN, SEARCH_TYPE_UNKNOWN,
// VIEW_UNKNOWN, FRESHNESS_UNKNOWN, FIELD_MISSING, FIELD_UNEXPECTED, FIELD_TOO_LONG.
absl::StatusOr<Question> UnpackQuestion(const v1::GetProfileRequest& request);
absl::StatusOr<Question> UnpackQuestion(const v1::FindByIdentifierRequest& request);
absl::StatusOr<Question> UnpackQuestion(const v1::FindByAttributesRequest& request);
absl::StatusOr<Question> UnpackQuestion(const v1::InvalidateRequest& request);
absl::StatusOr<Freshness> UnpackFreshness(v1::Freshness freshness);

absl::StatusOr<AddPerson> UnpackAdd(const v1::AddPersonImplicitRequest& request);
absl::StatusOr<identity::CspId> UnpackProxy(const v1::AddPersonProxyRequest& request);
absl::StatusOr<UpdatePerson> UnpackUpdate(const v1::UpdateProfileRequest& request);

absl::Status CheckGcIds(const v1::ParseGcIdsRequest& request);

}  // namespace va::mpi
