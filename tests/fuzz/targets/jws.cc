// fuzz: a signed compact token, made by a signer, edited on its way; or any other
// parser: lib/jose/compact.cc
// parser: lib/jose/jws.cc
// parser: lib/jose/json_object.cc
//
// Letters: s signed by us, o by a stranger, w written by SignCompact with the header as its kid, r
// the rest as it stands; then the algorithm, '0' to '5'.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/detached_signature.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/jws.h"
#include "lib/jose/jwt.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/json_look.h"
#include "tests/fuzz/token_input.h"

namespace va::fuzz {

const char kMustReach[] = "JWT";

namespace {

using crypto::DetachedAlgorithm;
using crypto::NewKey;
using jose::Algorithm;

constexpr int64_t kNow = 1768478400;
constexpr const char* kNever[] = {"crit", "zip", "b64", "jwk", "jku", "x5u", "x5c"};

struct Way {
  Algorithm algorithm;
  const char* name;
  NewKey key;
};
constexpr Way kWays[] = {
    {Algorithm::kEs256, "ES256", NewKey::kEcP256},  {Algorithm::kRs256, "RS256", NewKey::kRsa2048},
    {Algorithm::kPs256, "PS256", NewKey::kRsa2048}, {Algorithm::kEdDsa, "EdDSA", NewKey::kEd25519},
    {Algorithm::kRs512, "RS512", NewKey::kRsa2048}, {Algorithm::kEs384, "ES384", NewKey::kEcP384},
};
constexpr size_t kWayCount = std::size(kWays);

template <typename T>
T Must(absl::StatusOr<T> made) {
  if (!made.ok()) Finding(made.status().ToString());
  return *std::move(made);
}

// One key of each kind, made anew in every process.
class Party {
 public:
  Party() {
    for (const NewKey kind :
         {NewKey::kEcP256, NewKey::kRsa2048, NewKey::kEd25519, NewKey::kEcP384}) {
      kinds_.push_back(kind);
      keys_.push_back(Must(crypto::PrivateKey::FromPem(Must(crypto::GenerateKeyPem(kind)))));
    }
    for (const Way& way : kWays) {
      verifying_.push_back(Must(jose::VerifyingKey::Create(KeyOf(way).Public(), way.algorithm)));
    }
  }

  const crypto::PrivateKey& KeyOf(const Way& way) const {
    for (size_t i = 0; i < kinds_.size(); ++i) {
      if (kinds_[i] == way.key) return keys_[i];
    }
    Finding("no key");
  }

  // Past our own signing of tokens where the library offers another road.
  std::string Sign(const Way& way, absl::string_view text) const {
    switch (way.algorithm) {
      case Algorithm::kEs256:
        return Must(crypto::SignDetached(KeyOf(way), DetachedAlgorithm::kEcdsaSha256, text));
      case Algorithm::kEs384:
        return Must(crypto::SignDetached(KeyOf(way), DetachedAlgorithm::kEcdsaSha384, text));
      case Algorithm::kRs256:
        return Must(crypto::SignDetached(KeyOf(way), DetachedAlgorithm::kRsaSha256, text));
      case Algorithm::kRs512:
        return Must(crypto::SignDetached(KeyOf(way), DetachedAlgorithm::kRsaSha512, text));
      case Algorithm::kPs256:
      case Algorithm::kEdDsa:
        return Must(Must(jose::SigningKey::Create(KeyOf(way), way.algorithm)).Sign(text));
    }
    Finding("no algorithm");
  }

  const std::vector<jose::VerifyingKey>& verifying() const { return verifying_; }

