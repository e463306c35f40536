#include "lib/jose/jws.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "lib/jose/cost_testing.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/keys_testing.h"

namespace va::jose {
namespace {

using base::Base64UrlEncode;
using testing::EcKey;
using testing::OtherEcKey;
using testing::RsaKey;

// RFC 7515 appendix A.2 and A.3 in compact form.
constexpr char kA2[] =
    "eyJhbGciOiJSUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ"
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L"
    "07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUi"
    "pUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
constexpr char kA3[] =
    "eyJhbGciOiJFUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ"
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

// The same payload and key as in A.2, computed from the formulas of RFC 8017 sections 9.1.1 and 9.2
// by a program without a library of cryptography: PS256 with the salt 00 01 … 1f, and RS512.
constexpr char kPs256[] =
    "eyJhbGciOiJQUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ij"
    "p0cnVlfQ"
    ".SHdbwC2HD3805O3W0NLTalEJlZuhQQDQmdZmm4Sh4Bm-OtmSht6GLzIUjtIjkBv5Ey3E74e6f9G_OXO3g1UC6W4jI"
    "4Xo6JmzK1wtY7YyQbDiiO9oVdfh5XFfX-i5NhZLD3ciP4x6tw7SiQuMXEfjCKKS8dbxqZsL0zU-OS4fj1zCFwv9thl"
    "unPSmOfYzfW0eTGtSemOMmfjFt5W9GR05OMdF90HlUpvKwBh5NwDFLwRJ92jIl5XNgp0E1a9GjFI-IyjeClmduHFKj"
    "mEF9UAPMHk8MrRzSaXngGKpagBnAGkBl1DR2JNN9-q5Zb4OhkeVPSYRW7HKeGdb1eT5tmdmPg";
constexpr char kRs512[] =
    "eyJhbGciOiJSUzUxMiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ij"
    "p0cnVlfQ"
    ".ZatQfsb2gyCu3y9cDuz59a-IKm4bkqtT0HuT8BpNlPCmA3Y2eH91CVSI0TbkPqI9v2jaXuWvPcoJGNRtTpUXafTAb"
    "qzxWSMjqx8SkJRTuUz6imaHBctra42j2AvJ1t7qJwf2NN49y9PZbkYn3ejhU-iCmKJ3J-_GLsYp5VlximYm-o3sMul"
    "0tyCMvHUdmuWvadnVEaio-jix3pXYWfyFC8tp19zZrTaofxTAzCqlqundx22tfsuqchto_zVnZk_ZBr1R5lr29Qle5"
    "JgLmRkfDNbVSQZFdwg6mSlODL8BrOiM_vreMaPCO8U_JGezKUob0ONv7DA7XDfpbaXaFsHipQ";
// RFC 8037 appendix A.4.
constexpr char kRfc8037[] =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

std::string Outcome(absl::string_view token, absl::Span<const VerifyingKey> keys) {
  const auto verified = VerifyCompact(token, keys);
  return verified.ok() ? "verified" : base::ReasonOf(verified.status());
}

// A token with any header and payload under a good signature of EcKey.
std::string Under(absl::string_view header, absl::string_view payload = "{}") {
  static const auto* const key = new SigningKey(testing::Signing(EcKey(), Algorithm::kEs256));
  const std::string text = absl::StrCat(Base64UrlEncode(header), ".", Base64UrlEncode(payload));
  return absl::StrCat(text, ".", Base64UrlEncode(key->Sign(text).value()));
}

const std::vector<VerifyingKey>& EcKeys() {
  static const auto* const keys =
      new std::vector<VerifyingKey>(testing::Verifying(EcKey(), Algorithm::kEs256));
  return *keys;
}

// The public half as a JWK, as a partner publishes it.
std::string RsaJwk(const crypto::PrivateKey& key) {
  const std::string der = key.Public().Der();
  return absl::StrCat(R"({"e":"AQAB","kty":"RSA","n":")",
                      Base64UrlEncode(absl::string_view(der).substr(der.size() - 5 - 256, 256)),
                      "\"}");
}

// The median of what refusing the token costs this thread.
absl::Duration CostOf(const std::string& token, const std::vector<VerifyingKey>& keys,
                      absl::string_view outcome) {
  std::vector<absl::Duration> costs;
  for (int i = 0; i < 201; ++i) {
    const absl::Duration before = testing::ThreadCpu();
    const auto verified = VerifyCompact(token, keys);
    costs.push_back(testing::ThreadCpu() - before);
    CHECK(base::ReasonOf(verified.status()) == outcome);
  }
  std::nth_element(costs.begin(), costs.begin() + 100, costs.end());
  return costs[100];
}

std::vector<std::string> Parts(const std::string& token) { return absl::StrSplit(token, '.'); }

TEST_CASE("VerifyCompact: the RS256 example of RFC 7515 A.2, made and verified", "[jose][rule]") {
  const crypto::PrivateKey key = testing::Rfc7515RsaKey();
  // PKCS#1 v1.5 is deterministic: the very bytes of the standard come out.
  CHECK(SignCompact(testing::Signing(key, Algorithm::kRs256), {}, testing::Rfc7515Payload())
            .value() == kA2);
  const auto verified = VerifyCompact(kA2, testing::Verifying(key, Algorithm::kRs256));
  REQUIRE(verified.ok());
  CHECK(verified->payload == testing::Rfc7515Payload());
  CHECK(verified->header.algorithm == Algorithm::kRs256);
  CHECK_FALSE(verified->header.has_kid);
}

TEST_CASE("VerifyCompact: the ES256 example of RFC 7515 A.3", "[jose][rule]") {
  const auto keys = testing::Verifying(testing::Rfc7515EcKey(), Algorithm::kEs256);
  const auto verified = VerifyCompact(kA3, keys);
  REQUIRE(verified.ok());
  CHECK(verified->payload == testing::Rfc7515Payload());
  CHECK(Outcome(kA3, EcKeys()) == "SIGNATURE_INVALID");
  CHECK(Outcome(kA2, keys) == "KEY_UNKNOWN");
}

TEST_CASE("VerifyCompact: the EdDSA example of RFC 8037 A.4, made and verified", "[jose][rule]") {
  const crypto::PrivateKey key = testing::Rfc8037Key();
  CHECK(SignCompact(testing::Signing(key, Algorithm::kEdDsa), {}, "Example of Ed25519 signing")
            .value() == kRfc8037);
  const auto verified = VerifyCompact(kRfc8037, testing::Verifying(key, Algorithm::kEdDsa));
  REQUIRE(verified.ok());
  CHECK(verified->payload == "Example of Ed25519 signing");
  CHECK(verified->header.algorithm == Algorithm::kEdDsa);
  CHECK(Outcome(kRfc8037, testing::Verifying(testing::Ed25519Key(), Algorithm::kEdDsa)) ==
        "SIGNATURE_INVALID");
}

TEST_CASE("VerifyCompact: PS256 and RS512 as the standard computes them", "[jose][rule]") {
  const crypto::PrivateKey key = testing::Rfc7515RsaKey();
  const auto pss = VerifyCompact(kPs256, testing::Verifying(key, Algorithm::kPs256));
  REQUIRE(pss.ok());
  CHECK(pss->payload == testing::Rfc7515Payload());
  const auto longer = VerifyCompact(kRs512, testing::Verifying(key, Algorithm::kRs512));
  REQUIRE(longer.ok());
  CHECK(longer->payload == testing::Rfc7515Payload());
}

TEST_CASE("VerifyCompact: O8 a token of one algorithm is refused where another is registered",
          "[jose][security]") {
  constexpr Algorithm kAll[] = {Algorithm::kEs256, Algorithm::kRs256, Algorithm::kPs256,
                                Algorithm::kEdDsa, Algorithm::kRs512, Algorithm::kEs384};
  for (const Algorithm made : kAll) {
    const crypto::PrivateKey& key = testing::KeyFor(made);
    const std::string text =
        absl::StrCat(Base64UrlEncode(absl::StrCat(R"({"alg":")", ToString(made), R"("})")), ".",
                     Base64UrlEncode("{}"));
    const std::string token =
        absl::StrCat(text, ".", Base64UrlEncode(testing::Signature(key, made, text)));
    for (const Algorithm asked : kAll) {
      INFO(ToString(made) << " as " << ToString(asked));
      const auto keys = testing::Verifying(testing::KeyFor(asked), asked);
      CHECK(Outcome(token, keys) == (made == asked ? "verified" : "KEY_UNKNOWN"));
    }
  }
}

TEST_CASE("VerifyCompact: O6 alg none in any spelling is refused, with and without a signature",
          "[jose][security]") {
  for (const char* none : {"none", "None", "nOnE", "NONE", "", " none", "none\\u0000"}) {
    INFO(none);
    const std::string token = Under(absl::StrCat(R"({"alg":")", none, R"("})"));
    CHECK(Outcome(token, EcKeys()) == "ALGORITHM_UNKNOWN");
    CHECK(Outcome(token.substr(0, token.rfind('.') + 1), EcKeys()) == "ALGORITHM_UNKNOWN");
  }
}

TEST_CASE("VerifyCompact: O7 a keyed hash under the public key is no signature",
          "[jose][security]") {
  const crypto::PublicKey key = RsaKey().Public();
  const auto rs256 = testing::Verifying(RsaKey(), Algorithm::kRs256);
  const std::string der = key.Der();
  // PEM, DER, JWK and the modulus alone: whatever a careless verifier would take for the secret.
  for (const std::string& secret :
       {key.Pem(), std::string(absl::StripTrailingAsciiWhitespace(key.Pem())), der,
        RsaJwk(RsaKey()), der.substr(der.size() - 5 - 256, 256)}) {
    for (const char* algorithm : {"HS256", "hs256", "RS256"}) {
      const std::string text =
          absl::StrCat(Base64UrlEncode(absl::StrCat(R"({"alg":")", algorithm, R"("})")), ".",
                       Base64UrlEncode("{}"));
      const std::string token =
          absl::StrCat(text, ".", Base64UrlEncode(crypto::HmacSha256(secret, text)));
      CHECK(Outcome(token, rs256) ==
            (algorithm == absl::string_view("RS256") ? "SIGNATURE_LENGTH" : "ALGORITHM_UNKNOWN"));
    }
  }
}

TEST_CASE("SignCompact: what was signed is what comes back, also nothing", "[jose]") {
  for (const std::string& payload : {std::string("{\"a\":1}"), std::string(), std::string(300, 'x'),
                                     std::string("\0\xff.\n", 4)}) {
    const std::string token =
        SignCompact(testing::Signing(EcKey(), Algorithm::kEs256), {"t+jwt", "the key"}, payload)
            .value();
    const auto verified = VerifyCompact(token, EcKeys());
    REQUIRE(verified.ok());
    CHECK(verified->payload == payload);
    CHECK(verified->header.typ == "t+jwt");
    CHECK(verified->header.kid == "the key");
    CHECK(verified->header.has_kid);
  }
}

TEST_CASE("SignCompact: refuses what a verifier would", "[jose]") {
  const SigningKey key = testing::Signing(EcKey(), Algorithm::kEs256);
  CHECK_FALSE(SignCompact(key, {}, std::string(kMaxToken, 'x')).ok());
  CHECK_FALSE(SignCompact(key, {"", std::string(kMaxEncodedHeader, 'x')}, "").ok());
  CHECK_FALSE(SignCompact(key, {"\xff", ""}, "").ok());
  // Quotes in a field are data and not JSON.
  const std::string token = SignCompact(key, {"\",\"alg\":\"none", ""}, "").value();
  CHECK(VerifyCompact(token, EcKeys())->header.typ == "\",\"alg\":\"none");
}

TEST_CASE("SignCompact: every text comes back from the header as it went in", "[jose][prop]") {
  const SigningKey key = testing::Signing(EcKey(), Algorithm::kEs256);
  for (const std::string& text :
       {std::string("plain"), std::string("a\\b\"c"), std::string("\n\t\x01\x7f"),
        std::string("\xc3\xbc\xf0\x9f\x94\x91"), std::string("zero\0byte", 9)}) {
    const auto token = SignCompact(key, {text, text}, "");
    REQUIRE(token.ok());
    const auto verified = VerifyCompact(*token, EcKeys());
    REQUIRE(verified.ok());
    CHECK(verified->header.typ == text);
    CHECK(verified->header.kid == text);
  }
  CHECK(rc::check([&key] {
    const auto typ = *rc::gen::container<std::string>(rc::gen::inRange('\0', '\x7f'));
    const auto kid = *rc::gen::container<std::string>(rc::gen::inRange('\0', '\x7f'));
    const auto token = SignCompact(key, {typ, kid}, "");
    RC_ASSERT(token.ok());
    const auto verified = VerifyCompact(*token, EcKeys());
    RC_ASSERT(verified.ok());
    RC_ASSERT(verified->header.typ == typ);
    RC_ASSERT(verified->header.kid == kid);
  }));
}

TEST_CASE("VerifyCompact: every header that wants something else is refused", "[jose][security]") {
  struct Row {
    const char* rule;
    const char* header;
    const char* outcome;
  };
  const auto row = GENERATE(values<Row>({
      {"the plain one passes", R"({"alg":"ES256"})", "verified"},
      {"blanks and line ends are JSON", "{\"typ\":\"JWT\",\r\n \"alg\":\"ES256\"}", "verified"},
      {"members nobody knows are ignored", R"({"alg":"ES256","x":[1,{"y":null}]})", "verified"},
      {"a certificate's thumbprint brings no key", R"({"alg":"ES256","x5t":"AA"})", "verified"},
      {"J2 none", R"({"alg":"none"})", "ALGORITHM_UNKNOWN"},
      {"J2 none in capitals", R"({"alg":"NONE"})", "ALGORITHM_UNKNOWN"},
      {"J2 HMAC under the public key", R"({"alg":"HS256"})", "ALGORITHM_UNKNOWN"},
      {"J2 a signature over a weaker digest", R"({"alg":"RS1"})", "ALGORITHM_UNKNOWN"},
      {"another algorithm than the key's", R"({"alg":"RS256"})", "KEY_UNKNOWN"},
      {"no algorithm", R"({"typ":"JWT"})", "ALGORITHM_MISSING"},
      {"the algorithm is no text", R"({"alg":256})", "HEADER_MALFORMED"},
      {"the algorithm is a list", R"({"alg":["ES256"]})", "HEADER_MALFORMED"},
      {"the type is no text", R"({"alg":"ES256","typ":1})", "HEADER_MALFORMED"},
      {"the kid is no text", R"({"alg":"ES256","kid":null})", "HEADER_MALFORMED"},
      {"O12 an unknown extension", R"({"alg":"ES256","crit":["x"],"x":1})", "HEADER_CRITICAL"},
      {"O12 an empty list of extensions", R"({"alg":"ES256","crit":[]})", "HEADER_CRITICAL"},
      {"O12 an unencoded payload", R"({"alg":"ES256","b64":false,"crit":["b64"]})",
       "HEADER_CRITICAL"},
      {"O12 the same without crit", R"({"alg":"ES256","b64":false})", "HEADER_UNENCODED"},
      {"J4 compressed", R"({"alg":"ES256","zip":"DEF"})", "HEADER_COMPRESSED"},
      {"O9 its own key", R"({"alg":"ES256","jwk":{}})", "HEADER_EMBEDDED_KEY"},
      {"O9 an address of keys", R"({"alg":"ES256","jku":"https://x"})", "HEADER_EMBEDDED_KEY"},
      {"O9 an address of a certificate", R"({"alg":"ES256","x5u":"https://x"})",
       "HEADER_EMBEDDED_KEY"},
      {"O9 its own certificate", R"({"alg":"ES256","x5c":["AA=="]})", "HEADER_EMBEDDED_KEY"},
      {"J8 the algorithm twice", R"({"alg":"none","alg":"ES256"})", "HEADER_DUPLICATE_NAME"},
      {"J8 a name twice, spelled differently", R"({"alg":"ES256","kid":"a","\u006bid":"b"})",
       "HEADER_DUPLICATE_NAME"},
      {"J8 a name twice, deep inside", R"({"alg":"ES256","x":[{"y":1,"y":2}]})",
       "HEADER_DUPLICATE_NAME"},
      {"J8 a list", R"(["ES256"])", "HEADER_NOT_JSON"},
      {"J8 a text", R"("ES256")", "HEADER_NOT_JSON"},
      {"J8 null", "null", "HEADER_NOT_JSON"},
      {"J8 nothing", "", "HEADER_NOT_JSON"},
      {"two objects", R"({"alg":"ES256"}{})", "HEADER_NOT_JSON"},
      {"a comma too many", R"({"alg":"ES256",})", "HEADER_NOT_JSON"},
      {"a comment", R"({"alg":"ES256"/**/})", "HEADER_NOT_JSON"},
      {"single quotes", R"({'alg':'ES256'})", "HEADER_NOT_JSON"},
      {"a byte order mark", "\xef\xbb\xbf{\"alg\":\"ES256\"}", "HEADER_NOT_JSON"},
      {"not UTF-8", "{\"alg\":\"ES256\",\"x\":\"\xff\"}", "HEADER_NOT_JSON"},
      {"half a surrogate pair", R"({"alg":"ES256","x":"\ud800"})", "HEADER_NOT_JSON"},
      {"a number beyond all numbers", R"({"alg":"ES256","x":1e999})", "HEADER_NOT_JSON"},
  }));
  INFO(row.rule);
  CHECK(Outcome(Under(row.header), EcKeys()) == row.outcome);
}

TEST_CASE("VerifyCompact: J8 a zero byte in a header ends nothing", "[jose][security]") {
  CHECK(Outcome(Under(absl::string_view("{\"alg\":\"ES256\"}\0", 16)), EcKeys()) ==
        "HEADER_NOT_JSON");
}

TEST_CASE("VerifyCompact: J8 large and deep headers are bounded", "[jose][security]") {
  const std::string large = absl::StrCat(R"({"alg":"ES256","x":")", std::string(8000, 'x'), "\"}");
  CHECK(Outcome(Under(large), EcKeys()) == "HEADER_TOO_LARGE");
  const std::string megabyte =
      absl::StrCat(R"({"alg":"ES256","x":")", std::string(1 << 20, 'x'), "\"}");
  CHECK(Outcome(Under(megabyte), EcKeys()) == "TOKEN_TOO_LARGE");
  const auto nested = [](size_t depth) {
    return absl::StrCat(R"({"alg":"ES256","x":)", std::string(depth, '['), std::string(depth, ']'),
                        "}");
  };
  CHECK(Outcome(Under(nested(10)), EcKeys()) == "verified");
  CHECK(Outcome(Under(nested(20)), EcKeys()) == "HEADER_NOT_JSON");
  CHECK(Outcome(Under(nested(3000)), EcKeys()) == "HEADER_NOT_JSON");
}

