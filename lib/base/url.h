// URLs and form bodies. Decoding is strict: a malformed percent code, a control character or a
// second spelling of the same host is refused, because redirect checks compare text.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace va::base {

// Name/value pairs in the order they came; a name may come twice, and callers must notice.
using FormPairs = std::vector<std::pair<std::string, std::string>>;

// RFC 3986: everything but unreserved characters is encoded.
std::string PercentEncode(absl::string_view text);

// INVALID_ARGUMENT for a malformed percent code. '+' stays '+'.
absl::StatusOr<std::string> PercentDecode(absl::string_view text);

// application/x-www-form-urlencoded, also for query strings. INVALID_ARGUMENT for a malformed
// percent code or more than `max_pairs` pairs.
absl::StatusOr<FormPairs> ParseForm(absl::string_view text, size_t max_pairs = 64);

// name=value joined by '&', both percent-encoded.
std::string BuildQuery(const FormPairs& pairs);

// The only value of `name`: empty when absent; INVALID_ARGUMENT when it stands there twice.
absl::StatusOr<std::string> OnlyValue(const FormPairs& pairs, absl::string_view name);

// An absolute http or https URL, cut at its delimiters and otherwise left as written.
struct Url {
  std::string scheme;  // lower case
  std::string host;    // lower case, without port
  int port = 0;        // explicit or the scheme's default
  std::string path;    // starts with '/', or empty
  std::string query;   // without '?'
  std::string fragment;
  // scheme://host[:port], the port only when it is not the default.
  std::string Origin() const;
};

// INVALID_ARGUMENT for relative references, other schemes, userinfo, backslashes, spaces, control
// or non-ASCII characters.
absl::StatusOr<Url> ParseUrl(absl::string_view text);

}  // namespace va::base
