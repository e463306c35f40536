#include "lib/jose/jwe.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/ec_point.h"
#include "lib/crypto/hash.h"
#include "lib/crypto/key_agreement.h"
#include "lib/crypto/key_transport.h"
#include "lib/crypto/random.h"
#include "lib/crypto/weak_key.h"
#include "lib/jose/compact.h"
#include "lib/jose/jose_reject.h"

namespace va::jose {
namespace {

using nlohmann::json;

struct NamedManagement {
  KeyManagement management;
  absl::string_view name;
};
constexpr NamedManagement kManagements[] = {
    {KeyManagement::kRsaOaep, "RSA-OAEP"},
    {KeyManagement::kRsaOaep256, "RSA-OAEP-256"},
    {KeyManagement::kEcdhEs, "ECDH-ES"},
};

struct NamedEncryption {
  ContentEncryption encryption;
  absl::string_view name;
  crypto::Aead aead;
};
constexpr NamedEncryption kEncryptions[] = {
    {ContentEncryption::kA128Gcm, "A128GCM", crypto::Aead::kAes128Gcm},
    {ContentEncryption::kA256Gcm, "A256GCM", crypto::Aead::kAes256Gcm},
    {ContentEncryption::kA128CbcHs256, "A128CBC-HS256", crypto::Aead::kAes128CbcHmacSha256},
};

crypto::Aead AeadOf(ContentEncryption encryption) {
  return kEncryptions[static_cast<size_t>(encryption)].aead;
}

// RFC 7518 section 4.3: one digest for the label and for the mask.
crypto::OaepParameters ParametersOf(KeyManagement management) {
  const auto hash = management == KeyManagement::kRsaOaep256 ? crypto::OaepHash::kSha256
                                                             : crypto::OaepHash::kSha1;
  return {hash, hash};
}

// The name of a curve in a JWK.
absl::string_view CurveOf(crypto::KeyType type) {
  return type == crypto::KeyType::kEcP384 ? "P-384" : "P-256";
}

absl::Status CheckFits(EVP_PKEY* key, crypto::KeyType type, KeyManagement management) {
  if (!Fits(type, management)) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "KEY_ALGORITHM",
                           "the key is of another kind than its algorithm");
  }
  // Whoever read the key may have asked for RSA of any size, for old messages.
  return type == crypto::KeyType::kRsa ? crypto::CheckRsaNumbers(key) : absl::OkStatus();
}

// Overwrites what it holds, whichever way it goes.
class Wiped {
 public:
  Wiped() = default;
  explicit Wiped(std::string bytes) : bytes_(std::move(bytes)) {}
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { crypto::Cleanse(bytes_); }

  std::string& operator*() { return bytes_; }
  const std::string& operator*() const { return bytes_; }

 private:
  std::string bytes_;
};

size_t Base64Bytes(size_t bytes) { return (bytes * 4 + 2) / 3; }

// ---- writing ----

// `,"name":"text"` when there is a text.
bool AppendMember(absl::string_view name, absl::string_view text, std::string& out) {
  if (text.empty()) return true;
  absl::StrAppend(&out, ",\"", name, "\":");
  return AppendJsonText(text, out);
}

void AppendBytesMember(absl::string_view name, absl::string_view bytes, std::string& out) {
  if (bytes.empty()) return;
  absl::StrAppend(&out, ",\"", name, "\":\"");
  base::AppendBase64Url(bytes, out);
  out.push_back('"');
}

void AppendEphemeral(crypto::KeyType curve, const crypto::EcPoint& point, std::string& out) {
  absl::StrAppend(&out, R"(,"epk":{"kty":"EC","crv":")", CurveOf(curve), "\"");
  AppendBytesMember("x", point.x, out);
  AppendBytesMember("y", point.y, out);
  out.push_back('}');
}

absl::Status TooLarge() { return absl::InvalidArgumentError("the token would be too large"); }
absl::Status Broken() { return absl::InternalError("encryption failed"); }

