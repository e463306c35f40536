// Between va.mpi.v1 on the wire and the values of domain/. Nothing is decided here.
#pragma once

#include "absl/status/statusor.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::mpi {

// INVALID_ARGUMENT: QUESTION_MISSING, or IDENTIFIER_TYPE_UNKNOWN.
absl::StatusOr<Question> UnpackQuestion(const v1::GetProfileRequest& request);

common::v1::MpiOutcome PackOutcome(Outcome outcome);

v1::GetProfileResponse PackAnswer(const Answer& answer);

}  // namespace va::mpi
