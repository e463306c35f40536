#include "lib/http/request_head.h"

#include <catch2/catch.hpp>
#include <string>

namespace va::http {
namespace {

RequestHead Check(const std::string& start_and_fields) {
  return CheckRequestHead(start_and_fields + "\r\n\r\n", HeadLimits());
}

RequestHead CheckFields(const std::string& fields) {
  return Check("POST / HTTP/1.1\r\nHost: a.example\r\n" + fields);
}

}  // namespace

TEST_CASE("CheckRequestHead: says how the body comes and whether the connection stays",
          "[http][head]") {
  const std::string bytes = "GET /a?b=c HTTP/1.1\r\nHost: a.example:8443\r\n\r\n";
  const RequestHead plain = CheckRequestHead(bytes, HeadLimits());
  CHECK(plain.refusal.status == 0);
  CHECK(plain.keep_alive);
  CHECK(plain.host == "a.example:8443");
  CHECK(CheckFields("Content-Length: 12").content_length == 12U);
  CHECK(CheckFields("Transfer-Encoding: Chunked").chunked);
  CHECK_FALSE(CheckFields("Connection: x, Close").keep_alive);
  CHECK_FALSE(Check("GET / HTTP/1.0\r\nHost: a").keep_alive);
  CHECK(Check("GET / HTTP/1.1\r\nHost: [::1]:8443").refusal.status == 0);
}

TEST_CASE("W1 CheckRequestHead: a head two servers read in two ways is refused",
          "[http][head][attack]") {
  struct Row {
    const char* fields;
    const char* reason;
  };
  const Row rows[] = {
      {"Content-Length: 5\r\nTransfer-Encoding: chunked", "LENGTH_AND_CHUNKED"},
      {"Transfer-Encoding: chunked\r\nContent-Length: 5", "LENGTH_AND_CHUNKED"},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "TRANSFER_ENCODING"},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "TRANSFER_ENCODING"},
      {"Transfer-Encoding: xchunked", "TRANSFER_ENCODING"},
      {"Transfer-Encoding: gzip, chunked", "TRANSFER_ENCODING"},
      {"Transfer-Encoding: chunked, identity", "TRANSFER_ENCODING"},
      {"Transfer-Encoding:\x0b"
       "chunked",
       "FIELD_VALUE"},
      {"Transfer-Encoding: \"chunked\"", "TRANSFER_ENCODING"},
      {"Transfer-Encoding:", "TRANSFER_ENCODING"},
      {"Transfer-Encoding : chunked", "FIELD_NAME"},
      {"Content-Length : 5", "FIELD_NAME"},
      {"Content-Length: 5\r\nContent-Length: 5", "LENGTH_DUPLICATE"},
      {"Content-Length: 5\r\nContent-Length: 6", "LENGTH_DUPLICATE"},
      {"Content-Length: 5, 5", "LENGTH_MALFORMED"},
      {"Content-Length: +5", "LENGTH_MALFORMED"},
      {"Content-Length: -1", "LENGTH_MALFORMED"},
      {"Content-Length: 0x5", "LENGTH_MALFORMED"},
      {"Content-Length: 5 5", "LENGTH_MALFORMED"},
      {"Content-Length:", "LENGTH_MALFORMED"},
      {"Content-Length: 99999999999999999999999", "LENGTH_MALFORMED"},
      {"X: a\r\n b", "OBS_FOLD"},
      {"X: a\r\n\tTransfer-Encoding: chunked", "OBS_FOLD"},
      {"NoColon", "FIELD_WITHOUT_COLON"},
      {": value", "FIELD_NAME"},
      {"X(y): value", "FIELD_NAME"},
      {"X: a\x01", "FIELD_VALUE"},
  };
  for (const Row& row : rows) {
    INFO(row.fields);
    const RequestHead head = CheckFields(row.fields);
    CHECK(head.refusal.status == 400);
    CHECK(head.refusal.reason == row.reason);
  }
}

