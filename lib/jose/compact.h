// What the compact forms of JWS and JWE share (RFC 7515 section 7.1, RFC 7516 section 7.1), for the
// files of lib/jose: parts between dots, canonical base64url, and a protected header that is read
// strictly: an object with each name once and nothing that would let a token bring its own key, its
// own processing rules or another encoding of its content.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace va::jose {

inline constexpr size_t kMaxToken = size_t{64} << 10;
inline constexpr size_t kMaxEncodedHeader = size_t{8} << 10;

// Fills exactly as many parts as `parts` has. TOKEN_TOO_LARGE, NOT_COMPACT.
absl::Status SplitCompact(absl::string_view token, absl::Span<absl::string_view> parts);

// The bytes of one part. BAD_BASE64 for anything but their one spelling (attack J9).
absl::StatusOr<std::string> DecodePart(absl::string_view part);

// The protected header, the first part of a token. HEADER_TOO_LARGE, BAD_BASE64, HEADER_NOT_JSON,
// HEADER_DUPLICATE_NAME, and one reject for each kind of member that nobody may send:
// HEADER_CRITICAL
// (`crit`), HEADER_COMPRESSED (`zip`), HEADER_UNENCODED (`b64`), HEADER_EMBEDDED_KEY (`jwk`, `jku`,
// `x5u`, `x5c`).
absl::StatusOr<nlohmann::json> ReadProtected(absl::string_view encoded);

// A member that is text when it is there; an absent one leaves `out` alone. HEADER_MALFORMED.
absl::Status ReadHeaderText(const nlohmann::json& header, const char* name, std::string& out,
                            bool* present = nullptr);

// Appends `text` as a JSON string, quoted. False, and nothing useful appended, when it is not
// UTF-8.
bool AppendJsonText(absl::string_view text, std::string& out);

}  // namespace va::jose
