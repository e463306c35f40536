// Onto the wire.
#pragma once

#include "services/mhv-account/domain/account.h"
#include "va/mhv/v1/mhv.pb.h"

namespace va::mhv {

v1::EnsureAccountResponse PackOutcome(const EnsureOutcome& outcome);

}  // namespace va::mhv
