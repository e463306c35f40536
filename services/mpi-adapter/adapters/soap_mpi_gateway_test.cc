#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/crypto/random.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "lib/testing/test_pki.h"
#include "services/mpi-adapter/hl7/answer_samples.h"
#include "services/mpi-adapter/hl7/find_answer.h"

namespace va::mpi {
namespace {

Question AskIcn() {
  return ByIdentifier{IdentifierType::kIcn, identity::CspId::FromWire(hl7::kSampleIcn)};
}

// The extension of the element `name` in a request, found as text: the codec has tests of its own.
std::string Extension(const std::string& body, const std::string& root) {
  const size_t at = body.find(absl::StrCat("root=\"", root, "\" extension=\""));
  if (at == std::string::npos) return "";
  const size_t from = body.find("extension=\"", at) + 11;
  return body.substr(from, body.find('"', from) - from);
}

std::string MessageId(const std::string& body) {
  return Extension(body, "1.2.840.114350.1.13.0.1.7.1.1");
}
std::string QueryId(const std::string& body) {
  return Extension(body, "1.2.840.114350.1.13.28.1.18.5.999");
}

http::ClientResponse Xml(int status, std::string body) {
  return {status,
          {{"Content-Type", "text/xml;charset=UTF-8"}, {"x-global-transaction-id", "txn-7f3a.01"}},
          std::move(body)};
}

// A client that answers as the test says and keeps what it was asked.
class FakeHttp final : public http::Client {
 public:
  using Reply = std::function<absl::StatusOr<http::ClientResponse>(const http::ClientRequest&)>;
  explicit FakeHttp(Reply reply) : reply_(std::move(reply)) {}

  absl::StatusOr<http::ClientResponse> Send(const http::ClientRequest& request) override {
    requests.push_back(request);
    return reply_(request);
  }

  std::vector<http::ClientRequest> requests;

 private:
  Reply reply_;
};

FakeHttp::Reply Answering(int status, const std::string& sample) {
  return [=](const http::ClientRequest& request) -> absl::StatusOr<http::ClientResponse> {
    return Xml(status, hl7::Readdressed(sample, MessageId(request.body), QueryId(request.body)));
  };
}

FakeHttp::Reply Failing(const absl::Status& status) {
  return [=](const http::ClientRequest&) -> absl::StatusOr<http::ClientResponse> { return status; };
}

SoapSettings Settings() {
  SoapSettings settings;
  settings.url = "https://mpi.example.test/psim_webservice/IdMWebService";
  return settings;
}

struct Bench {
  explicit Bench(FakeHttp::Reply reply, SoapSettings settings = Settings())
      : http(std::move(reply)), gateway({http, clock, ids}, std::move(settings)) {}

  Answer Find(absl::Duration left = absl::Seconds(5)) {
    absl::StatusOr<Answer> answer = gateway.Find(AskIcn(), clock.Now() + left);
    REQUIRE(answer.ok());
    return *std::move(answer);
  }

