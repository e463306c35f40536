#include "lib/crypto/keys.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/testing/test_pki.h"

namespace va::crypto {
namespace {

CertificateRequest Request(absl::string_view name) {
  return {.common_name = std::string(name),
          .dns_names = {std::string(name)},
          .ip_addresses = {},
          .is_authority = false,
          .not_before = absl::FromUnixSeconds(1700000000),
          .not_after = absl::FromUnixSeconds(1800000000)};
}

IssuedPair SelfSigned(NewKey kind) { return *IssueSelfSigned(Request("test.example"), kind); }

// Between the lines of a PEM text.
std::string PemBody(absl::string_view pem) {
  const size_t begin = pem.find('\n') + 1;
  return std::string(pem.substr(begin, pem.find("-----END") - begin));
}

// EVP refuses 1024 bits nowhere by itself; the gate is ours (attack S45).
TEST_CASE("PrivateKey: S45 RSA below 2048 bits is refused, private and public",
          "[crypto][security]") {
  const std::string weak = *GenerateKeyPem(NewKey::kRsa1024ForTests);
  CHECK(base::ReasonOf(PrivateKey::FromPem(weak).status()) == "KEY_TOO_SHORT");
  const IssuedPair pair = SelfSigned(NewKey::kRsa1024ForTests);
  CHECK(base::ReasonOf(Certificate::FromPem(pair.certificate_pem).status()) == "KEY_TOO_SHORT");
  CHECK(base::ReasonOf(PublicKey::FromCertificatePem(pair.certificate_pem).status()) ==
        "KEY_TOO_SHORT");
  // The operator's tool reads it, to say what is wrong with a message.
  const auto read = PublicKey::FromCertificatePem(pair.certificate_pem, KeyStrength::kAnySize);
  REQUIRE(read.ok());
  CHECK(read->bits() == 1024);
  const auto own = PrivateKey::FromPem(weak, KeyStrength::kAnySize);
  REQUIRE(own.ok());
  CHECK(own->Public().bits() == 1024);
}

TEST_CASE("PrivateKey: RSA-2048, P-256 and P-384 are read with their kind", "[crypto]") {
  CHECK(PrivateKey::FromPem(*GenerateKeyPem(NewKey::kRsa2048))->type() == KeyType::kRsa);
  CHECK(PrivateKey::FromPem(*GenerateKeyPem(NewKey::kEcP256))->type() == KeyType::kEcP256);
  CHECK(PrivateKey::FromPem(*GenerateKeyPem(NewKey::kEcP384))->type() == KeyType::kEcP384);
  CHECK(PrivateKey::FromPem(*GenerateKeyPem(NewKey::kEcP384))->bits() == 384);
}

TEST_CASE("PublicKey: an RSA key is read from the older PEM form, too, through the same gate",
          "[crypto][security]") {
  // PKCS#1 is what stands in a SubjectPublicKeyInfo behind its 24 bytes (22 of 1,024 bits).
  const auto older = [](const std::string& der) {
    return absl::StrCat("-----BEGIN RSA PUBLIC KEY-----\n", base::Base64Encode(der),
                        "\n-----END RSA PUBLIC KEY-----\n");
  };
  const std::string der = PrivateKey::FromPem(*GenerateKeyPem(NewKey::kRsa2048))->Public().Der();
  const auto read = PublicKey::FromPem(older(der.substr(24)));
  REQUIRE(read.ok());
  CHECK(read->Der() == der);
  const auto weak =
      PrivateKey::FromPem(*GenerateKeyPem(NewKey::kRsa1024ForTests), KeyStrength::kAnySize);
  CHECK(base::ReasonOf(PublicKey::FromPem(older(weak->Public().Der().substr(22))).status()) ==
        "KEY_TOO_SHORT");
  for (const std::string& broken : {der.substr(24, 200), der.substr(25), std::string()}) {
    CHECK(base::ReasonOf(PublicKey::FromPem(older(broken)).status()) == "KEY_UNREADABLE");
  }
}

TEST_CASE("PrivateKey: S45 other kinds and curves are refused", "[crypto][security]") {
  // X25519 and secp256k1, made once by `openssl genpkey`; they protect nothing.
  const char x25519[] =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VuAyEAr9cOaBFTT/cbdwc9OCzBN+QaO29wKwiF2ZjY1NfDRZ0=\n"
      "-----END PUBLIC KEY-----\n";
  CHECK(base::ReasonOf(PublicKey::FromPem(x25519).status()) == "KEY_TYPE");
  const char secp256k1[] =
      "-----BEGIN PUBLIC KEY-----\n"
      "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEmo/gLF0DpIFms+WdjwuxzGFkx+I5IrJa\n"
      "9NdZxQU3RuqF1jhDld5xgVPi8Zg4Do2Sh08ZmS4uwU7Ii+0DRXngCA==\n"
      "-----END PUBLIC KEY-----\n";
  CHECK(base::ReasonOf(PublicKey::FromPem(secp256k1).status()) == "KEY_CURVE");
}

TEST_CASE("PrivateKey: Ed25519 is read, for tokens", "[crypto]") {
  const auto key = PrivateKey::FromPem(*GenerateKeyPem(NewKey::kEd25519));
  REQUIRE(key.ok());
  CHECK(key->type() == KeyType::kEd25519);
  const PublicKey published = key->Public();
  CHECK(published.type() == KeyType::kEd25519);
  CHECK(PublicKey::FromPem(published.Pem())->Der() == published.Der());
  const char pem[] =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEAr9cOaBFTT/cbdwc9OCzBN+QaO29wKwiF2ZjY1NfDRZ0=\n"
      "-----END PUBLIC KEY-----\n";
  CHECK(PublicKey::FromPem(pem)->type() == KeyType::kEd25519);
}

TEST_CASE("Certificate: P4 one with an Ed25519 key is refused by every reader",
          "[crypto][security]") {
  const testing::TempDir dir;
  const IssuedPair good = SelfSigned(NewKey::kEcP256);
  const IssuedPair pair = SelfSigned(NewKey::kEd25519);
  const std::string der = *base::Base64DecodeLenientWhitespace(PemBody(pair.certificate_pem));
  CHECK(base::ReasonOf(Certificate::FromPem(pair.certificate_pem).status()) == "KEY_TYPE");
  CHECK(base::ReasonOf(Certificate::FromDer(der).status()) == "KEY_TYPE");
  CHECK(base::ReasonOf(Certificate::FromPemFile(dir.Write("c", pair.certificate_pem)).status()) ==
        "KEY_TYPE");
  CHECK(base::ReasonOf(
            Certificate::AllFromPem(good.certificate_pem + pair.certificate_pem).status()) ==
        "KEY_TYPE");
  for (const KeyStrength strength : {KeyStrength::kCurrent, KeyStrength::kAnySize}) {
    CHECK(base::ReasonOf(PublicKey::FromCertificatePem(pair.certificate_pem, strength).status()) ==
          "KEY_TYPE");
    CHECK(base::ReasonOf(PublicKey::FromCertificateDer(der, strength).status()) == "KEY_TYPE");
  }
}

TEST_CASE("PrivateKey: a file open to others, or writable for its group, is refused", "[crypto]") {
  const testing::TempDir dir;
  const std::string pem = *GenerateKeyPem(NewKey::kEcP256);
  CHECK(PrivateKey::FromPemFile(dir.Write("a", pem, 0600)).ok());
  CHECK(PrivateKey::FromPemFile(dir.Write("b", pem, 0440)).ok());
  for (const int mode : {0604, 0602, 0620, 0644, 0666, 0601}) {
    INFO("mode " << mode);
    const std::string file = dir.Write(absl::StrCat("m", mode), pem, mode);
    CHECK(base::ReasonOf(PrivateKey::FromPemFile(file).status()) == "SECRET_FILE_OPEN");
  }
}

TEST_CASE("PrivateKey: a missing file, a folder and junk are typed errors", "[crypto]") {
  const testing::TempDir dir;
  CHECK(base::ReasonOf(PrivateKey::FromPemFile(dir.path() + "/none").status()) ==
        "FILE_UNREADABLE");
  CHECK(base::ReasonOf(PrivateKey::FromPemFile(dir.path()).status()) == "FILE_UNREADABLE");
  CHECK(base::ReasonOf(PrivateKey::FromPemFile(dir.Write("j", "junk")).status()) ==
        "KEY_UNREADABLE");
  CHECK(base::ReasonOf(PrivateKey::FromPem("").status()) == "KEY_UNREADABLE");
}

TEST_CASE("ReadSecretLine: one line that may stand in a header, without its end", "[crypto]") {
  const testing::TempDir dir;
  CHECK(*ReadSecretLine(dir.Write("good", "5f0c-AB\r\n", 0600)) == "5f0c-AB");
  for (const char* text : {"", "\n", "a\nb\n", "a b", "a\x01", "gr\xc3\xbc\xc3\x9f"}) {
    CAPTURE(text);
    CHECK(base::ReasonOf(ReadSecretLine(dir.Write("bad", text, 0600)).status()) == "FILE");
  }
  CHECK(base::ReasonOf(ReadSecretLine(dir.Write("open", "x", 0644)).status()) ==
        "SECRET_FILE_OPEN");
}

TEST_CASE("PublicKey: copies share the key and the private half stays behind", "[crypto]") {
  const PrivateKey key = *PrivateKey::FromPem(*GenerateKeyPem(NewKey::kEcP256));
  const PublicKey first = key.Public();
  PublicKey second = first;
  second = first;
  CHECK(second.Der() == first.Der());
  CHECK(PublicKey::FromPem(second.Pem())->Der() == first.Der());
}

TEST_CASE("Certificate: tells its dates, its key and its fingerprint", "[crypto]") {
  const IssuedPair pair = SelfSigned(NewKey::kRsa2048);
  const Certificate certificate = *Certificate::FromPem(pair.certificate_pem);
  CHECK(certificate.not_before() == absl::FromUnixSeconds(1700000000));
  CHECK(certificate.not_after() == absl::FromUnixSeconds(1800000000));
  CHECK(certificate.public_key().bits() == 2048);
  CHECK(certificate.Fingerprint().size() == 64);
  CHECK(certificate.pem() == pair.certificate_pem);
  CHECK(Certificate::FromDer(certificate.der())->pem() == pair.certificate_pem);
  CHECK(certificate.Matches(*PrivateKey::FromPem(pair.private_key_pem)));
  CHECK_FALSE(certificate.Matches(*PrivateKey::FromPem(*GenerateKeyPem(NewKey::kRsa2048))));
}

TEST_CASE("Certificate: bytes after the DER are refused", "[crypto]") {
  const Certificate certificate =
      *Certificate::FromPem(SelfSigned(NewKey::kEcP256).certificate_pem);
  CHECK_FALSE(Certificate::FromDer(certificate.der() + "x").ok());
  CHECK_FALSE(Certificate::FromDer("").ok());
}

TEST_CASE("Certificate: a list is read whole or not at all", "[crypto]") {
  const std::string one = SelfSigned(NewKey::kEcP256).certificate_pem;
  const std::string two = SelfSigned(NewKey::kEcP384).certificate_pem;
  CHECK(Certificate::AllFromPem(one + two)->size() == 2);
  CHECK_FALSE(Certificate::AllFromPem("").ok());
  CHECK_FALSE(Certificate::AllFromPem(one + two.substr(0, two.size() / 2)).ok());
}

TEST_CASE("IssueSigned: the certificate belongs to the key written beside it", "[crypto]") {
  testing::TestPki pki;
  const testing::PemFiles files = pki.IssueService("mpi-adapter");
  const Certificate certificate = *Certificate::FromPemFile(files.certificate_file);
  CHECK(certificate.Matches(*PrivateKey::FromPemFile(files.private_key_file)));
}

}  // namespace
}  // namespace va::crypto
