#include "services/auth-gateway/web/pages.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/url.h"
#include "services/auth-gateway/web/messages.h"
#include "services/auth-gateway/web/template.h"

namespace va::gateway {
namespace {

using kainjow::mustache::data;

constexpr absl::string_view kSignInPath = "/sign-in/";

// A path on this host, or an http(s) address. Escaping alone would let javascript: through.
bool IsSafeAddress(absl::string_view address) {
  const bool clean = std::all_of(address.begin(), address.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u > 0x20 && u < 0x7f && c != '\\';
  });
  if (!clean) return false;
  if (absl::StartsWith(address, "/")) return !absl::StartsWith(address, "//");
  return base::ParseUrl(address).ok();
}

std::string AddressOr(const std::string& address, absl::string_view fallback) {
  return !address.empty() && IsSafeAddress(address) ? address : std::string(fallback);
}

std::string TextOr(const std::string& text, absl::string_view fallback_id) {
  return text.empty() ? std::string(Text(fallback_id)) : text;
}

// Absent when empty, so that a section around it is left out.
void SetIfAny(data& model, const std::string& name, const std::string& value) {
  if (!value.empty()) model.set(name, value);
}

std::string KindName(PageNotice::Kind kind) {
  switch (kind) {
    case PageNotice::Kind::kInfo:
      return "info";
    case PageNotice::Kind::kSuccess:
      return "success";
    case PageNotice::Kind::kWarning:
      return "warning";
  }
  return "info";
}

data OptionData(const SignInOption& option) {
  data row;
  row.set("name", option.name);
  // An address that cannot be used must not become a button that leads nowhere.
  if (option.available && IsSafeAddress(option.href)) {
    row.set("available", data::type::bool_true);
    row.set("href", option.href);
  } else {
    row.set("available", data::type::bool_false);
    row.set("unavailable", TextOr(option.unavailable, "sign_in.unavailable"));
  }
  return row;
}

// The options of one group; nothing when the group is empty.
void AddGroup(const SignInPage& page, bool secondary, absl::string_view heading, data& groups) {
  data options{data::type::list};
  for (const SignInOption& option : page.options) {
    if (option.secondary == secondary) options.push_back(OptionData(option));
  }
  if (options.is_empty_list()) return;
  data group;
  if (heading.empty()) {
    group.set("heading", data::type::bool_false);
  } else {
    group.set("heading", std::string(heading));
  }
  group.set("options", options);
  groups.push_back(group);
}

// Accounts that can be made from here: with a provider that is open, at an address that can be
// used.
data CreateLinks(const SignInPage& page) {
  data links{data::type::list};
  for (const SignInOption& option : page.options) {
    if (!option.available || !IsSafeAddress(option.create_href)) continue;
    data row;
    row.set("name", option.name);
    row.set("href", option.create_href);
    links.push_back(row);
  }
  return links;
}

// The texts of one kind of page; a kind without a button of its own gets the usual one.
ErrorPage PageOf(absl::string_view kind) {
  const auto text = [kind](absl::string_view part) {
    return std::string(Text(absl::StrCat(kind, ".", part)));
  };
  ErrorPage page;
  page.headline = text("headline");
  page.what_happened = text("happened");
  page.what_to_do = text("todo");
  page.retry_label = text("button");
  return page;
}

ErrorPage WithWayOn(ErrorPage page, std::string request_id, std::string url) {
  page.request_id = std::move(request_id);
  page.retry_url = std::move(url);
  return page;
}

// What the page says of the account; empty when the question did not arise.
std::string AccountText(const std::optional<MhvAccountState>& state, absl::string_view request_id) {
  if (!state.has_value()) return "";
  return FillMessage(absl::StrCat("result.account.", ToString(*state)), "request_id", request_id);
}

std::string AnswerText(const TermsPage& page) {
  switch (page.answer) {
    case TermsPage::Answer::kNone:
      return "";
    case TermsPage::Answer::kAccepted:
      return FillMessage("terms.answer.accepted", "date", page.answered_on);
    case TermsPage::Answer::kDeclined:
      return FillMessage("terms.answer.declined", "date", page.answered_on);
  }
  return "";
}

data SectionsData(const ConsentText& text) {
  data sections{data::type::list};
  for (const ConsentSection& section : text.sections) {
    data paragraphs{data::type::list};
    for (const std::string& paragraph : section.paragraphs) {
      data line;
      line.set("text", paragraph);
      paragraphs.push_back(line);
    }
    data row;
    row.set("section", section.heading);
    row.set("paragraphs", paragraphs);
    sections.push_back(row);
  }
  return sections;
}

data FieldsData(const std::vector<std::pair<std::string, std::string>>& fields) {
  data rows{data::type::list};
  for (const auto& [name, value] : fields) {
    data row;
    row.set("field", name);
    row.set("value", value);
    rows.push_back(row);
  }
  return rows;
}

data BoolData(bool value) { return value ? data::type::bool_true : data::type::bool_false; }

absl::string_view TextIdOf(PostForm::Purpose purpose) {
  switch (purpose) {
    case PostForm::Purpose::kSignIn:
      return "post_form.text";
    case PostForm::Purpose::kSignOut:
      return "post_form.sign_out.text";
    case PostForm::Purpose::kSignOutAnswer:
      return "post_form.sign_out_answer.text";
  }
  return "post_form.text";
}

}  // namespace

