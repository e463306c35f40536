#include "tests/simulators/idp/logout.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/xml/builder.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "tests/simulators/idp/saml_words.h"

namespace va::simulators {
namespace {

using xml::Builder;
using xml::Document;
using xml::Element;

constexpr absl::Duration kRequestLifetime = absl::Minutes(5);

std::string Instant(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

// What both messages of a service provider must say.
class Envelope {
 public:
  Envelope(const Registration& registration, absl::Time now, std::vector<std::string>& problems)
      : registration_(registration), now_(now), problems_(problems) {}

  // The document, if it is a signed message of that name.
  std::optional<Document> Open(absl::string_view form_value, absl::string_view name) {
    const auto xml = base::Base64DecodeLenientWhitespace(form_value);
    if (!xml.ok()) return Refuse("the message is not base64");
    auto document = Document::Parse(*xml);
    if (!document.ok()) {
      return Refuse(absl::StrCat("XML refused: ", base::ReasonOf(document.status())));
    }
    const Element root = document->root();
    if (!root.Is(kSamlp, name)) return Refuse(absl::StrCat("the root is not samlp:", name));
    const auto verified = xml::VerifyEnveloped(*document, root, registration_.sp_keys);
    if (!verified.ok()) {
      return Refuse(absl::StrCat("signature: ", base::ReasonOf(verified.status())));
    }
    CheckHeader(root);
    return *std::move(document);
  }

  void Problem(absl::string_view text) { problems_.emplace_back(text); }

  absl::Time InstantOf(const Element& element, const char* name) {
    absl::Time instant = absl::InfinitePast();
    const std::string text = element.Attr(name).value_or("");
    if (!absl::EndsWith(text, "Z") ||
        !absl::ParseTime(absl::RFC3339_full, text, &instant, nullptr)) {
      Problem(absl::StrCat(name, " is not a UTC time"));
    }
    return instant;
  }

 private:
  std::optional<Document> Refuse(absl::string_view text) {
    Problem(text);
    return std::nullopt;
  }

  void CheckHeader(const Element& root) {
    const std::string id = root.Attr("ID").value_or("");
    if (!xml::IsNcName(id) || id.size() < 17) Problem("ID is not an unguessable NCName");
    if (root.Attr("Version") != "2.0") Problem("Version is not 2.0");
    if (absl::AbsDuration(now_ - InstantOf(root, "IssueInstant")) > registration_.skew) {
      Problem("IssueInstant is not now");
    }
    if (root.Attr("Destination") != registration_.slo_url) Problem("Destination is not us");
    const auto issuer = root.OnlyChild(kSaml, "Issuer");
    if (!issuer || issuer->TextOnly().value_or("") != registration_.sp_entity_id) {
      Problem("Issuer is not a registered service provider");
    }
  }

  const Registration& registration_;
  const absl::Time now_;
  std::vector<std::string>& problems_;
};

Builder StartMessage(absl::string_view name, absl::string_view id, absl::Time now,
                     const Registration& registration) {
  Builder out(kSamlp, "samlp", name);
  out.DeclareNs("saml", kSaml)
      .Attr("ID", id)
      .Attr("Version", "2.0")
      .Attr("IssueInstant", Instant(now))
      .Attr("Destination", registration.sp_slo_url);
  return out;
}

absl::StatusOr<std::string> Signed(Builder& out, const Issuer& issuer) {
  auto document = out.Finish();
  if (!document.ok()) return document.status();
  xml::SignOptions options;
  options.certificate_der = issuer.certificate.der();
  const auto status = xml::SignEnveloped(*document, document->root(), "ID", issuer.key, options);
  if (!status.ok()) return status;
  return document->SerializeWithDeclaration();
}

}  // namespace

CheckedLogoutRequest CheckLogoutRequest(absl::string_view form_value,
                                        const Registration& registration, absl::Time now) {
  CheckedLogoutRequest checked;
  Envelope envelope(registration, now, checked.problems);
  const auto document = envelope.Open(form_value, "LogoutRequest");
  if (!document) return checked;
  const Element root = document->root();
  checked.id = root.Attr("ID").value_or("");
  if (envelope.InstantOf(root, "NotOnOrAfter") <= now) envelope.Problem("NotOnOrAfter is past");
  const auto name_id = root.OnlyChild(kSaml, "NameID");
  const auto index = root.OnlyChild(kSamlp, "SessionIndex");
  if (!name_id) envelope.Problem("there is not one NameID");
  if (!index) envelope.Problem("there is not one SessionIndex");
  if (name_id) checked.name_id = name_id->TextOnly().value_or("");
  if (index) checked.session_index = index->TextOnly().value_or("");
  // As it was asserted: somebody else could have the same name in another format.
  if (name_id && name_id->Attr("Format").value_or("").empty()) {
    envelope.Problem("NameID has not the Format it was asserted with");
  }
  return checked;
}

CheckedLogoutResponse CheckLogoutResponse(absl::string_view form_value,
                                          const Registration& registration, absl::Time now) {
  CheckedLogoutResponse checked;
  Envelope envelope(registration, now, checked.problems);
  const auto document = envelope.Open(form_value, "LogoutResponse");
  if (!document) return checked;
  const Element root = document->root();
  checked.in_response_to = root.Attr("InResponseTo").value_or("");
  const auto status = root.OnlyChild(kSamlp, "Status");
  const auto code = status ? status->OnlyChild(kSamlp, "StatusCode") : std::nullopt;
  if (!code) envelope.Problem("there is no StatusCode");
  checked.success = code && code->Attr("Value") == std::optional<std::string>(kSuccess);
  return checked;
}

absl::StatusOr<std::string> MakeLogoutResponse(const Issuer& issuer,
                                               const Registration& registration,
                                               absl::string_view in_response_to, absl::Time now,
                                               base::IdGenerator& ids) {
  Builder out = StartMessage("LogoutResponse", ids.XmlId(), now, registration);
  out.Attr("InResponseTo", in_response_to).Leaf(kSaml, "Issuer", issuer.entity_id);
  out.Open(kSamlp, "Status").Open(kSamlp, "StatusCode").Attr("Value", kSuccess).Close().Close();
  return Signed(out, issuer);
}

absl::StatusOr<std::string> MakeLogoutRequest(const Issuer& issuer,
                                              const Registration& registration,
                                              const LogoutAsk& ask, absl::Time now) {
  Builder out = StartMessage("LogoutRequest", ask.id, now, registration);
  out.Attr("NotOnOrAfter", Instant(now + kRequestLifetime)).Leaf(kSaml, "Issuer", issuer.entity_id);
  out.Open(kSaml, "NameID").Attr("Format", kPersistent).Text(ask.name_id).Close();
  if (!ask.session_index.empty()) out.Leaf(kSamlp, "SessionIndex", ask.session_index);
  return Signed(out, issuer);
}

}  // namespace va::simulators
