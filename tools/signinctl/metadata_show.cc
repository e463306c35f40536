// metadata show: whom the gateway would trust, and where it would send people, if this were what an
// identity provider publishes. Read by the gateway's own code, under a pin like there.
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "services/auth-gateway/saml/idp_metadata.h"
#include "services/auth-gateway/saml/saml_time.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

using gateway::IdpMetadata;
using gateway::MetadataTrust;
using gateway::SamlBinding;
using gateway::SamlEndpoint;

constexpr size_t kSha256HexDigits = 64;

absl::StatusOr<crypto::Certificate> ReadCertificate(const std::string& bytes) {
  return bytes.find("-----BEGIN") != std::string::npos ? crypto::Certificate::FromPem(bytes)
                                                       : crypto::Certificate::FromDer(bytes);
}

// Nothing; or the misuse of a file that cannot be read, or the reject of a key that signs nothing.
std::optional<Result> ReadSigners(const Arguments& arguments, const World& world,
                                  MetadataTrust& trust) {
  for (const std::string& file : arguments.All("--signing-cert")) {
    const auto bytes = ReadInput(file, world);
    if (!bytes.ok()) return Misuse(std::string(bytes.status().message()));
    const auto certificate = ReadCertificate(*bytes);
    if (certificate.ok()) {
      trust.signers.push_back(certificate->public_key());
      continue;
    }
    const std::string words = absl::StrCat(file, ": ", certificate.status().message());
    const std::string reason = base::ReasonOf(certificate.status());
    return reason == "CERTIFICATE_UNREADABLE" ? Misuse(words) : Reject(reason, words);
  }
  return std::nullopt;
}

std::optional<Result> ReadTrust(const Arguments& arguments, const std::string& xml,
                                MetadataTrust& trust) {
  trust.sha256 = absl::AsciiStrToLower(arguments.Text("--sha256"));
  const auto pin = base::HexDecode(trust.sha256);
  if (arguments.Has("--sha256") && (!pin.ok() || trust.sha256.size() != kSha256HexDigits)) {
    return Reject("ARGUMENT_INVALID", "--sha256 is 64 hexadecimal digits");
  }
  if (trust.signers.empty() && trust.sha256.empty()) {
    return Reject("ARGUMENT_MISSING",
                  "--signing-cert or --sha256 is needed: metadata is believed under a pin");
  }
  const auto claimed = gateway::ClaimedEntityId(xml);
  trust.entity_id = arguments.Text("--entity-id", claimed.value_or(""));
  return std::nullopt;
}

const char* BindingName(SamlBinding binding) {
  return binding == SamlBinding::kPost ? "post" : "redirect";
}

Json ToJson(const SamlEndpoint& endpoint) {
  return {{"url", endpoint.url}, {"binding", BindingName(endpoint.binding)}};
}

// Their dates are told, not judged, like in the gateway (attack S54).
Json ToJson(const crypto::Certificate& certificate, absl::Time now) {
  return {{"sha256", certificate.Fingerprint()},
          {"not_before", gateway::FormatSamlTime(certificate.not_before())},
          {"not_after", gateway::FormatSamlTime(certificate.not_after())},
          {"within_dates", certificate.not_before() <= now && now <= certificate.not_after()}};
}

Json MomentOrNull(const std::optional<absl::Time>& time) {
  return time ? Json(gateway::FormatSamlTime(*time)) : Json(nullptr);
}

Result Believed(const IdpMetadata& metadata, const std::string& bytes, absl::Time now) {
  Json certificates = Json::array();
  for (const auto& one : metadata.signing_certificates) certificates.push_back(ToJson(one, now));
  Json left_out = Json::array();
  for (const auto& finding : metadata.findings) {
    left_out.push_back({{"key_descriptor", finding.key_descriptor}, {"reason", finding.reason}});
  }
  Result result;
  result.json = Json{{"verdict", "accept"},
                     {"entity_id", metadata.entity_id},
                     {"sso", ToJson(metadata.sso)},
                     {"slo", metadata.slo ? ToJson(*metadata.slo) : Json(nullptr)},
                     {"slo_response_url", metadata.slo_response_url},
                     {"signing_certificates", certificates},
                     {"keys_left_out", left_out},
                     {"wants_signed_requests", metadata.wants_signed_requests},
                     {"valid_until", MomentOrNull(metadata.valid_until)},
                     {"cache_seconds", metadata.cache_duration
                                           ? Json(absl::ToInt64Seconds(*metadata.cache_duration))
                                           : Json(nullptr)},
                     {"created", MomentOrNull(metadata.created)},
                     {"sha256", base::HexEncode(crypto::Sha256(bytes))}};
  result.words = absl::StrCat("believed, ", certificates.size(), " signing certificates");
  return result;
}

Result Run(const Arguments& arguments, const World& world) {
  MetadataTrust trust;
  if (std::optional<Result> no = ReadSigners(arguments, world, trust)) return *std::move(no);
  if (!arguments.Has("FILE")) return MissingFile();
  const auto bytes = ReadInput(arguments.Text("FILE"), world);
  if (!bytes.ok()) return CannotRead(bytes.status());
  if (std::optional<Result> no = ReadTrust(arguments, *bytes, trust)) return *std::move(no);
  const auto now = ReadTime(arguments, "--now", world.clock.Now());
  if (!now) return Reject("ARGUMENT_INVALID", "--now is a moment like 2026-03-04T12:00:00Z");
  const auto metadata = gateway::ReadIdpMetadata(*bytes, trust, *now);
  if (metadata.ok()) return Believed(*metadata, *bytes, *now);
  return Reject(base::ReasonOf(metadata.status()), std::string(metadata.status().message()));
}

}  // namespace

Verb MetadataShow() {
  Verb verb;
  verb.name = "metadata show";
  verb.summary = "judge metadata of an identity provider as the gateway would";
  verb.example =
      "signinctl metadata show --signing-cert tools/signinctl/examples/publisher.crt "
      "--entity-id https://idp.example/entity --now 2026-03-04T12:00:00Z "
      "tools/signinctl/examples/idp_metadata.xml";
  verb.flags = {
      {"--signing-cert", "FILE",
       "certificate of who signs the document, PEM or DER; only the key counts; may be repeated",
       false, true},
      {"--sha256", "HEX", "or the hash of the file's bytes; both must fit when both are given"},
      {"--entity-id", "ID", "whose of the entities in it (default: that of the only one)"},
      {"--now", "RFC3339", "the moment to judge at (default: now)"},
  };
  verb.positionals = {{"FILE", "the metadata, XML; - for standard input"}};
  verb.verdict = true;
  verb.run = Run;
  return verb;
}

}  // namespace va::signinctl