TEST_CASE("VerifyCompact: J9 anything but three canonical parts is refused", "[jose][security]") {
  const std::string good = Under(R"({"alg":"ES256"})", R"({"a":10})");
  const auto parts = Parts(good);
  REQUIRE(Outcome(good, EcKeys()) == "verified");
  const std::string& h = parts[0];
  const std::string& p = parts[1];
  const std::string& s = parts[2];
  struct Row {
    const char* rule;
    std::string token;
    const char* outcome;
  };
  const std::vector<Row> rows = {
      {"nothing", "", "NOT_COMPACT"},
      {"one part", h, "NOT_COMPACT"},
      {"two parts", absl::StrCat(h, ".", p), "NOT_COMPACT"},
      {"four parts", absl::StrCat(good, ".", s), "NOT_COMPACT"},
      {"five parts, as an encrypted token", absl::StrCat(good, ".", s, ".", s), "NOT_COMPACT"},
      {"six parts", absl::StrCat(good, ".", s, ".", s, ".", s), "NOT_COMPACT"},
      {"a dot at the end", absl::StrCat(good, "."), "NOT_COMPACT"},
      {"dots alone", "..", "HEADER_NOT_JSON"},
      {"no header", absl::StrCat(".", p, ".", s), "HEADER_NOT_JSON"},
      {"no signature", absl::StrCat(h, ".", p, "."), "SIGNATURE_LENGTH"},
      {"no payload", absl::StrCat(h, "..", s), "SIGNATURE_INVALID"},
      {"padding", absl::StrCat(good, "=="), "BAD_BASE64"},
      {"padding of the payload", absl::StrCat(h, ".", p, "=.", s), "BAD_BASE64"},
      {"a blank before it", absl::StrCat(" ", good), "BAD_BASE64"},
      {"a line end after it", absl::StrCat(good, "\n"), "BAD_BASE64"},
      {"a blank inside", absl::StrCat(h, ". ", p, ".", s), "BAD_BASE64"},
      {"the other alphabet", absl::StrCat(h, ".", p, "+/", ".", s), "BAD_BASE64"},
      {"a letter left over", absl::StrCat(h, ".", p, "AA", ".", s), "BAD_BASE64"},
      {"a zero byte", absl::StrCat(h, ".", p, absl::string_view("\0", 1), ".", s), "BAD_BASE64"},
  };
  for (const Row& row : rows) {
    INFO(row.rule);
    CHECK(Outcome(row.token, EcKeys()) == row.outcome);
  }
  // 64 bytes end in a letter that carries two bits: the other four must be zero.
  std::string loose = good;
  loose.back() = static_cast<char>(loose.back() + 1);
  CHECK(Outcome(loose, EcKeys()) == "BAD_BASE64");
}

