#include "lib/jose/jwe.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/ec_point.h"
#include "lib/crypto/key_agreement.h"
#include "lib/crypto/key_transport.h"
#include "lib/jose/compact.h"
#include "lib/jose/cost_testing.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/jwk.h"
#include "lib/jose/keys_testing.h"

namespace va::jose {
namespace {

using base::Base64UrlDecode;
using base::Base64UrlEncode;
using nlohmann::json;
using testing::Ec384Key;
using testing::EcKey;
using testing::OtherEcKey;
using testing::RsaKey;

// RFC 7516 appendix A.1: RSA-OAEP and A256GCM.
constexpr char kA1[] =
    "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ"
    ".OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03JGeipsEdY3mx_etLbbWSrFr05kLzcSr"
    "4qKAq7YN7e9jwQRb23nfa6c9d-StnImGyFDbSv04uVuxIp5Zms1gNxKKK2Da14B8S4rzVRltdYwam_lDp5XnZAYpQdb76F"
    "dIKLaVmqgfwX7XWRxv2322i-vDxRfqNzo_tETKzpVLzfiwQyeyPGLBIO56YJ7eObdv0je81860ppamavo35UgoRdbYaBco"
    "h9QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi6UklfCpIMfIjf7iGdXKHzg"
    ".48V1_ALb6US04U3b"
    ".5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A"
    ".XFBoMYUZodetZdvTiFvSkQ";
constexpr char kA1Key[] = R"({"kty":"RSA",
  "n":"oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M70imEVhRU5djINXtqllXI4DFqcI1DgjT9LewND8MW2Krf3Spsk_ZkoFnilakGygTwpZ3uesH-PFABNIUYpOiN15dsQRkgr0vEhxN92i2asbOenSZeyaxziK72UwxrrKoExv6kc5twXTq4h-QChLOln0_mtUZwfsRaMStPs6mS6XrgxnxbWhojf663tuEQueGC-FCMfra36C9knDFGzKsNa7LZK2djYgyD3JR_MB_4NUJW_TqOQtwHYbxevoJArm-L5StowjzGy-_bq6Gw",
  "e":"AQAB",
  "d":"kLdtIj6GbDks_ApCSTYQtelcNttlKiOyPzMrXHeI-yk1F7-kpDxY4-WY5NWV5KntaEeXS1j82E375xxhWMHXyvjYecPT9fpwR_M9gV8n9Hrh2anTpTD93Dt62ypW3yDsJzBnTnrYu1iwWRgBKrEYY46qAZIrA2xAwnm2X7uGR1hghkqDp0Vqj3kbSCz1XyfCs6_LehBwtxHIyh8Ripy40p24moOAbgxVw3rxT_vlt3UVe4WO3JkJOzlpUf-KTVI2Ptgm-dARxTEtE-id-4OJr0h-K-VFs3VSndVTIznSxfyrj8ILL6MG_Uv8YAu7VILSB3lOW085-4qE3DzgrTjgyQ"})";

// RFC 7518 appendix C: the receiver's key, the header, and the key both sides derive.
constexpr char kBob[] = R"({"kty":"EC","crv":"P-256",
  "x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
  "y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
  "d":"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"})";
constexpr char kAppendixC[] = R"({"alg":"ECDH-ES","enc":"A128GCM","apu":"QWxpY2U","apv":"Qm9i",
  "epk":{"kty":"EC","crv":"P-256","x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
  "y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"}})";

crypto::PrivateKey PrivateOf(absl::string_view jwk) {
  absl::StatusOr<Jwk> key = ParseJwk(jwk);
  REQUIRE(key.ok());
  REQUIRE(key->private_key.has_value());
  return *std::move(key->private_key);
}

const std::vector<ContentEncryption>& AllEncryptions() {
  static const auto* const all = new std::vector<ContentEncryption>(AllContentEncryptions().begin(),
                                                                    AllContentEncryptions().end());
  return *all;
}

std::vector<DecryptionKey> Keys(const crypto::PrivateKey& key, KeyManagement management,
                                absl::string_view id = "") {
  std::vector<DecryptionKey> keys;
  keys.push_back(DecryptionKey::Create(key, management, AllEncryptions(), id).value());
  return keys;
}

const std::vector<DecryptionKey>& RsaKeys() {
  static const auto* const keys =
      new std::vector<DecryptionKey>(Keys(RsaKey(), KeyManagement::kRsaOaep));
  return *keys;
}
const std::vector<DecryptionKey>& EcKeys() {
  static const auto* const keys =
      new std::vector<DecryptionKey>(Keys(EcKey(), KeyManagement::kEcdhEs));
  return *keys;
}

std::string Outcome(absl::string_view token, absl::Span<const DecryptionKey> keys) {
  const auto opened = DecryptCompact(token, keys);
  return opened.ok() ? "decrypted" : base::ReasonOf(opened.status());
}

std::vector<std::string> Parts(const std::string& token) { return absl::StrSplit(token, '.'); }
std::string Joined(const std::vector<std::string>& parts) { return absl::StrJoin(parts, "."); }

const crypto::PrivateKey& KeyFor(KeyManagement management, bool large_curve) {
  if (management != KeyManagement::kEcdhEs) return RsaKey();
  return large_curve ? Ec384Key() : EcKey();
}

// Raw parts of a token, before they are encoded.
struct Raw {
  std::string wrapped;
  std::string iv;
  std::string ciphertext;
  std::string tag;
};

std::string Encoded(absl::string_view header, const Raw& raw) {
  return absl::StrCat(Base64UrlEncode(header), ".", Base64UrlEncode(raw.wrapped), ".",
                      Base64UrlEncode(raw.iv), ".", Base64UrlEncode(raw.ciphertext), ".",
                      Base64UrlEncode(raw.tag));
}

