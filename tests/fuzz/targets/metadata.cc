// fuzz: an identity provider's metadata under a pinned key or hash, edited on its way to us
// parser: services/auth-gateway/saml/idp_metadata.cc
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "lib/base/encoding.h"
#include "lib/crypto/hash.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "services/auth-gateway/saml/idp_metadata.h"
#include "services/auth-gateway/saml/saml_names.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/saml_input.h"

namespace va::fuzz {

const char kMustReach[] = "ACCEPTED";

namespace {

using gateway::IdpMetadata;
using gateway::MetadataTrust;
using gateway::SamlBinding;
using gateway::SamlEndpoint;

// Its root signed, as a federation does.
std::optional<std::string> Signed(const SamlInput& input) {
  auto document = xml::Document::Parse(input.xml);
  if (!document.ok()) return std::nullopt;
  xml::SignOptions options;
  options.place = xml::SignaturePlace::kFirstChild;
  if (!Sign(*document, document->root(), input.Key(), options)) return std::nullopt;
  return document->Serialize();
}

// What is read, under which trust, and what of it somebody we trust has vouched for. Mode s:
// signed, then edited; h: pinned by its hash before the edits; else: never signed.
struct Given {
  std::string xml;
  MetadataTrust trust;
  std::optional<std::string> vouched;
};

Given GivenOf(const SamlInput& input) {
  Given given;
  given.trust.entity_id = kIdp;
  if (input.Mode() == 'h') {
    given.vouched = std::string(input.xml);
    given.trust.sha256 = base::HexEncode(crypto::Sha256(*given.vouched));
  } else {
    given.trust.signers = {EcKey().Public(), RsaKey().Public()};
    if (input.Mode() == 's') given.vouched = Signed(input);
  }
  given.xml = given.vouched.value_or(std::string(input.xml));
  // In mode h nobody signs.
  if (input.Mode() == 's' && input.IsOfStranger()) given.vouched.reset();
  for (const Edit& edit : input.Edits()) given.xml = Apply(edit, given.xml);
  return given;
}

std::string Verdict(const Given& given, std::optional<IdpMetadata>& accepted) {
  absl::StatusOr<IdpMetadata> read = gateway::ReadIdpMetadata(given.xml, given.trust, Now());
  if (read.ok()) {
    accepted = *std::move(read);
    return "ACCEPTED";
  }
  const auto reject = gateway::MetadataRejectOf(read.status());
  Require(reject.has_value(), "a refusal without a type");
  return std::string(gateway::ToString(*reject));
}

std::string WithoutSpace(absl::string_view text) {
  return absl::StrReplaceAll(text, {{" ", ""}, {"\t", ""}, {"\r", ""}, {"\n", ""}});
}

using gateway::saml::kMetadata;

void CollectNamed(const xml::Element& at, absl::string_view name, std::vector<xml::Element>& out) {
  if (at.local_name() == name) out.push_back(at);
  for (const xml::Element child : at.Children()) CollectNamed(child, name, out);
}

bool StandsInGroups(const xml::Element& entity) {
  for (std::optional<xml::Element> at = entity.Parent(); at.has_value(); at = at->Parent()) {
    if (at->local_name() != "EntitiesDescriptor") return false;
  }
  return true;
}

// What the entity wanted publishes as a provider.
std::vector<xml::Element> RolesOf(const xml::Element& root) {
  std::vector<xml::Element> entities;
  CollectNamed(root, "EntityDescriptor", entities);
  std::vector<xml::Element> roles;
  for (const xml::Element& entity : entities) {
    if (entity.Attr("entityID") != std::optional<std::string>(kIdp)) continue;
    if (!StandsInGroups(entity)) continue;
    for (const xml::Element& role : entity.ChildrenNamed(kMetadata, "IDPSSODescriptor")) {
      roles.push_back(role);
    }
  }
  return roles;
}

// Children of children: the way of names from the element.
std::vector<xml::Element> Below(const xml::Element& element,
                                const std::vector<absl::string_view>& names) {
  std::vector<xml::Element> at = {element};
  for (const absl::string_view name : names) {
    std::vector<xml::Element> next;
    for (const xml::Element& one : at) {
      for (const xml::Element child : one.Children()) {
        if (child.Is(xml::kDsigNs, name)) next.push_back(child);
      }
    }
    at = std::move(next);
  }
  return at;
}

bool PublishesKey(const xml::Element& role, const std::string& certificate) {
  for (const xml::Element& key : role.ChildrenNamed(kMetadata, "KeyDescriptor")) {
    if (key.Attr("use").value_or("signing") != "signing") continue;
    const auto certificates = Below(key, {"KeyInfo", "X509Data", "X509Certificate"});
    if (certificates.size() == 1 && WithoutSpace(certificates.front().Text()) == certificate) {
      return true;
    }
  }
  return false;
}

// An address under the service's name, with the binding that it is used by.
bool PublishesAddress(const xml::Element& role, absl::string_view service,
                      const SamlEndpoint& endpoint) {
  const absl::string_view binding = endpoint.binding == SamlBinding::kPost
                                        ? gateway::saml::kHttpPost
                                        : gateway::saml::kHttpRedirect;
  for (const xml::Element& one : role.ChildrenNamed(kMetadata, service)) {
    if (one.Attr("Location") == std::optional<std::string>(endpoint.url) &&
        one.Attr("Binding") == std::optional<std::string>(std::string(binding))) {
      return absl::StartsWithIgnoreCase(endpoint.url, "https://");
    }
  }
  return false;
}

bool PublishesAnswerAddress(const xml::Element& role, const std::string& url) {
  for (const xml::Element& one : role.ChildrenNamed(kMetadata, "SingleLogoutService")) {
    if (one.Attr("ResponseLocation") == std::optional<std::string>(url)) {
      return absl::StartsWithIgnoreCase(url, "https://");
    }
  }
  return false;
}

// Of the role and of everything around it.
bool IsOver(const xml::Element& role) {
  for (std::optional<xml::Element> at = role; at.has_value(); at = at->Parent()) {
    absl::Time until;
    std::string error;
    if (absl::ParseTime(absl::RFC3339_full, at->Attr("validUntil").value_or(""), &until, &error) &&
        until <= Now()) {
      return true;
    }
  }
  return false;
}

bool Publishes(const xml::Element& role, const IdpMetadata& accepted) {
  for (const auto& certificate : accepted.signing_certificates) {
    if (!PublishesKey(role, base::Base64Encode(certificate.der()))) return false;
  }
  return PublishesAddress(role, "SingleSignOnService", accepted.sso) &&
         (!accepted.slo.has_value() ||
          PublishesAddress(role, "SingleLogoutService", *accepted.slo)) &&
         (accepted.slo_response_url.empty() ||
          PublishesAnswerAddress(role, accepted.slo_response_url)) &&
         !IsOver(role);
}

void RequireVouched(const IdpMetadata& accepted, const Given& given) {
  Require(given.vouched.has_value(), "accepted what nobody vouches for");
  const auto vouched =
      xml::Document::Parse(*given.vouched, xml::ParseLimits{.max_bytes = gateway::kMaxMetadataBytes,
                                                            .max_elements = 200'000,
                                                            .max_attributes = 200'000});
  Require(vouched.ok(), "accepted what is not XML");
  Require(accepted.entity_id == kIdp, "another entity");
  Require(!accepted.signing_certificates.empty(), "accepted without a key");
  const std::vector<xml::Element> roles = RolesOf(vouched->root());
  Require(std::any_of(roles.begin(), roles.end(),
                      [&](const xml::Element& role) { return Publishes(role, accepted); }),
          "keys or addresses that the provider did not publish so");
  Require(!accepted.valid_until.has_value() || *accepted.valid_until > Now(), "expired");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const SamlInput input = SamlInput::Of(TextOf(data, size));
  const Given given = GivenOf(input);
  std::optional<gateway::IdpMetadata> accepted;
  Judge(given.xml.size(), [&] { return Verdict(given, accepted); });
  if (accepted.has_value()) RequireVouched(*accepted, given);
  gateway::ParseXmlDuration(TextOf(data, size));
  return 0;
}

}  // namespace va::fuzz
