#include "lib/jose/jwks.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <ctime>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/jws.h"
#include "lib/jose/keys_testing.h"
#include "lib/jose/thumbprint.h"

namespace va::jose {
namespace {

using nlohmann::json;
using testing::EcKey;
using testing::OtherEcKey;

json KeyOf(const crypto::PrivateKey& key, const JwkFields& fields = {}) {
  return json::parse(*WritePublicJwk(key.Public(), fields));
}

std::string SetOf(const std::vector<json>& keys) { return json{{"keys", keys}}.dump(); }

Jwks Parsed(const std::vector<json>& keys) {
  absl::StatusOr<Jwks> set = Jwks::Parse(SetOf(keys));
  REQUIRE(set.ok());
  return *std::move(set);
}

std::string Refusal(const std::string& text) { return base::ReasonOf(Jwks::Parse(text).status()); }

std::vector<std::string> Reasons(const Jwks& set) {
  std::vector<std::string> reasons;
  for (const Jwks::Skipped& skipped : set.skipped()) {
    reasons.push_back(absl::StrCat(skipped.index, " ", skipped.id, " ", ToString(skipped.reason)));
  }
  return reasons;
}

std::string Token(const crypto::PrivateKey& key, Algorithm algorithm, const std::string& id) {
  return *SignCompact(testing::Signing(key, algorithm, id), {.typ = "", .kid = id}, "payload");
}

std::string Verdict(const Jwks& set, absl::Span<const Algorithm> allowed,
                    const std::string& token) {
  const auto keys = set.Verifying(allowed);
  REQUIRE(keys.ok());
  const auto verified = VerifyCompact(token, *keys);
  return verified.ok() ? "ok" : base::ReasonOf(verified.status());
}

// p * q and p * r in base64url, of primes that `openssl prime -generate -bits 1024` made once.
const char kSharing[] =
    "tNBzJnCaOC0ouM7FE5BdQfbQrkF2sCy631E8DePBLS3iRsl0P3vGaaLBM_nuH_1pT73UXQg5LxrWO_eP"
    "FSPP_h_cAtfZS4gX7EFDiHg4YiCmg-iOHUxjGtQiOndboGFA9R10j3eMXyFLYehI9DXK6D7qqio53NjT"
    "dZq1LwfBFuhjNQZKu8L5VxZskcQziQwp2M97-415N3KzZVXU2qNSWYH0zJGlD6WE5erQt8-9YWICwk0N"
    "l__LTodFKUbdEWbqZsSnlqJmddO9TP08cFCPpMxDlX0y4ECM9Y52VXUW5NsvLuFyuMFt8r5CgFLUHdPf"
    "KApZxHga0n9WNSBIijREXw";
const char kSharingToo[] =
    "p9v3mU0aUu8N72z_v3wjrnW4sorSiSCC1lV7VIyKIQIabIOOhVN26KCvH_CFPZjVJvwK-rgFzClfQ87n"
    "UaVo1-RYosAtZth7rjPJ8XzjEdjUJsRX540QPIAnDGuwKfXiYm-pOgzCEEpA5TQGpE5U5ti74NGCth-Q"
    "F5jiKS-CDIxE-2Ccg20dSdPn--BPS-yvWYKrprTPNYjuZhzdh_nTZ1FnuMnHciVjpE0la-FOp0J0Pmc0"
    "ukupnNcEaD7IbKcowdoVEPPTrnM4Sr-sFhe5sHW6K7gOfYmKdpdlsRSQpeNKcd-iM4FkhrOMRp10ZoIl"
    "GQ2KITde3p10GnFzg1NM4Q";

// Of this process: the machine may be busy with others.
double ProcessorSecondsSince(std::clock_t before) {
  return static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
}

constexpr Algorithm kEs256Only[] = {Algorithm::kEs256};

}  // namespace

TEST_CASE("Jwks: what WriteJwks publishes is read again, in an order of its own", "[jose]") {
  const std::vector<PublishedKey> keys = {
      {EcKey().Public(), {.id = "b", .algorithm = "ES256", .use = KeyUse::kSignature}},
      {testing::RsaKey().Public(), {.id = "a", .algorithm = "RS256"}},
      {OtherEcKey().Public(), {}}};
  const absl::StatusOr<std::string> text = WriteJwks(keys);
  REQUIRE(text.ok());
  const absl::StatusOr<Jwks> set = Jwks::Parse(*text);
  REQUIRE(set.ok());
  CHECK(set->skipped().empty());
  REQUIRE(set->keys().size() == 3);
  CHECK(std::is_sorted(set->keys().begin(), set->keys().end(),
                       [](const Jwk& x, const Jwk& y) { return x.id < y.id; }));
  CHECK(*WriteJwks({keys[2], keys[0], keys[1]}) == *text);
  CHECK(*WriteJwks({}) == "{\"keys\":[]}\n");
}

TEST_CASE("Jwks: WriteJwks publishes nothing that a reader would leave out", "[jose]") {
  CHECK(base::ReasonOf(
            WriteJwks({{EcKey().Public(), {.id = "a"}}, {OtherEcKey().Public(), {.id = "a"}}})
                .status()) == "JWKS_DUPLICATE_ID");
  CHECK(base::ReasonOf(WriteJwks({{EcKey().Public(), {.algorithm = "RS256"}}}).status()) ==
        "ALGORITHM_MISMATCH");
  const std::vector<PublishedKey> many(kMaxJwksKeys + 1, {EcKey().Public(), {.id = "a"}});
  CHECK(base::ReasonOf(WriteJwks(many).status()) == "JWKS_TOO_MANY_KEYS");
}

TEST_CASE("Jwks: a set is one object with a list of objects, each name once", "[jose][security]") {
  const std::string key = KeyOf(EcKey()).dump();
  CHECK(Refusal("") == "JWKS_NOT_JSON");
  CHECK(Refusal("<html></html>") == "JWKS_NOT_JSON");
  CHECK(Refusal("\xef\xbb\xbf{\"keys\":[]}") == "JWKS_NOT_JSON");
  CHECK(Refusal("[" + key + "]") == "JWKS_NOT_JSON");
  CHECK(Refusal(absl::StrCat("{\"keys\":", std::string(1000, '['), std::string(1000, ']'), "}")) ==
        "JWKS_NOT_JSON");
  CHECK(Refusal(absl::StrCat("{\"keys\":[", key, "],\"keys\":[]}")) == "JWKS_DUPLICATE_NAME");
  CHECK(Refusal(absl::StrCat("{\"keys\":[{\"kty\":\"RSA\",", key.substr(1), "]}")) ==
        "JWKS_DUPLICATE_NAME");
  CHECK(Refusal("{}") == "JWKS_MALFORMED");
  CHECK(Refusal(key) == "JWKS_MALFORMED");
  CHECK(Refusal("{\"keys\":{}}") == "JWKS_MALFORMED");
  CHECK(Refusal("{\"keys\":[1]}") == "JWKS_MALFORMED");
  CHECK(Refusal(absl::StrCat("{\"keys\":[", key, ",[]]}")) == "JWKS_MALFORMED");
  CHECK(Jwks::Parse("{\"keys\":[],\"more\":{\"of\":[\"theirs\"]}}").ok());
}

TEST_CASE("Jwks: O11 a symmetric key, a private one, an unknown or a broken one is left out",
          "[jose][security]") {
  json broken = KeyOf(EcKey(), {.id = "broken"});
  broken["y"] = broken["x"];
  json leaked = KeyOf(EcKey(), {.id = "leaked"});
  leaked["d"] = leaked["x"];
  json secret = KeyOf(testing::RsaKey(), {.id = "secret"});
  secret["k"] = "AAAA";
  const Jwks set = Parsed({json{{"kty", "oct"}, {"k", "AAAA"}, {"kid", "s"}, {"alg", "HS256"}},
                           KeyOf(EcKey(), {.id = "good"}), leaked,
                           json{{"kty", "AKP"}, {"kid", "new"}}, json::object(), broken, secret});
  REQUIRE(set.keys().size() == 1);
  CHECK(set.keys()[0].id == "good");
  CHECK(Reasons(set) == std::vector<std::string>{"0 s SYMMETRIC", "2 leaked PRIVATE_IN_SET",
                                                 "3 new KEY_TYPE_UNKNOWN", "4  MEMBER_MISSING",
                                                 "5 broken NOT_ON_CURVE",
                                                 "6 secret PRIVATE_IN_SET"});
  CHECK(Verdict(set, kEs256Only, Token(EcKey(), Algorithm::kEs256, "good")) == "ok");
  CHECK(Verdict(set, kEs256Only, Token(EcKey(), Algorithm::kEs256, "leaked")) == "KEY_UNKNOWN");
}

TEST_CASE("Jwks: O11 a key is used only for what its set says of it and the closed list has",
          "[jose][security]") {
  const auto count = [](const JwkFields& fields, absl::Span<const Algorithm> allowed) {
    return Parsed({KeyOf(testing::RsaKey(), fields)}).Verifying(allowed)->size();
  };
  const Algorithm both[] = {Algorithm::kRs256, Algorithm::kPs256};
  const Algorithm rs256[] = {Algorithm::kRs256};
  CHECK(count({.algorithm = "RS256"}, both) == 1);
  CHECK(count({}, both) == 2);
  CHECK(count({}, rs256) == 1);
  CHECK(count({.algorithm = "PS256"}, rs256) == 0);
  CHECK(count({.algorithm = "RSA-OAEP"}, both) == 0);
  CHECK(count({.use = KeyUse::kEncryption}, both) == 0);
  CHECK(count({.use = KeyUse::kSignature}, both) == 2);
  CHECK(count({}, kEs256Only) == 0);
  CHECK(count({}, {}) == 0);
  json wrapping = KeyOf(testing::RsaKey());
  wrapping["key_ops"] = {"wrapKey"};
  CHECK(Parsed({wrapping}).Verifying(both)->empty());
}

TEST_CASE("Jwks: encryption takes the keys that are for it", "[jose][security]") {
  const KeyManagement all[] = {KeyManagement::kRsaOaep, KeyManagement::kRsaOaep256,
                               KeyManagement::kEcdhEs};
  const auto count = [&all](const json& key) {
    return Parsed({key}).Encrypting(all, ContentEncryption::kA256Gcm)->size();
  };
  CHECK(count(KeyOf(testing::RsaKey())) == 2);
  CHECK(count(KeyOf(testing::RsaKey(), {.algorithm = "RSA-OAEP-256"})) == 1);
  CHECK(count(KeyOf(testing::RsaKey(), {.algorithm = "RS256"})) == 0);
  CHECK(count(KeyOf(EcKey(), {.use = KeyUse::kEncryption})) == 1);
  CHECK(count(KeyOf(EcKey(), {.use = KeyUse::kSignature})) == 0);
  json deriving = KeyOf(EcKey());
  deriving["key_ops"] = {"deriveBits"};
  CHECK(count(deriving) == 1);
  deriving["key_ops"] = {"verify"};
  CHECK(count(deriving) == 0);
}

TEST_CASE("Jwks: O10 two keys of one name are ambiguous, and so is no name among several",
          "[jose][security]") {
  const Jwks twice = Parsed({KeyOf(EcKey(), {.id = "a"}), KeyOf(OtherEcKey(), {.id = "a"})});
  CHECK(Verdict(twice, kEs256Only, Token(EcKey(), Algorithm::kEs256, "a")) == "KEY_AMBIGUOUS");
  const Jwks two = Parsed({KeyOf(EcKey(), {.id = "a"}), KeyOf(OtherEcKey(), {.id = "b"})});
  CHECK(Verdict(two, kEs256Only, Token(EcKey(), Algorithm::kEs256, "a")) == "ok");
  CHECK(Verdict(two, kEs256Only, Token(EcKey(), Algorithm::kEs256, "b")) == "SIGNATURE_INVALID");
  CHECK(Verdict(two, kEs256Only, Token(EcKey(), Algorithm::kEs256, "../a")) == "KEY_UNKNOWN");
  const std::string nameless =
      *SignCompact(testing::Signing(EcKey(), Algorithm::kEs256), {}, "payload");
  CHECK(Verdict(two, kEs256Only, nameless) == "KEY_AMBIGUOUS");
}

TEST_CASE("Jwks: J13 keys of one set with a prime in common are left out, all of them",
          "[jose][security]") {
  const auto rsa = [](const std::string& n, const char* id) {
    return json{{"kty", "RSA"}, {"e", "AQAB"}, {"n", n}, {"kid", id}};
  };
  CHECK(Parsed({rsa(kSharing, "a"), KeyOf(testing::RsaKey())}).keys().size() == 2);
  const Jwks set = Parsed({rsa(kSharing, "a"), KeyOf(EcKey(), {.id = "e"}), rsa(kSharingToo, "b"),
                           KeyOf(testing::RsaKey(), {.id = "r"})});
  CHECK(Reasons(set) == std::vector<std::string>{"0 a SHARED_PRIME", "2 b SHARED_PRIME"});
  REQUIRE(set.keys().size() == 2);
  CHECK(set.keys()[0].id == "e");
  CHECK(set.keys()[1].id == "r");
}

TEST_CASE("Jwks: 10,000 keys, a set without end and a deep one are refused in bounded time",
          "[jose][security]") {
  const std::clock_t before = std::clock();
  std::string many = "{\"keys\":[";
  for (int i = 0; i < 10000; ++i) absl::StrAppend(&many, i == 0 ? "" : ",", "{\"kty\":\"EC\"}");
  CHECK(Refusal(many + "]}") == "JWKS_TOO_MANY_KEYS");
  std::string full = KeyOf(testing::RsaKey()).dump();
  std::string heavy = "{\"keys\":[" + full;
  for (int i = 1; i < 10000; ++i) absl::StrAppend(&heavy, ",", full);
  CHECK(Refusal(heavy + "]}") == "JWKS_TOO_LARGE");
  CHECK(Refusal("{\"keys\":[" + std::string(kMaxJwks, '[')) == "JWKS_TOO_LARGE");
  CHECK(Refusal("{\"keys\":[" + std::string(kMaxJwks - 100, '[')) == "JWKS_NOT_JSON");
  CHECK(ProcessorSecondsSince(before) < 2);
}

TEST_CASE("Jwks: a set as large as it may be takes bounded time", "[jose][security]") {
  // Numbers without small factors, which nobody can tell from moduli by looking.
  for (const size_t bytes : {size_t{256}, size_t{1024}}) {
    std::vector<json> keys;
    for (int seed = 0; keys.size() < kMaxJwksKeys; ++seed) {
      std::string modulus;
      while (modulus.size() < bytes) {
        modulus += crypto::Sha256(absl::StrCat(seed, "/", modulus.size()));
      }
      modulus.front() = '\xc0';
      const json key = {{"kty", "RSA"},
                        {"e", "AQAB"},
                        {"n", base::Base64UrlEncode(modulus)},
                        {"kid", absl::StrCat("k", seed)}};
      if (ParseJwk(key.dump()).ok()) keys.push_back(key);
    }
    const std::clock_t before = std::clock();
    const Jwks set = Parsed(keys);
    const double took = ProcessorSecondsSince(before);
    // Two of them may well share a factor of three digits and more.
    CHECK(set.keys().size() + set.skipped().size() == kMaxJwksKeys);
    CHECK(set.keys().size() > kMaxJwksKeys / 2);
    CAPTURE(bytes);
    CHECK(took < 2);
  }
}

}  // namespace va::jose