// A good tag over any header, under a content key that the caller has.
Raw Sealed(absl::string_view header, const std::string& content_key, crypto::Aead aead,
           absl::string_view plaintext = "{}") {
  Raw raw;
  raw.iv = std::string(crypto::IvBytes(aead), 'i');
  raw.ciphertext.resize(crypto::CiphertextBytes(aead, plaintext.size()));
  raw.tag.resize(crypto::kAeadTagBytes);
  REQUIRE(crypto::SealAead(aead, content_key, raw.iv, Base64UrlEncode(header), plaintext,
                           raw.ciphertext.data(), raw.tag.data()));
  return raw;
}

std::string WrappedFor(const crypto::PrivateKey& key, const std::string& content_key) {
  const auto wrapper = crypto::OaepWrapper::Create(key.Public(), {}).value();
  std::string wrapped(wrapper.bytes(), '\0');
  REQUIRE(wrapper.Wrap(content_key, wrapped.data()));
  return wrapped;
}

// RSA-OAEP and A128GCM behind any header.
std::string UnderRsa(absl::string_view header) {
  const std::string content_key(16, 'k');
  Raw raw = Sealed(header, content_key, crypto::Aead::kAes128Gcm);
  raw.wrapped = WrappedFor(RsaKey(), content_key);
  return Encoded(header, raw);
}

// ---- what it is for ----

TEST_CASE("DecryptCompact: the RSA-OAEP example of RFC 7516 A.1", "[jose][rule]") {
  const auto keys = Keys(PrivateOf(kA1Key), KeyManagement::kRsaOaep);
  const auto opened = DecryptCompact(kA1, keys);
  REQUIRE(opened.ok());
  CHECK(opened->plaintext == "The true sign of intelligence is not knowledge but imagination.");
  CHECK(opened->header.management == KeyManagement::kRsaOaep);
  CHECK(opened->header.encryption == ContentEncryption::kA256Gcm);
  CHECK_FALSE(opened->header.has_kid);
  CHECK(Outcome(kA1, RsaKeys()) == "DECRYPTION_FAILED");
}

TEST_CASE("DecryptCompact: the agreement of RFC 7518 appendix C", "[jose][rule]") {
  const std::string key = Base64UrlDecode("VqqN6vgjbSBcIijNcacQGg").value();
  const std::string token =
      Encoded(kAppendixC, Sealed(kAppendixC, key, crypto::Aead::kAes128Gcm, "for Bob"));
  const auto opened = DecryptCompact(token, Keys(PrivateOf(kBob), KeyManagement::kEcdhEs));
  REQUIRE(opened.ok());
  CHECK(opened->plaintext == "for Bob");
  CHECK(Outcome(token, EcKeys()) == "DECRYPTION_FAILED");
}

TEST_CASE("EncryptCompact: what was encrypted is what comes back, in every combination", "[jose]") {
  for (const KeyManagement management : AllKeyManagements()) {
    for (const ContentEncryption encryption : AllContentEncryptions()) {
      for (const bool large_curve : {false, true}) {
        const crypto::PrivateKey& key = KeyFor(management, large_curve);
        const auto to = EncryptionKey::Create(key.Public(), management, encryption, "k1").value();
        for (const std::string& plaintext : {std::string(), std::string("{\"a\":1}"),
                                             std::string(3000, 'x'), std::string("\0\xff.\n", 4)}) {
          const std::string token = EncryptCompact(to, {"t", "c", "", "", ""}, plaintext).value();
          const auto opened = DecryptCompact(token, Keys(key, management, "k1"));
          REQUIRE(opened.ok());
          CHECK(opened->plaintext == plaintext);
          CHECK(opened->header.management == management);
          CHECK(opened->header.encryption == encryption);
          CHECK(opened->header.typ == "t");
          CHECK(opened->header.cty == "c");
          CHECK(opened->header.kid == "k1");
        }
      }
    }
  }
}

TEST_CASE("EncryptCompact: the header says what was done and no more", "[jose][rule]") {
  const auto to = EncryptionKey::Create(RsaKey().Public(), KeyManagement::kRsaOaep256,
                                        ContentEncryption::kA256Gcm)
                      .value();
  const auto header_of = [](const std::string& token) {
    return json::parse(*Base64UrlDecode(Parts(token)[0]));
  };
  CHECK(header_of(EncryptCompact(to, {}, "").value()) ==
        json{{"alg", "RSA-OAEP-256"}, {"enc", "A256GCM"}});
  CHECK(header_of(EncryptCompact(to, {"JWT", "JWT", "the \"key\"", "", ""}, "").value()) ==
        json{{"alg", "RSA-OAEP-256"},
             {"enc", "A256GCM"},
             {"typ", "JWT"},
             {"cty", "JWT"},
             {"kid", "the \"key\""}});
  const auto agreeing = EncryptionKey::Create(Ec384Key().Public(), KeyManagement::kEcdhEs,
                                              ContentEncryption::kA128Gcm)
                            .value();
  const std::string token = EncryptCompact(agreeing, {"", "", "", "Alice", "Bob"}, "").value();
  const json header = header_of(token);
  CHECK(header["apu"] == "QWxpY2U");
  CHECK(header["apv"] == "Qm9i");
  CHECK(header["epk"].size() == 4);
  CHECK(header["epk"]["kty"] == "EC");
  CHECK(header["epk"]["crv"] == "P-384");
  CHECK(Parts(token)[1].empty());
}

TEST_CASE("EncryptCompact: content key, vector and ephemeral key are fresh for every token",
          "[jose][security]") {
  for (const KeyManagement management : AllKeyManagements()) {
    const auto to = EncryptionKey::Create(KeyFor(management, false).Public(), management,
                                          ContentEncryption::kA128Gcm)
                        .value();
    std::set<std::string> keys;
    std::set<std::string> vectors;
    for (int i = 0; i < 20; ++i) {
      const auto parts = Parts(EncryptCompact(to, {}, "the same").value());
      // What decides the content key: the wrapped one, or the header with the ephemeral one.
      keys.insert(parts[0] + parts[1]);
      vectors.insert(parts[2]);
    }
    CHECK(keys.size() == 20);
    CHECK(vectors.size() == 20);
  }
}

