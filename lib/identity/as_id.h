// An ICN where any identifier may stand: in a question, in the key of what is kept.
#pragma once

#include "lib/identity/pii.h"

namespace va::identity {

CspId AsId(const Icn& icn);

}  // namespace va::identity
