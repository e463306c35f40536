// Predictable "randomness" for tests: the same seed gives the same ids in the same order, and two
// values of one generator are never equal.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "lib/base/id_generator.h"

namespace va::testing {

class FixedIds final : public base::IdGenerator {
 public:
  explicit FixedIds(uint64_t seed = 1) : state_(seed) {}

  std::string RandomBytes(size_t count) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::string bytes;
    bytes.reserve(count + 8);
    while (bytes.size() < count) {
      const uint64_t word = Next();
      for (int shift = 0; shift < 64; shift += 8) {
        bytes.push_back(static_cast<char>((word >> shift) & 0xff));
      }
    }
    bytes.resize(count);
    return bytes;
  }

 private:
  // SplitMix64: a bijection of a counter, hence no repeats before 2^64 words.
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  std::mutex mutex_;
  uint64_t state_;
};

}  // namespace va::testing