TEST_CASE("VerifyCompact: J10 the JSON forms are no token", "[jose][security]") {
  const auto parts = Parts(Under(R"({"alg":"ES256"})"));
  const std::string flattened = absl::StrCat(R"({"protected":")", parts[0], R"(","payload":")",
                                             parts[1], R"(","signature":")", parts[2], "\"}");
  CHECK(Outcome(flattened, EcKeys()) == "NOT_COMPACT");
  // J8: an algorithm in an unprotected header has no place to stand.
  CHECK(Outcome(absl::StrCat(R"({"header":{"alg":"none"},"payload":")", parts[1], "\"}"),
                EcKeys()) == "NOT_COMPACT");
}

TEST_CASE("VerifyCompact: the key is chosen by algorithm and kid alone", "[jose][rule]") {
  const auto token = [](const crypto::PrivateKey& key, Algorithm algorithm, const char* kid) {
    return SignCompact(testing::Signing(key, algorithm), {"", kid}, "{}").value();
  };
  const auto add = [](std::vector<VerifyingKey>& keys, const crypto::PrivateKey& key,
                      Algorithm algorithm, const char* id) {
    for (VerifyingKey& one : testing::Verifying(key, algorithm, id)) keys.push_back(std::move(one));
  };
  std::vector<VerifyingKey> keys;
  add(keys, EcKey(), Algorithm::kEs256, "old");
  add(keys, OtherEcKey(), Algorithm::kEs256, "new");
  add(keys, RsaKey(), Algorithm::kRs256, "new");
  SECTION("two keys while they are exchanged") {
    CHECK(Outcome(token(EcKey(), Algorithm::kEs256, "old"), keys) == "verified");
    CHECK(Outcome(token(OtherEcKey(), Algorithm::kEs256, "new"), keys) == "verified");
    CHECK(Outcome(token(RsaKey(), Algorithm::kRs256, "new"), keys) == "verified");
  }
  SECTION("a kid that names another key") {
    CHECK(Outcome(token(EcKey(), Algorithm::kEs256, "new"), keys) == "SIGNATURE_INVALID");
    CHECK(Outcome(token(RsaKey(), Algorithm::kRs256, "old"), keys) == "KEY_UNKNOWN");
  }
  SECTION("O10 a kid is an opaque name") {
    for (const char* kid : {"older", "OLD", "old ", "../old", "../../../../dev/null", "/etc/passwd",
                            "' OR 1=1 --", "old\\u0000", "http://169.254.169.254/old"}) {
      CHECK(Outcome(token(EcKey(), Algorithm::kEs256, kid), keys) == "KEY_UNKNOWN");
    }
    CHECK(Outcome(Under(R"({"alg":"ES256","kid":"old\u0000"})"), keys) == "KEY_UNKNOWN");
  }
  SECTION("O10 a kid of any length") {
    const auto with = [](size_t bytes) {
      return Under(absl::StrCat(R"({"alg":"ES256","kid":")", std::string(bytes, 'o'), "\"}"));
    };
    CHECK(Outcome(with(6000), keys) == "KEY_UNKNOWN");
    CHECK(Outcome(with(7000), keys) == "HEADER_TOO_LARGE");
    CHECK(Outcome(with(size_t{1} << 20), keys) == "TOKEN_TOO_LARGE");
  }
  SECTION("O10 an empty kid is a kid") {
    CHECK(Outcome(Under(R"({"alg":"ES256","kid":""})"), keys) == "KEY_UNKNOWN");
  }
  SECTION("O10 no kid and several keys") {
    CHECK(Outcome(token(EcKey(), Algorithm::kEs256, ""), keys) == "KEY_AMBIGUOUS");
    CHECK(Outcome(token(RsaKey(), Algorithm::kRs256, ""), keys) == "verified");
  }
  SECTION("O10 one kid and two keys") {
    add(keys, testing::OtherEcKey(), Algorithm::kEs256, "old");
    CHECK(Outcome(token(EcKey(), Algorithm::kEs256, "old"), keys) == "KEY_AMBIGUOUS");
  }
  SECTION("a key without id answers to every kid") {
    CHECK(Outcome(token(EcKey(), Algorithm::kEs256, "whatever"), EcKeys()) == "verified");
  }
  SECTION("no keys at all") {
    CHECK(Outcome(token(EcKey(), Algorithm::kEs256, "old"), {}) == "KEY_UNKNOWN");
  }
}

