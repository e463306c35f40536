#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/base/encoding.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/jose/jwe.h"
#include "lib/testing/test_pki.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

using jose::ContentEncryption;
using jose::KeyManagement;

constexpr char kAllAlg[] = "RSA-OAEP,RSA-OAEP-256,ECDH-ES";
constexpr char kAllEnc[] = "A128GCM,A256GCM,A128CBC-HS256";

struct Receiver {
  std::string pem;
  crypto::PrivateKey key;

  static Receiver Make(crypto::NewKey kind) {
    std::string pem = *crypto::GenerateKeyPem(kind);
    crypto::PrivateKey key = *crypto::PrivateKey::FromPem(pem);
    return {std::move(pem), std::move(key)};
  }
  std::string Encrypt(KeyManagement management, ContentEncryption encryption,
                      absl::string_view plaintext, const jose::JweFields& fields = {}) const {
    const auto made = jose::EncryptionKey::Create(key.Public(), management, encryption);
    REQUIRE(made.ok());
    return *jose::EncryptCompact(*made, fields, plaintext);
  }
};

const Receiver& Rsa() {
  static const auto* const receiver = new Receiver(Receiver::Make(crypto::NewKey::kRsa2048));
  return *receiver;
}
const Receiver& Ec() {
  static const auto* const receiver = new Receiver(Receiver::Make(crypto::NewKey::kEcP256));
  return *receiver;
}

std::string File(const std::string& content) {
  static const auto* const dir = new testing::TempDir();
  static int count = 0;
  return dir->Write(absl::StrCat("file", ++count), content, 0644);
}

Ran Decrypt(const std::string& key, const std::string& token, const std::string& alg = kAllAlg,
            const std::string& enc = kAllEnc) {
  return RunWith({"jose", "decrypt", "--key", File(key), "--alg", alg, "--enc", enc, "-"}, token);
}

std::string Verdict(const Ran& ran) {
  if (ran.exit == 2) return "misuse";
  if (!ran.json.is_object()) return "no JSON";
  if (ran.json["verdict"] == "accept") return ran.exit == 0 ? "accept" : "accept with a wrong exit";
  return ran.exit == 1 ? ran.json["reason"].get<std::string>() : "reject with a wrong exit";
}

}  // namespace

TEST_CASE("jose decrypt: prints verdict, header and payload, and nothing else", "[signinctl]") {
  jose::JweFields fields;
  fields.kid = "to";
  fields.cty = "x";
  const Ran ran = Decrypt(
      Rsa().pem,
      Rsa().Encrypt(KeyManagement::kRsaOaep256, ContentEncryption::kA256Gcm, "\x01 any", fields));
  CHECK(ran.exit == 0);
  CHECK(ran.json ==
        Json{{"verdict", "accept"},
             {"header", {{"alg", "RSA-OAEP-256"}, {"enc", "A256GCM"}, {"cty", "x"}, {"kid", "to"}}},
             {"payload", base::Base64UrlEncode("\x01 any")}});
  CHECK_FALSE(absl::StrContains(ran.err, "any"));
  const Ran refused = Decrypt(
      Ec().pem, Rsa().Encrypt(KeyManagement::kRsaOaep256, ContentEncryption::kA256Gcm, "x"));
  CHECK(refused.exit == 1);
  CHECK(refused.json == Json{{"verdict", "reject"}, {"reason", "KEY_UNKNOWN"}});
}

