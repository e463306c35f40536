// saml verify-logout: whether the gateway would believe this LogoutRequest or LogoutResponse,
// judged by the gateway's own code and nothing else.
#include <optional>

#include "absl/strings/strip.h"
#include "services/auth-gateway/saml/logout_message.h"
#include "services/auth-gateway/saml/redirect_binding.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/saml_flags.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

using gateway::ExpectedLogout;
using gateway::LogoutMessage;
using gateway::SamlMessageKind;

std::optional<SamlMessageKind> KindOf(const std::string& word) {
  if (word == "request") return SamlMessageKind::kRequest;
  if (word == "response") return SamlMessageKind::kResponse;
  return std::nullopt;
}

ExpectedLogout ExpectedOf(const SamlCall& call) {
  auto expected = ExpectedBy<ExpectedLogout>(call);
  expected.slo_url = call.acs_url;
  return expected;
}

// All keys in both kinds of answer, so that a script reads them alike.
Result Accepted(const std::string& issuer, const std::string& name_id,
                const std::string& session_index, const std::string& in_response_to) {
  Result result;
  result.json = Json{{"verdict", "accept"},
                     {"issuer", issuer},
                     {"name_id", name_id},
                     {"session_index", session_index},
                     {"in_response_to", in_response_to}};
  return result;
}

Result JudgeRequest(const LogoutMessage& message, const SamlCall& call) {
  const auto request = gateway::ValidateLogoutRequest(message, ExpectedOf(call));
  if (!request.ok()) return RefusedMessage(request.status(), call);
  const std::vector<std::string>& indexes = request->session_indexes;
  Result result =
      Accepted(request->issuer, request->name_id, indexes.empty() ? "" : indexes.front(), "");
  result.json["name_id_format"] = request->name_id_format;
  result.json["session_indexes"] = indexes;
  result.words = "accepted: ends " + (indexes.empty() ? std::string("every session of the name")
                                                      : "the sessions named");
  return result;
}

Result JudgeResponse(const LogoutMessage& message, const SamlCall& call) {
  const auto response = gateway::ValidateLogoutResponse(message, ExpectedOf(call));
  if (!response.ok()) return RefusedMessage(response.status(), call);
  Result result = Accepted(response->issuer, "", "", response->in_response_to);
  result.words = "accepted: the logout succeeded";
  return result;
}

Result Judge(const absl::StatusOr<LogoutMessage>& message, SamlMessageKind kind,
             const SamlCall& call) {
  if (!message.ok()) return RefusedMessage(message.status(), call);
  return kind == SamlMessageKind::kRequest ? JudgeRequest(*message, call)
                                           : JudgeResponse(*message, call);
}

absl::StatusOr<LogoutMessage> FromForm(SamlMessageKind kind, const std::string& bytes) {
  const absl::StatusOr<std::string> xml = SamlXml(bytes);
  if (!xml.ok()) return xml.status();
  return gateway::ReadLogoutXml(kind, *xml, "");
}

Result Run(const Arguments& arguments, const World& world) {
  SamlCall call;
  if (std::optional<Result> no = ReadSamlFiles(arguments, world, call)) return *std::move(no);
  const bool posted = arguments.Has("FILE");
  absl::StatusOr<std::string> bytes = std::string();
  if (posted) bytes = ReadInput(arguments.Text("FILE"), world);
  if (!bytes.ok()) return CannotRead(bytes.status());
  if (std::optional<Result> no = ReadSamlTerms(arguments, world, call)) return *std::move(no);
  const std::optional<SamlMessageKind> kind = KindOf(arguments.Text("--expect"));
  if (!kind) return InvalidArgument("--expect is request or response");
  if (posted == arguments.Has("--query")) {
    return InvalidArgument("give FILE (POST) or --query (Redirect), and not both");
  }
  if (posted) return Judge(FromForm(*kind, *bytes), *kind, call);
  const std::string query = arguments.Text("--query");
  return Judge(gateway::ReadLogoutQuery(absl::StripPrefix(query, "?")), *kind, call);
}

}  // namespace

Verb SamlVerifyLogout() {
  Verb verb;
  verb.name = "saml verify-logout";
  verb.summary = "judge a SAML logout message as the gateway would";
  verb.example =
      "signinctl saml verify-logout --expect request --idp-entity-id https://idp.example/entity "
      "--idp-cert tools/signinctl/examples/idp.crt --sp-entity-id https://sp.example/entity "
      "--acs https://sp.example/v1/sessions/saml_logout --now 2026-03-04T12:00:00Z "
      "tools/signinctl/examples/logout_request.xml";
  verb.flags = SamlFlags();
  verb.flags.push_back({"--expect", "KIND", "request or response", true});
  verb.flags.push_back(
      {"--query", "STRING", "the raw query of the Redirect binding, instead of FILE"});
  verb.positionals = {{"FILE",
                       "the XML, or the base64 of the form field (POST binding); - for standard "
                       "input",
                       false}};
  verb.verdict = true;
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
