// The Master Person Index as the adapter sees it, with a count of what became of every question and
// every change, how long it took, and what in the answers somebody has to look at
// (mpi_mhv.md 3.1.15). Failures inside a good HTTP answer count like any other.
#pragma once

#include "absl/strings/string_view.h"
#include "lib/telemetry/metrics.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"

namespace va::mpi {

class MeteredMpi final : public MpiGateway, public MpiChanges {
 public:
  // Both outlive this.
  MeteredMpi(MpiGateway& finds, MpiChanges& changes, telemetry::Metrics& metrics);

  absl::StatusOr<Answer> Find(const Question& question, absl::Time deadline) override;
  absl::StatusOr<ChangeAnswer> Send(const Change& change, absl::Time deadline) override;

 private:
  void Count(absl::string_view operation, absl::string_view outcome, absl::Duration took);
  void Look(const Answer& answer);

  MpiGateway& finds_;
  MpiChanges& changes_;
  telemetry::Counter outcomes_;
  telemetry::Histogram took_;
  telemetry::Counter scores_;
  telemetry::Counter several_ids_;
  telemetry::Counter mixed_ids_;
};

}  // namespace va::mpi
