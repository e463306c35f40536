// Builds the find request PRPA_IN201305UV02 as a tree (attack H2: no text is ever pasted into
// markup). Pure: ids and time come in with the stamp.
#pragma once

#include "absl/status/statusor.h"
#include "lib/xml/document.h"
#include "services/mpi-adapter/domain/question.h"
#include "services/mpi-adapter/hl7/message_settings.h"

namespace va::mpi::hl7 {

// The whole SOAP envelope. INVALID_ARGUMENT with the names of what is missing (FIELD_MISSING) or of
// the field that cannot be sent (hl7/field_rules.h).
absl::StatusOr<xml::Document> BuildFindRequest(const Question& question, const MessageStamp& stamp,
                                               const MessageSettings& settings);

}  // namespace va::mpi::hl7
