#include "services/inherited-proofing/adapters/http_mhv_proofing.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"

namespace va::proofing {
namespace {

using identity::CspId;
using identity::Icn;

// Shapes of the reference's samples, with invented ids.
constexpr char kAccountOk[] =
    R"({"correlationId":40000001,"accountStatus":"Premium","apiCompletionStatus":"Successful"})";
constexpr char kErrorBody[] =
    R"({"errorCode":99,"developerMessage":"","message":"Unknown application error occurred"})";
constexpr char kRecordYes[] =
    R"({"mhvId":40000001,"identityProofedMethod":"IPA","identityProofingDate":"2020-12-14",)"
    R"("identityDocumentExist":true,"identityDocumentInfo":{"primaryIdentityDocumentNumber":)"
    R"("55501234","primaryIdentityDocumentType":"StateIssuedId","primaryIdentityDocumentCountry":)"
    R"("United States","primaryIdentityDocumentExpirationDate":"2026-03-30"}})";
constexpr char kRecordNo[] = R"({"mhvId":40000002,"identityDocumentExist":false})";

// A client that answers as the test says and keeps what it was asked.
class FakeHttp final : public http::Client {
 public:
  absl::StatusOr<http::ClientResponse> Send(const http::ClientRequest& request) override {
    requests.push_back(request);
    return answer;
  }

  absl::StatusOr<http::ClientResponse> answer = http::ClientResponse();
  std::vector<http::ClientRequest> requests;
};

http::ClientResponse Json(std::string body, int status = 200,
                          const std::string& type = "application/json") {
  return {status, {{"Content-Type", type}}, std::move(body)};
}

struct Bench {
  FakeHttp http;
  testing::FakeClock clock;
  HttpMhvProofing mhv{{http, clock},
                      {"https://mhv.example.test/inherited-proofing", absl::Seconds(3),
                       identity::Secret::FromWire("app-token-1")}};
  CallScope scope{"r1", clock.Now() + absl::Seconds(10)};

