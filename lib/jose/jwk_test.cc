#include "lib/jose/jwk.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/jose/jws.h"
#include "lib/jose/keys_testing.h"
#include "lib/jose/thumbprint.h"

namespace va::jose {
namespace {

using nlohmann::json;

// RFC 7517 appendix A.1 and A.2, EC; RFC 8037 appendix A.1, OKP.
const char kEc[] = R"({"kty":"EC","crv":"P-256",
    "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    "d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE","use":"enc","kid":"1"})";
const char kOkp[] = R"({"kty":"OKP","crv":"Ed25519",
    "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

// RSA with all its private numbers, of RFC 7517 appendix A.2.
json RsaKey() {
  return json{{"kty", "RSA"},
              {"n",
               "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6t"
               "Soc_BJECP"
               "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
               "FDW2QvzqY"
               "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"
               "bFTWhAI4vMQFh6WeZu0f"
               "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"},
              {"e", "AQAB"},
              {"d",
               "X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-"
               "HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLW"
               "Y2vv7B6NqXSzUvxT0_YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy_"
               "nHNKroADIkJ46pRUohsXywbReAdYaMwFs9tv8d_cPV"
               "Y3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu4sbg1U2jx4IBTNBznbJSzFHK66jT8bgkuqsk0Gj"
               "skDJk19Z4"
               "qwjwbsnn4j2WBii3RL-Us2lGVkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q"},
              {"p",
               "83i-7IvMGXoMXCskv73TKr8637FiO7Z27zv8oj6pbWUQyLPQBQxtPVnwD20R-"
               "60eTDmD2ujnMt5PoqMrm8RfmNhVWDtj"
               "jMmCMjOpSXicFHj7XOuVIYQyqVWlWEh6dN36GVZYk93N8Bc9vY41xy8B9RzzOGVQzXvNEvn7O0nVbfs"},
              {"q",
               "3dfOR9cuYq-0S-"
               "mkFLzgItgMEfFzB2q3hWehMuG0oCuqnb3vobLyumqjVZQO1dIrdwgTnCdpYzBcOfW5r370AFXjiWft"
               "_NGEiovonizhKpo9VVS78TzFgxkIdrecRezsZ-1kYd_s1qDbxtkDEgfAITAG9LUnADun4vIcb6yelxk"},
              {"dp",
               "G4sPXkc6Ya9y8oJW9_ILj4xuppu0lzi_"
               "H7VTkS8xj5SdX3coE0oimYwxIi2emTAue0UOa5dpgFGyBJ4c8tQ2VF402XRu"
               "gKDTP8akYhFo5tAA77Qe_NmtuYZc3C3m3I24G2GvR5sSDxUyAN2zq8Lfn9EUms6rY3Ob8YeiKkTiBj0"},
              {"dq",
               "s9lAH9fggBsoFR8Oac2R_"
               "E2gw282rT2kGOAhvIllETE1efrA6huUUvMfBcMpn8lqeW6vzznYY5SSQF7pMdC_agI3nG8I"
               "bp1BUb0JUiraRNqUfLhcQb_d9GF4Dh7e74WbRsobRonujTYN1xCaP6TO61jvWrX-L18txXw494Q_cgk"},
              {"qi",
               "GyM_p6JrXySiz1toFgKbWV-JdI3jQ4ypu9rbMWx3rQJBfmt0FoYzgUIZEVFEcOqwemRN81zoDAaa-"
               "Bk0KWNGDjJHZDdD"
               "mFhW3AN7lI-puxk_mHZGJ11rxyR8O55XLSe3SPmRfKwZI6yU24ZxvQKFYItdldUKGzO6Ia6zTKhAVRU"},
              {"alg", "RS256"},
              {"kid", "2011-04-29"}};
}

json Public(json key) {
  for (const char* name : {"d", "p", "q", "dp", "dq", "qi"}) key.erase(name);
  return key;
}

json EcKeyOf(bool with_private = false) {
  json key = json::parse(kEc);
  key.erase("use");
  return with_private ? key : Public(key);
}

json OkpKey() { return Public(json::parse(kOkp)); }

// The reason of the refusal; empty when it is read.
std::string Refusal(const std::string& text) {
  const absl::StatusOr<Jwk> jwk = ParseJwk(text);
  if (jwk.ok()) return "";
  REQUIRE(JwkRejectOf(jwk.status()).has_value());
  return base::ReasonOf(jwk.status());
}
std::string Refusal(const json& key) { return Refusal(key.dump()); }

std::string RefusalWith(json key, const char* name, const json& value) {
  key[name] = value;
  return Refusal(key);
}

// The bytes of a member, changed and put back.
std::string RefusalChanged(json key, const char* name,
                           const std::function<void(std::string&)>& change) {
  std::string bytes = *base::Base64UrlDecode(key[name].get<std::string>());
  change(bytes);
  key[name] = base::Base64UrlEncode(bytes);
  return Refusal(key);
}

std::string CertificateFor(const std::string& pem) {
  return crypto::Certificate::FromPem(pem)->der();
}

}  // namespace

TEST_CASE("JwkReject: every way to refuse a key has a name of its own and comes back", "[jose]") {
  std::set<absl::string_view> names;
  for (const JwkReject reject : AllJwkRejects()) {
    CHECK(names.insert(ToString(reject)).second);
    CHECK(JwkRejectOf(JwkRejectStatus(reject)) == reject);
  }
  CHECK(names.size() == static_cast<size_t>(JwkReject::kSharedPrime) + 1);
  CHECK_FALSE(JwkRejectOf(absl::InternalError("x")).has_value());
  CHECK_FALSE(JwkRejectOf(absl::InvalidArgumentError("x")).has_value());
}

TEST_CASE("Jwk: the examples of RFC 7517 and RFC 8037 are read with all they say", "[jose][rule]") {
  const absl::StatusOr<Jwk> rsa = ParseJwk(RsaKey().dump());
  REQUIRE(rsa.ok());
  CHECK(rsa->key.type() == crypto::KeyType::kRsa);
  CHECK(rsa->id == "2011-04-29");
  CHECK(rsa->algorithm == "RS256");
  CHECK(rsa->use == KeyUse::kSignature);
  REQUIRE(rsa->private_key.has_value());
  CHECK(rsa->private_key->Public().Der() == rsa->key.Der());
  const absl::StatusOr<Jwk> ec = ParseJwk(kEc);
  REQUIRE(ec.ok());
  CHECK(ec->key.type() == crypto::KeyType::kEcP256);
  CHECK(ec->use == KeyUse::kEncryption);
  CHECK(ec->private_key->Public().Der() == ec->key.Der());
  const absl::StatusOr<Jwk> okp = ParseJwk(kOkp);
  REQUIRE(okp.ok());
  CHECK(okp->key.type() == crypto::KeyType::kEd25519);
  CHECK(okp->private_key->Public().Der() == okp->key.Der());
  CHECK_FALSE(ParseJwk(Public(RsaKey()).dump())->private_key.has_value());
}

TEST_CASE("Jwk: the keys of RFC 7520 section 3 are read or refused as they should be",
          "[jose][rule]") {
  const std::filesystem::path folder = "../shared/vectors/rfc7520";
  if (!std::filesystem::exists(folder)) {
    WARN("SKIPPED: no " << folder << " beside this checkout");
    return;
  }
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"jwk__3_1.ec_public_key.json", "CURVE_UNKNOWN"},   // P-521
      {"jwk__3_2.ec_private_key.json", "CURVE_UNKNOWN"},  // the same
      {"jwk__3_3.rsa_public_key.json", ""},
      {"jwk__3_4.rsa_private_key.json", ""},
      {"jwk__3_5.symmetric_key_mac_computation.json", "SYMMETRIC"},
      {"jwk__3_6.symmetric_key_encryption.json", "SYMMETRIC"}};
  for (const auto& [name, refusal] : expected) {
    CAPTURE(name);
    std::ifstream file(folder / name);
    REQUIRE(file.good());
    std::stringstream text;
    text << file.rdbuf();
    CHECK(Refusal(text.str()) == refusal);
  }
}

