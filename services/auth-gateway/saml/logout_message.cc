#include "services/auth-gateway/saml/logout_message.h"

#include <initializer_list>
#include <utility>

#include "absl/strings/ascii.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/xml/builder.h"
#include "lib/xml/dsig.h"
#include "lib/xml/enc.h"
#include "services/auth-gateway/saml/assertion_reader.h"
#include "services/auth-gateway/saml/saml_names.h"
#include "services/auth-gateway/saml/saml_time.h"

namespace va::gateway {
namespace {

using saml::kAssertion;
using saml::kProtocol;
using xml::Element;

// More sessions than anybody has at one IdP.
constexpr size_t kMaxSessionIndexes = 64;
constexpr size_t kMaxText = 1024;  // of a NameID, of a SessionIndex

constexpr absl::string_view NameOf(SamlMessageKind kind) {
  return kind == SamlMessageKind::kRequest ? "LogoutRequest" : "LogoutResponse";
}

// ---- Shape --------------------------------------------------------------------------------------

struct Allowed {
  absl::string_view ns;
  absl::string_view name;
};

constexpr Allowed kRequestParts[] = {
    {kAssertion, "Issuer"},      {xml::kDsigNs, "Signature"}, {kProtocol, "Extensions"},
    {kAssertion, "NameID"},      {kAssertion, "BaseID"},      {kAssertion, "EncryptedID"},
    {kProtocol, "SessionIndex"},
};
constexpr Allowed kResponseParts[] = {
    {kAssertion, "Issuer"},
    {xml::kDsigNs, "Signature"},
    {kProtocol, "Extensions"},
    {kProtocol, "Status"},
};

// Only what the schema puts there (SAML core 3.7.1, 3.7.2): a part in a foreign place could be what
// another reader reads.
bool HoldsOnly(const Element& message, absl::Span<const Allowed> allowed) {
  for (const Element child : message.Children()) {
    bool known = false;
    for (const Allowed& part : allowed) known = known || child.Is(part.ns, part.name);
    if (!known) return false;
  }
  return true;
}

// A Signature below the root's own children covers something else than the message.
bool HasSignatureBelow(const Element& element, int depth) {
  for (const Element child : element.Children()) {
    const bool is_signature = child.Is(xml::kDsigNs, "Signature");
    if (is_signature && depth > 0) return true;
    if (!is_signature && HasSignatureBelow(child, depth + 1)) return true;
  }
  return false;
}

Verdict CheckShape(const LogoutMessage& message, SamlMessageKind kind) {
  const Element root = message.document.root();
  if (message.kind != kind || !root.Is(kProtocol, NameOf(kind))) {
    return SamlReject::kNotALogoutMessage;
  }
  if (const absl::Status ids = xml::CheckIds(message.document); !ids.ok()) {
    return RejectFromXml(ids, SamlReject::kXmlBadId);
  }
  const bool fits = kind == SamlMessageKind::kRequest ? HoldsOnly(root, kRequestParts)
                                                      : HoldsOnly(root, kResponseParts);
  if (!fits) return SamlReject::kMalformedLogout;
  if (HasSignatureBelow(root, 0)) return SamlReject::kSignatureMisplaced;
  return std::nullopt;
}

// ---- Signature ----------------------------------------------------------------------------------

Verdict CheckQuerySignature(const LogoutMessage& message, const ExpectedLogout& expected) {
  // The query's signature is the one that counts; by Redirect the document has none (SAML bindings
  // 3.4.4.1).
  if (xml::HasSignature(message.document.root())) return SamlReject::kSignatureMisplaced;
  const absl::Status verified =
      VerifyRedirectQuery(message.query, expected.keys, expected.algorithms);
  if (!verified.ok()) return RejectOf(verified).value_or(SamlReject::kSignatureProcessing);
  return std::nullopt;
}

Verdict CheckDocumentSignature(const LogoutMessage& message, const ExpectedLogout& expected) {
  xml::VerifyOptions options;
  options.allow_legacy = expected.algorithms == Algorithms::kLegacyToo;
  const auto verified =
      xml::VerifyEnveloped(message.document, message.document.root(), expected.keys, options);
  if (!verified.ok()) {
    return RejectFromXml(verified.status(), SamlReject::kSignatureProcessing);
  }
  return std::nullopt;
}

// Either signature covers the whole document, so that everything in it may be read afterwards.
Verdict CheckSignature(const LogoutMessage& message, const ExpectedLogout& expected) {
  return message.binding == SamlBinding::kRedirect ? CheckQuerySignature(message, expected)
                                                   : CheckDocumentSignature(message, expected);
}

// ---- Envelope -----------------------------------------------------------------------------------

Verdict CheckIssued(const Element& root, const ExpectedLogout& expected) {
  const std::optional<absl::Time> issued = ParseSamlTime(root.Attr("IssueInstant").value_or(""));
  if (!issued.has_value()) return SamlReject::kTimeMalformed;
  if (expected.now + expected.skew < *issued) return SamlReject::kIssuedInFuture;
  if (expected.now >= *issued + expected.max_age + expected.skew) return SamlReject::kExpired;
  return std::nullopt;
}

Verdict CheckEnvelope(const Element& root, const ExpectedLogout& expected) {
  if (root.Attr("Version") != std::optional<std::string>("2.0")) return SamlReject::kBadVersion;
  if (!xml::IsNcName(root.Attr("ID").value_or(""))) return SamlReject::kMalformedLogout;
  const std::vector<Element> issuers = root.ChildrenNamed(kAssertion, "Issuer");
  if (issuers.empty()) return SamlReject::kIssuerMissing;
  if (issuers.size() > 1) return SamlReject::kMalformedLogout;
  if (const Verdict no = CheckIssuer(issuers.front(), expected.idp_entity_id)) return no;
  // A signed message must say where it goes (SAML bindings 3.4.5.2, 3.5.5.2), or one to another
  // service could be sent on to us.
  const std::optional<std::string> destination = root.Attr("Destination");
  if (!destination.has_value() || destination->empty()) return SamlReject::kDestinationMissing;
  if (*destination != expected.slo_url) return SamlReject::kDestinationMismatch;
  return CheckIssued(root, expected);
}

// ---- LogoutRequest ------------------------------------------------------------------------------

Verdict CheckNotOnOrAfter(const Element& root, const ExpectedLogout& expected) {
  const std::optional<std::string> text = root.Attr("NotOnOrAfter");
  if (!text.has_value()) return std::nullopt;
  const std::optional<absl::Time> end = ParseSamlTime(*text);
  if (!end.has_value()) return SamlReject::kTimeMalformed;
  if (expected.now >= *end + expected.skew) return SamlReject::kExpired;
  return std::nullopt;
}

Verdict ReadNameId(const Element& name_id, const ExpectedLogout& expected, LogoutRequest& out) {
  absl::StatusOr<std::string> text = name_id.TextOnly();
  if (!text.ok()) return SamlReject::kMarkupInText;
  if (absl::StripAsciiWhitespace(*text).empty()) return SamlReject::kNameIdMissing;
  if (text->size() > kMaxText) return SamlReject::kMalformedLogout;
  const std::optional<std::string> qualifier = name_id.Attr("SPNameQualifier");
  if (qualifier.has_value() && *qualifier != expected.sp_entity_id) {
    return SamlReject::kNameIdOtherSp;
  }
  out.name_id = *std::move(text);
  out.name_id_format = name_id.Attr("Format").value_or("");
  out.name_qualifier = name_id.Attr("NameQualifier").value_or("");
  return std::nullopt;
}

// Decrypted in a document of its own: the one that was verified stays as it is. The ciphertext lies
// under the signature of the message, which CBC needs (decision P4).
Verdict ReadEncryptedId(const Element& encrypted, const ExpectedLogout& expected,
                        LogoutRequest& out) {
  if (expected.decryption_keys.empty()) return SamlReject::kNameIdEncrypted;
  xml::Document copy = xml::Document::New(kProtocol, "samlp", NameOf(SamlMessageKind::kRequest));
  const Element container = copy.mutable_root().AddCopy(encrypted);
  xml::DecryptOptions options;
  options.allow_cbc = true;
  options.allow_legacy = expected.algorithms == Algorithms::kLegacyToo;
  const absl::StatusOr<Element> name_id =
      xml::DecryptInPlace(copy, container, expected.decryption_keys, options);
  if (!name_id.ok()) return RejectFromXml(name_id.status(), SamlReject::kDecryptionFailed);
  if (!name_id->Is(kAssertion, "NameID")) return SamlReject::kDecryptedContent;
  return ReadNameId(*name_id, expected, out);
}

// Exactly one of NameID and EncryptedID; a BaseID names nobody we know.
Verdict ReadSubject(const Element& root, const ExpectedLogout& expected, LogoutRequest& out) {
  const std::vector<Element> plain = root.ChildrenNamed(kAssertion, "NameID");
  const std::vector<Element> encrypted = root.ChildrenNamed(kAssertion, "EncryptedID");
  const bool has_base = root.Child(kAssertion, "BaseID").has_value();
  if (plain.size() + encrypted.size() + (has_base ? 1 : 0) > 1) {
    return SamlReject::kMalformedLogout;
  }
  if (!encrypted.empty()) return ReadEncryptedId(encrypted.front(), expected, out);
  if (plain.empty()) return SamlReject::kNameIdMissing;
  return ReadNameId(plain.front(), expected, out);
}

Verdict ReadSessionIndexes(const Element& root, LogoutRequest& out) {
  for (const Element& index : root.ChildrenNamed(kProtocol, "SessionIndex")) {
    absl::StatusOr<std::string> text = index.TextOnly();
    if (!text.ok()) return SamlReject::kMarkupInText;
    // An empty one must not read as "none given", which ends more.
    if (text->empty() || text->size() > kMaxText) return SamlReject::kMalformedLogout;
    if (out.session_indexes.size() == kMaxSessionIndexes) return SamlReject::kMalformedLogout;
    out.session_indexes.push_back(*std::move(text));
  }
  return std::nullopt;
}

Verdict CheckRequest(const LogoutMessage& message, const ExpectedLogout& expected,
                     LogoutRequest& out) {
  if (const Verdict no = CheckShape(message, SamlMessageKind::kRequest)) return no;
  if (const Verdict no = CheckSignature(message, expected)) return no;
  const Element root = message.document.root();
  if (const Verdict no = CheckEnvelope(root, expected)) return no;
  if (const Verdict no = CheckNotOnOrAfter(root, expected)) return no;
  if (const Verdict no = ReadSubject(root, expected, out)) return no;
  out.id = root.Attr("ID").value_or("");
  out.issuer = expected.idp_entity_id;
  out.issued_at = ParseSamlTime(root.Attr("IssueInstant").value_or("")).value_or(out.issued_at);
  return ReadSessionIndexes(root, out);
}

// ---- LogoutResponse -----------------------------------------------------------------------------

Verdict CheckAnswered(const Element& root, const ExpectedLogout& expected) {
  const std::optional<std::string> in_response_to = root.Attr("InResponseTo");
  if (expected.allow_unsolicited) {
    if (in_response_to.has_value()) return SamlReject::kInResponseToMismatch;
    return std::nullopt;
  }
  if (!in_response_to.has_value() || in_response_to->empty()) {
    return SamlReject::kInResponseToMissing;
  }
  if (*in_response_to != expected.in_response_to) return SamlReject::kInResponseToMismatch;
  return std::nullopt;
}

// Success may carry PartialLogout below it: then somebody else stayed signed in (SAML core
// 3.7.3.2).
Verdict CheckStatus(const Element& root) {
  const std::optional<Element> status = root.OnlyChild(kProtocol, "Status");
  if (!status.has_value()) return SamlReject::kStatusMissing;
  const std::optional<Element> code = status->OnlyChild(kProtocol, "StatusCode");
  if (!code.has_value() || !code->Attr("Value").has_value()) return SamlReject::kStatusMissing;
  for (const Element& below : code->ChildrenNamed(kProtocol, "StatusCode")) {
    if (below.Attr("Value") == std::optional<std::string>(saml::kPartialLogout)) {
      return SamlReject::kStatusPartialLogout;
    }
  }
  if (code->Attr("Value") != std::optional<std::string>(saml::kSuccess)) {
    return SamlReject::kStatusNotSuccess;
  }
  return std::nullopt;
}

Verdict CheckResponse(const LogoutMessage& message, const ExpectedLogout& expected) {
  if (const Verdict no = CheckShape(message, SamlMessageKind::kResponse)) return no;
  if (const Verdict no = CheckSignature(message, expected)) return no;
  const Element root = message.document.root();
  if (const Verdict no = CheckEnvelope(root, expected)) return no;
  if (const Verdict no = CheckAnswered(root, expected)) return no;
  return CheckStatus(root);
}

// ---- What we send -------------------------------------------------------------------------------

xml::Builder Begin(SamlMessageKind kind, absl::string_view id, absl::Time issue_instant,
                   absl::string_view destination) {
  xml::Builder out(kProtocol, "samlp", NameOf(kind));
  out.DeclareNs("saml", kAssertion)
      .Attr("ID", id)
      .Attr("Version", "2.0")
      .Attr("IssueInstant", FormatSamlTime(issue_instant))
      .Attr("Destination", destination);
  return out;
}

struct Outgoing {
  SamlMessageKind kind;
  absl::string_view destination;
  SamlBinding binding;
  absl::string_view relay_state;
};

absl::StatusOr<OutgoingMessage> Send(absl::StatusOr<xml::Document> document,
                                     const Outgoing& outgoing, const crypto::PrivateKey& key,
                                     const crypto::Certificate& certificate) {
  if (!document.ok()) return document.status();
  OutgoingMessage message;
  message.binding = outgoing.binding;
  if (outgoing.binding == SamlBinding::kRedirect) {
    auto url = BuildRedirectUrl(outgoing.destination, outgoing.kind, document->Serialize(),
                                outgoing.relay_state, key);
    if (!url.ok()) return url.status();
    message.url = *std::move(url);
    return message;
  }
  xml::SignOptions options;
  options.certificate_der = certificate.der();
  const absl::Status is_signed =
      xml::SignEnveloped(*document, document->root(), "ID", key, options);
  if (!is_signed.ok()) return is_signed;
  message.form_value = base::Base64Encode(document->Serialize());
  return message;
}

absl::Status BadId() {
  return base::MakeError(absl::StatusCode::kInternal, "BAD_LOGOUT_MESSAGE",
                         "the id of a logout message is not valid");
}

}  // namespace

absl::StatusOr<LogoutMessage> ReadLogoutXml(SamlMessageKind kind, absl::string_view xml,
                                            absl::string_view relay_state) {
  absl::StatusOr<xml::Document> document = xml::Document::Parse(xml);
  if (!document.ok()) {
    return RejectStatus(RejectFromXml(document.status(), SamlReject::kXmlNotWellFormed));
  }
  return LogoutMessage{
      kind, SamlBinding::kPost, *std::move(document), std::string(relay_state), {}};
}

absl::StatusOr<LogoutMessage> ReadLogoutForm(SamlMessageKind kind, absl::string_view form_value,
                                             absl::string_view relay_state) {
  if (relay_state.size() > kMaxForeignRelayState) {
    return RejectStatus(SamlReject::kQueryMalformed);
  }
  const absl::StatusOr<std::string> xml = DecodeFormValue(form_value);
  if (!xml.ok()) return xml.status();
  return ReadLogoutXml(kind, *xml, relay_state);
}

absl::StatusOr<LogoutMessage> ReadLogoutQuery(absl::string_view raw_query) {
  absl::StatusOr<RedirectQuery> query = ReadRedirectQuery(raw_query);
  if (!query.ok()) return query.status();
  absl::StatusOr<LogoutMessage> message =
      ReadLogoutXml(query->kind, query->xml, query->relay_state);
  if (!message.ok()) return message.status();
  message->binding = SamlBinding::kRedirect;
  message->query = *std::move(query);
  return message;
}

absl::StatusOr<std::string> ClaimedIssuer(const LogoutMessage& message) {
  const std::optional<Element> issuer = message.document.root().OnlyChild(kAssertion, "Issuer");
  if (!issuer.has_value()) return RejectStatus(SamlReject::kIssuerMissing);
  absl::StatusOr<std::string> text = issuer->TextOnly();
  if (!text.ok()) return RejectStatus(SamlReject::kMarkupInText);
  return text;
}

absl::StatusOr<LogoutRequest> ValidateLogoutRequest(const LogoutMessage& message,
                                                    const ExpectedLogout& expected) {
  LogoutRequest request;
  if (const Verdict no = CheckRequest(message, expected, request)) return RejectStatus(*no);
  return request;
}

absl::StatusOr<LogoutResponse> ValidateLogoutResponse(const LogoutMessage& message,
                                                      const ExpectedLogout& expected) {
  if (const Verdict no = CheckResponse(message, expected)) return RejectStatus(*no);
  const Element root = message.document.root();
  return LogoutResponse{root.Attr("ID").value_or(""), expected.idp_entity_id,
                        root.Attr("InResponseTo").value_or("")};
}

absl::StatusOr<OutgoingMessage> BuildLogoutRequest(const LogoutRequestSpec& spec,
                                                   SamlBinding binding,
                                                   absl::string_view relay_state,
                                                   const crypto::PrivateKey& key,
                                                   const crypto::Certificate& certificate) {
  if (!xml::IsNcName(spec.id)) return BadId();
  xml::Builder out =
      Begin(SamlMessageKind::kRequest, spec.id, spec.issue_instant, spec.destination);
  out.Attr("NotOnOrAfter", FormatSamlTime(spec.not_on_or_after));
  out.Leaf(kAssertion, "Issuer", spec.issuer).Open(kAssertion, "NameID");
  if (!spec.name_qualifier.empty()) out.Attr("NameQualifier", spec.name_qualifier);
  if (!spec.sp_name_qualifier.empty()) out.Attr("SPNameQualifier", spec.sp_name_qualifier);
  if (!spec.name_id_format.empty()) out.Attr("Format", spec.name_id_format);
  out.Text(spec.name_id).Close();
  if (!spec.session_index.empty()) out.Leaf(kProtocol, "SessionIndex", spec.session_index);
  return Send(out.Finish(), {SamlMessageKind::kRequest, spec.destination, binding, relay_state},
              key, certificate);
}

absl::StatusOr<OutgoingMessage> BuildLogoutResponse(const LogoutResponseSpec& spec,
                                                    SamlBinding binding,
                                                    absl::string_view relay_state,
                                                    const crypto::PrivateKey& key,
                                                    const crypto::Certificate& certificate) {
  if (!xml::IsNcName(spec.id)) return BadId();
  xml::Builder out =
      Begin(SamlMessageKind::kResponse, spec.id, spec.issue_instant, spec.destination);
  out.Attr("InResponseTo", spec.in_response_to).Leaf(kAssertion, "Issuer", spec.issuer);
  out.Open(kProtocol, "Status").Open(kProtocol, "StatusCode");
  out.Attr("Value", spec.status == LogoutStatus::kSuccess ? saml::kSuccess : saml::kResponder);
  out.Close().Close();
  return Send(out.Finish(), {SamlMessageKind::kResponse, spec.destination, binding, relay_state},
              key, certificate);
}

}  // namespace va::gateway
