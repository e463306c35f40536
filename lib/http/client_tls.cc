#include "lib/http/client_tls.h"

#include <string>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "lib/base/status.h"

namespace va::http {
namespace {

struct BioFreer {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioFreer>;

Bio MemoryOf(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// No passphrase is ever asked for on a terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

// A request to an outside party fits into one or two of these.
constexpr long kSendFragment = 4096;

absl::Status Unusable() {
  ERR_clear_error();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "TLS_FILES",
                         "certificates or key cannot be used");
}

}  // namespace

std::vector<ClientTls::Certificate> ClientTls::Parse(const std::string& pem) {
  std::vector<Certificate> certificates;
  const Bio bio = MemoryOf(pem);
  for (;;) {
    Certificate next(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
    if (next == nullptr) break;
    certificates.push_back(std::move(next));
  }
  ERR_clear_error();  // the end of the text is one
  return certificates;
}

absl::StatusOr<std::shared_ptr<const ClientTls>> ClientTls::From(const TlsMaterial& material) {
  std::shared_ptr<ClientTls> tls(new ClientTls);
  // Without any root nobody is believed: never the system's.
  tls->roots_.reset(X509_STORE_new());
  if (tls->roots_ == nullptr) return Unusable();
  for (const Certificate& root : Parse(material.roots())) {
    if (X509_STORE_add_cert(tls->roots_.get(), root.get()) != 1) return Unusable();
  }
  // Whatever certificate the file names is trusted by itself, as libcurl has it by default.
  X509_STORE_set_flags(tls->roots_.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  if (!material.certificates().empty()) {
    tls->chain_ = Parse(material.certificates());
    const Bio bio = MemoryOf(material.private_key());
    tls->key_.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
    if (tls->chain_.empty() || tls->key_ == nullptr) return Unusable();
  }
  return std::shared_ptr<const ClientTls>(std::move(tls));
}

bool ClientTls::Apply(SSL_CTX* context) const {
  // A connection that waits for its answer holds no buffers, and what we send is small.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_send_fragment(context, kSendFragment);
  SSL_CTX_set1_cert_store(context, roots_.get());
  if (chain_.empty()) return true;
  if (SSL_CTX_use_certificate(context, chain_.front().get()) != 1) return false;
  if (SSL_CTX_use_PrivateKey(context, key_.get()) != 1) return false;
  for (size_t i = 1; i < chain_.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain_[i].get()) != 1) return false;
  }
  return true;
}

}  // namespace va::http
