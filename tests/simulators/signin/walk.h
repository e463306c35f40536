// Walks one sign-in through a running stack as a browser without script would, page by page. Each
// step is a function of its own, so that tests can look at and meddle with what travels.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/testing/persona.h"
#include "lib/testing/user_agent.h"

namespace va::simulators {

// What to start.
struct StartAt {
  std::string gateway_url;  // https://localhost:8443
  std::string type;         // mhv, idme_verified, ...
  std::string application;  // empty: not asked for
  std::string to;
};

// Whatever the gateway answers to a start.
absl::StatusOr<testing::Page> OpenStart(testing::UserAgent& agent, const StartAt& start);

// The gateway's page that carries the request: one form with SAMLRequest and RelayState.
// FAILED_PRECONDITION with reason NO_REQUEST_FORM when it is anything else.
absl::StatusOr<testing::Page> Start(testing::UserAgent& agent, const StartAt& start);

// On to the identity provider: its page of people. Reason NO_CHOICE_FORM when it refused.
absl::StatusOr<testing::Page> GoToProvider(testing::UserAgent& agent, const testing::Page& start);

// Chooses a persona; `overrides` as the identity provider takes them (attribute.NAME and so on).
// Reason NO_ANSWER_FORM when there is no answer.
absl::StatusOr<testing::Page> ChoosePersona(testing::UserAgent& agent, const testing::Page& choice,
                                            absl::string_view persona,
                                            const base::FormPairs& overrides = {});

// Presses "I do not consent".
absl::StatusOr<testing::Page> Decline(testing::UserAgent& agent, const testing::Page& choice);

// Carries the answer back and follows where the gateway sends the browser. `replace` alters fields
// on the way.
absl::StatusOr<testing::Page> Return(testing::UserAgent& agent, const testing::Page& answer,
                                     const base::FormPairs& replace = {});

// Where the gateway goes on by itself with a second leg: chooses the persona there as well, just as
// its file says, and returns. Any other page is the end already.
absl::StatusOr<testing::Page> GoOn(testing::UserAgent& agent, const testing::Page& returned,
                                   absl::string_view persona);

// All steps up to the page that carries the answer.
absl::StatusOr<testing::Page> WalkToAnswer(testing::UserAgent& agent, const StartAt& start,
                                           absl::string_view persona,
                                           const base::FormPairs& overrides = {});

// The whole way, the second leg of a step-up with it; `overrides` are for the first.
absl::StatusOr<testing::Page> Walk(testing::UserAgent& agent, const StartAt& start,
                                   absl::string_view persona,
                                   const base::FormPairs& overrides = {});

// Opens the page of the terms of use with this browser's session and presses the button of that
// answer: "accepted" or "declined". Reason NO_TERMS_FORM when the page has no such button.
absl::StatusOr<testing::Page> AnswerTerms(testing::UserAgent& agent, absl::string_view gateway_url,
                                          absl::string_view decision);

// Signs out by the button's post and follows wherever that leads: to the provider, back with its
// answer, and on to the page that says so. The last page.
absl::StatusOr<testing::Page> SignOut(testing::UserAgent& agent, absl::string_view gateway_url);

// The overrides that make a persona's flip happen in flight.
base::FormPairs FlipOverrides(const testing::PersonaFlip& flip);

// The code and the request id that an error page shows.
struct ShownError {
  std::string code;
  std::string request_id;
};
ShownError ReadErrorPage(const testing::Page& page);

}  // namespace va::simulators
