#include "lib/http/response_writer.h"

#include <catch2/catch.hpp>

namespace va::http {

TEST_CASE("WriteResponse: status, headers, defaults, length, body", "[http][writer]") {
  Response response = Html(200, "<p>hi</p>");
  response.headers.Add("Cache-Control", "public");
  std::string out;
  REQUIRE(WriteResponse(response, {{"Cache-Control", "no-store"}, {"X-Default", "1"}}, {}, out));
  CHECK(out ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: public\r\n"
        "X-Default: 1\r\nContent-Length: 9\r\n\r\n<p>hi</p>");
}

TEST_CASE("WriteResponse: HEAD keeps the length and drops the body", "[http][writer]") {
  std::string out;
  REQUIRE(WriteResponse(Text(200, "body"), {}, {.close = true, .head_only = true}, out));
  CHECK(out ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
        "Content-Length: 4\r\n\r\n");
}

TEST_CASE("WriteResponse: 204 and 304 have neither body nor length", "[http][writer]") {
  for (const int status : {204, 304}) {
    std::string out;
    REQUIRE(WriteResponse(Text(status, "body"), {}, {}, out));
    CHECK(out.find("Content-Length") == std::string::npos);
    CHECK(out.find("body") == std::string::npos);
  }
}

TEST_CASE("WriteResponse: framing headers of a handler are dropped", "[http][writer]") {
  Response response = Text(200, "body");
  response.headers.Add("Content-Length", "400");
  response.headers.Add("transfer-encoding", "chunked");
  response.headers.Add("Connection", "upgrade");
  std::string out;
  REQUIRE(WriteResponse(response, {}, {}, out));
  CHECK(out.find("400") == std::string::npos);
  CHECK(out.find("chunked") == std::string::npos);
  CHECK(out.find("upgrade") == std::string::npos);
}

TEST_CASE("W13 S142 WriteResponse: CR, LF and other controls never reach the wire",
          "[http][writer][attack]") {
  const char* const kValues[] = {"/home\r\nSet-Cookie: a=b", "/home\nX: y", "/home\rX", "/\x1b[31m",
                                 "/\x7f"};
  for (const char* value : kValues) {
    std::string out;
    CHECK_FALSE(WriteResponse(Redirect(303, value), {}, {}, out));
    CHECK(out.empty());
  }
  Response with_nul;
  with_nul.headers.Add("X", absl::string_view("a\0b", 3));
  std::string out;
  CHECK_FALSE(WriteResponse(with_nul, {}, {}, out));
  Response bad_name;
  bad_name.headers.Add("X: y\r\nZ", "v");
  CHECK_FALSE(WriteResponse(bad_name, {}, {}, out));
}

TEST_CASE("MinimalErrorPage: names status and request id, escaped", "[http][writer]") {
  const std::string page = MinimalErrorPage(431, "<b>");
  CHECK(page.find("<h1>431 Request Header Fields Too Large</h1>") != std::string::npos);
  CHECK(page.find("Request id &lt;b&gt;") != std::string::npos);
}

}  // namespace va::http
