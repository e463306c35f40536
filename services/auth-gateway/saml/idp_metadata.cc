#include "services/auth-gateway/saml/idp_metadata.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/url.h"
#include "lib/crypto/hash.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "services/auth-gateway/saml/saml_names.h"
#include "services/auth-gateway/saml/saml_time.h"

namespace va::gateway {
namespace {

using saml::kMetadata;
using xml::Element;

// A federation's document has many small elements; a message of a browser never comes here.
constexpr xml::ParseLimits kLimits = {.max_bytes = kMaxMetadataBytes,
                                      .max_depth = 64,
                                      .max_elements = 200'000,
                                      .max_attributes = 200'000};

constexpr char kPublication[] = "urn:oasis:names:tc:SAML:metadata:rpi";

struct Name {
  MetadataReject reject;
  absl::string_view text;
};

constexpr std::array<Name, 16> kNames = {{
    {MetadataReject::kNoTrust, "METADATA_NO_TRUST"},
    {MetadataReject::kXml, "METADATA_XML"},
    {MetadataReject::kPinMismatch, "METADATA_PIN_MISMATCH"},
    {MetadataReject::kUnsigned, "METADATA_UNSIGNED"},
    {MetadataReject::kSignature, "METADATA_SIGNATURE"},
    {MetadataReject::kNotMetadata, "METADATA_NOT_METADATA"},
    {MetadataReject::kEntityMissing, "METADATA_ENTITY_MISSING"},
    {MetadataReject::kSeveralEntities, "METADATA_SEVERAL_ENTITIES"},
    {MetadataReject::kValidityMalformed, "METADATA_VALIDITY_MALFORMED"},
    {MetadataReject::kExpired, "METADATA_EXPIRED"},
    {MetadataReject::kOlder, "METADATA_OLDER"},
    {MetadataReject::kRoleMissing, "METADATA_ROLE_MISSING"},
    {MetadataReject::kSeveralRoles, "METADATA_SEVERAL_ROLES"},
    {MetadataReject::kLocation, "METADATA_LOCATION"},
    {MetadataReject::kSsoMissing, "METADATA_SSO_MISSING"},
    {MetadataReject::kKeyMissing, "METADATA_KEY_MISSING"},
}};

absl::Status Refuse(MetadataReject reject, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kPermissionDenied, ToString(reject), message);
}

// ---- Validity -----------------------------------------------------------------------------------

// What bounds the use of the entity: the narrowest of all that stand on the way to it.
struct Validity {
  std::optional<absl::Time> until;
  std::optional<absl::Duration> cache;

