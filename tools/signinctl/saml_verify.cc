// saml verify: whether the gateway would accept this SAML response, judged by the gateway's own
// code and nothing else.
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/signin_code.h"
#include "lib/base/status.h"
#include "lib/crypto/keys.h"
#include "services/auth-gateway/saml/response_validator.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

using gateway::ExpectedResponse;
using gateway::SamlReject;
using gateway::SignatureWanted;
using gateway::VerifiedAssertion;

constexpr int kMostSkewSeconds = 24 * 3600;

// PEM or DER; a pinned certificate counts for its key alone.
absl::StatusOr<crypto::PublicKey> ReadKey(const std::string& bytes) {
  return bytes.find("-----BEGIN") != std::string::npos
             ? crypto::PublicKey::FromCertificatePem(bytes)
             : crypto::PublicKey::FromCertificateDer(bytes);
}

// The XML, or the base64 of the form field it came in.
absl::StatusOr<std::string> Message(const std::string& bytes) {
  const absl::string_view text = absl::StripLeadingAsciiWhitespace(bytes);
  if (!text.empty() && (text.front() == '<' || absl::StartsWith(text, "\xEF\xBB\xBF"))) {
    return bytes;
  }
  return gateway::DecodeFormValue(bytes);
}

std::optional<SignatureWanted> WantedOf(const std::string& word) {
  if (word == "response") return SignatureWanted::kResponse;
  if (word == "assertion") return SignatureWanted::kAssertion;
  if (word == "both") return SignatureWanted::kBoth;
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

// The reason as the gateway counts it, and what it would tell.
Result Refused(const absl::Status& status, const ExpectedResponse& expected) {
  const std::optional<SamlReject> reject = gateway::RejectOf(status);
  if (!reject) return Reject(base::ReasonOf(status), std::string(status.message()));
  const base::Refusal refusal = gateway::RefusalFor(*reject);
  std::string detail =
      absl::StrCat("ends in code ", base::Describe(refusal.code).code, ", tag ", refusal.tag);
  const bool asked = !expected.in_response_to.empty();
  if (*reject == SamlReject::kInResponseToMismatch && !asked) {
    absl::StrAppend(&detail, expected.allow_unsolicited
                                 ? "; it answers a request, so it is not unsolicited"
                                 : "; name the request it answers with --in-response-to");
  }
  if (*reject == SamlReject::kInResponseToMissing && !asked) {
    absl::StrAppend(&detail, "; nobody asked for it: see --allow-unsolicited");
  }
  return Reject(std::string(ToString(*reject)), detail);
}

struct Pinned {
  std::vector<crypto::PublicKey> keys;
  std::string unfit;  // why a certificate's key is none that a signature is accepted from
};

// Nothing, or what cannot be read.
std::optional<Result> ReadPinned(const Arguments& arguments, const World& world, Pinned& out) {
  for (const std::string& file : arguments.All("--idp-cert")) {
    const auto bytes = ReadInput(file, world);
    if (!bytes.ok()) return Misuse(std::string(bytes.status().message()));
    auto key = ReadKey(*bytes);
    if (key.ok()) {
      out.keys.push_back(*std::move(key));
    } else if (base::ReasonOf(key.status()) == "CERTIFICATE_UNREADABLE") {
      return Misuse(absl::StrCat(file, ": ", key.status().message()));
    } else {
      out.unfit = absl::StrCat(file, ": ", key.status().message());
    }
  }
  return std::nullopt;
}

// What the flags ask for; nothing, or the flag that cannot be understood.
std::optional<Result> ReadExpected(const Arguments& arguments, const World& world,
                                   ExpectedResponse& expected) {
  expected.idp_entity_id = arguments.Text("--idp-entity-id");
  expected.sp_entity_id = arguments.Text("--sp-entity-id");
  expected.acs_url = arguments.Text("--acs");
  expected.in_response_to = arguments.Text("--in-response-to");
  expected.allow_unsolicited = arguments.Has("--allow-unsolicited");
  if (expected.allow_unsolicited && arguments.Has("--in-response-to")) {
    return Misuse("--in-response-to and --allow-unsolicited exclude each other");
  }
  if (arguments.Has("--legacy-algorithms")) {
    expected.algorithms = gateway::SignatureAlgorithms::kLegacyToo;
  }
  expected.comparison = "exact";
  // What was asked for and how fresh it had to be belong to the attempt, which is not known here.
  expected.max_authn_age = absl::InfiniteDuration();
  const std::optional<absl::Time> now = ReadTime(arguments, "--now", world.clock.Now());
  if (!now) return Misuse("--now is a moment like 2026-03-04T12:00:00Z");
  expected.now = *now;
  if (arguments.Has("--skew")) {
    int seconds = 0;
    if (!absl::SimpleAtoi(arguments.Text("--skew"), &seconds) || seconds < 0 ||
        seconds > kMostSkewSeconds) {
      return Misuse("--skew is a number of seconds, at most a day");
    }
    expected.skew = absl::Seconds(seconds);
  }
  const std::optional<SignatureWanted> want = WantedOf(arguments.Text("--want", "assertion"));
  if (!want) return Misuse("--want is response, assertion or both");
  expected.want = *want;
  return std::nullopt;
}

Result Run(const Arguments& arguments, const World& world) {
  Pinned pinned;
  if (std::optional<Result> no = ReadPinned(arguments, world, pinned)) return *std::move(no);
  ExpectedResponse expected;
  if (std::optional<Result> no = ReadExpected(arguments, world, expected)) return *std::move(no);
  expected.keys = pinned.keys;
  const auto bytes = ReadInput(arguments.Text("FILE"), world);
  if (!bytes.ok()) return CannotRead(bytes.status());
  if (pinned.keys.empty()) return Reject("SIGNATURE_KEY", pinned.unfit);
  const absl::StatusOr<std::string> xml = Message(*bytes);
  if (!xml.ok()) return Refused(xml.status(), expected);
  const auto verified = Validate(*xml, expected, arguments.Has("--want"));
  return verified.ok() ? Accepted(*verified) : Refused(verified.status(), expected);
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
  verb.flags = {
      {"--idp-entity-id", "ID", "entity id of the identity provider", true},
      {"--idp-cert", "FILE", "its certificate, PEM or DER; only the key counts; may be repeated",
       true, true},
      {"--sp-entity-id", "ID", "our entity id", true},
      {"--acs", "URL", "where the response was posted to", true},
      {"--in-response-to", "ID", "id of the request it must answer"},
      {"--allow-unsolicited", "", "it must answer no request"},
      {"--now", "RFC3339", "the moment to judge at (default: now)"},
      {"--skew", "SECONDS", "tolerance between the clocks (default 60)"},
      {"--want", "WHAT", "what must be signed: response, assertion or both (default: either)"},
      {"--legacy-algorithms", "", "allow SHA-1 digests and RSA-SHA1, which the gateway never does"},
  };
  verb.positionals = {{"FILE", "the XML, or the base64 of the form field; - for standard input"}};
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
