// Classifies what MPI answered to an add or an update (MCCI_IN000002UV01) and reads the identifiers
// it hands back. Fails closed: without an acceptance of *our* message nothing was added, whatever
// else the answer says. Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/identity/pii.h"
#include "services/mpi-adapter/domain/outcome.h"
#include "services/mpi-adapter/hl7/find_answer.h"

namespace va::mpi::hl7 {

// A code that is none of the known identifiers: its attributes as received, in the order of
// mpi_mhv.md 1.14.
using OtherCode = std::vector<std::pair<std::string, identity::PersonText>>;

// What the acknowledgement's details name. With any outcome but OK they say what was refused, never
// what a person has.
struct AddCodes {
  std::optional<identity::CspId> birls_id;
  std::optional<identity::CspId> participant_id;
  std::optional<identity::CspId> idme_uuid;
  std::optional<identity::CspId> logingov_uuid;
  std::optional<identity::CspId> edipi;
  std::optional<identity::Icn> icn;
  std::vector<OtherCode> other;
};

struct AddAnswer {
  Outcome outcome = Outcome::kUnparseable;
  std::string reason;          // UPPER_SNAKE: which rule chose the outcome
  std::string transaction_id;  // MPI's, from the response header
  std::string ack_code;        // AA, AE or AR as received
  std::string detail_code;     // first error code, e.g. INTERR, Key205
  std::string target_message;  // which message this says it answers
  std::vector<identity::PersonText> error_texts;
  AddCodes codes;
};

// Which message a valid answer must refer to.
struct ExpectedEcho {
  std::string message_id;
  bool require_echo = true;
};

// Reads what came back: the status first, then the body of a 200.
AddAnswer ReadAddAnswer(const HttpAnswer& http, const ExpectedEcho& expected);

// Reads the body of an HTTP 200 alone.
AddAnswer ParseAddAnswer(absl::string_view body, const ExpectedEcho& expected);

}  // namespace va::mpi::hl7
