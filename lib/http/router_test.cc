#include "lib/http/router.h"

#include <catch2/catch.hpp>

namespace va::http {
namespace {

Handler Says(std::string text) {
  return [text = std::move(text)](Request& request) {
    return Text(200, text + request.Param("type"));
  };
}

Request Get(const std::string& path, const std::string& method = "GET") {
  Request request;
  request.method = method;
  request.path = path;
  return request;
}

Router MakeRouter() {
  Router router;
  router.Add("GET", "/v1/sessions/{type}/new", Says("start "));
  router.Add("GET", "/v1/sessions/metadata", Says("metadata"));
  router.Add("POST", "/v1/sessions/callback", Says("callback"));
  router.Add("GET", "/v1/sessions/{type}", Says("one "));
  router.AddSafe("/assets/{type}", Says("asset "));
  return router;
}

}  // namespace

TEST_CASE("Router: each path reaches the handler it names", "[http][router]") {
  const Router router = MakeRouter();
  struct Row {
    const char* path;
    int status;
    const char* body;
  };
  const Row rows[] = {
      {"/v1/sessions/mhv/new", 200, "start mhv"},
      {"/v1/sessions/metadata", 200, "metadata"},  // the literal wins over {type}
      {"/v1/sessions/other", 200, "one other"},
      {"/v1/sessions/a%20b/new", 200, "start a b"},
  };
  for (const Row& row : rows) {
    INFO(row.path);
    Request request = Get(row.path);
    const Response response = router.Route(request);
    CHECK(response.status == row.status);
    CHECK(response.body == row.body);
  }
}

TEST_CASE("W9 Router: no other spelling of a path reaches its handler", "[http][router][attack]") {
  const Router router = MakeRouter();
  for (const char* path :
       {"", "/", "v1/sessions/metadata", "/v1/sessions/metadata/", "//v1/sessions/metadata",
        "/v1//sessions/metadata", "/v1/./sessions/metadata", "/v1/x/../sessions/callback/new/x",
        "/V1/sessions/metadata", "/v1/sessions/mhv/new;x=1/", "/v1/sessions/../new",
        "/v1/sessions/%2e%2e/new", "/v1/sessions/a%2fb/new", "/v1/sessions/a%5cb/new",
        "/v1/sessions//new", "/v1/sessions/a%00b/new", "/v1/sessions/a%0d%0ab/new",
        "/v1/sessions/%zz/new", "/v1%2fsessions%2fmetadata"}) {
    INFO(path);
    Request request = Get(path);
    CHECK(router.Route(request).status == 404);
    CHECK(request.path_params.empty());
  }
}

TEST_CASE("W10 Router: a method that was not registered is 405 with Allow",
          "[http][router][attack]") {
  const Router router = MakeRouter();
  struct Row {
    const char* method;
    const char* path;
    const char* allow;
  };
  const Row rows[] = {
      {"HEAD", "/v1/sessions/mhv/new", "GET"},  // a link checker must not start a sign-in
      {"POST", "/v1/sessions/mhv/new", "GET"},      {"GET", "/v1/sessions/callback", "POST"},
      {"get", "/v1/sessions/metadata", "GET"},      {"DELETE", "/assets/site.css", "GET, HEAD"},
      {"OPTIONS", "/assets/site.css", "GET, HEAD"},
  };
  for (const Row& row : rows) {
    INFO(row.method << " " << row.path);
    Request request = Get(row.path, row.method);
    request.headers.Add("X-HTTP-Method-Override", "GET");
    const Response response = router.Route(request);
    CHECK(response.status == 405);
    CHECK(response.headers.Get("Allow") == row.allow);
  }
}

TEST_CASE("Router: a safe route answers HEAD as well", "[http][router]") {
  const Router router = MakeRouter();
  Request request = Get("/assets/site.css", "HEAD");
  CHECK(router.Route(request).status == 200);
}

TEST_CASE("Router: the caller's error handler makes the page", "[http][router]") {
  Router router([](const Request& request, int status) {
    return Text(status, "nothing at " + request.path);
  });
  Request request = Get("/nowhere");
  CHECK(router.Route(request).body == "nothing at /nowhere");
}

TEST_CASE("Router: metrics see the pattern and never the path", "[http][router]") {
  const Router router = MakeRouter();
  CHECK(router.PatternFor("/v1/sessions/mhv/new") == "/v1/sessions/{type}/new");
  CHECK(router.PatternFor("/secret").empty());
}

}  // namespace va::http
