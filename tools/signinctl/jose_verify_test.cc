#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/base/encoding.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/hash.h"
#include "lib/jose/jwk.h"
#include "lib/jose/jwks.h"
#include "lib/jose/jws.h"
#include "lib/testing/test_pki.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

using jose::Algorithm;

// 2026-03-04T12:00:00Z, which is also the clock of RunWith.
constexpr char kClaims[] = R"({"iss":"us","aud":"them","iat":1772625600,"exp":1772625900})";

// One key in every form that a file may have, and tokens of it.
class Signer {
 public:
  explicit Signer(crypto::NewKey kind = crypto::NewKey::kEcP256,
                  Algorithm algorithm = Algorithm::kEs256)
      : pem_(*crypto::GenerateKeyPem(kind)),
        key_(*crypto::PrivateKey::FromPem(pem_)),
        algorithm_(algorithm) {}

  std::string Sign(absl::string_view payload, absl::string_view kid = "") const {
    const auto key = jose::SigningKey::Create(key_, algorithm_, "unused");
    REQUIRE(key.ok());
    return *jose::SignCompact(*key, {"", std::string(kid)}, payload);
  }
  // Over a header that SignCompact would not write.
  std::string SignOver(absl::string_view header, absl::string_view payload) const {
    const std::string text =
        absl::StrCat(base::Base64UrlEncode(header), ".", base::Base64UrlEncode(payload));
    const auto key = jose::SigningKey::Create(key_, algorithm_, "unused");
    return absl::StrCat(text, ".", base::Base64UrlEncode(*key->Sign(text)));
  }
  std::string PublicJwk(const jose::JwkFields& fields = {}) const {
    return *jose::WritePublicJwk(key_.Public(), fields);
  }
  const std::string& pem() const { return pem_; }
  std::string public_pem() const { return key_.Public().Pem(); }
  const crypto::PrivateKey& key() const { return key_; }

 private:
  std::string pem_;
  crypto::PrivateKey key_;
  Algorithm algorithm_;
};

const Signer& Ec() {
  static const auto* const signer = new Signer();
  return *signer;
}
const Signer& Rsa() {
  static const auto* const signer = new Signer(crypto::NewKey::kRsa2048, Algorithm::kRs256);
  return *signer;
}

std::string File(const std::string& content, const std::string& name = "file") {
  static const auto* const dir = new testing::TempDir();
  static int count = 0;
  return dir->Write(absl::StrCat(name, ++count), content, 0644);
}

// With the token on standard input; `flags` stand before FILE.
Ran Verify(std::vector<std::string> flags, const std::string& token,
           const std::string& file = "-") {
  std::vector<std::string> all = {"jose", "verify"};
  all.insert(all.end(), flags.begin(), flags.end());
  all.push_back(file);
  return RunWith(all, token);
}

std::string Verdict(const Ran& ran) {
  if (ran.exit == 2) return "misuse";
  if (!ran.json.is_object()) return "no JSON";
  if (ran.json["verdict"] == "accept") return ran.exit == 0 ? "accept" : "accept with a wrong exit";
  return ran.exit == 1 ? ran.json["reason"].get<std::string>() : "reject with a wrong exit";
}

std::vector<std::string> Key(const std::string& content, const std::string& algorithms = "ES256") {
  return {"--key", File(content), "--alg", algorithms};
}

}  // namespace

TEST_CASE("jose verify: prints verdict, header and payload, and nothing else", "[signinctl]") {
  const std::string header = R"({"alg":"ES256","typ":"x","own":{"b":[1,null],"a":"é"}})";
  const Ran ran = Verify(Key(Ec().public_pem()), Ec().SignOver(header, "any \x01 bytes"));
  CHECK(ran.exit == 0);
  CHECK(ran.json == Json{{"verdict", "accept"},
                         {"header", Json::parse(header)},
                         {"payload", base::Base64UrlEncode("any \x01 bytes")}});
  CHECK(ran.json.begin().key() == "verdict");
  CHECK(absl::StrContains(ran.out, R"("typ":"x",)"));
  CHECK(ran.out.find('\n') == ran.out.size() - 1);
  CHECK_FALSE(ran.err.empty());
  const Ran refused = Verify(Key(Rsa().public_pem(), "RS256"), Ec().Sign("x"));
  CHECK(refused.exit == 1);
  CHECK(refused.json == Json{{"verdict", "reject"}, {"reason", "KEY_UNKNOWN"}});
}