TEST_CASE("jose decrypt: J2 every pair opens when both its names are on the lists, else nothing",
          "[signinctl][J2]") {
  const Receiver p384 = Receiver::Make(crypto::NewKey::kEcP384);
  for (const Receiver* receiver : std::vector<const Receiver*>{&Rsa(), &Ec(), &p384}) {
    for (const KeyManagement management : jose::AllKeyManagements()) {
      if (!Fits(receiver->key.type(), management)) continue;
      for (const ContentEncryption encryption : jose::AllContentEncryptions()) {
        const std::string token = receiver->Encrypt(management, encryption, "");
        const std::string alg(ToString(management));
        const std::string enc(ToString(encryption));
        CAPTURE(alg, enc);
        CHECK(Verdict(Decrypt(receiver->pem, token)) == "accept");
        CHECK(Verdict(Decrypt(receiver->pem, token, alg, enc)) == "accept");
        std::string others;
        for (const KeyManagement one : jose::AllKeyManagements()) {
          if (one != management) absl::StrAppend(&others, ToString(one), ",");
        }
        CHECK(Verdict(Decrypt(receiver->pem, token, others, enc)) == "KEY_UNKNOWN");
        std::string contents;
        for (const ContentEncryption one : jose::AllContentEncryptions()) {
          if (one != encryption) absl::StrAppend(&contents, ToString(one), ",");
        }
        CHECK(Verdict(Decrypt(receiver->pem, token, alg, contents)) ==
              "CONTENT_ENCRYPTION_REFUSED");
      }
    }
  }
}

TEST_CASE("jose decrypt: J3 J5 lists without one of ours open nothing", "[signinctl][J3][J5]") {
  const std::string token =
      Rsa().Encrypt(KeyManagement::kRsaOaep, ContentEncryption::kA128Gcm, "x");
  for (const char* alg :
       {"", "RSA1_5", "dir", "A128KW", "PBES2-HS256+A128KW", "rsa-oaep", "none"}) {
    CAPTURE(alg);
    CHECK(Verdict(Decrypt(Rsa().pem, token, alg)) == "KEY_MANAGEMENT_UNKNOWN");
  }
  for (const char* enc : {"", "A192GCM", "A256CBC-HS512", "none", "a128gcm"}) {
    CAPTURE(enc);
    CHECK(Verdict(Decrypt(Rsa().pem, token, kAllAlg, enc)) == "CONTENT_ENCRYPTION_UNKNOWN");
  }
  CHECK(Verdict(Decrypt(Rsa().pem, token, "RSA1_5,RSA-OAEP", "A192GCM,A128GCM")) == "accept");
}