  absl::StatusOr<std::optional<MhvAccount>> Find() {
    return mhv.FindAccount(Icn::FromWire("1000000001V100001"), scope);
  }
  absl::StatusOr<ProofingRecord> Read() {
    return mhv.ReadRecord(CspId::FromWire("40000001"), scope);
  }
};

void CheckFault(const absl::Status& status, const std::string& reason) {
  INFO(status);
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(status) == reason);
  CHECK(base::IsRetryable(status));
}

TEST_CASE(
    "HttpMhvProofing: the account of an ICN is asked for by path, with the token (vector "
    "mhv.request.correlation_id)",
    "[proofing][adapter]") {
  Bench bench;
  bench.http.answer = Json(kAccountOk);
  const auto account = bench.Find();
  REQUIRE(account.ok());
  REQUIRE(account->has_value());
  CHECK((*account)->mhv_id.Reveal() == "40000001");
  CHECK((*account)->status == "Premium");
  REQUIRE(bench.http.requests.size() == 1);
  const http::ClientRequest& request = bench.http.requests[0];
  CHECK(request.method == "GET");
  CHECK(request.url == "https://mhv.example.test/inherited-proofing/validmhvid/1000000001V100001");
  CHECK(request.headers.size() == 3);
  CHECK(*request.headers.Get("appToken") == "app-token-1");
  CHECK(*request.headers.Get("Content-Type") == "application/json");
  CHECK(*request.headers.Get("Accept") == "application/json");
  CHECK(request.body.empty());
  CHECK_FALSE(request.follow_redirects);
  CHECK(request.timeout == absl::Seconds(3));
}

TEST_CASE(
    "HttpMhvProofing: account information is asked for by id (vector "
    "mhv.request.account_info)",
    "[proofing][adapter]") {
  Bench bench;
  bench.http.answer = Json(kRecordYes);
  const auto record = bench.Read();
  REQUIRE(record.ok());
  CHECK(record->mhv_id.Reveal() == "40000001");
  CHECK(record->identity_document_exists);
  CHECK(record->method == "IPA");
  CHECK(record->proofed_on == "2020-12-14");
  CHECK(record->document_type == "StateIssuedId");
  CHECK(record->document_country == "United States");
  CHECK(record->document_expires == "2026-03-30");
  const http::ClientRequest& request = bench.http.requests.at(0);
  CHECK(request.method == "GET");
  CHECK(request.url == "https://mhv.example.test/inherited-proofing/mhvacctinfo/40000001");
  CHECK(*request.headers.Get("appToken") == "app-token-1");
}

TEST_CASE("HttpMhvProofing: a slash at the end of the base changes nothing",
          "[proofing][adapter]") {
  Bench bench;
  HttpMhvProofing mhv({bench.http, bench.clock},
                      {"https://mhv.example.test/ip/", absl::Seconds(3), {}});
  bench.http.answer = Json(kRecordYes);
  REQUIRE(mhv.ReadRecord(CspId::FromWire("7"), bench.scope).ok());
  CHECK(bench.http.requests.at(0).url == "https://mhv.example.test/ip/mhvacctinfo/7");
}

TEST_CASE("HttpMhvProofing: the caller's deadline is nearer than the timeout, or over",
          "[proofing][adapter]") {
  Bench bench;
  bench.http.answer = Json(kRecordYes);
  bench.scope.deadline = bench.clock.Now() + absl::Milliseconds(400);
  REQUIRE(bench.Read().ok());
  CHECK(bench.http.requests.at(0).timeout == absl::Milliseconds(400));
  bench.scope.deadline = bench.clock.Now();
  CheckFault(bench.Read().status(), "MHV_TIMEOUT");
  CHECK(bench.http.requests.size() == 1);
}

TEST_CASE(
    "HttpMhvProofing: no account is what MHV says, in its two ways (vector "
    "mhv.response.correlation_error_body)",
    "[proofing][adapter][rule]") {
  const std::string body =
      GENERATE(as<std::string>(), kErrorBody, R"({"apiCompletionStatus":"Successful"})",
               R"({"correlationId":null,"apiCompletionStatus":"Successful"})");
  CAPTURE(body);
  Bench bench;
  bench.http.answer = Json(body);
  const auto account = bench.Find();
  INFO(account.status());
  REQUIRE(account.ok());
  CHECK_FALSE(account->has_value());
}

struct Answer {
  const char* says;
  absl::StatusOr<http::ClientResponse> answer;
  const char* reason;
};

// Whatever of these MHV does, to either call, is an outage.
std::vector<Answer> Outages() {
  const auto fault = [](absl::StatusCode code, const char* reason) {
    return base::MakeError(code, reason, "mhv.example.test");
  };
  return {
      {"down", fault(absl::StatusCode::kUnavailable, "CONNECT"), "MHV_UNAVAILABLE"},
      {"TLS refused", fault(absl::StatusCode::kUnavailable, "TLS"), "MHV_UNAVAILABLE"},
      {"closed without an answer", fault(absl::StatusCode::kUnavailable, "CONNECTION_LOST"),
       "MHV_UNAVAILABLE"},
      {"slow", fault(absl::StatusCode::kDeadlineExceeded, "TIMEOUT"), "MHV_TIMEOUT"},
      {"endless", fault(absl::StatusCode::kResourceExhausted, "RESPONSE_TOO_LARGE"),
       "MHV_MALFORMED"},
      {"500", Json(kRecordNo, 500), "MHV_UNAVAILABLE"},
      {"503 with the body of an error", Json(kErrorBody, 503), "MHV_UNAVAILABLE"},
      {"400 with the body of an error", Json(kErrorBody, 400), "MHV_UNAVAILABLE"},
      {"401: our token is wrong", Json("{}", 401), "MHV_UNAVAILABLE"},
      {"404: our address is wrong", Json(kErrorBody, 404), "MHV_UNAVAILABLE"},
      {"a redirect", Json("", 302), "MHV_UNAVAILABLE"},
      {"201 is no answer to a question", Json(kRecordYes, 201), "MHV_UNAVAILABLE"},
      {"a page of a proxy", Json("<html></html>", 200, "text/html"), "MHV_CONTENT_TYPE"},
      {"JSON that is called text", Json(kRecordYes, 200, "text/plain"), "MHV_CONTENT_TYPE"},
      {"a type that only begins like JSON", Json(kRecordYes, 200, "application/jsonp"),
       "MHV_CONTENT_TYPE"},
      {"nothing", Json(""), "MHV_MALFORMED"},
      {"half an object", Json(R"({"mhvId":4000)"), "MHV_MALFORMED"},
      {"an empty object", Json("{}"), "MHV_MALFORMED"},
      {"a list", Json("[]"), "MHV_MALFORMED"},
      {"null", Json("null"), "MHV_MALFORMED"},
      {"bytes that are no UTF-8", Json("{\"mhvId\":1,\"a\":\"\xff\xfe\"}"), "MHV_MALFORMED"},
      {"a thousand lists in one another", Json(std::string(1000, '[')), "MHV_MALFORMED"},
      {"another error in a 200", Json(R"({"errorCode":1,"message":"busy"})"), "MHV_UNAVAILABLE"},
      {"an error whose code is a text", Json(R"({"errorCode":"99"})"), "MHV_UNAVAILABLE"},
  };
}

TEST_CASE("HttpMhvProofing: an outage is never \"not eligible\" (M8)",
          "[proofing][adapter][rule]") {
  for (const Answer& row : Outages()) {
    CAPTURE(row.says);
    Bench bench;
    bench.http.answer = row.answer;
    CheckFault(bench.Find().status(), row.reason);
    CheckFault(bench.Read().status(), row.reason);
  }
}

TEST_CASE("HttpMhvProofing: an account that is not whole is an outage too (M8)",
          "[proofing][adapter][rule]") {
  struct Row {
    const char* body;
    const char* reason;
  };
  const Row row = GENERATE(values<Row>({
      {R"({"apiCompletionStatus":"Failed"})", "MHV_MALFORMED"},
      {R"({"accountStatus":"Premium"})", "MHV_MALFORMED"},
      {R"({"errorCode":99,"correlationId":40000001})", "MHV_UNAVAILABLE"},
      {R"({"correlationId":40000001,"accountStatus":3})", "MHV_MALFORMED"},
      {R"({"correlationId":40000001,"accountStatus":["Basic"]})", "MHV_MALFORMED"},
      {R"({"correlationId":40000001,"accountStatus":"Ba\u0000sic"})", "MHV_MALFORMED"},
      {R"({"correlationId":40000001,"accountStatus":""})", "MHV_MALFORMED"},
  }));
  CAPTURE(row.body);
  Bench bench;
  bench.http.answer = Json(row.body);
  CheckFault(bench.Find().status(), row.reason);
}

TEST_CASE(
    "HttpMhvProofing: errorCode 99 in a 200 says nothing about the proofing of an account "
    "that exists (M8)",
    "[proofing][adapter][rule]") {
  Bench bench;
  bench.http.answer = Json(kErrorBody);
  CheckFault(bench.Read().status(), "MHV_UNAVAILABLE");
}

TEST_CASE("HttpMhvProofing: ids come as numbers and as texts", "[proofing][adapter]") {
  struct Row {
    const char* id;
    const char* read;  // nullptr: refused
  };
  const Row row = GENERATE(values<Row>({
      {"40000001", "40000001"},
      {"\"40000001\"", "40000001"},
      {"\"0040\"", "0040"},
      {"18446744073709551615", "18446744073709551615"},
      {"\"\"", nullptr},
      {"\"4000/../1\"", nullptr},
      {"\"UNK\"", nullptr},
      {"\"123456789012345678901\"", nullptr},
      {"-1", nullptr},
      {"1.5", nullptr},
      {"1e3", nullptr},
      {"true", nullptr},
      {"{}", nullptr},
  }));
  CAPTURE(row.id);
  Bench bench;
  bench.http.answer = Json(absl::StrCat("{\"correlationId\":", row.id, "}"));
  const auto account = bench.Find();
  bench.http.answer = Json(absl::StrCat("{\"mhvId\":", row.id, ",\"identityDocumentExist\":true}"));
  const auto record = bench.Read();
  if (row.read == nullptr) {
    CheckFault(account.status(), "MHV_MALFORMED");
    CheckFault(record.status(), "MHV_MALFORMED");
    return;
  }
  REQUIRE((account.ok() && account->has_value()));
  CHECK((*account)->mhv_id.Reveal() == row.read);
  REQUIRE(record.ok());
  CHECK(record->mhv_id.Reveal() == row.read);
}

TEST_CASE("HttpMhvProofing: a document exists when MHV says exactly true", "[proofing][rule]") {
  struct Row {
    const char* value;
    bool exists;
  };
  const Row row = GENERATE(values<Row>({{"true", true},
                                        {"false", false},
                                        {"\"true\"", false},
                                        {"1", false},
                                        {"null", false},
                                        {"[true]", false}}));
  CAPTURE(row.value);
  Bench bench;
  bench.http.answer = Json(absl::StrCat("{\"mhvId\":1,\"identityDocumentExist\":", row.value, "}"));
  const auto record = bench.Read();
  REQUIRE(record.ok());
  CHECK(record->identity_document_exists == row.exists);
}

TEST_CASE("HttpMhvProofing: an answer of an account without a proofing is read",
          "[proofing][adapter]") {
  Bench bench;
  bench.http.answer = Json(kRecordNo, 200, "application/json; charset=UTF-8");
  const auto record = bench.Read();
  REQUIRE(record.ok());
  CHECK_FALSE(record->identity_document_exists);
  CHECK(record->method.empty());
  CHECK(record->proofed_on.empty());
}

TEST_CASE("HttpMhvProofing: an answer that names no type is read as JSON", "[proofing][adapter]") {
  Bench bench;
  bench.http.answer = http::ClientResponse{200, {}, kRecordYes};
  CHECK(bench.Read().ok());
}

TEST_CASE("HttpMhvProofing: fields nobody knows are ignored, and texts of unknown kind stay behind",
          "[proofing][adapter]") {
  Bench bench;
  bench.http.answer = Json(absl::StrCat(
      R"({"mhvId":1,"identityDocumentExist":true,"new":{"a":[1,2]},"identityProofedMethod":")",
      std::string(65, 'x'), R"(","identityProofingDate":20201214,"identityDocumentInfo":[]})"));
  const auto record = bench.Read();
  REQUIRE(record.ok());
  CHECK(record->identity_document_exists);
  CHECK(record->method.empty());
  CHECK(record->proofed_on.empty());
  CHECK(record->document_type.empty());
}

