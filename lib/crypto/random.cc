#include "lib/crypto/random.h"

#include <openssl/rand.h>

#include <cstdio>
#include <cstdlib>

namespace va::crypto {

std::string SystemIdGenerator::RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    std::fputs("{\"ev\":\"crypto.random.failed\"}\n", stderr);
    std::abort();
  }
  return bytes;
}

}  // namespace va::crypto
