#include "services/auth-gateway/web/pages.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/signin_code.h"

namespace va::gateway {
namespace {

constexpr char kScript[] = "<script>alert(1)</script>";

SignInPage AllProviders() {
  SignInPage page;
  page.application_name = "My HealtheVet";
  page.options = {
      {.name = "ID.me",
       .href = "/v1/sessions/idme/new?application=mhv&to=home",
       .create_href = "/v1/sessions/idme_signup/new?application=mhv&to=home"},
      {.name = "Login.gov", .href = "/v1/sessions/logingov/new?application=mhv&to=home"},
      {.name = "My HealtheVet", .href = "/v1/sessions/mhv/new", .available = false},
      {.name = "DS Logon",
       .href = "/v1/sessions/dslogon/new",
       .available = false,
       .unavailable = "DS Logon ended on September 30, 2025.",
       .secondary = true,
       .create_href = "/v1/sessions/dslogon_signup/new"},
  };
  page.notices = {{PageNotice::Kind::kWarning, "Some services are slow", "Please be patient."}};
  return page;
}

PostForm SamlForm() {
  return {.action = "https://127.0.0.1:8461/saml/sso",
          .fields = {{"SAMLRequest", "PHNhbWw+"}, {"RelayState", "abc"}},
          .destination_name = "ID.me"};
}

ResultPage SignedIn() {
  return {.signed_in = true,
          .person_name = "Ada Example",
          .csp_name = "ID.me",
          .verified = true,
          .continue_url = "/home",
          .sign_out_url = "/v0/logout"};
}

constexpr Provisioning kNeedsTermsAndInvited{MhvAccountState::kNeedsTerms, ProofingState::kInvited};

ResultPage SignedInWith(const Provisioning& provisioning) {
  ResultPage page = SignedIn();
  page.provisioning = provisioning;
  page.terms_url = "/terms-of-use/";
  page.consent_url = "/inherited_proofing/consent";
  page.reload_url = "/auth/login/callback";
  page.request_id = "req-7";
  return page;
}

TermsPage SomeTerms() {
  TermsPage page;
  page.title = "VA Enterprise Terms of Use";
  page.revision = "3";
  page.legal_version = "1.0";
  page.action = "/terms-of-use/";
  page.accept_id = "8d0c6f4e-0000-4000-8000-000000000001";
  page.decline_id = "8d0c6f4e-0000-4000-8000-000000000002";
  page.back_url = "/auth/login/callback";
  return page;
}

TermsPage AnsweredTerms() {
  TermsPage page = SomeTerms();
  page.changed = true;
  page.answer = TermsPage::Answer::kDeclined;
  page.answered_on = "January 15, 2026";
  return page;
}

ConsentPage SomeConsent() {
  ConsentPage page;
  page.text = &CurrentConsentText();
  page.changed = true;
  page.action = "/inherited_proofing/consent";
  page.give_id = "8d0c6f4e-0000-4000-8000-000000000001";
  page.decline_id = "8d0c6f4e-0000-4000-8000-000000000002";
  page.back_url = "/auth/login/callback";
  return page;
}

SignOutQuestionPage SignOutQuestion() {
  return {.action = "/v1/sessions/slo/new",
          .fields = {{"answer", "sealed"}, {"client_id", "<b>\"x\""}},
          .back_url = "/auth/login/callback"};
}

struct NamedPage {
  std::string name;
  std::string html;
};

std::vector<NamedPage> EveryPage() {
  return {
      {"sign-in", RenderSignInPage(AllProviders())},
      {"sign-in without options", RenderSignInPage({})},
      {"post form", RenderPostForm(SamlForm())},
      {"error", RenderErrorPage(
                    ErrorPageFor(base::SignInCode::kMultipleMhvIds, "req-1", "/sign-in/?to=home"))},
      {"http error", RenderErrorPage(ErrorPageForStatus(404, "req-1"))},
      {"result", RenderResultPage(SignedIn())},
      {"result, pending",
       RenderResultPage(SignedInWith({MhvAccountState::kPending, ProofingState::kPending}))},
      {"result, terms and invitation", RenderResultPage(SignedInWith(kNeedsTermsAndInvited))},
      {"terms declined", RenderErrorPage(TermsDeclinedPage())},
      {"sign-out question", RenderSignOutQuestionPage(SignOutQuestion())},
      {"terms", RenderTermsPage(SomeTerms())},
      {"terms, answered and changed", RenderTermsPage(AnsweredTerms())},
      {"consent", RenderConsentPage(SomeConsent())},
      {"consent given",
       RenderConsentRecordedPage({.given = true, .back_url = "/auth/login/callback"})},
      {"consent declined",
       RenderConsentRecordedPage({.given = false, .back_url = "/auth/login/callback"})},
      {"not invited", RenderErrorPage(NotInvitedPage("/auth/login/callback"))},
      {"form outdated", RenderErrorPage(FormOutdatedPage("/terms-of-use/"))},
      {"answer later", RenderErrorPage(AnswerLaterPage("req-1", "/terms-of-use/"))},
      {"result, failed", RenderResultPage({.code = "101", .request_id = "req-1"})},
      {"signed out", RenderSignedOutPage({})},
  };
}

// A start tag and the text a person reads before its end tag.
struct Tag {
  std::string name;
  std::string attributes;  // as written, with a leading space if any
  std::string text;
};

std::string VisibleText(absl::string_view html) {
  std::string text;
  bool in_tag = false;
  for (const char c : html) {
    if (c == '<') in_tag = true;
    if (!in_tag) text.push_back(c);
    if (c == '>') in_tag = false;
  }
  return std::string(absl::StripAsciiWhitespace(text));
}

std::vector<Tag> TagsOf(absl::string_view html) {
  std::vector<Tag> tags;
  for (size_t open = html.find('<'); open != absl::string_view::npos;
       open = html.find('<', open + 1)) {
    if (!absl::ascii_isalpha(static_cast<unsigned char>(html[open + 1]))) continue;
    const size_t close = html.find('>', open);
    const absl::string_view inner = html.substr(open + 1, close - open - 1);
    const size_t space = inner.find(' ');
    Tag tag;
    tag.name = std::string(inner.substr(0, space));
    if (space != absl::string_view::npos) tag.attributes = std::string(inner.substr(space));
    const size_t end = html.find(absl::StrCat("</", tag.name, ">"), close);
    if (end != absl::string_view::npos) tag.text = VisibleText(html.substr(close + 1, end - close));
    tags.push_back(std::move(tag));
  }
  return tags;
}

std::vector<Tag> TagsNamed(absl::string_view html, absl::string_view name) {
  std::vector<Tag> found;
  for (Tag& tag : TagsOf(html)) {
    if (tag.name == name) found.push_back(std::move(tag));
  }
  return found;
}

// The value of an attribute, or nothing.
std::optional<std::string> Attribute(const Tag& tag, absl::string_view name) {
  const std::string key = absl::StrCat(" ", name, "=\"");
  const size_t begin = tag.attributes.find(key);
  if (begin == std::string::npos) return std::nullopt;
  const size_t from = begin + key.size();
  return tag.attributes.substr(from, tag.attributes.find('"', from) - from);
}

}  // namespace

TEST_CASE("Pages: every control has a visible name and no other", "[web][a11y]") {
  for (const NamedPage& page : EveryPage()) {
    INFO(page.name);
    for (const Tag& tag : TagsOf(page.html)) {
      INFO(tag.name << tag.attributes);
      const bool is_control = tag.name == "a" || tag.name == "button";
      CHECK((!is_control || !tag.text.empty()));
      CHECK((tag.name != "a" || Attribute(tag, "href").has_value()));
      // A visible input would need a label; ours are hidden.
      CHECK((tag.name != "input" || Attribute(tag, "type") == "hidden"));
      CHECK_FALSE(Attribute(tag, "aria-label").has_value());
      CHECK_FALSE(Attribute(tag, "role").has_value());
    }
  }
}

TEST_CASE("Pages: language, title, one h1 and headings in order", "[web][a11y]") {
  for (const NamedPage& page : EveryPage()) {
    INFO(page.name);
    CHECK(absl::StartsWith(page.html, "<!DOCTYPE html>\n<html lang=\"en\">"));
    REQUIRE(TagsNamed(page.html, "title").size() == 1);
    CHECK_FALSE(TagsNamed(page.html, "title").front().text.empty());
    std::string levels;
    for (const Tag& tag : TagsOf(page.html)) {
      if (tag.name.size() == 2 && tag.name[0] == 'h' && tag.name[1] <= '6') levels += tag.name[1];
    }
    CHECK(levels.front() == '1');
    CHECK(levels.find_first_not_of('2', 1) == std::string::npos);
  }
}

TEST_CASE("Pages: skip link, landmarks and help stand in the same place everywhere",
          "[web][a11y]") {
  for (const NamedPage& page : EveryPage()) {
    INFO(page.name);
    const size_t skip = page.html.find("href=\"#main\"");
    const size_t main = page.html.find("<main id=\"main\" tabindex=\"-1\">");
    const size_t help = page.html.find("<h2 id=\"help-heading\">");
    const size_t main_end = page.html.find("</main>");
    REQUIRE(main_end != std::string::npos);
    CHECK(skip < main);
    CHECK(main < help);
    CHECK(help < main_end);
    CHECK(page.html.find("<h2", help + 1) == std::string::npos);
  }
}

TEST_CASE("Pages: every id that is pointed at exists, once", "[web][a11y]") {
  for (const NamedPage& page : EveryPage()) {
    INFO(page.name);
    for (const Tag& tag : TagsOf(page.html)) {
      std::string target = Attribute(tag, "aria-labelledby").value_or("");
      const std::string href = Attribute(tag, "href").value_or("");
      if (absl::StartsWith(href, "#")) target = href.substr(1);
      if (target.empty()) continue;
      INFO(target);
      int found = 0;
      for (const Tag& other : TagsOf(page.html)) found += Attribute(other, "id") == target ? 1 : 0;
      CHECK(found == 1);
    }
  }
}

TEST_CASE("Pages: nothing inline that the policy would block, nothing unfilled", "[web]") {
  for (const NamedPage& page : EveryPage()) {
    INFO(page.name);
    for (const Tag& tag : TagsOf(page.html)) {
      CHECK(tag.name != "style");
      CHECK_FALSE(Attribute(tag, "style").has_value());
      CHECK_FALSE(absl::StrContains(tag.attributes, " on"));
      CHECK((tag.name != "script" ||
             absl::StartsWith(Attribute(tag, "src").value_or(""), "/assets/")));
    }
    CHECK_FALSE(absl::StrContains(page.html, "[["));
    CHECK_FALSE(absl::StrContains(page.html, "{{"));
    CHECK_FALSE(absl::StrContains(page.html, "}}"));
    const bool has_script = absl::StrContains(page.html, "<script");
    CHECK(has_script == (page.name == "post form"));
  }
}

TEST_CASE("RenderSignInPage: a real link per available provider", "[web]") {
  const std::string html = RenderSignInPage(AllProviders());
  CHECK(absl::StrContains(html,
                          "<a class=\"button\" href=\"/v1/sessions/idme/new?application=mhv&amp;"
                          "to=home\">Sign in with ID.me</a>"));
  CHECK(absl::StrContains(html, ">Sign in with Login.gov</a>"));
  CHECK(absl::StrContains(html, "You will go on to My HealtheVet."));
  CHECK(absl::StrContains(html, "<h2>Some services are slow</h2>"));
}

TEST_CASE("RenderSignInPage: a provider that is off explains itself and is no control", "[web]") {
  const std::string html = RenderSignInPage(AllProviders());
  CHECK_FALSE(absl::StrContains(html, "/v1/sessions/mhv/new"));
  CHECK_FALSE(absl::StrContains(html, "/v1/sessions/dslogon/new"));
  CHECK(absl::StrContains(html,
                          "<p class=\"provider-name\">My HealtheVet</p>"
                          "<p>This sign-in option is not available right now."));
  CHECK(absl::StrContains(html, "<p>DS Logon ended on September 30, 2025.</p>"));
  CHECK(html.find("<h2>Other sign-in option</h2>") < html.find("DS Logon"));
}

TEST_CASE("RenderSignInPage: an account can be made where a provider is open (sign_in_page.md 1)",
          "[web]") {
  const std::string html = RenderSignInPage(AllProviders());
  CHECK(absl::StrContains(html, "<h2>Create an account</h2>"));
  CHECK(absl::StrContains(
      html,
      "href=\"/v1/sessions/idme_signup/new?application=mhv&amp;to=home\">Create an account "
      "with ID.me</a>"));
  CHECK_FALSE(absl::StrContains(html, "account with Login.gov"));
  CHECK_FALSE(absl::StrContains(html, "dslogon_signup"));
  CHECK_FALSE(absl::StrContains(RenderSignInPage({}), "Create an account"));
}

TEST_CASE("RenderSignOutQuestionPage: P8 S139 a form that posts, and a way to stay",
          "[web][attack][P8]") {
  const std::string html = RenderSignOutQuestionPage(SignOutQuestion());
  CHECK(absl::StrContains(html, "<form method=\"post\" action=\"/v1/sessions/slo/new\">"));
  CHECK(absl::StrContains(html, "name=\"answer\" value=\"sealed\""));
  CHECK_FALSE(absl::StrContains(html, "<b>"));
  CHECK(absl::StrContains(html, "href=\"/auth/login/callback\">Stay signed in</a>"));
  CHECK_FALSE(absl::StrContains(html, "<script"));
}

TEST_CASE("RenderSignInPage: says so when there is nothing to choose", "[web]") {
  CHECK(absl::StrContains(RenderSignInPage({}), "No sign-in option is available right now."));
  CHECK_FALSE(absl::StrContains(RenderSignInPage(AllProviders()), "No sign-in option is"));
}

TEST_CASE("RenderPostForm: hidden fields, a button that works without script", "[web]") {
  const std::string html = RenderPostForm(SamlForm());
  CHECK(
      absl::StrContains(html, "<form method=\"post\" action=\"https://127.0.0.1:8461/saml/sso\">"));
  CHECK(absl::StrContains(html, "name=\"SAMLRequest\" value=\"PHNhbWw+\""));
  CHECK(absl::StrContains(html, "name=\"RelayState\" value=\"abc\""));
  CHECK(absl::StrContains(html, "type=\"submit\">Continue to ID.me</button>"));
  CHECK(absl::StrContains(html, "<noscript>"));
  CHECK(absl::StrContains(html, "<title>VA.gov sign-in</title>"));
}

TEST_CASE("S142 RenderPostForm: a RelayState with HTML or CRLF stays a value", "[web][attack]") {
  PostForm form = SamlForm();
  form.fields[1].second = "\"><script>alert(1)</script>\r\nSet-Cookie: a=b{{action}}[[brand]]'";
  form.fields.emplace_back("\" autofocus onfocus=\"alert(1)", "x");
  const std::string html = RenderPostForm(form);
  CHECK_FALSE(absl::StrContains(html, "<script>"));
  CHECK(absl::StrContains(html, "value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
  // What looks like a template in a value is text.
  CHECK(absl::StrContains(html, "{{action}}[[brand]]"));
  for (const Tag& tag : TagsNamed(html, "input")) {
    CHECK(Attribute(tag, "type") == "hidden");
    CHECK_FALSE(Attribute(tag, "onfocus").has_value());
  }
}

TEST_CASE("S142 Pages: names, targets and codes from outside are escaped", "[web][attack]") {
  SignInPage sign_in;
  sign_in.application_name = kScript;
  sign_in.options = {{.name = kScript, .href = "/x?\"><script>"},
                     {.name = kScript, .href = "/y", .available = false, .unavailable = kScript}};
  sign_in.notices = {{PageNotice::Kind::kInfo, kScript, kScript}};
  ErrorPage error;
  error.headline = error.what_happened = error.what_to_do = error.retry_label = kScript;
  error.code = error.request_id = kScript;
  ResultPage result = SignedIn();
  result.person_name = result.csp_name = kScript;
  PostForm form = SamlForm();
  form.destination_name = kScript;
  TermsPage terms = AnsweredTerms();
  terms.title = terms.revision = terms.legal_version = terms.answered_on = kScript;
  terms.accept_id = terms.decline_id = kScript;
  const ConsentText text{.version = kScript,
                         .locale = "en",
                         .title = kScript,
                         .lead = kScript,
                         .sections = {{kScript, {kScript}}}};
  ConsentPage consent = SomeConsent();
  consent.text = &text;
  for (const std::string& html :
       {RenderTermsPage(terms), RenderConsentPage(consent), RenderSignInPage(sign_in),
        RenderErrorPage(error), RenderResultPage(result), RenderPostForm(form),
        RenderResultPage({.code = kScript, .request_id = kScript})}) {
    CHECK_FALSE(absl::StrContains(html, "<script>"));
    CHECK(absl::StrContains(html, "&lt;script&gt;"));
  }
}

TEST_CASE("S142 Pages: an address that is not ours to follow is not written", "[web][attack]") {
  for (const char* address :
       {"javascript:alert(1)", "data:text/html,x", "//evil.example/", "/\\evil", "\\\\evil",
        "https://user@evil.example/", "/a\r\nb", "vbscript:x", "a"}) {
    INFO(address);
    const std::string error = RenderErrorPage({.headline = "h", .retry_url = address});
    CHECK(absl::StrContains(error, "<a class=\"button\" href=\"/sign-in/\">"));
    const std::string out = RenderSignedOutPage({.sign_in_url = address});
    CHECK(absl::StrContains(out, "<a class=\"button\" href=\"/sign-in/\">"));
    PostForm form = SamlForm();
    form.action = address;
    CHECK(absl::StrContains(RenderPostForm(form), "action=\"/sign-in/\""));
    ResultPage result = SignedIn();
    result.continue_url = address;
    CHECK_FALSE(absl::StrContains(RenderResultPage(result), "Continue</a>"));
    CHECK_FALSE(absl::StrContains(RenderSignInPage({.options = {{.name = "n", .href = address}}}),
                                  "Sign in with"));
  }
}

TEST_CASE("RenderErrorPage: headline with focus, one button, code and request id as text",
          "[web]") {
  const std::string html = RenderErrorPage(ErrorPageFor(
      base::SignInCode::kMultipleMhvIds, "7f3a", "/v1/sessions/idme/new?application=mhv&to=home"));
  CHECK(absl::StrContains(html,
                          "<h1 tabindex=\"-1\" autofocus>We found more than one My "
                          "HealtheVet account</h1>"));
  CHECK(absl::StrContains(html, "<p>Error code 101</p>"));
  CHECK(absl::StrContains(html, "<p>Request id 7f3a</p>"));
  CHECK(absl::StrContains(html, "href=\"/v1/sessions/idme/new?application=mhv&amp;to=home\">"));
  int buttons = 0;
  for (const Tag& tag : TagsOf(html)) buttons += Attribute(tag, "class") == "button" ? 1 : 0;
  CHECK(buttons == 1);
}

TEST_CASE("RenderErrorPage: lines without a value are left out", "[web]") {
  const std::string html = RenderErrorPage({.headline = "h", .what_happened = "w"});
  CHECK_FALSE(absl::StrContains(html, "Error code"));
  CHECK_FALSE(absl::StrContains(html, "Request id"));
  CHECK(absl::StrContains(html, ">Sign in again</a>"));
}

TEST_CASE("ErrorPageFor: every code of the catalogue makes a full page", "[web]") {
  for (const base::CodeEntry& entry : base::SignInCatalogue()) {
    INFO(entry.code);
    const ErrorPage page = ErrorPageFor(entry.id, "r", "/sign-in/");
    CHECK_FALSE(page.headline.empty());
    CHECK_FALSE(page.what_happened.empty());
    CHECK_FALSE(page.what_to_do.empty());
    CHECK(page.code == entry.code);
  }
}

TEST_CASE("ErrorPageForStatus: every status has texts of its own kind", "[web]") {
  for (const int status : {400, 404, 405, 408, 413, 414, 417, 421, 429, 431, 500, 502, 503}) {
    INFO(status);
    const ErrorPage page = ErrorPageForStatus(status, "r");
    CHECK_FALSE(page.headline.empty());
    CHECK_FALSE(page.what_happened.empty());
    CHECK_FALSE(page.what_to_do.empty());
    CHECK(page.code.empty());
  }
}

TEST_CASE("RenderResultPage: signed in names the person, the provider and the assurance", "[web]") {
  const std::string html = RenderResultPage(SignedIn());
  CHECK(absl::StrContains(html, "You are signed in"));
  CHECK(absl::StrContains(html, "Welcome, <bdi>Ada Example</bdi></p>"));
  CHECK(absl::StrContains(html, "You signed in with ID.me."));
  CHECK(absl::StrContains(html, "Your identity is verified."));
  CHECK(absl::StrContains(html, "<form method=\"post\" action=\"/v0/logout\"><button"));
  ResultPage basic = SignedIn();
  basic.verified = false;
  CHECK(absl::StrContains(RenderResultPage(basic), "Your identity is not verified yet"));
}

TEST_CASE("RenderResultPage: a failure shows its code, an invented code shows 007", "[web]") {
  CHECK(absl::StrContains(RenderResultPage({.code = "113"}), "Error code 113"));
  CHECK(absl::StrContains(RenderResultPage({.code = "999"}), "Error code 007"));
}

TEST_CASE("RenderResultPage: the state of the account in plain words, each with its next step",
          "[web][provisioning]") {
  struct Case {
    std::optional<MhvAccountState> state;
    const char* says;
    bool leads_to_terms;
  };
  const Case cases[] = {
      {MhvAccountState::kPending, "We are still checking with My HealtheVet", false},
      {MhvAccountState::kEnsured, "Your My HealtheVet account is ready.", false},
      {MhvAccountState::kNeedsTerms, "needs your answer to the terms of use", true},
      {MhvAccountState::kIneligible, "read out this request id: req-7", false},
      {MhvAccountState::kUnavailable,
       "We could not check with My HealtheVet. Your sign-in is not affected", false},
      {std::nullopt, "You are signed in", false},
  };
  for (const Case& row : cases) {
    INFO(row.says);
    const std::string html = RenderResultPage(SignedInWith({row.state, std::nullopt}));
    CHECK(absl::StrContains(html, row.says));
    CHECK(absl::StrContains(html, "href=\"/terms-of-use/\"") == row.leads_to_terms);
    CHECK(absl::StrContains(html, ">My HealtheVet account</h2>") == row.state.has_value());
    CHECK(absl::StrContains(html, ">Look again</a>") == (row.state == MhvAccountState::kPending));
  }
}

TEST_CASE("RenderResultPage: the invitation is for who is invited, and for nobody else",
          "[web][provisioning]") {
  for (const std::optional<ProofingState> state :
       {std::optional<ProofingState>(ProofingState::kPending),
        std::optional<ProofingState>(ProofingState::kInvited),
        std::optional<ProofingState>(ProofingState::kNotEligible),
        std::optional<ProofingState>(ProofingState::kUnavailable),
        std::optional<ProofingState>()}) {
    const std::string html = RenderResultPage(SignedInWith({MhvAccountState::kEnsured, state}));
    CHECK(absl::StrContains(html, "href=\"/inherited_proofing/consent\"") ==
          (state == ProofingState::kInvited));
  }
}

TEST_CASE("RenderResultPage: a hostile name is text, in full", "[web][attack]") {
  ResultPage page = SignedInWith(kNeedsTermsAndInvited);
  page.person_name =
      "<script>alert('x')</script> O'Brien \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xf0\x9f\x8e\x96";
  const std::string html = RenderResultPage(page);
  CHECK_FALSE(absl::StrContains(html, "<script"));
  CHECK(absl::StrContains(html, "&lt;script&gt;alert("));
  CHECK(absl::StrContains(html, "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xf0\x9f\x8e\x96</bdi>"));
  CHECK(TagsNamed(html, "script").empty());
}

// What posting a form with its button sends.
void CheckAnswerForm(const std::string& html, const std::string& action, const std::string& shown,
                     const std::string& decision, const std::string& id) {
  INFO(decision);
  const size_t button =
      html.find(absl::StrCat("type=\"submit\" name=\"decision\" value=\"", decision, "\""));
  REQUIRE(button != std::string::npos);
  const size_t form = html.rfind("<form ", button);
  const std::string inside = html.substr(form, button - form);
  CHECK(absl::StartsWith(inside, absl::StrCat("<form method=\"post\" action=\"", action, "\">")));
  CHECK(absl::StrContains(inside, shown));
  CHECK(absl::StrContains(inside, absl::StrCat("name=\"answer\" value=\"", id, "\"")));
}

TEST_CASE("RenderTermsPage: the document, what accepting means, one form for each answer",
          "[web][terms]") {
  const TermsPage page = SomeTerms();
  const std::string html = RenderTermsPage(page);
  CHECK(absl::StrContains(html, ">VA Enterprise Terms of Use</h1>"));
  CHECK(absl::StrContains(html,
                          "<a class=\"stand-alone\" href=\"https://www.va.gov/terms-of-use/"
                          "\">Read the VA Enterprise Terms of Use on VA.gov</a>"));
  CHECK(absl::StrContains(html, "What accepting means"));
  CHECK_FALSE(absl::StrContains(html, "The terms have changed"));
  CHECK_FALSE(absl::StrContains(html, "You accepted"));
  const std::string shown = "name=\"revision\" value=\"3\"";
  CheckAnswerForm(html, "/terms-of-use/", shown, "accepted", page.accept_id);
  CheckAnswerForm(html, "/terms-of-use/", shown, "declined", page.decline_id);
  CHECK(absl::StrContains(RenderTermsPage(AnsweredTerms()),
                          "You declined these terms on January 15, 2026."));
}

TEST_CASE("RenderConsentPage: SP 800-63A-4 3.3.2 every notice stands on the page",
          "[web][consent]") {
  const ConsentPage page = SomeConsent();
  const std::string html = RenderConsentPage(page);
  for (const char* notice :
       {"for this purpose alone",
        "name, address, phone number, birth date and Social Security number",
        "How and when VA checked your identity, and the kind of document you showed",
        "This is voluntary", "What is kept, and for how long", "ends after 90 minutes",
        "24 hours at the latest", "If something is wrong", "Your Social Security number",
        "The transfer itself opens later. Today we record your answer and send nothing"}) {
    INFO(notice);
    CHECK(absl::StrContains(html, notice));
  }
  const std::string shown =
      absl::StrCat("name=\"text_version\" value=\"", CurrentConsentText().version, "\"");
  CheckAnswerForm(html, "/inherited_proofing/consent", shown, "given", page.give_id);
  CheckAnswerForm(html, "/inherited_proofing/consent", shown, "declined", page.decline_id);
}

TEST_CASE("RenderConsentRecordedPage: says what was answered and that nothing was sent",
          "[web][consent]") {
  const std::string given = RenderConsentRecordedPage({.given = true, .back_url = "/a"});
  CHECK(absl::StrContains(given, "Your consent is on record"));
  CHECK(absl::StrContains(given, "so nothing was sent"));
  const std::string declined = RenderConsentRecordedPage({.given = false, .back_url = "/a"});
  CHECK(absl::StrContains(declined, "Nothing will be shared"));
  CHECK(absl::StrContains(declined, "Nothing was sent, and your sign-in is not affected."));
}

}  // namespace va::gateway
