// One JSON Web Key (RFC 7517, RFC 7518 section 6, RFC 8037): RSA, EC on P-256 or P-384, Ed25519.
// Read strictly: each name once, one spelling of every number, coordinates of exactly the width of
// their curve, a point that is on it, a private part that belongs to the public one, and nothing
// about algorithm, use or operations that contradicts the key or itself. A key that says what it is
// for is never used for anything else.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/crypto/keys.h"

namespace va::jose {

// Most bytes of one key. A private RSA-8192 key takes 7 KiB, its certificate 3 more.
inline constexpr size_t kMaxJwk = size_t{16} << 10;

// Every way a key can be refused.
enum class JwkReject {
  kTooLarge,
  kNotJson,
  kDuplicateName,
  kMemberMissing,
  kMemberMalformed,
  kBadBase64,            // padding, foreign characters, trailing bits, a leading zero byte
  kKeyTypeUnknown,       // a `kty` that is none of ours
  kSymmetric,            // `oct`: never a key here (attack O11)
  kCurveUnknown,         // neither P-256, P-384 nor Ed25519
  kCoordinateWidth,      // not exactly as wide as the curve
  kNotOnCurve,           // (x, y) out of range or no point of the curve
  kPrivateMismatch,      // the private part is not of this public key
  kMultiPrime,           // `oth`: RSA with more than two primes
  kTooShort,             // RSA below 2048 bits
  kWeak,                 // RSA that a look at its public numbers breaks, or nearly (attack J13)
  kAlgorithmUnknown,     // an `alg` that is none of ours
  kAlgorithmMismatch,    // an `alg` that this kind of key cannot do
  kUseUnknown,           // neither "sig" nor "enc"
  kUseMismatch,          // a `use` that contradicts `alg` or this kind of key
  kOperationsMalformed,  // `key_ops` not a list of different names
  kOperationsMismatch,   // `key_ops` that contradict `use`, `alg`, this kind of key or each other
  kCertificate,          // `x5c` unreadable or of another key
  kPrivateInSet,         // a private part in a published set: no secret any more
  kSharedPrime,          // shares a prime with another key of its set (attack J13)
};

// The enumerator as UPPER_SNAKE: the reason of the status.
absl::string_view ToString(JwkReject reject);

// All enumerators, for completeness tests.
const std::vector<JwkReject>& AllJwkRejects();

// The status of a refusal and back. INVALID_ARGUMENT, reason ToString(reject).
absl::Status JwkRejectStatus(JwkReject reject);
std::optional<JwkReject> JwkRejectOf(const absl::Status& status);

enum class KeyUse { kAny, kSignature, kEncryption };

struct Jwk {
  crypto::PublicKey key;
  std::optional<crypto::PrivateKey> private_key;
  std::string id;                       // `kid`; empty: none
  std::string algorithm;                // `alg` as it stands; empty: not bound by its owner
  KeyUse use = KeyUse::kAny;            // as its owner says, by `use` or through `alg`
  std::vector<std::string> operations;  // `key_ops`; empty: not restricted

  // Whether the owner of the key lets it be used so: `operation` is a name of RFC 7517 section 4.3,
  // "verify" or "unwrapKey", `algorithm_name` the `alg` of the token.
  bool Permits(KeyUse wanted, absl::string_view operation, absl::string_view algorithm_name) const;
};

absl::StatusOr<Jwk> ParseJwk(absl::string_view json);

// What is said about a key beside its numbers.
struct JwkFields {
  std::string id{};         // empty: its RFC 7638 thumbprint
  std::string algorithm{};  // empty: left out
  KeyUse use = KeyUse::kAny;
  std::vector<std::string> certificates{};  // DER, the key's own first; for `x5c`
};

// The public members, ordered by name and without blanks. Whatever it writes, ParseJwk reads: what
// that would refuse is refused here in the same way.
absl::StatusOr<std::string> WritePublicJwk(const crypto::PublicKey& key, const JwkFields& fields);

}  // namespace va::jose