TEST_CASE("HttpMhvProofing: the number of a document never leaves the parser (P-8)",
          "[proofing][adapter][rule]") {
  Bench bench;
  bench.http.answer = Json(kRecordYes);
  const auto record = bench.Read();
  REQUIRE(record.ok());
  REQUIRE(absl::StrContains(bench.http.answer->body, "55501234"));
  for (const std::string& text :
       {record->mhv_id.Reveal(), record->method, record->proofed_on, record->document_type,
        record->document_country, record->document_expires}) {
    CHECK_FALSE(absl::StrContains(text, "55501234"));
  }
}

TEST_CASE("HttpMhvProofing: what is no id never becomes part of a path",
          "[proofing][adapter][rule]") {
  Bench bench;
  bench.http.answer = Json(kRecordYes);
  const std::string id =
      GENERATE(as<std::string>(), "", "1/2", "../1", "1?x=y", "1 2", "UNK", "1\r\nX: y");
  CAPTURE(id);
  const auto account = bench.mhv.FindAccount(Icn::FromWire(id), bench.scope);
  CHECK(account.status().code() == absl::StatusCode::kInvalidArgument);
  const auto record = bench.mhv.ReadRecord(CspId::FromWire(id), bench.scope);
  CHECK(base::ReasonOf(record.status()) == "IDENTIFIER_MALFORMED");
  CHECK(bench.http.requests.empty());
}

TEST_CASE("HttpMhvProofing: faults name no person and no token", "[proofing][adapter][rule]") {
  for (const Answer& row : Outages()) {
    CAPTURE(row.says);
    Bench bench;
    bench.http.answer = row.answer;
    for (const absl::Status& status : {bench.Find().status(), bench.Read().status()}) {
      for (const char* secret : {"1000000001V100001", "40000001", "app-token-1", "55501234"}) {
        CHECK_FALSE(absl::StrContains(status.ToString(), secret));
      }
    }
  }
}

}  // namespace
}  // namespace va::proofing
