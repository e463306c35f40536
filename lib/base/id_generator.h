// Randomness as a dependency: the one source of ids, handles, tokens and nonces. The real generator
// is crypto::SystemIdGenerator; tests hand in a predictable one.
#pragma once

#include <string>

namespace va::base {

// Makes unguessable values. Thread-safe.
class IdGenerator {
 public:
  virtual ~IdGenerator() = default;

  // `count` bytes from a cryptographic generator.
  virtual std::string RandomBytes(size_t count) = 0;

  // base64url without padding of `bytes` random bytes: opaque handles and tokens.
  std::string Token(size_t bytes);

  // RFC 4122 version 4, lower case with hyphens.
  std::string Uuid();

  // An NCName for SAML ids: "_" and 32 hex digits (128 bits, SAML core 1.3.4).
  std::string XmlId();
};

}  // namespace va::base
