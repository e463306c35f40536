// fuzz: a logout message as query, form or XML, under a key, edited on its way to us
// parser: services/auth-gateway/saml/redirect_binding.cc
// parser: services/auth-gateway/saml/logout_message.cc
// parser: lib/base/deflate.cc
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/xml/document.h"
#include "services/auth-gateway/saml/logout_message.h"
#include "services/auth-gateway/saml/redirect_binding.h"
#include "services/auth-gateway/saml/saml_names.h"
#include "services/auth-gateway/saml/saml_reject.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/saml_input.h"

namespace va::fuzz {

const char kMustReach[] = "ACCEPTED";

namespace {

using gateway::ExpectedLogout;
using gateway::LogoutMessage;
using gateway::SamlBinding;
using gateway::SamlMessageKind;
using gateway::saml::kAssertion;
using gateway::saml::kProtocol;

// An input is as saml_input.h says, with these modes:
//   r  the XML in a query that is signed and then edited
//   s  the XML signed in itself and edited, posted
//   b  a message of our own, of which the XML is the name, read by the other side
//   q  what follows is the query itself
//   else: the XML posted as it is
// Option 2: bit 0 a response. Option 3: bit 0 unsolicited, bit 1 an RSA key, bit 4 the algorithms
// of the operator's tool, bit 5 an encrypted NameID. Option 4: how, and the length of the
// RelayState.
SamlMessageKind KindOf(const SamlInput& input) {
  return input.Bit(2, 0) ? SamlMessageKind::kResponse : SamlMessageKind::kRequest;
}

std::string RelayStateOf(const SamlInput& input) { return std::string(input.Option(4) % 96, 'R'); }

struct PostedLogout {
  bool by_query = false;
  std::string text;      // the query, or the form's value
  bool vouched = false;  // by the provider: input.xml, or text of ours
};

// Longer names are nobody's: the reader has a limit above it.
constexpr size_t kMostOfName = 256;

// One edit of a query after it was signed.
std::string EditQuery(const Edit& edit, std::string query) {
  const size_t at = (size_t{edit.from} << 8 | edit.to) % (query.size() + 1);
  const size_t cut = query.find('&', at);
  switch (edit.kind % 6) {
    case 0:
      return query.insert(at, 1, static_cast<char>(edit.word));
    case 1:
      return query.erase(at, 1);
    case 2:
      if (at < query.size()) query[at] = static_cast<char>(edit.word);
      return query;
    case 3:  // the same parameters in another order
      return cut == std::string::npos
                 ? query
                 : absl::StrCat(query.substr(cut + 1), "&", query.substr(0, cut));
    case 4:  // everything from here on once more
      return absl::StrCat(query, "&", query.substr(cut == std::string::npos ? 0 : cut + 1));
    default:
      return absl::StrCat(query, "&", Word(edit.word));
  }
}

std::string Prepared(const SamlInput& input) {
  std::string text(input.xml);
  if (!input.Bit(3, 5)) return text;
  return WithEncrypted(text, "NameID", "EncryptedID", input.Option(4));
}

PostedLogout PostedQuery(const SamlInput& input) {
  PostedLogout posted;
  posted.by_query = true;
  const auto url = gateway::BuildRedirectUrl(kSlo, KindOf(input), Prepared(input),
                                             RelayStateOf(input), input.Key());
  if (!url.ok()) return posted;
  posted.vouched = !input.IsOfStranger();
  posted.text = url->substr(url->find('?') + 1);
  for (const Edit& edit : input.Edits()) posted.text = EditQuery(edit, std::move(posted.text));
  return posted;
}

PostedLogout PostedForm(const SamlInput& input) {
  PostedLogout posted;
  std::string xml(input.xml);
  if (input.Mode() == 's') {
    auto as_signed = SignedXml(Prepared(input), {.root = true}, input.Key());
    posted.vouched = as_signed.has_value() && !input.IsOfStranger();
    if (as_signed.has_value()) xml = std::move(as_signed->xml);
  }
  for (const Edit& edit : input.Edits()) xml = Apply(edit, xml);
  posted.text = base::Base64Encode(xml);
  return posted;
}

PostedLogout PostedBy(const SamlInput& input) {
  if (input.Mode() == 'r') return PostedQuery(input);
  if (input.Mode() == 'q') {
    return {.by_query = true,
            .text = absl::StrCat(input.options.substr(1), input.xml),
            .vouched = false};
  }
  return PostedForm(input);
}

ExpectedLogout ExpectedOf(const SamlInput& input, const std::vector<crypto::PublicKey>& keys) {
  ExpectedLogout expected;
  expected.idp_entity_id = kIdp;
  expected.keys = keys;
  expected.decryption_keys = absl::MakeConstSpan(&OurDecryptionKey(), 1);
  expected.sp_entity_id = kSp;
  expected.slo_url = kSlo;
  expected.in_response_to = kRequest;
  expected.allow_unsolicited = input.Bit(3, 0);
  expected.now = Now();
  if (input.Bit(3, 4)) expected.algorithms = gateway::Algorithms::kLegacyToo;
  return expected;
}

// What was read, when it was accepted.
struct Accepted {
  SamlMessageKind kind = SamlMessageKind::kRequest;
  std::string relay_state;
  std::string id;
  std::string issuer;
  std::string name_id;
  std::string name_id_format;
  std::vector<std::string> session_indexes;
};

std::string Reason(const absl::Status& status) {
  const auto reject = gateway::RejectOf(status);
  Require(reject.has_value(), "a refusal without a type");
  return std::string(gateway::ToString(*reject));
}

std::string Verdict(const absl::StatusOr<LogoutMessage>& message, const ExpectedLogout& expected,
                    std::optional<Accepted>& accepted) {
  if (!message.ok()) return Reason(message.status());
  gateway::ClaimedIssuer(*message).IgnoreError();
  Accepted out;
  out.kind = message->kind;
  out.relay_state = message->relay_state;
  if (message->kind == SamlMessageKind::kRequest) {
    const auto request = gateway::ValidateLogoutRequest(*message, expected);
    if (!request.ok()) return Reason(request.status());
    out.id = request->id;
    out.issuer = request->issuer;
    out.name_id = request->name_id;
    out.name_id_format = request->name_id_format;
    out.session_indexes = request->session_indexes;
  } else {
    const auto response = gateway::ValidateLogoutResponse(*message, expected);
    if (!response.ok()) return Reason(response.status());
    out.id = response->id;
    out.issuer = response->issuer;
  }
  accepted = out;
  return "ACCEPTED";
}

absl::StatusOr<LogoutMessage> Read(const PostedLogout& posted, SamlMessageKind kind) {
  if (posted.by_query) return gateway::ReadLogoutQuery(posted.text);
  return gateway::ReadLogoutForm(kind, posted.text, "");
}

std::string AttrOf(const xml::Element& element, absl::string_view name) {
  return element.Attr(name).value_or("");
}

void RequireRecent(const xml::Element& root, const ExpectedLogout& expected) {
  const auto moment = [&](absl::string_view name) -> std::optional<absl::Time> {
    absl::Time time;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, AttrOf(root, name), &time, &error)) {
      return std::nullopt;
    }
    return time;
  };
  const auto issued = moment("IssueInstant");
  if (issued.has_value()) {
    Require(*issued <= expected.now + expected.skew, "accepted before it was issued");
    Require(*issued + expected.max_age + expected.skew >= expected.now, "accepted when too old");
  }
  const auto end = moment("NotOnOrAfter");
  Require(!end.has_value() || *end + expected.skew > expected.now, "accepted after its time");
}

