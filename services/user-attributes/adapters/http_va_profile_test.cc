#include "services/user-attributes/adapters/http_va_profile.h"

#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "services/user-attributes/adapters/va_profile_answer.h"

namespace va::attributes {
namespace {

using identity::CspId;
using nlohmann::json;

constexpr char kId[] = "7701";

json WholeAnswer() {
  return {{"txAuditId", "audit-1"},
          {"status", "COMPLETED_SUCCESS"},
          {"bio",
           {{"vet360Id", 7701},
            {"createDate", "2018-04-21T18:56:09Z"},
            {"addresses",
             {{{"addressId", 5},
               {"addressPOU", "correspondence"},
               {"addressType", "Overseas Military"},
               {"addressLine1", "1 Long Road"},
               {"addressLine2", "Flat 2"},
               {"addressLine3", "Rear"},
               {"cityName", "Apo"},
               {"stateCode", "AE"},
               {"provinceName", "Upper"},
               {"zipCode5", "09012"},
               {"zipCode4", "1234"},
               {"intPostalCode", "X1"},
               {"countryName", "United States"},
               {"countryCodeISO2", "US"},
               {"countryCodeISO3", "USA"},
               {"county", {{"countyName", "Cook"}, {"countyCode", "17031"}}},
               {"confidenceScore", "100"},
               {"effectiveStartDate", "2020-05-22T12:26:48Z"},
               {"effectiveEndDate", "2021-05-22T12:26:48Z"},
               {"latitude", "41.8"}}}},
            {"telephones",
             {{{"telephoneId", 6},
               {"phoneType", "Mobile"},
               {"internationalIndicator", true},
               {"countryCode", "44"},
               {"areaCode", "20"},
               {"phoneNumber", "5551234"},
               {"phoneNumberExt", "9"},
               {"textMessagePermInd", false}}}},
            {"emails",
             {{{"emailId", 7},
               {"emailAddressText", "a@example.test"},
               {"confirmationDate", "2026-01-01T00:00:00Z"}}}},
            {"permissions", {{{"permissionType", "TextPermission"}, {"permissionValue", true}}}}}}};
}

http::ClientResponse Ok(const json& body) {
  return {200, {{"Content-Type", "application/json"}}, body.dump()};
}
http::ClientResponse Status(int status) {
  return {status, {{"Content-Type", "application/json"}}, "{}"};
}
absl::Status Fault(absl::StatusCode code, absl::string_view reason) {
  return base::MakeError(code, reason, "x");
}

using Reply = absl::StatusOr<http::ClientResponse>;

// VA Profile as the test says; keeps what it was asked.
class FakeHttp final : public http::Client {
 public:
  Reply Send(const http::ClientRequest& request) override {
    requests.push_back(request);
    if (on_send) on_send();
    Reply reply = replies.front();
    if (replies.size() > 1) replies.pop_front();
    return reply;
  }

  std::deque<Reply> replies = {Ok(WholeAnswer())};  // the last one again and again
  std::function<void()> on_send;
  std::vector<http::ClientRequest> requests;
};

class Lines final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    text += std::string(line);
    return true;
  }
  std::string text;
};

struct Bench {
  absl::StatusOr<std::optional<ContactHistory>> Fetch(const std::string& id = kId,
                                                      absl::Duration left = absl::Seconds(30)) {
    return va_profile.Fetch(CspId::FromWire(id), "request-1", clock.Now() + left);
  }

  testing::FakeClock clock;
  testing::FixedIds ids;
  FakeHttp http;
  Lines lines;
  telemetry::Log log{"user-attributes", telemetry::Severity::kDebug, clock, lines};
  telemetry::Metrics metrics;
  HttpVaProfile va_profile{{http, clock, ids, log, VaProfileCounter(metrics),
                            [this](absl::Duration pause) { clock.Advance(pause); }},
                           {"https://va-profile.example.test/base", absl::Seconds(2)}};
};

TEST_CASE("HttpVaProfile: asks by a GET of the documented path with the three headers",
          "[attributes][contact][adapter]") {
  Bench bench;
  REQUIRE(bench.Fetch().ok());
  REQUIRE(bench.http.requests.size() == 1);
  const http::ClientRequest& request = bench.http.requests[0];
  CHECK(request.method == "GET");
  CHECK(request.url ==
        "https://va-profile.example.test/base/contact-information-hub/cuf/contact-information/v1/"
        "7701");
  CHECK(request.headers.size() == 3);
  CHECK(*request.headers.Get("Accept") == "application/json");
  CHECK(*request.headers.Get("Content-Type") == "application/json");
  CHECK(*request.headers.Get("cufSystemName") == "VETSGOV");
  CHECK(request.body.empty());
  CHECK_FALSE(request.follow_redirects);
  CHECK(request.max_response == size_t{256} << 10);
}

