#include "lib/crypto/keys.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/ed25519_point.h"
#include "lib/crypto/hash.h"
#include "lib/crypto/weak_key.h"

namespace va::crypto {
namespace {

constexpr size_t kMaxFile = 1 << 20;

struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, BioDeleter>;
using KeyPtr = std::unique_ptr<EVP_PKEY, EvpKeyDeleter>;
using CertificatePtr = std::unique_ptr<X509, X509Deleter>;

BioPtr ReadBio(absl::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string Drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

absl::Status KeyError(absl::string_view reason, absl::string_view message) {
  ERR_clear_error();
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

// No prompt on a terminal: an encrypted key file is simply not readable.
int NoPassword(char*, int, int, void*) { return -1; }

absl::StatusOr<KeyType> EcType(EVP_PKEY* key) {
  char group[64] = {};
  size_t length = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                     &length) != 1) {
    return KeyError("KEY_CURVE", "an EC key without a named curve");
  }
  const absl::string_view name(group, length);
  if (name == "prime256v1" || name == "P-256") return KeyType::kEcP256;
  if (name == "secp384r1" || name == "P-384") return KeyType::kEcP384;
  return KeyError("KEY_CURVE", "only P-256 and P-384 are accepted");
}

// Of a public key of small order one signature holds for many messages, without a private key.
absl::StatusOr<KeyType> Ed25519Type(EVP_PKEY* key) {
  std::string point(kEd25519PointBytes, '\0');
  size_t size = point.size();
  if (EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(point.data()), &size) !=
          1 ||
      !IsEd25519KeyPoint(point)) {
    return KeyError("KEY_WEAK", "not a point that an Ed25519 key has");
  }
  return KeyType::kEd25519;
}

// The one gate for strength and kind.
absl::StatusOr<KeyType> AcceptableType(EVP_PKEY* key, KeyStrength strength) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      if (strength == KeyStrength::kCurrent) {
        if (absl::Status strong = CheckRsaNumbers(key); !strong.ok()) return strong;
      }
      return KeyType::kRsa;
    case EVP_PKEY_EC:
      return EcType(key);
    case EVP_PKEY_ED25519:
      return Ed25519Type(key);
    default:
      return KeyError("KEY_TYPE", "only RSA, EC and Ed25519 keys are accepted");
  }
}

// The first certificate in the text; null when there is none.
X509* CertificateOfPem(absl::string_view pem) {
  return PEM_read_bio_X509(ReadBio(pem).get(), nullptr, NoPassword, nullptr);
}

// Null when there are bytes behind it, too.
X509* CertificateOfDer(absl::string_view der) {
  const auto* cursor = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* const end = cursor + der.size();
  CertificatePtr certificate(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));
  return cursor == end ? certificate.release() : nullptr;
}

absl::Time ToTime(const ASN1_TIME* asn1, absl::Time if_unreadable) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(asn1, &parts) != 1) return if_unreadable;
  return absl::FromTM(parts, absl::UTCTimeZone());
}

absl::Status CheckSecretMode(const struct stat& info, const std::string& path) {
  if ((info.st_mode & (S_IWGRP | S_IRWXO)) == 0) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "SECRET_FILE_OPEN",
                         absl::StrCat(path,
                                      ": a secret file must not be writable for its group, "
                                      "nor open to others (chmod 600)"));
}

absl::StatusOr<std::string> ReadAll(int fd, const std::string& path) {
  std::string content;
  char buffer[4096];
  while (true) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return base::MakeError(absl::StatusCode::kFailedPrecondition, "FILE_UNREADABLE",
                             absl::StrCat(path, ": ", std::strerror(errno)));
    }
    if (got == 0) return content;
    content.append(buffer, static_cast<size_t>(got));
    if (content.size() > kMaxFile) {
      return base::MakeError(absl::StatusCode::kFailedPrecondition, "FILE_TOO_LARGE",
                             absl::StrCat(path, ": larger than a mebibyte"));
    }
  }
}

