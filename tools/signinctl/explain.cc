// explain: how a real attempt went, from what the gateway keeps of it. Nothing in it is personal.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "lib/base/status.h"
#include "lib/base/url.h"
#include "lib/http/client.h"
#include "tools/signinctl/explanation.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

constexpr int kMostLegs = 8;  // one automatic lap, and laps that a person asked for
constexpr size_t kLongestId = 64;

std::string Text(const Json& value, const char* otherwise = "none") {
  if (value.is_null()) return otherwise;
  return value.is_string() ? value.get<std::string>() : value.dump();
}

Json Member(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? Json() : *found;
}

Json ListIn(const Json& object, const char* key) {
  Json list = Member(object, key);
  return list.is_array() ? list : Json::array();
}

// Ids are uuids; anything else must not find its way into an address.
bool IsId(const std::string& id) {
  if (id.empty() || id.size() > kLongestId) return false;
  for (const char c : id) {
    const bool fits = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!fits && c != '-') return false;
  }
  return true;
}

Result Unknown(const std::string& id) {
  return Reject(
      "UNKNOWN_ATTEMPT",
      absl::StrCat("no attempt ", id,
                   " is known here. Attempts are kept for 30 days, those that nobody came "
                   "back from for an hour; was the id read out right, and is this the "
                   "gateway it happened at? The gateway's log has it too: req=",
                   id));
}

absl::StatusOr<Json> FetchAttempt(http::Client& client, const std::string& ops,
                                  const std::string& id) {
  http::ClientRequest request;
  request.url = absl::StrCat(ops, "/attempts/", id);
  const auto response = client.Send(request);
  if (!response.ok()) return response.status();
  if (response->status == 404) return Json();
  Json body = Json::parse(response->body, nullptr, false);
  if (response->status != 200 || !body.is_object()) {
    return base::MakeError(absl::StatusCode::kUnavailable, "OPS_PORT",
                           absl::StrCat("the ops port answered ", response->status));
  }
  return body;
}

// ---- The story ----------------------------------------------------------------------------------

// What the catalogues say about it, beside what the gateway said.
Json WithWords(Json finding) {
  const std::string words = MeaningOf(Text(Member(finding, "tag"), "")).words;
  finding["words"] = words.empty() ? Json() : Json(words);
  return finding;
}

Json FindingsOf(const Json& attempt) {
  Json list = Json::array();
  for (const Json& finding : ListIn(attempt, "judged")) {
    if (finding.is_object()) list.push_back(WithWords(finding));
  }
  if (!list.empty()) return list;
  // A gateway of before the release that tells effects.
  for (const Json& tag : ListIn(attempt, "findings")) list.push_back(WithWords({{"tag", tag}}));
  return list;
}

Json RulesOf(const Json& attempt) {
  Json list = Json::array();
  for (const Json& rule : ListIn(attempt, "rules")) {
    const Meaning meaning = MeaningOf(Text(rule, ""));
    list.push_back({{"rule", rule},
                    {"words", meaning.words.empty() ? Json() : Json(meaning.words)},
                    {"source", meaning.source.empty() ? Json() : Json(meaning.source)}});
  }
  return list;
}

// What an attempt without an outcome is waiting for.
std::string WaitingFor(const Json& attempt) {
  const std::string stage = Text(Member(attempt, "stage"), "");
  if (stage == "started") {
    return "No response was accepted for it: the person is still at the provider, gave up, or a "
           "response was refused before it could be believed (then the log has it under this id).";
  }
  if (stage == "claimed") return "A response was accepted and is being decided at this moment.";
  return "";
}

