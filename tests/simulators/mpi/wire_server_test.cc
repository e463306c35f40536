// The simulator over real connections with mutual TLS: many late answers at once, and what only a
// wire can do.
#include "tests/simulators/mpi/wire_server.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/http/client.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "lib/testing/test_pki.h"
#include "tests/simulators/mpi/message_samples.h"
#include "tests/simulators/mpi/mpi_simulator.h"

namespace va::simulators {
namespace {

class Line {
 public:
  Line() : simulator_({{SamplePersona(testing::MpiOutcome::kMatch)}, clock_, ids_, {}}) {
    const testing::PemFiles files = pki_.Issue({"mpi.example.test"});
    WireOptions options;
    options.tls = {files.certificate_file, files.private_key_file, pki_.ca_file()};
    auto server = WireServer::Start(
        options, [this](const http::Request& request) { return simulator_.Answer(request); });
    INFO(server.status());
    REQUIRE(server.ok());
    server_ = *std::move(server);
    client_ = Client(pki_.Issue({"client.example.test"}));
  }

  std::unique_ptr<http::CurlClient> Client(const testing::PemFiles& files) {
    http::TlsClientOptions tls;
    tls.ca_file = pki_.ca_file();
    tls.certificate_file = files.certificate_file;
    tls.private_key_file = files.private_key_file;
    tls.user_agent = "Vets.gov Agent";
    tls.idle_handles = 600;
    auto client = http::CurlClient::Create(tls);
    REQUIRE(client.ok());
    return *std::move(client);
  }

  absl::StatusOr<http::ClientResponse> Send(int number, http::Client* client = nullptr,
                                            absl::Duration timeout = absl::Seconds(20)) {
    const http::Request message = SampleRequest(WithIds(FindById(kSampleIcn), number));
    http::ClientRequest request;
    request.method = "POST";
    request.url = absl::StrCat("https://127.0.0.1:", server_->port(), "/mpi");
    request.headers = message.headers;
    request.headers.Remove("User-Agent");
    request.body = message.body;
    request.timeout = timeout;
    return (client == nullptr ? client_.get() : client)->Send(request);
  }

  void Set(absl::string_view faults) { REQUIRE(simulator_.SetFaults(faults).ok()); }
  std::string Calls() { return simulator_.Calls(); }
  WireServer& server() { return *server_; }

 private:
  testing::FakeClock clock_;
  testing::FixedIds ids_;
  testing::TestPki pki_;
  MpiSimulator simulator_;
  std::unique_ptr<WireServer> server_;
  std::unique_ptr<http::CurlClient> client_;
};

bool IsMatch(const absl::StatusOr<http::ClientResponse>& response) {
  return response.ok() && response->status == 200 &&
         absl::StrContains(response->body, "<queryResponseCode code=\"OK\"/>");
}

std::string ReasonOf(const absl::StatusOr<http::ClientResponse>& response) {
  return response.ok() ? "" : std::string(base::ReasonOf(response.status()));
}

// How many of `count` questions sent at once are answered, and in which time.
std::pair<int, absl::Duration> AskAtOnce(Line& line, int count) {
  std::atomic<int> answered = 0;
  const absl::Time start = base::SystemClock().Now();
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back(
        [&line, &answered, i] { answered += IsMatch(line.Send(1000 + i)) ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  return {answered, base::SystemClock().Now() - start};
}

TEST_CASE("WireServer: late answers wait side by side", "[simulators][mpi]") {
  Line line;
  line.Set(R"({"mode":"slow","ms":1000})");
  const auto [answered, took] = AskAtOnce(line, 64);
  CHECK(answered == 64);
  CHECK(took >= absl::Seconds(1));
  CHECK(took < absl::Seconds(10));  // one after the other: more than a minute
}

TEST_CASE("WireServer: a connection is kept for the next question", "[simulators][mpi]") {
  Line line;
  for (int i = 1; i <= 3; ++i) CHECK(IsMatch(line.Send(i)));
}

TEST_CASE("WireServer: nobody without a certificate of the CA is served", "[simulators][mpi]") {
  Line line;
  testing::TestPki other;
  const auto stranger = line.Client(other.Issue({"client.example.test"}));
  CHECK_FALSE(line.Send(1, stranger.get()).ok());
  const auto nobody = line.Client({});
  CHECK_FALSE(line.Send(2, nobody.get()).ok());
  CHECK(IsMatch(line.Send(3)));
}

TEST_CASE("WireServer: answers that break off, never come or never end", "[simulators][mpi]") {
  struct Row {
    const char* fault;
    const char* reason;
  };
  const Row row = GENERATE(values<Row>({
      {R"({"mode":"down"})", "CONNECTION_LOST"},
      {R"({"mode":"reset"})", "CONNECTION_LOST"},
      {R"({"mode":"lost"})", "CONNECTION_LOST"},
      {R"({"mode":"cut"})", "CONNECTION_LOST"},
      {R"({"mode":"hang","ms":300})", "CONNECTION_LOST"},
      {R"({"mode":"hang"})", "TIMEOUT"},
      {R"({"mode":"drip","ms":300})", "TIMEOUT"},
      {R"({"mode":"giant"})", "RESPONSE_TOO_LARGE"},
      {R"({"mode":"endless"})", "RESPONSE_TOO_LARGE"},
  }));
  CAPTURE(row.fault);
  Line line;
  line.Set(row.fault);
  const auto response = line.Send(1, nullptr, absl::Seconds(2));
  INFO(response.status());
  CHECK(ReasonOf(response) == row.reason);
  // What went wrong with one connection leaves the server as it was.
  line.Set(R"({"mode":"none"})");
  CHECK(IsMatch(line.Send(2)));
}

TEST_CASE("WireServer: an answer of several TLS records is whole", "[simulators][mpi]") {
  Line line;
  line.Set(R"({"mode":"deep"})");
  const auto response = line.Send(1);
  REQUIRE(response.ok());
  CHECK(response->body.size() == 60000);
}

TEST_CASE("WireServer: an answer that drips fast enough is whole", "[simulators][mpi]") {
  Line line;
  line.Set(R"({"mode":"drip","ms":1})");
  CHECK(IsMatch(line.Send(1)));
}

TEST_CASE("WireServer: a stop breaks off what waits", "[simulators][mpi]") {
  Line line;
  line.Set(R"({"mode":"hang","ms":600000})");
  std::thread asker([&line] { CHECK_FALSE(line.Send(1).ok()); });
  while (!absl::StrContains(line.Calls(), "\"find\":1")) std::this_thread::yield();
  const absl::Time start = base::SystemClock().Now();
  line.server().Stop();
  CHECK(base::SystemClock().Now() - start < absl::Seconds(3));
  asker.join();
}

TEST_CASE("WireServer: an address that cannot be had is said", "[simulators][mpi]") {
  testing::TestPki pki;
  const testing::PemFiles files = pki.Issue({"mpi.example.test"});
  WireOptions options;
  options.tls = {files.certificate_file, files.private_key_file, pki.ca_file()};
  const auto answerer = [](const http::Request&) { return Delivery(); };
  options.listen = "nowhere";
  CHECK(WireServer::Start(options, answerer).status().code() == absl::StatusCode::kInvalidArgument);
  options.listen = "127.0.0.1:0";
  const auto first = WireServer::Start(options, answerer);
  REQUIRE(first.ok());
  options.listen = absl::StrCat("127.0.0.1:", (*first)->port());
  CHECK(WireServer::Start(options, answerer).status().code() == absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace va::simulators