TEST_CASE("VerifyCompact: J15 whatever is wrong, the text is the same", "[jose][security]") {
  const std::string text(VerifyCompact("", EcKeys()).status().message());
  for (const std::string& token :
       {Under(R"({"alg":"none"})"), Under("junk"), std::string(kA2), std::string(kA3)}) {
    CHECK(VerifyCompact(token, EcKeys()).status().message() == text);
  }
}

TEST_CASE("VerifyCompact: J15 a name of a key we do not know costs as much as a bad signature",
          "[jose][security]") {
  // Otherwise the time tells which names we know. Medians of CPU time, and a wide margin: without
  // the work the refusal is more than five times quicker.
  for (const Algorithm algorithm : {Algorithm::kEs256, Algorithm::kEdDsa}) {
    INFO(ToString(algorithm));
    const crypto::PrivateKey& key = testing::KeyFor(algorithm);
    std::vector<VerifyingKey> keys;
    for (const char* id : {"one", "two"}) {
      keys.push_back(std::move(testing::Verifying(key, algorithm, id)[0]));
    }
    const auto bad = [&](const char* kid) {
      std::string token = SignCompact(testing::Signing(key, algorithm), {"", kid}, "{}").value();
      char& at = token[token.size() - 10];
      at = at == 'A' ? 'B' : 'A';
      return token;
    };
    const absl::Duration known = CostOf(bad("one"), keys, "SIGNATURE_INVALID");
    const absl::Duration unknown = CostOf(bad("three"), keys, "KEY_UNKNOWN");
    const absl::Duration ambiguous = CostOf(bad(""), keys, "KEY_AMBIGUOUS");
    CHECK(unknown > known * 0.6);
    CHECK(unknown < known * 1.7);
    CHECK(ambiguous > known * 0.6);
    CHECK(ambiguous < known * 1.7);
  }
}