TEST_CASE("jose verify: --key is a JWK or PEM, public or private, or a certificate",
          "[signinctl]") {
  testing::TestPki pki;
  const auto files = pki.SelfSignedRsa("signer");
  const auto key = crypto::PrivateKey::FromPemFile(files.private_key_file);
  const auto signing = jose::SigningKey::Create(*key, Algorithm::kRs256);
  const std::string token = *jose::SignCompact(*signing, {}, "x");
  for (const std::string& file : {files.certificate_file, files.private_key_file}) {
    CHECK(Verdict(Verify({"--key", file, "--alg", "RS256"}, token)) == "accept");
  }
  const std::string ec = Ec().Sign("x");
  CHECK(Verdict(Verify(Key(Ec().pem()), ec)) == "accept");
  CHECK(Verdict(Verify(Key(Ec().public_pem()), ec)) == "accept");
  CHECK(Verdict(Verify(Key(Ec().PublicJwk()), ec)) == "accept");
  CHECK(Verdict(Verify(Key(Ec().PublicJwk() + "\n"), ec)) == "accept");
  CHECK(Verdict(Verify(Key("Text before it\n" + Ec().public_pem()), ec)) == "accept");
  // PKCS#1: what stands in the other form behind its first 24 bytes.
  const auto older = absl::StrCat("-----BEGIN RSA PUBLIC KEY-----\n",
                                  base::Base64Encode(Rsa().key().Public().Der().substr(24)),
                                  "\n-----END RSA PUBLIC KEY-----\n");
  CHECK(Verdict(Verify(Key(older, "RS256"), Rsa().Sign("x"))) == "accept");
  // A private JWK, the published one of the examples.
  const Ran example =
      Verify({"--key", std::string(kExamples) + "jose_private.json", "--alg", "ES256"}, ec);
  CHECK(Verdict(example) == "KEY_UNKNOWN");  // it is for encryption
}

TEST_CASE("jose verify: a private JWK verifies what it signed", "[signinctl]") {
  // RFC 7515 appendix A.3.
  const std::string jwk =
      R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
      R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",)"
      R"("d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"OPS})";
  const std::string token = std::string(kExamples) + "jose_signed.jwt";
  for (const char* operations :
       {"", R"(,"key_ops":["sign"])", R"(,"use":"sig")", R"(,"key_ops":["sign","verify"])"}) {
    CAPTURE(operations);
    CHECK(Verdict(Verify(Key(absl::StrReplaceAll(jwk, {{"OPS", operations}})), "", token)) ==
          "accept");
  }
  CHECK(Verdict(Verify(Key(absl::StrReplaceAll(jwk, {{"OPS", R"(,"use":"enc")"}})), "", token)) ==
        "KEY_UNKNOWN");
}

TEST_CASE("jose verify: every algorithm, under its own name and no other", "[signinctl]") {
  const Signer ed(crypto::NewKey::kEd25519, Algorithm::kEdDsa);
  const Signer pss(crypto::NewKey::kRsa2048, Algorithm::kPs256);
  const std::map<std::string, const Signer*> signers = {
      {"ES256", &Ec()}, {"RS256", &Rsa()}, {"PS256", &pss}, {"EdDSA", &ed}};
  for (const auto& [name, signer] : signers) {
    for (const char* asked : {"RS256", "PS256", "ES256", "EdDSA", "RS512", "ES384"}) {
      CAPTURE(name, asked);
      CHECK(Verdict(Verify(Key(signer->public_pem(), asked), signer->Sign("x"))) ==
            (name == asked ? "accept" : "KEY_UNKNOWN"));
    }
    CHECK(Verdict(Verify(Key(signer->public_pem(), "RS256,PS256,ES256,EdDSA,RS512,ES384"),
                         signer->Sign("x"))) == "accept");
  }
}

