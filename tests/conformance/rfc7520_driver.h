// Examples of the JOSE cookbook, against lib/jose.
#pragma once

#include "absl/status/statusor.h"
#include "tests/conformance/driver.h"

namespace va::conformance {

// A key is read and its public half written again: result `key`, error `key`. Of a token the
// compact form is verified or decrypted with the example's own keys, and the JSON forms are handed
// to the same reader: errors `compact`, `json`, `json_flat`; result `payload`, and what comes out
// when the example is made again: `compact` where signing gives the same each time, `ciphertext`
// and `tag` under the example's content key (agreed on anew with its ephemeral key, for ECDH-ES).
// Of the nested example both layers, with "sign " and "encrypt " in front, and `nested payload`.
absl::StatusOr<Facts> RunRfc7520(const Row& row, const Mode& mode, const Environment& environment);

}  // namespace va::conformance