void RequireAnswer(const xml::Element& root, const ExpectedLogout& expected) {
  Require(expected.allow_unsolicited ? !root.Attr("InResponseTo").has_value()
                                     : AttrOf(root, "InResponseTo") == kRequest,
          "the answer to another request");
  const auto status = root.OnlyChild(kProtocol, "Status");
  const auto code = status.has_value() ? status->OnlyChild(kProtocol, "StatusCode") : std::nullopt;
  Require(code.has_value() && AttrOf(*code, "Value") == gateway::saml::kSuccess,
          "accepted without success");
  for (const xml::Element& below : code->ChildrenNamed(kProtocol, "StatusCode")) {
    Require(AttrOf(below, "Value") != gateway::saml::kPartialLogout,
            "accepted while somebody stays signed in");
  }
}

// What the provider vouched for is what was read of it.
void RequireGenuine(const Accepted& accepted, const SamlInput& input, const PostedLogout& posted,
                    const ExpectedLogout& expected) {
  Require(posted.vouched, "accepted what no key has signed");
  Require(accepted.kind == KindOf(input), "a message of the other kind");
  Require(!posted.by_query || accepted.relay_state == RelayStateOf(input), "another RelayState");
  const auto document = xml::Document::Parse(input.xml);
  Require(document.ok(), "accepted what is not XML");
  const xml::Element root = document->root();
  const bool request = accepted.kind == SamlMessageKind::kRequest;
  Require(root.Is(kProtocol, request ? "LogoutRequest" : "LogoutResponse"), "another message");
  Require(AttrOf(root, "ID") == accepted.id, "another id");
  Require(AttrOf(root, "Destination") == kSlo, "accepted for another address");
  RequireRecent(root, expected);
  const auto issuer = root.Child(kAssertion, "Issuer");
  Require(issuer.has_value() && issuer->Text() == kIdp && accepted.issuer == kIdp,
          "another issuer");
  if (!request) return RequireAnswer(root, expected);
  const auto name = root.OnlyChild(kAssertion, "NameID");
  Require(name.has_value() && name->Text() == accepted.name_id, "another name");
  Require(AttrOf(*name, "Format") == accepted.name_id_format, "a name of another format");
  Require(name->Attr("SPNameQualifier").value_or(kSp) == kSp, "a name that is for another service");
  // With two names in the text it may be the other one that is encrypted.
  const bool encrypted = input.Bit(3, 5) && input.xml.find("NameID>") == input.xml.rfind("NameID>");
  Require(!encrypted || input.Bit(3, 4) || MayBeEncryptedSo(input.Option(4), true),
          "a name encrypted by an algorithm that is not allowed");
  std::vector<std::string> indexes;
  for (const xml::Element& index : root.ChildrenNamed(kProtocol, "SessionIndex")) {
    indexes.push_back(index.Text());
  }
  Require(indexes == accepted.session_indexes, "other sessions");
}