TEST_CASE("jose verify: O6 O7 a list without an algorithm of ours accepts nothing",
          "[signinctl][O6][O7]") {
  const std::string good = Ec().Sign("x");
  for (const char* list : {"", ",", "none", "None", "HS256", "HS256,none", "es256", " ES256",
                           "ES256 ", "RS384", "ES512", "A128KW", "unknown"}) {
    CAPTURE(list);
    const Ran ran = Verify(Key(Ec().public_pem(), list), good);
    CHECK(ran.exit == 1);
    CHECK(ran.json["reason"] == "ALGORITHM_UNKNOWN");
  }
  // Beside one of ours they do nothing.
  CHECK(Verdict(Verify(Key(Ec().public_pem(), "none,HS256,ES256,ES256"), good)) == "accept");
  const std::string unsigned_token = absl::StrCat(base::Base64UrlEncode(R"({"alg":"none"})"), ".",
                                                  base::Base64UrlEncode(kClaims), ".");
  CHECK(Verdict(Verify(Key(Ec().public_pem(), "none,ES256"), unsigned_token)) ==
        "ALGORITHM_UNKNOWN");
  // The key's own bytes as a secret.
  for (const std::string& secret : {Rsa().public_pem(), Rsa().key().Public().Der()}) {
    const std::string text = absl::StrCat(base::Base64UrlEncode(R"({"alg":"HS256"})"), ".",
                                          base::Base64UrlEncode(kClaims));
    const std::string forged =
        absl::StrCat(text, ".", base::Base64UrlEncode(crypto::HmacSha256(secret, text)));
    CHECK(Verdict(Verify(Key(Rsa().public_pem(), "HS256,RS256"), forged)) == "ALGORITHM_UNKNOWN");
  }
}

TEST_CASE("jose verify: a key of another kind is a reject", "[signinctl]") {
  const Signer p384(crypto::NewKey::kEcP384, Algorithm::kEs384);
  const std::string token = Ec().Sign("x");
  CHECK(Verdict(Verify(Key(Rsa().public_pem()), token)) == "KEY_UNKNOWN");
  CHECK(Verdict(Verify(Key(p384.public_pem()), token)) == "KEY_UNKNOWN");
  CHECK(Verdict(Verify(Key(Signer().public_pem()), token)) == "SIGNATURE_INVALID");
  const Ran symmetric = Verify(Key(R"({"kty":"oct","k":"AAAA"})", "HS256,ES256"), token);
  CHECK(Verdict(symmetric) == "SYMMETRIC");
  jose::JwkFields other;
  other.algorithm = "ECDH-ES";
  CHECK(Verdict(Verify(Key(Ec().PublicJwk(other)), token)) == "KEY_UNKNOWN");
}

