#include "tests/conformance/kinds.h"

#include <algorithm>
#include <initializer_list>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace va::conformance {
namespace {

bool HasAny(const Json& input, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const char* name) { return input.is_object() && input.contains(name); });
}

// Area mpi, by the shape of the input.
std::string MpiKind(const Json& row) {
  const Json& input = Member(row, "input");
  if (HasAny(input, {"fixture"})) return "mpi.parse";
  if (HasAny(input, {"body"}) && HasAny(input, {"http_status", "interaction"})) return "mpi.parse";
  if (HasAny(input, {"gcids", "ids"})) return "mpi.ids";
  if (absl::StartsWith(TextMember(row, "name"), "sign-in:")) return "mpi.sign-in";
  if (absl::StartsWith(TextMember(row, "name"), "SSOe:")) return "mpi.ssoe";
  if (HasAny(input, {"given", "suffix", "xml", "codes", "ack"})) return "mpi.values";
  if (HasAny(input, {"identifier", "identifier_type", "edipi", "facility_id", "birth_date",
                     "idme_uuid", "logingov_uuid"})) {
    return "mpi.build";
  }
  return "mpi.facade";
}

// Area mhv, likewise.
std::string MhvKind(const Json& row) {
  const Json& input = Member(row, "input");
  if (HasAny(input, {"state", "loa", "terms_accepted"}) &&
      !HasAny(input, {"cached", "tou_accepted"})) {
    return "mhv.state";
  }
  if (HasAny(input, {"expires_at", "sts_http"})) return "mhv.session";
  if (HasAny(input, {"tou", "tou_accepted", "tou_occurred_at", "break_cache"}))
    return "mhv.creator";
  if (HasAny(input, {"http", "errorCode"})) return "mhv.service";
  return "mhv.account";
}

// `va.auth.page` is of kind va.auth.
std::string KindFromName(const std::string& name) {
  const std::size_t first = name.find('.');
  if (first == std::string::npos || first == 0) return {};
  const std::size_t second = name.find('.', first + 1);
  const std::string kind = name.substr(0, second);
  return kind.find(' ') == std::string::npos && kind.size() > first + 1 ? kind : std::string();
}

}  // namespace

std::string KindOf(const Json& row) {
  const std::string kind = TextMember(Member(row, "options"), "kind");
  if (!kind.empty()) return kind;
  const std::string area = TextMember(row, "area");
  if (area == "mpi") return MpiKind(row);
  if (area == "mhv") return MhvKind(row);
  if (!area.empty()) return absl::StrCat("sign_in.", area);
  return KindFromName(TextMember(row, "name"));
}

}  // namespace va::conformance
