// The two spellings of an ECDSA signature: r||s of fixed length in JOSE (RFC 7518 section 3.4) and
// a DER sequence of two integers in OpenSSL. Both readers take one spelling only. Whether r and s
// are in range is for the verification to say; zero has no business in either form.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace va::jose {

// Nothing unless `raw` is twice `width` bytes and neither half is zero.
std::optional<std::string> EcdsaRawToDer(absl::string_view raw, size_t width);

// Nothing for anything but the shortest DER of two positive integers of at most `width` bytes.
std::optional<std::string> EcdsaDerToRaw(absl::string_view der, size_t width);

}  // namespace va::jose