std::string RenderSignInPage(const SignInPage& page) {
  static const auto* const kTemplate = new PageTemplate("sign_in");
  data model;
  model.set("title", std::string(Text("sign_in.title")));
  SetIfAny(model, "application", page.application_name);
  data notices{data::type::list};
  for (const PageNotice& notice : page.notices) {
    data row;
    row.set("kind", KindName(notice.kind));
    row.set("headline", notice.headline);
    row.set("text", notice.text);
    notices.push_back(row);
  }
  model.set("notices", notices);
  data groups{data::type::list};
  AddGroup(page, /*secondary=*/false, "", groups);
  AddGroup(page, /*secondary=*/true, Text("sign_in.other"), groups);
  model.set("none", page.options.empty() ? data::type::bool_true : data::type::bool_false);
  model.set("groups", groups);
  const data links = CreateLinks(page);
  model.set("creates", BoolData(!links.is_empty_list()));
  model.set("links", links);
  return kTemplate->Render(model);
}

std::string RenderPostForm(const PostForm& form) {
  static const auto* const kTemplate = new PageTemplate("post_form");
  data model;
  model.set("title", std::string(Text(form.purpose == PostForm::Purpose::kSignIn
                                          ? "post_form.title"
                                          : "post_form.sign_out.title")));
  model.set("text", std::string(Text(TextIdOf(form.purpose))));
  model.set("action", AddressOr(form.action, kSignInPath));
  model.set("destination", TextOr(form.destination_name, "post_form.destination"));
  model.set("fields", FieldsData(form.fields));
  model.set(form.fields.empty() ? "links" : "posts", data::type::bool_true);
  return kTemplate->Render(model);
}

std::string RenderErrorPage(const ErrorPage& page) {
  static const auto* const kTemplate = new PageTemplate("error");
  data model;
  model.set("title", FillMessage("error.title", "headline", page.headline));
  model.set("headline", page.headline);
  model.set("what_happened", page.what_happened);
  SetIfAny(model, "what_to_do", page.what_to_do);
  model.set("retry_url", AddressOr(page.retry_url, kSignInPath));
  model.set("retry_label", TextOr(page.retry_label, "error.retry"));
  SetIfAny(model, "code", page.code);
  SetIfAny(model, "request_id", page.request_id);
  return kTemplate->Render(model);
}

