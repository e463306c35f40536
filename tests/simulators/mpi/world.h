// Whom the simulated Master Person Index knows: the personas, and who was added since. Adds and
// updates take effect at once for MPI itself and, where a test wants it, later for searches.
// Bounded: the oldest added person goes when there are too many. Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lib/base/id_generator.h"
#include "lib/testing/persona.h"
#include "tests/simulators/mpi/request_check.h"

namespace va::simulators {

// One person as a search shows them.
struct Known {
  testing::PersonaMpiRecord person;
  testing::MpiOutcome outcome = testing::MpiOutcome::kMatch;
};

// What became of an add or an update.
struct Changed {
  enum class How { kDone, kDuplicate, kSeveral, kRefused };
  How how = How::kRefused;
  std::string icn;
  // What the answer names: code and displayName.
  std::vector<std::pair<std::string, std::string>> codes;
};

class World {
 public:
  World(const std::vector<testing::Persona>& personas, base::IdGenerator& ids);

  // Everybody who fits; by traits nobody whom traits cannot find.
  std::vector<Known> Find(const MpiQuery& query, absl::Time now);
  // Takes effect in searches from `visible` on.
  Changed Apply(Interaction interaction, const MpiChange& change, absl::Time now,
                absl::Time visible);

  // Remembers that this answer named this person, so that a proxy add may refer to it.
  void GiveToken(const std::string& token, const std::string& icn);

  // The personas a message names, by identifier or SSN: also those MPI holds nothing about.
  std::set<const testing::Persona*> PersonasOf(const CheckedRequest& request) const;

  // Forgets everything added, linked and given.
  void Reset();

  // ICN and identifiers of who was added or changed, in that order.
  std::vector<std::pair<std::string, std::vector<std::string>>> Altered() const;

 private:
  struct Record {
    Known truth;
    Known shown;
    bool is_shown = true;
    bool is_added = false;
    bool is_altered = false;
    absl::Time shown_from = absl::InfinitePast();
    std::vector<std::string> keys;
  };

  void IndexPersona(const testing::Persona& persona);
  Record& Insert(Known known);
  void Index(Record& record, const std::string& key);
  void IndexAll(Record& record);
  void EvictOldest();
  std::vector<Record*> Lookup(const std::string& key) const;
  Record* Owner(const std::string& key) const;
  std::vector<Record*> Fitting(const MpiTraits& who) const;
  void Show(Record& record, absl::Time now) const;
  void Alter(Record& record, absl::Time now, absl::Time visible);

  Changed Add(const MpiChange& change, absl::Time now, absl::Time visible);
  Changed Proxy(const MpiChange& change, absl::Time now, absl::Time visible);
  Changed Update(const MpiChange& change, absl::Time now, absl::Time visible);
  Known NewPerson(const MpiChange& change);
  bool Link(Record& record, const std::string& id);
  // Digits nobody else has got.
  std::string Digits(std::size_t count);

  const std::vector<testing::Persona>& personas_;
  base::IdGenerator& ids_;
  std::deque<std::unique_ptr<Record>> records_;  // the personas first, then who was added
  std::size_t persona_records_ = 0;
  std::unordered_multimap<std::string, Record*> index_;
  std::unordered_multimap<std::string, const testing::Persona*> about_;
  std::map<std::string, std::string> tokens_;  // token to ICN
  std::deque<std::string> token_order_;
};

}  // namespace va::simulators