TEST_CASE("EncryptCompact: refuses what nobody would read", "[jose]") {
  const auto to =
      EncryptionKey::Create(RsaKey().Public(), KeyManagement::kRsaOaep, ContentEncryption::kA128Gcm)
          .value();
  CHECK_FALSE(EncryptCompact(to, {}, std::string(kMaxToken, 'x')).ok());
  CHECK_FALSE(EncryptCompact(to, {}, std::string(kMaxToken * 3 / 4, 'x')).ok());
  CHECK_FALSE(EncryptCompact(to, {"", "", std::string(kMaxEncodedHeader, 'x'), "", ""}, "").ok());
  CHECK_FALSE(EncryptCompact(to, {"\xff", "", "", "", ""}, "").ok());
  CHECK_FALSE(EncryptCompact(to, {"", "", "", "Alice", ""}, "").ok());
  // The longest that is written is read.
  const std::string longest = EncryptCompact(to, {}, std::string(48000, 'x')).value();
  CHECK(Outcome(longest, RsaKeys()) == "decrypted");
}

// ---- keys ----

TEST_CASE("EncryptionKey, DecryptionKey: J2 a key of another kind than its algorithm is refused",
          "[jose][security]") {
  struct Row {
    const crypto::PrivateKey& key;
    KeyManagement management;
  };
  const Row rows[] = {{EcKey(), KeyManagement::kRsaOaep},
                      {EcKey(), KeyManagement::kRsaOaep256},
                      {Ec384Key(), KeyManagement::kRsaOaep},
                      {RsaKey(), KeyManagement::kEcdhEs}};
  for (const Row& row : rows) {
    CHECK(base::ReasonOf(
              EncryptionKey::Create(row.key.Public(), row.management, ContentEncryption::kA128Gcm)
                  .status()) == "KEY_ALGORITHM");
    CHECK(
        base::ReasonOf(DecryptionKey::Create(row.key, row.management, AllEncryptions()).status()) ==
        "KEY_ALGORITHM");
  }
  CHECK_FALSE(DecryptionKey::Create(RsaKey(), KeyManagement::kRsaOaep, {}).ok());
}

TEST_CASE(
    "EncryptionKey, DecryptionKey: J13 a weak RSA key is refused for use, however it was read",
    "[jose][security]") {
  const auto reasons_of = [](const crypto::PrivateKey& key, KeyManagement management) {
    return std::set<std::string>{
        base::ReasonOf(
            EncryptionKey::Create(key.Public(), management, ContentEncryption::kA128Gcm).status()),
        base::ReasonOf(DecryptionKey::Create(key, management, AllEncryptions()).status())};
  };
  const auto small =
      crypto::PrivateKey::FromPem(crypto::GenerateKeyPem(crypto::NewKey::kRsa1024ForTests).value(),
                                  crypto::KeyStrength::kAnySize);
  REQUIRE(small.ok());
  const crypto::PrivateKey three = testing::RsaKeyWithExponentThree();
  for (const KeyManagement management : {KeyManagement::kRsaOaep, KeyManagement::kRsaOaep256}) {
    CHECK(reasons_of(*small, management) == std::set<std::string>{"KEY_TOO_SHORT"});
    CHECK(reasons_of(three, management) == std::set<std::string>{"KEY_EXPONENT"});
  }
}

TEST_CASE("DecryptCompact: J2 a key decrypts under its own algorithm and what it allows alone",
          "[jose][security]") {
  const auto to = [](KeyManagement management, ContentEncryption encryption) {
    const auto key = EncryptionKey::Create(RsaKey().Public(), management, encryption).value();
    return EncryptCompact(key, {}, "x").value();
  };
  std::vector<DecryptionKey> keys;
  keys.push_back(
      DecryptionKey::Create(RsaKey(), KeyManagement::kRsaOaep256, {ContentEncryption::kA256Gcm})
          .value());
  CHECK(Outcome(to(KeyManagement::kRsaOaep256, ContentEncryption::kA256Gcm), keys) == "decrypted");
  CHECK(Outcome(to(KeyManagement::kRsaOaep, ContentEncryption::kA256Gcm), keys) == "KEY_UNKNOWN");
  CHECK(Outcome(to(KeyManagement::kRsaOaep256, ContentEncryption::kA128Gcm), keys) ==
        "CONTENT_ENCRYPTION_REFUSED");
  CHECK(Outcome(to(KeyManagement::kRsaOaep256, ContentEncryption::kA128CbcHs256), keys) ==
        "CONTENT_ENCRYPTION_REFUSED");
}

TEST_CASE("DecryptCompact: O10 the key is chosen by algorithm and kid alone", "[jose][rule]") {
  const auto token = [](const crypto::PrivateKey& key, const char* kid) {
    const auto to = EncryptionKey::Create(key.Public(), KeyManagement::kEcdhEs,
                                          ContentEncryption::kA128Gcm, kid)
                        .value();
    return EncryptCompact(to, {}, "x").value();
  };
  std::vector<DecryptionKey> keys = Keys(EcKey(), KeyManagement::kEcdhEs, "old");
  keys.push_back(std::move(Keys(OtherEcKey(), KeyManagement::kEcdhEs, "new")[0]));
  keys.push_back(std::move(Keys(RsaKey(), KeyManagement::kRsaOaep, "new")[0]));
  CHECK(Outcome(token(EcKey(), "old"), keys) == "decrypted");
  CHECK(Outcome(token(OtherEcKey(), "new"), keys) == "decrypted");
  CHECK(Outcome(token(EcKey(), "new"), keys) == "DECRYPTION_FAILED");
  for (const char* kid : {"older", "OLD", "old ", "../old", "' OR 1=1 --"}) {
    CHECK(Outcome(token(EcKey(), kid), keys) == "KEY_UNKNOWN");
  }
  CHECK(Outcome(token(EcKey(), ""), keys) == "KEY_AMBIGUOUS");
  CHECK(Outcome(UnderRsa(R"({"alg":"RSA-OAEP","enc":"A128GCM"})"), keys) == "decrypted");
  CHECK(Outcome(UnderRsa(R"({"alg":"RSA-OAEP","enc":"A128GCM","kid":""})"), keys) == "KEY_UNKNOWN");
  CHECK(Outcome(token(EcKey(), "old"), {}) == "KEY_UNKNOWN");
  keys.push_back(std::move(Keys(OtherEcKey(), KeyManagement::kEcdhEs, "old")[0]));
  CHECK(Outcome(token(EcKey(), "old"), keys) == "KEY_AMBIGUOUS");
}

