#include "lib/service/jwks_fetch.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/http/server.h"
#include "lib/jose/jwks.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/test_pki.h"

namespace va::service {
namespace {

// A provider behind TLS on the loopback, who publishes what he is told.
class Provider {
 public:
  explicit Provider(testing::TestPki& pki) : pool_(2, 8) {
    const testing::PemFiles files = pki.IssueService("provider");
    http::ServerOptions options;
    options.tls = http::TlsServerOptions{files.certificate_file, files.private_key_file, ""};
    options.new_request_id = [] { return std::string("r"); };
    auto server = http::Server::Start(
        std::move(options), [this](http::Request& request) { return Answer(request); }, pool_);
    REQUIRE(server.ok());
    server_ = *std::move(server);
  }
  ~Provider() {
    LetGo();
    server_->Stop(absl::ZeroDuration());
  }

  std::string Url(absl::string_view path, absl::string_view host = "localhost") const {
    return absl::StrCat("https://", host, ":", server_->port(), path);
  }
  void Publish(std::string text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    text_ = std::move(text);
  }
  void Stop() { server_->Stop(absl::ZeroDuration()); }
  // Until then whoever asks for /slow waits.
  void LetGo() {
    if (!let_go_.HasBeenNotified()) let_go_.Notify();
  }

  std::atomic<int> asked{0};

 private:
  http::Response Answer(const http::Request& request) {
    ++asked;
    if (request.path == "/moved") return http::Redirect(302, Url("/keys"));
    if (request.path == "/error") return http::Text(500, "{\"keys\":[]}");
    if (request.path == "/slow") let_go_.WaitForNotification();
    const std::lock_guard<std::mutex> lock(mutex_);
    return http::Text(200, text_);
  }

  absl::Notification let_go_;
  base::WorkerPool pool_;
  std::mutex mutex_;
  std::string text_;
  std::unique_ptr<http::Server> server_;
};

std::unique_ptr<http::CurlClient> ClientOf(const testing::TestPki& pki) {
  auto client = http::CurlClient::Create({.ca_file = pki.ca_file()});
  REQUIRE(client.ok());
  return *std::move(client);
}

crypto::PrivateKey NewEcKey() {
  return *crypto::PrivateKey::FromPem(*crypto::GenerateKeyPem(crypto::NewKey::kEcP256));
}

std::string SetOf(const crypto::PrivateKey& key) {
  return *jose::WriteJwks(
      {{key.Public(), {.id = {}, .algorithm = "ES256", .use = jose::KeyUse::kSignature}}});
}

// Signed under the key's thumbprint, as every token of ours is.
std::string Token(const crypto::PrivateKey& key) {
  const auto signing = *jose::SigningKey::Create(key, jose::Algorithm::kEs256);
  return *jose::SignCompact(signing, {.typ = "", .kid = signing.id()}, "payload");
}

}  // namespace

TEST_CASE("JwksFetch: O20 O21 keys over HTTPS: fetched, changed, and kept through an outage",
          "[service][security]") {
  testing::TestPki pki;
  Provider provider(pki);
  const auto client = ClientOf(pki);
  const crypto::PrivateKey first = NewEcKey();
  const crypto::PrivateKey second = NewEcKey();
  provider.Publish(SetOf(first));
  testing::FakeClock clock;
  jose::JwksCache cache(FetchJwks(*client, provider.Url("/keys")),
                        {.algorithms = {jose::Algorithm::kEs256}}, clock);
  CHECK(cache.Verify(Token(first)).ok());
  CHECK(base::ReasonOf(cache.Verify(Token(second)).status()) == "KEY_UNKNOWN");
  provider.Publish(SetOf(second));
  clock.Advance(absl::Minutes(1));
  CHECK(cache.Verify(Token(second)).ok());
  CHECK(base::ReasonOf(cache.Verify(Token(first)).status()) == "KEY_UNKNOWN");
  CHECK(provider.asked == 2);
  provider.Stop();
  clock.Advance(absl::Hours(24) - absl::Seconds(1));
  CHECK(cache.Verify(Token(second)).ok());
  clock.Advance(absl::Minutes(1));
  CHECK(base::ReasonOf(cache.Verify(Token(second)).status()) == "JWKS_UNAVAILABLE");
}

TEST_CASE(
    "JwksFetch: O21 a name that the certificate lacks, an error, a redirect and a slow answer "
    "are no set",
    "[service][security]") {
  testing::TestPki pki;
  Provider provider(pki);
  const auto client = ClientOf(pki);
  provider.Publish(SetOf(NewEcKey()));
  const auto fetch = [&](const std::string& url, absl::Duration timeout = absl::Seconds(10)) {
    const auto text = FetchJwks(*client, url)(timeout);
    return text.ok() ? "ok" : base::ReasonOf(text.status());
  };
  CHECK(fetch(provider.Url("/keys", "127.0.0.2")) != "ok");
  CHECK(provider.asked == 0);
  CHECK(fetch(provider.Url("/error")) == "JWKS_STATUS");
  const int before = provider.asked;
  CHECK(fetch(provider.Url("/moved")) == "JWKS_STATUS");
  CHECK(provider.asked == before + 1);
  CHECK(fetch(provider.Url("/slow"), absl::Milliseconds(150)) == "TIMEOUT");
  provider.LetGo();
  CHECK(FetchJwks(*client, provider.Url("/keys"))(absl::Seconds(10)).ok());
}

TEST_CASE("JwksFetch: no more is read than a set may have", "[service][security]") {
  testing::TestPki pki;
  Provider provider(pki);
  const auto client = ClientOf(pki);
  provider.Publish(std::string(jose::kMaxJwks + 1, ' '));
  const auto text = FetchJwks(*client, provider.Url("/keys"))(absl::Seconds(10));
  CHECK(base::ReasonOf(text.status()) == "RESPONSE_TOO_LARGE");
}

}  // namespace va::service
