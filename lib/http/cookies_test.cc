#include "lib/http/cookies.h"

#include <catch2/catch.hpp>

#include "lib/base/status.h"

namespace va::http {

namespace {

constexpr char kSession[] = "__Host-va_session";

}  // namespace

TEST_CASE("FindCookie: reads a value as browsers send it", "[http][cookies]") {
  const std::string header = "__Host-va_flow=abc; theme=dark; empty=; quoted=\"x y\"; a=b=c";
  const auto value = [&](absl::string_view name) { return *FindCookie(header, name); };
  CHECK(value("__Host-va_flow") == "abc");
  CHECK(value("theme") == "dark");
  CHECK(value("empty") == "");
  CHECK(value("quoted") == "x y");
  CHECK(value("a") == "b=c");
  CHECK(value("missing") == std::nullopt);
  CHECK(value("THEME") == std::nullopt);
  CHECK(*FindCookie("", "a") == std::nullopt);
}

TEST_CASE("A14 FindCookie: what could shadow or confuse the cookie asked for is refused",
          "[http][cookies][attack]") {
  struct Row {
    const char* what;
    std::string header;
    const char* reason;
  };
  const std::string name(kSession);
  const Row rows[] = {
      {"two cookies of the name", name + "=mine; " + name + "=planted", "COOKIE_DUPLICATE"},
      {"the same twice", name + "=1; " + name + "=1", "COOKIE_DUPLICATE"},
      {"a second one that is malformed", name + "=1; " + name + "=\xc3\xa9", "COOKIE_DUPLICATE"},
      {"a second one with spaces", name + "=1;\t" + name + " = 2", "COOKIE_DUPLICATE"},
      {"a second one after a foreign one", name + "=1; a b=1; " + name + "=2", "COOKIE_DUPLICATE"},
      {"a second one that is empty", name + "=1; " + name + "=", "COOKIE_DUPLICATE"},
      {"non-ASCII value", name + "=\xc3\xa9", "COOKIE_MALFORMED"},
      {"control character", name + "=b\x01" + "c", "COOKIE_MALFORMED"},
      {"NUL", name + std::string("=b\0c", 4), "COOKIE_MALFORMED"},
      {"50 KB", name + "=" + std::string(50 * 1024, 'x'), "COOKIE_TOO_LARGE"},
      {"50 KB of others", name + "=1; a=" + std::string(50 * 1024, 'x'), "COOKIE_TOO_LARGE"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const auto value = FindCookie(row.header, kSession);
    REQUIRE_FALSE(value.ok());
    CHECK(base::ReasonOf(value.status()) == row.reason);
  }
}

TEST_CASE("A14 FindCookie: what other software set keeps nobody out", "[http][cookies][attack]") {
  const std::string ours = std::string(kSession) + "=mine";
  const std::string foreign[] = {
      "_ga=1; _ga=2",
      "theme=dark; theme=dark",
      "a=\xc3\xa9",
      "flag",
      "=1",
      "a b=1",
      "a=b\001c",
      std::string("a=b\0c", 5),
      "x\xff=1",
      ";;;",
      "\"=\"",
      "__Host-va_session",
      "__host-VA_session=planted",
  };
  for (const std::string& other : foreign) {
    INFO(other);
    CHECK(*FindCookie(other, kSession) == std::nullopt);
    CHECK(*FindCookie(ours + "; " + other, kSession) == "mine");
    CHECK(*FindCookie(other + "; " + ours, kSession) == "mine");
  }
}

TEST_CASE("A14 CookieOf: a second Cookie header cannot bring a second value",
          "[http][cookies][attack]") {
  Request request;
  CHECK(*CookieOf(request, "a") == std::nullopt);
  request.headers.Add("Cookie", "a=1");
  CHECK(*CookieOf(request, "a") == "1");
  request.headers.Add("cookie", "b=2");
  CHECK(*CookieOf(request, "a") == "1");
  CHECK(*CookieOf(request, "b") == "2");
  request.headers.Add("COOKIE", "a=3");
  CHECK(base::ReasonOf(CookieOf(request, "a").status()) == "COOKIE_DUPLICATE");
  CHECK(*CookieOf(request, "b") == "2");
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
