#include "lib/http/tls_context.h"

#include <csignal>
#include <cstring>
#include <string>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::http {
namespace {

absl::Status TlsFault(absl::string_view what) {
  const unsigned long code = ERR_get_error();
  const char* const why = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "TLS_FILES",
                         absl::StrCat(what, ": ", why == nullptr ? "unusable" : why));
}

// HTTP/1.1 or no connection at all: what the client would speak instead we would not understand
// (W2).
int SelectAlpn(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
               const unsigned char* offered, unsigned int size, void* /*unused*/) {
  static constexpr char kHttp11[] = "http/1.1";
  constexpr size_t kLength = sizeof(kHttp11) - 1;
  for (unsigned int at = 0; at < size; at += 1U + offered[at]) {
    const unsigned int length = offered[at];
    if (at + 1 + length > size) break;
    if (length == kLength && std::memcmp(offered + at + 1, kHttp11, kLength) == 0) {
      *out = offered + at + 1;
      *out_size = offered[at];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

absl::Status Harden(SSL_CTX* context) {
  // OpenSSL 3 refuses what a client renegotiates by default; said here for whatever comes next.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // One read of the socket for a whole record, not one for its header and one for the rest.
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_alpn_select_cb(context, SelectAlpn, nullptr);
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") != 1 ||
      SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
    return TlsFault("TLS settings");
  }
  return absl::OkStatus();
}

struct BioFreer {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioFreer>;

struct X509Freer {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, X509Freer>;

Bio MemoryOf(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Leaf first, then what is between it and the root.
absl::Status UseCertificates(SSL_CTX* context, const TlsMaterial& material) {
  const Bio bio = MemoryOf(material.certificates());
  const Certificate leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (leaf == nullptr || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return TlsFault("certificate");
  }
  for (;;) {
    const Certificate next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) break;
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) return TlsFault("certificate chain");
  }
  ERR_clear_error();  // the end of the file is an error to OpenSSL
  return absl::OkStatus();
}

absl::Status UseKey(SSL_CTX* context, const TlsMaterial& material) {
  const Bio bio = MemoryOf(material.private_key());
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr);
  const bool used = key != nullptr && SSL_CTX_use_PrivateKey(context, key) == 1 &&
                    SSL_CTX_check_private_key(context) == 1;
  EVP_PKEY_free(key);
  return used ? absl::OkStatus() : TlsFault("private key");
}

absl::Status DemandClientCertificate(SSL_CTX* context, const TlsMaterial& material) {
  static constexpr unsigned char kSessionContext[] = "va-http";
  const Bio bio = MemoryOf(material.roots());
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (;;) {
    const Certificate root(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (root == nullptr) break;
    if (X509_STORE_add_cert(store, root.get()) != 1 ||
        SSL_CTX_add_client_CA(context, root.get()) != 1) {
      return TlsFault("client CA");
    }
  }
  ERR_clear_error();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // A ticket of another listener must not stand in for this one's certificate check.
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof(kSessionContext) - 1);
  return absl::OkStatus();
}

std::string SubjectOf(X509* certificate) {
  BIO* const out = BIO_new(BIO_s_mem());
  if (out == nullptr) return "";
  X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string subject(data, size > 0 ? static_cast<size_t>(size) : 0);
  BIO_free(out);
  return subject;
}

std::vector<std::string> DnsNamesOf(X509* certificate) {
  std::vector<std::string> result;
  auto* const names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  if (names == nullptr) return result;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    const char* const data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    std::string text(data, static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
    if (text.find('\0') == std::string::npos) result.push_back(std::move(text));
  }
  GENERAL_NAMES_free(names);
  return result;
}

}  // namespace

TlsFileNames NamesOf(const TlsServerOptions& options) {
  return {options.certificate_file, options.private_key_file, options.client_ca_file};
}

absl::StatusOr<SslContext> MakeServerContext(const TlsMaterial& material) {
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) return TlsFault("TLS context");
  if (absl::Status hardened = Harden(context.get()); !hardened.ok()) return hardened;
  if (absl::Status used = UseCertificates(context.get(), material); !used.ok()) return used;
  if (absl::Status used = UseKey(context.get(), material); !used.ok()) return used;
  if (!material.roots().empty()) {
    absl::Status demanded = DemandClientCertificate(context.get(), material);
    if (!demanded.ok()) return demanded;
  }
  return context;
}

std::optional<PeerCertificate> PeerCertificateOf(const SSL* ssl) {
  X509* const certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr || SSL_get_verify_result(ssl) != X509_V_OK) return std::nullopt;
  return PeerCertificate{SubjectOf(certificate), DnsNamesOf(certificate)};
}

void IgnoreSigpipe() {
  struct sigaction current = {};
  // Only where nobody has decided otherwise.
  if (::sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
    current.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &current, nullptr);
  }
}

}  // namespace va::http
