// RSA keys that a look at their public numbers breaks, or nearly (attack J13). Every key that comes
// into the suite passes here, by PEM, certificate or JWK.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/crypto/keys.h"

namespace va::crypto {

inline constexpr int kMinRsaBits = 2048;
// A signature takes time with the square of the length; nobody has longer ones.
inline constexpr int kMaxRsaBits = 8192;

// INVALID_ARGUMENT with reason
//   KEY_TOO_SHORT, KEY_TOO_LONG   below 2048 bits, above 8192
//   KEY_EXPONENT   even, below 65537 (with 1 a signature is the message, with 3 a careless
//                  verifier is deceived) or of more than 64 bits
//   KEY_WEAK       a modulus with a factor below 752 (NIST SP 800-89 section 5.3.3), or with the
//                  fingerprint of the generator that CVE-2017-15361 (ROCA) is about
absl::Status CheckRsaNumbers(EVP_PKEY* key);

// Whether a modulus, big-endian bytes, has the fingerprint of ROCA: modulo every prime up to 167 it
// is a power of 65537, as all of that generator's are; of others, one in 2^27.
bool HasRocaFingerprint(absl::string_view modulus);

// Which of the keys have a prime in common with another RSA key among them of another modulus, by
// place, ascending: whoever has the two public keys has both private ones. For one set of keys; the
// time grows with the square of their number.
std::vector<size_t> SharingAPrime(absl::Span<const PublicKey> keys);

}  // namespace va::crypto