// What the fields say, to a header that is still open.
absl::Status AppendFields(KeyManagement management, absl::string_view id, const JweFields& fields,
                          std::string& header) {
  if (management != KeyManagement::kEcdhEs && (!fields.apu.empty() || !fields.apv.empty())) {
    return absl::InvalidArgumentError("apu and apv belong to ECDH-ES");
  }
  if (!AppendMember("typ", fields.typ, header) || !AppendMember("cty", fields.cty, header) ||
      !AppendMember("kid", fields.kid.empty() ? id : fields.kid, header)) {
    return absl::InvalidArgumentError("a header field is not UTF-8");
  }
  AppendBytesMember("apu", fields.apu, header);
  AppendBytesMember("apv", fields.apv, header);
  return absl::OkStatus();
}

// The five parts, written once into a text that is long enough from the start.
absl::StatusOr<std::string> Assemble(crypto::Aead aead, absl::string_view header,
                                     absl::string_view wrapped, absl::string_view iv,
                                     absl::string_view content_key, absl::string_view plaintext) {
  const size_t encoded_header = Base64Bytes(header.size());
  const size_t body = crypto::CiphertextBytes(aead, plaintext.size());
  const size_t whole = encoded_header + Base64Bytes(wrapped.size()) + Base64Bytes(iv.size()) +
                       Base64Bytes(body) + Base64Bytes(crypto::kAeadTagBytes) + 4;
  if (encoded_header > kMaxEncodedHeader || whole > kMaxToken) return TooLarge();
  std::string token;
  token.reserve(whole);
  base::AppendBase64Url(header, token);
  std::string sealed(body + crypto::kAeadTagBytes, '\0');
  if (!crypto::SealAead(aead, content_key, iv, /*aad=*/token, plaintext, sealed.data(),
                        sealed.data() + body)) {
    return Broken();
  }
  const absl::string_view written = sealed;
  for (const absl::string_view part :
       {wrapped, iv, written.substr(0, body), written.substr(body)}) {
    token.push_back('.');
    base::AppendBase64Url(part, token);
  }
  return token;
}

}  // namespace

// What an encryption needs of its key, one of the two.
struct EncryptionKey::Parts {
  std::optional<crypto::OaepWrapper> wrapper;
  std::optional<crypto::AgreementSender> sender;
  KeyManagement management;
  ContentEncryption encryption;
  std::string id;
  std::string opening;  // the header as far as the key decides it, without the brace that closes

  absl::Status BringKey(const JweFields& fields, std::string& header, std::string& wrapped,
                        std::string& content_key) const;
};

