#include "tests/simulators/signin/result.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "tests/simulators/signin/walk.h"

namespace va::simulators {
namespace {

using nlohmann::json;

constexpr std::array<const char*, 10> kKeys = {"outcome",     "code",    "tag", "request_id",
                                               "application", "csp",     "loa", "mhv_account",
                                               "proofing",    "stations"};

constexpr absl::Duration kPollEvery = absl::Milliseconds(100);

absl::Status Fault(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, reason, message);
}

// The request id of the session this browser holds; empty without a session.
absl::StatusOr<std::string> SessionRequestId(testing::UserAgent& agent,
                                             absl::string_view gateway_url) {
  const auto user =
      agent.Request("GET", absl::StrCat(gateway_url, "/v0/user"), {{"Accept", "application/json"}});
  if (!user.ok()) return user.status();
  if (user->status() == 401) return std::string();
  const json body = json::parse(user->body(), nullptr, false);
  const auto at = json::json_pointer("/data/attributes/request_id");
  const bool known = user->status() == 200 || user->status() == 296;
  if (!known || !body.contains(at) || !body[at].is_string()) {
    return Fault("USER", absl::StrCat("/v0/user answered ", user->status()));
  }
  return body[at].get<std::string>();
}

Exit ExitOf(const std::string& outcome) {
  if (outcome == "session") return Exit::kSession;
  if (outcome == "refusal") return Exit::kRefusal;
  if (outcome == "try_later") return Exit::kTryLater;
  if (outcome == "step_up") return Exit::kStepUp;
  return Exit::kFault;
}

bool IsPending(const json& attempt) {
  return attempt.value("mhv_account", json()) == "pending" ||
         attempt.value("proofing", json()) == "pending";
}

bool NeedsTerms(const json& attempt) {
  return attempt.value("mhv_account", json()) == "needs_terms";
}

// The attempt once nothing is to come, or as it stands when the time is over.
absl::StatusOr<json> AwaitAttempt(http::Client& client, absl::string_view ops_url,
                                  absl::string_view request_id, const base::Stopwatch& watch,
                                  absl::Duration wait, bool (*is_to_come)(const json& attempt)) {
  auto attempt = ReadAttempt(client, ops_url, request_id);
  while (attempt.ok() && is_to_come(*attempt) && watch.Elapsed() < wait) {
    absl::SleepFor(kPollEvery);
    attempt = ReadAttempt(client, ops_url, request_id);
  }
  return attempt;
}

SignInResult ResultOf(const json& attempt) {
  SignInResult result;
  for (const char* key : kKeys) result.json[key] = attempt.value(key, json());
  result.exit = ExitOf(result.json["outcome"].get<std::string>());
  return result;
}

// An attempt that ended before anything was decided: only the page knows how.
void FillFromPage(const testing::Page& end, const ShownError& shown, json* attempt) {
  (*attempt)["outcome"] = end.status() == 503 ? "try_later" : "refusal";
  (*attempt)["code"] = shown.code.empty() ? json() : json(shown.code);
}

}  // namespace

bool IsRefusedStart(const testing::Page& start) {
  return start.content.FormWithField("SAMLRequest") == nullptr && start.status() >= 400;
}

SignInResult ReadRefusedStart(const testing::Page& start) {
  const ShownError shown = ReadErrorPage(start);
  SignInResult result;
  for (const char* key : kKeys) result.json[key] = nullptr;
  result.json["stations"] = json::array();
  FillFromPage(start, shown, &result.json);
  if (!shown.request_id.empty()) result.json["request_id"] = shown.request_id;
  result.exit = ExitOf(result.json["outcome"].get<std::string>());
  return result;
}

absl::StatusOr<json> ReadAttempt(http::Client& client, absl::string_view ops_url,
                                 absl::string_view request_id) {
  http::ClientRequest request;
  request.url = absl::StrCat(ops_url, "/attempts/", request_id);
  const auto response = client.Send(request);
  if (!response.ok()) return response.status();
  json body = json::parse(response->body, nullptr, false);
  if (response->status != 200 || !body.is_object()) {
    return Fault("ATTEMPT", absl::StrCat("/attempts answered ", response->status));
  }
  return body;
}

absl::StatusOr<SignInResult> ReadResult(testing::UserAgent& agent, const testing::Page& end,
                                        absl::string_view gateway_url, absl::string_view ops_url,
                                        http::Client& ops_client, absl::Duration wait) {
  const ShownError shown = ReadErrorPage(end);
  std::string request_id = shown.request_id;
  if (request_id.empty()) {
    auto of_session = SessionRequestId(agent, gateway_url);
    if (!of_session.ok()) return of_session.status();
    request_id = *std::move(of_session);
  }
  if (request_id.empty()) {
    return Fault("NO_REQUEST_ID", absl::StrCat("the sign-in ended with status ", end.status(),
                                               ", without session and without a request id"));
  }
  auto attempt = AwaitAttempt(ops_client, ops_url, request_id, base::Stopwatch(), wait, IsPending);
  if (!attempt.ok()) return attempt.status();
  if (attempt->value("outcome", json()).is_null()) FillFromPage(end, shown, &*attempt);
  return ResultOf(*attempt);
}

absl::StatusOr<SignInResult> ReadResultOf(const testing::Persona& persona,
                                          testing::UserAgent& agent, const testing::Page& end,
                                          absl::string_view gateway_url, absl::string_view ops_url,
                                          http::Client& ops_client, absl::Duration wait) {
  const base::Stopwatch watch;
  auto result = ReadResult(agent, end, gateway_url, ops_url, ops_client, wait);
  if (!result.ok() || !persona.terms_accepted || !NeedsTerms(result->json)) return result;
  const auto answered = AnswerTerms(agent, gateway_url, "accepted");
  if (!answered.ok()) return answered.status();
  if (answered->status() >= 400) {
    return Fault("TERMS", absl::StrCat("the answer to the terms ended in ", answered->status()));
  }
  const auto attempt =
      AwaitAttempt(ops_client, ops_url, result->json["request_id"].get<std::string>(), watch, wait,
                   [](const json& now) { return IsPending(now) || NeedsTerms(now); });
  if (!attempt.ok()) return attempt.status();
  return ResultOf(*attempt);
}

}  // namespace va::simulators
