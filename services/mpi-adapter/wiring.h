// Builds the running service from its settings and the frame's runtime.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/service/frame.h"
#include "services/mpi-adapter/config.h"
#include "services/mpi-adapter/load.h"

namespace va::mpi {

// The RPCs this program answers; the configuration may allow no others.
std::vector<std::string> Methods();

// Each find holds a thread until MPI answers: as many as may be under way, and some beside them for
// what does not need MPI.
void SetDefaults(service::CommonConfig& common);

// `fresh` holds what was read anew while serving; it outlives the service.
absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config,
                                                              const Config& fresh, Loaded loaded,
                                                              service::Runtime& runtime);

}  // namespace va::mpi
