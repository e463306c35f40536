// Reads what the settings of inherited-proofing name: the keys that decision tokens verify with,
// MHV's token, and the files of the TLS connection to MHV. Wiring works with these values and reads
// no file itself.
#pragma once

#include <optional>

#include "lib/identity/pii.h"
#include "lib/jose/decision_token.h"
#include "lib/service/file_loader.h"
#include "services/inherited-proofing/config.h"

namespace va::proofing {

struct Loaded {
  jose::DecisionVerifier decisions;
  identity::Secret mhv_app_token;
};

// Nothing when a file cannot be used; `files` then holds every reason.
std::optional<Loaded> Load(const Config& config, service::FileLoader& files);

}  // namespace va::proofing
