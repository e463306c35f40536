#include "lib/identity/as_id.h"

namespace va::identity {

CspId AsId(const Icn& icn) { return CspId::FromWire(icn.Reveal()); }

}  // namespace va::identity
