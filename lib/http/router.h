// Maps method and path to a handler. The path is matched as it was sent, segment by segment: a
// route is reached by exactly one spelling, and whatever was normalised away elsewhere is a 404
// here. Immutable once serving; safe to share between threads then.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/http/message.h"

namespace va::http {

using Handler = std::function<Response(Request&)>;
// Makes the body for 404 and 405; the router adds Allow to a 405.
using RouteErrorHandler = std::function<Response(const Request&, int status)>;

class Router {
 public:
  Router();
  explicit Router(RouteErrorHandler on_error);

  // "/v1/sessions/{type}/new": a {name} takes one whole segment, percent-decoded, never empty and
  // never holding "/", "\" or control characters. Literal segments win over parameters.
  void Add(absl::string_view method, absl::string_view pattern, Handler handler);

  // GET and HEAD for what changes nothing. A GET added alone refuses HEAD, so that link checkers
  // and previews cannot start a sign-in.
  void AddSafe(absl::string_view pattern, Handler handler);

  Response Route(Request& request) const;

  // The pattern that answers, for metrics and logs: never the path itself, which may carry data.
  absl::string_view PatternFor(absl::string_view path) const;

  // All patterns, for metrics.
  std::vector<std::string> Patterns() const;

 private:
  struct Segment {
    std::string text;
    bool is_param = false;
  };
  struct Entry {
    std::string pattern;
    std::vector<Segment> segments;
    std::vector<std::pair<std::string, Handler>> methods;
  };

  const Entry* Find(absl::string_view path,
                    std::vector<std::pair<std::string, std::string>>* params) const;

  std::vector<Entry> entries_;
  RouteErrorHandler on_error_;
};

}  // namespace va::http
