#include "tests/simulators/signin/walk.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/base/url.h"

namespace va::simulators {
namespace {

using testing::HtmlForm;
using testing::Page;
using testing::UserAgent;

// What a page that is not the expected one says, as far as it may stand in a message.
absl::Status Unexpected(absl::string_view reason, const Page& page) {
  const auto url = base::ParseUrl(page.url());
  const std::string heading =
      page.content.headings.empty() ? "a page without heading" : page.content.headings.front();
  return base::MakeError(
      absl::StatusCode::kFailedPrecondition, reason,
      absl::StrCat("status ", page.status(), " from ", url.ok() ? url->Origin() : "?",
                   url.ok() ? url->path : "", ": ", heading));
}

absl::StatusOr<Page> Expect(absl::StatusOr<Page> page, absl::string_view field,
                            absl::string_view reason) {
  if (!page.ok()) return page.status();
  if (page->content.FormWithField(field) == nullptr) return Unexpected(reason, *page);
  return page;
}

// The word after `label` in visible text: the value an error page shows.
std::string WordAfter(absl::string_view text, absl::string_view label) {
  const size_t at = text.find(label);
  if (at == absl::string_view::npos) return "";
  absl::string_view rest = absl::StripLeadingAsciiWhitespace(text.substr(at + label.size()));
  size_t length = 0;
  while (length < rest.size() &&
         (absl::ascii_isalnum(static_cast<unsigned char>(rest[length])) || rest[length] == '-')) {
    ++length;
  }
  return std::string(rest.substr(0, length));
}

}  // namespace

absl::StatusOr<Page> OpenStart(UserAgent& agent, const StartAt& start) {
  base::FormPairs query;
  if (!start.application.empty()) query.emplace_back("application", start.application);
  if (!start.to.empty()) query.emplace_back("to", start.to);
  const std::string url = absl::StrCat(start.gateway_url, "/v1/sessions/", start.type, "/new",
                                       query.empty() ? "" : "?", base::BuildQuery(query));
  return agent.Open(url);
}

absl::StatusOr<Page> Start(UserAgent& agent, const StartAt& start) {
  return Expect(OpenStart(agent, start), "SAMLRequest", "NO_REQUEST_FORM");
}

absl::StatusOr<Page> GoToProvider(UserAgent& agent, const Page& start) {
  const HtmlForm* const form = start.content.FormWithField("SAMLRequest");
  if (form == nullptr) return Unexpected("NO_REQUEST_FORM", start);
  return Expect(agent.Submit(start, *form), "request", "NO_CHOICE_FORM");
}

absl::StatusOr<Page> ChoosePersona(UserAgent& agent, const Page& choice, absl::string_view persona,
                                   const base::FormPairs& overrides) {
  const HtmlForm* const form = choice.content.FormWithField("request");
  if (form == nullptr) return Unexpected("NO_CHOICE_FORM", choice);
  testing::Submission submission;
  submission.button = form->FindButton(persona);
  submission.append = overrides;
  if (submission.button == nullptr) return Unexpected("NO_SUCH_PERSONA", choice);
  return Expect(agent.Submit(choice, *form, submission), "SAMLResponse", "NO_ANSWER_FORM");
}

absl::StatusOr<Page> Decline(UserAgent& agent, const Page& choice) {
  const HtmlForm* const form = choice.content.FormWithField("request");
  if (form == nullptr) return Unexpected("NO_CHOICE_FORM", choice);
  testing::Submission submission;
  submission.button = form->FindButton("I do not consent");
  if (submission.button == nullptr) return Unexpected("NO_CHOICE_FORM", choice);
  return Expect(agent.Submit(choice, *form, submission), "SAMLResponse", "NO_ANSWER_FORM");
}

absl::StatusOr<Page> Return(UserAgent& agent, const Page& answer, const base::FormPairs& replace) {
  const HtmlForm* const form = answer.content.FormWithField("SAMLResponse");
  if (form == nullptr) return Unexpected("NO_ANSWER_FORM", answer);
  testing::Submission submission;
  submission.replace = replace;
  return agent.Submit(answer, *form, submission);
}

absl::StatusOr<Page> GoOn(UserAgent& agent, const Page& returned, absl::string_view persona) {
  if (returned.content.FormWithField("SAMLRequest") == nullptr) return returned;
  const auto choice = GoToProvider(agent, returned);
  if (!choice.ok()) return choice.status();
  const auto answer = ChoosePersona(agent, *choice, persona);
  if (!answer.ok()) return answer.status();
  return Return(agent, *answer);
}

absl::StatusOr<Page> WalkToAnswer(UserAgent& agent, const StartAt& start, absl::string_view persona,
                                  const base::FormPairs& overrides) {
  const auto started = Start(agent, start);
  if (!started.ok()) return started.status();
  const auto choice = GoToProvider(agent, *started);
  if (!choice.ok()) return choice.status();
  return ChoosePersona(agent, *choice, persona, overrides);
}

absl::StatusOr<Page> Walk(UserAgent& agent, const StartAt& start, absl::string_view persona,
                          const base::FormPairs& overrides) {
  const auto answer = WalkToAnswer(agent, start, persona, overrides);
  if (!answer.ok()) return answer.status();
  const auto returned = Return(agent, *answer);
  if (!returned.ok()) return returned.status();
  return GoOn(agent, *returned, persona);
}

absl::StatusOr<Page> AnswerTerms(UserAgent& agent, absl::string_view gateway_url,
                                 absl::string_view decision) {
  const auto page = agent.Open(absl::StrCat(gateway_url, "/terms-of-use/"));
  if (!page.ok()) return page.status();
  for (const HtmlForm& form : page->content.forms) {
    for (const testing::HtmlButton& button : form.buttons) {
      if (button.name != "decision" || button.value != decision) continue;
      testing::Submission submission;
      submission.button = &button;
      return agent.Submit(*page, form, submission);
    }
  }
  return Unexpected("NO_TERMS_FORM", *page);
}

absl::StatusOr<Page> SignOut(UserAgent& agent, absl::string_view gateway_url) {
  auto page = agent.Open(absl::StrCat(gateway_url, "/auth/login/callback"));
  if (!page.ok()) return page.status();
  const HtmlForm* button = nullptr;
  for (const HtmlForm& form : page->content.forms) {
    if (absl::EndsWith(form.action, "/v0/logout")) button = &form;
  }
  if (button == nullptr) return Unexpected("NO_SIGN_OUT_BUTTON", *page);
  page = agent.Submit(*page, *button);
  // To the provider with our request, and back with its answer.
  for (const char* field : {"SAMLRequest", "SAMLResponse"}) {
    if (!page.ok()) return page.status();
    const HtmlForm* const form = page->content.FormWithField(field);
    if (form == nullptr) break;
    page = agent.Submit(*page, *form);
  }
  return page;
}

base::FormPairs FlipOverrides(const testing::PersonaFlip& flip) {
  base::FormPairs overrides;
  for (const auto& [name, values] : flip.attributes) {
    if (!values) {
      overrides.emplace_back("without." + name, "1");
      continue;
    }
    for (const std::string& value : *values) overrides.emplace_back("attribute." + name, value);
  }
  return overrides;
}

ShownError ReadErrorPage(const Page& page) {
  ShownError shown{WordAfter(page.content.text, "Error code"),
                   WordAfter(page.content.text, "Request id")};
  // Where refusals go by redirect, the address says it.
  const auto url = base::ParseUrl(page.url());
  const auto query = url.ok() ? base::ParseForm(url->query) : base::FormPairs();
  if (query.ok() && shown.request_id.empty()) {
    shown.code = base::OnlyValue(*query, "code").value_or("");
    shown.request_id = base::OnlyValue(*query, "request_id").value_or("");
  }
  return shown;
}

}  // namespace va::simulators