namespace {

// ---- reading ----

struct Encoded {
  absl::string_view header;
  absl::string_view wrapped;
  absl::string_view iv;
  absl::string_view ciphertext;
  absl::string_view tag;
};

struct Sealed {
  std::string wrapped;
  std::string iv;
  std::string ciphertext;
  std::string tag;
};

absl::StatusOr<Encoded> Split(absl::string_view token) {
  std::array<absl::string_view, 5> parts;
  if (const absl::Status split = SplitCompact(token, absl::MakeSpan(parts)); !split.ok()) {
    return split;
  }
  return Encoded{parts[0], parts[1], parts[2], parts[3], parts[4]};
}

absl::Status Decode(absl::string_view part, std::string& out) {
  absl::StatusOr<std::string> bytes = DecodePart(part);
  if (bytes.ok()) out = *std::move(bytes);
  return bytes.status();
}

absl::StatusOr<Sealed> Decoded(const Encoded& parts) {
  Sealed sealed;
  absl::Status decoded = Decode(parts.wrapped, sealed.wrapped);
  decoded.Update(Decode(parts.iv, sealed.iv));
  decoded.Update(Decode(parts.ciphertext, sealed.ciphertext));
  decoded.Update(Decode(parts.tag, sealed.tag));
  if (!decoded.ok()) return decoded;
  return sealed;
}

absl::Status ReadAlgorithms(const json& object, JweHeader& header) {
  std::string management;
  std::string encryption;
  bool has_management = false;
  bool has_encryption = false;
  absl::Status read = ReadHeaderText(object, "alg", management, &has_management);
  read.Update(ReadHeaderText(object, "enc", encryption, &has_encryption));
  if (!read.ok()) return read;
  if (!has_management) return RejectStatus(JoseReject::kAlgorithmMissing);
  // Named apart from other unknown names: it is an attempt to make us count (attack J5).
  if (absl::StartsWith(management, "PBES2") || object.contains("p2c") || object.contains("p2s")) {
    return RejectStatus(JoseReject::kPasswordBased);
  }
  const std::optional<KeyManagement> known = KeyManagementFromName(management);
  if (!known.has_value()) return RejectStatus(JoseReject::kKeyManagementUnknown);
  if (!has_encryption) return RejectStatus(JoseReject::kContentEncryptionMissing);
  const std::optional<ContentEncryption> content = ContentEncryptionFromName(encryption);
  if (!content.has_value()) return RejectStatus(JoseReject::kContentEncryptionUnknown);
  header.management = *known;
  header.encryption = *content;
  return absl::OkStatus();
}

absl::StatusOr<JweHeader> HeaderOf(const json& object) {
  JweHeader header;
  absl::Status read = ReadAlgorithms(object, header);
  read.Update(ReadHeaderText(object, "typ", header.typ));
  read.Update(ReadHeaderText(object, "cty", header.cty));
  read.Update(ReadHeaderText(object, "kid", header.kid, &header.has_kid));
  if (!read.ok()) return read;
  return header;
}

bool AnswersTo(const DecryptionKey& key, const JweHeader& header) {
  if (key.management() != header.management) return false;
  return key.id().empty() || !header.has_kid || key.id() == header.kid;
}

bool Allows(const DecryptionKey& key, ContentEncryption encryption) {
  const auto allowed = key.allowed();
  return std::find(allowed.begin(), allowed.end(), encryption) != allowed.end();
}

absl::StatusOr<const DecryptionKey*> OnlyKeyFor(const JweHeader& header,
                                                absl::Span<const DecryptionKey> keys) {
  const DecryptionKey* found = nullptr;
  for (const DecryptionKey& key : keys) {
    if (!AnswersTo(key, header)) continue;
    if (found != nullptr) return RejectStatus(JoseReject::kKeyAmbiguous);
    found = &key;
  }
  if (found == nullptr) return RejectStatus(JoseReject::kKeyUnknown);
  if (!Allows(*found, header.encryption)) {
    return RejectStatus(JoseReject::kContentEncryptionRefused);
  }
  return found;
}

// Before any key is used: what the algorithms say about lengths (attacks J6, J7).
absl::Status CheckLengths(const JweHeader& header, const DecryptionKey& key, const Sealed& sealed) {
  const crypto::Aead aead = AeadOf(header.encryption);
  const bool key_fits = header.management == KeyManagement::kEcdhEs
                            ? sealed.wrapped.empty()
                            : crypto::FitsKey(key.key(), sealed.wrapped);
  // What a plaintext of this length gives is this length; with CBC that is whole blocks.
  const size_t length = sealed.ciphertext.size();
  const bool whole = crypto::CiphertextBytes(aead, length) == length ||
                     (length > 0 && crypto::CiphertextBytes(aead, length - 1) == length);
  if (!key_fits || !whole || sealed.iv.size() != crypto::IvBytes(aead) ||
      sealed.tag.size() != crypto::kAeadTagBytes) {
    return RejectStatus(JoseReject::kPartLength);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> CoordinateOf(const json& epk, const char* name) {
  const auto at = epk.find(name);
  if (at == epk.end() || !at->is_string()) return RejectStatus(JoseReject::kEphemeralKey);
  absl::StatusOr<std::string> bytes = base::Base64UrlDecode(at->get_ref<const std::string&>());
  if (!bytes.ok()) return RejectStatus(JoseReject::kEphemeralKey);
  return bytes;
}

bool IsText(const json& object, const char* name, absl::string_view text) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() && at->get_ref<const std::string&>() == text;
}

// The sender's public key: a point of our curve and nothing else (attack J1).
absl::StatusOr<crypto::PublicKey> EphemeralOf(const json& header, crypto::KeyType curve) {
  const auto epk = header.find("epk");
  if (epk == header.end() || !epk->is_object() || epk->contains("d") ||
      !IsText(*epk, "kty", "EC") || !IsText(*epk, "crv", CurveOf(curve))) {
    return RejectStatus(JoseReject::kEphemeralKey);
  }
  const absl::StatusOr<std::string> x = CoordinateOf(*epk, "x");
  if (!x.ok()) return x.status();
  const absl::StatusOr<std::string> y = CoordinateOf(*epk, "y");
  if (!y.ok()) return y.status();
  absl::StatusOr<crypto::PublicKey> point = crypto::EcKeyFromPoint(curve, *x, *y);
  if (!point.ok()) return RejectStatus(JoseReject::kEphemeralKey);
  return point;
}

// apu or apv, raw.
absl::Status ReadParty(const json& header, const char* name, std::string& out) {
  std::string text;
  absl::Status read = ReadHeaderText(header, name, text);
  if (!read.ok()) return read;
  return Decode(text, out);
}

absl::Status AgreeOnKey(const json& object, const JweHeader& header, const DecryptionKey& key,
                        std::string& content_key) {
  std::string sender;
  std::string receiver;
  absl::Status read = ReadParty(object, "apu", sender);
  read.Update(ReadParty(object, "apv", receiver));
  if (!read.ok()) return read;
  const absl::StatusOr<crypto::PublicKey> ephemeral = EphemeralOf(object, key.key().type());
  if (!ephemeral.ok()) return ephemeral.status();
  absl::StatusOr<std::string> agreed = crypto::AgreeWith(key.key(), *ephemeral);
  if (!agreed.ok()) return RejectStatus(JoseReject::kEphemeralKey);
  const Wiped secret(*std::move(agreed));
  content_key = crypto::ConcatKdf(*secret, {ToString(header.encryption), sender, receiver},
                                  crypto::KeyBytes(AeadOf(header.encryption)));
  return absl::OkStatus();
}

// The content key. What cannot be unwrapped gives a random one: the tag fails then, after the same
// work (attacks J3, J15).
absl::Status FindContentKey(const json& object, const JweHeader& header, const DecryptionKey& key,
                            const Sealed& sealed, std::string& content_key) {
  if (header.management == KeyManagement::kEcdhEs) {
    return AgreeOnKey(object, header, key, content_key);
  }
  content_key = crypto::UnwrapOaep(key.key(), ParametersOf(header.management), sealed.wrapped,
                                   crypto::KeyBytes(AeadOf(header.encryption)));
  return absl::OkStatus();
}

absl::Status Open(const json& object, const JweHeader& header, const DecryptionKey& key,
                  const Encoded& parts, const Sealed& sealed, std::string& plaintext) {
  if (absl::Status fit = CheckLengths(header, key, sealed); !fit.ok()) return fit;
  Wiped content_key;
  if (absl::Status found = FindContentKey(object, header, key, sealed, *content_key); !found.ok()) {
    return found;
  }
  // The header is authenticated as it was sent.
  if (crypto::OpenAead(AeadOf(header.encryption), *content_key, sealed.iv, parts.header,
                       sealed.ciphertext, sealed.tag, plaintext)) {
    return absl::OkStatus();
  }
  return RejectStatus(JoseReject::kDecryptionFailed);
}

// The work of a decryption that fails, for a token that no key may be tried on: its sender must not
// read from the time which names of keys we know (attack J15). Which algorithms we accept is no
// secret.
void PretendToOpen(const json& object, const JweHeader& header,
                   absl::Span<const DecryptionKey> keys, const Encoded& parts,
                   const Sealed& sealed) {
  for (const DecryptionKey& key : keys) {
    if (key.management() != header.management || !Allows(key, header.encryption)) continue;
    Wiped plaintext;
    Open(object, header, key, parts, sealed, *plaintext).IgnoreError();
    return;
  }
}

}  // namespace

// ---- names ----

absl::string_view ToString(KeyManagement management) {
  return kManagements[static_cast<size_t>(management)].name;
}

absl::string_view ToString(ContentEncryption encryption) {
  return kEncryptions[static_cast<size_t>(encryption)].name;
}

std::optional<KeyManagement> KeyManagementFromName(absl::string_view name) {
  for (const NamedManagement& listed : kManagements) {
    if (listed.name == name) return listed.management;
  }
  return std::nullopt;
}

std::optional<ContentEncryption> ContentEncryptionFromName(absl::string_view name) {
  for (const NamedEncryption& listed : kEncryptions) {
    if (listed.name == name) return listed.encryption;
  }
  return std::nullopt;
}

absl::Span<const KeyManagement> AllKeyManagements() {
  static constexpr KeyManagement kAll[] = {KeyManagement::kRsaOaep, KeyManagement::kRsaOaep256,
                                           KeyManagement::kEcdhEs};
  return kAll;
}

absl::Span<const ContentEncryption> AllContentEncryptions() {
  static constexpr ContentEncryption kAll[] = {
      ContentEncryption::kA128Gcm, ContentEncryption::kA256Gcm, ContentEncryption::kA128CbcHs256};
  return kAll;
}

bool Fits(crypto::KeyType type, KeyManagement management) {
  if (management == KeyManagement::kEcdhEs) {
    return type == crypto::KeyType::kEcP256 || type == crypto::KeyType::kEcP384;
  }
  return type == crypto::KeyType::kRsa;
}

// ---- EncryptionKey ----

EncryptionKey::EncryptionKey(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
EncryptionKey::EncryptionKey(EncryptionKey&&) noexcept = default;
EncryptionKey& EncryptionKey::operator=(EncryptionKey&&) noexcept = default;
EncryptionKey::~EncryptionKey() = default;

KeyManagement EncryptionKey::management() const { return parts_->management; }
ContentEncryption EncryptionKey::encryption() const { return parts_->encryption; }
const std::string& EncryptionKey::id() const { return parts_->id; }

absl::StatusOr<EncryptionKey> EncryptionKey::Create(const crypto::PublicKey& key,
                                                    KeyManagement management,
                                                    ContentEncryption encryption,
                                                    absl::string_view id) {
  if (const absl::Status fits = CheckFits(key.native(), key.type(), management); !fits.ok()) {
    return fits;
  }
  auto parts = std::make_unique<Parts>(
      Parts{std::nullopt, std::nullopt, management, encryption, std::string(id),
            absl::StrCat(R"({"alg":")", ToString(management), R"(","enc":")", ToString(encryption),
                         "\"")});
  if (management == KeyManagement::kEcdhEs) {
    absl::StatusOr<crypto::AgreementSender> sender = crypto::AgreementSender::Create(key);
    if (!sender.ok()) return sender.status();
    parts->sender = *std::move(sender);
  } else {
    absl::StatusOr<crypto::OaepWrapper> wrapper =
        crypto::OaepWrapper::Create(key, ParametersOf(management));
    if (!wrapper.ok()) return wrapper.status();
    parts->wrapper = *std::move(wrapper);
  }
  return EncryptionKey(std::move(parts));
}

// ---- DecryptionKey ----

absl::StatusOr<DecryptionKey> DecryptionKey::Create(const crypto::PrivateKey& key,
                                                    KeyManagement management,
                                                    std::vector<ContentEncryption> allowed,
                                                    absl::string_view id) {
  if (const absl::Status fits = CheckFits(key.native(), key.type(), management); !fits.ok()) {
    return fits;
  }
  if (allowed.empty()) return absl::InvalidArgumentError("a key that may decrypt nothing");
  return DecryptionKey(key.Share(), management, std::move(allowed), std::string(id));
}

// ---- tokens ----

// A content key, and the way in which it travels: in `wrapped`, or by what `header` says.
absl::Status EncryptionKey::Parts::BringKey(const JweFields& fields, std::string& header,
                                            std::string& wrapped, std::string& content_key) const {
  if (wrapper.has_value()) {
    wrapped.resize(wrapper->bytes());
    return wrapper->Wrap(content_key, wrapped.data()) ? absl::OkStatus() : Broken();
  }
  absl::StatusOr<crypto::SenderAgreement> agreed = sender->Agree();
  if (!agreed.ok()) return agreed.status();
  const Wiped secret(std::move(agreed->secret));
  crypto::Cleanse(content_key);
  content_key = crypto::ConcatKdf(*secret, {ToString(encryption), fields.apu, fields.apv},
                                  crypto::KeyBytes(AeadOf(encryption)));
  AppendEphemeral(sender->curve(), agreed->ephemeral, header);
  return absl::OkStatus();
}

absl::StatusOr<std::string> EncryptCompact(const EncryptionKey& key, const JweFields& fields,
                                           absl::string_view plaintext) {
  const EncryptionKey::Parts& parts = *key.parts_;
  if (plaintext.size() > kMaxToken) return TooLarge();
  std::string header = parts.opening;
  if (absl::Status said = AppendFields(parts.management, parts.id, fields, header); !said.ok()) {
    return said;
  }
  const crypto::Aead aead = AeadOf(parts.encryption);
  // One call of the generator for both: the content key, and the initialisation vector behind it.
  const size_t key_bytes = crypto::KeyBytes(aead);
  Wiped content_key(crypto::SystemIdGenerator().RandomBytes(key_bytes + crypto::IvBytes(aead)));
  const std::string iv = (*content_key).substr(key_bytes);
  (*content_key).resize(key_bytes);
  std::string wrapped;
  if (absl::Status brought = parts.BringKey(fields, header, wrapped, *content_key); !brought.ok()) {
    return brought;
  }
  header.push_back('}');
  return Assemble(aead, header, wrapped, iv, *content_key, plaintext);
}

DecryptedJwe::~DecryptedJwe() { crypto::Cleanse(plaintext); }

DecryptedJwe& DecryptedJwe::operator=(DecryptedJwe&& other) noexcept {
  if (this == &other) return *this;
  header = std::move(other.header);
  plaintext.swap(other.plaintext);
  // What was here before is overwritten as well.
  crypto::Cleanse(other.plaintext);
  return *this;
}

absl::StatusOr<DecryptedJwe> DecryptCompact(absl::string_view token,
                                            absl::Span<const DecryptionKey> keys) {
  const absl::StatusOr<Encoded> parts = Split(token);
  if (!parts.ok()) return parts.status();
  const absl::StatusOr<json> object = ReadProtected(parts->header);
  if (!object.ok()) return object.status();
  absl::StatusOr<JweHeader> header = HeaderOf(*object);
  if (!header.ok()) return header.status();
  const absl::StatusOr<Sealed> sealed = Decoded(*parts);
  if (!sealed.ok()) return sealed.status();
  const absl::StatusOr<const DecryptionKey*> key = OnlyKeyFor(*header, keys);
  if (!key.ok()) {
    PretendToOpen(*object, *header, keys, *parts, *sealed);
    return key.status();
  }
  DecryptedJwe opened(*std::move(header), "");
  if (const absl::Status held =
          Open(*object, opened.header, **key, *parts, *sealed, opened.plaintext);
      !held.ok()) {
    return held;
  }
  return opened;
}

}  // namespace va::jose
