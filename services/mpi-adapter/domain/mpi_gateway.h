// The port to the Master Person Index. An implementation asks once and classifies whatever happens;
// a Status means that the question itself could not be sent.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/mpi-adapter/domain/ack_detail.h"
#include "services/mpi-adapter/domain/change.h"
#include "services/mpi-adapter/domain/outcome.h"
#include "services/mpi-adapter/domain/profile.h"
#include "services/mpi-adapter/domain/question.h"

namespace va::mpi {

// What came of one question. Only `profile` says anything about a person, and it is there only with
// Outcome::kOk.
struct Answer {
  Outcome outcome = Outcome::kUnparseable;
  std::optional<Profile> profile;
  std::string reason;          // UPPER_SNAKE: which rule chose the outcome
  std::string transaction_id;  // MPI's, from the response header
  std::string message_id;      // ours
  std::string ack_code;        // AA, AE or AR as received
  std::string query_response;  // OK, NF, AE or QE as received
  std::string detail_code;     // first error code of the acknowledgement, e.g. INTERR, NS260
  std::string target_message;  // which message this says it answers; empty when it is no plain id
  // Texts of the acknowledgement, each once. May repeat what was asked: for an operator's eyes,
  // never for a log.
  std::vector<identity::PersonText> error_texts;
  std::vector<AckDetail> details;   // all of the acknowledgement, thresholds included
  std::optional<int> result_count;  // how many MPI says it found
  std::optional<int> match_score;
  std::optional<int> identity_match_threshold;
  std::optional<int> potential_duplicate_threshold;
  // The score lies under the threshold that MPI itself calls a match: an alarm, not a refusal, for
  // whether the person is the right one is Admit's to compare.
  bool below_threshold = false;
  // It came to another caller's question, asked a moment before; that caller keeps it.
  bool shared = false;
};

class MpiGateway {
 public:
  virtual ~MpiGateway() = default;

  // Asks MPI, at the latest until `deadline`. INVALID_ARGUMENT names the field that is missing or
  // cannot be sent; nothing was asked then.
  virtual absl::StatusOr<Answer> Find(const Question& question, absl::Time deadline) = 0;
};

// The port for changes. Not part of MpiGateway: what stands in front of questions (cache, sharing,
// a second try) must never stand in front of a change.
class MpiChanges {
 public:
  virtual ~MpiChanges() = default;

  // Sends one change once, at the latest until `deadline`, and classifies the answer. With TIMEOUT
  // and TRANSPORT it may have happened all the same. INVALID_ARGUMENT as above.
  virtual absl::StatusOr<ChangeAnswer> Send(const Change& change, absl::Time deadline) = 0;
};

}  // namespace va::mpi
