#include "tests/fuzz/oracle.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "services/auth-gateway/saml/saml_names.h"
#include "tests/fuzz/harness.h"

namespace va::fuzz {
namespace {

using gateway::ExpectedResponse;
using gateway::VerifiedAssertion;
using gateway::saml::kAssertion;
using gateway::saml::kProtocol;
using xml::Element;

// What of a moment may be lost when it is read.
constexpr absl::Duration kFraction = absl::Seconds(1);
constexpr char kLowestContext[] = "http://idmanagement.gov/ns/assurance/loa/1";

std::string AttrOf(const Element& element, absl::string_view name) {
  return element.Attr(name).value_or("");
}

// Moments in a form that everybody reads alike; nothing for others.
std::optional<absl::Time> Moment(const Element& element, absl::string_view name) {
  const std::string text = AttrOf(element, name);
  absl::Time moment;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &moment, &error)) return std::nullopt;
  return moment;
}

bool NotBefore(const Element& element, absl::string_view name, const ExpectedResponse& expected) {
  const std::optional<absl::Time> moment = Moment(element, name);
  return !moment.has_value() || *moment <= expected.now + expected.skew;
}
bool NotOver(const Element& element, absl::string_view name, const ExpectedResponse& expected) {
  const std::optional<absl::Time> moment = Moment(element, name);
  return !moment.has_value() || *moment + expected.skew > expected.now;
}

bool AnswersUs(const Element& element, const ExpectedResponse& expected) {
  if (expected.allow_unsolicited) return !element.Attr("InResponseTo").has_value();
  return AttrOf(element, "InResponseTo") == expected.in_response_to;
}

void RequireAudience(const Element& assertion, const ExpectedResponse& expected) {
  const std::optional<Element> conditions = assertion.Child(kAssertion, "Conditions");
  Require(conditions.has_value(), "accepted without conditions");
  Require(NotBefore(*conditions, "NotBefore", expected), "accepted before its time");
  Require(NotOver(*conditions, "NotOnOrAfter", expected), "accepted after its time");
  for (const Element condition : conditions->Children()) {
    Require(condition.Is(kAssertion, "AudienceRestriction") ||
                condition.Is(kAssertion, "OneTimeUse") ||
                condition.Is(kAssertion, "ProxyRestriction"),
            "accepted under a condition that nobody knows");
  }
  const auto restrictions = conditions->ChildrenNamed(kAssertion, "AudienceRestriction");
  Require(!restrictions.empty(), "accepted for any audience");
  for (const Element& restriction : restrictions) {
    const auto audiences = restriction.ChildrenNamed(kAssertion, "Audience");
    Require(std::any_of(audiences.begin(), audiences.end(),
                        [&](const Element& one) { return one.Text() == expected.sp_entity_id; }),
            "accepted for another audience");
  }
}

bool Confirms(const Element& confirmation, const ExpectedResponse& expected) {
  if (AttrOf(confirmation, "Method") != gateway::saml::kBearer) return false;
  const std::optional<Element> data = confirmation.Child(kAssertion, "SubjectConfirmationData");
  return data.has_value() && AttrOf(*data, "Recipient") == expected.acs_url &&
         data->Attr("NotOnOrAfter").has_value() && NotOver(*data, "NotOnOrAfter", expected) &&
         AnswersUs(*data, expected);
}

void RequireConfirmed(const Element& subject, const ExpectedResponse& expected) {
  const auto all = subject.ChildrenNamed(kAssertion, "SubjectConfirmation");
  Require(std::any_of(all.begin(), all.end(),
                      [&](const Element& one) { return Confirms(one, expected); }),
          "accepted unconfirmed");
}

void RequireAuthenticated(const VerifiedAssertion& accepted, const Element& assertion,
                          const ExpectedResponse& expected) {
  const std::optional<Element> statement = assertion.OnlyChild(kAssertion, "AuthnStatement");
  Require(statement.has_value(), "accepted without authentication, or with two");
  Require(NotBefore(*statement, "AuthnInstant", expected), "accepted from the future");
  Require(NotOver(*statement, "SessionNotOnOrAfter", expected), "accepted of an ended session");
  const std::optional<absl::Time> instant = Moment(*statement, "AuthnInstant");
  Require(!instant.has_value() || expected.now - *instant <= expected.max_authn_age + expected.skew,
          "accepted of an old authentication");
  Require(!instant.has_value() || absl::AbsDuration(accepted.authn_instant - *instant) < kFraction,
          "another authentication");
  Require(accepted.session_index == AttrOf(*statement, "SessionIndex"), "another session index");
  const std::optional<Element> context = statement->Child(kAssertion, "AuthnContext");
  const std::optional<Element> reference =
      context.has_value() ? context->Child(kAssertion, "AuthnContextClassRef") : std::nullopt;
  Require(reference.has_value() && accepted.authn_context == reference->Text(), "another context");
  const auto& asked = expected.requested_contexts;
  Require(expected.comparison != "exact" ||
              std::find(asked.begin(), asked.end(), accepted.authn_context) != asked.end(),
          "a context that was not asked for");
  Require(asked.empty() || accepted.authn_context != kLowestContext,
          "a context below what was asked for");
}

