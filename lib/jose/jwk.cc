#include "lib/jose/jwk.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/ec_point.h"
#include "lib/crypto/hash.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/json_object.h"
#include "lib/jose/jwe.h"
#include "lib/jose/jwk_object.h"
#include "lib/jose/key_numbers.h"
#include "lib/jose/signature.h"
#include "lib/jose/thumbprint.h"

namespace va::jose {
namespace {

using crypto::KeyType;
using nlohmann::json;

constexpr size_t kMaxCertificates = 10;
constexpr size_t kOkpWidth = 32;

struct Named {
  JwkReject reject;
  absl::string_view name;
};

// In the order of the enumeration, which the assertion below holds to.
constexpr Named kNames[] = {
    {JwkReject::kTooLarge, "TOO_LARGE"},
    {JwkReject::kNotJson, "NOT_JSON"},
    {JwkReject::kDuplicateName, "DUPLICATE_NAME"},
    {JwkReject::kMemberMissing, "MEMBER_MISSING"},
    {JwkReject::kMemberMalformed, "MEMBER_MALFORMED"},
    {JwkReject::kBadBase64, "BAD_BASE64"},
    {JwkReject::kKeyTypeUnknown, "KEY_TYPE_UNKNOWN"},
    {JwkReject::kSymmetric, "SYMMETRIC"},
    {JwkReject::kCurveUnknown, "CURVE_UNKNOWN"},
    {JwkReject::kCoordinateWidth, "COORDINATE_WIDTH"},
    {JwkReject::kNotOnCurve, "NOT_ON_CURVE"},
    {JwkReject::kPrivateMismatch, "PRIVATE_MISMATCH"},
    {JwkReject::kMultiPrime, "MULTI_PRIME"},
    {JwkReject::kTooShort, "TOO_SHORT"},
    {JwkReject::kWeak, "WEAK"},
    {JwkReject::kAlgorithmUnknown, "ALGORITHM_UNKNOWN"},
    {JwkReject::kAlgorithmMismatch, "ALGORITHM_MISMATCH"},
    {JwkReject::kUseUnknown, "USE_UNKNOWN"},
    {JwkReject::kUseMismatch, "USE_MISMATCH"},
    {JwkReject::kOperationsMalformed, "OPERATIONS_MALFORMED"},
    {JwkReject::kOperationsMismatch, "OPERATIONS_MISMATCH"},
    {JwkReject::kCertificate, "CERTIFICATE"},
    {JwkReject::kPrivateInSet, "PRIVATE_IN_SET"},
    {JwkReject::kSharedPrime, "SHARED_PRIME"},
};

constexpr bool NamesFollowTheEnumeration() {
  size_t at = 0;
  for (const Named& named : kNames) {
    if (static_cast<size_t>(named.reject) != at++) return false;
  }
  return at == static_cast<size_t>(JwkReject::kSharedPrime) + 1;
}
static_assert(NamesFollowTheEnumeration());

// An operation of RFC 7517 section 4.3, what it is part of, and the kinds of key that do it.
struct Operation {
  absl::string_view name;
  KeyUse use;
  bool rsa;
  bool ec;
  bool okp;
  absl::string_view public_side;  // what the public half of a private key does
};
constexpr Operation kOperations[] = {
    {"sign", KeyUse::kSignature, true, true, true, "verify"},
    {"verify", KeyUse::kSignature, true, true, true, ""},
    {"encrypt", KeyUse::kEncryption, true, false, false, ""},
    {"decrypt", KeyUse::kEncryption, true, false, false, "encrypt"},
    {"wrapKey", KeyUse::kEncryption, true, false, false, ""},
    {"unwrapKey", KeyUse::kEncryption, true, false, false, "wrapKey"},
    {"deriveKey", KeyUse::kEncryption, false, true, false, ""},
    {"deriveBits", KeyUse::kEncryption, false, true, false, ""},
};

const Operation* OperationOf(absl::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kOperations), std::end(kOperations),
                   [name](const Operation& operation) { return operation.name == name; });
  return found == std::end(kOperations) ? nullptr : found;
}

