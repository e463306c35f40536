// What became of a question to MPI: the closed enumeration of decision M1. Nothing is folded into
// "not found"; a caller switches over it without a default and so handles every case.
#pragma once

#include "absl/strings/string_view.h"

namespace va::mpi {

enum class Outcome {
  kOk,               // exactly one person with a permanent ICN
  kNoMatch,          // MPI looked and holds nobody; the only answer that may be cached negatively
  kMultipleMatches,  // more than one person answers; never "the first of them"
  kInvalidRequest,   // MPI refused our message
  kSenderRejected,   // MPI does not know this sender (NS260): our configuration is wrong
  kDuplicateKey,     // an add met a key that exists already (Key205)
  kMpiFailed,        // MPI says that it failed: AR, SOAP fault, HTTP status other than 200
  kTransport,        // no connection, TLS refused, connection lost
  kTimeout,          // no answer inside the deadline
  kBreakerOpen,      // not asked: the circuit breaker is open
  kUnparseable,      // bytes came, but no valid answer to our question
  kBlocked,          // not asked: below LOA3
};

// UPPER_SNAKE name, as in logs, metrics and the wire enumeration without its prefix.
absl::string_view OutcomeName(Outcome outcome);

// Whether the same question may be answered later without any change on our side. A person whose
// attempt ended so is told to try later, never that they were not found (decision R5).
bool IsRetryable(Outcome outcome);

}  // namespace va::mpi