TEST_CASE("jose decrypt: --key is a private JWK or PEM", "[signinctl]") {
  const std::string token = std::string(kExamples) + "jose_encrypted.jwe";
  const std::string jwk = [] {
    std::ifstream file(std::string(kExamples) + "jose_private.json");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  const auto verdict = [&](const std::string& key, const std::string& alg = kAllAlg) {
    return Verdict(
        RunWith({"jose", "decrypt", "--key", File(key), "--alg", alg, "--enc", kAllEnc, token}));
  };
  CHECK(verdict(jwk) == "accept");
  CHECK(verdict(absl::StrReplaceAll(jwk, {{"meriadoc", "peregrin"}})) == "KEY_UNKNOWN");
  CHECK(verdict(absl::StrReplaceAll(jwk, {{R"("use": "enc")", R"("use": "sig")"}})) ==
        "KEY_UNKNOWN");
  for (const char* operation : {"deriveKey", "deriveBits"}) {
    const std::string allowed = absl::StrCat(R"("key_ops": [")", operation, R"("])");
    CHECK(verdict(absl::StrReplaceAll(jwk, {{R"("use": "enc")", allowed}})) == "accept");
  }
  CHECK(verdict(absl::StrReplaceAll(jwk, {{R"("use": "enc")", R"("alg": "ECDH-ES")"}})) ==
        "accept");
  CHECK(verdict(Ec().pem) == "DECRYPTION_FAILED");
  CHECK(verdict(Rsa().pem) == "KEY_UNKNOWN");
  CHECK(verdict(Ec().key.Public().Pem()) == "KEY_UNKNOWN");
  CHECK(verdict(absl::StrReplaceAll(jwk, {{R"("d")", R"("e")"}})) == "KEY_UNKNOWN");
  CHECK(verdict("") == "NOT_JSON");
  CHECK(verdict("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n") ==
        "KEY_UNREADABLE");
  const std::string ed = *crypto::GenerateKeyPem(crypto::NewKey::kEd25519);
  CHECK(verdict(ed) == "KEY_UNKNOWN");
}

TEST_CASE("jose decrypt: one line end behind the token is the file's, anything else is not",
          "[signinctl]") {
  const std::string token = Ec().Encrypt(KeyManagement::kEcdhEs, ContentEncryption::kA128Gcm, "x");
  for (const char* end : {"", "\n", "\r\n"})
    CHECK(Verdict(Decrypt(Ec().pem, token + end)) == "accept");
  for (const std::string& changed :
       {token + "\n\n", token + " ", " " + token, token + "=", "\xEF\xBB\xBF" + token}) {
    CHECK(Decrypt(Ec().pem, changed).exit == 1);
  }
}

TEST_CASE("jose decrypt: exit 2 only for an unknown flag or a file that cannot be read",
          "[signinctl]") {
  const std::string token = Ec().Encrypt(KeyManagement::kEcdhEs, ContentEncryption::kA128Gcm, "x");
  const std::string key = File(Ec().pem);
  const auto run = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"jose", "decrypt"});
    return RunWith(flags, token);
  };
  for (const std::vector<std::string>& row : std::vector<std::vector<std::string>>{
           {"--key", "/nonexistent", "--alg", "ECDH-ES", "--enc", "A128GCM", "-"},
           {"--key", key, "--alg", "ECDH-ES", "--enc", "A128GCM", "/nonexistent"},
           {"--key", key, "--alg", "none", "/"},
           {"--key", key, "--alg", "ECDH-ES", "--enc", "A128GCM", "--jwks", key, "-"},
           {"--key", key, "--alg", "ECDH-ES", "--enc", "A128GCM", "--now", "0", "-"}}) {
    CAPTURE(row);
    const Ran ran = run(row);
    CHECK(ran.exit == 2);
    CHECK(ran.out.empty());
  }
  for (const std::vector<std::string>& row : std::vector<std::vector<std::string>>{
           {"--alg", "ECDH-ES", "--enc", "A128GCM", "-"},
           {"--key", key, "--enc", "A128GCM", "-"},
           {"--key", key, "--alg", "ECDH-ES", "-"},
           {"--key", key, "--alg", "ECDH-ES", "--enc", "A128GCM"}}) {
    CAPTURE(row);
    CHECK(Verdict(run(row)) == "ARGUMENT_MISSING");
  }
  CHECK(Verdict(run({"--key", key, "--alg", "ECDH-ES", "--enc", "A128GCM", "-", "-"})) ==
        "ARGUMENT_INVALID");
}

TEST_CASE("jose decrypt: hostile input is a reject, never a crash and never accepted",
          "[signinctl]") {
  for (const Receiver* receiver : {&Rsa(), &Ec()}) {
    const KeyManagement management =
        receiver == &Ec() ? KeyManagement::kEcdhEs : KeyManagement::kRsaOaep;
    const std::string token =
        receiver->Encrypt(management, ContentEncryption::kA128CbcHs256, "a text");
    REQUIRE(Verdict(Decrypt(receiver->pem, token)) == "accept");
    for (const std::string& garbage : HostileInputs(token)) {
      CAPTURE(garbage.substr(0, 60));
      const Ran ran = Decrypt(receiver->pem, garbage);
      CHECK(ran.exit == 1);
      CHECK(ran.json["verdict"] == "reject");
      CHECK_FALSE(ran.json["reason"].get<std::string>().empty());
    }
    for (const std::string& garbage : HostileInputs(receiver->pem)) {
      // A changed bit of what nobody needs to decrypt changes nothing; no file is misuse.
      const Ran ran = Decrypt(garbage, token);
      CHECK(ran.exit != 2);
      CHECK(ran.json["verdict"].is_string());
    }
  }
}

}  // namespace va::signinctl
