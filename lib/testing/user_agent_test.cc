#include "lib/testing/user_agent.h"

#include <catch2/catch.hpp>
#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"

namespace va::testing {
namespace {

using http::ClientRequest;
using http::ClientResponse;

// Two sites in memory, answering by address.
class FakeWeb final : public http::Client {
 public:
  using Answer = std::function<ClientResponse(const ClientRequest&)>;

  void On(std::string url, Answer answer) {
    answers_.emplace_back(std::move(url), std::move(answer));
  }
  void OnPage(const std::string& url, const std::string& html, const http::Headers& headers = {}) {
    On(url, [html, headers](const ClientRequest&) {
      ClientResponse response{200, headers, html};
      response.headers.Add("Content-Type", "text/html; charset=utf-8");
      return response;
    });
  }
  void OnRedirect(const std::string& url, int status, const std::string& to) {
    On(url, [status, to](const ClientRequest&) {
      return ClientResponse{status, {{"Location", to}}, ""};
    });
  }

  absl::StatusOr<ClientResponse> Send(const ClientRequest& request) override {
    requests.push_back(request);
    for (const auto& [url, answer] : answers_) {
      if (request.url == url) return answer(request);
    }
    return ClientResponse{404, {}, ""};
  }

  std::string Sent(absl::string_view header) const {
    return std::string(requests.back().headers.Get(header).value_or("-"));
  }

  std::vector<ClientRequest> requests;

