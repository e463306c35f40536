#include "tests/conformance/rfc7520_driver.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/aead.h"
#include "lib/crypto/key_agreement.h"
#include "lib/jose/jwe.h"
#include "lib/jose/jwk.h"
#include "lib/jose/jws.h"
#include "lib/jose/nested.h"

namespace va::conformance {
namespace {

using jose::Algorithm;
using jose::ContentEncryption;
using jose::DecryptionKey;
using jose::Jwk;
using jose::KeyManagement;
using jose::VerifyingKey;

absl::StatusOr<std::string> Bytes(const Json& object, const std::string& name) {
  return base::Base64UrlDecode(TextMember(object, name));
}

// The keys of an example that lib/jose reads; the others are nobody's.
std::vector<Jwk> KeysOf(const Json& input) {
  std::vector<Jwk> out;
  const Json& given = Member(input, "key");
  const auto add = [&out](const Json& key) {
    absl::StatusOr<Jwk> read = jose::ParseJwk(key.dump());
    if (read.ok()) out.push_back(*std::move(read));
  };
  if (!given.is_array()) add(given);
  if (given.is_array()) {
    for (const Json& key : given) add(key);
  }
  return out;
}

absl::StatusOr<std::vector<VerifyingKey>> Verifying(const std::vector<Jwk>& keys) {
  std::vector<VerifyingKey> out;
  for (const Jwk& jwk : keys) {
    for (const Algorithm algorithm : {Algorithm::kRs256, Algorithm::kPs256, Algorithm::kEs256,
                                      Algorithm::kEdDsa, Algorithm::kRs512, Algorithm::kEs384}) {
      if (!Fits(jwk.key.type(), algorithm) ||
          !jwk.Permits(jose::KeyUse::kSignature, "verify", ToString(algorithm))) {
        continue;
      }
      absl::StatusOr<VerifyingKey> key = VerifyingKey::Create(jwk.key, algorithm, jwk.id);
      if (!key.ok()) return key.status();
      out.push_back(*std::move(key));
    }
  }
  return out;
}

absl::StatusOr<std::vector<DecryptionKey>> Decrypting(const std::vector<Jwk>& keys) {
  std::vector<DecryptionKey> out;
  const auto all = jose::AllContentEncryptions();
  for (const Jwk& jwk : keys) {
    for (const KeyManagement management : jose::AllKeyManagements()) {
      if (!Fits(jwk.key.type(), management) || !jwk.private_key.has_value() ||
          !jwk.Permits(jose::KeyUse::kEncryption,
                       management == KeyManagement::kEcdhEs ? "deriveKey" : "unwrapKey",
                       ToString(management))) {
        continue;
      }
      absl::StatusOr<DecryptionKey> key =
          DecryptionKey::Create(*jwk.private_key, management, {all.begin(), all.end()}, jwk.id);
      if (!key.ok()) return key.status();
      out.push_back(*std::move(key));
    }
  }
  return out;
}

Facts RunKey(const Json& example) {
  Facts facts;
  const absl::StatusOr<Jwk> read = jose::ParseJwk(example.dump());
  if (!read.ok()) {
    facts.error["key"] = base::ReasonOf(read.status());
    return facts;
  }
  const auto written = jose::WritePublicJwk(read->key, {read->id, read->algorithm, read->use});
  if (written.ok()) facts.result["key"] = Json::parse(*written);
  return facts;
}

// The reject of what was handed in as JSON, or the empty text when it was accepted.
template <typename Read>
void RunSerializations(const Json& output, Read read, Facts& facts) {
  for (const char* form : {"json", "json_flat"}) {
    if (!output.contains(form)) continue;
    const auto accepted = read(output.at(form).dump());
    facts.error[form] = accepted.ok() ? "" : base::ReasonOf(accepted.status());
  }
}

absl::Status SignAgain(const Json& example, const std::vector<Jwk>& keys, Facts& facts) {
  const Json& header = Member(Member(example, "signing"), "protected");
  const auto algorithm = jose::AlgorithmFromName(TextMember(header, "alg"));
  if (keys.empty() || !keys[0].private_key.has_value() || !algorithm || !MaySign(*algorithm)) {
    return absl::OkStatus();
  }
  const auto key = jose::SigningKey::Create(*keys[0].private_key, *algorithm);
  if (!key.ok()) return key.status();
  const auto sign = [&] {
    return jose::SignCompact(*key, {TextMember(header, "typ"), TextMember(header, "kid")},
                             TextMember(Member(example, "input"), "payload"));
  };
  const auto token = sign();
  if (!token.ok()) return token.status();
  const auto again = sign();
  // With a salt or a nonce in it nothing comes out again.
  if (!again.ok() || *again != *token) return again.status();
  facts.result["compact"] = *token;
  return absl::OkStatus();
}

absl::StatusOr<Facts> RunSigned(const Json& example) {
  Facts facts;
  const std::vector<Jwk> keys = KeysOf(Member(example, "input"));
  const absl::StatusOr<std::vector<VerifyingKey>> verifying = Verifying(keys);
  if (!verifying.ok()) return verifying.status();
  const auto read = [&](const std::string& token) {
    return jose::VerifyCompact(token, *verifying);
  };
  const Json& output = Member(example, "output");
  if (output.contains("compact")) {
    const auto verified = read(TextMember(output, "compact"));
    if (verified.ok()) {
      facts.result["payload"] = verified->payload;
      if (absl::Status made = SignAgain(example, keys, facts); !made.ok()) return made;
    } else {
      facts.error["compact"] = base::ReasonOf(verified.status());
    }
  }
  RunSerializations(output, read, facts);
  return facts;
}

crypto::Aead AeadOf(ContentEncryption encryption) {
  switch (encryption) {
    case ContentEncryption::kA128Gcm:
      return crypto::Aead::kAes128Gcm;
    case ContentEncryption::kA256Gcm:
      return crypto::Aead::kAes256Gcm;
    case ContentEncryption::kA128CbcHs256:
      return crypto::Aead::kAes128CbcHmacSha256;
  }
  return crypto::Aead::kAes256Gcm;
}

// The content key of the example: as it stands there or, where both sides agree on it, agreed on
// anew, from the other side.
absl::StatusOr<std::string> ContentKey(const Json& example, const Jwk& receiver) {
  const Json& input = Member(example, "input");
  if (TextMember(input, "alg") != "ECDH-ES") return Bytes(Member(example, "generated"), "cek");
  const absl::StatusOr<Jwk> ephemeral =
      jose::ParseJwk(Member(Member(example, "encrypting_key"), "epk").dump());
  if (!ephemeral.ok()) return ephemeral.status();
  if (!ephemeral->private_key.has_value()) return absl::InternalError("an epk that has no d");
  const absl::StatusOr<std::string> secret =
      crypto::AgreeWith(*ephemeral->private_key, receiver.key);
  if (!secret.ok()) return secret.status();
  const std::string name = TextMember(input, "enc");
  const auto encryption = jose::ContentEncryptionFromName(name);
  if (!encryption) return absl::InternalError("an encoding that is none of ours");
  return crypto::ConcatKdf(*secret, {name, "", ""}, crypto::KeyBytes(AeadOf(*encryption)));
}

absl::Status EncryptAgain(const Json& example, const Jwk& receiver, Facts& facts) {
  const Json& input = Member(example, "input");
  const auto encryption = jose::ContentEncryptionFromName(TextMember(input, "enc"));
  const absl::StatusOr<std::string> key = ContentKey(example, receiver);
  if (!key.ok()) return key.status();
  const absl::StatusOr<std::string> iv = Bytes(Member(example, "generated"), "iv");
  if (!iv.ok() || !encryption) return absl::InternalError("an example without its own iv");
  const std::string plaintext = TextMember(input, "plaintext");
  const crypto::Aead aead = AeadOf(*encryption);
  std::string ciphertext(crypto::CiphertextBytes(aead, plaintext.size()), '\0');
  std::string tag(crypto::kAeadTagBytes, '\0');
  if (!crypto::SealAead(aead, *key, *iv,
                        TextMember(Member(example, "encrypting_content"), "protected_b64u"),
                        plaintext, ciphertext.data(), tag.data())) {
    return absl::InternalError("the content cannot be encrypted");
  }
  facts.result["ciphertext"] = base::Base64UrlEncode(ciphertext);
  facts.result["tag"] = base::Base64UrlEncode(tag);
  return absl::OkStatus();
}

absl::StatusOr<Facts> RunEncrypted(const Json& example) {
  Facts facts;
  const std::vector<Jwk> keys = KeysOf(Member(example, "input"));
  const absl::StatusOr<std::vector<DecryptionKey>> decrypting = Decrypting(keys);
  if (!decrypting.ok()) return decrypting.status();
  const auto read = [&](const std::string& token) {
    return jose::DecryptCompact(token, *decrypting);
  };
  const Json& output = Member(example, "output");
  if (output.contains("compact")) {
    const auto opened = read(TextMember(output, "compact"));
    if (opened.ok()) {
      facts.result["payload"] = opened->plaintext;
      if (absl::Status made = EncryptAgain(example, keys[0], facts); !made.ok()) return made;
    } else {
      facts.error["compact"] = base::ReasonOf(opened.status());
    }
  }
  RunSerializations(output, read, facts);
  return facts;
}

void Prefix(const char* layer, const Facts& from, Facts& to) {
  for (const auto& [name, value] : from.result.items()) {
    to.result[absl::StrCat(layer, " ", name)] = value;
  }
  for (const auto& [name, value] : from.error.items()) {
    to.error[absl::StrCat(layer, " ", name)] = value;
  }
}

absl::StatusOr<Facts> RunNested(const Json& example) {
  const Json& sign = Member(example, "sign");
  const Json& encrypt = Member(example, "encrypt");
  const absl::StatusOr<Facts> inner = RunSigned(sign);
  if (!inner.ok()) return inner.status();
  const absl::StatusOr<Facts> outer = RunEncrypted(encrypt);
  if (!outer.ok()) return outer.status();
  Facts facts;
  Prefix("sign", *inner, facts);
  Prefix("encrypt", *outer, facts);
  const auto verifying = Verifying(KeysOf(Member(sign, "input")));
  const auto decrypting = Decrypting(KeysOf(Member(encrypt, "input")));
  if (!verifying.ok() || !decrypting.ok()) return absl::InternalError("keys are read above");
  jose::ClaimsRules rules;
  rules.type = "JWT";
  // A second before its end.
  const auto verified =
      jose::DecryptAndVerifyJwt(TextMember(Member(encrypt, "output"), "compact"), *decrypting,
                                *verifying, rules, absl::FromUnixSeconds(1300819379));
  if (!verified.ok()) return verified.status();
  facts.result["nested payload"] = verified->payload;
  return facts;
}

}  // namespace

absl::StatusOr<Facts> RunRfc7520(const Row& row, const Mode& /*mode*/,
                                 const Environment& /*environment*/) {
  const Json& example = row.body;
  if (example.contains("kty")) return RunKey(example);
  if (example.contains("sign") && example.contains("encrypt")) return RunNested(example);
  if (example.contains("encrypting_content")) return RunEncrypted(example);
  if (example.contains("signing")) return RunSigned(example);
  return absl::InvalidArgumentError("is neither a key nor a token of the cookbook");
}

}  // namespace va::conformance
