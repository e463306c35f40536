// Row W15 of the attack list, and the exchange of certificates while serving (K2).
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/base/clock.h"
#include "lib/http/server.h"
#include "lib/http/server_test_scene.h"
#include "lib/http/tls_context.h"
#include "lib/testing/test_pki.h"

namespace va::http {
namespace {

struct SessionFreer {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using TlsSession = std::unique_ptr<SSL_SESSION, SessionFreer>;

ServerOptions TlsOptions(const testing::PemFiles& files, const std::string& client_ca = "") {
  ServerOptions options;
  options.tls = TlsServerOptions{files.certificate_file, files.private_key_file, client_ca};
  return options;
}

// A TLS client with every lever within reach. It believes any certificate.
class TlsPeer {
 public:
  struct Levers {
    int max_version = TLS1_3_VERSION;
    std::string sni{};
    testing::PemFiles own{};
    SSL_SESSION* resume = nullptr;
  };

  explicit TlsPeer(int port) : TlsPeer(port, Levers()) {}
  TlsPeer(int port, const Levers& levers) : tcp_(port), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context_.get(), levers.max_version);
    if (!levers.own.certificate_file.empty()) {
      REQUIRE(SSL_CTX_use_certificate_chain_file(context_.get(),
                                                 levers.own.certificate_file.c_str()) == 1);
      REQUIRE(SSL_CTX_use_PrivateKey_file(context_.get(), levers.own.private_key_file.c_str(),
                                          SSL_FILETYPE_PEM) == 1);
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), tcp_.fd());
    SSL_set_connect_state(ssl_.get());
    if (!levers.sni.empty()) SSL_set_tlsext_host_name(ssl_.get(), levers.sni.c_str());
    if (levers.resume != nullptr) SSL_set_session(ssl_.get(), levers.resume);
  }
  ~TlsPeer() { ERR_clear_error(); }

  SSL* ssl() { return ssl_.get(); }
  bool Handshake() { return SSL_do_handshake(ssl_.get()) == 1; }
  // The status of the answer, 0 without one. Reads what else came before it, tickets too.
  int Ask(absl::string_view host = "localhost") {
    const std::string request = absl::StrCat("GET / HTTP/1.1\r\nHost: ", host, "\r\n\r\n");
    if (SSL_write(ssl_.get(), request.data(), static_cast<int>(request.size())) <= 0) return 0;
    char buffer[4096];
    const int size = SSL_read(ssl_.get(), buffer, sizeof(buffer));
    return size <= 0 ? 0 : StatusOf(absl::string_view(buffer, static_cast<size_t>(size)));
  }
  // The first DNS name of the certificate that the server showed.
  std::string ServerName() {
    X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
    if (certificate == nullptr) return "";
    char name[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                              sizeof(name));
    return name;
  }

 private:
  RawClient tcp_;
  SslContext context_;
  Ssl ssl_;
};

std::string Contents(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

void Overwrite(const std::string& file, absl::string_view content) {
  std::ofstream(file, std::ios::trunc) << content;
}

}  // namespace

TEST_CASE("W15 Server: a client cannot renegotiate", "[http][server][tls][attack]") {
  testing::TestPki pki;
  const Scene scene(TlsOptions(pki.Issue({"localhost"})));
  TlsPeer::Levers levers;
  levers.max_version = TLS1_2_VERSION;
  TlsPeer peer(scene.port(), levers);
  REQUIRE(peer.Handshake());
  CHECK(peer.Ask() == 200);
  SSL_renegotiate(peer.ssl());
  CHECK_FALSE((SSL_do_handshake(peer.ssl()) == 1 && peer.Ask() == 200));
  CHECK(scene.handled() == 1);
  TlsPeer next(scene.port());
  REQUIRE(next.Handshake());
  CHECK(next.Ask() == 200);
}

TEST_CASE("W15 Server: early data is neither offered nor taken", "[http][server][tls][attack]") {
  testing::TestPki pki;
  const Scene scene(TlsOptions(pki.Issue({"localhost"})));
  TlsPeer first(scene.port());
  REQUIRE(first.Handshake());
  REQUIRE(first.Ask() == 200);
  const TlsSession session(SSL_get1_session(first.ssl()));
  CHECK(SSL_SESSION_get_max_early_data(session.get()) == 0);

  // A client that does not care sends a POST in its first flight all the same.
  const TlsSession forged(SSL_SESSION_dup(session.get()));
  SSL_SESSION_set_max_early_data(forged.get(), 16384);
  TlsPeer::Levers levers;
  levers.resume = forged.get();
  TlsPeer replayer(scene.port(), levers);
  constexpr absl::string_view kPost =
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
  size_t written = 0;
  SSL_write_early_data(replayer.ssl(), kPost.data(), kPost.size(), &written);
  replayer.Handshake();
  CHECK(SSL_get_early_data_status(replayer.ssl()) != SSL_EARLY_DATA_ACCEPTED);
  replayer.Ask();
  CHECK(scene.handled() <= 2);  // the first GET and at most the one after the handshake
}

