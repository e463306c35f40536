#include "tests/simulators/va_profile/va_profile_simulator.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "lib/testing/fixed_ids.h"

namespace va::simulators::va_profile {
namespace {

using nlohmann::json;

testing::Persona Person(const std::string& id, const std::string& bio) {
  testing::Persona persona;
  persona.va_profile = testing::PersonaVaProfile{id, bio};
  return persona;
}

struct Bench {
  http::Request Question(const std::string& id = "7701") {
    http::Request request;
    request.method = "GET";
    request.path = absl::StrCat(kContactPath, "/", id);
    request.headers = {{"Accept", "application/json"},
                       {"Content-Type", "application/json"},
                       {"cufSystemName", "VETSGOV"}};
    return request;
  }
  http::Response Ask(const std::string& id = "7701") {
    http::Request request = Question(id);
    return simulator.Handle(request);
  }
  int SetFault(const std::string& body) {
    http::Request request;
    request.method = "POST";
    request.path = "/_sim/faults";
    request.body = body;
    return simulator.Handle(request).status;
  }

  va::testing::FixedIds ids;
  std::vector<std::string> refused;
  VaProfileSimulator simulator{
      {Person("7701", R"({"emails":[{"emailId":1}]})"), Person("7702", "")},
      ids,
      [this](const std::vector<std::string>& problems) { refused = problems; }};
};

}  // namespace

TEST_CASE("VaProfileSimulator: answers as VA Profile does", "[simulator]") {
  Bench bench;
  const http::Response response = bench.Ask();
  CHECK(response.status == 200);
  const json body = json::parse(response.body);
  CHECK(body["status"] == "COMPLETED_SUCCESS");
  CHECK(body["bio"]["vet360Id"] == 7701);
  CHECK(body["bio"]["emails"][0]["emailId"] == 1);
  CHECK(body["txAuditId"] == std::string(*response.headers.Get("vaprofiletxauditid")));
}

TEST_CASE("VaProfileSimulator: 404 for whom it does not know", "[simulator]") {
  Bench bench;
  CHECK(bench.Ask("7702").status == 404);
  CHECK(bench.Ask("9999").status == 404);
}

TEST_CASE("VaProfileSimulator: refuses whatever VA Profile would refuse", "[simulator]") {
  Bench bench;
  http::Request request = bench.Question();
  SECTION("no system name") { request.headers.Remove("cufSystemName"); }
  SECTION("another system name") { request.headers.Set("cufSystemName", "vetsgov"); }
  SECTION("twice") { request.headers.Add("cufSystemName", "VETSGOV"); }
  SECTION("another Accept") { request.headers.Set("Accept", "*/*"); }
  SECTION("no Content-Type") { request.headers.Remove("Content-Type"); }
  SECTION("a query") { request.query = "a=b"; }
  SECTION("a body") { request.body = "{}"; }
  SECTION("an id that is no number") { request = bench.Question("77a1"); }
  CHECK(bench.simulator.Handle(request).status == 400);
  CHECK(bench.refused.size() == 1);
}

TEST_CASE("VaProfileSimulator: fails as asked, for as often as asked", "[simulator]") {
  Bench bench;
  REQUIRE(bench.SetFault(R"({"mode":"error","status":503,"times":2})") == 200);
  CHECK(bench.Ask().status == 503);
  CHECK(bench.Ask().status == 503);
  CHECK(bench.Ask().status == 200);
  REQUIRE(bench.SetFault(R"({"mode":"down"})") == 200);
  CHECK(bench.Ask().status == http::kNoAnswer);
  REQUIRE(bench.SetFault(R"({"mode":"slow","ms":1})") == 200);
  CHECK(bench.Ask().status == 200);
  REQUIRE(bench.SetFault(R"({"mode":"hang","ms":1})") == 200);
  CHECK(bench.Ask().status == http::kNoAnswer);
  REQUIRE(bench.SetFault(R"({"mode":"malformed"})") == 200);
  CHECK(json::parse(bench.Ask().body, nullptr, false).is_discarded());
  REQUIRE(bench.SetFault(R"({"mode":"huge"})") == 200);
  CHECK(bench.Ask().body.size() > size_t{1} << 20);
  REQUIRE(bench.SetFault(R"({"mode":"other_person"})") == 200);
  CHECK(json::parse(bench.Ask().body)["bio"]["vet360Id"] == 1);
  REQUIRE(bench.SetFault(R"({"mode":"wrong_shape"})") == 200);
  CHECK(json::parse(bench.Ask().body)["bio"]["emails"][0]["emailAddressText"].is_number());
  REQUIRE(bench.SetFault(R"({"mode":"wrong_type"})") == 200);
  CHECK_FALSE(http::HasMediaType(bench.Ask().headers, "application/json"));
  REQUIRE(bench.SetFault(R"({"mode":"none"})") == 200);
  CHECK(bench.Ask().status == 200);
}

TEST_CASE("VaProfileSimulator: a fault nobody knows changes nothing", "[simulator]") {
  Bench bench;
  for (const char* const body :
       {"", "[]", "{}", R"({"mode":"unheard"})", R"({"mode":7})", R"({"mode":"slow","ms":10001})",
        R"({"mode":"error","status":99})", R"({"mode":"none","more":1})"}) {
    CAPTURE(body);
    CHECK(bench.SetFault(body) == 400);
  }
  CHECK(bench.Ask().status == 200);
}

}  // namespace va::simulators::va_profile