  testing::FakeClock clock;
  testing::FixedIds ids;
  FakeHttp http;
  SoapMpiGateway gateway;
};

void CheckOutcome(const Answer& answer, Outcome outcome, const std::string& reason) {
  CHECK(std::string(OutcomeName(answer.outcome)) == std::string(OutcomeName(outcome)));
  CHECK(answer.reason == reason);
  CHECK(answer.profile.has_value() == (outcome == Outcome::kOk));
}

TEST_CASE("SoapMpiGateway: a match carries profile, transaction id and our message id",
          "[mpi][adapter]") {
  Bench bench(Answering(200, hl7::MatchAnswer()));
  const Answer answer = bench.Find();
  CheckOutcome(answer, Outcome::kOk, "MATCH");
  CHECK(answer.transaction_id == "txn-7f3a.01");
  CHECK(answer.message_id == MessageId(bench.http.requests.at(0).body));
  CHECK(answer.profile->ids.icn()->Reveal() == hl7::kSampleIcn);
}

TEST_CASE("SoapMpiGateway: the request is a POST with exactly the headers MPI expects",
          "[mpi][adapter][rule]") {
  Bench bench(Answering(200, hl7::NoMatchAnswer()));
  CheckOutcome(bench.Find(), Outcome::kNoMatch, "NO_RESULT");
  const http::ClientRequest& request = bench.http.requests.at(0);
  CHECK(request.repeatable);
  CHECK(request.method == "POST");
  CHECK(request.url == Settings().url);
  CHECK(request.headers.size() == 5);
  CHECK(*request.headers.Get("Accept") == "text/xml;charset=UTF-8");
  CHECK(*request.headers.Get("Content-Type") == "text/xml;charset=UTF-8");
  CHECK(*request.headers.Get("User-Agent") == "Vets.gov Agent");
  CHECK(*request.headers.Get("soapaction") == "PRPA_IN201305UV02");
  CHECK(*request.headers.Get("Date") == "Thu, 15 Jan 2026 12:00:00 GMT");
  CHECK_FALSE(request.follow_redirects);
  CHECK(request.max_response == hl7::kMaxAnswerBytes);
}

TEST_CASE("SoapMpiGateway: message and query ids are new for every question",
          "[mpi][adapter][rule]") {
  Bench bench(Answering(200, hl7::NoMatchAnswer()));
  std::set<std::string> ids;
  for (int i = 0; i < 20; ++i) bench.Find();
  for (const http::ClientRequest& request : bench.http.requests) {
    CHECK(absl::StartsWith(MessageId(request.body), "200VGOV-"));
    CHECK(MessageId(request.body).size() == 44);
    ids.insert(MessageId(request.body));
    ids.insert(QueryId(request.body));
  }
  CHECK(ids.size() == 40);
}

TEST_CASE("SoapMpiGateway: the query id can be the reference's constant", "[mpi][adapter]") {
  SoapSettings settings = Settings();
  settings.query_id = "18204";
  Bench bench(Answering(200, hl7::MatchAnswer()), settings);
  CheckOutcome(bench.Find(), Outcome::kOk, "MATCH");
  CHECK(QueryId(bench.http.requests.at(0).body) == "18204");
}

TEST_CASE("SoapMpiGateway: the nearer of timeout and deadline counts, a past one asks nobody",
          "[mpi][adapter][rule]") {
  Bench bench(Answering(200, hl7::NoMatchAnswer()));
  bench.Find(absl::Seconds(5));
  CHECK(bench.http.requests.at(0).timeout == absl::Seconds(5));
  bench.Find(absl::Minutes(5));
  CHECK(bench.http.requests.at(1).timeout == SoapSettings().timeout);
  CheckOutcome(bench.Find(absl::ZeroDuration()), Outcome::kTimeout, "DEADLINE_PASSED");
  CHECK(bench.http.requests.size() == 2);
}

TEST_CASE("SoapMpiGateway: what brings no answer is TRANSPORT or TIMEOUT, never NO_MATCH",
          "[mpi][adapter][rule]") {
  struct Row {
    absl::StatusCode code;
    const char* reason;
    Outcome outcome;
    const char* expected;
  };
  const Row row = GENERATE(values<Row>({
      {absl::StatusCode::kUnavailable, "CONNECT", Outcome::kTransport, "CONNECT"},
      {absl::StatusCode::kUnavailable, "TLS", Outcome::kTransport, "TLS"},
      {absl::StatusCode::kUnavailable, "CONNECTION_LOST", Outcome::kTransport, "CONNECTION_LOST"},
      {absl::StatusCode::kInvalidArgument, "BAD_REQUEST", Outcome::kTransport, "BAD_REQUEST"},
      {absl::StatusCode::kDeadlineExceeded, "TIMEOUT", Outcome::kTimeout, "TIMEOUT"},
      {absl::StatusCode::kResourceExhausted, "RESPONSE_TOO_LARGE", Outcome::kUnparseable,
       "RESPONSE_TOO_LARGE"},
  }));
  CAPTURE(row.reason);
  Bench bench(Failing(base::MakeError(row.code, row.reason, "x")));
  const Answer answer = bench.Find();
  CheckOutcome(answer, row.outcome, row.expected);
  CHECK_FALSE(answer.message_id.empty());
}

TEST_CASE("SoapMpiGateway: H7 any status but 200 is MPI_FAILED, a valid body in it unread",
          "[mpi][adapter][attack]") {
  const int status = GENERATE(201, 204, 301, 302, 400, 401, 403, 404, 429, 500, 502, 503, 504);
  CAPTURE(status);
  Bench bench(Answering(status, hl7::MatchAnswer()));
  const Answer answer = bench.Find();
  CheckOutcome(answer, Outcome::kMpiFailed, absl::StrCat("HTTP_", status));
  CHECK(answer.transaction_id == "txn-7f3a.01");
}

TEST_CASE("SoapMpiGateway: H7 a fault, a page, nothing or half an answer in a 200 is no person",
          "[mpi][adapter][attack]") {
  struct Row {
    std::string body;
    Outcome outcome;
  };
  const std::string match = hl7::MatchAnswer();
  const Row row = GENERATE_COPY(values<Row>({
      {hl7::SoapEnvelope("<env:Fault/>"), Outcome::kMpiFailed},
      {"<html><body>maintenance</body></html>", Outcome::kUnparseable},
      {"", Outcome::kUnparseable},
      {match.substr(0, 400), Outcome::kUnparseable},
  }));
  Bench bench(Answering(200, row.body));
  const Answer answer = bench.Find();
  CHECK(answer.outcome == row.outcome);
  CHECK_FALSE(answer.profile.has_value());
}

TEST_CASE("SoapMpiGateway: H3 an answer to another message is refused", "[mpi][adapter][attack]") {
  Bench bench([](const http::ClientRequest&) -> absl::StatusOr<http::ClientResponse> {
    return Xml(200, hl7::MatchAnswer());
  });
  CheckOutcome(bench.Find(), Outcome::kUnparseable, "OTHER_MESSAGE");
}

TEST_CASE("SoapMpiGateway: H6 a charset other than UTF-8 is not guessed",
          "[mpi][adapter][attack]") {
  struct Row {
    const char* content_type;
    Outcome outcome;
  };
  const Row row = GENERATE(values<Row>({
      {"text/xml; charset=utf-16", Outcome::kUnparseable},
      {"text/xml;charset=\"ISO-8859-1\"", Outcome::kUnparseable},
      {"text/xml;charset", Outcome::kUnparseable},
      {"text/xml; Charset=\"utf-8\"", Outcome::kOk},
      {"text/xml", Outcome::kOk},
      {"application/octet-stream", Outcome::kUnparseable},
  }));
  CAPTURE(row.content_type);
  Bench bench([&](const http::ClientRequest& request) -> absl::StatusOr<http::ClientResponse> {
    http::ClientResponse response = Xml(
        200, hl7::Readdressed(hl7::MatchAnswer(), MessageId(request.body), QueryId(request.body)));
    response.headers.Set("Content-Type", row.content_type);
    return response;
  });
  CHECK(bench.Find().outcome == row.outcome);
}

TEST_CASE("SoapMpiGateway: a transaction id that is no plain token goes no further",
          "[mpi][adapter][attack]") {
  const std::string hostile = GENERATE(
      values<std::string>({"987-00-1234 Zeb", "a\tb", "{\"x\":1}", std::string(129, 'a')}));
  Bench bench([&](const http::ClientRequest&) -> absl::StatusOr<http::ClientResponse> {
    http::ClientResponse response = Xml(200, "");
    response.headers.Set("x-global-transaction-id", hostile);
    return response;
  });
  CHECK(bench.Find().transaction_id.empty());
}

TEST_CASE("SoapMpiGateway: a question that cannot be sent is INVALID_ARGUMENT and asks nobody",
          "[mpi][adapter][rule]") {
  Bench bench(Answering(200, hl7::MatchAnswer()));
  const absl::Status status =
      bench.gateway.Find(ByTraits{}, bench.clock.Now() + absl::Seconds(5)).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(bench.http.requests.empty());
}

// ---- over a real socket, with TLS on both sides ----

// An HTTPS server that wants a client certificate, and what the last request held.
class MutualTlsServer {
 public:
  MutualTlsServer(testing::TestPki& server_pki, const std::string& client_ca_file,
                  http::Handler handler)
      : pool_(2, 16) {
    const testing::PemFiles files = server_pki.Issue({"mpi.example.test"});
    http::ServerOptions options;
    options.tls =
        http::TlsServerOptions{files.certificate_file, files.private_key_file, client_ca_file};
    auto server = http::Server::Start(options, std::move(handler), pool_);
    REQUIRE(server.ok());
    server_ = *std::move(server);
  }
  ~MutualTlsServer() {
    server_->Stop(absl::Seconds(1));
    pool_.Shutdown();
  }

