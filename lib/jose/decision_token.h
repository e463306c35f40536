// The proof between services that a person was admitted (decision E6): an ES256 token of
// user-attributes, alive for five minutes, that names the account, the assurance, the attempt and a
// keyed hash of the ICN. Whoever acts for a person who is present verifies it against what the
// request itself says; a verified token comes back as facts, never as a bool.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/id_generator.h"
#include "lib/base/reloadable.h"
#include "lib/crypto/keys.h"
#include "lib/crypto/private_key_ring.h"
#include "lib/crypto/sealed_box.h"
#include "lib/identity/pii.h"
#include "lib/jose/jwks.h"
#include "lib/jose/signature.h"

namespace va::jose {

// The audiences a decision token is made for.
inline constexpr char kMhvAccountAudience[] = "mhv-account";
inline constexpr char kProofingAudience[] = "inherited-proofing";
inline constexpr char kAttributesAudience[] = "user-attributes";

inline constexpr absl::Duration kDecisionLifetime = absl::Minutes(5);
// How far the signer's clock may be ahead. None behind: a token is never older than its lifetime.
inline constexpr absl::Duration kDecisionSkew = absl::Seconds(30);

// What a token says.
struct DecisionFacts {
  std::string account_id;
  identity::Icn icn;  // empty for a person without one; only its keyed hash travels
  int ial = 1;
  int aal = 1;
  std::string flow_id;  // attempt that issued the session
};

// Makes tokens. Thread-safe.
class DecisionSigner {
 public:
  // INVALID_ARGUMENT unless the key is EC P-256. The ring of `icn_hasher` is shared with the
  // verifying services for this purpose alone.
  static absl::StatusOr<DecisionSigner> Create(crypto::PrivateKey key,
                                               crypto::LookupHasher icn_hasher);
  // The current key of a ring for ES256, and no other: the next one is only published yet.
  static absl::StatusOr<DecisionSigner> FromRing(const crypto::PrivateKeyRing& ring,
                                                 crypto::LookupHasher icn_hasher);

  absl::StatusOr<std::string> Sign(const DecisionFacts& facts, absl::Time now,
                                   base::IdGenerator& ids) const;

  // Signs as `next` from now on.
  void Exchange(const DecisionSigner& next) { parts_->Swap(next.parts_->Get()); }

 private:
  struct Parts {
    SigningKey key;
    crypto::LookupHasher icn_hasher;
  };

  explicit DecisionSigner(Parts parts)
      : parts_(std::make_unique<base::Reloadable<Parts>>(std::move(parts))) {}

  std::unique_ptr<base::Reloadable<Parts>> parts_;
};

// What the caller says of the person, which the token must bear out.
struct ExpectedDecision {
  std::string account_id;
  identity::Icn icn;  // empty: the caller acts on no ICN, and none is compared
  std::string flow_id;
};

// A token that held.
struct VerifiedDecision {
  std::string account_id;
  int ial = 1;
  int aal = 1;
  std::string flow_id;
  bool icn_matches = false;  // the ICN of the expectation is the one that was admitted
};

// Checks tokens. Thread-safe.
class DecisionVerifier {
 public:
  // `keys`: at least one, EC P-256; more than one while keys are exchanged. `audience` is the
  // service that verifies.
  static absl::StatusOr<DecisionVerifier> Create(std::vector<crypto::PublicKey> keys,
                                                 crypto::LookupHasher icn_hasher,
                                                 absl::string_view audience);
  // With every key of a published set. The set is ours: one with a key that cannot verify ES256,
  // or is meant for something else, is refused whole.
  static absl::StatusOr<DecisionVerifier> FromJwks(const Jwks& keys,
                                                   crypto::LookupHasher icn_hasher,
                                                   absl::string_view audience);
  // For the signer itself, when its tokens come back: with every key of its ring. The next one too,
  // because another process may sign with it a moment earlier.
  static absl::StatusOr<DecisionVerifier> FromRing(const crypto::PrivateKeyRing& ring,
                                                   crypto::LookupHasher icn_hasher,
                                                   absl::string_view audience);

  // PERMISSION_DENIED with reason DECISION_TOKEN and one and the same message for whatever is
  // wrong; `why`, when given, receives the typed reason for the log: malformed, signature, expired,
  // not_yet_valid, issuer, audience, type, claims, account, flow, icn.
  absl::StatusOr<VerifiedDecision> Verify(absl::string_view token, const ExpectedDecision& expected,
                                          absl::Time now, std::string* why = nullptr) const;

  // How many keys a token may be signed by.
  size_t keys() const { return parts_->Get()->keys.size(); }

  // Of the ring of the ICN's keyed hash.
  std::vector<crypto::RingAge> IcnKeyAges() const { return parts_->Get()->icn_hasher.Ages(); }

  // Checks as `next` from now on; a check that runs goes on with what it began with.
  void Exchange(const DecisionVerifier& next) { parts_->Swap(next.parts_->Get()); }

 private:
  struct Parts {
    std::vector<VerifyingKey> keys;
    crypto::LookupHasher icn_hasher;
    std::string audience;
  };

  explicit DecisionVerifier(Parts parts)
      : parts_(std::make_unique<base::Reloadable<Parts>>(std::move(parts))) {}

  std::unique_ptr<base::Reloadable<Parts>> parts_;
};

}  // namespace va::jose