ErrorPage ErrorPageFor(base::SignInCode code, std::string request_id, std::string retry_url) {
  const base::CodeEntry& entry = base::Describe(code);
  ErrorPage page;
  page.headline = std::string(entry.headline);
  page.what_happened = std::string(entry.what_happened);
  page.what_to_do = std::string(entry.what_to_do);
  page.retry_url = std::move(retry_url);
  page.code = std::string(entry.code);
  page.request_id = std::move(request_id);
  return page;
}

ErrorPage RefusalPageFor(base::SignInCode code, absl::string_view tag, std::string request_id,
                         std::string retry_url) {
  struct Row {
    absl::string_view tag;
    absl::string_view kind;
  };
  static constexpr Row kRows[] = {{"replay", "used"},
                                  {"unknown_relay_state", "gone"},
                                  {"flow_expired", "expired"},
                                  {"flow_cookie_missing", "cookies"},
                                  {"other_browser", "cookies"},
                                  {"other_account", "other_account"},
                                  {"logout_unsolicited", "logout_unknown"}};
  ErrorPage page = ErrorPageFor(code, std::move(request_id), std::move(retry_url));
  for (const Row& row : kRows) {
    if (row.tag != tag) continue;
    ErrorPage told = PageOf(row.kind);
    page.headline = std::move(told.headline);
    page.what_happened = std::move(told.what_happened);
    page.what_to_do = std::move(told.what_to_do);
  }
  return page;
}

ErrorPage NotSignedInPage() { return PageOf("not_signed_in"); }

ErrorPage StepUpPage(std::string request_id, std::string verify_url) {
  return WithWayOn(PageOf("step_up"), std::move(request_id), std::move(verify_url));
}

ErrorPage FactorPage(std::string request_id, std::string retry_url) {
  return WithWayOn(PageOf("factor"), std::move(request_id), std::move(retry_url));
}

ErrorPage SignInAgainPage(std::string request_id, std::string retry_url) {
  return WithWayOn(PageOf("fresh"), std::move(request_id), std::move(retry_url));
}

ErrorPage NotVerifiedPage(base::SignInCode code, std::string request_id, std::string without_url) {
  ErrorPage page = WithWayOn(PageOf("not_verified"), std::move(request_id), std::move(without_url));
  page.code = std::string(base::Describe(code).code);
  return page;
}

ErrorPage TryLaterPage(base::SignInCode code, std::string request_id, std::string retry_url) {
  ErrorPage page = PageOf("try_later");
  page.code = std::string(base::Describe(code).code);
  page.request_id = std::move(request_id);
  page.retry_url = std::move(retry_url);
  return page;
}

ErrorPage NotInvitedPage(std::string back_url) {
  ErrorPage page = PageOf("not_invited");
  page.retry_url = std::move(back_url);
  return page;
}

ErrorPage FormOutdatedPage(std::string again_url) {
  ErrorPage page = PageOf("form_outdated");
  page.retry_url = std::move(again_url);
  return page;
}

ErrorPage TermsDeclinedPage() { return PageOf("terms_declined"); }

ErrorPage AnswerLaterPage(std::string request_id, std::string retry_url) {
  ErrorPage page = PageOf("answer_later");
  page.request_id = std::move(request_id);
  page.retry_url = std::move(retry_url);
  return page;
}

ErrorPage ErrorPageForStatus(int status, std::string request_id) {
  std::string id = absl::StrCat("http.", status);
  if (Text(absl::StrCat(id, ".headline")).empty()) id = status < 500 ? "http.400" : "http.500";
  ErrorPage page = PageOf(id);
  page.request_id = std::move(request_id);
  return page;
}

