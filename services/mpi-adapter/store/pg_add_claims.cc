#include "services/mpi-adapter/store/pg_add_claims.h"

#include <vector>

#include "services/mpi-adapter/store/subject_hashes.h"

namespace va::mpi {
namespace {

using store::Statement;

// A claim ends by its time, and one that would last far longer than anybody asks for was written by
// a clock that has been set back since.
constexpr Statement kTake = {
    "take_add_claim",
    "INSERT INTO add_claims (credential_hash, owner, held_until) "
    "SELECT hash, $2, $4::timestamptz FROM unnest($1::text[]) AS given(hash) "
    "WHERE NOT EXISTS (SELECT 1 FROM add_claims held WHERE held.credential_hash = ANY($1::text[]) "
    "AND held.owner <> $2 AND held.held_until > $3::timestamptz "
    "AND held.held_until <= $4::timestamptz + interval '1 hour') ORDER BY hash "
    "ON CONFLICT (credential_hash) DO UPDATE SET owner = excluded.owner, "
    "held_until = excluded.held_until WHERE add_claims.held_until <= $3::timestamptz "
    "OR add_claims.owner = excluded.owner "
    "OR add_claims.held_until > $4::timestamptz + interval '1 hour'"};

constexpr Statement kRelease = {
    "release_add_claim",
    "DELETE FROM add_claims WHERE credential_hash = ANY($1::text[]) AND owner = $2"};

}  // namespace

absl::StatusOr<bool> PgAddClaims::Take(const CacheKey& credential, const std::string& owner,
                                       absl::Time now, absl::Time until, absl::Time deadline) {
  const std::vector<std::string> hashes = ClaimCandidates(hasher_, credential);
  const absl::StatusOr<store::Rows> rows = pool_.Exec(deadline, kTake, {hashes, owner, now, until});
  if (!rows.ok()) return rows.status();
  const int64_t taken = rows->affected();
  if (taken == static_cast<int64_t>(hashes.size())) return true;
  // Somebody whose ring lacks one of these keys was faster: what was taken beside them goes back.
  if (taken > 0) {
    if (absl::Status released = Release(credential, owner, deadline); !released.ok()) {
      return released;
    }
  }
  return false;
}

absl::Status PgAddClaims::Release(const CacheKey& credential, const std::string& owner,
                                  absl::Time deadline) {
  return pool_.Exec(deadline, kRelease, {ClaimCandidates(hasher_, credential), owner}).status();
}

}  // namespace va::mpi
