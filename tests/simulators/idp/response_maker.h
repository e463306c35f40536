// Makes the broker's answers: a Response with an Assertion about a persona, really signed, with
// everything around the attributes that the broker adds by itself.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/id_generator.h"
#include "lib/crypto/keys.h"
#include "lib/testing/persona.h"
#include "tests/simulators/idp/authn_request_check.h"

namespace va::simulators {

enum class SignWhat { kAssertion, kResponse, kBoth, kNothing };

std::optional<SignWhat> SignWhatFromString(absl::string_view word);

// Who answers.
struct Issuer {
  std::string entity_id;
  crypto::PrivateKey key;
  crypto::Certificate certificate;
};

// What is said about one persona, after whatever a script altered.
struct Answer {
  std::string name_id;
  std::string session_index;  // empty: a new one
  std::string authn_context;
  testing::PersonaAttributes attributes;
  SignWhat sign = SignWhat::kAssertion;
  absl::Duration clock_offset;  // how wrong our clock is
  // Who alone can read the assertion; nothing: everybody.
  std::optional<crypto::PublicKey> encrypt_to;
};

// The name of a session of ours.
std::string NewSessionIndex(base::IdGenerator& ids);

// An answer about the persona as its file says.
Answer AnswerFor(const testing::Persona& persona);

// The XML of a Response that names the persona.
absl::StatusOr<std::string> MakeResponse(const Issuer& issuer, const AuthnRequest& request,
                                         const Answer& answer, absl::Time now,
                                         base::IdGenerator& ids);

// The XML of a signed Response that says: the person did not consent.
absl::StatusOr<std::string> MakeRefusal(const Issuer& issuer, const AuthnRequest& request,
                                        absl::Time now, base::IdGenerator& ids);

// The XML of our metadata.
absl::StatusOr<std::string> MakeMetadata(const Issuer& issuer, absl::string_view sso_url,
                                         absl::string_view slo_url);

}  // namespace va::simulators
