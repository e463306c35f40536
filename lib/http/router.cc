#include "lib/http/router.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lib/base/url.h"

namespace va::http {
namespace {

Response PlainError(const Request& /*request*/, int status) {
  return Text(status, absl::StrCat(ReasonPhrase(status), "\n"));
}

// The value of a path parameter, or nothing where it would mean another path to somebody else.
std::optional<std::string> DecodeParam(absl::string_view segment) {
  absl::StatusOr<std::string> decoded = base::PercentDecode(segment);
  if (!decoded.ok() || decoded->empty() || *decoded == "." || *decoded == "..") return std::nullopt;
  for (const char c : *decoded) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '/' || c == '\\' || u < 0x20 || u == 0x7f) return std::nullopt;
  }
  return *std::move(decoded);
}

}  // namespace

Router::Router() : Router(PlainError) {}

Router::Router(RouteErrorHandler on_error) : on_error_(std::move(on_error)) {}

void Router::Add(absl::string_view method, absl::string_view pattern, Handler handler) {
  auto entry = std::find_if(entries_.begin(), entries_.end(),
                            [pattern](const Entry& e) { return e.pattern == pattern; });
  if (entry == entries_.end()) {
    Entry fresh;
    fresh.pattern = std::string(pattern);
    for (absl::string_view part : absl::StrSplit(pattern.substr(1), '/')) {
      const bool is_param = part.size() > 2 && part.front() == '{' && part.back() == '}';
      fresh.segments.push_back(
          {std::string(is_param ? part.substr(1, part.size() - 2) : part), is_param});
    }
    // Literal segments first, so that the first match is the most specific one.
    entry = std::find_if(entries_.begin(), entries_.end(), [&fresh](const Entry& e) {
      return std::lexicographical_compare(
          fresh.segments.begin(), fresh.segments.end(), e.segments.begin(), e.segments.end(),
          [](const Segment& a, const Segment& b) { return !a.is_param && b.is_param; });
    });
    entry = entries_.insert(entry, std::move(fresh));
  }
  entry->methods.emplace_back(std::string(method), std::move(handler));
}

void Router::AddSafe(absl::string_view pattern, Handler handler) {
  Add("GET", pattern, handler);
  Add("HEAD", pattern, std::move(handler));
}

const Router::Entry* Router::Find(absl::string_view path,
                                  std::vector<std::pair<std::string, std::string>>* params) const {
  if (path.empty() || path.front() != '/') return nullptr;
  const std::vector<absl::string_view> parts = absl::StrSplit(path.substr(1), '/');
  for (const Entry& entry : entries_) {
    if (entry.segments.size() != parts.size()) continue;
    bool matches = true;
    params->clear();
    for (size_t i = 0; matches && i < parts.size(); ++i) {
      const Segment& segment = entry.segments[i];
      if (!segment.is_param) {
        matches = segment.text == parts[i];
        continue;
      }
      std::optional<std::string> value = DecodeParam(parts[i]);
      matches = value.has_value();
      if (matches) params->emplace_back(segment.text, *std::move(value));
    }
    if (matches) return &entry;
  }
  params->clear();
  return nullptr;
}

Response Router::Route(Request& request) const {
  const Entry* entry = Find(request.path, &request.path_params);
  if (entry == nullptr) return on_error_(request, 404);
  request.route = entry->pattern;
  for (const auto& [method, handler] : entry->methods) {
    if (method == request.method) return handler(request);
  }
  Response response = on_error_(request, 405);
  response.headers.Set(
      "Allow", absl::StrJoin(entry->methods, ", ",
                             [](std::string* out, const auto& m) { out->append(m.first); }));
  return response;
}

std::vector<std::string> Router::Patterns() const {
  std::vector<std::string> patterns;
  for (const Entry& entry : entries_) patterns.push_back(entry.pattern);
  return patterns;
}

absl::string_view Router::PatternFor(absl::string_view path) const {
  std::vector<std::pair<std::string, std::string>> params;
  const Entry* entry = Find(path, &params);
  return entry == nullptr ? absl::string_view() : absl::string_view(entry->pattern);
}

}  // namespace va::http
