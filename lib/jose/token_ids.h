// Tokens that count once: who asks first takes the id (`jti`), everybody after that is told it is
// taken. One atomic step, never a look and then a write (two processes would both see nothing). An
// id counts per issuer, because two issuers may well number alike.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <unordered_set>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"

namespace va::jose {

// Port. Implementations are thread-safe.
class UsedTokenIds {
 public:
  virtual ~UsedTokenIds() = default;
  // True for whoever takes the id, false while somebody has it. It may be forgotten from `until`
  // on, when the token itself is refused as expired. UNAVAILABLE: nobody can say; the caller must
  // not go on.
  virtual absl::StatusOr<bool> Claim(absl::string_view issuer, absl::string_view id,
                                     absl::Time until, absl::Time deadline) = 0;
};

// In the memory of one process: for a party that runs alone, and for tests. Bounded: an id that is
// still in force is never forgotten for a newer one, since that would let its token pass again; a
// full memory says UNAVAILABLE instead. Keeps digests, 32 bytes each whatever a token calls itself.
class UsedTokenIdsInMemory final : public UsedTokenIds {
 public:
  explicit UsedTokenIdsInMemory(const base::Clock& clock, size_t most = 100'000)
      : clock_(clock), most_(most) {}

  absl::StatusOr<bool> Claim(absl::string_view issuer, absl::string_view id, absl::Time until,
                             absl::Time deadline) override;

  size_t size() const;

 private:
  void ForgetExpired(absl::Time now);  // under mutex_

  const base::Clock& clock_;
  const size_t most_;
  mutable std::mutex mutex_;
  std::unordered_set<std::string> taken_;          // digests
  std::multimap<absl::Time, std::string> by_end_;  // the same ids, first to be forgotten first
};

}  // namespace va::jose