TEST_CASE("jose verify: garbage in any file is a reject, exit 1", "[signinctl]") {
  const std::string token = Ec().Sign("x");
  // Without a kid: a bit of that may change, and the key still fits.
  const std::string jwk = absl::StrReplaceAll(Ec().PublicJwk({"name"}), {{R"("kid":"name",)", ""}});
  REQUIRE(Verdict(Verify(Key(jwk), token)) == "accept");
  for (const std::string& garbage : HostileInputs(jwk)) {
    CAPTURE(garbage.substr(0, 60));
    for (const char* flag : {"--key", "--jwks"}) {
      const Ran ran = Verify({flag, File(garbage), "--alg", "ES256"}, token);
      CHECK(ran.exit == 1);
      CHECK(ran.json["verdict"] == "reject");
      CHECK_FALSE(ran.json["reason"].get<std::string>().empty());
    }
  }
  for (const std::string& garbage : HostileInputs(token)) {
    CAPTURE(garbage.substr(0, 60));
    const Ran ran = Verify(Key(Ec().public_pem()), garbage);
    CHECK(ran.exit == 1);
    CHECK(ran.json["verdict"] == "reject");
  }
  const std::string cut = Ec().public_pem().substr(0, 80);
  CHECK(Verdict(Verify(Key(cut), token)) == "KEY_UNREADABLE");
  CHECK(Verdict(Verify(Key("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
                       token)) == "CERTIFICATE_UNREADABLE");
  CHECK(Verdict(Verify({"--jwks", File(Ec().PublicJwk()), "--alg", "ES256"}, token)) ==
        "JWKS_MALFORMED");
  CHECK(Verdict(Verify(Key(R"({"keys":[]})"), token)) == "MEMBER_MISSING");
}

TEST_CASE("jose verify: exit 2 only for an unknown flag or a file that cannot be read",
          "[signinctl]") {
  const std::string token = Ec().Sign("x");
  const std::string key = File(Ec().public_pem());
  const std::vector<std::vector<std::string>> misuse = {
      {"--key", "/nonexistent", "--alg", "ES256", "-"},
      {"--key", "/", "--alg", "ES256", "-"},
      {"--jwks", "/nonexistent", "--alg", "ES256", "-"},
      {"--key", key, "--alg", "ES256", "/nonexistent"},
      {"--key", key, "--alg", "none", "/nonexistent"},
      {"--key", "/nonexistent", "/nonexistent"},
      {"--key", key, "--alg", "ES256", "--skew", "1", "-"},
      {"--key", key, "--algs", "ES256", "-"},
      {"--key", key, "--alg", "ES256", "-x", "-"},
  };
  for (const auto& row : misuse) {
    CAPTURE(row);
    std::vector<std::string> all = {"jose", "verify"};
    all.insert(all.end(), row.begin(), row.end());
    const Ran ran = RunWith(all, token);
    CHECK(ran.exit == 2);
    CHECK(ran.out.empty());
    CHECK_FALSE(ran.err.empty());
  }
  const std::vector<std::pair<std::vector<std::string>, std::string>> rejects = {
      {{"--alg", "ES256", "-"}, "ARGUMENT_MISSING"},
      {{"--key", key, "-"}, "ARGUMENT_MISSING"},
      {{"--key", key, "--alg", "ES256"}, "ARGUMENT_MISSING"},
      {{"--key", key, "--jwks", key, "--alg", "ES256", "-"}, "ARGUMENT_INVALID"},
      {{"--key", key, "--alg", "ES256", "-", "-"}, "ARGUMENT_INVALID"},
      {{"--key", key, "--alg", "ES256", "--alg", "ES256", "-"}, "ARGUMENT_INVALID"},
      {{"--key", key, "--alg", "ES256", "--iss", "", "-"}, "ARGUMENT_INVALID"},
      {{"--key", key, "--alg", "ES256", "--aud", "", "-"}, "ARGUMENT_INVALID"},
      {{"--key", key, "-", "--alg"}, "ARGUMENT_INVALID"},
  };
  for (const auto& [row, reason] : rejects) {
    CAPTURE(row);
    std::vector<std::string> all = {"jose", "verify"};
    all.insert(all.end(), row.begin(), row.end());
    const Ran ran = RunWith(all, token);
    CHECK(ran.exit == 1);
    CHECK(ran.json == Json{{"verdict", "reject"}, {"reason", reason}});
    CHECK(absl::StrContains(ran.err, reason));
  }
}

TEST_CASE("jose verify: the signature is checked over any payload, also an empty one",
          "[signinctl]") {
  for (const std::string& payload :
       {std::string(), std::string("{}"), std::string("{"), std::string(1, '\0'),
        std::string("\xff\xfe"), std::string(40'000, 'x')}) {
    const Ran ran = Verify(Key(Ec().public_pem()), Ec().Sign(payload));
    CHECK(Verdict(ran) == "accept");
    CHECK(ran.json["payload"] == base::Base64UrlEncode(payload));
  }
}

TEST_CASE("jose verify: claims are judged only when --iss, --aud or --now asks for it",
          "[signinctl]") {
  const auto verdict = [](std::vector<std::string> flags, const std::string& claims) {
    std::vector<std::string> all = Key(Ec().public_pem());
    all.insert(all.end(), flags.begin(), flags.end());
    return Verdict(Verify(all, Ec().Sign(claims)));
  };
  CHECK(verdict({}, R"({"exp":1})") == "accept");
  CHECK(verdict({}, "no JSON") == "accept");
  CHECK(verdict({"--iss", "us", "--aud", "them", "--now", "2026-03-04T12:00:00Z"}, kClaims) ==
        "accept");
  CHECK(verdict({"--iss", "us"}, kClaims) == "accept");  // at the clock's time
  CHECK(verdict({"--iss", "US"}, kClaims) == "ISSUER_MISMATCH");
  CHECK(verdict({"--iss", "us/"}, kClaims) == "ISSUER_MISMATCH");
  CHECK(verdict({"--aud", "others"}, kClaims) == "AUDIENCE_MISMATCH");
  CHECK(verdict({"--aud", "them"}, R"({"exp":1772625900})") == "AUDIENCE_MISSING");
  CHECK(verdict({"--aud", "them"}, R"({"exp":1772625900,"aud":["them","b"]})") ==
        "AUTHORIZED_PARTY_MISSING");
  CHECK(verdict({"--aud", "them"}, R"({"exp":1772625900,"aud":["them","b"],"azp":"them"})") ==
        "accept");
  CHECK(verdict({"--iss", "us"}, R"({"iss":"us"})") == "EXPIRY_MISSING");
  CHECK(verdict({"--iss", "us"}, "no JSON") == "CLAIMS_NOT_JSON");
  CHECK(verdict({"--iss", "us"}, R"({"iss":"us","exp":"1772625900"})") == "CLAIM_MALFORMED");
  CHECK(verdict({"--now", "2026-03-04T12:00:00Z"}, R"({"exp":1772625900})") == "accept");
}

TEST_CASE("jose verify: P3 O13 the clocks may be 60 s apart, and not a second more",
          "[signinctl][P3][O13]") {
  const auto verdict = [](const std::string& now, const std::string& claims) {
    std::vector<std::string> all = Key(Ec().public_pem());
    all.insert(all.end(), {"--now", now});
    return Verdict(Verify(all, Ec().Sign(claims)));
  };
  // exp 1772625900, iat and nbf 1772625600.
  const std::string claims = R"({"iat":1772625600,"nbf":1772625600,"exp":1772625900})";
  CHECK(verdict("1772625959", claims) == "accept");
  CHECK(verdict("1772625960", claims) == "EXPIRED");
  CHECK(verdict("1772625961", claims) == "EXPIRED");
  CHECK(verdict("1772625540", claims) == "accept");
  CHECK(verdict("1772625539", claims) == "NOT_YET_VALID");
  CHECK(verdict("1772625539", R"({"iat":1772625600,"exp":1772625900})") == "ISSUED_IN_FUTURE");
}

TEST_CASE("jose verify: --now is RFC 3339 or seconds since 1970", "[signinctl]") {
  const auto verdict = [](const std::string& now) {
    std::vector<std::string> all = Key(Ec().public_pem());
    all.insert(all.end(), {"--now", now});
    return Verdict(Verify(all, Ec().Sign(kClaims)));
  };
  for (const char* now : {"2026-03-04T12:00:00Z", "2026-03-04t12:00:00.5z", "1772625600",
                          "2026-03-04T14:00:00+02:00"}) {
    CAPTURE(now);
    CHECK(verdict(now) == "accept");
  }
  CHECK(verdict("0") == "ISSUED_IN_FUTURE");
  for (const char* now :
       {"", "now", "yesterday", "2026-03-04", "2026-03-04T12:00:00", "1e9", "0x69a81c00",
        "99999999999999999999", "253402300800", "1772625600 ", "1772625600s"}) {
    CAPTURE(now);
    CHECK(verdict(now) == "ARGUMENT_INVALID");
  }
}

TEST_CASE("jose verify: J9 one line end behind the token is the file's, anything else is not",
          "[signinctl][J9]") {
  const std::string token = Ec().Sign("x");
  const std::string key = File(Ec().public_pem());
  for (const char* end : {"", "\n", "\r\n"}) {
    CHECK(Verdict(Verify({"--key", key, "--alg", "ES256"}, token + end)) == "accept");
    CHECK(Verdict(Verify({"--key", key, "--alg", "ES256"}, "", File(token + end))) == "accept");
  }
  for (const std::string& changed :
       {token + "\n\n", token + " ", token + " \n", token + "\r", token + "\t\n", "\n" + token,
        " " + token, "\xEF\xBB\xBF" + token, token + "=", token + "\n" + token,
        token + std::string("\0", 1)}) {
    CHECK(Verdict(Verify({"--key", key, "--alg", "ES256"}, changed)) != "accept");
    CHECK(Verify({"--key", key, "--alg", "ES256"}, changed).exit == 1);
  }
}

TEST_CASE("jose verify: O10 of several keys the one that the token names, and no guess",
          "[signinctl][O10]") {
  const Signer one;
  const Signer other;
  const auto set = [](const std::vector<std::string>& keys) {
    std::string text = "{\"keys\":[";
    for (const std::string& key : keys) absl::StrAppend(&text, text.back() == '[' ? "" : ",", key);
    return absl::StrCat(text, "]}");
  };
  const auto verdict = [&](const std::string& jwks, const std::string& token) {
    return Verdict(Verify({"--jwks", File(jwks), "--alg", "ES256,RS256"}, token));
  };
  const std::string both = set({one.PublicJwk({"a"}), other.PublicJwk({"b"})});
  CHECK(verdict(both, one.Sign("x", "a")) == "accept");
  CHECK(verdict(both, one.Sign("x", "b")) == "SIGNATURE_INVALID");
  CHECK(verdict(both, one.Sign("x", "c")) == "KEY_UNKNOWN");
  CHECK(verdict(both, one.Sign("x")) == "KEY_AMBIGUOUS");
  CHECK(verdict(set({one.PublicJwk({"a"})}), one.Sign("x")) == "accept");
  CHECK(verdict(set({one.PublicJwk({"a"}), Rsa().PublicJwk({"r"})}), one.Sign("x")) == "accept");
  CHECK(verdict(set({one.PublicJwk({"a"}), other.PublicJwk({"a"})}), one.Sign("x", "a")) ==
        "KEY_AMBIGUOUS");
  CHECK(verdict(set({}), one.Sign("x")) == "KEY_UNKNOWN");
  for (const char* kid : {"../../etc/passwd", "a' OR '1'='1", "A", "a "}) {
    CHECK(verdict(both, one.Sign("x", kid)) == "KEY_UNKNOWN");
  }
  // What cannot be used is left out, and said.
  const Ran ran = Verify(
      {"--jwks", File(set({R"({"kty":"oct","k":"AA"})", one.PublicJwk({"a"})})), "--alg", "ES256"},
      other.Sign("x", "b"));
  CHECK(Verdict(ran) == "KEY_UNKNOWN");
  CHECK(absl::StrContains(ran.err, "key 0 SYMMETRIC"));
}

TEST_CASE("jose verify: O9 O12 what a header must not bring is told by its reason",
          "[signinctl][O9][O12]") {
  const auto verdict = [](const std::string& header) {
    return Verdict(Verify(Key(Ec().public_pem()), Ec().SignOver(header, "x")));
  };
  CHECK(verdict(R"({"alg":"ES256"})") == "accept");
  CHECK(verdict(R"({"alg":"ES256","crit":["exp"],"exp":1})") == "HEADER_CRITICAL");
  CHECK(verdict(R"({"alg":"ES256","b64":false})") == "HEADER_UNENCODED");
  CHECK(verdict(R"({"alg":"ES256","jwk":{}})") == "HEADER_EMBEDDED_KEY");
  CHECK(verdict(R"({"alg":"ES256","jku":"https://x.example"})") == "HEADER_EMBEDDED_KEY");
  CHECK(verdict(R"({"alg":"ES256","zip":"DEF"})") == "HEADER_COMPRESSED");
  CHECK(verdict(R"({"alg":"ES256","alg":"ES256"})") == "HEADER_DUPLICATE_NAME");
  CHECK(verdict("[]") == "HEADER_NOT_JSON");
  CHECK(verdict("{}") == "ALGORITHM_MISSING");
}

TEST_CASE("jose verify: --json is one line, the words stay away", "[signinctl]") {
  std::vector<std::string> flags = Key(Ec().public_pem());
  flags.emplace_back("--json");
  const Ran ran = Verify(flags, Ec().Sign("x"));
  CHECK(ran.exit == 0);
  CHECK(ran.out.find('\n') == ran.out.size() - 1);
  CHECK(ran.err.empty());
}

}  // namespace va::signinctl