bool Does(const Operation& operation, KeyType type) {
  switch (type) {
    case KeyType::kRsa:
      return operation.rsa;
    case KeyType::kEcP256:
    case KeyType::kEcP384:
      return operation.ec;
    case KeyType::kEd25519:
      return operation.okp;
  }
  return false;
}

// Members of the key types that only a private key has. `k` is the secret of a symmetric one.
constexpr const char* kPrivateMembers[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

absl::Status Reject(JwkReject reject) { return JwkRejectStatus(reject); }

// Nothing when the member is absent.
absl::StatusOr<std::optional<std::string>> Text(const json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end()) return std::nullopt;
  if (!at->is_string()) return Reject(JwkReject::kMemberMalformed);
  return at->get<std::string>();
}

absl::StatusOr<std::string> Bytes(const json& object, const char* name) {
  absl::StatusOr<std::optional<std::string>> text = Text(object, name);
  if (!text.ok()) return text.status();
  if (!text->has_value()) return Reject(JwkReject::kMemberMissing);
  absl::StatusOr<std::string> bytes = base::Base64UrlDecode(**text);
  crypto::Cleanse(**text);
  if (!bytes.ok()) return Reject(JwkReject::kBadBase64);
  return bytes;
}

// RFC 7518 section 2, Base64urlUInt: the fewest bytes that hold it. Zero is no number of a key.
absl::Status ReadNumber(const json& object, const char* name, std::string& out) {
  absl::StatusOr<std::string> bytes = Bytes(object, name);
  if (!bytes.ok()) return bytes.status();
  if (bytes->empty() || bytes->front() == '\0') return Reject(JwkReject::kBadBase64);
  out = *std::move(bytes);
  return absl::OkStatus();
}

absl::Status ReadCoordinate(const json& object, const char* name, size_t width, std::string& out) {
  absl::StatusOr<std::string> bytes = Bytes(object, name);
  if (!bytes.ok()) return bytes.status();
  if (bytes->size() != width) return Reject(JwkReject::kCoordinateWidth);
  out = *std::move(bytes);
  return absl::OkStatus();
}

// --- The numbers of each kind ---

// The key of the numbers, with its private half when there is one.
template <typename Numbers>
absl::StatusOr<Jwk> Made(const Numbers& numbers) {
  absl::StatusOr<crypto::PublicKey> key = PublicKeyOf(numbers);
  if (!key.ok()) return key.status();
  Jwk jwk{.key = *std::move(key), .private_key = {}, .id = {}, .algorithm = {}, .operations = {}};
  if (numbers.d.empty()) return jwk;
  absl::StatusOr<crypto::PrivateKey> private_key = PrivateKeyOf(numbers);
  if (!private_key.ok()) return private_key.status();
  jwk.private_key.emplace(*std::move(private_key));
  return jwk;
}

template <typename Numbers>
absl::StatusOr<Jwk> MadeAndForgotten(absl::Status read, Numbers numbers,
                                     std::initializer_list<std::string Numbers::*> secrets) {
  absl::StatusOr<Jwk> jwk = read.ok() ? Made(numbers) : absl::StatusOr<Jwk>(read);
  for (std::string Numbers::*const secret : secrets) crypto::Cleanse(numbers.*secret);
  return jwk;
}

// RFC 7518 section 6.3.2: with one of the numbers behind `d` come all of them.
absl::Status ReadRsaSecrets(const json& object, RsaNumbers& numbers) {
  if (object.contains("oth")) return Reject(JwkReject::kMultiPrime);
  const bool has_primes =
      std::any_of(std::begin(kPrivateMembers) + 1, std::begin(kPrivateMembers) + 6,
                  [&](const char* name) { return object.contains(name); });
  if (!has_primes && !object.contains("d")) return absl::OkStatus();
  absl::Status read = ReadNumber(object, "d", numbers.d);
  if (!has_primes) return read;
  read.Update(ReadNumber(object, "p", numbers.p));
  read.Update(ReadNumber(object, "q", numbers.q));
  read.Update(ReadNumber(object, "dp", numbers.dp));
  read.Update(ReadNumber(object, "dq", numbers.dq));
  read.Update(ReadNumber(object, "qi", numbers.qi));
  return read;
}

