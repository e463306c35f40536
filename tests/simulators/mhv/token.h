// Compact signed tokens as VA's token service and MHV read and make them (mpi_mhv.md 2.11): three
// parts, RS256, JSON objects. What a token may say is for its reader to judge.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "absl/strings/string_view.h"
#include "lib/crypto/keys.h"

namespace va::simulators {

// NOLINTNEXTLINE(bugprone-exception-escape): moving json asserts, it does not throw
struct Token {
  nlohmann::json header;
  nlohmann::json claims;
  std::string signed_part;
  std::string signature;
};

// Nothing unless there are three parts of base64url, the first two of them JSON objects.
std::optional<Token> ReadToken(absl::string_view compact);

// Whether the header asks for RS256 (and no other type than JWT) and the signature is this key's.
bool IsSignedBy(const Token& token, const crypto::PublicKey& key);

std::string MakeToken(const crypto::PrivateKey& key, const nlohmann::json& claims,
                      const nlohmann::json& header = {{"alg", "RS256"}});

// A text claim; empty when it is absent or of another type.
std::string TextOf(const nlohmann::json& object, const char* name);

// A whole number; nothing when it is absent or of another type.
std::optional<int64_t> NumberOf(const nlohmann::json& object, const char* name);

// Names in `object` that are not among `known`, as problems.
std::vector<std::string> UnknownNames(const nlohmann::json& object,
                                      std::initializer_list<absl::string_view> known);

}  // namespace va::simulators