TEST_CASE("W15 Server: a name in the handshake that is not the Host is a 421",
          "[http][server][tls][attack]") {
  testing::TestPki pki;
  ServerOptions options = TlsOptions(pki.Issue({"one.test", "two.test"}));
  const auto ask = [](const Scene& scene, const std::string& sni, absl::string_view host) {
    TlsPeer::Levers levers;
    levers.sni = sni;
    TlsPeer peer(scene.port(), levers);
    REQUIRE(peer.Handshake());
    return peer.Ask(host);
  };
  {
    const Scene scene(options);
    CHECK(ask(scene, "one.test", "one.test") == 200);
    CHECK(ask(scene, "ONE.test", "one.TEST:8443") == 200);
    CHECK(ask(scene, "", "one.test") == 200);
    CHECK(ask(scene, "one.test", "two.test") == 421);
    CHECK(ask(scene, "one.test", "one.test.evil") == 421);
    CHECK(ask(scene, "one.test", "[::1]:443") == 421);
  }
  // A proxy that was named greets us by our internal name.
  options.trusted_proxies = {"127.0.0.1"};
  const Scene scene(options);
  CHECK(ask(scene, "one.test", "two.test") == 200);
}

TEST_CASE("W15 Server: a ticket of a listener without client certificates opens no other",
          "[http][server][tls][attack]") {
  testing::TestPki pki;
  const testing::PemFiles files = pki.Issue({"localhost"});
  const Scene open(TlsOptions(files));
  const Scene guarded(TlsOptions(files, pki.ca_file()));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeer::Levers levers;
    levers.max_version = version;
    TlsPeer visitor(open.port(), levers);
    REQUIRE(visitor.Handshake());
    REQUIRE(visitor.Ask() == 200);
    const TlsSession session(SSL_get1_session(visitor.ssl()));
    levers.resume = session.get();
    TlsPeer intruder(guarded.port(), levers);
    CHECK_FALSE((intruder.Handshake() && intruder.Ask() == 200));
  }
  CHECK(guarded.handled() == 0);
}

TEST_CASE("Server: ReloadTls serves new handshakes with the new certificate, open ones go on",
          "[http][server][tls]") {
  testing::TestPki pki;
  const testing::PemFiles files = pki.Issue({"old.test"});
  const testing::PemFiles renewed = pki.Issue({"new.test"});
  Scene scene(TlsOptions(files));
  TlsPeer before(scene.port());
  REQUIRE(before.Handshake());
  CHECK(before.Ask("old.test") == 200);
  // Connected, but nothing said yet: what TLS needs is made with the first byte.
  TlsPeer between(scene.port());

  Overwrite(files.certificate_file, Contents(renewed.certificate_file));
  Overwrite(files.private_key_file, Contents(renewed.private_key_file));
  TlsPeer unaware(scene.port());
  REQUIRE(unaware.Handshake());
  CHECK(unaware.ServerName() == before.ServerName());  // nothing changes by itself
  REQUIRE(scene.server().ReloadTls().ok());

  REQUIRE(between.Handshake());
  CHECK(between.ServerName() == "new.test");
  TlsPeer after(scene.port());
  REQUIRE(after.Handshake());
  CHECK(after.ServerName() == "new.test");
  CHECK(before.Ask("old.test") == 200);
}

