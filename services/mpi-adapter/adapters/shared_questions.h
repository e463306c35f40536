// One question at a time about one identifier: who asks MPI what is being asked at this moment gets
// that answer, within its own deadline. Questions by traits are asked each for itself.
#pragma once

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

  // An answer may be another caller's: its message id is then of that caller's message. A leader
  // that ran out of its own time speaks for nobody else: whoever has time left asks again.
  absl::StatusOr<Answer> Find(const Question& question, absl::Time deadline) override;

 private:
  MpiGateway& mpi_;
  const base::Clock& clock_;
  resilience::SingleFlight<Answer> flights_;
};

}  // namespace va::mpi
