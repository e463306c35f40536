// Builds the find request PRPA_IN201305UV02 as a tree (attack H2: no text is ever pasted into
// markup). Pure: ids and time come in with the stamp.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/xml/document.h"
#include "services/mpi-adapter/domain/question.h"

namespace va::mpi::hl7 {

// What distinguishes this message from every other one.
struct MessageStamp {
  std::string message_id;  // extension; MPI echoes it in targetMessage
  std::string query_id;    // extension; MPI echoes it in queryAck
  absl::Time created;
};

// What this installation says about itself.
struct MessageSettings {
  std::string processing_code = "T";  // T outside production, P in it
  std::string sender = "200VGOV";
  bool u2010_namespaces = false;  // write the reference's spelling (decision M2)
};

// The whole SOAP envelope. INVALID_ARGUMENT with the names of what is missing (FIELD_MISSING) or of
// the field that cannot be sent (hl7/field_rules.h).
absl::StatusOr<xml::Document> BuildFindRequest(const Question& question, const MessageStamp& stamp,
                                               const MessageSettings& settings);

}  // namespace va::mpi::hl7
