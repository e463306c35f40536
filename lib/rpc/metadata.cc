#include "lib/rpc/metadata.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace va::rpc {
namespace {

constexpr size_t kMaxRequestId = 64;
constexpr size_t kTraceparentBytes = 55;

bool IsLowerHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
  });
}

bool IsZero(absl::string_view text) { return text.find_first_not_of('0') == text.npos; }

}  // namespace

bool IsRequestId(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxRequestId &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ||
                  c == '.';
         });
}

bool IsTraceparent(absl::string_view text) {
  if (text.size() != kTraceparentBytes || text.substr(0, 3) != "00-") return false;
  const absl::string_view trace = text.substr(3, 32);
  const absl::string_view span = text.substr(36, 16);
  const absl::string_view flags = text.substr(53, 2);
  return text[35] == '-' && text[52] == '-' && IsLowerHex(trace) && IsLowerHex(span) &&
         IsLowerHex(flags) && !IsZero(trace) && !IsZero(span);
}

}  // namespace va::rpc
