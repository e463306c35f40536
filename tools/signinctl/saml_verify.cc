// saml verify: whether the gateway would accept this SAML response, judged by the gateway's own
// code and nothing else.
#include <optional>

#include "absl/strings/str_cat.h"
#include "services/auth-gateway/saml/response_validator.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/saml_flags.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

using gateway::ExpectedResponse;
using gateway::SamlReject;
using gateway::SignatureWanted;
using gateway::VerifiedAssertion;

std::optional<SignatureWanted> WantedOf(const std::string& word) {
  if (word == "response") return SignatureWanted::kResponse;
  if (word == "assertion") return SignatureWanted::kAssertion;
  if (word == "both") return SignatureWanted::kBoth;
  if (word == "encrypted") return SignatureWanted::kEncrypted;
  return std::nullopt;
}

// Without --want either signature will do, as long as all that is read lies under it (decision P5).
absl::StatusOr<VerifiedAssertion> Validate(const std::string& xml, ExpectedResponse expected,
                                           bool wanted) {
  absl::StatusOr<VerifiedAssertion> verified = gateway::ValidateResponseXml(xml, expected);
  if (verified.ok() || wanted ||
      gateway::RejectOf(verified.status()) != SamlReject::kAssertionNotSigned) {
    return verified;
  }
  expected.want = SignatureWanted::kResponse;
  return gateway::ValidateResponseXml(xml, expected);
}

Result Accepted(const VerifiedAssertion& assertion) {
  Result result;
  result.json = Json{{"verdict", "accept"},
                     {"issuer", assertion.issuer},
                     {"name_id", assertion.name_id},
                     {"name_id_format", assertion.name_id_format},
                     {"session_index", assertion.session_index},
                     {"authn_context", assertion.authn_context},
                     {"attributes", Json::object()}};
  for (const auto& [name, values] : assertion.attributes) result.json["attributes"][name] = values;
  result.words = absl::StrCat("accepted, ", assertion.attributes.size(), " attributes");
  return result;
}

ExpectedResponse ExpectedOf(const SamlCall& call) {
  auto expected = ExpectedBy<ExpectedResponse>(call);
  expected.acs_url = call.acs_url;
  // What was asked for and how fresh it had to be belong to the attempt, which is not known here.
  expected.any_context = true;
  expected.max_authn_age = absl::InfiniteDuration();
  return expected;
}

Result Run(const Arguments& arguments, const World& world) {
  SamlCall call;
  if (std::optional<Result> no = ReadSamlFiles(arguments, world, call)) return *std::move(no);
  const bool given = arguments.Has("FILE");
  absl::StatusOr<std::string> bytes = std::string();
  if (given) bytes = ReadInput(arguments.Text("FILE"), world);
  if (!bytes.ok()) return CannotRead(bytes.status());
  if (std::optional<Result> no = ReadSamlTerms(arguments, world, call)) return *std::move(no);
  if (!given) return MissingFile();
  ExpectedResponse expected = ExpectedOf(call);
  const std::optional<SignatureWanted> want = WantedOf(arguments.Text("--want", "assertion"));
  if (!want) return InvalidArgument("--want is response, assertion, both or encrypted");
  expected.want = *want;
  const absl::StatusOr<std::string> xml = SamlXml(*bytes);
  if (!xml.ok()) return RefusedMessage(xml.status(), call);
  const auto verified = Validate(*xml, expected, arguments.Has("--want"));
  return verified.ok() ? Accepted(*verified) : RefusedMessage(verified.status(), call);
}

}  // namespace

Verb SamlVerify() {
  Verb verb;
  verb.name = "saml verify";
  verb.summary = "judge a SAML response as the gateway would";
  verb.example =
      "signinctl saml verify --idp-entity-id https://idp.example/entity "
      "--idp-cert tools/signinctl/examples/idp.crt --sp-entity-id https://sp.example/entity "
      "--acs https://sp.example/v1/sessions/callback --in-response-to _request-1 "
      "--now 2026-03-04T12:00:00Z tools/signinctl/examples/response.xml";
  verb.flags = SamlFlags();
  verb.flags.push_back({"--want", "WHAT",
                        "what must be signed: response, assertion, both; or encrypted (default: "
                        "either signature)"});
  verb.positionals = {{"FILE", "the XML, or the base64 of the form field; - for standard input"}};
  verb.verdict = true;
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