// ---- attacks ----

TEST_CASE("DecryptCompact: every header that wants something else is refused", "[jose][security]") {
  struct Row {
    const char* rule;
    const char* header;
    const char* outcome;
  };
  const auto row = GENERATE(values<Row>({
      {"the plain one passes", R"({"alg":"RSA-OAEP","enc":"A128GCM"})", "decrypted"},
      {"members nobody knows are ignored", R"({"alg":"RSA-OAEP","enc":"A128GCM","x":[1]})",
       "decrypted"},
      {"J2 J3 PKCS#1 v1.5 where OAEP is registered", R"({"alg":"RSA1_5","enc":"A128GCM"})",
       "KEY_MANAGEMENT_UNKNOWN"},
      {"J2 direct use of public key bytes", R"({"alg":"dir","enc":"A128GCM"})",
       "KEY_MANAGEMENT_UNKNOWN"},
      {"J2 AES key wrap", R"({"alg":"A128KW","enc":"A128GCM"})", "KEY_MANAGEMENT_UNKNOWN"},
      {"J2 AES-GCM key wrap", R"({"alg":"A256GCMKW","enc":"A128GCM"})", "KEY_MANAGEMENT_UNKNOWN"},
      {"J2 agreement with key wrap", R"({"alg":"ECDH-ES+A128KW","enc":"A128GCM"})",
       "KEY_MANAGEMENT_UNKNOWN"},
      {"J2 OAEP with another digest", R"({"alg":"RSA-OAEP-512","enc":"A128GCM"})",
       "KEY_MANAGEMENT_UNKNOWN"},
      {"J2 none", R"({"alg":"none","enc":"A128GCM"})", "KEY_MANAGEMENT_UNKNOWN"},
      {"J2 an empty algorithm", R"({"alg":"","enc":"A128GCM"})", "KEY_MANAGEMENT_UNKNOWN"},
      {"J2 another spelling", R"({"alg":"rsa-oaep","enc":"A128GCM"})", "KEY_MANAGEMENT_UNKNOWN"},
      {"J2 a signature's algorithm", R"({"alg":"ES256","enc":"A128GCM"})",
       "KEY_MANAGEMENT_UNKNOWN"},
      {"J2 the other digest of OAEP than the key's", R"({"alg":"RSA-OAEP-256","enc":"A128GCM"})",
       "KEY_UNKNOWN"},
      {"J2 agreement where OAEP is registered", R"({"alg":"ECDH-ES","enc":"A128GCM"})",
       "KEY_UNKNOWN"},
      {"J4 a compressed content", R"({"alg":"RSA-OAEP","enc":"A128GCM","zip":"DEF"})",
       "HEADER_COMPRESSED"},
      {"J4 no compression, but said", R"({"alg":"RSA-OAEP","enc":"A128GCM","zip":null})",
       "HEADER_COMPRESSED"},
      {"J5 a password of two milliard rounds",
       R"({"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483648,"p2s":""})",
       "PASSWORD_BASED"},
      {"J5 a password without a count", R"({"alg":"PBES2-HS512+A256KW","enc":"A128GCM"})",
       "PASSWORD_BASED"},
      {"J5 a count of rounds", R"({"alg":"RSA-OAEP","enc":"A128GCM","p2c":1})", "PASSWORD_BASED"},
      {"no algorithm", R"({"enc":"A128GCM"})", "ALGORITHM_MISSING"},
      {"the algorithm is no text", R"({"alg":1,"enc":"A128GCM"})", "HEADER_MALFORMED"},
      {"no content encryption", R"({"alg":"RSA-OAEP"})", "CONTENT_ENCRYPTION_MISSING"},
      {"the content encryption is no text", R"({"alg":"RSA-OAEP","enc":["A128GCM"]})",
       "HEADER_MALFORMED"},
      {"another content encryption", R"({"alg":"RSA-OAEP","enc":"A192GCM"})",
       "CONTENT_ENCRYPTION_UNKNOWN"},
      {"content without authentication", R"({"alg":"RSA-OAEP","enc":"A128CBC"})",
       "CONTENT_ENCRYPTION_UNKNOWN"},
      {"the type is no text", R"({"alg":"RSA-OAEP","enc":"A128GCM","typ":1})", "HEADER_MALFORMED"},
      {"the content type is no text", R"({"alg":"RSA-OAEP","enc":"A128GCM","cty":["JWT"]})",
       "HEADER_MALFORMED"},
      {"the kid is no text", R"({"alg":"RSA-OAEP","enc":"A128GCM","kid":{}})", "HEADER_MALFORMED"},
      {"O12 an unknown extension", R"({"alg":"RSA-OAEP","enc":"A128GCM","crit":["x"],"x":1})",
       "HEADER_CRITICAL"},
      {"O9 a key of its own", R"({"alg":"RSA-OAEP","enc":"A128GCM","jwk":{}})",
       "HEADER_EMBEDDED_KEY"},
      {"O9 an address of keys", R"({"alg":"RSA-OAEP","enc":"A128GCM","jku":"https://a"})",
       "HEADER_EMBEDDED_KEY"},
      {"O9 an address of certificates", R"({"alg":"RSA-OAEP","enc":"A128GCM","x5u":"https://a"})",
       "HEADER_EMBEDDED_KEY"},
      {"O9 certificates", R"({"alg":"RSA-OAEP","enc":"A128GCM","x5c":["AA"]})",
       "HEADER_EMBEDDED_KEY"},
      {"J8 one name twice", R"({"alg":"RSA-OAEP","enc":"A128GCM","alg":"RSA-OAEP"})",
       "HEADER_DUPLICATE_NAME"},
      {"J8 one name twice, inside", R"({"alg":"RSA-OAEP","enc":"A128GCM","x":{"y":1,"y":1}})",
       "HEADER_DUPLICATE_NAME"},
      {"J8 a list", R"(["RSA-OAEP","A128GCM"])", "HEADER_NOT_JSON"},
      {"J8 nothing", "", "HEADER_NOT_JSON"},
  }));
  INFO(row.rule);
  CHECK(Outcome(UnderRsa(row.header), RsaKeys()) == row.outcome);
}

