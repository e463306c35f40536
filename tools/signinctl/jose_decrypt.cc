// jose decrypt: whether an encrypted token opens with this key in one of these ways; judged by
// lib/jose, as every service does.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/crypto/hash.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/jwe.h"
#include "tools/signinctl/jose_input.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

using jose::ContentEncryption;
using jose::DecryptionKey;
using jose::KeyManagement;

struct Allowed {
  std::vector<KeyManagement> managements;
  std::vector<ContentEncryption> encryptions;
};

struct Keys {
  std::vector<DecryptionKey> usable;
  std::string left_out;
};

std::optional<Result> Incomplete(const Arguments& arguments) {
  for (const char* name : {"--key", "--alg", "--enc"}) {
    if (!arguments.Has(name)) {
      return JoseReject("ARGUMENT_MISSING", absl::StrCat(name, " is needed"));
    }
  }
  if (!arguments.Has("FILE")) {
    return JoseReject("ARGUMENT_MISSING", "FILE is needed; - for standard input");
  }
  return std::nullopt;
}

// Key owners who say what a key may do name the step or what it is good for.
bool Permits(const jose::Jwk& jwk, KeyManagement management) {
  const char* const step = management == KeyManagement::kEcdhEs ? "deriveKey" : "unwrapKey";
  const char* const purpose = management == KeyManagement::kEcdhEs ? "deriveBits" : "decrypt";
  return jwk.Permits(jose::KeyUse::kEncryption, step, ToString(management)) ||
         jwk.Permits(jose::KeyUse::kEncryption, purpose, ToString(management));
}

absl::StatusOr<Keys> KeysOf(const std::string& bytes, const Allowed& allowed) {
  const absl::StatusOr<jose::Jwk> jwk = ReadJoseKey(bytes);
  if (!jwk.ok()) return jwk.status();
  Keys keys;
  if (!jwk->private_key.has_value()) {
    keys.left_out = "a public key opens nothing";
    return keys;
  }
  for (const KeyManagement management : allowed.managements) {
    if (!Fits(jwk->key.type(), management) || !Permits(*jwk, management)) continue;
    absl::StatusOr<DecryptionKey> key =
        DecryptionKey::Create(*jwk->private_key, management, allowed.encryptions, jwk->id);
    if (!key.ok()) return key.status();
    keys.usable.push_back(*std::move(key));
  }
  if (keys.usable.empty()) keys.left_out = "the key is for none of these algorithms";
  return keys;
}

Result Judged(absl::string_view token, const Keys& keys) {
  const auto opened = jose::DecryptCompact(token, keys.usable);
  if (!opened.ok()) return JoseRefused(opened.status(), keys.left_out);
  return JoseAccepted(token, opened->plaintext,
                      absl::StrCat("accepted, encrypted with ", ToString(opened->header.management),
                                   " and ", ToString(opened->header.encryption)));
}

Result Run(const Arguments& arguments, const World& world) {
  std::string key_file;
  std::string token_file;
  if (std::optional<Result> no = ReadJoseFile(arguments, world, "--key", key_file)) {
    return *std::move(no);
  }
  if (std::optional<Result> no = ReadJoseFile(arguments, world, "FILE", token_file)) {
    return *std::move(no);
  }
  if (std::optional<Result> no = Incomplete(arguments)) return *std::move(no);
  const Allowed allowed = {
      Listed<KeyManagement>(arguments.Text("--alg"), jose::KeyManagementFromName),
      Listed<ContentEncryption>(arguments.Text("--enc"), jose::ContentEncryptionFromName)};
  if (allowed.managements.empty()) {
    return JoseReject(ToString(jose::JoseReject::kKeyManagementUnknown),
                      "--alg has none that we know");
  }
  if (allowed.encryptions.empty()) {
    return JoseReject(ToString(jose::JoseReject::kContentEncryptionUnknown),
                      "--enc has none that we know");
  }
  const absl::StatusOr<Keys> keys = KeysOf(key_file, allowed);
  crypto::Cleanse(key_file);
  if (!keys.ok()) return JoseRefused(keys.status(), std::string(keys.status().message()));
  return Judged(TokenOf(token_file), *keys);
}

}  // namespace

Verb JoseDecrypt() {
  Verb verb;
  verb.name = "jose decrypt";
  verb.summary = "open an encrypted token (JWE) as the services would";
  verb.example =
      "signinctl jose decrypt --key tools/signinctl/examples/jose_private.json --alg ECDH-ES "
      "--enc A128CBC-HS256 tools/signinctl/examples/jose_encrypted.jwe";
  verb.details =
      "The payload is printed in base64url as it was encrypted; a token in it is judged by jose "
      "verify.\n"
      "LIST of --alg: RSA-OAEP, RSA-OAEP-256, ECDH-ES; of --enc: A128GCM, A256GCM, "
      "A128CBC-HS256.\n";
  verb.flags = {
      {"--key", "FILE", "the private key, a JWK or PEM", true},
      {"--alg", "LIST", "the ways to bring the content key that count", true},
      {"--enc", "LIST", "the ways to encrypt the content that count", true},
  };
  verb.positionals = {{"FILE", "the token in its compact form; - for standard input"}};
  verb.verdict = true;
  verb.one_line = true;
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
