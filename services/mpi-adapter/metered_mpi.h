// The Master Person Index as the adapter sees it, with a count of what became of every question.
#pragma once

#include "lib/telemetry/metrics.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"

namespace va::mpi {

class MeteredMpi final : public MpiGateway {
 public:
  // `gateway` outlives this.
  MeteredMpi(MpiGateway& gateway, telemetry::Metrics& metrics);

  absl::StatusOr<Answer> Find(const Question& question, absl::Time deadline) override;

 private:
  MpiGateway& gateway_;
  telemetry::Counter outcomes_;
};

}  // namespace va::mpi
