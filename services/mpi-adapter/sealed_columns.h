// Which columns of this schema hang on a key (decision E7): none.
#pragma once

#include "lib/store/sealed_columns.h"

namespace va::mpi {

inline constexpr store::KeylessColumn kKeylessColumns[] = {
    {"audit_heads", "hash", "SHA-256 of audit records, which hold no secret"},
};
inline constexpr store::SealedSchema kSealedColumns = {{}, kKeylessColumns};

}  // namespace va::mpi
