// Agreement on a secret over P-256 or P-384, and the derivation of a key from it (NIST SP 800-56A,
// ECDH with the one-step KDF over SHA-256 as RFC 7518 section 4.6 wants it). The sender's half is a
// key that lives for one message.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/crypto/ec_point.h"
#include "lib/crypto/keys.h"

namespace va::crypto {

// What both sides put into the derivation beside the secret.
struct KdfParties {
  absl::string_view algorithm;  // whose key it will be, as its name stands in the header
  absl::string_view sender;     // apu, raw
  absl::string_view receiver;   // apv, raw
};

// `key_bytes` of key from the agreed secret (Concat KDF; the algorithm's name, both parties and the
// key's length in bits go in).
std::string ConcatKdf(absl::string_view secret, const KdfParties& parties, size_t key_bytes);

// What a sender has after an agreement.
struct SenderAgreement {
  EcPoint ephemeral;   // goes to the receiver
  std::string secret;  // raw x coordinate, of the curve's width; the caller overwrites it
};

// The sender's side to one receiver. Set up once; thread-safe.
class AgreementSender {
 public:
  // INVALID_ARGUMENT unless the key is an EC key.
  static absl::StatusOr<AgreementSender> Create(const PublicKey& receiver);

  // A fresh key pair each time.
  absl::StatusOr<SenderAgreement> Agree() const;
  KeyType curve() const { return receiver_.type(); }

 private:
  AgreementSender(PublicKey receiver, PublicKey pattern)
      : receiver_(std::move(receiver)), pattern_(std::move(pattern)) {}

  PublicKey receiver_;
  PublicKey pattern_;  // some key of the curve, after which the ephemeral ones are made
};

// The receiver's side; both keys must be of one curve. INVALID_ARGUMENT otherwise.
absl::StatusOr<std::string> AgreeWith(const PrivateKey& receiver, const PublicKey& ephemeral);

}  // namespace va::crypto
