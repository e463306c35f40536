// What goes wrong at MPI while a test wants it to: set by a POST, in force until the next one.
// Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/testing/persona.h"
#include "tests/simulators/mpi/request_check.h"

namespace va::simulators {

enum class Mode {
  kNone,
  kSlow,  // the right answer
  // No whole answer.
  kHang,
  kDown,
  kReset,
  kCut,
  kLost,  // what was asked for is done, then as kDown (attack H11)
  // Answers of MPI's own.
  kAe,
  kAr,
  kNf,
  kQe,
  kUnknownSender,
  kMultiple,
  kDuplicate,
  kFault,
  // Answers of something before MPI.
  kError,
  kHtml,
  // What was asked for is done, and the answer spoilt.
  kMalformed,
  kDoctype,
  kLaughs,
  kDeep,
  kCharset,
  kWrongMessage,
  kWrongQuery,
  kOtherPerson,
  kLowScore,
  // The right answer, with a flag that stands against the person.
  kDeceased,
  kTheft,
  kDrip,
  kGiant,
  kEndless,
  kEventual,  // searches see adds and updates only after a while
};

// Every mode with its word, in order.
const std::vector<std::pair<absl::string_view, Mode>>& Modes();

struct Fault {
  Mode mode = Mode::kNone;
  absl::Duration wait;           // before the answer; what else it is, the mode says
  int status = 0;                // of HTTP, with kFault, kError and kHtml
  int times = 0;                 // 0: without end
  int percent = 100;             // of the messages it is for, evenly spread
  std::string interaction = {};  // find, add, proxy, update; empty: all
  std::string persona = {};      // id; empty: all
  int64_t met = 0;
};

// One fault or an array of them; INVALID_ARGUMENT naming what is wrong.
absl::StatusOr<std::vector<Fault>> ParseFaults(absl::string_view json);

// What holds for one message.
struct Meant {
  Mode mode = Mode::kNone;
  absl::Duration wait;
  int status = 0;
  absl::Duration visible_after;  // of an add or an update
};

class Knobs {
 public:
  void Set(std::vector<Fault> faults);
  // Counts the message. The first fault that is for it says the mode; waits add up.
  Meant Take(Interaction interaction, const std::set<const testing::Persona*>& about);

 private:
  std::mutex mutex_;
  std::vector<Fault> faults_;
};

}  // namespace va::simulators