// Until when somebody could post it again; the record of its use must live as long.
void RequireRemembered(const VerifiedAssertion& accepted, const Element& assertion,
                       const Element& subject, const ExpectedResponse& expected) {
  absl::Time end = absl::InfinitePast();
  for (const Element& one : subject.ChildrenNamed(kAssertion, "SubjectConfirmation")) {
    const std::optional<Element> data = one.Child(kAssertion, "SubjectConfirmationData");
    if (!data.has_value() || !Confirms(one, expected)) continue;
    end = std::max(end, Moment(*data, "NotOnOrAfter").value_or(absl::InfinitePast()));
  }
  const std::optional<Element> conditions = assertion.Child(kAssertion, "Conditions");
  if (conditions.has_value() && conditions->Attr("NotOnOrAfter").has_value()) {
    end = std::min(end, Moment(*conditions, "NotOnOrAfter").value_or(absl::InfinitePast()));
  }
  Require(accepted.not_on_or_after >= end + expected.skew - kFraction,
          "forgotten while it is still valid");
}

using Attributes = std::vector<std::pair<std::string, std::vector<std::string>>>;

Attributes AttributesOf(const Element& assertion) {
  Attributes out;
  for (const Element& statement : assertion.ChildrenNamed(kAssertion, "AttributeStatement")) {
    for (const Element& attribute : statement.ChildrenNamed(kAssertion, "Attribute")) {
      auto& [name, values] =
          out.emplace_back(AttrOf(attribute, "Name"), std::vector<std::string>());
      for (const Element& value : attribute.ChildrenNamed(kAssertion, "AttributeValue")) {
        values.push_back(value.Text());
      }
    }
  }
  return out;
}

// The assertion as the provider signed it: whatever was done to the message later.
void RequireVouched(const VerifiedAssertion& accepted, const Element& assertion,
                    const ExpectedResponse& expected) {
  Require(AttrOf(assertion, "Version") == "2.0", "accepted in another version");
  Require(accepted.assertion_id == AttrOf(assertion, "ID"), "another assertion's id");
  const std::optional<Element> issuer = assertion.Child(kAssertion, "Issuer");
  Require(issuer.has_value() && issuer->Text() == expected.idp_entity_id &&
              accepted.issuer == expected.idp_entity_id,
          "another issuer");
  Require(NotBefore(assertion, "IssueInstant", expected), "accepted before it was issued");
  const std::optional<Element> subject = assertion.Child(kAssertion, "Subject");
  Require(subject.has_value(), "accepted without subject");
  const std::optional<Element> name_id = subject->Child(kAssertion, "NameID");
  Require(name_id.has_value() && name_id->Text() == accepted.name_id,
          "the identity is not the one that was signed");
  Require(accepted.name_id_format == AttrOf(*name_id, "Format"), "a name of another format");
  Require(name_id->Attr("SPNameQualifier").value_or(expected.sp_entity_id) == expected.sp_entity_id,
          "a name that is for another service");
  Require(accepted.attributes == AttributesOf(assertion),
          "the attributes are not those that were signed");
  RequireConfirmed(*subject, expected);
  RequireRemembered(accepted, assertion, *subject, expected);
  RequireAudience(assertion, expected);
  RequireAuthenticated(accepted, assertion, expected);
}

// The envelope as it arrived: nobody need have signed it.
void RequireEnvelope(const Element& response, const ExpectedResponse& expected) {
  Require(response.Is(kProtocol, "Response"), "accepted what is no response");
  Require(AttrOf(response, "Version") == "2.0", "accepted a response in another version");
  Require(AttrOf(response, "Destination") == expected.acs_url ||
              !response.Attr("Destination").has_value(),
          "accepted with another destination");
  const std::optional<Element> issuer = response.Child(kAssertion, "Issuer");
  Require(!issuer.has_value() || issuer->Text() == expected.idp_entity_id,
          "accepted in the envelope of another provider");
  Require(NotBefore(response, "IssueInstant", expected), "accepted before it was issued");
  Require(AnswersUs(response, expected), "accepted as the answer to another request");
  const std::optional<Element> status = response.Child(kProtocol, "Status");
  const std::optional<Element> code =
      status.has_value() ? status->Child(kProtocol, "StatusCode") : std::nullopt;
  Require(code.has_value() && AttrOf(*code, "Value") == gateway::saml::kSuccess,
          "accepted without success");
  Require(response.ChildrenNamed(kAssertion, "Assertion").size() +
                  response.ChildrenNamed(kAssertion, "EncryptedAssertion").size() ==
              1,
          "accepted with several assertions");
}

