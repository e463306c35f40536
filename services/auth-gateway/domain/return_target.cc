#include "services/auth-gateway/domain/return_target.h"

#include <algorithm>
#include <regex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/url.h"
#include "services/auth-gateway/domain/login_redirect.h"

namespace va::gateway {
namespace {

constexpr size_t kMaxTo = 512;

// The address is made for an attempt that goes well.
const LoginEnd kSignedIn = {.success = true, .code = "", .request_id = ""};

// What no pattern may let through: line breaks split headers, the others change the host.
bool HasForbiddenText(absl::string_view to) {
  const bool control = std::any_of(to.begin(), to.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f;
  });
  return control || absl::StrContains(to, "\\") || absl::StrContains(to, "//") ||
         absl::StrContains(to, "@") || absl::StrContains(to, "..");
}

// Every path segment encoded on its own, so that '/' stays a separator and nothing else is one.
std::string EncodePath(absl::string_view path) {
  std::string out;
  size_t start = 0;
  while (start <= path.size()) {
    const size_t end = std::min(path.find('/', start), path.size());
    absl::StrAppend(&out, base::PercentEncode(path.substr(start, end - start)),
                    end < path.size() ? "/" : "");
    start = end + 1;
  }
  return out;
}

std::string WithQuery(absl::string_view url, absl::string_view query) {
  if (query.empty()) return std::string(url);
  return absl::StrCat(url, absl::StrContains(url, "?") ? "&" : "?", query);
}

std::string JoinPath(absl::string_view url, absl::string_view path) {
  if (!url.empty() && url.back() == '/') url.remove_suffix(1);
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  return absl::StrCat(url, "/", EncodePath(path));
}

absl::StatusOr<std::string> CheckedTo(const identity::Application& application,
                                      absl::string_view to) {
  if (to.empty()) return application.default_to;
  if (application.to_pattern.empty()) return std::string();
  if (to.size() > kMaxTo || HasForbiddenText(to)) {
    return absl::InvalidArgumentError("`to` has a character or length that is never allowed");
  }
  // The policy loader has compiled every pattern once, so this cannot throw for a loaded row.
  const std::regex pattern(application.to_pattern);
  if (!std::regex_match(to.begin(), to.end(), pattern)) {
    return absl::InvalidArgumentError("`to` does not match the application's pattern");
  }
  return std::string(to);
}

// Whether `path` is `prefix` or lies below it, compared by whole segments.
bool LiesUnder(absl::string_view path, absl::string_view prefix) {
  while (!prefix.empty() && prefix.back() == '/') prefix.remove_suffix(1);
  if (!absl::StartsWith(path, prefix)) return false;
  return path.size() == prefix.size() || path[prefix.size()] == '/';
}

}  // namespace

absl::StatusOr<std::string> BuildReturnTarget(const identity::Application& application,
                                              const TargetRequest& request) {
  if (request.redirect.size() > kMaxRedirect) {
    return absl::InvalidArgumentError("`redirect` is too long");
  }
  if (!request.redirect.empty()) {
    if (!IsRegisteredTarget(application, request.redirect)) {
      return absl::InvalidArgumentError("`redirect` is not under the application's return hosts");
    }
    return LoginRedirect({.landing = "",
                          .type = "",
                          .inbound = false,
                          .redirect = request.redirect,
                          .post_login = request.post_login},
                         kSignedIn);
  }
  auto to = CheckedTo(application, request.to);
  if (!to.ok()) return to.status();
  switch (application.target_style) {
    case identity::TargetStyle::kNone:
      return LoginRedirect({.landing = application.return_base,
                            .type = request.relay_type,
                            .inbound = false,
                            .redirect = "",
                            .post_login = false},
                           kSignedIn);
    case identity::TargetStyle::kDeepLink:
      return to->empty()
                 ? application.return_base
                 : WithQuery(application.return_base, base::BuildQuery({{"deeplinking", *to}}));
    case identity::TargetStyle::kPath:
      return JoinPath(application.return_base, *to);
    case identity::TargetStyle::kPathAuthenticated: {
      const absl::string_view path = absl::string_view(*to).substr(0, to->find_first_of("?#"));
      return WithQuery(JoinPath(application.return_base, path), "authenticated=true");
    }
    case identity::TargetStyle::kCopyQuery:
      return to->empty() ? application.return_base
                         : WithQuery(application.return_base, base::BuildQuery({{"to", *to}}));
  }
  return absl::InternalError("unknown target style");
}

bool IsRegisteredTarget(const identity::Application& application, absl::string_view url) {
  const auto parsed = base::ParseUrl(url);
  if (!parsed.ok()) return false;
  if (parsed->scheme != "https" || !parsed->fragment.empty()) return false;
  if (absl::StrContains(parsed->path, "..")) return false;
  const auto base = base::ParseUrl(application.return_base);
  if (!base.ok() || !LiesUnder(parsed->path, base->path)) return false;
  const std::string with_port = absl::StrCat(parsed->host, ":", parsed->port);
  return std::any_of(application.return_hosts.begin(), application.return_hosts.end(),
                     [&](const std::string& host) {
                       return host == with_port || (host == parsed->host && parsed->port == 443);
                     });
}

absl::Status UseFrontEnd(absl::string_view front_end_url, identity::Policy& policy) {
  const auto url = base::ParseUrl(front_end_url);
  if (!url.ok()) return url.status();
  if (url->scheme != "https") {
    return absl::InvalidArgumentError("the front end must have an https address");
  }
  for (identity::Application& application : policy.applications) {
    if (!application.return_base.empty()) continue;
    application.return_base = absl::StrCat(front_end_url, kLandingPath);
    application.return_hosts.push_back(absl::StrCat(url->host, ":", url->port));
  }
  return absl::OkStatus();
}

}  // namespace va::gateway
