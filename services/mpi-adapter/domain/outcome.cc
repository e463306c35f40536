#include "services/mpi-adapter/domain/outcome.h"

namespace va::mpi {

absl::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return "OK";
    case Outcome::kNoMatch:
      return "NO_MATCH";
    case Outcome::kMultipleMatches:
      return "MULTIPLE_MATCHES";
    case Outcome::kInvalidRequest:
      return "INVALID_REQUEST";
    case Outcome::kSenderRejected:
      return "SENDER_REJECTED";
    case Outcome::kDuplicateKey:
      return "DUPLICATE_KEY";
    case Outcome::kMpiFailed:
      return "MPI_FAILED";
    case Outcome::kTransport:
      return "TRANSPORT";
    case Outcome::kTimeout:
      return "TIMEOUT";
    case Outcome::kBreakerOpen:
      return "BREAKER_OPEN";
    case Outcome::kUnparseable:
      return "UNPARSEABLE";
    case Outcome::kBlocked:
      return "BLOCKED";
  }
  return "UNPARSEABLE";
}

bool IsRetryable(Outcome outcome) {
  switch (outcome) {
    case Outcome::kMpiFailed:
    case Outcome::kTransport:
    case Outcome::kTimeout:
    case Outcome::kBreakerOpen:
      return true;
    case Outcome::kOk:
    case Outcome::kNoMatch:
    case Outcome::kMultipleMatches:
    case Outcome::kInvalidRequest:
    case Outcome::kSenderRejected:
    case Outcome::kDuplicateKey:
    case Outcome::kUnparseable:
    case Outcome::kBlocked:
      return false;
  }
  return false;
}

}  // namespace va::mpi