  // False: it stands there and cannot be read. A bound that is not understood is no bound at all.
  bool Narrow(const Element& element) {
    if (const auto text = element.Attr("validUntil")) {
      const auto time = ParseSamlTime(*text);
      if (!time) return false;
      until = until ? std::min(*until, *time) : *time;
    }
    if (const auto text = element.Attr("cacheDuration")) {
      const auto duration = ParseXmlDuration(*text);
      if (!duration) return false;
      cache = cache ? std::min(*cache, *duration) : *duration;
    }
    return true;
  }
};

// ---- The entity wanted --------------------------------------------------------------------------

struct Entity {
  Element element;
  std::vector<Element> groups;  // EntitiesDescriptor around it, outermost first
};

// Depth is bounded by the parser.
void Collect(const Element& at, absl::string_view entity_id, std::vector<Element>& groups,
             std::vector<Entity>& found) {
  if (at.Is(kMetadata, "EntityDescriptor")) {
    if (at.Attr("entityID") == std::optional<std::string>(entity_id)) {
      found.push_back({at, groups});
    }
    return;
  }
  if (!at.Is(kMetadata, "EntitiesDescriptor")) return;
  groups.push_back(at);
  for (const Element child : at.Children()) Collect(child, entity_id, groups, found);
  groups.pop_back();
}

absl::StatusOr<Entity> OnlyEntity(const Element& root, absl::string_view entity_id) {
  if (!root.Is(kMetadata, "EntityDescriptor") && !root.Is(kMetadata, "EntitiesDescriptor")) {
    return Refuse(MetadataReject::kNotMetadata, "the document is no SAML metadata");
  }
  std::vector<Element> groups;
  std::vector<Entity> found;
  Collect(root, entity_id, groups, found);
  if (found.empty()) {
    return Refuse(MetadataReject::kEntityMissing, absl::StrCat("no entity is named ", entity_id));
  }
  if (found.size() > 1) {
    return Refuse(MetadataReject::kSeveralEntities,
                  absl::StrCat(found.size(), " entities are named ", entity_id));
  }
  return std::move(found.front());
}

bool SpeaksSaml2(const Element& role) {
  const std::string protocols = role.Attr("protocolSupportEnumeration").value_or("");
  const std::vector<absl::string_view> words =
      absl::StrSplit(protocols, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  return std::find(words.begin(), words.end(), saml::kProtocol) != words.end();
}

absl::StatusOr<Element> OnlyRole(const Element& entity) {
  std::vector<Element> roles;
  for (const Element& role : entity.ChildrenNamed(kMetadata, "IDPSSODescriptor")) {
    if (SpeaksSaml2(role)) roles.push_back(role);
  }
  if (roles.size() == 1) return roles.front();
  return roles.empty() ? Refuse(MetadataReject::kRoleMissing,
                                "the entity is no identity provider for SAML 2.0")
                       : Refuse(MetadataReject::kSeveralRoles,
                                "the entity is an identity provider for SAML 2.0 twice");
}

// ---- Endpoints ----------------------------------------------------------------------------------

bool IsHttps(const std::string& location) {
  const auto url = base::ParseUrl(location);
  return url.ok() && url->scheme == "https";
}

// Of the whole entity, also of roles we never use: a document that wants browsers sent to a script
// is believed in nothing (GHSA-267v-3v32-g6q5).
bool AllLocationsAreHttps(const Element& element) {
  for (const char* const name : {"Location", "ResponseLocation"}) {
    const auto location = element.Attr(name);
    if (location && !IsHttps(*location)) return false;
  }
  const xml::ElementRange children = element.Children();
  return std::all_of(children.begin(), children.end(), AllLocationsAreHttps);
}

// The first endpoint of that name with the binding.
std::optional<Element> FindEndpoint(const Element& role, absl::string_view name,
                                    absl::string_view binding) {
  for (const Element& endpoint : role.ChildrenNamed(kMetadata, name)) {
    if (endpoint.Attr("Binding") == std::optional<std::string>(binding) &&
        endpoint.Attr("Location")) {
      return endpoint;
    }
  }
  return std::nullopt;
}

struct FoundEndpoint {
  SamlEndpoint endpoint;
  std::string response_location;
};

std::optional<FoundEndpoint> PreferredEndpoint(const Element& role, absl::string_view name) {
  for (const SamlBinding binding : {SamlBinding::kPost, SamlBinding::kRedirect}) {
    const auto found = FindEndpoint(
        role, name, binding == SamlBinding::kPost ? saml::kHttpPost : saml::kHttpRedirect);
    if (!found) continue;
    return FoundEndpoint{{found->Attr("Location").value_or(""), binding},
                         found->Attr("ResponseLocation").value_or("")};
  }
  return std::nullopt;
}

absl::Status ReadEndpoints(const Element& entity, const Element& role, IdpMetadata& out) {
  if (!AllLocationsAreHttps(entity)) {
    return Refuse(MetadataReject::kLocation, "an endpoint of the entity is no https address");
  }
  auto sso = PreferredEndpoint(role, "SingleSignOnService");
  if (!sso) {
    return Refuse(MetadataReject::kSsoMissing,
                  "no SingleSignOnService by HTTP-POST or HTTP-Redirect");
  }
  out.sso = std::move(sso->endpoint);
  if (auto slo = PreferredEndpoint(role, "SingleLogoutService")) {
    out.slo = std::move(slo->endpoint);
    out.slo_response_url = std::move(slo->response_location);
  }
  return absl::OkStatus();
}

// ---- Keys ---------------------------------------------------------------------------------------

std::vector<Element> CertificatesOf(const Element& key_descriptor) {
  std::vector<Element> out;
  for (const Element& info : key_descriptor.ChildrenNamed(xml::kDsigNs, "KeyInfo")) {
    for (const Element& data : info.ChildrenNamed(xml::kDsigNs, "X509Data")) {
      const auto more = data.ChildrenNamed(xml::kDsigNs, "X509Certificate");
      out.insert(out.end(), more.begin(), more.end());
    }
  }
  return out;
}

// The certificate, or the reason why this key counts for nothing.
absl::StatusOr<crypto::Certificate> ReadKey(const Element& key_descriptor) {
  const std::vector<Element> certificates = CertificatesOf(key_descriptor);
  const auto finding = [](absl::string_view reason) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, reason, "");
  };
  if (certificates.empty()) return finding("KEY_WITHOUT_CERTIFICATE");
  // Which of a chain holds the key is a guess.
  if (certificates.size() > 1) return finding("KEY_SEVERAL_CERTIFICATES");
  const auto text = certificates.front().TextOnly();
  if (!text.ok()) return text.status();
  const auto der = base::Base64DecodeLenientWhitespace(*text);
  if (!der.ok()) return finding("KEY_UNREADABLE");
  return crypto::Certificate::FromDer(*der);
}

bool Holds(const std::vector<crypto::Certificate>& certificates, const crypto::Certificate& one) {
  return std::any_of(certificates.begin(), certificates.end(),
                     [&](const crypto::Certificate& other) { return other.der() == one.der(); });
}

// All of them are trusted: a roll-over shows old and new side by side (attack S55). A key without
// use is for both, so it signs, too; leaving it out would leave nothing to verify with (attack
// S56).
absl::Status ReadKeys(const Element& role, IdpMetadata& out) {
  int number = 0;
  for (const Element& key : role.ChildrenNamed(kMetadata, "KeyDescriptor")) {
    ++number;
    const auto use = key.Attr("use");
    if (use == std::optional<std::string>("encryption")) continue;
    if (use && *use != "signing") {
      out.findings.push_back({"KEY_USE", number});
      continue;
    }
    auto certificate = ReadKey(key);
    if (!certificate.ok()) {
      out.findings.push_back({base::ReasonOf(certificate.status()), number});
    } else if (!Holds(out.signing_certificates, *certificate)) {
      out.signing_certificates.push_back(*std::move(certificate));
    }
  }
  if (!out.signing_certificates.empty()) return absl::OkStatus();
  return Refuse(MetadataReject::kKeyMissing, "no usable key for signing");
}

// ---- Trust --------------------------------------------------------------------------------------

absl::Status CheckPin(absl::string_view bytes, const MetadataTrust& trust) {
  if (trust.signers.empty() && trust.sha256.empty()) {
    return Refuse(MetadataReject::kNoTrust, "neither a signer nor a hash is pinned");
  }
  if (trust.sha256.empty() || base::HexEncode(crypto::Sha256(bytes)) == trust.sha256) {
    return absl::OkStatus();
  }
  return Refuse(MetadataReject::kPinMismatch, "these are not the bytes that are pinned");
}

// The root, which is what everything else is read from: the element the signature covers, or, under
// a pinned hash, the only one there is.
absl::StatusOr<Element> TrustedRoot(const xml::Document& document, const MetadataTrust& trust) {
  if (trust.signers.empty()) {
    const absl::Status ids = xml::CheckIds(document);
    if (!ids.ok()) return Refuse(MetadataReject::kXml, ids.message());
    return document.root();
  }
  if (!xml::HasSignature(document.root())) {
    return Refuse(MetadataReject::kUnsigned, "the document is not signed");
  }
  const auto verified = xml::VerifyEnveloped(document, document.root(), trust.signers);
  if (verified.ok()) return **verified;
  return Refuse(MetadataReject::kSignature,
                absl::StrCat(base::ReasonOf(verified.status()), ": ", verified.status().message()));
}

absl::Status ReadValidity(const Entity& entity, const Element& role, absl::Time now,
                          IdpMetadata& out) {
  Validity validity;
  bool readable = validity.Narrow(entity.element) && validity.Narrow(role);
  for (const Element& group : entity.groups) readable = validity.Narrow(group) && readable;
  if (!readable) {
    return Refuse(MetadataReject::kValidityMalformed, "validUntil or cacheDuration is malformed");
  }
  out.valid_until = validity.until;
  out.cache_duration = validity.cache;
  if (!validity.until || now < *validity.until) return absl::OkStatus();
  return Refuse(MetadataReject::kExpired,
                absl::StrCat("it was valid until ", FormatSamlTime(*validity.until)));
}

// The signature of an old document is as good as that of a new one. Who says when a document was
// made (metadata-rpi 2.2) is never taken back to one that was made before.
absl::Status ReadCreation(const Element& root, const std::optional<absl::Time>& not_older_than,
                          IdpMetadata& out) {
  for (const Element& extensions : root.ChildrenNamed(kMetadata, "Extensions")) {
    for (const Element& info : extensions.ChildrenNamed(kPublication, "PublicationInfo")) {
      const auto text = info.Attr("creationInstant");
      if (!text) continue;
      const auto time = ParseSamlTime(*text);
      if (!time) {
        return Refuse(MetadataReject::kValidityMalformed, "creationInstant is malformed");
      }
      out.created = out.created ? std::min(*out.created, *time) : *time;
    }
  }
  if (!out.created || !not_older_than || *out.created >= *not_older_than) return absl::OkStatus();
  return Refuse(MetadataReject::kOlder,
                absl::StrCat("it was made at ", FormatSamlTime(*out.created),
                             ", the one that is held at ", FormatSamlTime(*not_older_than)));
}

}  // namespace

