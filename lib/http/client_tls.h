// What a client's handshakes need (roots, own certificate, its chain and key), parsed once and
// shared by all connections: parsing PEM for each costs more than the handshake itself, and each
// would hold a copy.
#pragma once

#include <memory>
#include <vector>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "absl/status/statusor.h"
#include "lib/http/tls_files.h"

namespace va::http {

// Immutable, so any thread may use it. OpenSSL counts the references to its parts: a context may
// outlive it.
class ClientTls {
 public:
  // INVALID_ARGUMENT (TLS_FILES) when OpenSSL does not take what TlsMaterial has checked.
  static absl::StatusOr<std::shared_ptr<const ClientTls>> From(const TlsMaterial& material);

  // False when the context does not take it.
  bool Apply(SSL_CTX* context) const;

 private:
  struct StoreFreer {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };
  struct CertificateFreer {
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  struct KeyFreer {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  using Certificate = std::unique_ptr<X509, CertificateFreer>;

  ClientTls() = default;
  static std::vector<Certificate> Parse(const std::string& pem);

  std::unique_ptr<X509_STORE, StoreFreer> roots_;
  std::vector<Certificate> chain_;  // the leaf first; empty: none of our own
  std::unique_ptr<EVP_PKEY, KeyFreer> key_;
};

}  // namespace va::http
