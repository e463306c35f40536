// The server side of TLS as this house allows it: 1.2 and later, HTTP/1.1 only, no renegotiation,
// no compression, no early data. Owns the OpenSSL context; sessions are made from it by the server.
#pragma once

#include <memory>

#include <openssl/ssl.h>

#include "absl/status/statusor.h"
#include "lib/http/message.h"
#include "lib/http/server.h"
#include "lib/http/tls_files.h"

namespace va::http {

struct SslContextFreer {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextFreer>;

struct SslFreer {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Ssl = std::unique_ptr<SSL, SslFreer>;

// Demands a client certificate where `material` has roots. INVALID_ARGUMENT when OpenSSL refuses
// what was read.
absl::StatusOr<SslContext> MakeServerContext(const TlsMaterial& material);

TlsFileNames NamesOf(const TlsServerOptions& options);

// What the verified certificate of the peer says; nullopt when there is none.
std::optional<PeerCertificate> PeerCertificateOf(const SSL* ssl);

// A peer that goes away must be an error of one write, not the end of the process: OpenSSL writes
// to its socket without MSG_NOSIGNAL. Idempotent.
void IgnoreSigpipe();

}  // namespace va::http
