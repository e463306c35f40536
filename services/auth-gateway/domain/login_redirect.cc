#include "services/auth-gateway/domain/login_redirect.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lib/base/url.h"

namespace va::gateway {
namespace {

// `more` merged into the query that `url` has: a name given anew replaces what stood there, and the
// keys come out in order.
std::string WithQuery(absl::string_view url, const base::FormPairs& more) {
  const size_t question = url.find('?');
  base::FormPairs query;
  if (question != absl::string_view::npos) {
    // The address is configured, not sent: one that does not parse has nothing worth keeping.
    query = base::ParseForm(url.substr(question + 1)).value_or(base::FormPairs{});
  }
  for (const auto& [name, value] : more) {
    if (value.empty()) continue;
    std::erase_if(query, [&, &key = name](const auto& pair) { return pair.first == key; });
    query.emplace_back(name, value);
  }
  std::stable_sort(query.begin(), query.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const absl::string_view path = url.substr(0, question);
  return query.empty() ? std::string(path) : absl::StrCat(path, "?", base::BuildQuery(query));
}

// The reference joins "&postLogin=true" to whatever is there; an address without a query would
// then get a path of another name (ssoe_saml.md 25.11).
std::string WithPostLogin(const std::string& url) {
  return absl::StrCat(url, url.find('?') == std::string::npos ? "?" : "&", "postLogin=true");
}

}  // namespace

std::string LoginRedirect(const LoginReturn& where, const LoginEnd& end) {
  if (end.success && !where.redirect.empty()) {
    return where.post_login ? WithPostLogin(where.redirect) : where.redirect;
  }
  if (end.success) return WithQuery(where.landing, {{"type", where.type}});
  return WithQuery(where.landing, {{"auth", where.inbound ? "force-needed" : "fail"},
                                   {"code", end.code},
                                   {"request_id", end.request_id},
                                   {"type", where.type}});
}

std::string LogoutRedirect(absl::string_view base, bool agreements_declined) {
  return absl::StrCat(base, agreements_declined ? "/terms-of-use/declined" : "/logout/");
}

}  // namespace va::gateway