absl::StatusOr<Jwk> ReadRsa(const json& object) {
  RsaNumbers numbers;
  absl::Status read = ReadNumber(object, "n", numbers.n);
  read.Update(ReadNumber(object, "e", numbers.e));
  if (read.ok()) read = ReadRsaSecrets(object, numbers);
  return MadeAndForgotten(read, std::move(numbers),
                          {&RsaNumbers::d, &RsaNumbers::p, &RsaNumbers::q, &RsaNumbers::dp,
                           &RsaNumbers::dq, &RsaNumbers::qi});
}

absl::StatusOr<Jwk> ReadEc(const json& object, absl::string_view curve) {
  EcNumbers numbers;
  if (curve == "P-384") {
    numbers.curve = KeyType::kEcP384;
  } else if (curve != "P-256") {
    return Reject(JwkReject::kCurveUnknown);
  }
  const size_t width = crypto::CoordinateBytes(numbers.curve);
  absl::Status read = ReadCoordinate(object, "x", width, numbers.x);
  read.Update(ReadCoordinate(object, "y", width, numbers.y));
  if (object.contains("d")) read.Update(ReadCoordinate(object, "d", width, numbers.d));
  return MadeAndForgotten(read, std::move(numbers), {&EcNumbers::d});
}

absl::StatusOr<Jwk> ReadOkp(const json& object, absl::string_view curve) {
  if (curve != "Ed25519") return Reject(JwkReject::kCurveUnknown);
  OkpNumbers numbers;
  absl::Status read = ReadCoordinate(object, "x", kOkpWidth, numbers.x);
  if (object.contains("d")) read.Update(ReadCoordinate(object, "d", kOkpWidth, numbers.d));
  return MadeAndForgotten(read, std::move(numbers), {&OkpNumbers::d});
}

absl::StatusOr<Jwk> ReadKey(const json& object) {
  const absl::StatusOr<std::optional<std::string>> type = Text(object, "kty");
  if (!type.ok()) return type.status();
  if (!type->has_value()) return Reject(JwkReject::kMemberMissing);
  if (*type == "oct") return Reject(JwkReject::kSymmetric);
  if (*type == "RSA") return ReadRsa(object);
  if (*type != "EC" && *type != "OKP") return Reject(JwkReject::kKeyTypeUnknown);
  const absl::StatusOr<std::optional<std::string>> curve = Text(object, "crv");
  if (!curve.ok()) return curve.status();
  if (!curve->has_value()) return Reject(JwkReject::kMemberMissing);
  return *type == "EC" ? ReadEc(object, **curve) : ReadOkp(object, **curve);
}

// --- What is said about it ---

absl::Status ReadId(const json& object, Jwk& jwk) {
  absl::StatusOr<std::optional<std::string>> id = Text(object, "kid");
  if (!id.ok()) return id.status();
  if (!id->has_value()) return absl::OkStatus();
  // An empty name is a name, but here it would stand for none.
  if ((*id)->empty()) return Reject(JwkReject::kMemberMalformed);
  jwk.id = **std::move(id);
  return absl::OkStatus();
}

// Narrows what the key may be used for; kUseMismatch when it is for something else already.
absl::Status Narrow(KeyUse use, JwkReject contradiction, Jwk& jwk) {
  if (jwk.use != KeyUse::kAny && jwk.use != use) return Reject(contradiction);
  jwk.use = use;
  return absl::OkStatus();
}

