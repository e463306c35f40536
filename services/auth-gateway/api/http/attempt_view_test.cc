// What the ops port tells of one attempt, for `signinctl explain`.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "services/auth-gateway/api/http/gateway_testing.h"

namespace va::gateway::testing {
namespace {

using nlohmann::json;

json ViewOf(TestGateway& gateway, const std::string& id) {
  const http::Response response = gateway.GetAttempt(id);
  CHECK(response.status == 200);
  return json::parse(response.body);
}

}  // namespace

TEST_CASE("Attempt view: a refusal tells every finding with its effect, the rules and the policy",
          "[attempts]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  Decision& decision = gateway.rules.decision;
  decision.verdict = Decision::Verdict::kDeny;
  decision.code = "106";
  decision.tag = "multiple_corp_ids";
  decision.findings = {"multiple_mhv_ids", "multiple_corp_ids"};
  decision.effects = {{"waived", "101", "application mhv", ""},
                      {"blocks", "106", "", "va_eauth_gcIds"}};
  decision.waived = {"101"};
  decision.rules = {"assertion_findings"};
  decision.policy_version = "decided-under-this";
  gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  const json view = ViewOf(gateway, attempt.id);
  CHECK(view["outcome"] == "refusal");
  CHECK(view["stage"] == "done");
  CHECK(view["findings"] == json({"multiple_mhv_ids", "multiple_corp_ids"}));
  CHECK(view["judged"] == json::array({{{"tag", "multiple_mhv_ids"},
                                        {"effect", "waived"},
                                        {"code", "101"},
                                        {"waived_by", "application mhv"},
                                        {"subject", nullptr}},
                                       {{"tag", "multiple_corp_ids"},
                                        {"effect", "blocks"},
                                        {"code", "106"},
                                        {"waived_by", nullptr},
                                        {"subject", "va_eauth_gcIds"}}}));
  CHECK(view["rules"] == json({"assertion_findings"}));
  CHECK(view["policy"] == "decided-under-this");
  CHECK(view["type"] == "idme");
}

TEST_CASE("Attempt view: an attempt under way tells how far it is and nothing else", "[attempts]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  const json view = ViewOf(gateway, attempt.id);
  CHECK(view["stage"] == "started");
  CHECK(view["outcome"].is_null());
  CHECK_FALSE(view.contains("judged"));
  CHECK(view["policy"] == "test-1");
}

TEST_CASE("Attempt view L1: nothing that grants access or names a person is told",
          "[attempts][L1]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  json view = ViewOf(gateway, attempt.id);
  // A closed list: whoever adds a key says here that it is nobody's.
  std::vector<std::string> keys;
  for (const auto& [key, value] : view.items()) keys.push_back(key);
  CHECK(keys ==
        std::vector<std::string>{"application",   "code",     "csp",         "findings",
                                 "judged",        "loa",      "mhv_account", "outcome",
                                 "policy",        "proofing", "request_id",  "requested_contexts",
                                 "rules",         "stage",    "started_at",  "stations",
                                 "stay_at_level", "tag",      "type",        "waived"});
  CHECK_FALSE(absl::StrContains(view.dump(), attempt.cookie));
}

}  // namespace va::gateway::testing
