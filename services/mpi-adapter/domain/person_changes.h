// Changes at MPI as this service makes them: nobody is added who can be found, two first sign-ins
// at once add one person, and an answer that was lost is looked for before anything is said about
// it (mpi_mhv.md 1.17, 3.1.20; attack H11). Nothing is ever sent twice.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "services/mpi-adapter/domain/answer_cache.h"
#include "services/mpi-adapter/domain/change.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"

namespace va::mpi {

// What became of an add. `change` speaks of the add; of the search, when that ended it.
struct ImplicitAdd {
  ChangeAnswer change;
  bool sent = false;               // an add went out
  bool accepted = false;           // and MPI took it, whatever the search after it says
  std::optional<Profile> profile;  // with OK: the person as MPI answers afterwards
  bool cache_failed = false;       // what was kept of the person could not be forgotten
};

enum class ProxyStep { kFind, kSearch, kAdd };

struct ProxyAdd {
  ChangeAnswer change;
  ProxyStep step = ProxyStep::kFind;  // which one `change` speaks of
  bool sent = false;
  std::optional<Profile> profile;  // of the orchestrated search
  bool cache_failed = false;
};

struct Update {
  ChangeAnswer change;
  bool sent = false;
  bool cache_failed = false;
};

// Thread-safe as far as what it refers to is, which outlives it.
class PersonChanges {
 public:
  struct Deps {
    MpiGateway& mpi;  // past whatever is kept
    MpiChanges& changes;
    AnswerCache& cache;
    AddClaims& claims;
    const base::Clock& clock;
    base::IdGenerator& ids;  // names of those who hold a claim
    std::function<void(absl::Duration)> pause;
  };

  explicit PersonChanges(Deps deps);

  // Search, add, search again, alone with the credential. OK without `sent`: MPI knew the
  // credential already. TIMEOUT (NOT_FOUND_YET) after an accepted add: MPI does not show the person
  // yet. UNPARSEABLE (OTHER_PERSON): it shows somebody else than it says it added. UNAVAILABLE
  // (CLAIM_STORE): nobody can say whether another adds the same person, so nothing was sent.
  // INVALID_ARGUMENT as the ports have it.
  absl::StatusOr<ImplicitAdd> AddImplicit(const AddPerson& person, absl::Time deadline) const;

  // Find by ICN, orchestrated search, proxy add. What the person lacks for it is INVALID_REQUEST
  // with a reason such as EDIPI_MISSING, and nothing is added.
  absl::StatusOr<ProxyAdd> AddProxy(const identity::CspId& icn, absl::Time deadline) const;

  absl::StatusOr<Update> UpdateProfile(const UpdatePerson& person, absl::Time deadline) const;

 private:
  bool TimeLeft(absl::Time deadline) const { return deps_.clock.Now() < deadline; }
  bool Pause(absl::Duration pause, absl::Time deadline) const;
  absl::StatusOr<bool> TakeClaim(const CacheKey& credential, const std::string& owner,
                                 absl::Time deadline) const;
  absl::StatusOr<ImplicitAdd> FindWhatAnotherAdds(const Question& credential,
                                                  absl::Time deadline) const;
  absl::StatusOr<ImplicitAdd> AddAlone(const AddPerson& person, const Question& credential,
                                       absl::Time deadline) const;
  absl::StatusOr<Answer> SearchAfterAdd(const Question& credential, int searches,
                                        absl::Time deadline) const;
  bool Forget(const Change& change, const std::optional<CacheKey>& person,
              absl::Time deadline) const;
  bool ForgetAdded(const AddPerson& person, const ImplicitAdd& added, absl::Time deadline) const;

  const Deps deps_;
};

}  // namespace va::mpi
