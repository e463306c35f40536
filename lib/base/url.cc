#include "lib/base/url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/encoding.h"

namespace va::base {
namespace {

bool IsUnreserved(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_' ||
         c == '~';
}

absl::StatusOr<std::string> Decode(absl::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out.push_back(' ');
    } else if (text[i] == '%') {
      if (i + 2 >= text.size()) return absl::InvalidArgumentError("percent code is cut off");
      const auto byte = HexDecode(text.substr(i + 1, 2));
      if (!byte.ok()) return absl::InvalidArgumentError("percent code is malformed");
      out.append(*byte);
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

int DefaultPort(absl::string_view scheme) { return scheme == "https" ? 443 : 80; }

bool IsHostCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '[' ||
         c == ']' || c == ':';
}

}  // namespace

std::string PercentEncode(absl::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    }
  }
  return out;
}

absl::StatusOr<std::string> PercentDecode(absl::string_view text) { return Decode(text, false); }

absl::StatusOr<FormPairs> ParseForm(absl::string_view text, size_t max_pairs) {
  FormPairs pairs;
  if (text.empty()) return pairs;
  for (const absl::string_view part : absl::StrSplit(text, '&')) {
    if (part.empty()) continue;
    if (pairs.size() == max_pairs) return absl::InvalidArgumentError("too many form fields");
    const std::pair<absl::string_view, absl::string_view> cut =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    auto name = Decode(cut.first, true);
    if (!name.ok()) return name.status();
    auto value = Decode(cut.second, true);
    if (!value.ok()) return value.status();
    pairs.emplace_back(*std::move(name), *std::move(value));
  }
  return pairs;
}

std::string BuildQuery(const FormPairs& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    absl::StrAppend(&out, out.empty() ? "" : "&", PercentEncode(name), "=", PercentEncode(value));
  }
  return out;
}

absl::StatusOr<std::string> OnlyValue(const FormPairs& pairs, absl::string_view name) {
  const std::string* found = nullptr;
  for (const auto& pair : pairs) {
    if (pair.first != name) continue;
    if (found != nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("parameter ", name, " is given twice"));
    }
    found = &pair.second;
  }
  return found == nullptr ? std::string() : *found;
}

std::string Url::Origin() const {
  return port == DefaultPort(scheme) ? absl::StrCat(scheme, "://", host)
                                     : absl::StrCat(scheme, "://", host, ":", port);
}

absl::StatusOr<Url> ParseUrl(absl::string_view text) {
  const bool clean = std::all_of(text.begin(), text.end(),
                                 [](char c) { return c > ' ' && c < 0x7f && c != '\\'; });
  if (!clean) return absl::InvalidArgumentError("URL has a character that must be encoded");
  Url url;
  const size_t colon = text.find("://");
  if (colon == absl::string_view::npos) return absl::InvalidArgumentError("URL is not absolute");
  url.scheme = absl::AsciiStrToLower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") {
    return absl::InvalidArgumentError("URL scheme is neither http nor https");
  }
  absl::string_view rest = text.substr(colon + 3);
  const size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  absl::string_view authority = rest.substr(0, authority_end);
  rest.remove_prefix(authority_end);
  if (authority.empty()) return absl::InvalidArgumentError("URL has no host");
  if (absl::StrContains(authority, "@")) return absl::InvalidArgumentError("URL has userinfo");

  const size_t bracket = authority.find(']');
  const size_t port_colon = authority.find(':', bracket == absl::string_view::npos ? 0 : bracket);
  absl::string_view host = authority.substr(0, port_colon);
  url.port = DefaultPort(url.scheme);
  if (port_colon != absl::string_view::npos) {
    if (!absl::SimpleAtoi(authority.substr(port_colon + 1), &url.port) || url.port < 1 ||
        url.port > 65535) {
      return absl::InvalidArgumentError("URL port is malformed");
    }
  }
  if (host.empty() || !std::all_of(host.begin(), host.end(), IsHostCharacter)) {
    return absl::InvalidArgumentError("URL host is malformed");
  }
  url.host = absl::AsciiStrToLower(host);

  const size_t hash = rest.find('#');
  if (hash != absl::string_view::npos) {
    url.fragment = std::string(rest.substr(hash + 1));
    rest = rest.substr(0, hash);
  }
  const size_t question = rest.find('?');
  if (question != absl::string_view::npos) {
    url.query = std::string(rest.substr(question + 1));
    rest = rest.substr(0, question);
  }
  url.path = std::string(rest);
  return url;
}

}  // namespace va::base
