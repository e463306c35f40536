#include "services/auth-gateway/saml/redirect_binding.h"

#include <array>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/deflate.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/url.h"
#include "lib/crypto/detached_signature.h"
#include "services/auth-gateway/saml/saml_reject.h"

namespace va::gateway {
namespace {

constexpr absl::string_view kRequestName = "SAMLRequest";
constexpr absl::string_view kResponseName = "SAMLResponse";
constexpr absl::string_view kRelayStateName = "RelayState";
constexpr absl::string_view kSigAlgName = "SigAlg";
constexpr absl::string_view kSignatureName = "Signature";
constexpr absl::string_view kEncodingName = "SAMLEncoding";
constexpr absl::string_view kDeflateEncoding =
    "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

constexpr size_t kMaxParameters = 64;
constexpr size_t kMaxParameterValue = 2 * kMaxRedirectMessage;

// A parameter as it stands on the wire.
struct Parameter {
  absl::string_view name;
  absl::string_view raw;
};

// The parameters of this binding by what they are for.
struct Parameters {
  std::optional<Parameter> message;
  std::optional<Parameter> relay_state;
  std::optional<Parameter> algorithm;
  std::optional<Parameter> signature;
  std::optional<Parameter> encoding;
};

absl::Status Malformed() { return RejectStatus(SamlReject::kQueryMalformed); }

// The parameter's place, in the order in which the octets are signed (bindings 3.4.4.1); nothing
// for a name that is none of ours.
struct Place {
  std::optional<Parameter>* slot;
  int order;
};
std::optional<Place> PlaceOf(Parameters& parameters, absl::string_view name) {
  if (name == kRequestName || name == kResponseName) return Place{&parameters.message, 1};
  if (name == kRelayStateName) return Place{&parameters.relay_state, 2};
  if (name == kSigAlgName) return Place{&parameters.algorithm, 3};
  if (name == kSignatureName) return Place{&parameters.signature, 4};
  return std::nullopt;
}

// Whether some reader might take the name for one of ours although we do not: an escaped name, or
// one in other letters (attack S132).
bool IsDisguised(absl::string_view name) {
  if (name.find_first_of("%+") != absl::string_view::npos) return true;
  for (const absl::string_view ours :
       {kRequestName, kResponseName, kRelayStateName, kSigAlgName, kSignatureName, kEncodingName}) {
    if (name != ours && absl::EqualsIgnoreCase(name, ours)) return true;
  }
  return false;
}

// Sorts the parameters into their places: each once, in order, none in disguise.
absl::Status Sort(absl::string_view raw_query, Parameters& parameters) {
  const std::vector<absl::string_view> pieces = absl::StrSplit(raw_query, '&');
  if (pieces.size() > kMaxParameters) return Malformed();
  int last = 0;
  for (const absl::string_view piece : pieces) {
    const size_t equals = piece.find('=');
    const Parameter parameter{piece.substr(0, equals), equals == absl::string_view::npos
                                                           ? absl::string_view()
                                                           : piece.substr(equals + 1)};
    if (IsDisguised(parameter.name)) return Malformed();
    if (parameter.name == kEncodingName) {
      if (parameters.encoding.has_value()) return Malformed();
      parameters.encoding = parameter;
    }
    const std::optional<Place> place = PlaceOf(parameters, parameter.name);
    if (!place.has_value()) continue;
    // A message of each kind meets here as well (attack S133).
    if (place->slot->has_value() || place->order < last || equals == absl::string_view::npos) {
      return Malformed();
    }
    *place->slot = parameter;
    last = place->order;
  }
  return absl::OkStatus();
}

// A value in which '+' means nothing: base64 and identifiers are escaped, and a bare '+' would be a
// space to some readers and itself to others.
absl::StatusOr<std::string> DecodePlain(const Parameter& parameter) {
  if (parameter.raw.size() > kMaxParameterValue) return RejectStatus(SamlReject::kXmlTooLarge);
  if (absl::StrContains(parameter.raw, "+")) return Malformed();
  absl::StatusOr<std::string> value = base::PercentDecode(parameter.raw);
  if (!value.ok()) return Malformed();
  return value;
}

absl::StatusOr<std::string> DecodeBase64(const Parameter& parameter) {
  const absl::StatusOr<std::string> text = DecodePlain(parameter);
  if (!text.ok()) return text.status();
  absl::StatusOr<std::string> bytes = base::Base64DecodeStrict(*text);
  if (!bytes.ok()) return RejectStatus(SamlReject::kBadBase64);
  return bytes;
}

absl::StatusOr<std::string> DecodeMessage(const Parameter& parameter) {
  if (parameter.raw.empty()) return RejectStatus(SamlReject::kBlankResponse);
  const absl::StatusOr<std::string> packed = DecodeBase64(parameter);
  if (!packed.ok()) return packed.status();
  absl::StatusOr<std::string> xml = base::Inflate(*packed, kMaxRedirectMessage);
  if (base::ReasonOf(xml.status()) == "INFLATE_TOO_LARGE") {
    return RejectStatus(SamlReject::kXmlTooLarge);
  }
  if (!xml.ok()) return RejectStatus(SamlReject::kBadDeflate);
  return xml;
}

absl::StatusOr<std::string> DecodeRelayState(const Parameter& parameter) {
  const absl::StatusOr<base::FormPairs> pairs = base::ParseForm(absl::StrCat("v=", parameter.raw));
  if (!pairs.ok() || pairs->size() != 1) return Malformed();
  if (pairs->front().second.size() > kMaxForeignRelayState) return Malformed();
  return pairs->front().second;
}

bool IsDeflate(const std::optional<Parameter>& encoding) {
  if (!encoding.has_value()) return true;
  const absl::StatusOr<std::string> value = DecodePlain(*encoding);
  return value.ok() && *value == kDeflateEncoding;
}

// The octets that a signature covers, as they stood on the wire (attack S134).
std::string SignedOctets(const Parameters& parameters) {
  std::string out = absl::StrCat(parameters.message->name, "=", parameters.message->raw);
  if (parameters.relay_state.has_value()) {
    absl::StrAppend(&out, "&", kRelayStateName, "=", parameters.relay_state->raw);
  }
  absl::StrAppend(&out, "&", kSigAlgName, "=", parameters.algorithm->raw);
  return out;
}

absl::Status ReadSignature(const Parameters& parameters, RedirectQuery& query) {
  if (parameters.algorithm.has_value() != parameters.signature.has_value()) return Malformed();
  if (!parameters.signature.has_value()) return absl::OkStatus();
  absl::StatusOr<std::string> algorithm = DecodePlain(*parameters.algorithm);
  if (!algorithm.ok()) return algorithm.status();
  absl::StatusOr<std::string> signature = DecodeBase64(*parameters.signature);
  if (!signature.ok()) return signature.status();
  if (signature->empty()) return Malformed();
  query.algorithm = *std::move(algorithm);
  query.signature = *std::move(signature);
  query.signed_octets = SignedOctets(parameters);
  return absl::OkStatus();
}

}  // namespace

absl::string_view FieldName(SamlMessageKind kind) {
  return kind == SamlMessageKind::kRequest ? kRequestName : kResponseName;
}

absl::StatusOr<RedirectQuery> ReadRedirectQuery(absl::string_view raw_query) {
  Parameters parameters;
  const absl::Status sorted = Sort(raw_query, parameters);
  if (!sorted.ok()) return sorted;
  if (!parameters.message.has_value()) return RejectStatus(SamlReject::kBlankResponse);
  if (!IsDeflate(parameters.encoding)) return Malformed();

  RedirectQuery query;
  query.kind = parameters.message->name == kRequestName ? SamlMessageKind::kRequest
                                                        : SamlMessageKind::kResponse;
  const absl::Status signature = ReadSignature(parameters, query);
  if (!signature.ok()) return signature;
  if (parameters.relay_state.has_value()) {
    absl::StatusOr<std::string> relay_state = DecodeRelayState(*parameters.relay_state);
    if (!relay_state.ok()) return relay_state.status();
    query.relay_state = *std::move(relay_state);
  }
  absl::StatusOr<std::string> xml = DecodeMessage(*parameters.message);
  if (!xml.ok()) return xml.status();
  query.xml = *std::move(xml);
  return query;
}

absl::Status VerifyRedirectQuery(const RedirectQuery& query,
                                 absl::Span<const crypto::PublicKey> keys, Algorithms algorithms) {
  if (!query.IsSigned()) return RejectStatus(SamlReject::kUnsigned);
  const auto algorithm = crypto::DetachedAlgorithmFromUri(query.algorithm);
  if (!algorithm.has_value() ||
      (*algorithm == crypto::DetachedAlgorithm::kRsaSha1 && algorithms != Algorithms::kLegacyToo)) {
    return RejectStatus(SamlReject::kSignatureAlgorithm);
  }
  bool fits = false;
  for (const crypto::PublicKey& key : keys) {
    if (!crypto::Fits(*algorithm, key.type())) continue;
    fits = true;
    if (crypto::VerifyDetached(key, *algorithm, query.signed_octets, query.signature).ok()) {
      return absl::OkStatus();
    }
  }
  // An algorithm of another kind of key is never tried (attack S135).
  return RejectStatus(fits ? SamlReject::kSignatureInvalid : SamlReject::kSignatureAlgorithm);
}

absl::StatusOr<std::string> BuildRedirectUrl(absl::string_view location, SamlMessageKind kind,
                                             absl::string_view xml, absl::string_view relay_state,
                                             const crypto::PrivateKey& key) {
  const crypto::DetachedAlgorithm algorithm = crypto::DefaultAlgorithm(key.type());
  base::FormPairs pairs = {{std::string(FieldName(kind)), base::Base64Encode(base::Deflate(xml))}};
  if (!relay_state.empty()) pairs.emplace_back(kRelayStateName, relay_state);
  pairs.emplace_back(kSigAlgName, crypto::UriOf(algorithm));
  const std::string octets = base::BuildQuery(pairs);
  const absl::StatusOr<std::string> signature = crypto::SignDetached(key, algorithm, octets);
  if (!signature.ok()) return signature.status();
  return absl::StrCat(
      location, absl::StrContains(location, "?") ? "&" : "?", octets, "&",
      base::BuildQuery({{std::string(kSignatureName), base::Base64Encode(*signature)}}));
}

}  // namespace va::gateway
