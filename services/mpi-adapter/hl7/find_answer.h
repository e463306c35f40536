// Classifies what MPI answered to a find request and reads the person in it. Fails closed: whatever
// is not plainly one of the known answers to *our* question is UNPARSEABLE, and a profile exists
// only under OK. Pure.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"
#include "services/mpi-adapter/domain/question.h"
#include "services/mpi-adapter/hl7/acknowledgement.h"

namespace va::mpi::hl7 {

// What a valid answer must refer to.
struct Expected {
  std::string message_id;
  std::string query_id;  // compared when MPI echoes one; empty: not compared
  Question question;     // an ICN asked for must be the person's, now or formerly (attack H3)
  // The reference accepts a person without any identifier; we do only where a caller says so.
  bool require_permanent_icn = true;
  // The answer must name our message. An operator's file answers nothing that we asked.
  bool require_echo = true;
};

// What HTTP brought: everything of it that decides.
struct HttpAnswer {
  int status = 0;
  absl::string_view content_type;
  absl::string_view transaction_id;  // header x-global-transaction-id
  absl::string_view body;
};

// Reads what came back for a find: the status first, then the body of a 200.
Answer ReadFindAnswer(const HttpAnswer& http, const Expected& expected);

// Reads the body of an HTTP 200 alone. `reason` of the answer names the rule that chose the
// outcome.
Answer ParseFindAnswer(absl::string_view body, const Expected& expected);

}  // namespace va::mpi::hl7
