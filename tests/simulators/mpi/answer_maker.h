// Writes the answers PRPA_IN201306UV02 and MCCI_IN000002UV01 the way the Master Person Index does.
// Everything in them comes from a persona or from what was added, so from nobody.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/testing/persona.h"
#include "tests/simulators/mpi/request_check.h"

namespace va::simulators {

// What every answer carries of the exchange.
struct AnswerFrame {
  std::string answer_id;  // extension of the answer's own id
  std::string now;        // YYYYMMDDHHMMSS
  const CheckedRequest& request;
  std::string message_id;  // of the message it says it answers
  std::string query_id;
};

struct MatchOptions {
  int score = 0;               // 0: not a probabilistic search
  bool history = false;        // with the ICNs that were replaced
  bool relationships = false;  // with who may act for the person
};

// One cause of an answer that is no success.
struct AnswerError {
  absl::string_view ack;  // AE or AR
  absl::string_view code;
  absl::string_view code_system;
  absl::string_view display;
  absl::string_view text;
  absl::string_view query_response = "AE";
};

inline constexpr AnswerError kInvalidRequestError = {
    "AE", "INTERR", "2.16.840.1.113883.5.1100", "Internal System Error", "MVI[S]:INVALID REQUEST"};
inline constexpr AnswerError kFailedError = {"AR", "INTERR", "2.16.840.1.113883.5.1100",
                                             "Internal System Error", "Environment Database Error"};
inline constexpr AnswerError kInternalError = {"AE", "INTERR", "2.16.840.1.113883.5.1100",
                                               "Internal System Error", "Internal System Error"};
inline constexpr AnswerError kQueryError = {
    "AE", "INTERR", "2.16.840.1.113883.5.1100", "Internal System Error", "Query Error", "QE"};
inline constexpr AnswerError kSeveralError = {"AE", "INTERR", "2.16.840.1.113883.5.1100",
                                              "Internal System Error", "Multiple Matches Found"};
inline constexpr AnswerError kUnknownSenderError = {"AE", "NS260", "2.16.840.1.113883.1.11.19640",
                                                    "Unknown sender",
                                                    "Invalid MVI Registration Identification"};
inline constexpr AnswerError kDuplicateKeyError = {"AE", "Key205", "2.16.840.1.113883.5.4",
                                                   "Duplicate Key Identifier",
                                                   "identified as a duplicate"};

// AA, OK, one person.
absl::StatusOr<std::string> MatchAnswer(const AnswerFrame& frame,
                                        const testing::PersonaMpiRecord& person,
                                        const MatchOptions& options);

// AA, NF, nobody.
absl::StatusOr<std::string> NoMatchAnswer(const AnswerFrame& frame);

// To an add or an update: AA with these codes (code, displayName).
absl::StatusOr<std::string> AcceptedAnswer(
    const AnswerFrame& frame, const std::vector<std::pair<std::string, std::string>>& codes);

// To a find or to a change, each in its form.
absl::StatusOr<std::string> ErrorAnswer(const AnswerFrame& frame, const AnswerError& error);

// For what is no message at all, and on request.
absl::StatusOr<std::string> SoapFault(absl::string_view code, absl::string_view text);

}  // namespace va::simulators
