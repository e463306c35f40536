// What `jose verify` and `jose decrypt` have in common: the key file, the lists of algorithms, the
// token's file and what is printed. Whatever is wrong inside a file is a reject; dates and chain of
// a certificate and the permissions of a file are not judged, because what is judged is the token.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "lib/jose/jwk.h"
#include "tools/signinctl/verb.h"

namespace va::signinctl {

// {"verdict":"reject","reason"}: here stdout tells no more, and `words` are for stderr.
Result JoseReject(absl::string_view reason, std::string words = "");

// The reject for a status of lib/jose: its reason, or FAULT.
Result JoseRefused(const absl::Status& status, const std::string& words = "");

// {"verdict":"accept","header","payload"}. `token` held; its header is printed as it stands.
Result JoseAccepted(absl::string_view token, absl::string_view payload, std::string words);

// The reject for a flag's value.
Result JoseArgument(std::string words);

// Reads the file that `name` (a flag or positional) gives. Nothing, or the answer to what cannot be
// read or is too much.
std::optional<Result> ReadJoseFile(const Arguments& arguments, const World& world,
                                   const std::string& name, std::string& out);

// A token as it stands in a file: without the line end that editors and shells put behind it.
absl::string_view TokenOf(absl::string_view bytes);

// A JSON Web Key or a PEM: private key, certificate or public key. Reasons as of ParseJwk and
// crypto::PublicKey.
absl::StatusOr<jose::Jwk> ReadJoseKey(const std::string& bytes);

// The known ones of a comma-separated list, each once. What is not known is no algorithm, so that a
// list of others has none.
template <typename T>
std::vector<T> Listed(const std::string& list,
                      const std::function<std::optional<T>(absl::string_view)>& from_name) {
  std::vector<T> out;
  for (const absl::string_view name : absl::StrSplit(list, ',')) {
    const std::optional<T> known = from_name(name);
    if (!known.has_value()) continue;
    bool there = false;
    for (const T& one : out) there = there || one == *known;
    if (!there) out.push_back(*known);
  }
  return out;
}

}  // namespace va::signinctl
