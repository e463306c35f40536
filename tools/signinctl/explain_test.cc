#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/worker_pool.h"
#include "lib/http/server.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

constexpr char kFirst[] = "2f1c5b0e-8f0a-4f43-9d7e-0f6f3f0a5a11";
constexpr char kSecond[] = "2f1c5b0e-8f0a-4f43-9d7e-0f6f3f0a5a12";

// An ops port that knows a few attempts.
class OpsPort {
 public:
  OpsPort() : pool_(2, 16) {
    auto server = http::Server::Start(
        {}, [this](http::Request& request) { return Answer(request); }, pool_);
    REQUIRE(server.ok());
    server_ = *std::move(server);
  }
  ~OpsPort() { server_.reset(); }

  std::string Url() const { return absl::StrCat("http://localhost:", server_->port()); }

  std::map<std::string, Json> attempts;
  int status = 200;

 private:
  http::Response Answer(const http::Request& request) {
    if (status != 200) return http::Text(status, "no");
    const auto found =
        attempts.find(std::string(request.path).substr(std::string("/attempts/").size()));
    if (found == attempts.end()) return http::Json(404, R"({"error":"no such attempt"})");
    return http::Json(200, found->second.dump());
  }

  base::WorkerPool pool_;
  std::unique_ptr<http::Server> server_;
};

Json Refused() {
  return {{"request_id", kFirst},
          {"application", "mhv"},
          {"csp", "mhv"},
          {"type", "mhv"},
          {"started_at", "2026-03-04T12:00:00Z"},
          {"stage", "done"},
          {"policy", "2026-11-1"},
          {"outcome", "refusal"},
          {"code", "102"},
          {"tag", "multiple_edipis"},
          {"loa", nullptr},
          {"findings", {"multiple_mhv_ids", "multiple_edipis"}},
          {"judged",
           {{{"tag", "multiple_mhv_ids"},
             {"effect", "waived"},
             {"code", "101"},
             {"waived_by", "application mhv"},
             {"subject", nullptr}},
            {{"tag", "multiple_edipis"},
             {"effect", "blocks"},
             {"code", "102"},
             {"waived_by", nullptr},
             {"subject", nullptr}}}},
          {"waived", {"101"}},
          {"rules", {"assertion_findings"}},
          {"stations", {{{"name", "derive"}, {"ms", 1.5}}, {{"name", "admit"}, {"ms", 2.25}}}}};
}

Ran Explain(const OpsPort& ops, const std::string& id, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"explain", id};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return RunWith(arguments, "", {{"VA_OPS_URL", ops.Url()}});
}

}  // namespace

TEST_CASE("explain: stations, findings with effect and waiver, and rules with their words",
          "[signinctl]") {
  OpsPort ops;
  ops.attempts[kFirst] = Refused();
  const Ran ran = Explain(ops, kFirst);
  CHECK(ran.exit == 0);
  CHECK(ran.json["outcome"] == "refusal");
  CHECK(ran.json["stations"].size() == 2);
  CHECK(ran.json["findings"][0]["effect"] == "waived");
  CHECK(ran.json["findings"][0]["waived_by"] == "application mhv");
  CHECK(ran.json["findings"][1]["words"].is_string());
  CHECK(ran.json["rules"][0]["rule"] == "assertion_findings");
  CHECK(ran.json["rules"][0]["words"].is_string());
  CHECK(ran.json["why"].is_string());
  CHECK(absl::StrContains(ran.err, "refusal, code 102, tag multiple_edipis"));

  const Ran human = Explain(ops, kFirst, {"--human"});
  for (const char* part :
       {"mhv with mhv for mhv, begun 2026-03-04T12:00:00Z", "ended in: refusal, code 102",
        "derive 1.5 ms, admit 2.2 ms, together 3.8 ms",
        "noticed: multiple_mhv_ids waived, code 101, waived by application mhv",
        "rule 1: assertion_findings", "policy: 2026-11-1", "We found more than one DoD number"}) {
    CAPTURE(part, human.out);
    CHECK(absl::StrContains(human.out, part));
  }
}

TEST_CASE("explain R9: of a second leg the first is told before it", "[signinctl][R9]") {
  OpsPort ops;
  Json first = Refused();
  first["outcome"] = "step_up";
  first["code"] = nullptr;
  first["tag"] = "step_up_highest";
  Json second = Refused();
  second["request_id"] = kSecond;
  second["first_leg"] = kFirst;
  second["step_up_for"] = "step_up_highest";
  ops.attempts = {{kFirst, first}, {kSecond, second}};
  const Ran ran = Explain(ops, kSecond);
  REQUIRE(ran.json["legs"].size() == 2);
  CHECK(ran.json["legs"][0]["request_id"] == kFirst);
  CHECK(ran.json["legs"][1]["request_id"] == kSecond);
  CHECK(ran.json["request_id"] == kSecond);
  CHECK(absl::StrContains(Explain(ops, kSecond, {"--human"}).out,
                          "a second leg: the first was short of step_up_highest"));
  // Two that name each other end somewhere.
  ops.attempts[kFirst]["first_leg"] = kSecond;
  CHECK(Explain(ops, kSecond).exit == 0);
}

TEST_CASE("explain: an attempt that has not ended says what it waits for", "[signinctl]") {
  OpsPort ops;
  ops.attempts[kFirst] = {{"request_id", kFirst}, {"stage", "started"},
                          {"outcome", nullptr},   {"code", nullptr},
                          {"tag", nullptr},       {"stations", Json::array()}};
  const Ran ran = Explain(ops, kFirst);
  CHECK(ran.exit == 0);
  CHECK(absl::StrContains(ran.json["why"].get<std::string>(), "No response was accepted"));
}

TEST_CASE("explain: a gateway of the release before tells less, and that is told", "[signinctl]") {
  OpsPort ops;
  Json old = Refused();
  for (const char* key : {"judged", "rules", "stage", "type", "started_at", "policy"}) {
    old.erase(key);
  }
  ops.attempts[kFirst] = old;
  const Ran ran = Explain(ops, kFirst);
  CHECK(ran.exit == 0);
  CHECK(ran.json["findings"][1]["tag"] == "multiple_edipis");
  CHECK(Explain(ops, kFirst, {"--human"}).exit == 0);
}

TEST_CASE("explain: an unknown id is a reject with what to do, and what is no id is not asked for",
          "[signinctl]") {
  OpsPort ops;
  const Ran unknown = Explain(ops, kFirst);
  CHECK(unknown.exit == 1);
  CHECK(unknown.json["reason"] == "UNKNOWN_ATTEMPT");
  CHECK(absl::StrContains(unknown.json["detail"].get<std::string>(), "30 days"));
  for (const char* id : {"../metrics", "x", "2f1c?x=1", ""}) {
    const Ran ran = Explain(ops, id);
    CHECK(ran.exit == 1);
    CHECK(ran.json["reason"] == "BAD_REQUEST_ID");
  }
}

TEST_CASE("explain: without an ops port, or one that fails, there is no verdict", "[signinctl]") {
  CHECK(RunWith({"explain", kFirst}).exit == 2);
  CHECK(RunWith({"explain", kFirst, "--ops", "nowhere"}).exit == 2);
  OpsPort ops;
  ops.status = 503;
  const Ran down = Explain(ops, kFirst);
  CHECK(down.exit == 1);
  CHECK(down.json["reason"] == "OPS_PORT");
  const Ran nobody = RunWith({"explain", kFirst, "--ops", "http://127.0.0.1:1"});
  CHECK(nobody.exit == 1);
  CHECK(nobody.json["reason"] == "CONNECT");
}

}  // namespace va::signinctl
