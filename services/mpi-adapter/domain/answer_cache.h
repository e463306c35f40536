// The port to what is kept of MPI's answers, under typed keys, so that an EDIPI can never be found
// as an ICN (mpi_mhv.md 3.1.11). An implementation keeps everything sealed. What must not be kept,
// and for how long, is decided in domain/cached_mpi.h alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/identity/pii.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"
#include "services/mpi-adapter/domain/question.h"

namespace va::mpi {

enum class KeyKind {
  kIcn,
  kIdme,
  kLogingov,
  kMhv,
  kEdipi,
  kFacility,
  kTraits,
  kNameAndBirth,  // no question: what questions by traits are forgotten by
};

// What an answer is kept under: the question, in one spelling.
struct CacheKey {
  KeyKind kind = KeyKind::kIcn;
  identity::CspId value;
  SearchType search = SearchType::kRelationships;
  // With kTraits: what the question shares with others about the same name and birth date.
  identity::CspId name_and_birth{};
};

struct KeptAnswer {
  Answer answer;  // OK or NO_MATCH
  // Of the oldest question that it rests on: of an answer found by a retired ICN that may be the
  // one that told who replaced it.
  absl::Time asked_at;
  absl::Time expires_at;
  // The key was an ICN that the person of this answer had before.
  bool by_retired_icn = false;
};

// Thread-safe. A Status is the store's failure.
class AnswerCache {
 public:
  virtual ~AnswerCache() = default;

  // Nothing when none is kept, or when it has expired at `now`. An ICN that MPI has replaced finds
  // the answer kept under the ICN that replaced it.
  virtual absl::StatusOr<std::optional<KeptAnswer>> Get(const CacheKey& key, absl::Time now,
                                                        absl::Time deadline) = 0;

  // Keeps an answer, in one statement, unless the key or its person was forgotten after the
  // question was asked: what is known to have changed must not come back.
  virtual absl::Status Keep(const CacheKey& key, const KeptAnswer& kept, absl::Time deadline) = 0;

  // Forgets every answer about the person behind the key, whatever it is kept under, and whatever
  // is on its way. How many went.
  virtual absl::StatusOr<int64_t> Forget(const CacheKey& key, absl::Time now,
                                         absl::Time deadline) = 0;
};

// The right to add one credential: one holder at a time over all replicas, so that two first
// sign-ins at once cannot add a person twice (mpi_mhv.md 3.1.20).
class AddClaims {
 public:
  virtual ~AddClaims() = default;

  // Takes the claim until `until`; false when somebody else holds it. One atomic statement.
  virtual absl::StatusOr<bool> Take(const CacheKey& credential, const std::string& owner,
                                    absl::Time now, absl::Time until, absl::Time deadline) = 0;
  // Gives it back, if it is still `owner`'s.
  virtual absl::Status Release(const CacheKey& credential, const std::string& owner,
                               absl::Time deadline) = 0;
};

}  // namespace va::mpi