absl::StatusOr<std::string> ReadFile(const std::string& path, bool secret) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "FILE_UNREADABLE",
                           absl::StrCat(path, ": ", std::strerror(errno)));
  }
  // The open file is asked, not the path: nobody can exchange it in between.
  struct stat info = {};
  absl::Status checked;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    checked = base::MakeError(absl::StatusCode::kFailedPrecondition, "FILE_UNREADABLE",
                              absl::StrCat(path, ": not a regular file"));
  } else if (secret) {
    checked = CheckSecretMode(info, path);
  }
  absl::StatusOr<std::string> content = checked.ok() ? ReadAll(fd, path) : checked;
  close(fd);
  return content;
}

}  // namespace

void EvpKeyDeleter::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
void X509Deleter::operator()(X509* certificate) const { X509_free(certificate); }

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) { return ReadFile(path, true); }

absl::StatusOr<std::string> ReadSecretLine(const std::string& path) {
  absl::StatusOr<std::string> text = ReadSecretFile(path);
  if (!text.ok()) return text;
  absl::StripTrailingAsciiWhitespace(&*text);
  const bool visible = std::all_of(text->begin(), text->end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
  if (!text->empty() && visible) return text;
  return base::MakeError(absl::StatusCode::kInvalidArgument, "FILE",
                         absl::StrCat(path, " must hold one line of visible characters"));
}

absl::StatusOr<std::string> ReadPublicFile(const std::string& path) {
  return ReadFile(path, false);
}

// --- PublicKey ---

absl::StatusOr<PublicKey> PublicKey::Adopt(EVP_PKEY* key, KeyStrength strength) {
  if (key == nullptr) return KeyError("KEY_UNREADABLE", "not a public key");
  KeyPtr owned(key);
  const absl::StatusOr<KeyType> type = AcceptableType(key, strength);
  if (!type.ok()) return type.status();
  return PublicKey(owned.release(), *type, EVP_PKEY_get_bits(key));
}

absl::StatusOr<PublicKey> PublicKey::FromPem(absl::string_view pem) {
  return Adopt(PEM_read_bio_PUBKEY(ReadBio(pem).get(), nullptr, NoPassword, nullptr));
}

absl::StatusOr<PublicKey> PublicKey::FromCertificatePem(absl::string_view pem,
                                                        KeyStrength strength) {
  const absl::StatusOr<Certificate> certificate =
      Certificate::FromX509(CertificateOfPem(pem), strength);
  if (!certificate.ok()) return certificate.status();
  return certificate->public_key();
}

absl::StatusOr<PublicKey> PublicKey::FromCertificateDer(absl::string_view der,
                                                        KeyStrength strength) {
  const absl::StatusOr<Certificate> certificate =
      Certificate::FromX509(CertificateOfDer(der), strength);
  if (!certificate.ok()) return certificate.status();
  return certificate->public_key();
}

PublicKey::PublicKey(const PublicKey& other)
    : key_(other.key_.get()), type_(other.type_), bits_(other.bits_) {
  if (key_ != nullptr) EVP_PKEY_up_ref(key_.get());
}

PublicKey& PublicKey::operator=(const PublicKey& other) {
  PublicKey copy(other);
  return *this = std::move(copy);
}

std::string PublicKey::Der() const {
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &bytes);
  if (size <= 0) return "";
  std::string der(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

std::string PublicKey::Pem() const {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), key_.get());
  return Drain(bio.get());
}

// --- PrivateKey ---

absl::StatusOr<PrivateKey> PrivateKey::Adopt(EVP_PKEY* key, KeyStrength strength) {
  if (key == nullptr) return KeyError("KEY_UNREADABLE", "not an unencrypted private key in PEM");
  KeyPtr owned(key);
  const absl::StatusOr<KeyType> type = AcceptableType(key, strength);
  if (!type.ok()) return type.status();
  return PrivateKey(owned.release(), *type, EVP_PKEY_get_bits(key));
}

absl::StatusOr<PrivateKey> PrivateKey::FromPem(absl::string_view pem, KeyStrength strength) {
  return Adopt(PEM_read_bio_PrivateKey(ReadBio(pem).get(), nullptr, NoPassword, nullptr), strength);
}

