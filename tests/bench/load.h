// Drives whole sign-ins through a running stack from several threads and records how long each
// took. Every sign-in is a fresh browser; connections are kept, as a proxy in front of the gateway
// would.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/http/client.h"
#include "lib/testing/persona.h"

namespace va::bench {

struct LoadPlan {
  std::string gateway_url;
  std::vector<const testing::Persona*> personas;  // taken in turn; all must end in a session
  int sign_ins = 0;
  int threads = 1;
  // From one start to the next; zero: as fast as the threads can. A start that finds every thread
  // busy is late.
  absl::Duration every = absl::ZeroDuration();
};

struct LoadResult {
  std::vector<absl::Duration> whole;     // start to session, the stand-ins included
  std::vector<absl::Duration> callback;  // the POST of the response alone
  absl::Duration wall;
  std::string a_response;  // XML of one of the responses
};

// INTERNAL when any sign-in ends in something else than a session.
absl::StatusOr<LoadResult> RunLoad(const LoadPlan& plan, http::Client& client);

// The value that `share` (0..1) of the durations do not exceed.
absl::Duration Percentile(std::vector<absl::Duration> durations, double share);

}  // namespace va::bench
