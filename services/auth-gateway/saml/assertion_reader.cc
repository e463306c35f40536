#include "services/auth-gateway/saml/assertion_reader.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "lib/identity/assurance.h"
#include "lib/identity/authn_context.h"
#include "services/auth-gateway/saml/saml_names.h"
#include "services/auth-gateway/saml/saml_time.h"

namespace va::gateway {
namespace {

using saml::kAssertion;
using xml::Element;

bool IsSaml(const Element& element, absl::string_view name) { return element.Is(kAssertion, name); }

// A moment in an attribute. Absent leaves `out` alone.
Verdict ReadTime(const Element& element, absl::string_view name, std::optional<absl::Time>& out) {
  const std::optional<std::string> text = element.Attr(name);
  if (!text.has_value()) return std::nullopt;
  out = ParseSamlTime(*text);
  if (!out.has_value()) return SamlReject::kTimeMalformed;
  return std::nullopt;
}

// NotOnOrAfter is exclusive: the moment itself is too late (SAML core 2.5.1.2).
bool IsOver(absl::Time not_on_or_after, const ExpectedResponse& expected) {
  return expected.now >= not_on_or_after + expected.skew;
}

bool IsAhead(absl::Time moment, const ExpectedResponse& expected) {
  return expected.now + expected.skew < moment;
}

// ---- Subject ------------------------------------------------------------------------------------

Verdict ReadNameId(const Element& subject, const ExpectedResponse& expected,
                   VerifiedAssertion& out) {
  std::vector<Element> name_ids = subject.ChildrenNamed(kAssertion, "NameID");
  for (const Element& encrypted : subject.ChildrenNamed(kAssertion, "EncryptedID")) {
    // What the validator decrypted stands inside.
    const std::optional<Element> hidden = encrypted.OnlyChild(kAssertion, "NameID");
    if (!hidden.has_value()) return SamlReject::kNameIdEncrypted;
    name_ids.push_back(*hidden);
  }
  if (name_ids.empty()) return SamlReject::kNameIdMissing;
  if (name_ids.size() > 1) return SamlReject::kMalformedAssertion;
  const Element& name_id = name_ids.front();
  absl::StatusOr<std::string> text = name_id.TextOnly();
  if (!text.ok()) return SamlReject::kMarkupInText;
  if (absl::StripAsciiWhitespace(*text).empty()) return SamlReject::kNameIdMissing;
  const std::optional<std::string> qualifier = name_id.Attr("SPNameQualifier");
  if (qualifier.has_value() && *qualifier != expected.sp_entity_id)
    return SamlReject::kNameIdOtherSp;
  out.name_id = *std::move(text);
  out.name_id_format = name_id.Attr("Format").value_or("");
  out.name_qualifier = name_id.Attr("NameQualifier").value_or("");
  out.sp_name_qualifier = qualifier.value_or("");
  return std::nullopt;
}

// Every rule for one bearer confirmation. `usable_until` is raised to its end when that is
// readable.
Verdict CheckBearer(const Element& confirmation, const ExpectedResponse& expected,
                    absl::Time& usable_until) {
  const std::optional<Element> data = confirmation.OnlyChild(kAssertion, "SubjectConfirmationData");
  if (!data.has_value()) return SamlReject::kConfirmationMalformed;
  std::optional<absl::Time> end;
  if (const Verdict no = ReadTime(*data, "NotOnOrAfter", end)) return no;
  // A bearer confirmation must end, and must not begin later (SAML profiles 4.1.4.2).
  if (!end.has_value() || data->Attr("NotBefore").has_value())
    return SamlReject::kConfirmationMalformed;
  usable_until = std::max(usable_until, *end);
  const std::optional<std::string> recipient = data->Attr("Recipient");
  if (!recipient.has_value()) return SamlReject::kRecipientMissing;
  if (*recipient != expected.acs_url) return SamlReject::kRecipientMismatch;
  if (const Verdict no = CheckInResponseTo(*data, expected)) return no;
  if (IsOver(*end, expected)) return SamlReject::kConfirmationExpired;
  return std::nullopt;
}

// One bearer confirmation that satisfies every rule is enough (attack S104).
Verdict CheckConfirmations(const Element& subject, const ExpectedResponse& expected,
                           absl::Time& usable_until) {
  Verdict first_refusal;
  bool confirmed = false;
  for (const Element confirmation : subject.Children()) {
    if (!IsSaml(confirmation, "SubjectConfirmation")) continue;
    if (confirmation.Attr("Method") != std::optional<std::string>(saml::kBearer)) continue;
    const Verdict no = CheckBearer(confirmation, expected, usable_until);
    confirmed = confirmed || !no.has_value();
    if (!first_refusal.has_value()) first_refusal = no;
  }
  if (confirmed) return std::nullopt;
  return first_refusal.value_or(SamlReject::kNoBearerConfirmation);
}

Verdict ReadSubject(const Element& assertion, const ExpectedResponse& expected,
                    VerifiedAssertion& out, absl::Time& usable_until) {
  const std::vector<Element> subjects = assertion.ChildrenNamed(kAssertion, "Subject");
  if (subjects.empty()) return SamlReject::kSubjectMissing;
  if (subjects.size() > 1) return SamlReject::kMalformedAssertion;
  if (const Verdict no = ReadNameId(subjects.front(), expected, out)) return no;
  return CheckConfirmations(subjects.front(), expected, usable_until);
}

// ---- Conditions ---------------------------------------------------------------------------------

// Each restriction must name us among its audiences (attack S101).
Verdict CheckAudience(const Element& restriction, const ExpectedResponse& expected) {
  bool any = false;
  bool ours = false;
  for (const Element audience : restriction.Children()) {
    if (!IsSaml(audience, "Audience")) continue;
    const absl::StatusOr<std::string> text = audience.TextOnly();
    if (!text.ok()) return SamlReject::kMarkupInText;
    any = any || !text->empty();
    ours = ours || *text == expected.sp_entity_id;
  }
  if (!any) return SamlReject::kAudienceMissing;
  if (!ours) return SamlReject::kAudienceMismatch;
  return std::nullopt;
}

Verdict CheckConditionList(const Element& conditions, const ExpectedResponse& expected) {
  bool restricted = false;
  for (const Element condition : conditions.Children()) {
    if (IsSaml(condition, "AudienceRestriction")) {
      if (const Verdict no = CheckAudience(condition, expected)) return no;
      restricted = true;
      continue;
    }
    // OneTimeUse is kept anyway, and nothing is issued on from here. A condition that we do not
    // understand makes the assertion's validity unknown (SAML core 2.5.1.1).
    if (!IsSaml(condition, "OneTimeUse") && !IsSaml(condition, "ProxyRestriction")) {
      return SamlReject::kConditionUnknown;
    }
  }
  if (!restricted) return SamlReject::kAudienceMissing;
  return std::nullopt;
}

Verdict CheckConditions(const Element& assertion, const ExpectedResponse& expected,
                        absl::Time& usable_until) {
  const std::vector<Element> all = assertion.ChildrenNamed(kAssertion, "Conditions");
  if (all.empty()) return SamlReject::kConditionsMissing;
  if (all.size() > 1) return SamlReject::kMalformedAssertion;
  const Element& conditions = all.front();
  std::optional<absl::Time> begin;
  std::optional<absl::Time> end;
  if (const Verdict no = ReadTime(conditions, "NotBefore", begin)) return no;
  if (const Verdict no = ReadTime(conditions, "NotOnOrAfter", end)) return no;
  if (begin.has_value() && end.has_value() && *begin >= *end) return SamlReject::kTimeMalformed;
  if (begin.has_value() && IsAhead(*begin, expected)) return SamlReject::kNotYetValid;
  if (end.has_value() && IsOver(*end, expected)) return SamlReject::kExpired;
  if (end.has_value()) usable_until = std::min(usable_until, *end);
  return CheckConditionList(conditions, expected);
}

// ---- AuthnStatement -----------------------------------------------------------------------------

// The CSP of an inbound Password context is told by the attribute csid (ssoe_saml.md 1.4).
std::optional<identity::Csp> InboundCsp(const VerifiedAssertion& assertion) {
  for (const auto& [name, values] : assertion.attributes) {
    if (name == "va_eauth_csid" && values.size() == 1) {
      return identity::CspFromString(absl::AsciiStrToLower(values.front()));
    }
  }
  return std::nullopt;
}

Verdict ReadAuthnContext(const Element& statement, VerifiedAssertion& out) {
  const std::optional<Element> context = statement.OnlyChild(kAssertion, "AuthnContext");
  if (!context.has_value()) return SamlReject::kContextMissing;
  const std::optional<Element> reference = context->OnlyChild(kAssertion, "AuthnContextClassRef");
  if (!reference.has_value()) return SamlReject::kContextMissing;
  absl::StatusOr<std::string> text = reference->TextOnly();
  if (!text.ok()) return SamlReject::kMarkupInText;
  if (text->empty()) return SamlReject::kContextMissing;
  out.authn_context = *std::move(text);
  return std::nullopt;
}

Verdict ReadAuthnStatement(const Element& assertion, const ExpectedResponse& expected,
                           VerifiedAssertion& out) {
  const std::vector<Element> statements = assertion.ChildrenNamed(kAssertion, "AuthnStatement");
  if (statements.empty()) return SamlReject::kAuthnStatementMissing;
  // Two statements could name two contexts and two sessions: nobody could say which one counts.
  if (statements.size() > 1) return SamlReject::kSeveralAuthnStatements;
  const Element& statement = statements.front();
  std::optional<absl::Time> instant;
  std::optional<absl::Time> session_end;
  if (const Verdict no = ReadTime(statement, "AuthnInstant", instant)) return no;
  if (const Verdict no = ReadTime(statement, "SessionNotOnOrAfter", session_end)) return no;
  if (!instant.has_value()) return SamlReject::kTimeMalformed;
  if (IsAhead(*instant, expected)) return SamlReject::kAuthnInstantInFuture;
  if (expected.now - *instant > expected.max_authn_age + expected.skew) {
    return SamlReject::kAuthnInstantTooOld;
  }
  if (session_end.has_value() && IsOver(*session_end, expected)) return SamlReject::kSessionExpired;
  out.authn_instant = *instant;
  out.session_index = statement.Attr("SessionIndex").value_or("");
  return ReadAuthnContext(statement, out);
}

// ---- Attributes ---------------------------------------------------------------------------------

// The one value that is an element with many providers (eduPersonTargetedID): it has no text of its
// own, and what stands inside is not taken for it (attack S77).
bool IsNameIdAlone(const Element& value) {
  return value.Children().size() == 1 && value.OnlyChild(kAssertion, "NameID").has_value() &&
         absl::StripAsciiWhitespace(value.Text()).empty();
}

Verdict ReadValues(const Element& attribute, std::vector<std::string>& out) {
  for (const Element value : attribute.Children()) {
    if (!IsSaml(value, "AttributeValue") || IsNameIdAlone(value)) continue;
    absl::StatusOr<std::string> text = value.TextOnly();
    if (!text.ok()) return SamlReject::kMarkupInText;
    out.push_back(*std::move(text));
  }
  return std::nullopt;
}

// Names are compared whole and exactly; the same name twice would let a reader choose (attack
// S111).
Verdict ReadAttributes(const Element& assertion, VerifiedAssertion& out) {
  std::set<std::string> seen;
  for (const Element statement : assertion.Children()) {
    if (!IsSaml(statement, "AttributeStatement")) continue;
    for (const Element attribute : statement.Children()) {
      if (IsSaml(attribute, "EncryptedAttribute")) return SamlReject::kAttributeEncrypted;
      if (!IsSaml(attribute, "Attribute")) return SamlReject::kMalformedAttribute;
      std::string name = attribute.Attr("Name").value_or("");
      if (name.empty()) return SamlReject::kMalformedAttribute;
      if (!seen.insert(name).second) return SamlReject::kDuplicateAttribute;
      std::vector<std::string> values;
      if (const Verdict no = ReadValues(attribute, values)) return no;
      out.attributes.emplace_back(std::move(name), std::move(values));
    }
  }
  return std::nullopt;
}

}  // namespace

Verdict CheckIssuer(const Element& issuer, absl::string_view entity_id) {
  const absl::StatusOr<std::string> text = issuer.TextOnly();
  if (!text.ok()) return SamlReject::kMarkupInText;
  const std::optional<std::string> format = issuer.Attr("Format");
  const bool is_entity = !format.has_value() || *format == saml::kEntityFormat;
  if (!is_entity || *text != entity_id) return SamlReject::kIssuerMismatch;
  return std::nullopt;
}

Verdict CheckInResponseTo(const Element& element, const ExpectedResponse& expected) {
  const std::optional<std::string> answers = element.Attr("InResponseTo");
  if (expected.allow_unsolicited) {
    return answers.has_value() ? Verdict(SamlReject::kInResponseToMismatch) : std::nullopt;
  }
  if (!answers.has_value()) return SamlReject::kInResponseToMissing;
  if (expected.in_response_to.empty() || *answers != expected.in_response_to) {
    return SamlReject::kInResponseToMismatch;
  }
  return std::nullopt;
}

Verdict CheckIssueInstant(const Element& element, const ExpectedResponse& expected,
                          absl::Time* issued_at) {
  std::optional<absl::Time> issued;
  if (const Verdict no = ReadTime(element, "IssueInstant", issued)) return no;
  if (!issued.has_value()) return SamlReject::kTimeMalformed;
  if (IsAhead(*issued, expected)) return SamlReject::kIssuedInFuture;
  if (issued_at != nullptr) *issued_at = *issued;
  return std::nullopt;
}

Verdict ReadAssertion(const xml::VerifiedElement& assertion, const ExpectedResponse& expected,
                      VerifiedAssertion& out) {
  const Element& root = *assertion;
  if (root.Attr("Version") != std::optional<std::string>("2.0")) return SamlReject::kBadVersion;
  out.assertion_id = root.Attr("ID").value_or("");
  if (out.assertion_id.empty()) return SamlReject::kMalformedAssertion;
  const std::vector<Element> issuers = root.ChildrenNamed(kAssertion, "Issuer");
  if (issuers.empty()) return SamlReject::kIssuerMissing;
  if (issuers.size() > 1) return SamlReject::kMalformedAssertion;
  if (const Verdict no = CheckIssuer(issuers.front(), expected.idp_entity_id)) return no;
  out.issuer = expected.idp_entity_id;

  absl::Time confirmation_end = absl::InfinitePast();
  absl::Time conditions_end = absl::InfiniteFuture();
  // Conditions first: of an assertion that is too old in every way, this is the plainest reason.
  if (const Verdict no = CheckConditions(root, expected, conditions_end)) return no;
  if (const Verdict no = CheckIssueInstant(root, expected, &out.issued_at)) return no;
  if (const Verdict no = ReadSubject(root, expected, out, confirmation_end)) return no;
  if (const Verdict no = ReadAttributes(root, out)) return no;
  if (const Verdict no = ReadAuthnStatement(root, expected, out)) return no;
  if (!expected.any_context &&
      !identity::SatisfiesRequest(out.authn_context, expected.requested_contexts,
                                  expected.comparison, InboundCsp(out))) {
    return SamlReject::kContextNotSatisfied;
  }
  // Until then, skew included, somebody could present it again: the replay record must live as
  // long.
  out.not_on_or_after = std::min(confirmation_end, conditions_end) + expected.skew;
  return std::nullopt;
}

}  // namespace va::gateway