TEST_CASE("W6 CheckRequestHead: exactly one well-formed Host and an origin-form target",
          "[http][head][attack]") {
  struct Row {
    const char* head;
    const char* reason;
  };
  const Row rows[] = {
      {"GET / HTTP/1.1\r\nX: y", "HOST_MISSING"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a", "HOST_DUPLICATE"},
      {"GET / HTTP/1.1\r\nHost: a\r\nhost: b", "HOST_DUPLICATE"},
      {"GET / HTTP/1.1\r\nHost:", "HOST_MALFORMED"},
      {"GET / HTTP/1.1\r\nHost: a, b", "HOST_MALFORMED"},
      {"GET / HTTP/1.1\r\nHost: a:80:81", "HOST_MALFORMED"},
      {"GET / HTTP/1.1\r\nHost: a:", "HOST_MALFORMED"},
      {"GET / HTTP/1.1\r\nHost: a:8x", "HOST_MALFORMED"},
      {"GET / HTTP/1.1\r\nHost: user@a", "HOST_MALFORMED"},
      {"GET / HTTP/1.1\r\nHost: a/b", "HOST_MALFORMED"},
      {"GET / HTTP/1.1\r\nHost: [::1", "HOST_MALFORMED"},
      {"GET http://a/ HTTP/1.1\r\nHost: a", "TARGET"},
      {"GET * HTTP/1.1\r\nHost: a", "TARGET"},
      {"GET a/b HTTP/1.1\r\nHost: a", "TARGET"},
      {"GET /a#b HTTP/1.1\r\nHost: a", "TARGET"},
      {"GET /a\\b HTTP/1.1\r\nHost: a", "TARGET"},
      {"GET /\xc3\xa9 HTTP/1.1\r\nHost: a", "TARGET"},
      {"GET /a b HTTP/1.1\r\nHost: a", "TARGET"},
      {"GET  / HTTP/1.1\r\nHost: a", "TARGET"},
      {"GET / HTTP/1.1 \r\nHost: a", "VERSION"},
      {"GET / HTTP/2.0\r\nHost: a", "VERSION"},
      {"GET / http/1.1\r\nHost: a", "VERSION"},
      {"GET /\r\nHost: a", "START_LINE"},
      {"GE(T / HTTP/1.1\r\nHost: a", "METHOD"},
  };
  for (const Row& row : rows) {
    INFO(row.head);
    const RequestHead head = Check(row.head);
    CHECK(head.refusal.status == 400);
    CHECK(head.refusal.reason == row.reason);
  }
}

TEST_CASE("W10 CheckRequestHead: TRACE and CONNECT are 405", "[http][head][attack]") {
  CHECK(Check("TRACE / HTTP/1.1\r\nHost: a").refusal.status == 405);
  CHECK(Check("CONNECT a:443 HTTP/1.1\r\nHost: a:443").refusal.status == 405);
}

TEST_CASE("W14 CheckRequestHead: Expect and Upgrade are refused", "[http][head][attack]") {
  CHECK(CheckFields("Expect: 100-continue").refusal.status == 417);
  CHECK(CheckFields("Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings").refusal.status == 400);
  CHECK(CheckFields("Upgrade: websocket").refusal.status == 400);
  CHECK(CheckFields("Upgrade-Insecure-Requests: 1").refusal.status == 0);
}

TEST_CASE("W5 CheckRequestHead: more headers than the limit are 431", "[http][head][attack]") {
  std::string fields;
  for (int i = 0; i < 200; ++i) fields += "a:\r\n";
  CHECK(CheckFields(fields + "b: c").refusal.status == 431);
}

TEST_CASE("W1 HeadScanner: a bare CR or LF is refused wherever it stands", "[http][head][attack]") {
  for (const char* bytes :
       {"GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\rX\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\n\nHost: a\r\n\r\n", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        " GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02"}) {
    INFO(bytes);
    HeadScanner scanner{HeadLimits()};
    CHECK_FALSE(scanner.Scan(bytes).has_value());
    CHECK(scanner.refusal().status == 400);
  }
}

TEST_CASE("HeadScanner: finds the end of the head byte by byte as in one piece", "[http][head]") {
  const std::string head = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
  const std::string all = head + "body";
  HeadScanner once{HeadLimits()};
  CHECK(once.Scan(all) == head.size());
  HeadScanner slow{HeadLimits()};
  for (size_t size = 1; size < head.size(); ++size) {
    REQUIRE_FALSE(slow.Scan(absl::string_view(all).substr(0, size)).has_value());
    REQUIRE(slow.refusal().status == 0);
  }
  CHECK(slow.Scan(absl::string_view(all).substr(0, head.size())) == head.size());
}

TEST_CASE("W5 HeadScanner: an endless line is refused before it is complete",
          "[http][head][attack]") {
  HeadScanner target{HeadLimits()};
  CHECK_FALSE(target.Scan("GET /" + std::string(9000, 'a')).has_value());
  CHECK(target.refusal().status == 414);
  HeadScanner header{HeadLimits()};
  CHECK_FALSE(header.Scan("GET / HTTP/1.1\r\nX: " + std::string(40000, 'a')).has_value());
  CHECK(header.refusal().status == 431);
}

}  // namespace va::http
