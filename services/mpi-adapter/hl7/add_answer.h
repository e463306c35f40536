// Classifies what MPI answered to an add or an update (MCCI_IN000002UV01) and reads the identifiers
// it hands back. Fails closed: without an acceptance of *our* message nothing was added, whatever
// else the answer says. Pure.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "services/mpi-adapter/domain/change.h"
#include "services/mpi-adapter/hl7/find_answer.h"

namespace va::mpi::hl7 {

// Which message a valid answer must refer to.
struct ExpectedEcho {
  std::string message_id;
  bool require_echo = true;
};

// Reads what came back: the status first, then the body of a 200.
ChangeAnswer ReadAddAnswer(const HttpAnswer& http, const ExpectedEcho& expected);

// Reads the body of an HTTP 200 alone.
ChangeAnswer ParseAddAnswer(absl::string_view body, const ExpectedEcho& expected);

}  // namespace va::mpi::hl7
