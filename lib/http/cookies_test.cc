#include "lib/http/cookies.h"

#include <catch2/catch.hpp>

#include "lib/base/status.h"

namespace va::http {

TEST_CASE("ParseCookies: reads names and values as browsers send them", "[http][cookies]") {
  const auto cookies = ParseCookies("__Host-va_flow=abc; theme=dark; empty=; quoted=\"x y\"");
  REQUIRE(cookies.ok());
  CHECK(cookies->at("__Host-va_flow") == "abc");
  CHECK(cookies->at("theme") == "dark");
  CHECK(cookies->at("empty").empty());
  CHECK(cookies->at("quoted") == "x y");
  CHECK(ParseCookies("")->empty());
  CHECK(ParseCookies("a=b=c")->at("a") == "b=c");
}

TEST_CASE("A14 ParseCookies: what could shadow or confuse is refused", "[http][cookies][attack]") {
  struct Row {
    const char* what;
    std::string header;
    const char* reason;
  };
  const Row rows[] = {
      {"two cookies of one name", "__Host-va_session=mine; __Host-va_session=planted",
       "COOKIE_DUPLICATE"},
      {"the same twice", "a=1; a=1", "COOKIE_DUPLICATE"},
      {"no equals sign", "a=1; b", "COOKIE_MALFORMED"},
      {"no name", "=1", "COOKIE_MALFORMED"},
      {"a name with a space", "a b=1", "COOKIE_MALFORMED"},
      {"non-ASCII value", "a=\xc3\xa9", "COOKIE_MALFORMED"},
      {"control character", std::string("a=b\x01") + "c", "COOKIE_MALFORMED"},
      {"NUL", std::string("a=b\0c", 5), "COOKIE_MALFORMED"},
      {"50 KB", "a=" + std::string(50 * 1024, 'x'), "COOKIE_TOO_LARGE"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const auto cookies = ParseCookies(row.header);
    REQUIRE_FALSE(cookies.ok());
    CHECK(base::ReasonOf(cookies.status()) == row.reason);
  }
}

TEST_CASE("A14 CookiesOf: a second Cookie header cannot bring a second value",
          "[http][cookies][attack]") {
  Request request;
  CHECK(CookiesOf(request)->empty());
  request.headers.Add("Cookie", "a=1");
  CHECK(CookiesOf(request)->size() == 1);
  request.headers.Add("cookie", "b=2");
  CHECK(CookiesOf(request)->size() == 2);
  request.headers.Add("COOKIE", "a=3");
  CHECK(base::ReasonOf(CookiesOf(request).status()) == "COOKIE_DUPLICATE");
}

TEST_CASE("A14 BuildSetCookie: the attributes of both cookies of decision P7",
          "[http][cookies][attack]") {
  SetCookie flow;
  flow.name = "__Host-va_flow";
  flow.value = "abc";
  flow.same_site = SameSite::kNone;
  flow.max_age = absl::Minutes(15);
  CHECK(*BuildSetCookie(flow) ==
        "__Host-va_flow=abc; Path=/; Max-Age=900; Secure; HttpOnly; SameSite=None");

  SetCookie session;
  session.name = "__Host-va_session";
  session.value = "def";
  CHECK(*BuildSetCookie(session) ==
        "__Host-va_session=def; Path=/; Secure; HttpOnly; SameSite=Lax");
}

TEST_CASE("BuildExpiredCookie: same attributes, no value, no age", "[http][cookies]") {
  SetCookie flow;
  flow.name = "__Host-va_flow";
  flow.value = "abc";
  flow.same_site = SameSite::kNone;
  CHECK(*BuildExpiredCookie(flow) ==
        "__Host-va_flow=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=None");
}

TEST_CASE("A14 BuildSetCookie: what a browser would drop or misread is refused",
          "[http][cookies][attack]") {
  const SetCookie good{.name = "__Host-x", .value = "v"};
  REQUIRE(BuildSetCookie(good).ok());
  SetCookie bad = good;

  SECTION("__Host- without Secure") { bad.secure = false; }
  SECTION("__Host- with another path") { bad.path = "/v1"; }
  SECTION("__Host- with a domain") { bad.domain = "va.example"; }
  SECTION("SameSite=None without Secure") {
    bad.name = "x";
    bad.secure = false;
    bad.same_site = SameSite::kNone;
  }
  SECTION("a value with a semicolon") { bad.value = "v; Domain=evil.example"; }
  SECTION("a value with CRLF") { bad.value = "v\r\nX: y"; }
  SECTION("a name that is no token") { bad.name = "a b"; }
  SECTION("no name") { bad.name = ""; }
  SECTION("a path with a semicolon") { bad.path = "/;x"; }
  SECTION("larger than browsers keep") { bad.value = std::string(5000, 'x'); }
  CHECK_FALSE(BuildSetCookie(bad).ok());
}

}  // namespace va::http