TEST_CASE("K2 Server: ReloadTls keeps what it has unless all of the new is usable",
          "[http][server][tls][attack]") {
  testing::TestPki pki;
  const testing::PemFiles files = pki.Issue({"old.test"});
  const testing::PemFiles other = pki.Issue({"new.test"});
  const absl::Time now = base::SystemClock().Now();
  const testing::PemFiles expired =
      pki.IssueValid({"late.test"}, now - absl::Hours(48), now - absl::Hours(24));
  const std::string certificate = Contents(other.certificate_file);
  const std::string key = Contents(other.private_key_file);
  Scene scene(TlsOptions(files));
  struct Row {
    const char* what;
    std::string certificate;
    std::string key;
  };
  const Row rows[] = {
      {"another's key", certificate, Contents(files.private_key_file)},
      {"half a certificate", certificate.substr(0, certificate.size() / 2), key},
      {"all but the last line", certificate.substr(0, certificate.find("-----END")), key},
      {"a chain cut off", certificate + certificate.substr(0, certificate.size() / 2), key},
      {"half a key", certificate, key.substr(0, key.size() / 2)},
      {"nothing", "", ""},
      {"no PEM", "certificate", "key"},
      {"too much", certificate + std::string(2 * 1024 * 1024, '\n'), key},
      {"out of date", Contents(expired.certificate_file), Contents(expired.private_key_file)},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    Overwrite(files.certificate_file, row.certificate);
    Overwrite(files.private_key_file, row.key);
    CHECK(absl::IsInvalidArgument(scene.server().ReloadTls()));
    TlsPeer peer(scene.port());
    REQUIRE(peer.Handshake());
    CHECK(peer.ServerName() == "old.test");
    CHECK(peer.Ask() == 200);
  }
  Overwrite(files.certificate_file, certificate);
  Overwrite(files.private_key_file, key);
  CHECK(scene.server().ReloadTls().ok());
}

TEST_CASE("K2 Server: after ReloadTls no ticket stands in for the new client authority",
          "[http][server][tls][attack]") {
  testing::TestPki pki;
  testing::TestPki new_pki;
  const testing::PemFiles files = pki.Issue({"localhost"});
  const std::string ca_file = pki.dir().Write("clients.crt", Contents(pki.ca_file()));
  Scene scene(TlsOptions(files, ca_file));
  TlsPeer::Levers levers;
  levers.own = pki.IssueService("mpi-adapter");
  TlsPeer known(scene.port(), levers);
  REQUIRE(known.Handshake());
  REQUIRE(known.Ask() == 200);
  const TlsSession session(SSL_get1_session(known.ssl()));

  Overwrite(ca_file, Contents(pki.ca_file()).substr(0, 200));
  CHECK(absl::IsInvalidArgument(scene.server().ReloadTls()));
  TlsPeer still(scene.port(), levers);
  CHECK((still.Handshake() && still.Ask() == 200));

  Overwrite(ca_file, Contents(new_pki.ca_file()));
  REQUIRE(scene.server().ReloadTls().ok());
  levers.resume = session.get();
  TlsPeer stale(scene.port(), levers);
  CHECK_FALSE((stale.Handshake() && stale.Ask() == 200));
  TlsPeer::Levers fresh;
  fresh.own = new_pki.IssueService("mpi-adapter");
  TlsPeer renewed(scene.port(), fresh);
  CHECK((renewed.Handshake() && renewed.Ask() == 200));
}

TEST_CASE("Server: ReloadTls without TLS is refused", "[http][server]") {
  Scene scene;
  CHECK(absl::IsFailedPrecondition(scene.server().ReloadTls()));
}

TEST_CASE("W4 Server: a handshake that comes a byte at a time ends at its deadline",
          "[http][server][tls][attack]") {
  testing::TestPki pki;
  ServerOptions options = ShortTimeouts();
  options.tls = TlsOptions(pki.Issue({"localhost"})).tls;
  Scene scene(options);
  const RawClient client(scene.port());
  // A hello of the largest size, of which only the head comes at once.
  client.Send(absl::string_view("\x16\x03\x01\x3f\xff\x01\x00\x3f\xfb\x03\x03", 11));
  timeval pause = {};
  pause.tv_usec = 5000;
  ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof(pause));
  int drips = 0;
  char byte = 0;
  while (drips < 2000 && ::recv(client.fd(), &byte, 1, 0) < 0 && client.Send("a")) ++drips;
  CHECK(drips < 2000);
}

TEST_CASE("Server: counts the handshakes that fail", "[http][server][tls]") {
  testing::TestPki pki;
  Scene scene(TlsOptions(pki.Issue({"localhost"}), pki.ca_file()));
  TlsPeer stranger(scene.port());
  CHECK_FALSE((stranger.Handshake() && stranger.Ask() == 200));
  CHECK(scene.server().stats().handshakes_failed == 1);
  CHECK(scene.server().stats().accepted == 1);
}

}  // namespace va::http
