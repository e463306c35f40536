#include "lib/identity/user_info_ids.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace va::identity {
namespace {

constexpr absl::string_view kSystems[] = {"200M",    "200PROV", "200DOD",  "200MHV",  "200ENPI",
                                          "200VHIC", "200NWS",  "200CRNR", "200CORP", "200BRLS",
                                          "200DSLF", "200PUSA", "200PIV",  "200AD",   "200USAF"};

bool IsStation(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

// The third part names who issued the identifier. One that has no third part names nobody.
bool IsApproved(absl::string_view token) {
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '^');
  if (parts.size() < 3) return false;
  const absl::string_view issuer = parts[2];
  return IsStation(issuer) ||
         std::find(std::begin(kSystems), std::end(kSystems), issuer) != std::end(kSystems);
}

// An empty item between two bars is no identifier.
std::vector<absl::string_view> Tokens(absl::string_view joined) {
  return absl::StrSplit(joined, '|', absl::SkipEmpty());
}

}  // namespace

bool AreApprovedForUserInfo(absl::string_view joined) {
  const std::vector<absl::string_view> tokens = Tokens(joined);
  return std::all_of(tokens.begin(), tokens.end(), IsApproved);
}

std::string ApprovedForUserInfo(absl::string_view joined) {
  std::vector<absl::string_view> tokens = Tokens(joined);
  tokens.erase(std::remove_if(tokens.begin(), tokens.end(),
                              [](absl::string_view token) { return !IsApproved(token); }),
               tokens.end());
  return absl::StrJoin(tokens, "|");
}

}  // namespace va::identity
