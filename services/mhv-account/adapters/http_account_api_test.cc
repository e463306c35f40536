#include "services/mhv-account/adapters/http_account_api.h"

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/crypto/keys.h"
#include "lib/jose/jwt.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "lib/testing/test_pki.h"

namespace va::mhv {
namespace {

using nlohmann::json;

constexpr char kIcn[] = "1000000001V100001";
constexpr char kStsUrl[] = "https://sts.example.test/v0/sign_in/token";
constexpr char kAccountUrl[] = "https://mhv.example.test/base/v1/usermgmt/account-service/account";

http::ClientResponse Json(int status, const std::string& body) {
  return {status, {{"Content-Type", "application/json; charset=utf-8"}}, body};
}

http::ClientResponse Token() {
  return Json(200, R"({"data":{"access_token":"head.pay-load_.sig"}})");
}

json WholeAnswer() {
  return {{"mhv_userProfileId", "12345678"}, {"isPremium", true},
          {"isChampVABeneficiary", false},   {"isPatient", true},
          {"isSMAccountCreated", true},      {"message", "Existing MHV Account Found for ICN"}};
}

using Reply = absl::StatusOr<http::ClientResponse>;

// STS and MHV as the test says; keeps what they were asked.
class FakeHttp final : public http::Client {
 public:
  Reply Send(const http::ClientRequest& request) override {
    requests.push_back(request);
    if (on_send) on_send();
    return request.url == kStsUrl ? sts : mhv;
  }

  Reply sts = Token();
  Reply mhv = Json(200, WholeAnswer().dump());
  std::function<void()> on_send;
  std::vector<http::ClientRequest> requests;
};

AccountApiSettings Settings() {
  AccountApiSettings settings;
  settings.url = "https://mhv.example.test/base";
  settings.sts_url = "https://sts.example.test";
  settings.client_id = "va-signin";
  settings.service_account_id = "service-account-7";
  settings.api_key = identity::Secret::FromWire("api-key-1");
  return settings;
}

// One key for all tests of this file: making RSA keys takes its time.
const crypto::PrivateKey& RsaKey() {
  static const crypto::PrivateKey* const kKey = [] {
    testing::TestPki pki;
    return new crypto::PrivateKey(
        crypto::PrivateKey::FromPemFile(pki.SelfSignedRsa("sts").private_key_file).value());
  }();
  return *kKey;
}

AccountRequest Request() {
  AccountRequest request;
  request.icn = identity::Icn::FromWire(kIcn);
  request.email = identity::PersonText::FromWire("zebulon@example.test");
  request.terms = {"3", "1.0", "VA Enterprise Terms of Use", absl::FromUnixSeconds(1501098967)};
  return request;
}

struct Bench {
  absl::StatusOr<AccountAnswer> Ensure(const AccountRequest& request = Request(),
                                       absl::Duration left = absl::Seconds(30)) {
    return api.Ensure(request, clock.Now() + left);
  }
  json Body(size_t index) const { return json::parse(http.requests.at(index).body); }

