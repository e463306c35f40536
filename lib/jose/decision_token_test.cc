#include "lib/jose/decision_token.h"

#include <openssl/evp.h>
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/jose/jws.h"
#include "lib/jose/keys_testing.h"
#include "lib/jose/thumbprint.h"
#include "lib/testing/fixed_ids.h"

namespace va::jose {
namespace {

using nlohmann::json;
using testing::EcKey;

const absl::Time kNow = absl::FromUnixSeconds(1768478400);
constexpr char kIcn[] = "1008830476V316605";

// Another handle of the same key.
crypto::PrivateKey CopyOf(const crypto::PrivateKey& key) {
  EVP_PKEY_up_ref(key.native());
  return *crypto::PrivateKey::Adopt(key.native());
}

DecisionFacts Facts() { return {"account-1", identity::Icn::FromWire(kIcn), 2, 2, "flow-1"}; }
ExpectedDecision Expected() { return {"account-1", identity::Icn::FromWire(kIcn), "flow-1"}; }

DecisionSigner Signer(const crypto::PrivateKey& key = EcKey(),
                      crypto::LookupHasher hasher = testing::Hasher()) {
  return *DecisionSigner::Create(CopyOf(key), std::move(hasher));
}

std::string Token(const DecisionFacts& facts = Facts()) {
  va::testing::FixedIds ids;
  return Signer().Sign(facts, kNow, ids).value();
}

DecisionVerifier Verifier(absl::string_view audience = kMhvAccountAudience,
                          crypto::LookupHasher hasher = testing::Hasher()) {
  return *DecisionVerifier::Create({EcKey().Public()}, std::move(hasher), audience);
}

// The typed reason, or "verified".
std::string Why(absl::string_view token, const ExpectedDecision& expected = Expected(),
                absl::Time now = kNow, const DecisionVerifier& verifier = Verifier()) {
  std::string why;
  const auto verified = verifier.Verify(token, expected, now, &why);
  if (verified.ok()) return "verified";
  CHECK(verified.status().code() == absl::StatusCode::kPermissionDenied);
  CHECK(base::ReasonOf(verified.status()) == "DECISION_TOKEN");
  CHECK(verified.status().message() == "the decision token is not accepted");
  CHECK_FALSE(verifier.Verify(token, expected, now).ok());
  return why;
}

json ClaimsOf(const std::string& token) {
  const std::vector<std::string> parts = absl::StrSplit(token, '.');
  return json::parse(*base::Base64UrlDecode(parts[1]));
}

// The claims of a good token with some of them changed, signed with the right key.
std::string Resigned(const std::function<void(json&)>& change,
                     const std::string& typ = "va-decision+jwt") {
  json claims = ClaimsOf(Token());
  change(claims);
  const SigningKey key = testing::Signing(EcKey(), Algorithm::kEs256);
  return SignCompact(key, {typ, key.id()}, claims.dump()).value();
}

TEST_CASE("DecisionToken: E6 what was admitted is what another service reads", "[jose][rule]") {
  for (const char* audience : {kMhvAccountAudience, kProofingAudience, kAttributesAudience}) {
    const auto verified = Verifier(audience).Verify(Token(), Expected(), kNow);
    REQUIRE(verified.ok());
    CHECK(verified->account_id == "account-1");
    CHECK(verified->ial == 2);
    CHECK(verified->aal == 2);
    CHECK(verified->flow_id == "flow-1");
    CHECK(verified->icn_matches);
  }
}

TEST_CASE("DecisionToken: E6 the token is ES256, typed, named after its key and lives five minutes",
          "[jose][rule]") {
  const std::string token = Token();
  const std::vector<std::string> parts = absl::StrSplit(token, '.');
  CHECK(json::parse(*base::Base64UrlDecode(parts[0])) ==
        json{{"alg", "ES256"},
             {"typ", "va-decision+jwt"},
             {"kid", Thumbprint(EcKey().Public()).value()}});
  json claims = ClaimsOf(token);
  CHECK(claims["jti"].get<std::string>().size() >= 22);
  claims.erase("jti");
  const std::string hash = testing::Hasher().Hash("decision-icn", kIcn);
  CHECK(claims == json{{"iss", "user-attributes"},
                       {"aud", {"mhv-account", "inherited-proofing", "user-attributes"}},
                       {"sub", "account-1"},
                       {"ial", 2},
                       {"aal", 2},
                       {"flow", "flow-1"},
                       {"icn", hash},
                       {"iat", 1768478400},
                       {"exp", 1768478700}});
}

TEST_CASE("DecisionToken: E6 the ICN itself does not travel", "[jose][security]") {
  CHECK_FALSE(absl::StrContains(ClaimsOf(Token()).dump(), kIcn));
}

TEST_CASE("DecisionToken: E6 every token has an id of its own", "[jose]") {
  va::testing::FixedIds ids;
  const DecisionSigner signer = Signer();
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) {
    CHECK(seen.insert(ClaimsOf(signer.Sign(Facts(), kNow, ids).value())["jti"]).second);
  }
}

TEST_CASE("DecisionToken: E6 a token for somebody or something else is refused", "[jose][rule]") {
  ExpectedDecision other_account = Expected();
  other_account.account_id = "account-2";
  CHECK(Why(Token(), other_account) == "account");
  ExpectedDecision other_flow = Expected();
  other_flow.flow_id = "flow-2";
  CHECK(Why(Token(), other_flow) == "flow");
  ExpectedDecision other_icn = Expected();
  other_icn.icn = identity::Icn::FromWire("1008830476V316606");
  CHECK(Why(Token(), other_icn) == "icn");
  ExpectedDecision nobody;
  CHECK(Why(Token(), nobody) == "account");
}

TEST_CASE("DecisionToken: E6 a person without ICN", "[jose][rule]") {
  DecisionFacts facts = Facts();
  facts.icn = identity::Icn();
  const std::string token = Token(facts);
  CHECK_FALSE(ClaimsOf(token).contains("icn"));
  CHECK(Why(token) == "icn");  // nobody may act on an ICN with it
  ExpectedDecision without = Expected();
  without.icn = identity::Icn();
  const auto verified = Verifier().Verify(token, without, kNow);
  REQUIRE(verified.ok());
  CHECK_FALSE(verified->icn_matches);
  // Nor does a match appear where nothing was compared.
  const auto not_asked = Verifier().Verify(Token(), without, kNow);
  REQUIRE(not_asked.ok());
  CHECK_FALSE(not_asked->icn_matches);
}

TEST_CASE("DecisionToken: E6 five minutes and not a second more", "[jose][rule]") {
  CHECK(Why(Token(), Expected(), kNow + absl::Seconds(299)) == "verified");
  CHECK(Why(Token(), Expected(), kNow + absl::Seconds(300)) == "expired");
  CHECK(Why(Token(), Expected(), kNow + absl::Hours(1)) == "expired");
  CHECK(Why(Token(), Expected(), kNow - kDecisionSkew) == "verified");
  CHECK(Why(Token(), Expected(), kNow - kDecisionSkew - absl::Seconds(1)) == "not_yet_valid");
  CHECK(Why(Resigned([](json& claims) { claims["exp"] = 1768478701; })) == "claims");
  CHECK(Why(Resigned([](json& claims) { claims["exp"] = 4102444800; })) == "claims");
}

TEST_CASE("DecisionToken: A17 a token of another service, issuer or type is refused",
          "[jose][security]") {
  CHECK(Why(Token(), Expected(), kNow, Verifier("mpi-adapter")) == "audience");
  CHECK(Why(Resigned([](json& claims) { claims["aud"] = "login.gov"; })) == "audience");
  CHECK(Why(Resigned([](json& claims) { claims["iss"] = "auth-gateway"; })) == "issuer");
  CHECK(Why(Resigned([](json&) {}, "at+jwt")) == "type");
  CHECK(Why(Resigned([](json&) {}, "")) == "type");
  CHECK(Why(Resigned([](json&) {})) == "verified");
}

TEST_CASE("DecisionToken: a claim that is missing or of another kind is refused", "[jose][rule]") {
  struct Row {
    const char* rule;
    const char* name;
    json value;  // null: taken away
    const char* why;
  };
  const std::vector<Row> rows = {
      {"no account", "sub", nullptr, "claims"},
      {"an empty account", "sub", "", "claims"},
      {"no attempt", "flow", nullptr, "claims"},
      {"an empty attempt", "flow", "", "claims"},
      {"an attempt that is a number", "flow", 1, "claims"},
      {"no ial", "ial", nullptr, "claims"},
      {"an ial in text", "ial", "2", "claims"},
      {"an ial of three", "ial", 3, "claims"},
      {"an ial of zero", "ial", 0, "claims"},
      {"an ial with a fraction", "ial", 2.5, "claims"},
      {"an ial that wraps around", "ial", 4294967298, "claims"},
      {"no aal", "aal", nullptr, "claims"},
      {"an aal that is true", "aal", true, "claims"},
      {"no id", "jti", nullptr, "claims"},
      {"no end", "exp", nullptr, "claims"},
      {"no beginning", "iat", nullptr, "claims"},
      {"an ICN that is a list", "icn", json::array(), "claims"},
      {"an empty ICN", "icn", "", "claims"},
      {"an ICN in the clear", "icn", kIcn, "icn"},
      {"no audience", "aud", nullptr, "audience"},
      {"no issuer", "iss", nullptr, "issuer"},
  };
  for (const Row& row : rows) {
    INFO(row.rule);
    CHECK(Why(Resigned([&](json& claims) {
            claims[row.name] = row.value;
            if (row.value.is_null()) claims.erase(row.name);
          })) == row.why);
  }
}

TEST_CASE("DecisionToken: a stranger's key, another algorithm, no token at all",
          "[jose][security]") {
  va::testing::FixedIds ids;
  CHECK(Why(Signer(testing::OtherEcKey()).Sign(Facts(), kNow, ids).value()) == "signature");
  const SigningKey rsa = testing::Signing(testing::RsaKey(), Algorithm::kRs256);
  CHECK(Why(SignCompact(rsa, {"va-decision+jwt", ""}, ClaimsOf(Token()).dump()).value()) ==
        "signature");
  CHECK(Why("") == "malformed");
  CHECK(Why("a.b.c") == "malformed");
  CHECK(Why(Token() + "\n") == "malformed");
}

TEST_CASE("DecisionToken: E6 two keys while they are exchanged, and the old one until it is gone",
          "[jose][rule]") {
  va::testing::FixedIds ids;
  const std::string from_old = Signer(EcKey()).Sign(Facts(), kNow, ids).value();
  const std::string from_new = Signer(testing::OtherEcKey()).Sign(Facts(), kNow, ids).value();
  const DecisionVerifier both = *DecisionVerifier::Create(
      {testing::OtherEcKey().Public(), EcKey().Public()}, testing::Hasher(), kMhvAccountAudience);
  CHECK(Why(from_old, Expected(), kNow, both) == "verified");
  CHECK(Why(from_new, Expected(), kNow, both) == "verified");
  const DecisionVerifier after = *DecisionVerifier::Create({testing::OtherEcKey().Public()},
                                                           testing::Hasher(), kMhvAccountAudience);
  CHECK(Why(from_old, Expected(), kNow, after) == "signature");
  CHECK(Why(from_new, Expected(), kNow, after) == "verified");
}

TEST_CASE(
    "DecisionToken: E6 the key of the ICN is exchanged likewise, and a stranger's tells nothing",
    "[jose][rule]") {
  CHECK(Why(Token(), Expected(), kNow,
            Verifier(kMhvAccountAudience, testing::HasherAfterExchange())) == "verified");
  CHECK(Why(Token(), Expected(), kNow, Verifier(kMhvAccountAudience, testing::StrangersHasher())) ==
        "icn");
  // The new key signs while the verifier does not have it yet.
  va::testing::FixedIds ids;
  const std::string early =
      Signer(EcKey(), testing::HasherAfterExchange()).Sign(Facts(), kNow, ids).value();
  CHECK(Why(early) == "icn");
}

TEST_CASE("DecisionSigner: takes P-256 and complete facts only", "[jose]") {
  CHECK(base::ReasonOf(
            DecisionSigner::Create(CopyOf(testing::RsaKey()), testing::Hasher()).status()) ==
        "KEY_ALGORITHM");
  CHECK_FALSE(DecisionSigner::Create(CopyOf(testing::Ec384Key()), testing::Hasher()).ok());
  va::testing::FixedIds ids;
  const DecisionSigner signer = Signer();
  const auto refused = [&](const std::function<void(DecisionFacts&)>& change) {
    DecisionFacts facts = Facts();
    change(facts);
    return signer.Sign(facts, kNow, ids).status().code() == absl::StatusCode::kInvalidArgument;
  };
  CHECK(refused([](DecisionFacts& facts) { facts.account_id.clear(); }));
  CHECK(refused([](DecisionFacts& facts) { facts.flow_id.clear(); }));
  CHECK(refused([](DecisionFacts& facts) { facts.ial = 0; }));
  CHECK(refused([](DecisionFacts& facts) { facts.aal = 3; }));
  CHECK(refused([](DecisionFacts& facts) { facts.account_id = "\xff"; }));
}

TEST_CASE("DecisionVerifier: J2 a published set is for ES256 alone, whole or not at all",
          "[jose][security]") {
  const PublishedKey ours = {EcKey().Public(), {"", "ES256", KeyUse::kSignature}};
  const PublishedKey next = {testing::OtherEcKey().Public(), {"", "ES256", KeyUse::kSignature}};
  const PublishedKey unbound = {testing::OtherEcKey().Public(), {}};
  const PublishedKey rsa = {testing::RsaKey().Public(), {"", "RS256", KeyUse::kSignature}};
  const PublishedKey unbound_rsa = {testing::RsaKey().Public(), {}};
  const PublishedKey p384 = {testing::Ec384Key().Public(), {"", "ES384", KeyUse::kSignature}};
  const PublishedKey encrypts = {testing::OtherEcKey().Public(),
                                 {"", "ECDH-ES", KeyUse::kEncryption}};
  const auto verifier_of = [](const std::vector<PublishedKey>& keys) {
    return DecisionVerifier::FromJwks(*Jwks::Parse(WriteJwks(keys).value()), testing::Hasher(),
                                      kMhvAccountAudience);
  };
  const auto both = verifier_of({ours, next});
  REQUIRE(both.ok());
  CHECK(Why(Token(), Expected(), kNow, *both) == "verified");
  CHECK(verifier_of({unbound, ours}).ok());
  for (const PublishedKey& other : {rsa, unbound_rsa, p384, encrypts}) {
    CHECK(base::ReasonOf(verifier_of({ours, other}).status()) == "KEY_ALGORITHM");
    CHECK_FALSE(verifier_of({other}).ok());
  }
  const auto parsed = [](absl::string_view text) {
    return DecisionVerifier::FromJwks(*Jwks::Parse(text), testing::Hasher(), kMhvAccountAudience);
  };
  CHECK_FALSE(parsed(R"({"keys":[]})").ok());
  const std::string good = WriteJwks({ours}).value();
  const std::string end = good.substr(good.rfind("]}"));
  CHECK(parsed(good).ok());
  CHECK_FALSE(parsed(absl::StrCat(good.substr(0, good.size() - end.size()),
                                  R"(,{"kty":"oct","k":"AAAA"})", end))
                  .ok());
}

TEST_CASE(
    "DecisionVerifier: A22 a set that names its keys otherwise, not at all or twice loses none",
    "[jose][security]") {
  const auto keys_of = [](const char* id) {
    JwkFields named;
    named.id = id;
    JwkFields other;
    other.id = *id == '\0' ? "" : absl::StrCat(id, "2");
    return absl::StrCat(R"({"keys":[)", WritePublicJwk(EcKey().Public(), named).value(), ",",
                        WritePublicJwk(testing::OtherEcKey().Public(), other).value(), ",",
                        WritePublicJwk(EcKey().Public(), named).value(), "]}");
  };
  for (const char* id : {"", "2026-11"}) {
    CAPTURE(id);
    const auto verifier = DecisionVerifier::FromJwks(*Jwks::Parse(keys_of(id)), testing::Hasher(),
                                                     kMhvAccountAudience);
    REQUIRE(verifier.ok());
    CHECK(Why(Token(), Expected(), kNow, *verifier) == "verified");
  }
}

TEST_CASE("DecisionVerifier: needs a key, P-256, and counts one listed twice once", "[jose]") {
  CHECK_FALSE(DecisionVerifier::Create({}, testing::Hasher(), kMhvAccountAudience).ok());
  CHECK_FALSE(
      DecisionVerifier::Create({testing::RsaKey().Public()}, testing::Hasher(), kMhvAccountAudience)
          .ok());
  const DecisionVerifier twice = *DecisionVerifier::Create({EcKey().Public(), EcKey().Public()},
                                                           testing::Hasher(), kMhvAccountAudience);
  CHECK(Why(Token(), Expected(), kNow, twice) == "verified");
}

TEST_CASE("DecisionToken: a change of any one byte is refused", "[jose][prop]") {
  const std::string token = Token();
  const DecisionVerifier verifier = Verifier();
  CHECK(rc::check([&](unsigned place, char byte) {
    std::string changed = token;
    char& at = changed[place % changed.size()];
    RC_PRE(at != byte);
    at = byte;
    RC_ASSERT(!verifier.Verify(changed, Expected(), kNow).ok());
  }));
}

}  // namespace
}  // namespace va::jose
