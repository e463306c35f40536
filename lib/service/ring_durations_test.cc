#include "lib/service/ring_durations.h"

#include <catch2/catch.hpp>
#include <string>

namespace va::service {
namespace {

std::string Problems(absl::Duration publish, absl::Duration overlap) {
  crypto::RingPolicy policy;
  policy.publish = publish;
  policy.overlap = overlap;
  FileLoader files;
  CheckRingDurations({"a.ring_file", "/a.ring"}, policy, ForTokens(absl::Minutes(5), "because"),
                     files);
  std::string all;
  for (const config::Problem& problem : files.problems()) all += config::ToString(problem) + "\n";
  return all;
}

TEST_CASE("RingDurations A22: a token lives out its life, also one of a process that reads late",
          "[service][keys][security][A22]") {
  const absl::Duration second = absl::Seconds(1);
  CHECK(Problems(kFilesReach, absl::Minutes(5) + kFilesReach).empty());
  CHECK(Problems(kFilesReach - second, absl::Hours(1)) ==
        "a.ring_file: /a.ring: publish must be 3m or more: because\n");
  CHECK(Problems(absl::Hours(1), absl::Minutes(5) + kFilesReach - second) ==
        "a.ring_file: /a.ring: overlap must be 8m or more: because\n");
}

}  // namespace
}  // namespace va::service
