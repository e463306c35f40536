#include "services/inherited-proofing/domain/consent.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "services/inherited-proofing/domain/handoff.h"

namespace va::proofing {
namespace {

ConsentAnswer Whole() {
  ConsentAnswer answer;
  answer.scope = {"account", "flow"};
  answer.request_id = "r1";
  answer.text_version = "1";
  answer.text_sha256 = std::string(64, 'a');
  answer.decision = ConsentDecision::kGiven;
  answer.locale = "en-US";
  return answer;
}

TEST_CASE("Consent: an answer needs a request id, the hash of its text and a language",
          "[proofing][rule]") {
  CHECK_FALSE(ProblemOf(Whole()).has_value());
  struct Row {
    const char* says;
    const char* problem;
    std::function<void(ConsentAnswer&)> change;
  };
  const std::vector<Row> rows = {
      {"no request id", "REQUEST_ID", [](ConsentAnswer& a) { a.request_id = ""; }},
      {"a request id without end", "REQUEST_ID",
       [](ConsentAnswer& a) { a.request_id = std::string(129, 'r'); }},
      {"no hash", "TEXT_SHA256", [](ConsentAnswer& a) { a.text_sha256 = ""; }},
      {"a hash that is too short", "TEXT_SHA256",
       [](ConsentAnswer& a) { a.text_sha256.pop_back(); }},
      {"a hash in upper case", "TEXT_SHA256", [](ConsentAnswer& a) { a.text_sha256[0] = 'A'; }},
      {"a hash that is no hex", "TEXT_SHA256", [](ConsentAnswer& a) { a.text_sha256[63] = 'g'; }},
      {"no language", "LOCALE", [](ConsentAnswer& a) { a.locale = ""; }},
      {"a language with a quote", "LOCALE", [](ConsentAnswer& a) { a.locale = "en'"; }},
      {"a language without end", "LOCALE",
       [](ConsentAnswer& a) { a.locale = std::string(36, 'e'); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.says);
    ConsentAnswer answer = Whole();
    row.change(answer);
    const auto problem = ProblemOf(answer);
    REQUIRE(problem.has_value());
    CHECK(*problem == row.problem);
  }
}

TEST_CASE("Handoff: each state has a word of its own, as in 13.1", "[proofing][rule]") {
  std::vector<std::string> words;
  for (const HandoffState state : kAllHandoffStates) words.emplace_back(ToString(state));
  CHECK(words == std::vector<std::string>{"ISSUED", "REDEEMED", "COMPLETED",
                                          "ALREADY_VERIFIED_AT_LOGINGOV", "FAILED", "EXPIRED",
                                          "ABANDONED"});
}

}  // namespace
}  // namespace va::proofing