  testing::FakeClock clock;
  testing::FixedIds ids;
  FakeHttp http;
  base::Reloadable<jose::SigningKey> key{
      jose::SigningKey::Create(RsaKey(), jose::Algorithm::kRs256).value()};
  HttpAccountApi api{{http, http, key, clock, ids}, Settings()};
};

void CheckFault(const absl::Status& status, const std::string& reason, bool retryable = true) {
  CHECK(base::ReasonOf(status) == reason);
  CHECK(base::IsRetryable(status) == retryable);
  CHECK(status.code() ==
        (retryable ? absl::StatusCode::kUnavailable : absl::StatusCode::kFailedPrecondition));
  CHECK_FALSE(absl::StrContains(status.ToString(), kIcn));
}

TEST_CASE("HttpAccountApi: a 200 is an account with all that MHV says", "[mhv][adapter]") {
  Bench bench;
  const auto answer = bench.Ensure();
  REQUIRE(answer.ok());
  const auto& account = std::get<MhvAccount>(*answer);
  CHECK(account.mhv_id.Reveal() == "12345678");
  CHECK(account.premium);
  CHECK_FALSE(account.champ_va);
  CHECK(account.patient);
  CHECK(account.sm_account_created);
  CHECK(account.origin == Origin::kExisting);
}

TEST_CASE("HttpAccountApi: the account call is bearer, API key and exactly the documented body",
          "[mhv][adapter][rule]") {
  Bench bench;
  REQUIRE(bench.Ensure().ok());
  REQUIRE(bench.http.requests.size() == 2);
  const http::ClientRequest& call = bench.http.requests[1];
  CHECK_FALSE(call.repeatable);  // a second account
  CHECK(call.method == "POST");
  CHECK(call.url == kAccountUrl);
  CHECK(call.headers.size() == 4);
  CHECK(*call.headers.Get("Authorization") == "Bearer head.pay-load_.sig");
  CHECK(*call.headers.Get("x-api-key") == "api-key-1");
  CHECK(*call.headers.Get("Content-Type") == "application/json");
  CHECK(*call.headers.Get("Accept") == "application/json");
  CHECK_FALSE(call.follow_redirects);
  CHECK(call.max_response == size_t{64} << 10);
  CHECK(bench.Body(1) == json{{"icn", kIcn},
                              {"email", "zebulon@example.test"},
                              {"vaTermsOfUseDateTime", "2017-07-26T19:56:07Z"},
                              {"vaTermsOfUseStatus", "accepted"},
                              {"vaTermsOfUseRevision", "3"},
                              {"vaTermsOfUseLegalVersion", "1.0"},
                              {"vaTermsOfUseDocTitle", "VA Enterprise Terms of Use"}});
}

TEST_CASE("HttpAccountApi: a credential without e-mail sends none", "[mhv][adapter][rule]") {
  Bench bench;
  AccountRequest request = Request();
  request.email = {};
  REQUIRE(bench.Ensure(request).ok());
  CHECK_FALSE(bench.Body(1).contains("email"));
}

TEST_CASE("HttpAccountApi: revision, version, title and time are those of the record",
          "[mhv][adapter][rule]") {
  Bench bench;
  AccountRequest request = Request();
  request.terms = {"4", "2.1", "Other Terms", absl::FromUnixMillis(1768478400999)};
  REQUIRE(bench.Ensure(request).ok());
  const json body = bench.Body(1);
  CHECK(body["vaTermsOfUseRevision"] == "4");
  CHECK(body["vaTermsOfUseLegalVersion"] == "2.1");
  CHECK(body["vaTermsOfUseDocTitle"] == "Other Terms");
  CHECK(body["vaTermsOfUseDateTime"] == "2026-01-15T12:00:00Z");
}

TEST_CASE("HttpAccountApi: the assertion is RS256 for one person, one scope and 300 seconds",
          "[mhv][adapter][rule]") {
  Bench bench;
  REQUIRE(bench.Ensure().ok());
  const http::ClientRequest& call = bench.http.requests[0];
  CHECK_FALSE(call.repeatable);  // one assertion, one use
  CHECK(call.method == "POST");
  CHECK(call.url == kStsUrl);
  CHECK(*call.headers.Get("Content-Type") == "application/json");
  // The key of MHV goes to MHV alone.
  CHECK_FALSE(call.headers.Has("x-api-key"));
  const json body = bench.Body(0);
  CHECK(body.size() == 2);
  CHECK(body["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer");

  std::vector<jose::VerifyingKey> keys;
  keys.push_back(jose::VerifyingKey::Create(RsaKey().Public(), jose::Algorithm::kRs256).value());
  const auto verified = jose::VerifyJwt(body["assertion"].get<std::string>(), keys,
                                        {.type = "JWT",
                                         .issuer = "va-signin",
                                         .audience = kStsUrl,
                                         .authorized_party = "",
                                         .require_subject = true,
                                         .require_id = true,
                                         .require_issued_at = true,
                                         .max_life = absl::Seconds(300)},
                                        bench.clock.Now());
  INFO(verified.status());
  REQUIRE(verified.ok());
  const json claims = json::parse(verified->payload);
  CHECK(claims.size() == 9);
  CHECK(claims["iss"] == "va-signin");
  CHECK(claims["sub"] == kIcn);
  CHECK(claims["aud"] == kStsUrl);
  CHECK(claims["iat"] == absl::ToUnixSeconds(bench.clock.Now()));
  CHECK(claims["exp"] == absl::ToUnixSeconds(bench.clock.Now()) + 300);
  CHECK(claims["scopes"] == json::array({kAccountUrl}));
  CHECK(claims["service_account_id"] == "service-account-7");
  CHECK(claims["user_attributes"] == json{{"icn", kIcn}});
  const auto jti = claims["jti"].get<std::string>();
  CHECK(jti.size() == 32);
  CHECK(jti.find_first_not_of("0123456789abcdef") == std::string::npos);
}

TEST_CASE("HttpAccountApi: no two assertions share their id", "[mhv][adapter][rule]") {
  Bench bench;
  std::set<std::string> assertions;
  for (int i = 0; i < 5; ++i) REQUIRE(bench.Ensure().ok());
  for (size_t i = 0; i < bench.http.requests.size(); i += 2) {
    assertions.insert(bench.Body(i)["assertion"].get<std::string>());
  }
  CHECK(assertions.size() == 5);
}

TEST_CASE("HttpAccountApi M8: no answer from MHV is an outage, typed and retryable",
          "[mhv][adapter][rule][M8]") {
  struct Row {
    const char* what;
    Reply reply;
    const char* reason;
  };
  json truncated = WholeAnswer();
  truncated.erase("isPatient");
  json number_id = WholeAnswer();
  number_id["mhv_userProfileId"] = 12345678;
  json text_bool = WholeAnswer();
  text_bool["isPremium"] = "true";
  json null_bool = WholeAnswer();
  null_bool["isSMAccountCreated"] = nullptr;
  const std::string whole = WholeAnswer().dump();
  const std::vector<Row> rows = {
      {"down", base::MakeError(absl::StatusCode::kUnavailable, "CONNECT", "x"), "MHV_UNAVAILABLE"},
      {"closed without an answer",
       base::MakeError(absl::StatusCode::kUnavailable, "CONNECTION_LOST", "x"), "MHV_UNAVAILABLE"},
      {"another certificate", base::MakeError(absl::StatusCode::kUnavailable, "TLS", "x"),
       "MHV_UNAVAILABLE"},
      {"slow", base::MakeError(absl::StatusCode::kDeadlineExceeded, "TIMEOUT", "x"), "MHV_TIMEOUT"},
      {"more than 64 KiB",
       base::MakeError(absl::StatusCode::kResourceExhausted, "RESPONSE_TOO_LARGE", "x"),
       "MHV_MALFORMED"},
      {"HTML instead of JSON",
       http::ClientResponse{200, {{"Content-Type", "text/html"}}, "<h1>Maintenance</h1>"},
       "MHV_CONTENT_TYPE"},
      {"JSON under another content type",
       http::ClientResponse{200, {{"Content-Type", "text/plain"}}, whole}, "MHV_CONTENT_TYPE"},
      {"a content type that only begins alike",
       http::ClientResponse{200, {{"Content-Type", "application/jsonp"}}, whole},
       "MHV_CONTENT_TYPE"},
      {"no content type", http::ClientResponse{200, {}, whole}, "MHV_CONTENT_TYPE"},
      {"cut off", Json(200, whole.substr(0, whole.size() / 2)), "MHV_MALFORMED"},
      {"an empty body", Json(200, ""), "MHV_MALFORMED"},
      {"no object", Json(200, "[]"), "MHV_MALFORMED"},
      {"bytes that are no UTF-8", Json(200, "{\"message\":\"\xff\"}"), "MHV_MALFORMED"},
      {"a fact missing", Json(200, truncated.dump()), "MHV_MALFORMED"},
      {"an id that is a number", Json(200, number_id.dump()), "MHV_MALFORMED"},
      {"a boolean that is text", Json(200, text_bool.dump()), "MHV_MALFORMED"},
      {"a boolean that is null", Json(200, null_bool.dump()), "MHV_MALFORMED"},
      {"plain text with 500",
       http::ClientResponse{500, {{"Content-Type", "text/plain"}}, "Internal Server Error"},
       "MHV_UNAVAILABLE"},
      {"503 with a code of theirs", Json(503, R"({"errorCode":805,"message":"x"})"),
       "MHV_UNAVAILABLE"},
      {"too many calls", Json(429, R"({"errorCode":805,"message":"x"})"), "MHV_UNAVAILABLE"},
      {"an error without a code", Json(400, R"({"message":"x"})"), "MHV_MALFORMED"},
      {"a code that is text", Json(400, R"({"errorCode":"805"})"), "MHV_MALFORMED"},
      {"a code with a fraction", Json(400, R"({"errorCode":805.5})"), "MHV_MALFORMED"},
      {"a code beyond all bounds", Json(400, R"({"errorCode":99999999999999})"), "MHV_MALFORMED"},
      {"an unknown code of whatever stands in front of MHV",
       Json(404, R"({"errorCode":900,"message":"no such route"})"), "MHV_MALFORMED"},
      {"an error that is HTML", http::ClientResponse{404, {{"Content-Type", "text/html"}}, "<p>"},
       "MHV_CONTENT_TYPE"},
      {"a redirect", Json(302, whole), "MHV_MALFORMED"},
      {"no content", Json(204, ""), "MHV_MALFORMED"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Bench bench;
    bench.http.mhv = row.reply;
    CheckFault(bench.Ensure().status(), row.reason);
    CHECK(bench.http.requests.size() == 2);
  }
}

TEST_CASE("HttpAccountApi M10: MHV's refusal comes back with its code", "[mhv][adapter][M10]") {
  const auto [status, code] =
      GENERATE(table<int, int>({{400, 805}, {400, 812}, {403, 808}, {400, 899}, {409, 805}}));
  Bench bench;
  bench.http.mhv = Json(status, json{{"errorCode", code}, {"message", "some words"}}.dump());
  const auto answer = bench.Ensure();
  REQUIRE(answer.ok());
  CHECK(std::get<Refusal>(*answer).code == code);
}

TEST_CASE("HttpAccountApi M8: a refusal of our registration is a fault that no retry mends",
          "[mhv][adapter][M8]") {
  const int status = GENERATE(401, 403);
  Bench bench;
  bench.http.mhv = http::ClientResponse{status, {{"Content-Type", "text/html"}}, "Forbidden"};
  CheckFault(bench.Ensure().status(), "MHV_REFUSED", false);
  bench.http.mhv = Json(status, R"({"errorCode":900,"message":"a code of their gateway"})");
  CheckFault(bench.Ensure().status(), "MHV_REFUSED", false);
}

TEST_CASE("HttpAccountApi: without a token MHV is not called", "[mhv][adapter][rule]") {
  struct Row {
    const char* what;
    Reply reply;
    const char* reason;
    bool retryable = true;
  };
  const std::vector<Row> rows = {
      {"down", base::MakeError(absl::StatusCode::kUnavailable, "CONNECT", "x"), "STS_UNAVAILABLE"},
      {"slow", base::MakeError(absl::StatusCode::kDeadlineExceeded, "TIMEOUT", "x"), "STS_TIMEOUT"},
      {"503", Json(503, "{}"), "STS_UNAVAILABLE"},
      {"400 Service account config not found",
       Json(400, R"({"errors":"Service account config not found"})"), "STS_REFUSED", false},
      {"401", Json(401, "{}"), "STS_REFUSED", false},
      {"a redirect", Json(302, ""), "STS_MALFORMED"},
      {"HTML", http::ClientResponse{200, {{"Content-Type", "text/html"}}, "<p>"},
       "STS_CONTENT_TYPE"},
      {"no JSON", Json(200, "{"), "STS_MALFORMED"},
      {"no data", Json(200, "{}"), "STS_MALFORMED"},
      {"data of another type", Json(200, R"({"data":"x"})"), "STS_MALFORMED"},
      {"no token in it", Json(200, R"({"data":{}})"), "STS_MALFORMED"},
      {"a token that is a number", Json(200, R"({"data":{"access_token":7}})"), "STS_MALFORMED"},
      {"an empty token", Json(200, R"({"data":{"access_token":""}})"), "STS_MALFORMED"},
      {"a token that would add a header",
       Json(200, R"({"data":{"access_token":"a\r\nx-api-key: b"}})"), "STS_MALFORMED"},
      {"a token beyond all bounds",
       Json(200, json{{"data", {{"access_token", std::string(8193, 'a')}}}}.dump()),
       "STS_MALFORMED"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Bench bench;
    bench.http.sts = row.reply;
    CheckFault(bench.Ensure().status(), row.reason, row.retryable);
    CHECK(bench.http.requests.size() == 1);
  }
}

TEST_CASE("HttpAccountApi: the caller's deadline bounds both calls together",
          "[mhv][adapter][rule]") {
  Bench bench;
  SECTION("the setting, when there is time") {
    REQUIRE(bench.Ensure(Request(), absl::Seconds(30)).ok());
    CHECK(bench.http.requests[0].timeout == absl::Seconds(3));
    CHECK(bench.http.requests[1].timeout == absl::Seconds(3));
  }
  SECTION("what the first call took is gone for the second") {
    bench.http.on_send = [&bench] { bench.clock.Advance(absl::Milliseconds(1500)); };
    REQUIRE(bench.Ensure(Request(), absl::Seconds(2)).ok());
    CHECK(bench.http.requests[0].timeout == absl::Seconds(2));
    CHECK(bench.http.requests[1].timeout == absl::Milliseconds(500));
  }
  SECTION("nothing is sent when no time is left") {
    CheckFault(bench.Ensure(Request(), absl::ZeroDuration()).status(), "STS_TIMEOUT");
    CHECK(bench.http.requests.empty());
  }
  SECTION("MHV is not called when the token took all the time") {
    bench.http.on_send = [&bench] { bench.clock.Advance(absl::Seconds(2)); };
    CheckFault(bench.Ensure(Request(), absl::Seconds(2)).status(), "MHV_TIMEOUT");
    CHECK(bench.http.requests.size() == 1);
  }
}

}  // namespace
}  // namespace va::mhv
