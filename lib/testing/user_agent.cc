#include "lib/testing/user_agent.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status.h"

namespace va::testing {
namespace {

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool SourceAllows(absl::string_view source, const base::Url& self, const base::Url& target) {
  if (source == "'none'") return false;
  if (source == "'self'") return self.Origin() == target.Origin();
  if (source == "*") return true;
  if (absl::EndsWith(source, ":")) return absl::StrCat(target.scheme, ":") == source;
  const auto allowed = base::ParseUrl(source);
  if (!allowed.ok() || allowed->Origin() != target.Origin()) return false;
  if (allowed->path.empty() || allowed->path == "/") return true;
  return absl::EndsWith(allowed->path, "/") ? absl::StartsWith(target.path, allowed->path)
                                            : target.path == allowed->path;
}

// How Sec-Fetch-Site calls the relation of two pages.
std::string FetchSite(const std::optional<base::Url>& initiator, const base::Url& target) {
  if (!initiator) return "none";
  if (initiator->Origin() == target.Origin()) return "same-origin";
  return SiteOf(*initiator) == SiteOf(target) ? "same-site" : "cross-site";
}

std::string TargetOf(const base::Url& url) {
  return absl::StrCat(url.path, url.query.empty() ? "" : "?", url.query);
}

std::string WithoutFragment(absl::string_view url) {
  return std::string(url.substr(0, url.find('#')));
}

// "." and ".." taken out of a path (RFC 3986 5.2.4).
std::string NormalPath(absl::string_view path) {
  std::vector<absl::string_view> kept;
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  for (size_t i = 1; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    if (parts[i] == ".." && !kept.empty()) kept.pop_back();
    if (parts[i] != "." && parts[i] != "..") {
      kept.push_back(parts[i]);
    } else if (last) {
      kept.push_back("");
    }
  }
  std::string normal;
  for (const absl::string_view part : kept) absl::StrAppend(&normal, "/", part);
  return normal.empty() ? "/" : normal;
}

}  // namespace

std::string Page::Header(absl::string_view name) const {
  return std::string(last().headers.Get(name).value_or(""));
}

absl::StatusOr<std::string> ResolveUrl(absl::string_view base_url, absl::string_view reference) {
  reference = absl::StripAsciiWhitespace(reference);
  if (absl::StartsWithIgnoreCase(reference, "https://") ||
      absl::StartsWithIgnoreCase(reference, "http://")) {
    auto url = base::ParseUrl(reference);
    if (!url.ok()) return url.status();
    return absl::StrCat(url->Origin(), url->path.empty() ? "/" : "", TargetOf(*url),
                        url->fragment.empty() ? "" : "#", url->fragment);
  }
  const auto page = base::ParseUrl(base_url);
  if (!page.ok()) return page.status();
  if (reference.empty()) return absl::StrCat(page->Origin(), TargetOf(*page));
  if (absl::StartsWith(reference, "//")) {
    return ResolveUrl(base_url, absl::StrCat(page->scheme, ":", reference));
  }
  if (reference.front() == '#') {
    return absl::StrCat(page->Origin(), TargetOf(*page), reference);
  }
  if (reference.front() == '?') return absl::StrCat(page->Origin(), page->path, reference);
  const size_t colon = reference.find(':');
  if (colon != absl::string_view::npos && colon < reference.find_first_of("/?#")) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "SCHEME",
                           "a navigation goes to http or https");
  }
  const size_t cut = std::min(reference.find_first_of("?#"), reference.size());
  const absl::string_view path = reference.substr(0, cut);
  const std::string folder = page->path.substr(0, page->path.rfind('/') + 1);
  const std::string absolute = absl::StartsWith(path, "/")
                                   ? std::string(path)
                                   : absl::StrCat(folder.empty() ? "/" : folder, path);
  return absl::StrCat(page->Origin(), NormalPath(absolute), reference.substr(cut));
}

std::optional<std::vector<std::string>> CspSources(absl::string_view policy,
                                                   absl::string_view directive) {
  for (const absl::string_view part : absl::StrSplit(policy, ';')) {
    std::vector<std::string> words =
        absl::StrSplit(absl::StripAsciiWhitespace(part), ' ', absl::SkipEmpty());
    if (words.empty() || !absl::EqualsIgnoreCase(words.front(), directive)) continue;
    words.erase(words.begin());
    if (words.empty()) words.emplace_back("'none'");
    return words;
  }
  return std::nullopt;
}

absl::StatusOr<Page> UserAgent::Open(const std::string& url) {
  Leg leg;
  leg.method = "GET";
  leg.url = url;
  return Navigate(std::move(leg));
}

absl::StatusOr<Page> UserAgent::Follow(const Page& from, absl::string_view href) {
  auto url = ResolveUrl(from.url(), href);
  if (!url.ok()) return url.status();
  Leg leg;
  leg.method = "GET";
  leg.url = *std::move(url);
  leg.initiator = base::ParseUrl(from.url()).value_or(base::Url());
  return Navigate(std::move(leg));
}