absl::StatusOr<PrivateKey> PrivateKey::FromPemFile(const std::string& path) {
  absl::StatusOr<std::string> pem = ReadSecretFile(path);
  if (!pem.ok()) return pem.status();
  absl::StatusOr<PrivateKey> key = FromPem(*pem);
  Cleanse(*pem);
  if (!key.ok()) {
    return base::MakeError(key.status().code(), base::ReasonOf(key.status()),
                           absl::StrCat(path, ": ", key.status().message()));
  }
  return key;
}

PrivateKey PrivateKey::Share() const {
  EVP_PKEY_up_ref(key_.get());
  return PrivateKey(key_.get(), type_, bits_);
}

PublicKey PrivateKey::Public() const {
  // Through its encoding, so that the copy cannot sign. The key passed the gate when it was read.
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &bytes);
  const unsigned char* cursor = bytes;
  EVP_PKEY* copy = d2i_PUBKEY(nullptr, &cursor, size);
  OPENSSL_free(bytes);
  return *PublicKey::Adopt(copy, KeyStrength::kAnySize);
}

// --- Certificate ---

Certificate::Certificate(std::string der, PublicKey key, absl::Time not_before,
                         absl::Time not_after)
    : der_(std::move(der)), key_(std::move(key)), not_before_(not_before), not_after_(not_after) {}

absl::StatusOr<Certificate> Certificate::FromX509(X509* certificate, KeyStrength strength) {
  if (certificate == nullptr) return KeyError("CERTIFICATE_UNREADABLE", "not a certificate");
  const CertificatePtr owned(certificate);
  absl::StatusOr<PublicKey> key = PublicKey::Adopt(X509_get_pubkey(certificate), strength);
  if (!key.ok()) return key.status();
  if (key->type() == KeyType::kEd25519) {
    return KeyError("KEY_TYPE", "a certificate is for an RSA or EC key");
  }
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  if (size <= 0) return KeyError("CERTIFICATE_UNREADABLE", "not a certificate");
  std::string der(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  // A date that cannot be read counts as out of range.
  return Certificate(std::move(der), *std::move(key),
                     ToTime(X509_get0_notBefore(certificate), absl::InfiniteFuture()),
                     ToTime(X509_get0_notAfter(certificate), absl::InfinitePast()));
}

absl::StatusOr<Certificate> Certificate::FromPem(absl::string_view pem) {
  return FromX509(CertificateOfPem(pem), KeyStrength::kCurrent);
}

absl::StatusOr<Certificate> Certificate::FromDer(absl::string_view der) {
  return FromX509(CertificateOfDer(der), KeyStrength::kCurrent);
}

absl::StatusOr<Certificate> Certificate::FromPemFile(const std::string& path) {
  const absl::StatusOr<std::string> pem = ReadPublicFile(path);
  if (!pem.ok()) return pem.status();
  absl::StatusOr<Certificate> certificate = FromPem(*pem);
  if (certificate.ok()) return certificate;
  return base::MakeError(certificate.status().code(), base::ReasonOf(certificate.status()),
                         absl::StrCat(path, ": ", certificate.status().message()));
}

absl::StatusOr<std::vector<Certificate>> Certificate::AllFromPem(absl::string_view pem) {
  const BioPtr bio = ReadBio(pem);
  std::vector<Certificate> certificates;
  while (true) {
    X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr);
    if (certificate == nullptr) break;
    absl::StatusOr<Certificate> read = FromX509(certificate, KeyStrength::kCurrent);
    if (!read.ok()) return read.status();
    certificates.push_back(*std::move(read));
  }
  // The end of the text is the one good reason to stop.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (certificates.empty() || !at_end) {
    return KeyError("CERTIFICATE_UNREADABLE", "not a list of certificates in PEM");
  }
  return certificates;
}

std::string Certificate::pem() const {
  const auto* cursor = reinterpret_cast<const unsigned char*>(der_.data());
  const CertificatePtr certificate(d2i_X509(nullptr, &cursor, static_cast<long>(der_.size())));
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate.get());
  return Drain(bio.get());
}

std::string Certificate::Fingerprint() const { return base::HexEncode(Sha256(der_)); }

bool Certificate::Matches(const PrivateKey& key) const {
  return EVP_PKEY_eq(key_.native(), key.native()) == 1;
}

}  // namespace va::crypto
