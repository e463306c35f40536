// The stand-in for the Master Person Index: takes find requests, holds the personas, and answers
// each question as the persona it finds wants it answered. Remembers message ids, so that one id
// never stands on two messages (the same message again is a resent one: an HTTP client does that
// when a kept connection dies under it); everything else is stateless. Bounded.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
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
  bool IsUsedOtherwise(const std::string& id, const std::string& body);
  std::string Now() const;

  MpiDeps deps_;
  std::mutex mutex_;
  std::map<std::string, std::size_t> seen_;  // message id to the hash of its message
  std::deque<std::string> seen_order_;
};

}  // namespace va::simulators