Json LegOf(const Json& attempt) {
  Json leg;
  for (const char* key : {"request_id", "application", "type", "csp", "started_at", "stage",
                          "outcome", "code", "tag", "loa", "policy", "mhv_account", "proofing",
                          "first_leg", "step_up_for", "requested_contexts", "stay_at_level"}) {
    if (attempt.contains(key)) leg[key] = attempt[key];
  }
  leg["stations"] = ListIn(attempt, "stations");
  leg["findings"] = FindingsOf(attempt);
  leg["waived"] = ListIn(attempt, "waived");
  leg["rules"] = RulesOf(attempt);
  const std::string tag = Text(Member(attempt, "tag"), "");
  const std::string why = tag.empty() ? WaitingFor(attempt) : MeaningOf(tag).words;
  leg["why"] = why.empty() ? Json() : Json(why);
  return leg;
}

std::string StationLines(const Json& leg) {
  std::string out = "  stations:";
  if (leg["stations"].empty()) absl::StrAppend(&out, " none");
  double all = 0;
  for (const Json& station : leg["stations"]) {
    const Json ms = Member(station, "ms");
    const double took = ms.is_number() ? ms.get<double>() : 0;
    all += took;
    absl::StrAppend(&out, absl::StrFormat(" %s %.1f ms,", Text(Member(station, "name")), took));
  }
  return absl::StrFormat("%s together %.1f ms\n", out, all);
}

std::string FindingLines(const Json& leg) {
  std::string out;
  for (const Json& finding : leg["findings"]) {
    absl::StrAppend(&out, "  noticed: ", Text(finding["tag"]));
    if (finding.contains("effect")) absl::StrAppend(&out, " ", Text(finding["effect"]));
    for (const auto& [key, words] : {std::pair("code", ", code "), std::pair("subject", ", at "),
                                     std::pair("waived_by", ", waived by ")}) {
      const Json value = Member(finding, key);
      if (!value.is_null()) absl::StrAppend(&out, words, Text(value));
    }
    absl::StrAppend(&out, "\n");
    if (!finding["words"].is_null()) absl::StrAppend(&out, "    ", Text(finding["words"]), "\n");
  }
  return out;
}

std::string RuleLines(const Json& leg) {
  std::string out;
  int number = 0;
  for (const Json& rule : leg["rules"]) {
    absl::StrAppend(&out, "  rule ", ++number, ": ", Text(rule["rule"]), "\n");
    if (rule["words"].is_null()) continue;
    absl::StrAppend(&out, "    ", Text(rule["words"]));
    if (!rule["source"].is_null()) absl::StrAppend(&out, " [", Text(rule["source"]), "]");
    absl::StrAppend(&out, "\n");
  }
  return out;
}

std::string LegText(const Json& leg) {
  std::string out = absl::StrCat("attempt ", Text(Member(leg, "request_id")), ": ",
                                 Text(Member(leg, "type"), "?"), " with ", Text(Member(leg, "csp")),
                                 " for ", Text(Member(leg, "application")), ", begun ",
                                 Text(Member(leg, "started_at"), "at an unknown time"), "\n");
  if (!Member(leg, "first_leg").is_null()) {
    absl::StrAppend(&out, "  a second leg: the first was short of ",
                    Text(Member(leg, "step_up_for"), "something"), "\n");
  }
  absl::StrAppend(&out, "  ended in: ", Text(Member(leg, "outcome"), "nothing yet"));
  for (const auto& [key, words] :
       {std::pair("code", ", code "), std::pair("tag", ", tag "), std::pair("loa", ", LOA")}) {
    const Json value = Member(leg, key);
    if (!value.is_null()) absl::StrAppend(&out, words, Text(value));
  }
  absl::StrAppend(&out, "\n");
  if (!leg["why"].is_null()) absl::StrAppend(&out, "    ", Text(leg["why"]), "\n");
  absl::StrAppend(&out, StationLines(leg), FindingLines(leg), RuleLines(leg));
  absl::StrAppend(&out, "  policy: ", Text(Member(leg, "policy"), "not told"), "\n");
  const std::string code = Text(Member(leg, "code"), "");
  if (!code.empty()) absl::StrAppend(&out, "  the person saw:\n", PersonSees(code));
  return out;
}

