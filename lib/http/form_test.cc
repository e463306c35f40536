#include "lib/http/form.h"

#include <catch2/catch.hpp>

#include "lib/base/status.h"

namespace va::http {
namespace {

Request FormPost(std::string body, absl::string_view type = "application/x-www-form-urlencoded") {
  Request request;
  request.method = "POST";
  request.headers.Add("Content-Type", type);
  request.body = std::move(body);
  return request;
}

}  // namespace

TEST_CASE("ReadForm: decodes names and values", "[http][form]") {
  const auto form = ReadForm(FormPost("SAMLResponse=a%2Bb%3D&RelayState=x+y&empty="));
  REQUIRE(form.ok());
  CHECK(form->at("SAMLResponse") == "a+b=");
  CHECK(form->at("RelayState") == "x y");
  CHECK(form->at("empty").empty());
  CHECK(ReadForm(FormPost("a=1", "application/x-www-form-urlencoded; charset=UTF-8")).ok());
  CHECK(ReadForm(FormPost("a=1", "Application/X-WWW-Form-Urlencoded")).ok());
}

TEST_CASE("W16 ReadForm: what two readers would read differently is refused",
          "[http][form][attack]") {
  std::string many;
  for (int i = 0; i < 100000; ++i) many += "k" + std::to_string(i) + "=1&";
  struct Row {
    const char* what;
    Request request;
    const char* reason;
  };
  const Row rows[] = {
      {"JSON", FormPost("{\"a\":1}", "application/json"), "FORM_CONTENT_TYPE"},
      {"multipart", FormPost("--x\r\n", "multipart/form-data; boundary=x"), "FORM_CONTENT_TYPE"},
      {"text", FormPost("a=1", "text/plain"), "FORM_CONTENT_TYPE"},
      {"no type", FormPost("a=1", ""), "FORM_CONTENT_TYPE"},
      {"charset trick", FormPost("a=1", "application/x-www-form-urlencoded; charset=utf-7"),
       "FORM_CONTENT_TYPE"},
      {"second parameter",
       FormPost("a=1", "application/x-www-form-urlencoded; charset=utf-8; charset=utf-16"),
       "FORM_CONTENT_TYPE"},
      {"duplicate key", FormPost("RelayState=a&RelayState=b"), "FORM_DUPLICATE"},
      {"duplicate key, encoded", FormPost("RelayState=a&Relay%53tate=b"), "FORM_DUPLICATE"},
      {"100,000 keys", FormPost(many), "FORM_MALFORMED"},
      {"percent code cut off", FormPost("a=%4"), "FORM_MALFORMED"},
      {"percent code not hex", FormPost("a=%zz"), "FORM_MALFORMED"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const auto form = ReadForm(row.request);
    REQUIRE_FALSE(form.ok());
    CHECK(base::ReasonOf(form.status()) == row.reason);
  }
}

TEST_CASE("W16 ReadForm: two Content-Type headers are refused", "[http][form][attack]") {
  Request request = FormPost("a=1");
  request.headers.Add("content-type", "text/plain");
  CHECK(base::ReasonOf(ReadForm(request).status()) == "FORM_CONTENT_TYPE");
}

TEST_CASE("ReadQuery: the same rules for the query string", "[http][form]") {
  Request request;
  CHECK(ReadQuery(request)->empty());
  request.query = "application=mhv&to=home";
  CHECK(ReadQuery(request)->at("to") == "home");
  request.query = "to=a&to=b";
  CHECK(base::ReasonOf(ReadQuery(request).status()) == "FORM_DUPLICATE");
}

}  // namespace va::http
