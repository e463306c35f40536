// fuzz: an encrypted compact token, made by a sender, edited on its way; or any other
// parser: lib/jose/compact.cc
// parser: lib/jose/jwe.cc
// parser: lib/jose/nested.cc
//
// Letters: e encrypted to us, o to somebody else, n the content signed before, w written by
// EncryptCompact with the header as its kid, r the rest as it stands; then the way of the key, '0'
// to '3' (RSA-OAEP, RSA-OAEP-256, ECDH-ES on P-256 and P-384), and the content encryption, '0' to
// '2'. An '@' in the header becomes the ephemeral key of an agreement.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/base/encoding.h"
#include "lib/crypto/aead.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/key_agreement.h"
#include "lib/crypto/key_transport.h"
#include "lib/jose/compact.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/jwe.h"
#include "lib/jose/nested.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/json_look.h"
#include "tests/fuzz/token_input.h"

namespace va::fuzz {

const char kMustReach[] = "NESTED_JWT";

namespace {

using crypto::NewKey;
using jose::ContentEncryption;
using jose::KeyManagement;

constexpr int64_t kNow = 1768478400;
constexpr const char* kNever[] = {"crit", "zip", "b64", "jwk", "jku", "x5u", "x5c", "p2c", "p2s"};

struct Way {
  KeyManagement management;
  const char* name;
  NewKey key;
  const char* curve;
  crypto::OaepHash hash;
};
constexpr Way kWays[] = {
    {KeyManagement::kRsaOaep, "RSA-OAEP", NewKey::kRsa2048, "", crypto::OaepHash::kSha1},
    {KeyManagement::kRsaOaep256, "RSA-OAEP-256", NewKey::kRsa2048, "", crypto::OaepHash::kSha256},
    {KeyManagement::kEcdhEs, "ECDH-ES", NewKey::kEcP256, "P-256", crypto::OaepHash::kSha1},
    {KeyManagement::kEcdhEs, "ECDH-ES", NewKey::kEcP384, "P-384", crypto::OaepHash::kSha1},
};

struct Content {
  ContentEncryption encryption;
  const char* name;
  crypto::Aead aead;
};
constexpr Content kContents[] = {
    {ContentEncryption::kA128Gcm, "A128GCM", crypto::Aead::kAes128Gcm},
    {ContentEncryption::kA256Gcm, "A256GCM", crypto::Aead::kAes256Gcm},
    {ContentEncryption::kA128CbcHs256, "A128CBC-HS256", crypto::Aead::kAes128CbcHmacSha256},
};

template <typename T>
T Must(absl::StatusOr<T> made) {
  if (!made.ok()) Finding(made.status().ToString());
  return *std::move(made);
}

crypto::PrivateKey Fresh(NewKey kind) {
  return Must(crypto::PrivateKey::FromPem(Must(crypto::GenerateKeyPem(kind))));
}

// A key for every way, made anew in every process.
struct Receiver {
  std::vector<crypto::PrivateKey> keys;
  std::vector<std::vector<jose::DecryptionKey>> decrypting;