TEST_CASE("VerifyCompact: a change of any one byte is refused", "[jose][prop]") {
  const std::string ec = Under(R"({"alg":"ES256","typ":"JWT"})", R"({"sub":"somebody"})");
  const std::string rsa =
      SignCompact(testing::Signing(RsaKey(), Algorithm::kRs256), {}, "{}").value();
  const auto rsa_keys = testing::Verifying(RsaKey(), Algorithm::kRs256);
  // Every place once with its lowest bit turned, and any place with any byte.
  for (size_t at = 0; at < ec.size(); ++at) {
    std::string changed = ec;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK(Outcome(changed, EcKeys()) != "verified");
  }
  CHECK(rc::check([&](unsigned place, char byte, bool use_rsa) {
    std::string changed = use_rsa ? rsa : ec;
    char& at = changed[place % changed.size()];
    RC_PRE(at != byte);
    at = byte;
    RC_ASSERT(Outcome(changed, use_rsa ? rsa_keys : EcKeys()) != "verified");
  }));
}

TEST_CASE("VerifyCompact: bytes of any kind are refused, never a fault", "[jose][prop]") {
  CHECK(rc::check([](const std::string& header, const std::string& rest) {
    const auto verified =
        VerifyCompact(absl::StrCat(Base64UrlEncode(header), ".", rest, "."), EcKeys());
    RC_ASSERT(RejectOf(verified.status()).has_value());
    RC_ASSERT(RejectOf(VerifyCompact(rest, EcKeys()).status()).has_value());
  }));
}

}  // namespace
}  // namespace va::jose
