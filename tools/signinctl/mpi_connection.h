// The settings of mpi-adapter, and asking MPI with them: for the verbs that show a message or send
// one. The one place of this program that uses an adapter of a service.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/base/id_generator.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"
#include "services/mpi-adapter/hl7/message_settings.h"
#include "tools/signinctl/verb.h"

namespace va::signinctl {

// What of the adapter's file these verbs use: mpi.*; the rest is the service's to judge.
struct MpiSettings {
  std::string url;
  mpi::hl7::MessageSettings message;
  std::string message_id_prefix;
  std::string query_id;
  std::string problem;  // not empty: what is wrong, and nothing else holds
};

// Without a file: the defaults of the service.
MpiSettings ReadMpiSettings(const std::string& config_file, const World& world);

// The stamp of a message, as the adapter makes it.
mpi::hl7::MessageStamp NewStamp(const MpiSettings& settings, base::IdGenerator& ids,
                                absl::Time now);

// Asks MPI once, with the connection that the file describes.
absl::StatusOr<mpi::Answer> AskMpi(const mpi::Question& question, const std::string& config_file,
                                   const World& world);

}  // namespace va::signinctl
