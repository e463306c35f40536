// Builds the running gateway from its settings and the frame's runtime.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/service/frame.h"
#include "services/auth-gateway/config.h"
#include "services/auth-gateway/load.h"

namespace va::gateway {

// The RPCs this program answers; the configuration may allow no others.
std::vector<std::string> Methods();

// And those of others that it calls.
std::vector<std::string> Calls();

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config, Loaded loaded,
                                                              service::Runtime& runtime);

}  // namespace va::gateway
