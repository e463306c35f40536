// Text encodings of bytes. Decoders accept one spelling only: two strings that decode to the same
// bytes would let a value pass a check under one name and be used under another.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace va::base {

// Lower-case hexadecimal.
std::string HexEncode(absl::string_view bytes);

// Either case; INVALID_ARGUMENT for odd length or a foreign character.
absl::StatusOr<std::string> HexDecode(absl::string_view text);

// RFC 4648 section 4, with padding.
std::string Base64Encode(absl::string_view bytes);

// RFC 4648 section 4: padding required, trailing bits zero, nothing else in between.
absl::StatusOr<std::string> Base64DecodeStrict(absl::string_view text);

// As strict, after removing space, tab, CR and LF (attack S78: whitespace only, no other leniency).
absl::StatusOr<std::string> Base64DecodeLenientWhitespace(absl::string_view text);

// RFC 4648 section 5, without padding.
std::string Base64UrlEncode(absl::string_view bytes);
// The same at the end of `out`, for texts that are put together of several.
void AppendBase64Url(absl::string_view bytes, std::string& out);

// RFC 4648 section 5: no padding, trailing bits zero (RFC 7515 section 2).
absl::StatusOr<std::string> Base64UrlDecode(absl::string_view text);

}  // namespace va::base