absl::string_view ToString(MetadataReject reject) {
  for (const Name& name : kNames) {
    if (name.reject == reject) return name.text;
  }
  return "METADATA_XML";
}

const std::vector<MetadataReject>& AllMetadataRejects() {
  static const auto* const all = [] {
    auto* const list = new std::vector<MetadataReject>();
    for (const Name& name : kNames) list->push_back(name.reject);
    return list;
  }();
  return *all;
}

std::optional<MetadataReject> MetadataRejectOf(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  for (const Name& name : kNames) {
    if (name.text == reason) return name.reject;
  }
  return std::nullopt;
}

absl::StatusOr<IdpMetadata> ReadIdpMetadata(absl::string_view xml, const MetadataTrust& trust,
                                            absl::Time now) {
  if (const absl::Status pin = CheckPin(xml, trust); !pin.ok()) return pin;
  const auto document = xml::Document::Parse(xml, kLimits);
  if (!document.ok()) {
    return Refuse(MetadataReject::kXml, absl::StrCat(base::ReasonOf(document.status()), ": ",
                                                     document.status().message()));
  }
  const auto root = TrustedRoot(*document, trust);
  if (!root.ok()) return root.status();
  const auto entity = OnlyEntity(*root, trust.entity_id);
  if (!entity.ok()) return entity.status();
  const auto role = OnlyRole(entity->element);
  if (!role.ok()) return role.status();
  IdpMetadata out;
  out.entity_id = trust.entity_id;
  const std::string wants = role->Attr("WantAuthnRequestsSigned").value_or("false");
  out.wants_signed_requests = wants == "true" || wants == "1";
  absl::Status read = ReadValidity(*entity, *role, now, out);
  if (read.ok()) read = ReadCreation(*root, trust.not_older_than, out);
  if (read.ok()) read = ReadEndpoints(entity->element, *role, out);
  if (read.ok()) read = ReadKeys(*role, out);
  if (!read.ok()) return read;
  return out;
}