 private:
  std::vector<NewKey> kinds_;
  std::vector<crypto::PrivateKey> keys_;
  std::vector<jose::VerifyingKey> verifying_;
};

const Party& Us() {
  static const auto* const party = new Party();
  return *party;
}
const Party& Stranger() {
  static const auto* const party = new Party();
  return *party;
}

std::string Made(const Party& by, const Way& way, absl::string_view header,
                 absl::string_view payload) {
  const std::string text =
      absl::StrCat(base::Base64UrlEncode(header), ".", base::Base64UrlEncode(payload));
  return absl::StrCat(text, ".", base::Base64UrlEncode(by.Sign(way, text)));
}

// ---- the independent look ----

bool IsGoodHeader(const JsonLook& look, const Way& way) {
  if (!look.object || look.duplicate || look.Text("alg") != way.name) return false;
  for (const char* name : kNever) {
    if (look.Has(name)) return false;
  }
  return look.TextOrAbsent("typ") && look.TextOrAbsent("cty") && look.TextOrAbsent("kid");
}

bool Fits(const std::string& token, const std::string& header) {
  return token.size() <= jose::kMaxToken &&
         base::Base64UrlEncode(header).size() <= jose::kMaxEncodedHeader;
}

jose::ClaimsRules Rules() {
  jose::ClaimsRules rules;
  rules.issuer = "us";
  rules.audience = "them";
  return rules;
}

// A token whose claims were accepted, too.
void RequireClaims(const JsonLook& header, absl::string_view payload) {
  const JsonLook claims = LookAt(payload);
  Require(!header.Has("cty") || header.Text("cty").empty() || header.unsure, "a token in a token");
  if (claims.unsure) return;
  Require(claims.object && !claims.duplicate, "claims that are no object with each name once");
  Require(claims.Text("iss") == "us", "claims of somebody else");
  const auto expires = claims.members.find("exp");
  Require(expires != claims.members.end() && std::atoll(expires->second.c_str()) > kNow,
          "claims that expired");
  const auto audience = claims.members.find("aud");
  Require(
      audience != claims.members.end() && audience->second.find("\"them\"") != std::string::npos,
      "claims for somebody else");
}

std::string VerdictOf(const std::string& token, absl::StatusOr<jose::VerifiedJws>& verified) {
  verified = jose::VerifyCompact(token, Us().verifying());
  const auto jwt = jose::VerifyJwt(token, Us().verifying(), Rules(), absl::FromUnixSeconds(kNow));
  if (jwt.ok()) return "JWT";
  Require(jose::RejectOf(jwt.status()).has_value(), "a refusal without a reason");
  if (verified.ok()) return "SIGNED";
  Require(jose::RejectOf(verified.status()).has_value(), "a refusal without a reason");
  return std::string(jose::ToString(*jose::RejectOf(verified.status())));
}

// Our own writing: what it gives is read, and what it refuses it refuses for a reason.
std::string Written(const Way& way, const TokenInput& input) {
  if (!jose::MaySign(way.algorithm)) return Made(Us(), way, input.header, input.content);
  const auto key = Must(jose::SigningKey::Create(Us().KeyOf(way), way.algorithm));
  const auto token = jose::SignCompact(key, {"t", input.header}, input.content);
  if (!token.ok()) return "";
  const auto read = jose::VerifyCompact(*token, Us().verifying());
  Require(read.ok() && read->payload == input.content && read->header.kid == input.header &&
              read->header.typ == "t",
          "what was written is not what is read");
  return *token;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const TokenInput input = TokenInputOf(TextOf(data, size), 2);
  const Way& way = kWays[Choice(input.letters[1], 16) % kWayCount];
  const char mode = input.letters[0];
  std::string sent;
  if (mode == 'r') {
    sent = absl::StrCat(input.header, input.content);
  } else if (mode == 'w') {
    sent = Written(way, input);
  } else {
    sent = Made(mode == 'o' ? Stranger() : Us(), way, input.header, input.content);
  }
  const std::string token = Edited(sent, input.edits);
  absl::StatusOr<jose::VerifiedJws> verified;
  const std::string verdict = Judge(token.size(), [&] { return VerdictOf(token, verified); });
  if (mode == 'w') {
    Require(!verified.ok() || token == sent, "an edited token was accepted");
    return 0;
  }
  const JsonLook look = LookAt(input.header);
  const bool ours = mode != 'r' && mode != 'o' && token == sent;
  if (verified.ok()) {
    Require(ours, "what we did not sign was accepted");
    Require(verified->payload == input.content, "another payload");
    Require(verified->header.algorithm == way.algorithm, "another algorithm");
    Require(look.unsure || IsGoodHeader(look, way), "a header that must be refused");
    Require(look.unsure || verified->header.kid == look.Text("kid"), "another kid");
    if (verdict == "JWT") RequireClaims(look, input.content);
  } else if (ours && !look.unsure && IsGoodHeader(look, way)) {
    Require(!Fits(token, input.header), absl::StrCat("a good token was refused: ", verdict));
  }
  return 0;
}

}  // namespace va::fuzz