TEST_CASE("DecryptCompact: J8 large and deep headers are bounded", "[jose][security]") {
  const auto padded = [](size_t size) {
    return absl::StrCat(R"({"alg":"RSA-OAEP","enc":"A128GCM","x":")", std::string(size, 'x'),
                        "\"}");
  };
  CHECK(Outcome(UnderRsa(padded(8000)), RsaKeys()) == "HEADER_TOO_LARGE");
  CHECK(Outcome(UnderRsa(padded(size_t{1} << 20)), RsaKeys()) == "TOKEN_TOO_LARGE");
  CHECK(Outcome(UnderRsa(absl::StrCat(R"({"alg":"RSA-OAEP","enc":"A128GCM","x":)",
                                      std::string(2000, '['), std::string(2000, ']'), "}")),
                RsaKeys()) == "HEADER_NOT_JSON");
}

// An agreement whose epk is what the row makes of a good one.
std::string WithEpk(const crypto::PrivateKey& receiver, const std::function<void(json&)>& change) {
  const auto sender = crypto::AgreementSender::Create(receiver.Public()).value();
  const crypto::SenderAgreement agreed = sender.Agree().value();
  const std::string key = crypto::ConcatKdf(agreed.secret, {"A128GCM", "", ""}, 16);
  json header = {{"alg", "ECDH-ES"},
                 {"enc", "A128GCM"},
                 {"epk",
                  {{"kty", "EC"},
                   {"crv", receiver.type() == crypto::KeyType::kEcP256 ? "P-256" : "P-384"},
                   {"x", Base64UrlEncode(agreed.ephemeral.x)},
                   {"y", Base64UrlEncode(agreed.ephemeral.y)}}}};
  change(header);
  const std::string text = header.dump();
  return Encoded(text, Sealed(text, key, crypto::Aead::kAes128Gcm));
}

TEST_CASE("DecryptCompact: J1 an ephemeral key that is no point of our curve is refused",
          "[jose][security]") {
  const auto with = [](const std::function<void(json & epk)>& change) {
    return Outcome(WithEpk(EcKey(), [&](json& header) { change(header["epk"]); }), EcKeys());
  };
  const std::string zeros = Base64UrlEncode(std::string(32, '\0'));
  CHECK(with([](json&) {}) == "decrypted");
  CHECK(with([](json& epk) { epk["use"] = "enc"; }) == "decrypted");
  // Beside the curve, and on a curve of another equation: y belongs to another x.
  CHECK(with([&](json& epk) { epk["x"] = Base64UrlEncode(std::string(32, '\x01')); }) ==
        "EPHEMERAL_KEY");
  CHECK(with([](json& epk) { std::swap(epk["x"], epk["y"]); }) == "EPHEMERAL_KEY");
  // The point at infinity has no coordinates; whatever could stand for it.
  CHECK(with([&](json& epk) { epk["x"] = epk["y"] = zeros; }) == "EPHEMERAL_KEY");
  CHECK(with([](json& epk) { epk["x"] = epk["y"] = ""; }) == "EPHEMERAL_KEY");
  CHECK(with([](json& epk) { epk["x"] = epk["y"] = "AA"; }) == "EPHEMERAL_KEY");
  // Out of range.
  CHECK(with([](json& epk) { epk["x"] = Base64UrlEncode(std::string(32, '\xff')); }) ==
        "EPHEMERAL_KEY");
  CHECK(with([](json& epk) { epk["y"] = Base64UrlEncode(std::string(32, '\xff')); }) ==
        "EPHEMERAL_KEY");
  // Another width of the same number.
  const auto widened = [](const json& number) {
    return Base64UrlEncode(std::string(1, '\0') + *Base64UrlDecode(number.get<std::string>()));
  };
  CHECK(with([&](json& epk) { epk["x"] = widened(epk["x"]); }) == "EPHEMERAL_KEY");
  CHECK(with([&](json& epk) { epk["y"] = widened(epk["y"]); }) == "EPHEMERAL_KEY");
  // Another spelling of the same number.
  CHECK(with([](json& epk) { epk["x"] = epk["x"].get<std::string>() + "="; }) == "EPHEMERAL_KEY");
}