absl::Status ReadUse(const json& object, Jwk& jwk) {
  const absl::StatusOr<std::optional<std::string>> use = Text(object, "use");
  if (!use.ok()) return use.status();
  if (!use->has_value()) return absl::OkStatus();
  if (*use == "sig") return Narrow(KeyUse::kSignature, JwkReject::kUseMismatch, jwk);
  if (*use != "enc") return Reject(JwkReject::kUseUnknown);
  if (jwk.key.type() == KeyType::kEd25519) return Reject(JwkReject::kUseMismatch);
  return Narrow(KeyUse::kEncryption, JwkReject::kUseMismatch, jwk);
}

// A name that stands for a signature or for the way of a content key; any other one binds the key
// to something that is not done here, "HS256" with an RSA key included (attack O11).
absl::Status ReadAlgorithm(const json& object, Jwk& jwk) {
  absl::StatusOr<std::optional<std::string>> name = Text(object, "alg");
  if (!name.ok()) return name.status();
  if (!name->has_value()) return absl::OkStatus();
  const std::optional<Algorithm> signature = AlgorithmFromName(**name);
  const std::optional<KeyManagement> management = KeyManagementFromName(**name);
  if (!signature.has_value() && !management.has_value()) {
    return Reject(JwkReject::kAlgorithmUnknown);
  }
  const KeyType type = jwk.key.type();
  if (signature.has_value() ? !Fits(type, *signature) : !Fits(type, *management)) {
    return Reject(JwkReject::kAlgorithmMismatch);
  }
  jwk.algorithm = **std::move(name);
  return Narrow(signature.has_value() ? KeyUse::kSignature : KeyUse::kEncryption,
                JwkReject::kUseMismatch, jwk);
}

absl::Status ReadOperations(const json& object, Jwk& jwk) {
  const auto at = object.find("key_ops");
  if (at == object.end()) return absl::OkStatus();
  if (!at->is_array() || at->empty()) return Reject(JwkReject::kOperationsMalformed);
  for (const json& one : *at) {
    if (!one.is_string()) return Reject(JwkReject::kOperationsMalformed);
    jwk.operations.push_back(one.get<std::string>());
  }
  std::vector<std::string> sorted = jwk.operations;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    return Reject(JwkReject::kOperationsMalformed);
  }
  for (const std::string& name : jwk.operations) {
    const Operation* const operation = OperationOf(name);
    // Somebody's extension: nothing that we would ever ask it for.
    if (operation == nullptr) continue;
    if (!Does(*operation, jwk.key.type())) return Reject(JwkReject::kOperationsMismatch);
    const absl::Status narrowed = Narrow(operation->use, JwkReject::kOperationsMismatch, jwk);
    if (!narrowed.ok()) return narrowed;
  }
  return absl::OkStatus();
}

// RFC 7517 section 4.7: the first certificate is of this very key. The rest of the chain is
// somebody's to judge who uses it; nobody does.
absl::Status ReadCertificates(const json& object, const Jwk& jwk) {
  const auto at = object.find("x5c");
  if (at == object.end()) return absl::OkStatus();
  if (!at->is_array() || at->empty() || at->size() > kMaxCertificates) {
    return Reject(JwkReject::kCertificate);
  }
  bool first = true;
  for (const json& one : *at) {
    const absl::StatusOr<std::string> der = base::Base64DecodeStrict(
        one.is_string() ? absl::string_view(one.get_ref<const std::string&>()) : "");
    if (!der.ok() || der->empty()) return Reject(JwkReject::kCertificate);
    if (!std::exchange(first, false)) continue;
    const absl::StatusOr<crypto::Certificate> certificate = crypto::Certificate::FromDer(*der);
    if (!certificate.ok() || certificate->public_key().Der() != jwk.key.Der()) {
      return Reject(JwkReject::kCertificate);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view ToString(JwkReject reject) { return kNames[static_cast<size_t>(reject)].name; }

const std::vector<JwkReject>& AllJwkRejects() {
  static const auto* const kAll = [] {
    auto* all = new std::vector<JwkReject>();
    for (const Named& named : kNames) all->push_back(named.reject);
    return all;
  }();
  return *kAll;
}

absl::Status JwkRejectStatus(JwkReject reject) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, ToString(reject),
                         "the JSON Web Key is not accepted");
}

std::optional<JwkReject> JwkRejectOf(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kInvalidArgument) return std::nullopt;
  const std::string reason = base::ReasonOf(status);
  for (const Named& named : kNames) {
    if (named.name == reason) return named.reject;
  }
  return std::nullopt;
}

