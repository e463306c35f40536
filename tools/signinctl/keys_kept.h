// What a service's tables still keep under one key of a ring: the proof without which a key of
// sealed columns or look-up hashes is never dropped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/crypto/ring_file.h"
#include "tools/signinctl/verb.h"

namespace va::signinctl {

struct KeptUnder {
  std::optional<Result> refusal;  // it cannot be told, and nothing else holds
  int64_t values = 0;             // would be lost with the key
  int64_t lapsing = 0;            // hashes that cannot be made again: their rows are found no more
};

// `ring` must be one of the service's own, as its configuration names it: the count of another
// ring's keys would prove nothing.
KeptUnder CountKept(const std::string& service, const std::string& config_file,
                    const crypto::RingFile& ring, const std::string& id, const World& world);

}  // namespace va::signinctl
