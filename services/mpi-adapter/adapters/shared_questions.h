// One question at a time: who asks MPI what is being asked at this moment gets that answer, within
// its own deadline. Questions are the same when their keys are (domain/cache_key.h); one without a
// key is asked for itself.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/resilience/single_flight.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"

namespace va::mpi {

// Thread-safe. What it refers to outlives it.
class SharedQuestions final : public MpiGateway {
 public:
  // At most `max_followers` callers wait for others' answers, each holding a thread.
  SharedQuestions(MpiGateway& mpi, const base::Clock& clock, int max_followers = 32);

  // An answer may be another caller's, and says so: its message id is then of that caller's
  // message. A leader that ran out of its own time speaks for nobody else: whoever has time left
  // asks again.
  absl::StatusOr<Answer> Find(const Question& question, absl::Time deadline) override;

  // Who asks from now on gets no answer to a question that is under way: something has changed at
  // MPI in the meantime.
  void Part() { ++since_; }

  // Callers that wait for another's answer now.
  int followers() const { return flights_.followers(); }

 private:
  MpiGateway& mpi_;
  const base::Clock& clock_;
  resilience::SingleFlight<Answer> flights_;
  std::atomic<uint64_t> since_{0};
};

}  // namespace va::mpi
