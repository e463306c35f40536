// What `saml verify` and `saml verify-logout` have in common: their flags, the files those name,
// and how a refusal is told. Keys are taken as they are: dates, chain, usage, size and the
// permissions of a file are not judged here, because what is judged is the message.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/crypto/keys.h"
#include "services/auth-gateway/saml/response_validator.h"
#include "tools/signinctl/verb.h"

namespace va::signinctl {

// Flags for everything in SamlCall.
std::vector<Flag> SamlFlags();

// What the command line says about the message and about whom it must be from. Strings are opaque
// and compared exactly.
struct SamlCall {
  std::string idp_entity_id;
  std::vector<crypto::PublicKey> keys;  // the pinned ones that a signature may be made with
  std::string unfit;                    // why a pinned key is not among them
  std::vector<crypto::PrivateKey> decryption_keys;
  std::string sp_entity_id;
  std::string acs_url;
  std::string in_response_to;
  bool allow_unsolicited = false;
  absl::Time now;
  std::optional<absl::Duration> skew;  // the gateway's own when absent
  gateway::Algorithms algorithms = gateway::Algorithms::kAllowed;
};

// What the gateway is told to expect; the caller adds where the message was sent.
template <typename Expected>
Expected ExpectedBy(const SamlCall& call) {
  Expected expected;
  expected.idp_entity_id = call.idp_entity_id;
  expected.keys = call.keys;
  expected.decryption_keys = call.decryption_keys;
  expected.sp_entity_id = call.sp_entity_id;
  expected.in_response_to = call.in_response_to;
  expected.allow_unsolicited = call.allow_unsolicited;
  expected.now = call.now;
  if (call.skew) expected.skew = *call.skew;
  expected.algorithms = call.algorithms;
  return expected;
}

// Reads the files. Nothing, or the misuse of one that cannot be read, which comes before whatever
// else is wrong.
std::optional<Result> ReadSamlFiles(const Arguments& arguments, const World& world, SamlCall& out);

// Reads the rest. Nothing, or the reject of a value that does not fit its flag, or of keys that no
// signature can be made with.
std::optional<Result> ReadSamlTerms(const Arguments& arguments, const World& world, SamlCall& out);

// The reject for a flag's value; its reason is ARGUMENT_INVALID.
Result InvalidArgument(const std::string& detail);

// The XML of a file that holds it, or that holds the base64 of the form field.
absl::StatusOr<std::string> SamlXml(absl::string_view bytes);

// The gateway's reason, with what else there is to know about it.
Result RefusedMessage(const absl::Status& status, const SamlCall& call);

}  // namespace va::signinctl
