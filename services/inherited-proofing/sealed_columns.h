// Which columns of this schema hang on a key (decision E7): none. Nothing in it says who somebody
// is.
#pragma once

#include "lib/store/sealed_columns.h"

namespace va::proofing {

inline constexpr store::KeylessColumn kKeylessColumns[] = {
    {"audit_heads", "hash", "SHA-256 of audit records, which hold no secret"},
    {"consents", "text_sha256", "SHA-256 of the text that was shown, which is public"},
    {"consents", "token_hash", "SHA-256 of 256 random bits: there is nothing to guess"},
    {"handoffs", "code_hash", "SHA-256 of 256 random bits: there is nothing to guess"},
};
inline constexpr store::SealedSchema kSealedColumns = {{}, kKeylessColumns};

}  // namespace va::proofing