TEST_CASE("Jwk: a private key signs what its public half verifies, with and without its primes",
          "[jose]") {
  json short_form = Public(RsaKey());
  short_form["d"] = RsaKey()["d"];
  for (const json& key : {RsaKey(), short_form}) {
    const absl::StatusOr<Jwk> jwk = ParseJwk(key.dump());
    REQUIRE(jwk.ok());
    const SigningKey signing = testing::Signing(*jwk->private_key, Algorithm::kRs256, "a");
    const std::string token = *SignCompact(signing, {.typ = "", .kid = "a"}, "payload");
    std::vector<VerifyingKey> keys;
    keys.push_back(*VerifyingKey::Create(jwk->key, Algorithm::kRs256, "a"));
    CHECK(VerifyCompact(token, keys).ok());
  }
  CHECK(ParseJwk(short_form.dump())->private_key->Public().Der() ==
        ParseJwk(RsaKey().dump())->key.Der());
}

TEST_CASE("Jwk: one JSON object, each name once, bounded in bytes and depth", "[jose][security]") {
  const std::string text = OkpKey().dump();
  CHECK(Refusal(text).empty());
  for (const std::string& no_json :
       {std::string(), std::string("[]"), std::string("null"), "[" + text + "]", text + "x",
        "\xef\xbb\xbf" + text, text.substr(0, text.size() - 1), std::string("{'kty':'OKP'}"),
        std::string("{\"kty\":\"\xff\"}"), text + std::string(1, '\0')}) {
    CAPTURE(no_json);
    CHECK(Refusal(no_json) == "NOT_JSON");
  }
  CHECK(Refusal(absl::StrCat(R"({"kty":"OKP",)", text.substr(1))) == "DUPLICATE_NAME");
  CHECK(Refusal(absl::StrCat(R"({"a":{"b":1,"b":2},)", text.substr(1))) == "DUPLICATE_NAME");
  CHECK(Refusal(absl::StrCat(R"({"k\u0074y":"OKP",)", text.substr(1))) == "DUPLICATE_NAME");
  CHECK(Refusal(absl::StrCat("{\"a\":", std::string(50, '['), std::string(50, ']'), ",",
                             text.substr(1))) == "NOT_JSON");
  CHECK(Refusal(text + std::string(kMaxJwk, ' ')) == "TOO_LARGE");
  CHECK(Refusal(RefusalWith(OkpKey(), "unknown", json{{"to", "us"}})) == "NOT_JSON");
  CHECK(RefusalWith(OkpKey(), "unknown", json{{"to", "us"}}).empty());
}

