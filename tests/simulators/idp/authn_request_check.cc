#include "tests/simulators/idp/authn_request_check.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "tests/simulators/idp/saml_words.h"

namespace va::simulators {
namespace {

using xml::Document;
using xml::Element;

// What may be asked for (ssoe_saml.md 9.1 and 9.2), contexts joined with a blank.
struct AgreedContexts {
  absl::string_view contexts;
  absl::string_view comparison;
};

constexpr std::array<AgreedContexts, 14> kAgreed = {{
    {"myhealthevet https://eauth.va.gov/csp/IDME_MHV", "exact"},
    {"myhealthevet_loa3 https://eauth.va.gov/csp/IDME_MHV", "exact"},
    {"myhealthevet_multifactor https://eauth.va.gov/csp/IDME_MHV", "exact"},
    {"dslogon https://eauth.va.gov/csp/IDME_DSL", "exact"},
    {"dslogon_loa3 https://eauth.va.gov/csp/IDME_DSL", "exact"},
    {"dslogon_multifactor https://eauth.va.gov/csp/IDME_DSL", "exact"},
    {"multifactor https://eauth.va.gov/csp/IDME", "exact"},
    {"http://idmanagement.gov/ns/assurance/loa/1/vets https://eauth.va.gov/csp/IDME", "minimum"},
    {"http://idmanagement.gov/ns/assurance/loa/1/vets https://eauth.va.gov/csp/IDME", "exact"},
    {"http://idmanagement.gov/ns/assurance/loa/3 https://eauth.va.gov/csp/IDME", "minimum"},
    {"http://idmanagement.gov/ns/assurance/loa/3 https://eauth.va.gov/csp/IDME", "exact"},
    {"http://idmanagement.gov/ns/assurance/ial/1 http://idmanagement.gov/ns/assurance/aal/2 "
     "https://eauth.va.gov/csp/LOGINGOV",
     "minimum"},
    {"http://idmanagement.gov/ns/assurance/ial/1 http://idmanagement.gov/ns/assurance/aal/2 "
     "https://eauth.va.gov/csp/LOGINGOV",
     "exact"},
    {"http://idmanagement.gov/ns/assurance/ial/2 http://idmanagement.gov/ns/assurance/aal/2 "
     "https://eauth.va.gov/csp/LOGINGOV",
     "exact"},
}};

// What may be asked for alone, exactly: by somebody who comes signed in from elsewhere (9.3), and
// by those who then go on (9.2). Only the former may come without ForceAuthn.
constexpr std::array<absl::string_view, 14> kAgreedAlone = {
    "http://idmanagement.gov/ns/assurance/loa/1/vets",
    "http://idmanagement.gov/ns/assurance/loa/3/vets",
    "http://idmanagement.gov/ns/assurance/loa/3",
    "http://idmanagement.gov/ns/assurance/ial/2/aal/2",
    "http://idmanagement.gov/ns/assurance/ial/1",
    "http://idmanagement.gov/ns/assurance/ial/2",
    "multifactor",
    "myhealthevet",
    "myhealthevet_multifactor",
    "myhealthevet_loa3",
    "dslogon",
    "dslogon_multifactor",
    "dslogon_loa3",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"};

// Levels of one provider, weakest first, for comparison "minimum".
constexpr std::array<std::array<absl::string_view, 2>, 2> kLevels = {{
    {"http://idmanagement.gov/ns/assurance/loa/1/vets",
     "http://idmanagement.gov/ns/assurance/loa/3"},
    {"http://idmanagement.gov/ns/assurance/ial/1", "http://idmanagement.gov/ns/assurance/ial/2"},
}};

class Checker {
 public:
  Checker(const Registration& registration, absl::Time now)
      : registration_(registration), now_(now) {}

  CheckedRequest Check(absl::string_view form_value) {
    // Line breaks inside base64 are allowed on this binding; nothing else is.
    const auto xml = base::Base64DecodeLenientWhitespace(form_value);
    if (!xml.ok()) return Refused("SAMLRequest is not base64");
    const auto document = Document::Parse(*xml);
    if (!document.ok()) {
      return Refused(absl::StrCat("XML refused: ", base::ReasonOf(document.status())));
    }
    const Element root = document->root();
    if (!root.Is(kSamlp, "AuthnRequest")) return Refused("the root is not samlp:AuthnRequest");
    CheckSignature(*document, root);
    CheckOrder(root);
    CheckHeader(root);
    CheckAddresses(root);
    CheckNameIdPolicy(root);
    CheckContexts(root);
    return std::move(result_);
  }

 private:
  void Problem(absl::string_view text) { result_.problems.emplace_back(text); }

  CheckedRequest Refused(absl::string_view text) {
    Problem(text);
    return std::move(result_);
  }

  void CheckSignature(const Document& document, const Element& root) {
    const auto verified = xml::VerifyEnveloped(document, root, registration_.sp_keys);
    if (!verified.ok()) {
      Problem(absl::StrCat("signature: ", base::ReasonOf(verified.status())));
    }
  }

  // The schema is a sequence: Issuer, Signature, Extensions, Subject, NameIDPolicy, Conditions,
  // RequestedAuthnContext, Scoping.
  void CheckOrder(const Element& root) {
    static constexpr std::array<std::pair<absl::string_view, absl::string_view>, 8> kOrder = {
        {{kSaml, "Issuer"},
         {kDs, "Signature"},
         {kSamlp, "Extensions"},
         {kSaml, "Subject"},
         {kSamlp, "NameIDPolicy"},
         {kSaml, "Conditions"},
         {kSamlp, "RequestedAuthnContext"},
         {kSamlp, "Scoping"}}};
    size_t at = 0;
    for (const Element child : root.Children()) {
      while (at < kOrder.size() && !child.Is(kOrder[at].first, kOrder[at].second)) ++at;
      if (at++ == kOrder.size()) {
        Problem(absl::StrCat("element ", child.local_name(), " is unknown, doubled or misplaced"));
        return;
      }
    }
  }

  void CheckHeader(const Element& root) {
    result_.request.id = root.Attr("ID").value_or("");
    if (!xml::IsNcName(result_.request.id)) Problem("ID is not an NCName");
    // saml-core 1.3.4: at least 128 bits of chance, of which 16 bytes in hex are the least.
    if (result_.request.id.size() < 17) Problem("ID is too short to be unguessable");
    if (root.Attr("Version") != "2.0") Problem("Version is not 2.0");
    CheckInstant(root.Attr("IssueInstant").value_or(""));
    const auto issuer = root.OnlyChild(kSaml, "Issuer");
    result_.request.issuer = issuer ? issuer->TextOnly().value_or("") : "";
    if (result_.request.issuer != registration_.sp_entity_id) {
      Problem("Issuer is not a registered service provider");
    }
    const auto force = root.Attr("ForceAuthn").value_or("false");
    if (force != "true" && force != "false") Problem("ForceAuthn is not a boolean");
    result_.request.force_authn = force == "true";
    if (root.Attr("IsPassive").value_or("false") != "false") Problem("IsPassive must be false");
  }

  void CheckInstant(const std::string& text) {
    absl::Time instant;
    const bool utc = absl::EndsWith(text, "Z");
    if (!utc || !absl::ParseTime(absl::RFC3339_full, text, &instant, nullptr)) {
      Problem("IssueInstant is not a UTC time");
    } else if (absl::AbsDuration(now_ - instant) > registration_.skew) {
      Problem("IssueInstant is not now");
    }
  }

  void CheckAddresses(const Element& root) {
    result_.request.acs_url = root.Attr("AssertionConsumerServiceURL").value_or("");
    if (root.Attr("Destination") != registration_.sso_url) Problem("Destination is not us");
    if (result_.request.acs_url != registration_.acs_url) {
      Problem("AssertionConsumerServiceURL is not registered");
    }
    if (root.Attr("AssertionConsumerServiceIndex")) {
      Problem("AssertionConsumerServiceIndex beside AssertionConsumerServiceURL");
    }
    if (root.Attr("ProtocolBinding") != kPostBinding) Problem("ProtocolBinding is not HTTP-POST");
  }

  void CheckNameIdPolicy(const Element& root) {
    const auto policy = root.Child(kSamlp, "NameIDPolicy");
    if (!policy) return;
    result_.request.name_id_format = policy->Attr("Format").value_or("");
    static constexpr std::array<absl::string_view, 5> kFormats = {"", kPersistent, kTransient,
                                                                  kUnspecified, kEmailFormat};
    if (std::find(kFormats.begin(), kFormats.end(), result_.request.name_id_format) ==
        kFormats.end()) {
      Problem("NameIDPolicy asks for an unknown Format");
    }
    const auto create = policy->Attr("AllowCreate").value_or("false");
    if (create != "true" && create != "false") Problem("AllowCreate is not a boolean");
    if (policy->Attr("SPNameQualifier").value_or(registration_.sp_entity_id) !=
        registration_.sp_entity_id) {
      Problem("SPNameQualifier is another service provider");
    }
  }

  void CheckContexts(const Element& root) {
    const auto requested = root.Child(kSamlp, "RequestedAuthnContext");
    if (!requested) return Problem("RequestedAuthnContext is missing");
    result_.request.comparison = requested->Attr("Comparison").value_or("exact");
    for (const Element child : requested->Children()) {
      if (!child.Is(kSaml, "AuthnContextClassRef")) {
        return Problem("RequestedAuthnContext holds something else than AuthnContextClassRef");
      }
      result_.request.contexts.push_back(child.TextOnly().value_or(""));
    }
    const std::string joined = absl::StrJoin(result_.request.contexts, " ");
    const bool alone = result_.request.contexts.size() == 1;
    if (!alone && !result_.request.force_authn) {
      Problem("ForceAuthn must be true for these types");
    }
    if (alone && result_.request.comparison == "exact" &&
        std::find(kAgreedAlone.begin(), kAgreedAlone.end(), joined) != kAgreedAlone.end()) {
      return;
    }
    const bool agreed = std::any_of(kAgreed.begin(), kAgreed.end(), [&](const auto& row) {
      return row.contexts == joined && row.comparison == result_.request.comparison;
    });
    if (!agreed) {
      Problem(absl::StrCat("contexts not agreed: ", joined, " (", result_.request.comparison, ")"));
    }
  }

  const Registration& registration_;
  const absl::Time now_;
  CheckedRequest result_;
};

}  // namespace

CheckedRequest CheckAuthnRequest(absl::string_view form_value, const Registration& registration,
                                 absl::Time now) {
  return Checker(registration, now).Check(form_value);
}

std::string RelayStateProblem(absl::string_view relay_state) {
  if (relay_state.size() > 80) return "RelayState is longer than 80 bytes";
  const bool plain = std::all_of(relay_state.begin(), relay_state.end(), [](char c) {
    return absl::ascii_isprint(static_cast<unsigned char>(c));
  });
  return plain ? "" : "RelayState holds control or non-ASCII characters";
}

bool IsSuitable(const testing::Persona& persona, const AuthnRequest& request) {
  if (request.contexts.empty()) return false;
  const std::string& wanted = request.contexts.front();
  if (request.comparison == "exact") return persona.authn_context == wanted;
  for (const auto& levels : kLevels) {
    const auto* const asked = std::find(levels.begin(), levels.end(), wanted);
    const auto* const held = std::find(levels.begin(), levels.end(), persona.authn_context);
    if (asked != levels.end() && held != levels.end()) return held >= asked;
  }
  return false;
}

}  // namespace va::simulators
