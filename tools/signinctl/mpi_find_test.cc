#include <memory>
#include <mutex>
#include <utility>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/worker_pool.h"
#include "lib/http/server.h"
#include "lib/testing/test_pki.h"
#include "services/mpi-adapter/hl7/answer_samples.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

constexpr char kQuestion[] = R"({"icn":"1019900417V557122"})";

std::string ExtensionOf(const std::string& body, const std::string& root) {
  const std::string before = absl::StrCat("root=\"", root, "\" extension=\"");
  const size_t from = body.find(before) + before.size();
  return body.substr(from, body.find('"', from) - from);
}

// MPI over mutual TLS, and the settings that lead to it.
class Mpi {
 public:
  explicit Mpi(std::string answer) : answer_(std::move(answer)), pool_(2, 16) {
    const testing::PemFiles files = pki_.Issue({"mpi.example.test"});
    http::ServerOptions options;
    options.tls =
        http::TlsServerOptions{files.certificate_file, files.private_key_file, pki_.ca_file()};
    auto server = http::Server::Start(
        options, [this](http::Request& request) { return Answer(request.body); }, pool_);
    REQUIRE(server.ok());
    server_ = *std::move(server);
  }
  ~Mpi() {
    server_->Stop(absl::Seconds(1));
    pool_.Shutdown();
  }

  std::string Config() {
    const testing::PemFiles files = pki_.Issue({"mpi-adapter.va.internal"});
    return pki_.dir().Write("mpi-adapter.yaml",
                            absl::StrCat("mpi:\n  http:\n    url: https://127.0.0.1:",
                                         server_->port(), "/\n    tls: {ca_file: ", pki_.ca_file(),
                                         ", certificate_file: ", files.certificate_file,
                                         ", private_key_file: ", files.private_key_file, "}\n"));
  }

  Ran Ask(const std::string& json, const std::vector<std::string>& more = {},
          const std::string& operation = "find-by-icn") {
    std::vector<std::string> arguments = {"mpi", "find",     operation, "--json",
                                          "-",   "--config", Config()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const base::SystemClock clock;  // the connection has a real deadline
    return RunWith(arguments, json, {}, &clock);
  }

  std::vector<std::string> bodies() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return bodies_;
  }

 private:
  http::Response Answer(const std::string& body) {
    const std::lock_guard<std::mutex> lock(mutex_);
    bodies_.push_back(body);
    http::Response response;
    response.headers.Set("Content-Type", "text/xml;charset=UTF-8");
    response.body =
        mpi::hl7::Readdressed(answer_, ExtensionOf(body, "1.2.840.114350.1.13.0.1.7.1.1"),
                              ExtensionOf(body, "1.2.840.114350.1.13.28.1.18.5.999"));
    return response;
  }

  std::string answer_;
  testing::TestPki pki_;
  std::mutex mutex_;
  std::vector<std::string> bodies_;
  base::WorkerPool pool_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace

TEST_CASE("mpi find: a match is exit 0 and the outcome as mpi parse prints it", "[signinctl]") {
  Mpi mpi(mpi::hl7::MatchAnswer());
  const Ran ran = mpi.Ask(kQuestion, {"--reveal"});
  INFO(ran.err);
  CHECK(ran.exit == 0);
  CHECK(ran.json["outcome"] == "OK");
  CHECK(ran.json["profile"]["icn"] == mpi::hl7::kSampleIcn);
  CHECK(ran.json["profile"]["ssn"] == "987001234");
  REQUIRE(mpi.bodies().size() == 1);
  CHECK(absl::StrContains(mpi.bodies()[0], "extension=\"1019900417V557122\""));
}

TEST_CASE("mpi find: nothing of the person is printed unless --reveal asks for it", "[signinctl]") {
  Mpi mpi(mpi::hl7::MatchAnswer());
  const Ran ran = mpi.Ask(kQuestion);
  CHECK(ran.exit == 0);
  CHECK(ran.json["profile"]["names"][0]["family"] == "***");
  for (const char* personal :
       {"ZEBULON", "QUINCY", "TESTWELL", "19510409", "987001234", mpi::hl7::kSampleIcn}) {
    CAPTURE(personal);
    CHECK_FALSE(absl::StrContains(ran.out + ran.err, personal));
  }
}

TEST_CASE("mpi find: any other outcome is exit 1", "[signinctl]") {
  Mpi nobody(mpi::hl7::NoMatchAnswer());
  const Ran ran = nobody.Ask(kQuestion);
  CHECK(ran.exit == 1);
  CHECK(ran.json["outcome"] == "NO_MATCH");
  CHECK(ran.json["profile"].is_null());
  Mpi failed(mpi::hl7::ErrorAnswer("AR", "INTERR", "x"));
  CHECK(failed.Ask(kQuestion).json["outcome"] == "MPI_FAILED");
}

TEST_CASE("mpi find: --dry-run sends nothing and shows the request without the person",
          "[signinctl]") {
  Mpi mpi(mpi::hl7::MatchAnswer());
  const Ran ran = mpi.Ask(kQuestion, {"--dry-run"});
  CHECK(ran.exit == 0);
  CHECK(mpi.bodies().empty());
  CHECK(absl::StrContains(ran.out, "PRPA_IN201305UV02"));
  CHECK(absl::StrContains(ran.out, "<modifyCode code=\"MVI.COMP1.RMS\"/>"));
  CHECK(absl::StrContains(
      ran.out, "<id root=\"2.16.840.1.113883.4.349\" extension=\"***\"/></parameterList>"));
  CHECK_FALSE(absl::StrContains(ran.out + ran.err, "1019900417V557122"));
  CHECK(absl::StrContains(ran.err, "would be sent to https://127.0.0.1:"));
}

TEST_CASE("mpi find: what cannot be sent is not, and changes are none of its operations",
          "[signinctl]") {
  Mpi mpi(mpi::hl7::MatchAnswer());
  const Ran malformed = mpi.Ask(R"({"icn":"123V456"})");
  CHECK(malformed.exit == 1);
  CHECK(malformed.json["reason"] == "FIELD_MALFORMED");
  CHECK(absl::StartsWith(malformed.json["detail"].get<std::string>(), "icn:"));
  CHECK(mpi.Ask(R"({"icm":"1"})").json["reason"] == "UNKNOWN_KEY");
  CHECK(mpi.Ask("{}", {}, "add-person").exit == 2);
  CHECK(mpi.bodies().empty());
  CHECK(RunWith({"mpi", "find", "find-by-icn", "--json", "-"}, kQuestion).exit == 2);
  CHECK(
      RunWith({"mpi", "find", "find-by-icn", "--json", "-", "--config", "/nonexistent"}, kQuestion)
          .exit == 2);
}

}  // namespace va::signinctl
