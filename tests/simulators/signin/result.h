// What became of a sign-in, as scripts read it: one JSON object and an exit code, both fixed by the
// contract of `./dev signin`.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/http/client.h"
#include "lib/testing/persona.h"
#include "lib/testing/user_agent.h"

namespace va::simulators {

enum class Exit { kSession = 0, kFault = 1, kUsage = 2, kRefusal = 3, kTryLater = 4, kStepUp = 5 };

// NOLINTNEXTLINE(bugprone-exception-escape): moving json asserts, it does not throw
struct SignInResult {
  Exit exit = Exit::kFault;
  // {outcome, code, tag, request_id, application, csp, loa, mhv_account, proofing, stations}
  nlohmann::json json;
};

// Reads the end of a walk: who is signed in, or what the page says, and what the gateway's ops port
// knows about the attempt. Waits up to `wait` while provisioning is pending.
absl::StatusOr<SignInResult> ReadResult(testing::UserAgent& agent, const testing::Page& end,
                                        absl::string_view gateway_url, absl::string_view ops_url,
                                        http::Client& ops_client,
                                        absl::Duration wait = absl::Seconds(5));

// As ReadResult. When the attempt waits for an answer to the terms of use, and this person accepts
// them, presses Accept and reads what becomes of the account then, all within `wait`.
absl::StatusOr<SignInResult> ReadResultOf(const testing::Persona& persona,
                                          testing::UserAgent& agent, const testing::Page& end,
                                          absl::string_view gateway_url, absl::string_view ops_url,
                                          http::Client& ops_client,
                                          absl::Duration wait = absl::Seconds(5));

// Whether a start was answered with an error page instead of the form that leaves for the provider.
bool IsRefusedStart(const testing::Page& start);

// The result of a refused start: there is no attempt to look up, only what the page says.
SignInResult ReadRefusedStart(const testing::Page& start);

// The attempt as the ops port of the gateway tells it.
absl::StatusOr<nlohmann::json> ReadAttempt(http::Client& client, absl::string_view ops_url,
                                           absl::string_view request_id);

}  // namespace va::simulators
