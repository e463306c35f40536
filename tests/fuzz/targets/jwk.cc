// fuzz: one JSON Web Key, public or private
// parser: lib/jose/jwk.cc
// parser: lib/jose/key_numbers.cc
#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/jose/jwk.h"
#include "lib/jose/jws.h"
#include "tests/fuzz/harness.h"

namespace va::fuzz {

const char kMustReach[] = "ACCEPTED";

namespace {

using crypto::KeyType;
using jose::Jwk;
using jose::KeyUse;
using nlohmann::json;

std::string TextAt(const json& object, const char* name) {
  return object.contains(name) && object[name].is_string() ? object[name].get<std::string>() : "";
}

// Every name once: the parser's events count them all, the tree only the different ones.
bool NamesOnce(absl::string_view text) {
  size_t names = 0;
  const auto count = [&names](int, json::parse_event_t event, const json&) {
    if (event == json::parse_event_t::key) ++names;
    return true;
  };
  const json tree = json::parse(text.begin(), text.end(), count, false);
  size_t kept = 0;
  const std::function<void(const json&)> walk = [&](const json& node) {
    if (node.is_object()) kept += node.size();
    if (node.is_structured()) std::for_each(node.begin(), node.end(), walk);
  };
  walk(tree);
  return names == kept;
}

// ---- the independent look: what the text says, and what the key is ----

void RequireNumbers(const json& object, const Jwk& jwk) {
  const absl::StatusOr<std::string> written = jose::WritePublicJwk(jwk.key, {});
  Require(written.ok(), "a key that cannot be written");
  const json again = json::parse(*written);
  for (const char* name : {"kty", "crv", "n", "e", "x", "y"}) {
    // A member of another kind of key may stand there: nobody reads it.
    if (again.contains(name)) Require(TextAt(object, name) == again[name], "another number");
  }
  const std::string kty = TextAt(object, "kty");
  const bool matches = jwk.key.type() == KeyType::kRsa       ? kty == "RSA"
                       : jwk.key.type() == KeyType::kEd25519 ? kty == "OKP"
                                                             : kty == "EC";
  Require(matches, "another kind of key");
  if (kty != "RSA") return;
  Require(jwk.key.bits() >= 2048 && jwk.key.bits() <= 8192, "an RSA key of a refused length");
  const std::string e = *base::Base64UrlDecode(TextAt(object, "e"));
  Require(e.size() >= 3 && e.size() <= 8 && (e.back() & 1) == 1, "an RSA exponent that is refused");
  const std::string n = *base::Base64UrlDecode(TextAt(object, "n"));
  Require((n.back() & 1) == 1, "an even modulus");
}

// What the owner says, row by row.
void RequireWords(const json& object, const Jwk& jwk) {
  Require(jwk.id == TextAt(object, "kid") && (!object.contains("kid") || !jwk.id.empty()), "kid");
  Require(jwk.algorithm == TextAt(object, "alg"), "alg");
  const std::string use = TextAt(object, "use");
  const bool signs =
      absl::EndsWith(jwk.algorithm, "256") && !absl::StartsWith(jwk.algorithm, "RSA");
  if (use == "sig") Require(jwk.use == KeyUse::kSignature, "a use that was changed");
  if (use == "enc") Require(jwk.use == KeyUse::kEncryption, "a use that was changed");
  if (signs) Require(jwk.use == KeyUse::kSignature, "an algorithm for another use");
  for (const std::string& operation : jwk.operations) {
    if (operation == "sign" || operation == "verify") {
      Require(jwk.use == KeyUse::kSignature, "an operation for another use");
    }
  }
  for (const char* name : {"HS256", "none", "RSA1_5", "dir"}) {
    Require(!jwk.Permits(KeyUse::kSignature, "verify", name) || jwk.algorithm.empty(),
            "a key for an algorithm that does not exist here");
  }
  Require(
      !(jwk.use == KeyUse::kEncryption && jwk.Permits(KeyUse::kSignature, "verify", jwk.algorithm)),
      "an encryption key that may verify");
}

jose::Algorithm SomeAlgorithm(KeyType type) {
  switch (type) {
    case KeyType::kRsa:
      return jose::Algorithm::kRs256;
    case KeyType::kEcP256:
      return jose::Algorithm::kEs256;
    case KeyType::kEcP384:
      return jose::Algorithm::kEs384;
    case KeyType::kEd25519:
      break;
  }
  return jose::Algorithm::kEdDsa;
}

// A private key is private, belongs to the public one, and works.
void RequirePair(const json& object, const Jwk& jwk) {
  Require(jwk.private_key.has_value() == object.contains("d"), "a private part made up, or lost");
  if (!jwk.private_key.has_value()) return;
  Require(jwk.private_key->Public().Der() == jwk.key.Der(), "a private key of another public one");
  const jose::Algorithm algorithm = SomeAlgorithm(jwk.key.type());
  if (!jose::MaySign(algorithm)) return;
  const auto signing = jose::SigningKey::Create(*jwk.private_key, algorithm, "k");
  const auto verifying = jose::VerifyingKey::Create(jwk.key, algorithm, "k");
  Require(signing.ok() && verifying.ok(), "a pair that OpenSSL does not take");
  const auto signature = signing->Sign("message");
  Require(signature.ok() && verifying->Verify("message", *signature).ok(), "a pair that is none");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text = TextOf(data, size);
  absl::StatusOr<Jwk> jwk = absl::InternalError("not read");
  Judge(size, [&] {
    jwk = jose::ParseJwk(text);
    Require(jwk.ok() || jose::JwkRejectOf(jwk.status()).has_value(), "an untyped refusal");
    return jwk.ok() ? "ACCEPTED" : base::ReasonOf(jwk.status());
  });
  if (!jwk.ok()) return 0;
  const json object = json::parse(text.begin(), text.end(), nullptr, false);
  Require(object.is_object() && NamesOnce(text), "a key that is no object of different names");
  RequireNumbers(object, *jwk);
  RequireWords(object, *jwk);
  RequirePair(object, *jwk);
  return 0;
}

}  // namespace va::fuzz
