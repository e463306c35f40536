#include "lib/http/tls_files.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::http {
namespace {

constexpr size_t kMaxFile = 1024 * 1024;

struct BioFreer {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct X509Freer {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct KeyFreer {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, BioFreer>;
using Certificate = std::unique_ptr<X509, X509Freer>;
using Key = std::unique_ptr<EVP_PKEY, KeyFreer>;

absl::Status Fault(const std::string& file, absl::string_view why) {
  ERR_clear_error();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "TLS_FILES",
                         absl::StrCat(file, ": ", why));
}

absl::StatusOr<std::string> ReadFile(const std::string& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) return Fault(file, absl::StrCat("cannot be read: ", std::strerror(errno)));
  std::string text(kMaxFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return Fault(file, "cannot be read");
  const auto size = static_cast<size_t>(in.gcount());
  if (size > kMaxFile) return Fault(file, "is too large");
  // What is kept is kept for as long as the process runs: no longer than it is, not a mebibyte
  // each.
  std::string kept(text, 0, size);
  OPENSSL_cleanse(text.data(), size);
  return kept;
}

Bio MemoryOf(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// No passphrase is ever asked for on a terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

// Reads every block to the end; the first one is kept. Half a block is a fault, not an end.
absl::StatusOr<Certificate> CheckCertificates(const std::string& file, const std::string& pem) {
  ERR_clear_error();
  const Bio bio = MemoryOf(pem);
  Certificate first;
  for (;;) {
    Certificate next(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
    if (next == nullptr) break;
    if (first == nullptr) first = std::move(next);
  }
  const unsigned long error = ERR_peek_last_error();
  const bool at_end =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (first == nullptr) return Fault(file, "holds no certificate");
  if (!at_end) return Fault(file, "is not whole certificates to its end");
  ERR_clear_error();
  return first;
}

absl::Status CheckPair(const TlsFileNames& names, const std::string& certificates,
                       const std::string& private_key) {
  const absl::StatusOr<Certificate> leaf = CheckCertificates(names.certificate_file, certificates);
  if (!leaf.ok()) return leaf.status();
  const Bio bio = MemoryOf(private_key);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) return Fault(names.private_key_file, "holds no unencrypted private key");
  if (X509_check_private_key(leaf->get(), key.get()) != 1) {
    return Fault(names.certificate_file,
                 absl::StrCat("is not the certificate of the key in ", names.private_key_file));
  }
  return absl::OkStatus();
}

}  // namespace

TlsMaterial::~TlsMaterial() { OPENSSL_cleanse(private_key_.data(), private_key_.size()); }

TlsMaterial& TlsMaterial::operator=(TlsMaterial&& other) noexcept {
  // Swapped, so that the other one wipes what was ours.
  certificates_.swap(other.certificates_);
  private_key_.swap(other.private_key_);
  roots_.swap(other.roots_);
  return *this;
}

absl::Status TlsMaterial::CheckTime() const {
  if (certificates_.empty()) return absl::OkStatus();
  const Bio bio = MemoryOf(certificates_);
  const Certificate leaf(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
  if (leaf != nullptr && X509_cmp_current_time(X509_get0_notAfter(leaf.get())) > 0) {
    return absl::OkStatus();
  }
  return base::MakeError(absl::StatusCode::kInvalidArgument, "TLS_FILES",
                         "the time of the certificate is over");
}

absl::StatusOr<TlsMaterial> TlsMaterial::Read(const TlsFileNames& names) {
  TlsMaterial material;
  if (names.certificate_file.empty() != names.private_key_file.empty()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "TLS_FILES",
                           "a certificate needs its private key, and the reverse");
  }
  if (!names.certificate_file.empty()) {
    absl::StatusOr<std::string> certificates = ReadFile(names.certificate_file);
    if (!certificates.ok()) return certificates.status();
    absl::StatusOr<std::string> private_key = ReadFile(names.private_key_file);
    if (!private_key.ok()) return private_key.status();
    material.certificates_ = *std::move(certificates);
    material.private_key_ = *std::move(private_key);
    if (absl::Status pair = CheckPair(names, material.certificates_, material.private_key_);
        !pair.ok()) {
      return pair;
    }
  }
  if (!names.ca_file.empty()) {
    absl::StatusOr<std::string> roots = ReadFile(names.ca_file);
    if (!roots.ok()) return roots.status();
    material.roots_ = *std::move(roots);
    if (const auto checked = CheckCertificates(names.ca_file, material.roots_); !checked.ok()) {
      return checked.status();
    }
  }
  return material;
}

}  // namespace va::http