  Receiver() {
    for (const Way& way : kWays) {
      keys.push_back(Fresh(way.key));
      std::vector<ContentEncryption> all;
      for (const Content& content : kContents) all.push_back(content.encryption);
      decrypting.emplace_back();
      decrypting.back().push_back(
          Must(jose::DecryptionKey::Create(keys.back(), way.management, all)));
    }
  }
};

const Receiver& Us() {
  static const auto* const receiver = new Receiver();
  return *receiver;
}
const Receiver& Stranger() {
  static const auto* const receiver = new Receiver();
  return *receiver;
}

const crypto::PrivateKey& SigningPair() {
  static const auto* const key = new crypto::PrivateKey(Fresh(NewKey::kEcP256));
  return *key;
}
const std::vector<jose::VerifyingKey>& Verifying() {
  static const auto* const keys = [] {
    auto* made = new std::vector<jose::VerifyingKey>();
    made->push_back(
        Must(jose::VerifyingKey::Create(SigningPair().Public(), jose::Algorithm::kEs256)));
    return made;
  }();
  return *keys;
}

// The bytes of a party as they stand in the header; none when they are not to be read.
std::string PartyOf(const JsonLook& look, absl::string_view name) {
  const auto bytes = base::Base64UrlDecode(look.Text(name));
  return bytes.ok() ? *bytes : "";
}

struct Made {
  std::string header;
  std::string epk;  // as it was put in
  std::string token;
};

// A token under any header, put together by hand.
Made MakeToken(const Receiver& to, size_t way_at, const Content& content, const TokenInput& input,
               absl::string_view plaintext) {
  const Way& way = kWays[way_at];
  const crypto::PublicKey key = to.keys[way_at].Public();
  Made made{input.header, "", ""};
  std::string content_key(crypto::KeyBytes(content.aead), 'k');
  std::string wrapped;
  if (way.management == KeyManagement::kEcdhEs) {
    const auto agreed = Must(Must(crypto::AgreementSender::Create(key)).Agree());
    made.epk = absl::StrCat(R"({"kty":"EC","crv":")", way.curve, R"(","x":")",
                            base::Base64UrlEncode(agreed.ephemeral.x), R"(","y":")",
                            base::Base64UrlEncode(agreed.ephemeral.y), "\"}");
    made.header = absl::StrReplaceAll(made.header, {{"@", made.epk}});
    const JsonLook look = LookAt(made.header);
    content_key =
        crypto::ConcatKdf(agreed.secret, {content.name, PartyOf(look, "apu"), PartyOf(look, "apv")},
                          content_key.size());
  } else {
    const auto wrapper = Must(crypto::OaepWrapper::Create(key, {way.hash, way.hash}));
    wrapped.resize(wrapper.bytes());
    Require(wrapper.Wrap(content_key, wrapped.data()), "cannot wrap");
  }
  const std::string encoded = base::Base64UrlEncode(made.header);
  const std::string iv(crypto::IvBytes(content.aead), 'i');
  std::string body(crypto::CiphertextBytes(content.aead, plaintext.size()), '\0');
  std::string tag(crypto::kAeadTagBytes, '\0');
  Require(
      crypto::SealAead(content.aead, content_key, iv, encoded, plaintext, body.data(), tag.data()),
      "cannot seal");
  made.token = encoded;
  for (const std::string& part : {wrapped, iv, body, tag}) {
    absl::StrAppend(&made.token, ".", base::Base64UrlEncode(part));
  }
  return made;
}

// ---- the independent look ----

bool IsGoodHeader(const JsonLook& look, const Way& way, const Content& content,
                  const std::string& epk) {
  if (!look.object || look.duplicate || look.Text("alg") != way.name ||
      look.Text("enc") != content.name) {
    return false;
  }
  for (const char* name : kNever) {
    if (look.Has(name)) return false;
  }
  if (!look.TextOrAbsent("typ") || !look.TextOrAbsent("cty") || !look.TextOrAbsent("kid")) {
    return false;
  }
  if (way.management != KeyManagement::kEcdhEs) return true;
  const auto found = look.members.find("epk");
  return found != look.members.end() && found->second == epk && look.TextOrAbsent("apu") &&
         look.TextOrAbsent("apv") && base::Base64UrlDecode(look.Text("apu")).ok() &&
         base::Base64UrlDecode(look.Text("apv")).ok();
}

jose::ClaimsRules Rules() {
  jose::ClaimsRules rules;
  rules.issuer = "us";
  return rules;
}

std::string VerdictOf(const std::string& token, const std::vector<jose::DecryptionKey>& keys,
                      absl::StatusOr<jose::DecryptedJwe>& opened) {
  opened = jose::DecryptCompact(token, keys);
  const auto nested =
      jose::DecryptAndVerifyJwt(token, keys, Verifying(), Rules(), absl::FromUnixSeconds(kNow));
  if (nested.ok()) return "NESTED_JWT";
  Require(jose::RejectOf(nested.status()).has_value(), "a refusal without a reason");
  if (opened.ok()) return "DECRYPTED";
  Require(jose::RejectOf(opened.status()).has_value(), "a refusal without a reason");
  return std::string(jose::ToString(*jose::RejectOf(opened.status())));
}

// Our own writing: what it gives is read.
std::string Written(size_t way_at, const Content& content, const TokenInput& input) {
  const Way& way = kWays[way_at];
  const auto key = Must(
      jose::EncryptionKey::Create(Us().keys[way_at].Public(), way.management, content.encryption));
  jose::JweFields fields{"t", "c", input.header, "", ""};
  if (way.management == KeyManagement::kEcdhEs) fields.apu = fields.apv = "party";
  const auto token = jose::EncryptCompact(key, fields, input.content);
  if (!token.ok()) return "";
  const auto read = jose::DecryptCompact(*token, Us().decrypting[way_at]);
  Require(read.ok() && read->plaintext == input.content && read->header.kid == input.header &&
              read->header.typ == "t" && read->header.cty == "c",
          "what was written is not what is read");
  const auto signer = Must(jose::SigningKey::Create(SigningPair(), jose::Algorithm::kEs256));
  const auto nested = jose::SignAndEncryptJwt(signer, {}, input.content, key, {});
  if (nested.ok()) {
    const auto inner = jose::DecryptCompact(*nested, Us().decrypting[way_at]);
    Require(inner.ok() && inner->header.cty == "JWT" &&
                jose::VerifyCompact(inner->plaintext, Verifying()).ok(),
            "what was signed and encrypted is not what is read");
  }
  return *token;
}

std::string Signed(absl::string_view payload) {
  const auto key = Must(jose::SigningKey::Create(SigningPair(), jose::Algorithm::kEs256));
  const auto token = jose::SignCompact(key, {}, payload);
  return token.ok() ? *token : "";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const TokenInput input = TokenInputOf(TextOf(data, size), 3);
  const char mode = input.letters[0];
  const size_t way_at = Choice(input.letters[1], 16) % std::size(kWays);
  const Way& way = kWays[way_at];
  const Content& content = kContents[Choice(input.letters[2], 16) % std::size(kContents)];
  const std::string plaintext = mode == 'n' ? Signed(input.content) : input.content;
  Made made;
  if (mode == 'r') {
    made.token = absl::StrCat(input.header, input.content);
  } else if (mode == 'w') {
    made.token = Written(way_at, content, input);
  } else {
    made = MakeToken(mode == 'o' ? Stranger() : Us(), way_at, content, input, plaintext);
  }
  const std::string token = Edited(made.token, input.edits);
  absl::StatusOr<jose::DecryptedJwe> opened;
  const std::string verdict =
      Judge(token.size(), [&] { return VerdictOf(token, Us().decrypting[way_at], opened); });
  if (mode == 'w') {
    Require(!opened.ok() || token == made.token, "an edited token was accepted");
    return 0;
  }
  const JsonLook look = LookAt(made.header);
  const bool ours = mode != 'r' && mode != 'o' && token == made.token;
  if (opened.ok()) {
    Require(ours, "what was not encrypted to us was accepted");
    Require(opened->plaintext == plaintext, "another plaintext");
    Require(opened->header.management == way.management &&
                opened->header.encryption == content.encryption,
            "another algorithm");
    Require(look.unsure || IsGoodHeader(look, way, content, made.epk),
            "a header that must be refused");
    if (verdict == "NESTED_JWT") {
      Require(mode == 'n', "what nobody signed was accepted");
      Require(opened->header.cty == "JWT", "another nesting");
    }
  } else if (ours && !look.unsure && IsGoodHeader(look, way, content, made.epk)) {
    Require(token.size() > jose::kMaxToken ||
                base::Base64UrlEncode(made.header).size() > jose::kMaxEncodedHeader,
            absl::StrCat("a good token was refused: ", verdict));
  }
  return 0;
}

}  // namespace va::fuzz
