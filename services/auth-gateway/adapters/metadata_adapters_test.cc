// The file, the copy and the address that metadata comes from, against a real disk and a server
// that behaves badly.
#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/http/server.h"
#include "lib/testing/test_pki.h"
#include "services/auth-gateway/adapters/metadata_fetcher.h"
#include "services/auth-gateway/adapters/metadata_files.h"

namespace va::gateway {
namespace {

// A publisher; "/slow" answers when the scene ends.
class Publisher {
 public:
  Publisher() : pool_(4, 16) {
    const auto files = pki.Issue({"localhost"});
    http::ServerOptions options;
    options.tls = http::TlsServerOptions{files.certificate_file, files.private_key_file, ""};
    auto server = http::Server::Start(
        std::move(options), [this](http::Request& request) { return Answer(request); }, pool_);
    REQUIRE(server.ok());
    server_ = *std::move(server);
  }
  ~Publisher() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    server_.reset();
  }
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  std::string ReasonOf(absl::string_view path, absl::string_view ca_file = "") {
    MetadataSource source;
    source.url = absl::StrCat("https://localhost:", server_->port(), path);
    source.ca_file = ca_file.empty() ? pki.ca_file() : std::string(ca_file);
    const auto fetched = FetchMetadata(source, {absl::Milliseconds(500), absl::Milliseconds(500)});
    if (fetched.ok()) return *fetched;
    return base::ReasonOf(fetched.status());
  }
  int followed() const { return followed_; }

  va::testing::TestPki pki;

 private:
  http::Response Answer(const http::Request& request) {
    if (request.path == "/slow") {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return over_; });
    }
    if (request.path == "/secret") ++followed_;
    if (request.path == "/huge") return http::Text(200, std::string(kMaxMetadataBytes + 1, 'x'));
    if (request.path == "/large") return http::Text(200, std::string(kMaxMetadataBytes, 'x'));
    if (request.path == "/elsewhere") return http::Redirect(302, "/secret");
    if (request.path == "/file") return http::Redirect(302, "file:///etc/hostname");
    if (request.path == "/inside") return http::Redirect(307, "http://169.254.169.254/");
    if (request.path == "/gone") return http::Text(404, "<md:EntityDescriptor/>");
    return http::Text(200, "published");
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::atomic<int> followed_{0};
  base::WorkerPool pool_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace

TEST_CASE("FetchMetadata: gets what the address publishes", "[gateway][metadata]") {
  Publisher publisher;
  CHECK(publisher.ReasonOf("/metadata") == "published");
  CHECK(publisher.ReasonOf("/large").size() == kMaxMetadataBytes);
}

TEST_CASE("FetchMetadata S145: slow, huge, or leading elsewhere, it is a fault and nothing more",
          "[gateway][metadata][security]") {
  Publisher publisher;
  CHECK(publisher.ReasonOf("/slow") == "TIMEOUT");
  CHECK(publisher.ReasonOf("/huge") == "RESPONSE_TOO_LARGE");
  CHECK(publisher.ReasonOf("/gone") == "HTTP_STATUS");
  for (const char* const path : {"/elsewhere", "/file", "/inside"}) {
    CAPTURE(path);
    CHECK(publisher.ReasonOf(path) == "REDIRECTED");
  }
  CHECK(publisher.followed() == 0);
}

TEST_CASE("FetchMetadata S145: only the roots of the row vouch for the address",
          "[gateway][metadata][security]") {
  Publisher publisher;
  const va::testing::TestPki other;
  CHECK(publisher.ReasonOf("/metadata", other.ca_file()) == "TLS");
  MetadataSource plain;
  plain.url = "http://localhost:1/metadata";
  plain.ca_file = other.ca_file();
  CHECK(base::ReasonOf(FetchMetadata(plain).status()) == "BAD_REQUEST");
  plain.url = "file:///etc/hostname";
  CHECK(base::ReasonOf(FetchMetadata(plain).status()) == "BAD_REQUEST");
}

TEST_CASE("ReadMetadataFile: a plain file within the limit, and nothing that blocks",
          "[gateway][metadata]") {
  const va::testing::TempDir dir;
  CHECK(ReadMetadataFile(dir.Write("m.xml", "bytes"))->bytes == "bytes");
  CHECK(base::ReasonOf(ReadMetadataFile(dir.path() + "/none").status()) == "FILE_MISSING");
  CHECK(base::ReasonOf(ReadMetadataFile(dir.path()).status()) == "FILE_UNREADABLE");
  const std::string pipe = dir.path() + "/pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(base::ReasonOf(ReadMetadataFile(pipe).status()) == "FILE_UNREADABLE");
  const std::string huge = dir.Write("huge.xml", std::string(kMaxMetadataBytes + 1, 'x'));
  CHECK(base::ReasonOf(ReadMetadataFile(huge).status()) == "FILE_TOO_LARGE");
}

TEST_CASE("KeepMetadataCopy: the copy is replaced whole and is ours alone", "[gateway][metadata]") {
  const va::testing::TempDir dir;
  CHECK(base::ReasonOf(ReadMetadataCopy(dir.path(), "ssoe").status()) == "FILE_MISSING");
  REQUIRE(KeepMetadataCopy(dir.path(), "ssoe", "first").ok());
  REQUIRE(KeepMetadataCopy(dir.path(), "ssoe", "second").ok());
  CHECK(ReadMetadataCopy(dir.path(), "ssoe")->bytes == "second");
  const std::string path = dir.path() + "/ssoe.xml";
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  CHECK_FALSE(KeepMetadataCopy(dir.path() + "/none", "ssoe", "x").ok());

  REQUIRE(::chmod(path.c_str(), 0622) == 0);
  CHECK(base::ReasonOf(ReadMetadataCopy(dir.path(), "ssoe").status()) == "FILE_UNREADABLE");
}

}  // namespace va::gateway
