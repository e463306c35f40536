// A token bucket for each of many keys (addresses, flows, callers) in bounded memory. When there is
// no room for a new key, the one of its shard goes that would be full again first: a key that has
// used up its tokens is not forgotten while one is kept there that clearly has used fewer. So
// having an exhausted key forgotten costs as many requests as exhaust every other place first. Keys
// are kept as digests under a secret of the process: nobody can aim at one shard, and memory holds
// no addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/resilience/token_bucket.h"

namespace va::resilience {

struct KeyedBucketsOptions {
  Rate rate;
  size_t max_keys = 65536;  // about 150 bytes each
  size_t shards = 16;       // each with a lock of its own
};

struct KeyedBucketsStats {
  size_t keys = 0;
  int64_t refused = 0;
  // Keys that were forgotten although tokens were missing: the bound is too small for the traffic,
  // or somebody comes from very many addresses.
  int64_t forgotten_early = 0;
};

// Thread-safe. Each call takes constant time.
class KeyedBuckets {
 public:
  // `secret`: 32 random bytes, fresh for each process.
  KeyedBuckets(const KeyedBucketsOptions& options, std::string secret);
  ~KeyedBuckets();
  KeyedBuckets(const KeyedBuckets&) = delete;
  KeyedBuckets& operator=(const KeyedBuckets&) = delete;

  Admission Take(absl::string_view key, absl::Time now, int64_t cost = 1);

  KeyedBucketsStats stats() const;

 private:
  struct Shard;

  const std::string secret_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace va::resilience
