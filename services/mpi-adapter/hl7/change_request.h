// Builds the messages that change something at MPI: add person PRPA_IN201301UV02 (implicit search
// and proxy) and update profile PRPA_IN201302UV02 (mpi_mhv.md 1.6-1.8). Trees, as every message
// (attack H2). Pure: ids and time come in with the stamp.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/xml/document.h"
#include "services/mpi-adapter/domain/change.h"
#include "services/mpi-adapter/hl7/message_settings.h"

namespace va::mpi::hl7 {

// The whole SOAP envelope. INVALID_ARGUMENT with the names of what is missing (FIELD_MISSING) or of
// the field that cannot be sent (hl7/field_rules.h). The stamp's query id has no place in these.
absl::StatusOr<xml::Document> BuildChangeRequest(const Change& change, const MessageStamp& stamp,
                                                 const MessageSettings& settings);

// The interaction of that message, which is its soapaction too.
absl::string_view InteractionOf(const Change& change);

}  // namespace va::mpi::hl7
