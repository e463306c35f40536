// Digests and keyed digests as values. Results are raw bytes; base::HexEncode makes them readable.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace va::crypto {

// 32 raw bytes.
std::string Sha256(absl::string_view data);

// 16 raw bytes; none where OpenSSL is kept from it. Only for names that somebody else makes this
// way (RFC 4122 version 3): it protects nothing.
std::string Md5(absl::string_view data);

// 32 raw bytes (RFC 2104 with SHA-256).
std::string HmacSha256(absl::string_view key, absl::string_view message);

// Compares in time that depends on the lengths alone, so that an answer's delay tells nothing about
// how much of a guess was right.
bool ConstantTimeEqual(absl::string_view a, absl::string_view b);

// Overwrites the bytes before they are forgotten, in a way the compiler may not drop.
void Cleanse(std::string& secret);

}  // namespace va::crypto
