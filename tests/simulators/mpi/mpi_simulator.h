// The stand-in for the Master Person Index: takes finds, adds and updates, checks them strictly,
// holds the personas and whom it was told to add, and answers each as the persona it is about and
// the knobs of the moment want it answered. Bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "lib/http/message.h"
#include "lib/testing/persona.h"
#include "tests/simulators/mpi/answer_maker.h"
#include "tests/simulators/mpi/delivery.h"
#include "tests/simulators/mpi/knobs.h"
#include "tests/simulators/mpi/request_check.h"
#include "tests/simulators/mpi/world.h"

namespace va::simulators {

struct MpiDeps {
  std::vector<testing::Persona> personas;
  const base::Clock& clock;
  base::IdGenerator& ids;
  // Told what was refused and why; never anything about a person.
  std::function<void(const std::vector<std::string>& problems)> on_refused;
};

// Ids that may stand on one message only. The same message again is a resent one: an HTTP client
// does that when a kept connection dies under it. Remembers the last 200,000.
class UsedIds {
 public:
  // Whether the id stood on another message.
  bool IsUsedOtherwise(const std::string& id, const std::string& message);
  void Clear();

 private:
  std::map<std::string, std::size_t> seen_;  // id to the hash of its message
  std::deque<std::string> order_;
};

class MpiSimulator {
 public:
  explicit MpiSimulator(MpiDeps deps) : deps_(std::move(deps)), world_(deps_.personas, deps_.ids) {}

  // Thread-safe. Never waits: what is to be late says so.
  Delivery Answer(const http::Request& request);

  // For a server that knows nothing of deliveries: waits, and for what such a server cannot do the
  // answer is http::kNoAnswer.
  http::Response Handle(const http::Request& request);

  // As POST /_sim/faults does.
  absl::Status SetFaults(absl::string_view json);
  // As POST /_sim/reset does: no faults, nobody added, no id used.
  void Reset();
  // As GET /_sim/calls does.
  std::string Calls();
  // As GET /_sim/state does.
  std::string State();

 private:
  Delivery Control(const http::Request& request);
  Delivery AnswerMessage(const http::Request& request, CheckedRequest& checked);
  Meant Judge(const http::Request& request, CheckedRequest& checked, bool* silent);
  AnswerFrame Frame(const CheckedRequest& checked) const;
  absl::StatusOr<std::string> RightAnswer(const AnswerFrame& frame, const Meant& meant);
  absl::StatusOr<std::string> DoFind(const AnswerFrame& frame, const Meant& meant);
  absl::StatusOr<std::string> DoChange(const AnswerFrame& frame, const Meant& meant);
  absl::StatusOr<std::string> Damaged(AnswerFrame frame, const Meant& meant);

  MpiDeps deps_;
  Knobs knobs_;
  std::mutex mutex_;  // guards what follows
  World world_;
  UsedIds message_ids_;
  UsedIds query_ids_;
  std::map<Interaction, int64_t> calls_;
};

}  // namespace va::simulators
