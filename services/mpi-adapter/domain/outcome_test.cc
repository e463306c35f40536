#include "services/mpi-adapter/domain/outcome.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

namespace va::mpi {
namespace {

constexpr Outcome kAll[] = {Outcome::kOk,
                            Outcome::kNoMatch,
                            Outcome::kMultipleMatches,
                            Outcome::kInvalidRequest,
                            Outcome::kSenderRejected,
                            Outcome::kDuplicateKey,
                            Outcome::kMpiFailed,
                            Outcome::kTransport,
                            Outcome::kTimeout,
                            Outcome::kBreakerOpen,
                            Outcome::kUnparseable,
                            Outcome::kBlocked};

TEST_CASE("OutcomeName: M1 the outcomes are a closed list, each with a name of its own",
          "[mpi][rule][M1]") {
  std::set<std::string> names;
  for (const Outcome outcome : kAll) names.insert(std::string(OutcomeName(outcome)));
  CHECK(names.size() == std::size(kAll));
}

TEST_CASE("IsRetryable: only what may heal by itself is worth another try", "[mpi][rule]") {
  const std::set<Outcome> retryable = {Outcome::kMpiFailed, Outcome::kTransport, Outcome::kTimeout,
                                       Outcome::kBreakerOpen};
  for (const Outcome outcome : kAll) {
    CAPTURE(std::string(OutcomeName(outcome)));
    CHECK(IsRetryable(outcome) == (retryable.count(outcome) == 1));
  }
}

}  // namespace
}  // namespace va::mpi