// "session", or "refusal, code 101, tag multiple_mhv_ids".
std::string Summary(const Json& leg) {
  std::string out = Text(Member(leg, "outcome"), "nothing was decided yet");
  const Json code = Member(leg, "code");
  if (!code.is_null()) absl::StrAppend(&out, ", code ", Text(code));
  const Json tag = Member(leg, "tag");
  if (!tag.is_null()) absl::StrAppend(&out, ", tag ", Text(tag));
  return out;
}

// ---- The verb -----------------------------------------------------------------------------------

Result NotReached(const absl::Status& status, const std::string& ops) {
  return Reject(base::ReasonOf(status),
                absl::StrCat("the gateway's ops port ", ops, " did not tell: ", status.message()));
}

// The attempt and, of a second leg, those before it; the first leg first.
absl::StatusOr<std::vector<Json>> FetchLegs(http::Client& client, const std::string& ops,
                                            std::string id) {
  std::vector<Json> legs;
  while (!id.empty() && IsId(id) && legs.size() < kMostLegs) {
    const auto attempt = FetchAttempt(client, ops, id);
    if (!attempt.ok()) return attempt.status();
    if (attempt->is_null()) break;
    legs.insert(legs.begin(), LegOf(*attempt));
    id = Text(Member(*attempt, "first_leg"), "");
  }
  return legs;
}

Result Tell(const std::vector<Json>& legs, bool human) {
  Result result;
  const Json& last = legs.back();
  result.json = last;
  result.json["legs"] = legs;
  result.words = Summary(last);
  if (human) {
    for (const Json& leg : legs) absl::StrAppend(&result.text, LegText(leg));
  }
  return result;
}

Result Run(const Arguments& arguments, const World& world) {
  const std::string id = arguments.Text("REQUEST_ID");
  std::string ops = arguments.Text("--ops", world.env("VA_OPS_URL"));
  while (absl::EndsWith(ops, "/")) ops.pop_back();
  if (ops.empty()) return Misuse("--ops is missing (or source .dev/env)");
  const auto url = base::ParseUrl(ops);
  if (!url.ok()) return Misuse("--ops is an address like http://127.0.0.1:9443");
  if (!IsId(id)) {
    return Reject("BAD_REQUEST_ID", "a request id is a uuid, as it stands on the person's page");
  }
  http::TlsClientOptions options;
  options.ca_file = arguments.Text("--ca", world.env("VA_CA"));
  options.certificate_file = arguments.Text("--cert");
  options.private_key_file = arguments.Text("--key");
  // The ops port of a gateway speaks plain HTTP unless something stands before it.
  options.allow_plain_http = url->scheme == "http";
  if (options.allow_plain_http) options.ca_file.clear();
  const auto client = http::CurlClient::Create(options);
  if (!client.ok()) return Misuse(std::string(client.status().message()));
  const auto legs = FetchLegs(**client, ops, id);
  if (!legs.ok()) return NotReached(legs.status(), ops);
  if (legs->empty()) return Unknown(id);
  return Tell(*legs, arguments.Has("--human"));
}

}  // namespace

Verb ExplainAttempt() {
  Verb verb;
  verb.name = "explain";
  verb.summary = "tell how a real attempt went, by its request id";
  verb.example =
      "set -a; . .dev/env; signinctl explain 2f1c5b0e-8f0a-4f43-9d7e-0f6f3f0a5a11 --human";
  verb.flags = {
      {"--ops", "URL", "the gateway's ops port (default: VA_OPS_URL)"},
      {"--ca", "FILE", "roots its certificate chains to, with https (default: VA_CA)"},
      {"--cert", "FILE", "our certificate, if it asks for one"},
      {"--key", "FILE", "its private key"},
      {"--human", "", "text for reading instead of JSON"},
  };
  verb.positionals = {{"REQUEST_ID", "as it stands on the person's page"}};
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