TEST_CASE("DecryptCompact: J1 an ephemeral key of another curve or kind is refused",
          "[jose][security]") {
  const auto with = [](const std::function<void(json & epk)>& change) {
    return Outcome(WithEpk(EcKey(), [&](json& header) { change(header["epk"]); }), EcKeys());
  };
  CHECK(Outcome(WithEpk(Ec384Key(), [](json&) {}), EcKeys()) == "EPHEMERAL_KEY");
  CHECK(Outcome(WithEpk(EcKey(), [](json&) {}), Keys(Ec384Key(), KeyManagement::kEcdhEs)) ==
        "EPHEMERAL_KEY");
  CHECK(Outcome(WithEpk(Ec384Key(), [](json&) {}), Keys(Ec384Key(), KeyManagement::kEcdhEs)) ==
        "decrypted");
  for (const char* curve : {"P-384", "P-521", "secp256k1", "X25519", "p-256", ""}) {
    CHECK(with([&](json& epk) { epk["crv"] = curve; }) == "EPHEMERAL_KEY");
  }
  for (const char* kind : {"OKP", "RSA", "oct", "ec", ""}) {
    CHECK(with([&](json& epk) { epk["kty"] = kind; }) == "EPHEMERAL_KEY");
  }
  for (const char* member : {"kty", "crv", "x", "y"}) {
    CHECK(with([&](json& epk) { epk.erase(member); }) == "EPHEMERAL_KEY");
    CHECK(with([&](json& epk) { epk[member] = 1; }) == "EPHEMERAL_KEY");
  }
  CHECK(Outcome(WithEpk(EcKey(), [](json& header) { header.erase("epk"); }), EcKeys()) ==
        "EPHEMERAL_KEY");
  for (const json& other : {json("P-256"), json::array(), json(nullptr), json::object()}) {
    CHECK(Outcome(WithEpk(EcKey(), [&](json& header) { header["epk"] = other; }), EcKeys()) ==
          "EPHEMERAL_KEY");
  }
}

TEST_CASE("DecryptCompact: J1 an ephemeral key that shows its private part is refused",
          "[jose][security]") {
  const auto token = WithEpk(
      EcKey(), [](json& header) { header["epk"]["d"] = Base64UrlEncode(std::string(32, 'd')); });
  CHECK(Outcome(token, EcKeys()) == "EPHEMERAL_KEY");
}

TEST_CASE("DecryptCompact: the parties of an agreement are part of the key", "[jose][rule]") {
  const auto with = [](const char* name, const json& value) {
    return Outcome(WithEpk(EcKey(), [&](json& header) { header[name] = value; }), EcKeys());
  };
  CHECK(with("apu", "QWxpY2U") == "DECRYPTION_FAILED");
  CHECK(with("apv", "Qm9i") == "DECRYPTION_FAILED");
  CHECK(with("apu", "") == "decrypted");
  CHECK(with("apu", "QWxpY2V") == "BAD_BASE64");
  CHECK(with("apv", "Qm9i=") == "BAD_BASE64");
  CHECK(with("apu", 1) == "HEADER_MALFORMED");
  const auto to =
      EncryptionKey::Create(EcKey().Public(), KeyManagement::kEcdhEs, ContentEncryption::kA256Gcm)
          .value();
  CHECK(Outcome(EncryptCompact(to, {"", "", "", "Alice", "Bob"}, "x").value(), EcKeys()) ==
        "decrypted");
}

TEST_CASE("DecryptCompact: J6 tag and vector of GCM have one length each", "[jose][security]") {
  const std::string header = R"({"alg":"RSA-OAEP","enc":"A128GCM"})";
  const std::string content_key(16, 'k');
  Raw good = Sealed(header, content_key, crypto::Aead::kAes128Gcm);
  good.wrapped = WrappedFor(RsaKey(), content_key);
  REQUIRE(Outcome(Encoded(header, good), RsaKeys()) == "decrypted");
  for (size_t length = 0; length < 40; ++length) {
    Raw raw = good;
    raw.tag = (good.tag + std::string(32, '\0')).substr(0, length);
    CHECK(Outcome(Encoded(header, raw), RsaKeys()) == (length == 16 ? "decrypted" : "PART_LENGTH"));
    raw = good;
    raw.iv = (good.iv + std::string(32, '\0')).substr(0, length);
    CHECK(Outcome(Encoded(header, raw), RsaKeys()) == (length == 12 ? "decrypted" : "PART_LENGTH"));
  }
}

TEST_CASE("DecryptCompact: J7 a cut tag, swapped halves and odd blocks of CBC are refused",
          "[jose][security]") {
  const std::string header = R"({"alg":"RSA-OAEP","enc":"A128CBC-HS256"})";
  const std::string halves = std::string(16, 'm') + std::string(16, 'e');
  Raw good = Sealed(header, halves, crypto::Aead::kAes128CbcHmacSha256, std::string(20, 'p'));
  good.wrapped = WrappedFor(RsaKey(), halves);
  REQUIRE(Outcome(Encoded(header, good), RsaKeys()) == "decrypted");
  for (size_t length = 0; length < 40; ++length) {
    Raw raw = good;
    raw.tag = (good.tag + std::string(32, '\0')).substr(0, length);
    CHECK(Outcome(Encoded(header, raw), RsaKeys()) == (length == 16 ? "decrypted" : "PART_LENGTH"));
    raw = good;
    raw.iv = (good.iv + std::string(32, '\0')).substr(0, length);
    CHECK(Outcome(Encoded(header, raw), RsaKeys()) == (length == 16 ? "decrypted" : "PART_LENGTH"));
    raw = good;
    raw.ciphertext = (good.ciphertext + std::string(16, '\0')).substr(0, length);
    if (length == 32) continue;
    CHECK(Outcome(Encoded(header, raw), RsaKeys()) ==
          (length == 16 ? "DECRYPTION_FAILED" : "PART_LENGTH"));
  }
  Raw swapped = good;
  swapped.wrapped = WrappedFor(RsaKey(), std::string(16, 'e') + std::string(16, 'm'));
  CHECK(Outcome(Encoded(header, swapped), RsaKeys()) == "DECRYPTION_FAILED");
  Raw tag_of_second_half = good;
  std::reverse(tag_of_second_half.tag.begin(), tag_of_second_half.tag.end());
  CHECK(Outcome(Encoded(header, tag_of_second_half), RsaKeys()) == "DECRYPTION_FAILED");
}