const crypto::Certificate& OurCertificate() {
  static const auto* const certificate = new crypto::Certificate(
      crypto::Certificate::FromPem(crypto::IssueSelfSigned({.common_name = "fuzz",
                                                            .dns_names = {},
                                                            .ip_addresses = {},
                                                            .is_authority = false,
                                                            .not_before = Now() - absl::Hours(1),
                                                            .not_after = Now() + absl::Hours(1)},
                                                           crypto::NewKey::kEcP256)
                                       .value()
                                       .certificate_pem)
          .value());
  return *certificate;
}

absl::StatusOr<gateway::OutgoingMessage> BuildOurs(const SamlInput& input, SamlBinding binding) {
  if (KindOf(input) == SamlMessageKind::kResponse) {
    return gateway::BuildLogoutResponse({.id = "_ours",
                                         .issue_instant = Now(),
                                         .destination = kSlo,
                                         .issuer = kIdp,
                                         .in_response_to = kRequest},
                                        binding, RelayStateOf(input), input.Key(),
                                        OurCertificate());
  }
  return gateway::BuildLogoutRequest({.id = "_ours",
                                      .issue_instant = Now(),
                                      .not_on_or_after = Now() + absl::Minutes(5),
                                      .destination = kSlo,
                                      .issuer = kIdp,
                                      .name_id = std::string(input.xml),
                                      .name_id_format = "",
                                      .name_qualifier = "",
                                      .sp_name_qualifier = "",
                                      .session_index = std::string(input.xml)},
                                     binding, RelayStateOf(input), input.Key(), OurCertificate());
}

// A message that we make, the other side reads as we meant it.
void CheckOurs(const SamlInput& input, const ExpectedLogout& expected) {
  const SamlBinding binding = input.Bit(1, 0) ? SamlBinding::kRedirect : SamlBinding::kPost;
  const auto built = BuildOurs(input, binding);
  if (!built.ok()) return;
  const bool by_query = binding == SamlBinding::kRedirect;
  const PostedLogout posted{
      .by_query = by_query,
      .text = by_query ? built->url.substr(built->url.find('?') + 1) : built->form_value,
      .vouched = true};
  std::optional<Accepted> accepted;
  const std::string verdict = Verdict(Read(posted, KindOf(input)), expected, accepted);
  CountVerdict(absl::StrCat("OURS_", verdict));
  // Nobody asked, says the input, and ours answers.
  if (KindOf(input) == SamlMessageKind::kResponse && expected.allow_unsolicited) return;
  // A blank name and a long one are what the reader refuses.
  if (input.xml.empty() || input.xml.size() > kMostOfName) return;
  Require(accepted.has_value(), absl::StrCat("ours is refused: ", verdict));
  Require(accepted->id == "_ours", "another id than ours");
  Require(!by_query || accepted->relay_state == RelayStateOf(input),
          "another RelayState than ours");
  if (accepted->kind == SamlMessageKind::kResponse) return;
  Require(accepted->name_id == input.xml, "another name than ours");
  Require(accepted->session_indexes == std::vector<std::string>{std::string(input.xml)},
          "other sessions than ours");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const SamlInput input = SamlInput::Of(TextOf(data, size));
  const std::vector<crypto::PublicKey> keys = {EcKey().Public(), RsaKey().Public()};
  const ExpectedLogout expected = ExpectedOf(input, keys);
  if (input.Mode() == 'b') {
    if (!input.IsOfStranger()) CheckOurs(input, expected);
    return 0;
  }
  const PostedLogout posted = PostedBy(input);
  std::optional<Accepted> accepted;
  Judge(posted.text.size(),
        [&] { return Verdict(Read(posted, KindOf(input)), expected, accepted); });
  if (accepted.has_value()) RequireGenuine(*accepted, input, posted, expected);
  return 0;
}

}  // namespace va::fuzz
