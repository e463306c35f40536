#include "lib/http/form.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "lib/base/status.h"
#include "lib/base/url.h"

namespace va::http {
namespace {

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

// The media type itself, and no parameter but charset=utf-8: another charset would be another text.
bool IsFormType(absl::string_view content_type) {
  const size_t semicolon = content_type.find(';');
  const absl::string_view type = absl::StripAsciiWhitespace(content_type.substr(0, semicolon));
  if (!absl::EqualsIgnoreCase(type, "application/x-www-form-urlencoded")) return false;
  if (semicolon == absl::string_view::npos) return true;
  const absl::string_view parameter =
      absl::StripAsciiWhitespace(content_type.substr(semicolon + 1));
  return parameter.empty() || absl::EqualsIgnoreCase(parameter, "charset=utf-8") ||
         absl::EqualsIgnoreCase(parameter, "charset=\"utf-8\"");
}

absl::StatusOr<FormMap> ToMap(absl::string_view text, size_t max_fields) {
  absl::StatusOr<base::FormPairs> pairs = base::ParseForm(text, max_fields);
  if (!pairs.ok()) return Invalid("FORM_MALFORMED", pairs.status().message());
  FormMap form;
  for (auto& [name, value] : *pairs) {
    if (!form.emplace(std::move(name), std::move(value)).second) {
      return Invalid("FORM_DUPLICATE", "a form field stands there twice");
    }
  }
  return form;
}

}  // namespace

absl::StatusOr<FormMap> ReadForm(const Request& request, size_t max_fields) {
  if (request.headers.Count("Content-Type") != 1 ||
      !IsFormType(*request.headers.Get("Content-Type"))) {
    return Invalid("FORM_CONTENT_TYPE", "expected application/x-www-form-urlencoded in UTF-8");
  }
  return ToMap(request.body, max_fields);
}

absl::StatusOr<FormMap> ReadQuery(const Request& request, size_t max_fields) {
  return ToMap(request.query, max_fields);
}

}  // namespace va::http