TEST_CASE("DecryptCompact: the encrypted key is one block of the key, and empty in an agreement",
          "[jose][security]") {
  const std::string header = R"({"alg":"RSA-OAEP","enc":"A128GCM"})";
  const std::string content_key(16, 'k');
  Raw good = Sealed(header, content_key, crypto::Aead::kAes128Gcm);
  good.wrapped = WrappedFor(RsaKey(), content_key);
  for (const size_t length : {0U, 1U, 16U, 255U, 257U, 512U}) {
    Raw raw = good;
    raw.wrapped.resize(length);
    CHECK(Outcome(Encoded(header, raw), RsaKeys()) == "PART_LENGTH");
  }
  auto parts = Parts(WithEpk(EcKey(), [](json&) {}));
  REQUIRE(Outcome(Joined(parts), EcKeys()) == "decrypted");
  parts[1] = "AA";
  CHECK(Outcome(Joined(parts), EcKeys()) == "PART_LENGTH");
}

TEST_CASE("DecryptCompact: J9 J10 anything but five canonical parts is refused",
          "[jose][security]") {
  const std::string good = UnderRsa(R"({"alg":"RSA-OAEP","enc":"A128GCM"})");
  REQUIRE(Outcome(good, RsaKeys()) == "decrypted");
  const auto parts = Parts(good);
  for (size_t count = 0; count < 5; ++count) {
    const std::vector<std::string> some(parts.begin(), parts.begin() + static_cast<long>(count));
    CHECK(Outcome(Joined(some), RsaKeys()) == "NOT_COMPACT");
  }
  CHECK(Outcome(good + ".", RsaKeys()) == "NOT_COMPACT");
  CHECK(Outcome(good + "." + parts[4], RsaKeys()) == "NOT_COMPACT");
  for (size_t at = 0; at < 5; ++at) {
    for (const char* change : {"=", "==", " ", "\n", "+", "/", "%3D", "AAAAA", "\xc3\xa9"}) {
      auto changed = parts;
      changed[at] += change;
      CHECK(Outcome(Joined(changed), RsaKeys()) != "decrypted");
    }
    // The last letter carries bits that belong to nothing: all but one spelling of them is refused.
    if (parts[at].size() % 4 == 0) continue;
    auto loose = parts;
    loose[at].back() = static_cast<char>(loose[at].back() + 1);
    CHECK(Outcome(Joined(loose), RsaKeys()) == "BAD_BASE64");
  }
  const std::string flattened =
      absl::StrCat(R"({"protected":")", parts[0], R"(","encrypted_key":")", parts[1], R"(","iv":")",
                   parts[2], R"(","ciphertext":")", parts[3], R"(","tag":")", parts[4], "\"}");
  CHECK(Outcome(flattened, RsaKeys()) == "NOT_COMPACT");
  // J8: an algorithm in an unprotected header has no place to stand.
  CHECK(Outcome(R"({"unprotected":{"alg":"dir"},"ciphertext":""})", RsaKeys()) == "NOT_COMPACT");
}

TEST_CASE(
    "DecryptCompact: J3 J15 a key that cannot be unwrapped and a tag that does not hold are "
    "one outcome and one text",
    "[jose][security]") {
  for (const char* encryption : {"A128GCM", "A128CBC-HS256"}) {
    const std::string header = absl::StrCat(R"({"alg":"RSA-OAEP","enc":")", encryption, "\"}");
    const bool gcm = std::string(encryption) == "A128GCM";
    const auto aead = gcm ? crypto::Aead::kAes128Gcm : crypto::Aead::kAes128CbcHmacSha256;
    const std::string content_key(crypto::KeyBytes(aead), 'k');
    Raw good = Sealed(header, content_key, aead);
    good.wrapped = WrappedFor(RsaKey(), content_key);
    REQUIRE(Outcome(Encoded(header, good), RsaKeys()) == "decrypted");
    std::vector<Raw> bad(6, good);
    bad[0].tag.back() = static_cast<char>(bad[0].tag.back() ^ 1);
    bad[1].wrapped.back() = static_cast<char>(bad[1].wrapped.back() ^ 1);  // bad padding
    bad[2].wrapped = std::string(good.wrapped.size(), '\xff');             // above the modulus
    bad[3].wrapped = std::string(good.wrapped.size(), '\0');
    bad[4].wrapped = WrappedFor(RsaKey(), std::string(24, 'k'));  // a key of another length
    bad[5].wrapped = WrappedFor(RsaKey(), std::string(content_key.size(), 'o'));  // another key
    std::set<std::string> seen;
    for (const Raw& raw : bad) {
      seen.insert(DecryptCompact(Encoded(header, raw), RsaKeys()).status().ToString());
    }
    CHECK(seen.size() == 1);
    CHECK(Outcome(Encoded(header, bad[0]), RsaKeys()) == "DECRYPTION_FAILED");
  }
}

TEST_CASE("DecryptCompact: J15 whatever is wrong, the text is the same", "[jose][security]") {
  const std::string text(DecryptCompact("", RsaKeys()).status().message());
  for (const std::string& token :
       {UnderRsa(R"({"alg":"RSA1_5","enc":"A128GCM"})"), UnderRsa("junk"), std::string(kA1),
        UnderRsa(R"({"alg":"RSA-OAEP","enc":"A128GCM","kid":1})")}) {
    const auto opened = DecryptCompact(token, RsaKeys());
    CHECK(opened.status().message() == text);
    CHECK(opened.status().code() == absl::StatusCode::kPermissionDenied);
    CHECK(RejectOf(opened.status()).has_value());
  }
}

