// fuzz: a JSON Web Key Set that somebody publishes
// parser: lib/jose/jwks.cc
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "lib/base/status.h"
#include "lib/jose/jwks.h"
#include "tests/fuzz/harness.h"

namespace va::fuzz {

const char kMustReach[] = "ACCEPTED";

namespace {

using jose::Algorithm;
using jose::Jwk;
using jose::JwkReject;
using jose::Jwks;
using jose::KeyUse;
using nlohmann::json;

constexpr Algorithm kAllowed[] = {Algorithm::kEs256, Algorithm::kRs256, Algorithm::kEdDsa};

constexpr jose::KeyManagement kManagements[] = {jose::KeyManagement::kRsaOaep256,
                                                jose::KeyManagement::kEcdhEs};

// ---- the independent look: each key of the list by itself ----

bool IsPrivate(const json& key) {
  for (const char* name : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
    if (key.contains(name)) return true;
  }
  return false;
}

void RequireLeftOut(const json& key, JwkReject reason) {
  if (key.contains("kty") && key["kty"] == "oct") {
    return Require(reason == JwkReject::kSymmetric, "a symmetric key by another name");
  }
  if (IsPrivate(key)) return Require(reason == JwkReject::kPrivateInSet, "a published secret");
  if (reason == JwkReject::kSharedPrime) return;
  const absl::StatusOr<Jwk> alone = jose::ParseJwk(key.dump());
  Require(!alone.ok() && jose::JwkRejectOf(alone.status()) == reason, "left out without reason");
}

void RequireKept(const json& key, const Jwk& jwk) {
  Require(!IsPrivate(key) && !jwk.private_key.has_value(), "a secret in a public set");
  const absl::StatusOr<Jwk> alone = jose::ParseJwk(key.dump());
  Require(alone.ok() && alone->key.Der() == jwk.key.Der() && alone->id == jwk.id &&
              alone->algorithm == jwk.algorithm && alone->use == jwk.use,
          "another key than it is alone");
}

void RequireEachOnce(const json& list, const Jwks& set) {
  Require(set.keys().size() + set.skipped().size() == list.size(), "a key too many, or too few");
  size_t kept = 0;
  size_t left_out = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    if (left_out < set.skipped().size() && set.skipped()[left_out].index == i) {
      RequireLeftOut(list[i], set.skipped()[left_out++].reason);
    } else {
      RequireKept(list[i], set.keys()[kept++]);
    }
  }
}

void RequireUses(const Jwks& set) {
  const auto keys = set.Verifying(kAllowed);
  Require(keys.ok(), "keys that cannot be used");
  size_t expected = 0;
  for (const Jwk& jwk : set.keys()) {
    for (const Algorithm algorithm : kAllowed) {
      if (jose::Fits(jwk.key.type(), algorithm) &&
          jwk.Permits(KeyUse::kSignature, "verify", jose::ToString(algorithm))) {
        ++expected;
      }
    }
  }
  Require(keys->size() == expected, "another number of keys to verify with");
  const auto to = set.Encrypting(kManagements, jose::ContentEncryption::kA256Gcm);
  Require(to.ok(), "keys that nothing can be encrypted to");
  for (const jose::EncryptionKey& key : *to) {
    const auto owner = std::find_if(set.keys().begin(), set.keys().end(), [&key](const Jwk& jwk) {
      return jwk.id == key.id() && jwk.use != KeyUse::kSignature;
    });
    Require(owner != set.keys().end(), "encryption to a key that signs");
  }
}

// Published by us it is the same set.
void RequireReturns(const Jwks& set) {
  std::vector<jose::PublishedKey> keys;
  std::set<std::string> ids;
  for (const Jwk& jwk : set.keys()) {
    if (jwk.id.empty() || !ids.insert(jwk.id).second) return;
    keys.push_back({jwk.key, {.id = jwk.id, .algorithm = jwk.algorithm, .use = jwk.use}});
  }
  const absl::StatusOr<std::string> written = jose::WriteJwks(keys);
  Require(written.ok(), "a set that cannot be written");
  const absl::StatusOr<Jwks> again = Jwks::Parse(*written);
  Require(again.ok() && again->keys().size() == keys.size(), "a set that does not return");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text = TextOf(data, size);
  absl::StatusOr<Jwks> set = absl::InternalError("not read");
  Judge(size, [&]() -> std::string {
    set = Jwks::Parse(text);
    if (!set.ok()) return base::ReasonOf(set.status());
    return set->keys().empty() ? "NO_KEY" : "ACCEPTED";
  });
  if (!set.ok()) {
    Require(!base::ReasonOf(set.status()).empty(), "an untyped refusal");
    return 0;
  }
  const json tree = json::parse(text.begin(), text.end(), nullptr, false);
  Require(tree.is_object() && tree.contains("keys") && tree["keys"].is_array(), "no set");
  RequireEachOnce(tree["keys"], *set);
  RequireUses(*set);
  RequireReturns(*set);
  return 0;
}

}  // namespace va::fuzz