  std::string Url(const std::string& host = "127.0.0.1") const {
    return absl::StrCat("https://", host, ":", server_->port(), "/mpi");
  }

 private:
  base::WorkerPool pool_;
  std::unique_ptr<http::Server> server_;
};

Answer FindOver(const std::string& url, http::TlsClientOptions tls,
                absl::Duration left = absl::Seconds(10)) {
  auto client = http::CurlClient::Create(std::move(tls));
  REQUIRE(client.ok());
  const base::SystemClock clock;
  crypto::SystemIdGenerator ids;
  SoapSettings settings;
  settings.url = url;
  SoapMpiGateway gateway({**client, clock, ids}, settings);
  absl::StatusOr<Answer> answer = gateway.Find(AskIcn(), clock.Now() + left);
  REQUIRE(answer.ok());
  return *std::move(answer);
}

http::Response AnswerMatch(http::Request& request) {
  http::Response response;
  response.headers.Set("Content-Type", "text/xml;charset=UTF-8");
  response.headers.Set("x-global-transaction-id", "txn-1");
  response.body =
      hl7::Readdressed(hl7::MatchAnswer(), MessageId(request.body), QueryId(request.body));
  return response;
}

http::TlsClientOptions ClientTls(testing::TestPki& pki, const std::string& ca_file) {
  const testing::PemFiles files = pki.Issue({"mpi-adapter.va.internal"});
  http::TlsClientOptions tls;
  tls.ca_file = ca_file;
  tls.certificate_file = files.certificate_file;
  tls.private_key_file = files.private_key_file;
  return tls;
}

TEST_CASE("SoapMpiGateway: asks over mutual TLS and reads the answer", "[mpi][adapter][tls]") {
  testing::TestPki pki;
  std::mutex mutex;
  http::Request seen;
  MutualTlsServer server(pki, pki.ca_file(), [&](http::Request& request) {
    http::Response response = AnswerMatch(request);
    const std::lock_guard<std::mutex> lock(mutex);
    seen = request;
    return response;
  });
  const Answer answer = FindOver(server.Url(), ClientTls(pki, pki.ca_file()));
  CheckOutcome(answer, Outcome::kOk, "MATCH");
  CHECK(answer.transaction_id == "txn-1");
  const std::lock_guard<std::mutex> lock(mutex);
  CHECK(seen.method == "POST");
  CHECK(seen.path == "/mpi");
  CHECK(seen.headers.GetAll("soapaction") == std::vector<absl::string_view>{"PRPA_IN201305UV02"});
  CHECK(seen.headers.GetAll("User-Agent") == std::vector<absl::string_view>{"Vets.gov Agent"});
  CHECK(seen.headers.Count("Content-Type") == 1);
  CHECK(seen.headers.Count("Date") == 1);
  CHECK(seen.peer_certificate.has_value());
}

TEST_CASE("SoapMpiGateway: H9 a server of another CA is refused, nothing is sent",
          "[mpi][adapter][tls][attack]") {
  testing::TestPki pki;
  testing::TestPki other;
  std::atomic<bool> asked = false;
  MutualTlsServer server(other, pki.ca_file(), [&](http::Request& request) {
    asked = true;
    return AnswerMatch(request);
  });
  CheckOutcome(FindOver(server.Url(), ClientTls(pki, pki.ca_file())), Outcome::kTransport, "TLS");
  CHECK_FALSE(asked);
}

TEST_CASE("SoapMpiGateway: H9 a certificate for another host is refused",
          "[mpi][adapter][tls][attack]") {
  testing::TestPki pki;
  std::atomic<bool> asked = false;
  MutualTlsServer server(pki, pki.ca_file(), [&](http::Request& request) {
    asked = true;
    return AnswerMatch(request);
  });
  CheckOutcome(FindOver(server.Url("localhost"), ClientTls(pki, pki.ca_file())),
               Outcome::kTransport, "TLS");
  CHECK_FALSE(asked);
}

TEST_CASE("SoapMpiGateway: H9 our certificate missing or of another CA is TRANSPORT",
          "[mpi][adapter][tls][attack]") {
  testing::TestPki pki;
  testing::TestPki other;
  std::atomic<bool> asked = false;
  MutualTlsServer server(pki, pki.ca_file(), [&](http::Request& request) {
    asked = true;
    return AnswerMatch(request);
  });
  http::TlsClientOptions bare;
  bare.ca_file = pki.ca_file();
  CHECK(FindOver(server.Url(), bare).outcome == Outcome::kTransport);
  CHECK(FindOver(server.Url(), ClientTls(other, pki.ca_file())).outcome == Outcome::kTransport);
  CHECK_FALSE(asked);
}

TEST_CASE("SoapMpiGateway: H7 a connection that ends without an answer is TRANSPORT",
          "[mpi][adapter][tls][attack]") {
  testing::TestPki pki;
  MutualTlsServer server(pki, pki.ca_file(), [](http::Request&) {
    http::Response response;
    response.status = http::kNoAnswer;
    return response;
  });
  CheckOutcome(FindOver(server.Url(), ClientTls(pki, pki.ca_file())), Outcome::kTransport,
               "CONNECTION_LOST");
}

TEST_CASE("SoapMpiGateway: H6 a body over 2 MiB is cut off", "[mpi][adapter][tls][attack]") {
  testing::TestPki pki;
  MutualTlsServer server(pki, pki.ca_file(), [](http::Request& request) {
    http::Response response = AnswerMatch(request);
    response.body += std::string(3 * 1024 * 1024, ' ');
    return response;
  });
  CheckOutcome(FindOver(server.Url(), ClientTls(pki, pki.ca_file())), Outcome::kUnparseable,
               "RESPONSE_TOO_LARGE");
}

}  // namespace
}  // namespace va::mpi