bool Jwk::Permits(KeyUse wanted, absl::string_view operation,
                  absl::string_view algorithm_name) const {
  if (use != KeyUse::kAny && use != wanted) return false;
  if (!algorithm.empty() && algorithm != algorithm_name) return false;
  if (operations.empty()) return true;
  return std::any_of(operations.begin(), operations.end(), [&](const std::string& name) {
    if (name == operation) return true;
    // What a private key is for says what its public half is for.
    const Operation* const known = OperationOf(name);
    return private_key.has_value() && known != nullptr && known->public_side == operation;
  });
}

bool HasPrivatePart(const json& object) {
  return std::any_of(std::begin(kPrivateMembers), std::end(kPrivateMembers),
                     [&object](const char* name) { return object.contains(name); });
}

void CleanseJwk(json& object) {
  for (const char* name : kPrivateMembers) {
    const auto at = object.find(name);
    if (at != object.end() && at->is_string()) crypto::Cleanse(at->get_ref<std::string&>());
  }
}

absl::StatusOr<Jwk> ReadJwk(const json& object) {
  absl::StatusOr<Jwk> jwk = ReadKey(object);
  if (!jwk.ok()) return jwk;
  absl::Status read = ReadId(object, *jwk);
  read.Update(ReadUse(object, *jwk));
  read.Update(ReadAlgorithm(object, *jwk));
  read.Update(ReadOperations(object, *jwk));
  read.Update(ReadCertificates(object, *jwk));
  if (!read.ok()) return read;
  return jwk;
}

absl::StatusOr<Jwk> ParseJwk(absl::string_view text) {
  if (text.size() > kMaxJwk) return Reject(JwkReject::kTooLarge);
  absl::StatusOr<json> object =
      ReadObject(text, JoseReject::kHeaderNotJson, JoseReject::kHeaderDuplicateName);
  if (!object.ok()) {
    const bool twice = RejectOf(object.status()) == JoseReject::kHeaderDuplicateName;
    return Reject(twice ? JwkReject::kDuplicateName : JwkReject::kNotJson);
  }
  absl::StatusOr<Jwk> jwk = ReadJwk(*object);
  CleanseJwk(*object);
  return jwk;
}

absl::StatusOr<std::string> WritePublicJwk(const crypto::PublicKey& key, const JwkFields& fields) {
  absl::StatusOr<std::map<std::string, std::string>> members = RequiredMembers(key);
  if (!members.ok()) return members.status();
  json object = *members;
  object["kid"] = fields.id;
  if (fields.id.empty()) {
    absl::StatusOr<std::string> id = Thumbprint(key);
    if (!id.ok()) return id.status();
    object["kid"] = *std::move(id);
  }
  if (!fields.algorithm.empty()) object["alg"] = fields.algorithm;
  if (fields.use != KeyUse::kAny) {
    object["use"] = fields.use == KeyUse::kSignature ? "sig" : "enc";
  }
  for (const std::string& der : fields.certificates) {
    object["x5c"].push_back(base::Base64Encode(der));
  }
  std::string text = object.dump(-1, ' ', false, json::error_handler_t::replace);
  // Whoever reads it judges as we do: nothing is published that nobody accepts.
  if (const absl::StatusOr<Jwk> read = ParseJwk(text); !read.ok()) return read.status();
  return text;
}

}  // namespace va::jose