 private:
  std::vector<std::pair<std::string, Answer>> answers_;
};

constexpr char kGateway[] = "https://localhost:8443";
constexpr char kIdp[] = "https://127.0.0.1:8461";

base::Url U(const std::string& url) { return base::ParseUrl(url).value(); }

TEST_CASE("SiteOf: ports do not separate sites, address and name do", "[testing]") {
  CHECK(SiteOf(U("https://localhost:8443/")) == SiteOf(U("https://localhost:9443/x")));
  CHECK(SiteOf(U("https://localhost:8443/")) != SiteOf(U("https://127.0.0.1:8443/")));
  CHECK(SiteOf(U("https://a.example.com/")) == SiteOf(U("https://b.example.com/")));
  CHECK(SiteOf(U("https://a.example.com/")) != SiteOf(U("http://a.example.com/")));
}

TEST_CASE("CookieJar: SameSite decides about cross-site navigations", "[testing]") {
  CookieJar jar;
  const absl::Time now = absl::FromUnixSeconds(1000);
  const base::Url url = U("https://localhost:8443/");
  CHECK(jar.Store(url, "lax=1; Secure; SameSite=Lax", now));
  CHECK(jar.Store(url, "plain=1; Secure", now));
  CHECK(jar.Store(url, "strict=1; Secure; SameSite=Strict", now));
  CHECK(jar.Store(url, "none=1; Secure; SameSite=None", now));
  CHECK(jar.HeaderFor(url, {"POST", false}, now) == "lax=1; plain=1; strict=1; none=1");
  CHECK(jar.HeaderFor(url, {"GET", true}, now) == "lax=1; plain=1; none=1");
  CHECK(jar.HeaderFor(url, {"POST", true}, now) == "none=1");
}

TEST_CASE("CookieJar: what a browser does not store is not stored", "[testing]") {
  CookieJar jar;
  const absl::Time now = absl::FromUnixSeconds(1000);
  const base::Url https = U("https://localhost:8443/v1/sessions/callback");
  const base::Url http = U("http://localhost:8080/");
  CHECK_FALSE(jar.Store(http, "a=1; Secure", now));
  CHECK_FALSE(jar.Store(https, "a=1; SameSite=None", now));
  CHECK_FALSE(jar.Store(https, "__Host-a=1; Path=/", now));
  CHECK_FALSE(jar.Store(https, "__Host-a=1; Secure", now));  // default path is not "/"
  CHECK_FALSE(jar.Store(U("https://a.example.com/"),
                        "__Host-a=1; Secure; Path=/; Domain=example.com", now));
  CHECK_FALSE(jar.Store(https, "__Secure-a=1; Path=/", now));
  CHECK_FALSE(jar.Store(U("https://a.example.com/"), "a=1; Domain=other.com", now));
  CHECK_FALSE(jar.Store(U("https://a.example.com/"), "a=1; Domain=com", now));
  CHECK(jar.cookies().empty());
  CHECK(jar.Store(https, "__Host-a=1; Secure; Path=/", now));
}

TEST_CASE("CookieJar: paths, hosts, ages and replacement", "[testing]") {
  CookieJar jar;
  const absl::Time now = absl::FromUnixSeconds(1000);
  const base::Url url = U("https://localhost:8443/a/b");
  CHECK(jar.Store(url, "deep=1; Path=/a", now));
  CHECK(jar.HeaderFor(U("https://localhost/a"), {}, now) == "deep=1");
  CHECK(jar.HeaderFor(U("https://localhost/ab"), {}, now).empty());
  CHECK(jar.HeaderFor(U("https://127.0.0.1/a"), {}, now).empty());
  CHECK(jar.Store(url, "deep=2; Path=/a; Max-Age=60", now));
  CHECK(jar.Find(url, "deep", now)->value == "2");
  CHECK_FALSE(jar.Find(url, "deep", now + absl::Seconds(60)).has_value());
  CHECK(jar.Store(url, "deep=; Path=/a; Max-Age=0", now));
  CHECK(jar.cookies().empty());
  CHECK(jar.Store(url, "old=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", now));
  CHECK(jar.cookies().empty());
}

TEST_CASE("ParseHtml: forms, buttons, links, headings and text", "[testing]") {
  const HtmlContent page = ParseHtml(R"(<!doctype html><html><head><title>A &amp; B</title>
    <script>var x = "<form action='/no'>";</script></head><body><!-- <form> --><h1>Sign&nbsp;in</h1>
    <a href="/help?a=1&amp;b=2">Get <b>help</b></a>
    <form id="f" method="post" action="https://idp/x"><input type="hidden" name="SAMLRequest"
     value="a+b/c=&#34;&#x3e;"/><input name=plain value=x><input type=checkbox name=c checked>
    <input type=checkbox name=d><input disabled name=e value=1><textarea name="t">
    1 &lt; 2</textarea>
    <button name="persona" value="p1" type="submit">First
      person</button><input type="submit" value="Go"></form>
    <form action="/other"><button type="button">nothing</button></form></body></html>)");
  CHECK(page.title == "A & B");
  CHECK(page.headings == std::vector<std::string>{"Sign\xc2\xa0in"});
  REQUIRE(page.links.size() == 1);
  CHECK(page.links[0].href == "/help?a=1&b=2");
  CHECK(page.links[0].text == "Get help");
  REQUIRE(page.forms.size() == 2);
  const HtmlForm& form = page.forms[0];
  CHECK(form.method == "POST");
  CHECK(form.fields ==
        base::FormPairs{
            {"SAMLRequest", "a+b/c=\">"}, {"plain", "x"}, {"c", "on"}, {"t", "\n    1 < 2"}});
  REQUIRE(form.buttons.size() == 2);
  CHECK(form.FindButton("p1")->text == "First person");
  CHECK(form.FindButton("Go") != nullptr);
  CHECK(form.FindButton("absent") == nullptr);
  CHECK(page.forms[1].method == "GET");
  CHECK(page.forms[1].buttons.empty());
  CHECK(page.FormWithField("SAMLRequest") == &page.forms[0]);
  CHECK_FALSE(absl::StrContains(page.text, "var x"));
}

TEST_CASE("ParseHtml: broken pages end", "[testing]") {
  for (const char* html : {"<", "<a", "<a href", "<a href=", "<a href='", "<form", "</", "<!--",
                           "<script>", "&", "&#", "<button>", "a < b", "<title>", "<p / / >"}) {
    INFO(html);
    ParseHtml(html);
    ParseHtml(absl::StrCat("<form><button>", html));
  }
  CHECK(ParseHtml("a < b").text == "a < b");
}

TEST_CASE("ResolveUrl: references of every kind", "[testing]") {
  const std::string base = "https://localhost:8443/a/b?c=1#d";
  CHECK(ResolveUrl(base, "https://127.0.0.1:1/x").value() == "https://127.0.0.1:1/x");
  CHECK(ResolveUrl(base, "https://127.0.0.1:1").value() == "https://127.0.0.1:1/");
  CHECK(ResolveUrl(base, "//other/x").value() == "https://other/x");
  CHECK(ResolveUrl(base, "/x?y").value() == "https://localhost:8443/x?y");
  CHECK(ResolveUrl(base, "x").value() == "https://localhost:8443/a/x");
  CHECK(ResolveUrl(base, "../x").value() == "https://localhost:8443/x");
  CHECK(ResolveUrl(base, "?z=2").value() == "https://localhost:8443/a/b?z=2");
  CHECK(ResolveUrl(base, "").value() == "https://localhost:8443/a/b?c=1");
  CHECK_FALSE(ResolveUrl(base, "javascript:alert(1)").ok());
}

TEST_CASE("UserAgent: a cross-site POST carries the None cookie only, and lands by GET",
          "[testing]") {
  FakeWeb web;
  FakeClock clock;
  UserAgent agent(web, clock);
  http::Headers cookies;
  cookies.Add("Set-Cookie", "__Host-none=n; Secure; Path=/; SameSite=None");
  cookies.Add("Set-Cookie", "__Host-lax=l; Secure; Path=/; SameSite=Lax");
  web.OnPage(absl::StrCat(kGateway, "/start"),
             absl::StrCat("<form method=post action='", kIdp, "/login'></form>"), cookies);
  web.OnPage(absl::StrCat(kIdp, "/login"),
             absl::StrCat("<form method=post action='", kGateway,
                          "/callback'><input type=hidden name=a value='1 2'></form>"));
  web.OnRedirect(absl::StrCat(kGateway, "/callback"), 303, "/done");
  web.OnPage(absl::StrCat(kGateway, "/done"), "<title>Done</title>");

  const Page start = agent.Open(absl::StrCat(kGateway, "/start")).value();
  CHECK(web.Sent("Sec-Fetch-Site") == "none");
  const Page login = agent.Submit(start, start.content.forms.at(0)).value();
  CHECK(web.Sent("Sec-Fetch-Site") == "cross-site");
  CHECK(web.Sent("Origin") == kGateway);
  CHECK(web.Sent("Cookie") == "-");
  const Page done = agent.Submit(login, login.content.forms.at(0)).value();
  REQUIRE(done.hops.size() == 2);
  const ClientRequest& post = web.requests.at(web.requests.size() - 2);
  CHECK(post.method == "POST");
  CHECK(post.body == "a=1%202");
  CHECK(post.headers.Get("Cookie") == "__Host-none=n");
  CHECK(post.headers.Get("Origin") == kIdp);
  CHECK(web.requests.back().method == "GET");
  CHECK(web.requests.back().body.empty());
  // The redirect is still the navigation that the other site began; a GET carries Lax along.
  CHECK(web.Sent("Cookie") == "__Host-none=n; __Host-lax=l");
  CHECK(web.Sent("Sec-Fetch-Site") == "cross-site");
  CHECK(done.content.title == "Done");
}

TEST_CASE("UserAgent: form-action binds a form and the redirects after it", "[testing]") {
  FakeWeb web;
  FakeClock clock;
  UserAgent agent(web, clock);
  const auto page_with = [&](const std::string& policy) {
    FakeWeb fresh;
    fresh.OnPage(absl::StrCat(kGateway, "/p"),
                 absl::StrCat("<form method=post action='", kIdp, "/x'></form>"),
                 {{"Content-Security-Policy", policy}});
    UserAgent visitor(fresh, clock);
    return visitor.Open(absl::StrCat(kGateway, "/p")).value();
  };
  web.OnRedirect(absl::StrCat(kIdp, "/x"), 302, "https://evil.example/");
  const auto submit = [&](const std::string& policy) {
    const Page page = page_with(policy);
    return base::ReasonOf(agent.Submit(page, page.content.forms.at(0)).status());
  };
  CHECK(submit("default-src 'none'").empty());
  CHECK(submit("form-action 'self'") == "FORM_ACTION");
  CHECK(submit("form-action 'none'") == "FORM_ACTION");
  CHECK(submit("form-action 'self' https://127.0.0.1:8461") == "FORM_ACTION");  // by the redirect
  CHECK(submit("form-action https:").empty());
}

TEST_CASE("UserAgent: buttons, replaced fields and GET forms", "[testing]") {
  FakeWeb web;
  FakeClock clock;
  UserAgent agent(web, clock);
  web.OnPage(
      absl::StrCat(kIdp, "/"),
      "<form action='/q?old=1'><input name=a value=1><button name=b value=2>Go</button></form>");
  const Page page = agent.Open(absl::StrCat(kIdp, "/")).value();
  const HtmlForm& form = page.content.forms.at(0);
  REQUIRE(agent.Submit(page, form, {form.FindButton("Go"), {{"a", "9"}, {"c", "3"}}, {{"a", "0"}}})
              .ok());
  CHECK(web.requests.back().url == absl::StrCat(kIdp, "/q?a=9&b=2&c=3&a=0"));
  CHECK(web.Sent("Origin") == "-");
}

TEST_CASE("UserAgent: endless redirects end", "[testing]") {
  FakeWeb web;
  FakeClock clock;
  UserAgent agent(web, clock);
  web.OnRedirect(absl::StrCat(kIdp, "/loop"), 302, "/loop");
  CHECK(base::ReasonOf(agent.Open(absl::StrCat(kIdp, "/loop")).status()) == "REDIRECTS");
  CHECK(web.requests.size() == 21);
}

TEST_CASE("UserAgent: a request outside any page does not follow redirects", "[testing]") {
  FakeWeb web;
  FakeClock clock;
  UserAgent agent(web, clock);
  web.OnRedirect(absl::StrCat(kGateway, "/v0/logout"), 303, "/gone");
  const Page page =
      agent.Request("POST", absl::StrCat(kGateway, "/v0/logout"), {{"X-A", "b"}}, "body").value();
  CHECK(page.status() == 303);
  CHECK(web.Sent("X-A") == "b");
  CHECK(web.Sent("Sec-Fetch-Site") == "-");
  CHECK(web.requests.back().body == "body");
}

}  // namespace
}  // namespace va::testing