TEST_CASE("HttpVaProfile: what is no number never becomes a part of an address",
          "[attributes][contact][adapter][security]") {
  Bench bench;
  for (const char* const id : {"", "../1", "1/2", "1?x=y", "UNK", "1\r\nHost: x"}) {
    CAPTURE(id);
    CHECK(base::ReasonOf(bench.Fetch(id).status()) == "VET360_ID");
  }
  CHECK(bench.http.requests.empty());
}

TEST_CASE("HttpVaProfile: every documented field is read, kinds in any case",
          "[attributes][contact][adapter]") {
  Bench bench;
  const auto answer = bench.Fetch();
  REQUIRE(answer.ok());
  REQUIRE(answer->has_value());
  const ContactHistory& history = **answer;
  CHECK(history.vet360_id.Reveal() == "7701");
  CHECK(history.audit_id == "audit-1");
  REQUIRE(history.addresses.size() == 1);
  const ContactAddress& address = history.addresses[0];
  CHECK(address.id == 5);
  CHECK(address.pou == "CORRESPONDENCE");
  CHECK(address.type == "OVERSEAS MILITARY");
  CHECK(address.line1.Reveal() == "1 Long Road");
  CHECK(address.line2.Reveal() == "Flat 2");
  CHECK(address.line3.Reveal() == "Rear");
  CHECK(address.city.Reveal() == "Apo");
  CHECK(address.state_code.Reveal() == "AE");
  CHECK(address.province.Reveal() == "Upper");
  CHECK(address.zip_code.Reveal() == "09012");
  CHECK(address.zip_code_suffix.Reveal() == "1234");
  CHECK(address.international_postal_code.Reveal() == "X1");
  CHECK(address.country_name.Reveal() == "United States");
  CHECK(address.country_code_iso2.Reveal() == "US");
  CHECK(address.country_code_iso3.Reveal() == "USA");
  CHECK(address.county_name.Reveal() == "Cook");
  CHECK(address.county_code.Reveal() == "17031");
  CHECK(address.confidence_score == "100");
  CHECK(address.effective.from == absl::FromUnixSeconds(1590150408));
  CHECK(address.effective.until == absl::FromUnixSeconds(1621686408));
  REQUIRE(history.telephones.size() == 1);
  const ContactTelephone& telephone = history.telephones[0];
  CHECK(telephone.id == 6);
  CHECK(telephone.type == "MOBILE");
  CHECK(telephone.is_international);
  CHECK(telephone.country_code.Reveal() == "44");
  CHECK(telephone.area_code.Reveal() == "20");
  CHECK(telephone.number.Reveal() == "5551234");
  CHECK(telephone.extension.Reveal() == "9");
  CHECK(telephone.is_text_permitted == false);
  REQUIRE(history.emails.size() == 1);
  CHECK(history.emails[0].id == 7);
  CHECK(history.emails[0].address.Reveal() == "a@example.test");
  CHECK(history.emails[0].confirmed_at == absl::FromUnixSeconds(1767225600));
  REQUIRE(history.permissions.size() == 1);
  CHECK(history.permissions[0].type == "TextPermission");
  CHECK(history.permissions[0].value == "true");
}

TEST_CASE("HttpVaProfile: the audit id may come in the header alone",
          "[attributes][contact][adapter]") {
  Bench bench;
  json body = WholeAnswer();
  body.erase("txAuditId");
  http::ClientResponse response = Ok(body);
  response.headers.Add("VaProfileTxAuditId", "audit-2");
  bench.http.replies = {response};
  CHECK((*bench.Fetch())->audit_id == "audit-2");
}

TEST_CASE("HttpVaProfile: 404 is a person VA Profile does not know: a warning, no error",
          "[attributes][contact][adapter][rule]") {
  Bench bench;
  bench.http.replies = {Status(404)};
  const auto answer = bench.Fetch();
  REQUIRE(answer.ok());
  CHECK_FALSE(answer->has_value());
  CHECK(bench.http.requests.size() == 1);
  CHECK(absl::StrContains(bench.metrics.Text(),
                          "va_user_attributes_va_profile_total{outcome=\"unknown\"} 1"));
  CHECK(absl::StrContains(bench.lines.text, "\"sev\":\"warn\""));
  CHECK_FALSE(absl::StrContains(bench.lines.text, kId));
}

