#include "lib/jose/token_ids.h"

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"

namespace va::jose {
namespace {

// The length in front keeps ("ab", "c") and ("a", "bc") apart.
std::string KeyOf(absl::string_view issuer, absl::string_view id) {
  return crypto::Sha256(absl::StrCat(issuer.size(), ":", issuer, id));
}

}  // namespace

void UsedTokenIdsInMemory::ForgetExpired(absl::Time now) {
  while (!by_end_.empty() && by_end_.begin()->first <= now) {
    taken_.erase(by_end_.begin()->second);
    by_end_.erase(by_end_.begin());
  }
}

absl::StatusOr<bool> UsedTokenIdsInMemory::Claim(absl::string_view issuer, absl::string_view id,
                                                 absl::Time until, absl::Time /*deadline*/) {
  std::string key = KeyOf(issuer, id);
  const absl::Time now = clock_.Now();
  const std::lock_guard<std::mutex> lock(mutex_);
  ForgetExpired(now);
  if (taken_.count(key) != 0) return false;
  // Over already: it would be forgotten at once, so that a second one would count as the first.
  if (until <= now) return false;
  if (taken_.size() >= most_) {
    return base::MakeError(absl::StatusCode::kUnavailable, "TOKEN_IDS_FULL",
                           "no room for another token id that is in force");
  }
  by_end_.emplace(until, key);
  taken_.insert(std::move(key));
  return true;
}

size_t UsedTokenIdsInMemory::size() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return taken_.size();
}

}  // namespace va::jose