absl::StatusOr<Page> UserAgent::Submit(const Page& from, const HtmlForm& form,
                                       const Submission& submission) {
  base::FormPairs fields = form.fields;
  std::string action = form.action;
  if (submission.button != nullptr) {
    if (!submission.button->name.empty()) {
      fields.emplace_back(submission.button->name, submission.button->value);
    }
    if (!submission.button->form_action.empty()) action = submission.button->form_action;
  }
  for (const auto& [name, value] : submission.replace) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [key = name](const auto& field) { return field.first == key; });
    if (found != fields.end()) {
      found->second = value;
    } else {
      fields.emplace_back(name, value);
    }
  }
  fields.insert(fields.end(), submission.append.begin(), submission.append.end());
  auto url = ResolveUrl(from.url(), action);
  if (!url.ok()) return url.status();
  auto initiator = base::ParseUrl(from.url());
  if (!initiator.ok()) return initiator.status();

  Leg leg;
  leg.method = form.method;
  leg.url = *std::move(url);
  leg.initiator = *std::move(initiator);
  leg.opaque_origin = absl::EqualsIgnoreCase(from.Header("referrer-policy"), "no-referrer");
  leg.form_action = CspSources(from.Header("content-security-policy"), "form-action")
                        .value_or(std::vector<std::string>());
  if (form.method == "POST") {
    leg.body = base::BuildQuery(fields);
    leg.content_type = "application/x-www-form-urlencoded";
  } else {
    const std::string bare = leg.url.substr(0, leg.url.find('?'));
    leg.url = absl::StrCat(bare, "?", base::BuildQuery(fields));
  }
  return Navigate(std::move(leg));
}

absl::StatusOr<Page> UserAgent::Request(const std::string& method, const std::string& url,
                                        const http::Headers& headers, const std::string& body) {
  Leg leg;
  leg.method = method;
  leg.url = url;
  leg.body = body;
  leg.extra = headers;
  leg.follow = false;
  return Navigate(std::move(leg));
}

absl::StatusOr<Page> UserAgent::Navigate(Leg leg) {
  const std::optional<base::Url> page_url = leg.initiator;
  Page page;
  for (int redirects = 0;; ++redirects) {
    const auto target = base::ParseUrl(leg.url);
    if (!target.ok()) return target.status();
    if (!leg.form_action.empty() &&
        std::none_of(leg.form_action.begin(), leg.form_action.end(), [&](const auto& source) {
          return SourceAllows(source, *page_url, *target);
        })) {
      return base::MakeError(absl::StatusCode::kPermissionDenied, "FORM_ACTION",
                             absl::StrCat("form-action forbids going to ", target->Origin()));
    }
    auto hop = Send(leg);
    if (!hop.ok()) return hop.status();
    page.hops.push_back(*std::move(hop));
    const Hop& last = page.hops.back();
    const auto location = last.headers.Get("location");
    if (!leg.follow || !options_.follow_redirects || !IsRedirect(last.status) || !location) break;
    if (redirects == options_.max_redirects) {
      return base::MakeError(absl::StatusCode::kFailedPrecondition, "REDIRECTS",
                             absl::StrCat("more than ", redirects, " redirects"));
    }
    auto next = ResolveUrl(last.url, *location);
    if (!next.ok()) return next.status();
    leg.url = *std::move(next);
    const bool keeps_method = last.status == 307 || last.status == 308;
    if (!keeps_method && leg.method != "GET" && leg.method != "HEAD") {
      leg.method = "GET";
      leg.body.clear();
      leg.content_type.clear();
    }
  }
  if (absl::StartsWithIgnoreCase(page.Header("content-type"), "text/html")) {
    page.content = ParseHtml(page.body());
  }
  return page;
}

absl::StatusOr<Hop> UserAgent::Send(const Leg& leg) {
  const auto target = base::ParseUrl(leg.url);
  if (!target.ok()) return target.status();
  Hop hop;
  hop.method = leg.method;
  hop.url = leg.url;
  const std::string fetch_site = FetchSite(leg.initiator, *target);
  hop.cross_site = fetch_site == "cross-site";

  http::ClientRequest request;
  request.method = leg.method;
  request.url = WithoutFragment(leg.url);
  request.body = leg.body;
  request.timeout = options_.timeout;
  request.headers = leg.extra;
  if (leg.follow) {
    request.headers.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    request.headers.Set("Sec-Fetch-Site", fetch_site);
    request.headers.Set("Sec-Fetch-Mode", "navigate");
    request.headers.Set("Sec-Fetch-Dest", "document");
    request.headers.Set("Sec-Fetch-User", "?1");
    request.headers.Set("Upgrade-Insecure-Requests", "1");
  }
  if (!options_.accept_language.empty()) {
    request.headers.Set("Accept-Language", options_.accept_language);
  }
  if (!leg.content_type.empty()) request.headers.Set("Content-Type", leg.content_type);
  if (leg.method == "POST" && leg.initiator) {
    request.headers.Set("Origin", leg.opaque_origin ? "null" : leg.initiator->Origin());
  }
  const std::string cookies = jar_.HeaderFor(*target, {leg.method, hop.cross_site}, clock_.Now());
  if (!cookies.empty()) request.headers.Set("Cookie", cookies);

  const base::Stopwatch watch;
  auto response = client_.Send(request);
  if (!response.ok()) return response.status();
  hop.took = watch.Elapsed();
  hop.status = response->status;
  hop.headers = std::move(response->headers);
  hop.body = std::move(response->body);
  for (const absl::string_view value : hop.headers.GetAll("set-cookie")) {
    jar_.Store(*target, value, clock_.Now());
  }
  return hop;
}

}  // namespace va::testing
