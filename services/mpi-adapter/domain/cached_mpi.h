// Which of MPI's answers are kept and for how long, and when one may be served in place of a
// question (mpi_mhv.md 1.16, 3.1.1, 3.1.10, 3.1.11). A cache that fails or is slow is a cache that
// is not there: MPI is asked. No profile is served whose flags are older than allowed when MPI
// cannot be asked: somebody may have died, or lost their identity to a thief, since.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "services/mpi-adapter/domain/answer_cache.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"
#include "services/mpi-adapter/domain/question.h"

namespace va::mpi {

// How old an answer may be.
enum class Freshness {
  kFlags,    // as old as flags may be
  kProfile,  // as old as a profile may be; `flags_known` tells whether its flags count
  kAsk,      // MPI is asked
};

struct CacheSettings {
  bool enabled = true;                           // mpi.cache.enabled
  absl::Duration profile_ttl = absl::Hours(24);  // mpi.cache.profile_ttl
  absl::Duration no_match_ttl = absl::Minutes(30);
  absl::Duration flags_ttl = absl::Minutes(5);
};

// How long an answer is kept at most: nothing but OK and NO_MATCH for any time at all (decision
// M1).
absl::Duration LifetimeOf(Outcome outcome, const CacheSettings& settings);

struct CachedAnswer {
  Answer answer;
  bool from_cache = false;
  absl::Duration age;        // of a kept answer
  bool flags_known = false;  // there is a profile, and its flags are young enough to count
  bool by_retired_icn = false;
};

enum class CacheResult {
  kHit,
  kHitNegative,  // NO_MATCH was kept
  kStaleFlags,   // a profile was kept, its flags were too old
  kMiss,
  kError,  // the store failed, or took too long
};

// Hears what became of each look into the cache, and of each failure of the store. Thread-safe.
class CacheObserver {
 public:
  virtual ~CacheObserver() = default;
  virtual void Looked(CacheResult result) = 0;
  virtual void ServedAt(absl::Duration age) = 0;
  virtual void StoreFailed() = 0;
};

// Thread-safe as far as what it refers to is, which outlives it.
class CachedMpi {
 public:
  struct Deps {
    AnswerCache& cache;
    MpiGateway& shared;  // one question at a time about one key
    MpiGateway& mpi;     // past that: for who wants an answer to a question of now
    const base::Clock& clock;
    base::IdGenerator& ids;
    CacheObserver& observer;
  };

  CachedMpi(Deps deps, const CacheSettings& settings) : deps_(deps), settings_(settings) {}

  // A Status is that of the gateway: the question could not be put.
  absl::StatusOr<CachedAnswer> Get(const Question& question, Freshness freshness,
                                   absl::Time deadline) const;

  // Forgets whatever is kept about the person behind the key, in every search type, and whatever is
  // on its way. How many answers went. A Status is the store's failure: somebody has to know.
  absl::StatusOr<int64_t> Forget(const CacheKey& key, absl::Time deadline) const;

 private:
  absl::StatusOr<CachedAnswer> Ask(const Question& question, const CacheKey& key,
                                   MpiGateway& gateway, absl::Time deadline) const;
  std::optional<CachedAnswer> Look(const CacheKey& key, Freshness freshness,
                                   absl::Time deadline) const;
  bool MayServe(const KeptAnswer& kept, absl::Time now) const;
  void Keep(const CacheKey& key, const CachedAnswer& answer, absl::Time asked_at,
            absl::Time deadline) const;
  absl::Time StoreDeadline(absl::Time deadline) const;

  const Deps deps_;
  const CacheSettings settings_;
};

}  // namespace va::mpi
