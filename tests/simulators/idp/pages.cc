#include "tests/simulators/idp/pages.h"

#include "absl/strings/str_cat.h"
#include "lib/testing/html_page.h"

namespace va::simulators {
namespace {

using testing::EscapeHtml;

std::string Frame(absl::string_view title, absl::string_view main) {
  return absl::StrCat(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
      EscapeHtml(title),
      "</title>\n<style>\n"
      "body{font:1.06rem/1.5 system-ui,sans-serif;margin:0;color:#1b1b1b;background:#fff}\n"
      "header{background:#3d4551;color:#fff;padding:.6rem 1rem}\n"
      "main{max-width:40rem;margin:1.5rem auto;padding:0 1rem}\n"
      "button{font:inherit;min-height:44px;width:100%;margin:.25rem 0;padding:.5rem 1rem;"
      "text-align:left;color:#fff;background:#005ea2;border:0;border-radius:.25rem}\n"
      "button:hover{background:#1a4480}\n"
      "button.quiet{background:#fff;color:#005ea2;box-shadow:inset 0 0 0 2px #005ea2}\n"
      ":focus{outline:.25rem solid #2491ff;outline-offset:2px}\n"
      "button small{display:block;font-size:.87rem}\nsummary{min-height:44px;padding:.5rem 0}\n"
      "</style>\n</head>\n<body>\n"
      "<header>Stand-in for tests. Nobody on these pages exists.</header>\n<main>\n<h1>",
      EscapeHtml(title), "</h1>\n", main, "</main>\n</body>\n</html>\n");
}

std::string Buttons(const std::vector<const testing::Persona*>& personas) {
  std::string out;
  for (const testing::Persona* const persona : personas) {
    absl::StrAppend(&out, "<button type=\"submit\" name=\"persona\" value=\"",
                    EscapeHtml(persona->id), "\">", EscapeHtml(persona->title), "<small>",
                    EscapeHtml(persona->id), "</small></button>\n");
  }
  return out;
}

}  // namespace

std::string RenderChoice(const ChoicePage& page) {
  std::string main = absl::StrCat("<p>", EscapeHtml(page.service_provider),
                                  " asks who you are. Choose a person to sign in as.</p>\n"
                                  "<form method=\"post\" action=\"/choose\">\n"
                                  "<input type=\"hidden\" name=\"request\" value=\"",
                                  EscapeHtml(page.handle), "\">\n");
  if (!page.suitable.empty()) {
    absl::StrAppend(&main, "<h2>Fits what was asked for</h2>\n", Buttons(page.suitable));
  }
  if (!page.others.empty()) {
    absl::StrAppend(&main, "<details>\n<summary>People of another kind or level</summary>\n",
                    Buttons(page.others), "</details>\n");
  }
  absl::StrAppend(&main,
                  "<h2>Or</h2>\n<button class=\"quiet\" type=\"submit\" name=\"decline\" "
                  "value=\"1\">I do not consent</button>\n</form>\n");
  return Frame("Choose who you are", main);
}

std::string RenderAnswer(const AnswerPage& page) {
  return RenderLogout({page.acs_url, "SAMLResponse", page.saml_response, page.relay_state});
}

std::string RenderLogout(const LogoutPage& page) {
  std::string relay_state;
  if (!page.relay_state.empty()) {
    relay_state = absl::StrCat("<input type=\"hidden\" name=\"RelayState\" value=\"",
                               EscapeHtml(page.relay_state), "\">\n");
  }
  return Frame("Going back",
               absl::StrCat("<p>You are sent back to where you came from.</p>\n"
                            "<form id=\"answer\" method=\"post\" action=\"",
                            EscapeHtml(page.url), "\">\n<input type=\"hidden\" name=\"",
                            EscapeHtml(page.field), "\" value=\"", EscapeHtml(page.message),
                            "\">\n", relay_state,
                            "<button type=\"submit\">Continue</button>\n</form>\n<script src=\"",
                            kAutosubmitPath, "\"></script>\n"));
}

std::string RenderLogoutEnd(bool success) {
  return success ? Frame("You are signed out everywhere",
                         "<p>The service provider has ended its session.</p>\n")
                 : Frame("You are signed out here",
                         "<p>The service provider could not end its session.</p>\n");
}

std::string RenderProblems(const std::vector<std::string>& problems) {
  std::string items;
  for (const std::string& problem : problems) {
    absl::StrAppend(&items, "<li>", EscapeHtml(problem), "</li>\n");
  }
  return Frame(
      "This request is not accepted",
      absl::StrCat("<p>What is wrong with it:</p>\n<ul id=\"problems\">\n", items, "</ul>\n"));
}

std::string RenderApplication(absl::string_view path, absl::string_view query) {
  return Frame("You arrived at the application",
               absl::StrCat("<p>In real life this page belongs to the application you came "
                            "from.</p>\n<dl>\n<dt>Path</dt><dd id=\"path\">",
                            EscapeHtml(path), "</dd>\n<dt>Query</dt><dd id=\"query\">",
                            EscapeHtml(query), "</dd>\n</dl>\n"));
}

std::string RenderIndex(const std::vector<testing::Persona>& personas) {
  std::string items;
  for (const testing::Persona& persona : personas) {
    absl::StrAppend(&items, "<li><code>", EscapeHtml(persona.id), "</code> ",
                    EscapeHtml(persona.title), "</li>\n");
  }
  return Frame("Stand-in identity provider",
               absl::StrCat("<p>Start at the gateway. These people can sign in:</p>\n<ul>\n", items,
                            "</ul>\n"));
}

}  // namespace va::simulators