TEST_CASE("HttpVaProfile: whatever else comes is typed, with its HTTP status when there is one",
          "[attributes][contact][adapter][rule]") {
  struct Row {
    const char* what;
    Reply reply;
    absl::StatusCode code;
    const char* reason;
    const char* status;
  };
  using enum absl::StatusCode;
  const std::string whole = WholeAnswer().dump();
  const http::Headers html = {{"Content-Type", "text/html"}};
  const std::vector<Row> rows = {
      {"down", Fault(kUnavailable, "CONNECT"), kUnavailable, "VA_PROFILE_UNAVAILABLE", ""},
      {"broken off", Fault(kUnavailable, "CONNECTION_LOST"), kUnavailable, "VA_PROFILE_UNAVAILABLE",
       ""},
      {"another certificate", Fault(kUnavailable, "TLS"), kUnavailable, "VA_PROFILE_UNAVAILABLE",
       ""},
      {"breaker open", Fault(kUnavailable, "CIRCUIT_OPEN"), kUnavailable, "VA_PROFILE_UNAVAILABLE",
       ""},
      {"slow", Fault(kDeadlineExceeded, "TIMEOUT"), kDeadlineExceeded, "VA_PROFILE_TIMEOUT", ""},
      {"too large", Fault(kResourceExhausted, "RESPONSE_TOO_LARGE"), kInternal, "VA_PROFILE_ANSWER",
       ""},
      {"500", Status(500), kUnavailable, "VA_PROFILE_UNAVAILABLE", "500"},
      {"503", Status(503), kUnavailable, "VA_PROFILE_UNAVAILABLE", "503"},
      {"too often", Status(429), kUnavailable, "VA_PROFILE_UNAVAILABLE", "429"},
      {"400", Status(400), kInternal, "VA_PROFILE_ANSWER", "400"},
      {"403", Status(403), kInternal, "VA_PROFILE_ANSWER", "403"},
      {"a redirect", Status(302), kInternal, "VA_PROFILE_ANSWER", "302"},
      {"no content", Status(204), kInternal, "VA_PROFILE_ANSWER", "204"},
      {"HTML", http::ClientResponse{200, html, "<p>"}, kInternal, "VA_PROFILE_ANSWER", "200"},
      {"JSON said to be HTML", http::ClientResponse{200, html, whole}, kInternal,
       "VA_PROFILE_ANSWER", "200"},
      {"half of it",
       Reply(http::ClientResponse{
           200, {{"Content-Type", "application/json"}}, whole.substr(0, whole.size() / 2)}),
       kInternal, "VA_PROFILE_ANSWER", "200"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Bench bench;
    bench.http.replies = {row.reply};
    const absl::Status status = bench.Fetch().status();
    CHECK(status.code() == row.code);
    CHECK(base::ReasonOf(status) == row.reason);
    CHECK(base::FactOf(status, "status") == row.status);
    CHECK_FALSE(absl::StrContains(status.ToString(), kId));
    CHECK_FALSE(absl::StrContains(bench.lines.text, kId));
  }
}

TEST_CASE("HttpVaProfile: what failed at once is asked once more, and no more than that",
          "[attributes][contact][adapter][rule]") {
  const Reply failure =
      GENERATE(Reply(Status(502)), Reply(Fault(absl::StatusCode::kUnavailable, "CONNECTION_LOST")));
  Bench bench;
  SECTION("and may succeed then") {
    bench.http.replies = {failure, Ok(WholeAnswer())};
    CHECK(bench.Fetch().ok());
    CHECK(bench.http.requests.size() == 2);
  }
  SECTION("or fail for good") {
    bench.http.replies = {failure};
    CHECK(base::ReasonOf(bench.Fetch().status()) == "VA_PROFILE_UNAVAILABLE");
    CHECK(bench.http.requests.size() == 2);
  }
  SECTION("what failed slowly is not asked again") {
    bench.http.replies = {failure};
    bench.http.on_send = [&bench] { bench.clock.Advance(absl::Milliseconds(501)); };
    CHECK_FALSE(bench.Fetch().ok());
    CHECK(bench.http.requests.size() == 1);
  }
  SECTION("nor where the time would not suffice") {
    bench.http.replies = {failure};
    CHECK_FALSE(bench.Fetch(kId, absl::Milliseconds(20)).ok());
    CHECK(bench.http.requests.size() == 1);
  }
}

TEST_CASE("HttpVaProfile: no second try where it cannot help", "[attributes][contact][adapter]") {
  const Reply answer =
      GENERATE(Reply(Status(404)), Reply(Status(400)), Reply(Status(429)),
               Reply(Fault(absl::StatusCode::kDeadlineExceeded, "TIMEOUT")),
               Reply(Fault(absl::StatusCode::kUnavailable, "CIRCUIT_OPEN")),
               Reply(Fault(absl::StatusCode::kUnavailable, "TLS")), Reply(Ok(json::array())));
  Bench bench;
  bench.http.replies = {answer};
  bench.Fetch().status().IgnoreError();
  CHECK(bench.http.requests.size() == 1);
}

TEST_CASE("HttpVaProfile: two seconds, or what the caller has left",
          "[attributes][contact][adapter][rule]") {
  Bench bench;
  bench.Fetch(kId, absl::Seconds(30)).status().IgnoreError();
  CHECK(bench.http.requests.at(0).timeout == absl::Seconds(2));
  bench.Fetch(kId, absl::Milliseconds(700)).status().IgnoreError();
  CHECK(bench.http.requests.at(1).timeout == absl::Milliseconds(700));
  const absl::Status status = bench.Fetch(kId, absl::ZeroDuration()).status();
  CHECK(base::ReasonOf(status) == "VA_PROFILE_TIMEOUT");
  CHECK(bench.http.requests.size() == 2);
}

TEST_CASE("NoVaProfile: not configured is said plainly", "[attributes][contact][adapter]") {
  NoVaProfile va_profile;
  const absl::Status status =
      va_profile.Fetch(CspId::FromWire(kId), "r", absl::InfiniteFuture()).status();
  CHECK(absl::IsUnavailable(status));
  CHECK(base::ReasonOf(status) == "VA_PROFILE_UNAVAILABLE");
  CHECK(absl::StrContains(status.message(), "not configured"));
}

// ---- The reader ---------------------------------------------------------------------------------

absl::Status Read(const std::string& body) {
  return ReadVaProfileAnswer({body.data(), body.size()}, CspId::FromWire(kId)).status();
}

TEST_CASE("ReadVaProfileAnswer: a field of another type makes the answer unreadable, null does not",
          "[attributes][contact][adapter][rule]") {
  const std::vector<const char*> places = {"/txAuditId",
                                           "/status",
                                           "/bio",
                                           "/bio/vet360Id",
                                           "/bio/addresses",
                                           "/bio/addresses/0",
                                           "/bio/addresses/0/addressId",
                                           "/bio/addresses/0/addressPOU",
                                           "/bio/addresses/0/addressType",
                                           "/bio/addresses/0/addressLine1",
                                           "/bio/addresses/0/cityName",
                                           "/bio/addresses/0/zipCode5",
                                           "/bio/addresses/0/county",
                                           "/bio/addresses/0/county/countyName",
                                           "/bio/addresses/0/effectiveStartDate",
                                           "/bio/addresses/0/effectiveEndDate",
                                           "/bio/telephones",
                                           "/bio/telephones/0",
                                           "/bio/telephones/0/telephoneId",
                                           "/bio/telephones/0/phoneType",
                                           "/bio/telephones/0/internationalIndicator",
                                           "/bio/telephones/0/phoneNumber",
                                           "/bio/telephones/0/textMessagePermInd",
                                           "/bio/emails",
                                           "/bio/emails/0",
                                           "/bio/emails/0/emailId",
                                           "/bio/emails/0/emailAddressText",
                                           "/bio/emails/0/confirmationDate",
                                           "/bio/permissions",
                                           "/bio/permissions/0/permissionType"};
  for (const char* const place : places) {
    CAPTURE(place);
    json answer = WholeAnswer();
    json& field = answer[json::json_pointer(place)];
    field = field.is_number() ? json("7701") : json(7.5);
    const absl::Status status = Read(answer.dump());
    CHECK(base::ReasonOf(status) == "VA_PROFILE_ANSWER");
    CHECK(status.code() == absl::StatusCode::kInternal);
  }
  for (const char* const place :
       {"/bio/addresses", "/bio/addresses/0/county", "/bio/addresses/0/addressLine2",
        "/bio/addresses/0/effectiveEndDate", "/bio/telephones/0/internationalIndicator",
        "/bio/emails/0/confirmationDate", "/txAuditId"}) {
    CAPTURE(place);
    json answer = WholeAnswer();
    answer[json::json_pointer(place)] = nullptr;
    CHECK(Read(answer.dump()) == absl::OkStatus());
  }
}

TEST_CASE("ReadVaProfileAnswer: fields nobody asked for change nothing",
          "[attributes][contact][adapter][rule]") {
  json answer = WholeAnswer();
  answer["more"] = {{"deep", {{"er", 1}}}};
  answer["bio"]["addresses"][0]["cityname"] = 7;
  answer["bio"]["unheard"] = json::array({1, "x", nullptr});
  CHECK(Read(answer.dump()) == absl::OkStatus());
}

TEST_CASE("ReadVaProfileAnswer: an answer about somebody else is none",
          "[attributes][contact][adapter][security]") {
  for (const json& other :
       {json(7702), json("7701"), json(-7701), json(), json(18446744073709551615U)}) {
    CAPTURE(other.dump());
    json answer = WholeAnswer();
    answer["bio"]["vet360Id"] = other;
    CHECK(base::ReasonOf(Read(answer.dump())) == "VA_PROFILE_ANSWER");
  }
}

TEST_CASE("ReadVaProfileAnswer: a 200 that does not say COMPLETED_SUCCESS is none",
          "[attributes][contact][adapter][rule]") {
  for (const json& word : {json("REJECTED"), json(""), json(), json("completed_success")}) {
    json answer = WholeAnswer();
    answer["status"] = word;
    CHECK(base::ReasonOf(Read(answer.dump())) == "VA_PROFILE_ANSWER");
  }
}

TEST_CASE("ReadVaProfileAnswer: impossible times are refused, whatever a parser makes of them",
          "[attributes][contact][adapter]") {
  for (const char* const time :
       {"infinite-future", "infinite-past", "yesterday", "2020-13-01T00:00:00Z", "2020-01-01",
        "20201-01-01T00:00:00Z", "-1000-01-01T00:00:00Z"}) {
    CAPTURE(time);
    json answer = WholeAnswer();
    answer["bio"]["emails"][0]["confirmationDate"] = time;
    CHECK(base::ReasonOf(Read(answer.dump())) == "VA_PROFILE_ANSWER");
  }
}

TEST_CASE("ReadVaProfileAnswer: size, depth and number of elements are bounded",
          "[attributes][contact][adapter][security]") {
  CHECK(base::ReasonOf(Read(std::string(size_t{300} << 10, ' '))) == "VA_PROFILE_ANSWER");
  CHECK(base::ReasonOf(Read(std::string(200000, '['))) == "VA_PROFILE_ANSWER");
  // Whole but for its depth: what nobody reads is bounded, too.
  const auto with_depth = [](size_t levels) {
    std::string body = WholeAnswer().dump();
    body.insert(1, "\"more\":" + std::string(levels, '[') + std::string(levels, ']') + ",");
    return Read(body);
  };
  CHECK(with_depth(5) == absl::OkStatus());
  CHECK(base::ReasonOf(with_depth(20)) == "VA_PROFILE_ANSWER");
  json answer = WholeAnswer();
  const json email = answer["bio"]["emails"][0];
  while (answer["bio"]["emails"].size() < 201) answer["bio"]["emails"].push_back(email);
  CHECK(base::ReasonOf(Read(answer.dump())) == "VA_PROFILE_ANSWER");
  answer["bio"]["emails"].erase(200);
  CHECK(Read(answer.dump()) == absl::OkStatus());
  answer["bio"]["emails"][0]["emailAddressText"] = std::string(1025, 'a');
  CHECK(base::ReasonOf(Read(answer.dump())) == "VA_PROFILE_ANSWER");
}

TEST_CASE("ReadVaProfileAnswer: what is no JSON object is no answer",
          "[attributes][contact][adapter]") {
  for (const char* const body :
       {"", "null", "[]", "7", "{", "{}", "{\"bio\":{}}", "\xff", "{\"a\":\"\xff\"}"}) {
    CAPTURE(body);
    CHECK(base::ReasonOf(Read(body)) == "VA_PROFILE_ANSWER");
  }
}

}  // namespace
}  // namespace va::attributes
