// Numbers that spread pauses and openings at random, from the one source of randomness.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "lib/base/id_generator.h"

namespace va::resilience {

// In [0, 1), fresh for each call.
inline double Random01(base::IdGenerator& ids) {
  const std::string bytes = ids.RandomBytes(4);
  uint32_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  return static_cast<double>(number) / 4294967296.0;
}

}  // namespace va::resilience
