// Writes find answers PRPA_IN201306UV02 the way the Master Person Index does. Everything in them
// comes from a persona, so from nobody.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/testing/persona.h"
#include "tests/simulators/mpi/request_check.h"

namespace va::simulators {

// What every answer carries of the exchange.
struct AnswerFrame {
  std::string answer_id;  // extension of the answer's own id
  std::string now;        // YYYYMMDDHHMMSS
  const CheckedRequest& request;
};

// AA, OK, one person. `scored` for a probabilistic search.
absl::StatusOr<std::string> MatchAnswer(const AnswerFrame& frame,
                                        const testing::PersonaMpiRecord& person, bool scored);

// AA, NF, nobody.
absl::StatusOr<std::string> NoMatchAnswer(const AnswerFrame& frame);

// AE with INTERR and this text.
absl::StatusOr<std::string> ErrorAnswer(const AnswerFrame& frame, absl::string_view text);

// For what is no message at all.
absl::StatusOr<std::string> SoapFault(absl::string_view text);

}  // namespace va::simulators
