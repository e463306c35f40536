// MPI's answers in PostgreSQL: each sealed for its row, found by keyed hashes with a purpose per
// kind of identifier, so that nothing in the database says who was asked about. An invalidation is
// a mark beside the answers, and a mark counts whatever races with it: an answer that was asked for
// before the mark is neither kept nor served.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/id_generator.h"
#include "lib/crypto/sealed_box.h"
#include "lib/store/pool.h"
#include "services/mpi-adapter/domain/answer_cache.h"
#include "services/mpi-adapter/store/kept_answer_form.h"

namespace va::mpi {

class PgAnswerCache final : public AnswerCache {
 public:
  // Everything outlives the cache.
  PgAnswerCache(store::Pool& pool, const crypto::SealedBox& box, const crypto::LookupHasher& hasher,
                base::IdGenerator& ids)
      : pool_(pool), box_(box), hasher_(hasher), ids_(ids) {}

  // A row that does not open, or is not what its key says, is as good as none, and goes.
  absl::StatusOr<std::optional<KeptAnswer>> Get(const CacheKey& key, absl::Time now,
                                                absl::Time deadline) override;
  absl::Status Keep(const CacheKey& key, const KeptAnswer& kept, absl::Time deadline) override;
  absl::StatusOr<int64_t> Forget(const CacheKey& key, absl::Time now, absl::Time deadline) override;

  // Rows that were found damaged, of another version, or in a place that is not theirs.
  int64_t damaged() const { return damaged_.load(); }

 private:
  class Trail;

  std::optional<IcnLink> OpenLink(const std::string& id, const std::string& sealed);
  std::optional<KeptAnswer> OpenAnswer(const std::string& id, const std::string& sealed,
                                       const CacheKey& key, absl::Time now, absl::Time deadline);

  store::Pool& pool_;
  const crypto::SealedBox& box_;
  const crypto::LookupHasher& hasher_;
  base::IdGenerator& ids_;
  std::atomic<int64_t> damaged_{0};
};

}  // namespace va::mpi
