// The stand-in for the Master Person Index: takes find requests, holds the personas, and answers
// each question as the persona it finds wants it answered. Remembers message ids, because MPI
// refuses one that comes twice; everything else is stateless. Bounded.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "lib/http/message.h"
#include "lib/testing/persona.h"
#include "tests/simulators/mpi/request_check.h"

namespace va::simulators {

struct MpiDeps {
  std::vector<testing::Persona> personas;
  const base::Clock& clock;
  base::IdGenerator& ids;
  // Told what was refused and why; never anything about a person.
  std::function<void(const std::vector<std::string>& problems)> on_refused;
};

class MpiSimulator {
 public:
  explicit MpiSimulator(MpiDeps deps) : deps_(std::move(deps)) {}

  // Thread-safe. For a persona whose MPI is down the answer is http::kNoAnswer.
  http::Response Handle(const http::Request& request);

 private:
  std::vector<const testing::Persona*> Find(const MpiQuery& query) const;
  bool IsNewMessage(const std::string& id);
  std::string Now() const;

  MpiDeps deps_;
  std::mutex mutex_;
  std::set<std::string> seen_;
  std::deque<std::string> seen_order_;
};

}  // namespace va::simulators
