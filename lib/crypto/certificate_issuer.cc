#include "lib/crypto/certificate_issuer.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/crypto/random.h"

namespace va::crypto {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, EvpKeyDeleter>;
using CertificatePtr = std::unique_ptr<X509, X509Deleter>;
struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, BioDeleter>;

absl::Status IssueError(absl::string_view message) {
  ERR_clear_error();
  return base::MakeError(absl::StatusCode::kInternal, "ISSUE_FAILED", message);
}

KeyPtr Generate(NewKey kind) {
  switch (kind) {
    case NewKey::kEcP256:
      return KeyPtr(EVP_EC_gen("P-256"));
    case NewKey::kEcP384:
      return KeyPtr(EVP_EC_gen("P-384"));
    case NewKey::kEd25519:
      return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    case NewKey::kRsa2048:
      return KeyPtr(EVP_RSA_gen(2048));
    case NewKey::kRsa3072:
      return KeyPtr(EVP_RSA_gen(3072));
    case NewKey::kRsa4096:
      return KeyPtr(EVP_RSA_gen(4096));
    case NewKey::kRsa1024ForTests:
      return KeyPtr(EVP_RSA_gen(1024));
  }
  return nullptr;
}

std::string Drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string KeyPem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return Drain(bio.get());
}

bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context = {};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

std::string AltNames(const CertificateRequest& request) {
  std::string names;
  for (const std::string& dns : request.dns_names) {
    absl::StrAppend(&names, names.empty() ? "" : ",", "DNS:", dns);
  }
  for (const std::string& ip : request.ip_addresses) {
    absl::StrAppend(&names, names.empty() ? "" : ",", "IP:", ip);
  }
  return names;
}

bool AddExtensions(X509* certificate, X509* issuer, const CertificateRequest& request) {
  const std::string names = AltNames(request);
  bool ok = AddExtension(certificate, issuer, NID_subject_key_identifier, "hash") &&
            AddExtension(certificate, issuer, NID_basic_constraints,
                         request.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
            AddExtension(certificate, issuer, NID_key_usage,
                         request.is_authority ? "critical,keyCertSign,cRLSign"
                                              : "critical,digitalSignature,keyEncipherment");
  // Tells apart two authorities of one name, as while one follows the other.
  if (issuer != certificate) {
    ok = ok && AddExtension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
  }
  if (!names.empty()) ok = ok && AddExtension(certificate, issuer, NID_subject_alt_name, names);
  if (!request.is_authority && request.for_tls) {
    ok = ok && AddExtension(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth");
  }
  return ok;
}

bool Fill(X509* certificate, EVP_PKEY* key, const CertificateRequest& request) {
  uint64_t serial = 0;
  const std::string random = SystemIdGenerator().RandomBytes(sizeof serial);
  std::memcpy(&serial, random.data(), sizeof serial);
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
  ASN1_TIME_set(X509_getm_notBefore(certificate), absl::ToTimeT(request.not_before));
  ASN1_TIME_set(X509_getm_notAfter(certificate), absl::ToTimeT(request.not_after));
  X509_NAME* name = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_txt(
             name, "CN", MBSTRING_UTF8,
             reinterpret_cast<const unsigned char*>(request.common_name.data()),
             static_cast<int>(request.common_name.size()), -1, 0) == 1 &&
         X509_set_pubkey(certificate, key) == 1;
}

// `issuer` and `issuer_key` are null for a self-signed certificate.
absl::StatusOr<IssuedPair> Issue(const CertificateRequest& request, NewKey kind, X509* issuer,
                                 EVP_PKEY* issuer_key) {
  const KeyPtr key = Generate(kind);
  const CertificatePtr certificate(X509_new());
  if (key == nullptr || !Fill(certificate.get(), key.get(), request)) {
    return IssueError("cannot make a certificate");
  }
  X509* const signer = issuer != nullptr ? issuer : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  EVP_PKEY* const signing_key = issuer_key != nullptr ? issuer_key : key.get();
  // Ed25519 signs the bytes themselves and takes no digest.
  const bool whole = EVP_PKEY_get_base_id(signing_key) == EVP_PKEY_ED25519;
  if (!AddExtensions(certificate.get(), signer, request) ||
      X509_sign(certificate.get(), signing_key, whole ? nullptr : EVP_sha256()) <= 0) {
    return IssueError("cannot sign a certificate");
  }
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate.get());
  return IssuedPair{.certificate_pem = Drain(bio.get()), .private_key_pem = KeyPem(key.get())};
}

}  // namespace

absl::StatusOr<std::string> GenerateKeyPem(NewKey kind) {
  const KeyPtr key = Generate(kind);
  if (key == nullptr) return IssueError("cannot make a key");
  return KeyPem(key.get());
}

absl::StatusOr<IssuedPair> IssueSelfSigned(const CertificateRequest& request, NewKey kind) {
  return Issue(request, kind, nullptr, nullptr);
}

absl::StatusOr<IssuedPair> IssueSigned(const CertificateRequest& request, NewKey kind,
                                       const IssuedPair& authority) {
  const BioPtr text(BIO_new_mem_buf(authority.certificate_pem.data(),
                                    static_cast<int>(authority.certificate_pem.size())));
  const CertificatePtr issuer(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  const absl::StatusOr<PrivateKey> key = PrivateKey::FromPem(authority.private_key_pem);
  if (issuer == nullptr || !key.ok()) return IssueError("not an authority");
  return Issue(request, kind, issuer.get(), key->native());
}

}  // namespace va::crypto
