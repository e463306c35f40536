// VA Profile's adapter against its stand-in over real TLS: every way to fail that the stand-in
// knows is a typed outcome, in time, and the breaker spares a party that keeps failing.
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/crypto/random.h"
#include "lib/http/client.h"
#include "lib/http/guarded_client.h"
#include "lib/http/server.h"
#include "lib/testing/test_pki.h"
#include "services/user-attributes/adapters/http_va_profile.h"
#include "tests/simulators/va_profile/va_profile_simulator.h"

namespace va::integration {
namespace {

using attributes::ContactHistory;
using attributes::HttpVaProfile;
using simulators::va_profile::kContactPath;
using simulators::va_profile::VaProfileSimulator;

class NoLines final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    text += std::string(line);
    return true;
  }
  std::string text;
};

class Site {
 public:
  Site()
      : simulator_(testing::LoadPersonas("tests/personas").value(), ids_,
                   [this](const std::vector<std::string>& problems) {
                     refused += static_cast<int>(problems.size());
                   }) {
    const testing::PemFiles mine = pki_.IssueService("va-profile");
    http::ServerOptions options;
    options.tls = http::TlsServerOptions{mine.certificate_file, mine.private_key_file, ""};
    server_ =
        http::Server::Start(
            options, [this](http::Request& request) { return simulator_.Handle(request); }, pool_)
            .value();
    http::TlsClientOptions tls;
    tls.ca_file = pki_.ca_file();
    client_ = http::CurlClient::Create(tls).value();
    guarded_ = std::make_unique<http::GuardedClient>("va_profile", *client_, clock_, ids_);
    va_profile_ =
        std::make_unique<HttpVaProfile>(HttpVaProfile::Deps{*guarded_, clock_, ids_, log_, {}, {}},
                                        HttpVaProfile::Settings{url(), absl::Seconds(1)});
  }
  ~Site() {
    Fault(R"({"mode":"none"})");  // ends every wait
    server_->Stop(absl::Seconds(5));
    pool_.Shutdown();
  }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  std::string url() const { return absl::StrCat("https://127.0.0.1:", server_->port()); }
  void Fault(const std::string& fault) {
    http::Request request;
    request.method = "POST";
    request.path = "/_sim/faults";
    request.body = fault;
    REQUIRE(simulator_.Handle(request).status == 200);
  }
  absl::StatusOr<std::optional<ContactHistory>> Fetch(const std::string& id = "77010101") {
    return va_profile_->Fetch(identity::CspId::FromWire(id), "request-1",
                              clock_.Now() + absl::Seconds(10));
  }
  const http::GuardedClient& guarded() const { return *guarded_; }
  const std::string& logged() const { return lines_.text; }

  int refused = 0;

 private:
  base::SystemClock clock_;
  crypto::SystemIdGenerator ids_;
  testing::TestPki pki_;
  VaProfileSimulator simulator_;
  base::WorkerPool pool_{4, 64};
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<http::GuardedClient> guarded_;
  NoLines lines_;
  telemetry::Log log_{"user-attributes", telemetry::Severity::kDebug, clock_, lines_};
  std::unique_ptr<HttpVaProfile> va_profile_;
};

}  // namespace

TEST_CASE("Integration: what VA Profile's stand-in checks is what we send", "[integration]") {
  Site site;
  const auto known = site.Fetch();
  INFO(known.status());
  REQUIRE(known.ok());
  REQUIRE(known->has_value());
  CHECK((*known)->addresses.size() == 3);
  CHECK((*known)->audit_id.size() == 36);
  const auto unknown = site.Fetch("77010102");
  REQUIRE(unknown.ok());
  CHECK_FALSE(unknown->has_value());
  CHECK(site.refused == 0);
}

TEST_CASE("Integration: every fault of VA Profile is a typed outcome, in time", "[integration]") {
  struct Row {
    const char* fault;
    const char* reason;
  };
  const Row rows[] = {
      {R"({"mode":"down"})", "VA_PROFILE_UNAVAILABLE"},
      {R"({"mode":"error","status":500})", "VA_PROFILE_UNAVAILABLE"},
      {R"({"mode":"error","status":503})", "VA_PROFILE_UNAVAILABLE"},
      {R"({"mode":"slow","ms":4000})", "VA_PROFILE_TIMEOUT"},
      {R"({"mode":"hang","ms":4000})", "VA_PROFILE_TIMEOUT"},
      {R"({"mode":"malformed"})", "VA_PROFILE_ANSWER"},
      {R"({"mode":"deep"})", "VA_PROFILE_ANSWER"},
      {R"({"mode":"huge"})", "VA_PROFILE_ANSWER"},
      {R"({"mode":"wrong_type"})", "VA_PROFILE_ANSWER"},
      {R"({"mode":"wrong_shape"})", "VA_PROFILE_ANSWER"},
      {R"({"mode":"other_person"})", "VA_PROFILE_ANSWER"},
      {R"({"mode":"error","status":401})", "VA_PROFILE_ANSWER"},
  };
  Site site;
  for (const Row& row : rows) {
    CAPTURE(row.fault);
    site.Fault(row.fault);
    const base::Stopwatch watch;
    const absl::Status status = site.Fetch().status();
    CHECK(base::ReasonOf(status) == row.reason);
    CHECK(watch.Elapsed() < absl::Seconds(4));
    CHECK_FALSE(absl::StrContains(status.ToString(), "77010101"));
    // The right answer is there as soon as the trouble is over.
    site.Fault(R"({"mode":"none"})");
    CHECK(site.Fetch().ok());
  }
  CHECK_FALSE(absl::StrContains(site.logged(), "77010101"));
  CHECK_FALSE(absl::StrContains(site.logged(), "Inkwell"));
}

TEST_CASE("Integration: one answer of 5xx is repeated and noticed by nobody", "[integration]") {
  Site site;
  site.Fault(R"({"mode":"error","status":502,"times":1})");
  CHECK(site.Fetch().ok());
}

TEST_CASE("Integration: a VA Profile that keeps failing is no longer asked", "[integration]") {
  Site site;
  site.Fault(R"({"mode":"down"})");
  for (int i = 0; i < 20; ++i) site.Fetch().status().IgnoreError();
  CHECK(site.guarded().state() == resilience::BreakerState::kOpen);
  const base::Stopwatch watch;
  CHECK(base::ReasonOf(site.Fetch().status()) == "VA_PROFILE_UNAVAILABLE");
  CHECK(watch.Elapsed() < absl::Seconds(1));
}

}  // namespace va::integration