// The median of what refusing each token costs this thread; in turn, so that whatever slows the
// machine down slows down all of them.
std::vector<absl::Duration> CostsOf(const std::vector<std::string>& tokens,
                                    const std::vector<DecryptionKey>& keys) {
  constexpr size_t kTimes = 41;
  std::vector<std::vector<absl::Duration>> costs(tokens.size());
  for (size_t i = 0; i < kTimes; ++i) {
    for (size_t at = 0; at < tokens.size(); ++at) {
      const absl::Duration before = testing::ThreadCpu();
      const bool opened = DecryptCompact(tokens[at], keys).ok();
      costs[at].push_back(testing::ThreadCpu() - before);
      CHECK_FALSE(opened);
    }
  }
  std::vector<absl::Duration> medians;
  for (std::vector<absl::Duration>& all : costs) {
    std::nth_element(all.begin(), all.begin() + kTimes / 2, all.end());
    medians.push_back(all[kTimes / 2]);
  }
  return medians;
}

TEST_CASE(
    "DecryptCompact: J15 which of kid, encrypted key and tag is wrong is not told by the time",
    "[jose][security]") {
  for (const KeyManagement management : {KeyManagement::kRsaOaep, KeyManagement::kEcdhEs}) {
    INFO(ToString(management));
    const crypto::PrivateKey& key = KeyFor(management, false);
    const auto to =
        EncryptionKey::Create(key.Public(), management, ContentEncryption::kA128Gcm).value();
    std::vector<DecryptionKey> keys;
    for (const char* id : {"one", "two"}) keys.push_back(std::move(Keys(key, management, id)[0]));
    // A change of the first letter of a part, in the last token of all where it is to be.
    const auto bad = [&to](const char* kid, size_t part) {
      auto parts = Parts(EncryptCompact(to, {"", "", kid, "", ""}, "{}").value());
      char& at = parts[part].front();
      at = at == 'A' ? 'B' : 'A';
      return Joined(parts);
    };
    std::vector<std::string> tokens = {bad("one", 4), bad("three", 4), bad("", 4)};
    CHECK(Outcome(tokens[0], keys) == "DECRYPTION_FAILED");
    CHECK(Outcome(tokens[1], keys) == "KEY_UNKNOWN");
    CHECK(Outcome(tokens[2], keys) == "KEY_AMBIGUOUS");
    if (management == KeyManagement::kRsaOaep) tokens.push_back(bad("one", 1));
    const std::vector<absl::Duration> costs = CostsOf(tokens, keys);
    for (const absl::Duration cost : costs) {
      CHECK(cost > costs[0] * 0.6);
      CHECK(cost < costs[0] * 1.7);
    }
  }
}

TEST_CASE("DecryptCompact: a token of a name we do not know stays shut, though a key would open it",
          "[jose][security]") {
  for (const char* kid : {"other", ""}) {
    std::vector<DecryptionKey> keys;
    for (const char* id : {"one", "two"}) {
      keys.push_back(std::move(Keys(RsaKey(), KeyManagement::kRsaOaep, id)[0]));
    }
    const auto to = EncryptionKey::Create(RsaKey().Public(), KeyManagement::kRsaOaep,
                                          ContentEncryption::kA128Gcm, kid)
                        .value();
    CHECK(Outcome(EncryptCompact(to, {}, "x").value(), keys) ==
          (*kid == '\0' ? "KEY_AMBIGUOUS" : "KEY_UNKNOWN"));
  }
}

TEST_CASE("DecryptedJwe: what it held is overwritten when another takes its place",
          "[jose][security]") {
  DecryptedJwe held({}, std::string(64, 's'));
  DecryptedJwe other({}, std::string(64, 'o'));
  // The bytes live on in the one that was moved from, which is there until the end of the test.
  const char* const before = held.plaintext.data();
  held = std::move(other);
  CHECK(held.plaintext == std::string(64, 'o'));
  CHECK(std::count(before, before + 64, 's') == 0);
}

TEST_CASE("DecryptCompact: a change of any one byte is refused", "[jose][prop]") {
  const auto to = EncryptionKey::Create(EcKey().Public(), KeyManagement::kEcdhEs,
                                        ContentEncryption::kA128CbcHs256)
                      .value();
  const std::string token = EncryptCompact(to, {"JWT", "", "", "", ""}, "somebody").value();
  REQUIRE(Outcome(token, EcKeys()) == "decrypted");
  for (size_t at = 0; at < token.size(); ++at) {
    std::string changed = token;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK(Outcome(changed, EcKeys()) != "decrypted");
  }
  CHECK(rc::check([&](unsigned place, char byte) {
    std::string changed = token;
    char& at = changed[place % changed.size()];
    RC_PRE(at != byte);
    at = byte;
    RC_ASSERT(Outcome(changed, EcKeys()) != "decrypted");
  }));
}

TEST_CASE("DecryptCompact: bytes of any kind are refused, never a fault", "[jose][prop]") {
  CHECK(rc::check([](const std::string& header, const std::string& rest) {
    const auto opened =
        DecryptCompact(absl::StrCat(Base64UrlEncode(header), ".", rest, "..."), EcKeys());
    RC_ASSERT(RejectOf(opened.status()).has_value());
    RC_ASSERT(RejectOf(DecryptCompact(rest, EcKeys()).status()).has_value());
  }));
}

TEST_CASE("Jwe: every name leads back to what it names, in its exact spelling", "[jose]") {
  for (const KeyManagement management : AllKeyManagements()) {
    CHECK(KeyManagementFromName(ToString(management)) == management);
  }
  for (const ContentEncryption encryption : AllContentEncryptions()) {
    CHECK(ContentEncryptionFromName(ToString(encryption)) == encryption);
  }
  for (const char* name : {"", "RSA1_5", "dir", "A128KW", "ECDH-ES+A128KW", "PBES2-HS256+A128KW",
                           "rsa-oaep", "RSA-OAEP ", "A192GCM", "A256CBC-HS512", "A128gcm"}) {
    CHECK_FALSE(KeyManagementFromName(name).has_value());
    CHECK_FALSE(ContentEncryptionFromName(name).has_value());
  }
}

}  // namespace
}  // namespace va::jose
