// How often one client may ask: token buckets per client address and per attempt, decided on the
// event loop, before a worker is taken. Who asks too often gets 429 with Retry-After, as a page or
// as JSON; the trail gets a sample, so that the flood does not become one of records.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/base/clock.h"
#include "lib/http/message.h"
#include "lib/resilience/keyed_buckets.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"

namespace va::gateway {

// `tokens` of 0: no such limit.
struct EdgeLimitOptions {
  // A hospital or a carrier stands behind one address: the whole peak of 50 sign-ins a second, six
  // requests each, fits through.
  resilience::Rate per_address{300, absl::Seconds(1), 3000};
  // Posts of one attempt (its handle), or of one session's forms. A double click is two.
  resilience::Rate per_flow{1, absl::Seconds(1), 20};
  size_t max_keys = 65536;  // of each kind
};

struct EdgeLimitDeps {
  const base::Clock& clock;
  telemetry::Audit& audit;
  const telemetry::Log& log;
  // Told of each refusal: "per_address" or "per_flow".
  std::function<void(absl::string_view)> on_refused{};
  // Pages of these read a 429 of the JSON endpoints, and how long to wait.
  std::vector<std::string> cors_origins{};
};

// Thread-safe; never blocks but for the sampled record.
class EdgeLimits {
 public:
  // `secret`: 32 random bytes, fresh for each process.
  EdgeLimits(const EdgeLimitOptions& options, EdgeLimitDeps deps, const std::string& secret);

  // The 429, or nothing: the request may go on. Assets and metadata are not counted.
  std::optional<http::Response> Refuse(const http::Request& request);

  // Whether a refusal of this kind, of which a flood makes many, is written to the trail: the first
  // of a client in each minute, and no more than one a second of all after the first sixty.
  bool InSample(absl::string_view kind, absl::string_view client_address);

  // Whether what the server refused before it was a request is written to the trail. No limit of
  // requests counts those, and the record is made on the event loop: sixty of a client, then one a
  // second; of all six hundred, then ten a second.
  bool MayRecordRefusal(absl::string_view client_address);

 private:
  std::optional<http::Response> RefuseBy(absl::string_view limit,
                                         const std::unique_ptr<resilience::KeyedBuckets>& buckets,
                                         absl::string_view key, const http::Request& request);

  const EdgeLimitDeps deps_;
  std::unique_ptr<resilience::KeyedBuckets> addresses_;
  std::unique_ptr<resilience::KeyedBuckets> flows_;
  resilience::KeyedBuckets sampled_clients_;
  resilience::KeyedBuckets sampled_;
  resilience::KeyedBuckets refused_clients_;
  resilience::KeyedBuckets refused_;
};

}  // namespace va::gateway