std::optional<std::string> ClaimedEntityId(absl::string_view xml) {
  const auto document = xml::Document::Parse(xml, kLimits);
  if (!document.ok() || !document->root().Is(kMetadata, "EntityDescriptor")) return std::nullopt;
  return document->root().Attr("entityID");
}

// ---- xs:duration --------------------------------------------------------------------------------

namespace {

struct DurationPart {
  char letter;
  absl::Duration unit;
};
constexpr int kDaysOfMonth = 30;
constexpr int kDaysOfYear = 365;
constexpr int64_t kMostOfUnit = 100'000'000;

// Cuts "12X" off for the letters of `parts`, each at most once and in their order. False: anything
// else stands there.
bool TakeParts(absl::string_view text, absl::Span<const DurationPart> parts, absl::Duration& sum) {
  if (text.empty()) return false;
  auto part = parts.begin();
  while (!text.empty()) {
    int64_t value = 0;
    size_t digits = 0;
    for (; digits < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[digits]));
         ++digits) {
      value = value * 10 + (text[digits] - '0');
      if (value > kMostOfUnit) return false;
    }
    if (digits == 0 || digits == text.size()) return false;
    const char letter = text[digits];
    part = std::find_if(part, parts.end(),
                        [letter](const DurationPart& one) { return one.letter == letter; });
    if (part == parts.end()) return false;
    sum += value * part->unit;
    ++part;
    text.remove_prefix(digits + 1);
  }
  return true;
}

}  // namespace

std::optional<absl::Duration> ParseXmlDuration(absl::string_view text) {
  const std::array<DurationPart, 3> days = {{{'Y', absl::Hours(24 * kDaysOfYear)},
                                             {'M', absl::Hours(24 * kDaysOfMonth)},
                                             {'D', absl::Hours(24)}}};
  const std::array<DurationPart, 3> times = {
      {{'H', absl::Hours(1)}, {'M', absl::Minutes(1)}, {'S', absl::Seconds(1)}}};
  if (text.empty() || text[0] != 'P') return std::nullopt;
  text.remove_prefix(1);
  absl::Duration sum = absl::ZeroDuration();
  const size_t t = text.find('T');
  const absl::string_view date = text.substr(0, t);
  if (!date.empty() && !TakeParts(date, days, sum)) return std::nullopt;
  if (t != absl::string_view::npos && !TakeParts(text.substr(t + 1), times, sum)) {
    return std::nullopt;
  }
  // "P", "PT0S" and fractions of a second are no time to keep anything for.
  return sum >= absl::Seconds(1) ? std::optional<absl::Duration>(sum) : std::nullopt;
}

}  // namespace va::gateway
