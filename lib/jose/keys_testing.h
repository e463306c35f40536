// Keys for the tests of lib/jose: the published ones of the standards, from their JWK numbers, and
// fresh ones made once a run.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/crypto/keys.h"
#include "lib/crypto/sealed_box.h"
#include "lib/jose/signature.h"

namespace va::jose::testing {

// The payload of the examples in RFC 7515 appendix A.
std::string Rfc7515Payload();

// Appendix A.2, RSA, and A.3, P-256.
crypto::PrivateKey Rfc7515RsaKey();
crypto::PrivateKey Rfc7515EcKey();
// RFC 8037 appendix A.1, Ed25519.
crypto::PrivateKey Rfc8037Key();
// RFC 6979 appendix A.2.6, P-384, public.
crypto::PublicKey Rfc6979Key();
// The key of RFC 7638 section 3.1, public.
crypto::PublicKey Rfc7638Key();
// A point of P-256 by its coordinates in base64url.
crypto::PublicKey EcPublicKey(absl::string_view x, absl::string_view y);
// RSA-2048 with the public exponent 3.
crypto::PrivateKey RsaKeyWithExponentThree();

// Made at first use; the same one within a run.
const crypto::PrivateKey& EcKey();
const crypto::PrivateKey& OtherEcKey();
const crypto::PrivateKey& Ec384Key();
const crypto::PrivateKey& Ed25519Key();
const crypto::PrivateKey& RsaKey();
// Of the kind that fits the algorithm.
const crypto::PrivateKey& KeyFor(Algorithm algorithm);

// Keys bound to an algorithm, under an id.
SigningKey Signing(const crypto::PrivateKey& key, Algorithm algorithm, absl::string_view id = "");
std::vector<VerifyingKey> Verifying(const crypto::PrivateKey& key, Algorithm algorithm,
                                    absl::string_view id = "");

// Also under the algorithms that we verify only: the signature as a token carries it.
std::string Signature(const crypto::PrivateKey& key, Algorithm algorithm,
                      absl::string_view message);
// RSASSA-PSS over SHA-256 with another salt than ours, or another hash in its mask.
std::string OtherPss(const crypto::PrivateKey& key, absl::string_view message, int salt_bytes,
                     absl::string_view mask_hash = "SHA256");

// Hashers with one key, or with another one before it.
crypto::LookupHasher Hasher();
crypto::LookupHasher HasherAfterExchange();
crypto::LookupHasher StrangersHasher();

}  // namespace va::jose::testing