bool IsSignature(const Element& element) { return element.Is(xml::kDsigNs, "Signature"); }

bool HasOwnSignature(const Element& element) {
  return element.ChildrenNamed(xml::kDsigNs, "Signature").size() == 1;
}

// Signature elements of the root are what its own signature leaves out.
std::vector<Element> CoveredChildren(const Element& element, bool is_root) {
  std::vector<Element> out;
  for (const Element child : element.Children()) {
    if (!is_root || !IsSignature(child)) out.push_back(child);
  }
  return out;
}

bool IsAsSent(const Element& arrived, const Element& sent, bool is_root = true) {
  for (const absl::string_view name :
       {"ID", "Version", "IssueInstant", "Destination", "InResponseTo", "Value", "Format", "Name",
        "Algorithm", "URI", "Id", "Recipient", "NotBefore", "NotOnOrAfter", "Method"}) {
    if (arrived.Attr(name) != sent.Attr(name)) return false;
  }
  if (!arrived.Is(sent.ns(), sent.local_name()) || arrived.Text() != sent.Text()) return false;
  const std::vector<Element> here = CoveredChildren(arrived, is_root);
  const std::vector<Element> there = CoveredChildren(sent, is_root);
  return std::equal(
      here.begin(), here.end(), there.begin(), there.end(),
      [](const Element& one, const Element& other) { return IsAsSent(one, other, false); });
}

// Whether the whole message arrived under the provider's signature: nothing was changed, and the
// signature was not taken off either.
bool IsSealed(const Element& arrived, const Posted& posted) {
  if (!posted.done.root || !HasOwnSignature(arrived)) return false;
  const auto sent = xml::Document::Parse(posted.sent);
  return sent.ok() && IsAsSent(arrived, sent->root());
}

// Of an encrypted assertion nobody sees from outside whether its signature is still there.
bool HasSignedAssertion(const Element& arrived, const Posted& posted) {
  if (!posted.done.assertion) return false;
  const std::optional<Element> assertion = arrived.Child(kAssertion, "Assertion");
  return !assertion.has_value() || HasOwnSignature(*assertion);
}

void RequireWanted(const VerifiedAssertion& accepted, const Element& arrived, const Posted& posted,
                   gateway::SignatureWanted want) {
  const bool assertion = HasSignedAssertion(arrived, posted);
  const bool response = IsSealed(arrived, posted);
  switch (want) {
    case gateway::SignatureWanted::kAssertion:
      return Require(assertion, "the assertion had to be signed");
    case gateway::SignatureWanted::kResponse:
      return Require(response, "the response had to be signed");
    case gateway::SignatureWanted::kBoth:
      return Require(assertion && response, "both had to be signed");
    case gateway::SignatureWanted::kEncrypted:
      return Require(accepted.encrypted, "the assertion had to be encrypted");
  }
}

// AES-CBC only where the provider's signature lies around it, and nothing older than OAEP.
void RequireEncryptedWell(const VerifiedAssertion& accepted, const SamlInput& input,
                          const Element& arrived, const Posted& posted,
                          const ExpectedResponse& expected) {
  const bool encrypted = input.Mode() == 'e';
  Require(accepted.encrypted == encrypted, "encrypted, or not");
  if (expected.algorithms == gateway::Algorithms::kLegacyToo) return;
  Require(!encrypted || MayBeEncryptedSo(input.Option(4), IsSealed(arrived, posted)),
          "encrypted by an algorithm that is not allowed there");
  // A name that is encrypted lies under whichever signature counts. With two of them in the text
  // it may be the other one.
  const bool name_is_encrypted =
      input.Bit(3, 5) && input.xml.find("NameID>") == input.xml.rfind("NameID>");
  Require(!name_is_encrypted || MayBeEncryptedSo(input.Option(4), true),
          "a name encrypted by an algorithm that is not allowed");
}

}  // namespace

void RequireGenuine(const VerifiedAssertion& accepted, const SamlInput& input, const Posted& posted,
                    const ExpectedResponse& expected) {
  Require(posted.vouched.has_value(), "accepted what no key has signed");
  const auto arrived = xml::Document::Parse(posted.xml);
  Require(arrived.ok(), "accepted what is not XML");
  RequireWanted(accepted, arrived->root(), posted, expected.want);
  RequireEncryptedWell(accepted, input, arrived->root(), posted, expected);
  RequireEnvelope(arrived->root(), expected);
  const auto vouched = xml::Document::Parse(*posted.vouched);
  Require(vouched.ok(), "a signed message is not XML");
  const std::optional<Element> assertion = vouched->root().Child(kAssertion, "Assertion");
  Require(assertion.has_value(), "accepted without assertion");
  RequireVouched(accepted, *assertion, expected);
}

}  // namespace va::fuzz