TEST_CASE("Jwk: O11 a symmetric key, and a type or curve nobody registered here, is refused",
          "[jose][security]") {
  CHECK(Refusal(json{{"kty", "oct"}, {"k", "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}}) == "SYMMETRIC");
  for (const char* type : {"", "rsa", "ec", "Oct", "AKP", "none"}) {
    CHECK(RefusalWith(EcKeyOf(), "kty", type) == "KEY_TYPE_UNKNOWN");
  }
  CHECK(RefusalWith(EcKeyOf(), "kty", nullptr) == "MEMBER_MALFORMED");
  json without = EcKeyOf();
  without.erase("kty");
  CHECK(Refusal(without) == "MEMBER_MISSING");
  for (const char* curve : {"", "p-256", "P-521", "secp256k1", "Ed25519", "X25519"}) {
    CHECK(RefusalWith(EcKeyOf(), "crv", curve) == "CURVE_UNKNOWN");
  }
  for (const char* curve : {"X25519", "Ed448", "P-256", "ed25519"}) {
    CHECK(RefusalWith(OkpKey(), "crv", curve) == "CURVE_UNKNOWN");
  }
}

TEST_CASE("Jwk: every member of a kind must be there, a text, in base64url of one spelling",
          "[jose][security]") {
  const std::vector<std::pair<json, std::vector<const char*>>> kinds = {
      {RsaKey(), {"n", "e", "d", "p", "q", "dp", "dq", "qi"}},
      {EcKeyOf(true), {"crv", "x", "y"}},
      {OkpKey(), {"crv", "x"}}};
  for (const auto& [key, members] : kinds) {
    for (const char* member : members) {
      CAPTURE(key["kty"], member);
      json without = key;
      without.erase(member);
      CHECK(Refusal(without) == "MEMBER_MISSING");
      for (const json& wrong : {json(1), json(), json::array(), json::object(), json(true)}) {
        CHECK(RefusalWith(key, member, wrong) == "MEMBER_MALFORMED");
      }
      if (absl::string_view(member) == "crv") continue;
      const auto text = key[member].get<std::string>();
      for (const std::string& spelling :
           {text + "=", text + "==", " " + text, text + "\n", text + "+", text + "/"}) {
        CHECK(RefusalWith(key, member, spelling) == "BAD_BASE64");
      }
    }
  }
  // 43 characters for 32 bytes: two bits are left over and must be zero.
  CHECK(RefusalWith(OkpKey(), "x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp") == "BAD_BASE64");
}

TEST_CASE("Jwk: a number of an RSA key has no zero byte before it and is none itself",
          "[jose][security]") {
  for (const char* member : {"n", "e", "d", "p", "q", "dp", "dq", "qi"}) {
    CAPTURE(member);
    CHECK(RefusalChanged(RsaKey(), member, [](std::string& bytes) { bytes.insert(0, 1, '\0'); }) ==
          "BAD_BASE64");
    CHECK(RefusalWith(RsaKey(), member, "") == "BAD_BASE64");
    CHECK(RefusalWith(RsaKey(), member, "AA") == "BAD_BASE64");
  }
}

TEST_CASE("Jwk: a coordinate is exactly as wide as its curve", "[jose][security]") {
  for (const char* member : {"x", "y", "d"}) {
    CAPTURE(member);
    CHECK(RefusalChanged(EcKeyOf(true), member, [](std::string& bytes) {
            bytes.insert(0, 1, '\0');
          }) == "COORDINATE_WIDTH");
    CHECK(RefusalChanged(EcKeyOf(true), member, [](std::string& bytes) { bytes.pop_back(); }) ==
          "COORDINATE_WIDTH");
    CHECK(RefusalWith(EcKeyOf(true), member, "") == "COORDINATE_WIDTH");
  }
  CHECK(RefusalWith(EcKeyOf(), "crv", "P-384") == "COORDINATE_WIDTH");
  CHECK(RefusalChanged(OkpKey(), "x", [](std::string& bytes) { bytes.push_back('a'); }) ==
        "COORDINATE_WIDTH");
  CHECK(RefusalWith(OkpKey(), "d", "AAAA") == "COORDINATE_WIDTH");
}

TEST_CASE("Jwk: J1 a point that is not on the curve, or at or above its prime, is no key",
          "[jose][security]") {
  for (const char* member : {"x", "y"}) {
    CHECK(RefusalChanged(EcKeyOf(), member, [](std::string& bytes) { bytes.back() ^= 1; }) ==
          "NOT_ON_CURVE");
  }
  json zero = EcKeyOf();
  zero["x"] = zero["y"] = base::Base64UrlEncode(std::string(32, '\0'));
  CHECK(Refusal(zero) == "NOT_ON_CURVE");
  // The point with x = 5 again, as x = p + 5: the same to whoever reduces it.
  json above = EcKeyOf();
  above["y"] = base::Base64UrlEncode(
      absl::HexStringToBytes("459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc"));
  above["x"] = base::Base64UrlEncode(std::string(31, '\0') + "\x05");
  CHECK(Refusal(above).empty());
  above["x"] = base::Base64UrlEncode(
      absl::HexStringToBytes("ffffffff00000001000000000000000000000001000000000000000000000004"));
  CHECK(Refusal(above) == "NOT_ON_CURVE");
}

TEST_CASE("Jwk: J13 a weak key is refused whatever form it comes in", "[jose][security]") {
  CHECK(RefusalWith(Public(RsaKey()), "e", "AQ") == "WEAK");
  CHECK(RefusalWith(Public(RsaKey()), "e", "Aw") == "WEAK");
  CHECK(RefusalWith(Public(RsaKey()), "e", "AQAA") == "WEAK");
  CHECK(RefusalChanged(Public(RsaKey()), "n", [](std::string& bytes) {
          bytes.back() = static_cast<char>(bytes.back() & 0xfe);
        }) == "WEAK");
  CHECK(RefusalChanged(Public(RsaKey()), "n", [](std::string& bytes) { bytes.resize(128); }) ==
        "TOO_SHORT");
  CHECK(RefusalChanged(Public(RsaKey()), "n",
                       [](std::string& bytes) { bytes.resize(1025, 'a'); }) == "TOO_LARGE");
  // A point of small order: one signature for every message.
  CHECK(RefusalWith(OkpKey(), "x", base::Base64UrlEncode("\x01" + std::string(31, '\0'))) ==
        "WEAK");
}

TEST_CASE("Jwk: a private part belongs to the public one", "[jose][security]") {
  for (const char* member : {"d", "p", "q", "dp", "dq", "qi"}) {
    CAPTURE(member);
    CHECK(RefusalChanged(RsaKey(), member, [](std::string& bytes) { bytes[20] ^= 1; }) ==
          "PRIVATE_MISMATCH");
  }
  json swapped = RsaKey();  // p and q are what they are; the rest is for the other order
  std::swap(swapped["p"], swapped["q"]);
  CHECK(Refusal(swapped) == "PRIVATE_MISMATCH");
  json trivial = RsaKey();
  trivial["p"] = trivial["n"];
  trivial["q"] = "AQ";
  CHECK(Refusal(trivial) == "PRIVATE_MISMATCH");
  json without_primes = Public(RsaKey());
  for (const std::string& d :
       {std::string("AQ"), std::string("Ag"), std::string("AQAB"), RsaKey()["p"].get<std::string>(),
        RsaKey()["n"].get<std::string>()}) {
    CHECK(RefusalWith(without_primes, "d", d) == "PRIVATE_MISMATCH");
  }
  CHECK(RefusalChanged(EcKeyOf(true), "d", [](std::string& bytes) { bytes[3] ^= 1; }) ==
        "PRIVATE_MISMATCH");
  CHECK(RefusalWith(EcKeyOf(true), "d", base::Base64UrlEncode(std::string(32, '\0'))) ==
        "PRIVATE_MISMATCH");
  CHECK(RefusalWith(EcKeyOf(true), "d", base::Base64UrlEncode(std::string(32, '\xff'))) ==
        "PRIVATE_MISMATCH");
  CHECK(RefusalChanged(json::parse(kOkp), "d", [](std::string& bytes) { bytes[3] ^= 1; }) ==
        "PRIVATE_MISMATCH");
}

TEST_CASE("Jwk: more than two primes, or some private numbers without the others, are refused",
          "[jose][security]") {
  CHECK(RefusalWith(RsaKey(), "oth", json::array()) == "MULTI_PRIME");
  json half = Public(RsaKey());
  half["p"] = RsaKey()["p"];
  CHECK(Refusal(half) == "MEMBER_MISSING");
}

TEST_CASE("Jwk: O11 a key is bound to its algorithm: one it cannot do, or none of ours, is refused",
          "[jose][security]") {
  struct Row {
    json key;
    const char* algorithm;
    const char* refusal;
  };
  const std::vector<Row> rows = {
      {Public(RsaKey()), "RS256", ""},
      {Public(RsaKey()), "PS256", ""},
      {Public(RsaKey()), "RSA-OAEP-256", ""},
      {Public(RsaKey()), "ES256", "ALGORITHM_MISMATCH"},
      {Public(RsaKey()), "EdDSA", "ALGORITHM_MISMATCH"},
      {Public(RsaKey()), "ECDH-ES", "ALGORITHM_MISMATCH"},
      {Public(RsaKey()), "HS256", "ALGORITHM_UNKNOWN"},
      {Public(RsaKey()), "RSA1_5", "ALGORITHM_UNKNOWN"},
      {Public(RsaKey()), "none", "ALGORITHM_UNKNOWN"},
      {Public(RsaKey()), "", "ALGORITHM_UNKNOWN"},
      {EcKeyOf(), "ES256", ""},
      {EcKeyOf(), "ECDH-ES", ""},
      {EcKeyOf(), "ES384", "ALGORITHM_MISMATCH"},
      {EcKeyOf(), "RS256", "ALGORITHM_MISMATCH"},
      {EcKeyOf(), "es256", "ALGORITHM_UNKNOWN"},
      {OkpKey(), "EdDSA", ""},
      {OkpKey(), "ES256", "ALGORITHM_MISMATCH"},
      {OkpKey(), "ECDH-ES", "ALGORITHM_MISMATCH"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.key["kty"], row.algorithm);
    CHECK(RefusalWith(row.key, "alg", row.algorithm) == row.refusal);
  }
  CHECK(RefusalWith(EcKeyOf(), "alg", 256) == "MEMBER_MALFORMED");
}

TEST_CASE("Jwk: O11 use, operations and algorithm must not contradict each other",
          "[jose][security]") {
  struct Row {
    const char* members;
    const char* refusal;
  };
  const std::vector<Row> rows = {
      {R"({"use":"sig"})", ""},
      {R"({"use":"enc"})", ""},
      {R"({"use":"tls"})", "USE_UNKNOWN"},
      {R"({"use":"SIG"})", "USE_UNKNOWN"},
      {R"({"use":["sig"]})", "MEMBER_MALFORMED"},
      {R"({"use":"enc","alg":"ES256"})", "USE_MISMATCH"},
      {R"({"use":"sig","alg":"ECDH-ES"})", "USE_MISMATCH"},
      {R"({"use":"sig","key_ops":["verify"]})", ""},
      {R"({"key_ops":["sign","verify","theirs"]})", ""},
      {R"({"use":"sig","key_ops":["deriveKey"]})", "OPERATIONS_MISMATCH"},
      {R"({"use":"enc","key_ops":["verify"]})", "OPERATIONS_MISMATCH"},
      {R"({"alg":"ES256","key_ops":["deriveBits"]})", "OPERATIONS_MISMATCH"},
      {R"({"key_ops":["verify","deriveKey"]})", "OPERATIONS_MISMATCH"},
      {R"({"key_ops":["wrapKey"]})", "OPERATIONS_MISMATCH"},
      {R"({"key_ops":["verify","verify"]})", "OPERATIONS_MALFORMED"},
      {R"({"key_ops":[]})", "OPERATIONS_MALFORMED"},
      {R"({"key_ops":"verify"})", "OPERATIONS_MALFORMED"},
      {R"({"key_ops":[1]})", "OPERATIONS_MALFORMED"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.members);
    json key = EcKeyOf();
    key.update(json::parse(row.members));
    CHECK(Refusal(key) == row.refusal);
  }
  CHECK(RefusalWith(OkpKey(), "use", "enc") == "USE_MISMATCH");
  CHECK(RefusalWith(OkpKey(), "key_ops", json{"deriveKey"}) == "OPERATIONS_MISMATCH");
  CHECK(RefusalWith(Public(RsaKey()), "key_ops", json{"deriveKey"}) == "OPERATIONS_MISMATCH");
}

TEST_CASE("Jwk: what a key permits is what its owner said of use, operations and algorithm",
          "[jose][security]") {
  const auto permits = [](const char* members, KeyUse use, const char* operation,
                          const char* algorithm) {
    json key = EcKeyOf();
    key.update(json::parse(members));
    return ParseJwk(key.dump())->Permits(use, operation, algorithm);
  };
  CHECK(permits("{}", KeyUse::kSignature, "verify", "ES256"));
  CHECK(permits("{}", KeyUse::kEncryption, "deriveKey", "ECDH-ES"));
  CHECK(permits(R"({"use":"sig"})", KeyUse::kSignature, "verify", "ES256"));
  CHECK_FALSE(permits(R"({"use":"sig"})", KeyUse::kEncryption, "deriveKey", "ECDH-ES"));
  CHECK_FALSE(permits(R"({"alg":"ES256"})", KeyUse::kEncryption, "deriveKey", "ECDH-ES"));
  CHECK_FALSE(permits(R"({"alg":"ECDH-ES"})", KeyUse::kSignature, "verify", "ES256"));
  CHECK(permits(R"({"key_ops":["verify"]})", KeyUse::kSignature, "verify", "ES256"));
  CHECK_FALSE(permits(R"({"key_ops":["sign"]})", KeyUse::kSignature, "verify", "ES256"));
  CHECK_FALSE(permits(R"({"key_ops":["theirs"]})", KeyUse::kSignature, "verify", "ES256"));
  json rsa = Public(RsaKey());
  CHECK(ParseJwk(rsa.dump())->Permits(KeyUse::kSignature, "verify", "RS256"));
  CHECK_FALSE(ParseJwk(rsa.dump())->Permits(KeyUse::kSignature, "verify", "PS256"));
  // A private key that may sign says of its public half that it may verify.
  json own = EcKeyOf(true);
  own["key_ops"] = {"sign"};
  CHECK(ParseJwk(own.dump())->Permits(KeyUse::kSignature, "verify", "ES256"));
  CHECK_FALSE(ParseJwk(own.dump())->Permits(KeyUse::kEncryption, "deriveKey", "ES256"));
}

TEST_CASE("Jwk: an empty name is refused, for it would stand for none", "[jose][security]") {
  CHECK(RefusalWith(EcKeyOf(), "kid", "") == "MEMBER_MALFORMED");
  CHECK(RefusalWith(EcKeyOf(), "kid", 7) == "MEMBER_MALFORMED");
  CHECK(RefusalWith(EcKeyOf(), "kid", "../../etc/passwd").empty());
}

TEST_CASE("Jwk: a certificate beside a key bears the same key", "[jose][security]") {
  const crypto::CertificateRequest request = {.common_name = "key",
                                              .dns_names = {"key"},
                                              .ip_addresses = {},
                                              .is_authority = false,
                                              .not_before = absl::FromUnixSeconds(1700000000),
                                              .not_after = absl::FromUnixSeconds(1800000000)};
  const auto mine = *crypto::IssueSelfSigned(request, crypto::NewKey::kEcP256);
  const auto other = *crypto::IssueSelfSigned(request, crypto::NewKey::kEcP256);
  const auto key = crypto::PrivateKey::FromPem(mine.private_key_pem)->Public();
  const std::string own = CertificateFor(mine.certificate_pem);
  const std::string strange = CertificateFor(other.certificate_pem);
  const absl::StatusOr<std::string> written =
      WritePublicJwk(key, {.id = "a", .certificates = {own, strange}});
  REQUIRE(written.ok());
  CHECK(Refusal(*written).empty());
  CHECK(base::ReasonOf(WritePublicJwk(key, {.certificates = {strange}}).status()) == "CERTIFICATE");
  const json good = json::parse(*written);
  const std::string base64 = good["x5c"][0];
  for (const json& bad : {json(base64), json::array(), json{1}, json{""}, json{base64 + "\n"},
                          json{base::Base64UrlEncode(own)}, json{base::Base64Encode(own + "x")},
                          json{base::Base64Encode("no certificate")}, json{base64, "!"},
                          json(std::vector<std::string>(11, base64))}) {
    CAPTURE(bad.dump().substr(0, 40));
    CHECK(RefusalWith(good, "x5c", bad) == "CERTIFICATE");
  }
}

TEST_CASE("Jwk: what is written is read again, is public and says what it was told", "[jose]") {
  for (const json& key : {RsaKey(), EcKeyOf(true), json::parse(kOkp)}) {
    const Jwk jwk = *ParseJwk(key.dump());
    const absl::StatusOr<std::string> written = WritePublicJwk(jwk.key, {});
    REQUIRE(written.ok());
    const absl::StatusOr<Jwk> read = ParseJwk(*written);
    REQUIRE(read.ok());
    CHECK(read->key.Der() == jwk.key.Der());
    CHECK_FALSE(read->private_key.has_value());
    CHECK(read->id == *Thumbprint(jwk.key));
    CHECK(json::parse(*written).size() == (key["kty"] == "EC" ? 5 : 4));
  }
  const Jwk ec = *ParseJwk(EcKeyOf().dump());
  const std::string written =
      *WritePublicJwk(ec.key, {.id = "a", .algorithm = "ES256", .use = KeyUse::kSignature});
  CHECK(written == R"({"alg":"ES256","crv":"P-256","kid":"a","kty":"EC","use":"sig",)"
                   R"("x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
                   R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"})");
  CHECK(base::ReasonOf(WritePublicJwk(ec.key, {.algorithm = "RS256"}).status()) ==
        "ALGORITHM_MISMATCH");
  CHECK(base::ReasonOf(
            WritePublicJwk(ec.key, {.algorithm = "ES256", .use = KeyUse::kEncryption}).status()) ==
        "USE_MISMATCH");
}

}  // namespace va::jose