std::string RenderResultPage(const ResultPage& page) {
  if (!page.signed_in) {
    const base::SignInCode code =
        base::CodeFromString(page.code).value_or(base::SignInCode::kUnknown);
    return RenderErrorPage(ErrorPageFor(code, page.request_id, page.retry_url));
  }
  static const auto* const kTemplate = new PageTemplate("result");
  data model;
  model.set("title", std::string(Text("result.title")));
  SetIfAny(model, "person", page.person_name);
  SetIfAny(model, "csp", page.csp_name);
  model.set("assurance",
            std::string(Text(page.verified ? "result.verified" : "result.unverified")));
  const Provisioning& provisioning = page.provisioning;
  SetIfAny(model, "account", AccountText(provisioning.mhv_account, page.request_id));
  if (provisioning.mhv_account == MhvAccountState::kNeedsTerms) {
    SetIfAny(model, "terms_url", AddressOr(page.terms_url, ""));
  }
  if (provisioning.proofing == ProofingState::kInvited) {
    SetIfAny(model, "invitation_url", AddressOr(page.consent_url, ""));
  }
  if (IsPending(provisioning)) SetIfAny(model, "reload_url", AddressOr(page.reload_url, ""));
  SetIfAny(model, "continue_url", AddressOr(page.continue_url, ""));
  SetIfAny(model, "sign_out_url", AddressOr(page.sign_out_url, ""));
  return kTemplate->Render(model);
}

std::string RenderTermsPage(const TermsPage& page) {
  static const auto* const kTemplate = new PageTemplate("terms");
  data model;
  model.set("title", FillMessage("terms.title", "document", page.title));
  model.set("document", page.title);
  model.set("revision", page.revision);
  model.set("legal_version", page.legal_version);
  model.set("changed", BoolData(page.changed));
  SetIfAny(model, "answer", AnswerText(page));
  model.set("action", AddressOr(page.action, kSignInPath));
  model.set("accept_id", page.accept_id);
  model.set("decline_id", page.decline_id);
  model.set("back_url", AddressOr(page.back_url, kSignInPath));
  return kTemplate->Render(model);
}

std::string RenderConsentPage(const ConsentPage& page) {
  static const auto* const kTemplate = new PageTemplate("consent");
  data model;
  model.set("title", FillMessage("consent.title", "heading", page.text->title));
  model.set("heading", page.text->title);
  model.set("lead", page.text->lead);
  model.set("version", page.text->version);
  model.set("sections", SectionsData(*page.text));
  model.set("changed", BoolData(page.changed));
  model.set("action", AddressOr(page.action, kSignInPath));
  model.set("give_id", page.give_id);
  model.set("decline_id", page.decline_id);
  model.set("back_url", AddressOr(page.back_url, kSignInPath));
  return kTemplate->Render(model);
}

std::string RenderConsentRecordedPage(const ConsentRecordedPage& page) {
  static const auto* const kTemplate = new PageTemplate("consent_recorded");
  const auto text = [&page](absl::string_view part) {
    return std::string(
        Text(absl::StrCat("consent.", page.given ? "given" : "declined", ".", part)));
  };
  data model;
  model.set("title", FillMessage("error.title", "headline", text("headline")));
  model.set("headline", text("headline"));
  model.set("what_happened", text("happened"));
  model.set("what_follows", text("follows"));
  model.set("back_url", AddressOr(page.back_url, kSignInPath));
  return kTemplate->Render(model);
}

std::string RenderSignOutQuestionPage(const SignOutQuestionPage& page) {
  static const auto* const kTemplate = new PageTemplate("sign_out_question");
  data model;
  model.set("title", FillMessage("error.title", "headline", Text("sign_out_question.heading")));
  model.set("action", AddressOr(page.action, kSignInPath));
  model.set("fields", FieldsData(page.fields));
  model.set("back_url", AddressOr(page.back_url, kSignInPath));
  return kTemplate->Render(model);
}

std::string RenderSignedOutPage(const SignedOutPage& page) {
  static const auto* const kTemplate = new PageTemplate("signed_out");
  data model;
  model.set("title", std::string(Text("signed_out.title")));
  model.set("sign_in_url", AddressOr(page.sign_in_url, kSignInPath));
  if (!page.maybe_not_at.empty()) {
    model.set("maybe_not_at",
              FillMessage("signed_out.maybe_not", "destination", page.maybe_not_at));
  }
  return kTemplate->Render(model);
}

}  // namespace va::gateway
