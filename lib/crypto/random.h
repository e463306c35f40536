// The process's one source of randomness: OpenSSL's generator behind base::IdGenerator. Whoever
// needs ids, tokens or nonces takes the interface as an argument, so that tests can predict them.
#pragma once

#include <string>

#include "lib/base/id_generator.h"

namespace va::crypto {

// Cryptographically strong. Thread-safe; ends the process when the generator fails, because nothing
// that follows would be safe.
class SystemIdGenerator final : public base::IdGenerator {
 public:
  std::string RandomBytes(size_t count) override;
};

}  // namespace va::crypto
