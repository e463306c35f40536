// Builds what keeps MPI's answers: the store, the rules in front of it, the claims on credentials,
// their metrics and the sweeps.
#pragma once

#include <cstdint>

#include "lib/base/periodic.h"
#include "lib/crypto/sealed_box.h"
#include "lib/service/frame.h"
#include "lib/service/reloads.h"
#include "lib/telemetry/metrics.h"
#include "services/mpi-adapter/adapters/shared_questions.h"
#include "services/mpi-adapter/config.h"
#include "services/mpi-adapter/domain/cached_mpi.h"
#include "services/mpi-adapter/load.h"
#include "services/mpi-adapter/store/pg_add_claims.h"
#include "services/mpi-adapter/store/pg_answer_cache.h"

namespace va::mpi {

// What becomes of looks into the cache, as metrics.
class CacheMetrics final : public CacheObserver {
 public:
  explicit CacheMetrics(telemetry::Metrics& metrics);

  void Looked(CacheResult result) override;
  void ServedAt(absl::Duration age) override;
  void StoreFailed() override;

 private:
  telemetry::Counter results_;
  telemetry::Counter errors_;
  telemetry::Histogram ages_;
};

// The store, where forgetting also parts whoever asks from now on from questions under way.
class PartingCache final : public AnswerCache {
 public:
  PartingCache(AnswerCache& store, SharedQuestions& questions)
      : store_(store), questions_(questions) {}

  absl::StatusOr<std::optional<KeptAnswer>> Get(const CacheKey& key, absl::Time now,
                                                absl::Time deadline) override {
    return store_.Get(key, now, deadline);
  }
  absl::Status Keep(const CacheKey& key, const KeptAnswer& kept, absl::Time deadline) override {
    return store_.Keep(key, kept, deadline);
  }
  absl::StatusOr<int64_t> Forget(const CacheKey& key, absl::Time now, absl::Time deadline) override;

 private:
  AnswerCache& store_;
  SharedQuestions& questions_;
};

// What it refers to outlives it.
class Cache {
 public:
  // `shared` and `mpi` as in CachedMpi.
  Cache(const CacheSettings& settings, const Loaded& keys, SharedQuestions& shared, MpiGateway& mpi,
        service::Runtime& runtime);

  const CachedMpi& mpi() const { return cached_; }
  // For whoever changes something at MPI.
  AnswerCache& answers() { return parting_; }
  AddClaims& claims() { return claims_; }

 private:
  PgAnswerCache store_;
  PartingCache parting_;
  PgAddClaims claims_;
  CacheMetrics metrics_;
  CachedMpi cached_;
  const base::Periodic janitor_;
};

// Both rings, exchanged while serving; `loaded` outlives the reloads.
void AddKeyReloads(const Config& config, Loaded& loaded, service::Reloads& reloads);

}  // namespace va::mpi
