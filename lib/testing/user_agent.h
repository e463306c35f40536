// A headless browser without script: cookies, redirects, forms and the headers a navigation
// carries, strict where a real browser is strict (SameSite, form-action). It acts only on what a
// page shows, so a sign-in that works here works for a person with script switched off.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/url.h"
#include "lib/http/client.h"
#include "lib/testing/cookie_jar.h"
#include "lib/testing/html_page.h"

namespace va::testing {

// One request of a navigation and what came back.
struct Hop {
  std::string method;
  std::string url;
  bool cross_site = false;
  int status = 0;
  http::Headers headers;
  std::string body;
  absl::Duration took;
};

// Where a navigation ended.
struct Page {
  std::vector<Hop> hops;  // redirects first, the page itself last
  HtmlContent content;    // parsed when the page is HTML

  const Hop& last() const { return hops.back(); }
  int status() const { return last().status; }
  const std::string& url() const { return last().url; }
  const std::string& body() const { return last().body; }
  std::string Header(absl::string_view name) const;
};

// What a person changes in a form before submitting, and which button is pressed.
struct Submission {
  const HtmlButton* button = nullptr;  // nothing: submitted by script or by Enter
  base::FormPairs replace;             // fields by name; a new name is appended
  base::FormPairs append;              // further fields, also of a name that is there already
};

struct UserAgentOptions {
  bool follow_redirects = true;
  int max_redirects = 20;
  absl::Duration timeout = absl::Seconds(30);
  std::string accept_language;  // empty: the header is not sent
};

class UserAgent {
 public:
  // `client` and `clock` must outlive the browser; `client` may be shared by many browsers.
  UserAgent(http::Client& client, const base::Clock& clock,
            UserAgentOptions options = UserAgentOptions())
      : client_(client), clock_(clock), options_(std::move(options)) {}

  // An address typed in, or a bookmark: no page started this.
  absl::StatusOr<Page> Open(const std::string& url);

  // A link on `from`, relative addresses resolved.
  absl::StatusOr<Page> Follow(const Page& from, absl::string_view href);

  // Submits a form of `from`. PERMISSION_DENIED with reason FORM_ACTION when the page's own content
  // security policy forbids the target or a redirect after it, as browsers do.
  absl::StatusOr<Page> Submit(const Page& from, const HtmlForm& form,
                              const Submission& submission = Submission());

  // A request outside any page, with the cookies a same-site navigation would carry: API calls.
  absl::StatusOr<Page> Request(const std::string& method, const std::string& url,
                               const http::Headers& headers = {}, const std::string& body = "");

  CookieJar& jar() { return jar_; }
  const CookieJar& jar() const { return jar_; }

 private:
  struct Leg {
    std::string method;
    std::string url;
    std::string body;
    std::string content_type;
    std::optional<base::Url> initiator;    // nothing: typed in
    bool opaque_origin = false;            // the page sends no referrer, hence "Origin: null"
    std::vector<std::string> form_action;  // sources allowed; empty: all
    http::Headers extra;
    bool follow = true;
  };

  absl::StatusOr<Page> Navigate(Leg leg);
  absl::StatusOr<Hop> Send(const Leg& leg);

  http::Client& client_;
  const base::Clock& clock_;
  UserAgentOptions options_;
  CookieJar jar_;
};

// The absolute address of `reference` on the page `base_url`.
absl::StatusOr<std::string> ResolveUrl(absl::string_view base_url, absl::string_view reference);

// The sources of one directive of a Content-Security-Policy value; nothing when it is not there.
std::optional<std::vector<std::string>> CspSources(absl::string_view policy,
                                                   absl::string_view directive);

}  // namespace va::testing
