// A question or a change for MPI as JSON: what an operator writes by hand to see the message, or to
// ask. Each operation has its keys; a key it does not know is refused, because whoever wrote it
// meant something by it.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/xml/document.h"
#include "services/mpi-adapter/domain/change.h"
#include "services/mpi-adapter/domain/question.h"
#include "services/mpi-adapter/hl7/message_settings.h"

namespace va::signinctl {

using MpiMessage = std::variant<mpi::Question, mpi::Change>;

// The names of all operations; those that only ask come first.
std::vector<std::string> MpiOperations(bool questions_only);

// For --help: every operation with its keys, and the form of the values.
std::string MpiOperationsHelp(bool questions_only);

// INVALID_ARGUMENT: OPERATION_UNKNOWN, BAD_JSON, UNKNOWN_KEY, BAD_VALUE; the words name keys and
// never values.
absl::StatusOr<MpiMessage> ReadMpiMessage(const std::string& operation, absl::string_view json,
                                          bool questions_only);

// The message, by the adapter's own builders. Refusals name the key that was given.
absl::StatusOr<xml::Document> BuildMpiMessage(const MpiMessage& message,
                                              const std::string& operation,
                                              const mpi::hl7::MessageStamp& stamp,
                                              const mpi::hl7::MessageSettings& settings);

// The same tree with *** for whatever may be about a person: what is not known to be harmless is
// masked, names of elements and the grammar of identifiers stay.
absl::StatusOr<xml::Document> MaskedMpiMessage(const xml::Document& message,
                                               const mpi::hl7::MessageSettings& settings);

}  // namespace va::signinctl
