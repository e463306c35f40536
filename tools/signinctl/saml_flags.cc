#include "tools/signinctl/saml_flags.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/signin_code.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "services/auth-gateway/saml/saml_reject.h"
#include "tools/signinctl/input.h"

namespace va::signinctl {
namespace {

using gateway::SamlReject;

constexpr int kMostSkewSeconds = 24 * 3600;
constexpr absl::string_view kUtf8Bom = "\xEF\xBB\xBF";

// Old keys are old algorithms, too: without the flag a short key signs nothing (decision P4).
crypto::KeyStrength StrengthFor(gateway::Algorithms algorithms) {
  return algorithms == gateway::Algorithms::kLegacyToo ? crypto::KeyStrength::kAnySize
                                                       : crypto::KeyStrength::kCurrent;
}

absl::StatusOr<crypto::PublicKey> ReadPinnedKey(const std::string& bytes,
                                                crypto::KeyStrength strength) {
  return bytes.find("-----BEGIN") != std::string::npos
             ? crypto::PublicKey::FromCertificatePem(bytes, strength)
             : crypto::PublicKey::FromCertificateDer(bytes, strength);
}

std::optional<Result> ReadPinnedKeys(const Arguments& arguments, const World& world,
                                     SamlCall& out) {
  for (const std::string& file : arguments.All("--idp-cert")) {
    const absl::StatusOr<std::string> bytes = ReadInput(file, world);
    if (!bytes.ok()) return Misuse(std::string(bytes.status().message()));
    auto key = ReadPinnedKey(*bytes, StrengthFor(out.algorithms));
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

std::optional<Result> ReadOwnKeys(const Arguments& arguments, const World& world, SamlCall& out) {
  for (const std::string& file : arguments.All("--sp-key")) {
    absl::StatusOr<std::string> pem = ReadInput(file, world);
    if (!pem.ok()) return Misuse(std::string(pem.status().message()));
    auto key = crypto::PrivateKey::FromPem(*pem, crypto::KeyStrength::kAnySize);
    crypto::Cleanse(*pem);
    if (!key.ok() && base::ReasonOf(key.status()) == "KEY_UNREADABLE") {
      return Misuse(absl::StrCat(file, ": ", key.status().message()));
    }
    // Keys are transported under RSA alone: one of another kind opens nothing.
    if (key.ok() && key->type() == crypto::KeyType::kRsa) {
      out.decryption_keys.push_back(*std::move(key));
    }
  }
  return std::nullopt;
}

std::optional<Result> MissingFlag(const Arguments& arguments) {
  for (const Flag& flag : SamlFlags()) {
    if (flag.required && !arguments.Has(flag.name)) {
      return Reject("ARGUMENT_MISSING", absl::StrCat(flag.name, " is needed"));
    }
  }
  return std::nullopt;
}

std::optional<Result> ReadMoment(const Arguments& arguments, const World& world, SamlCall& out) {
  const std::optional<absl::Time> now = ReadTime(arguments, "--now", world.clock.Now());
  if (!now) return InvalidArgument("--now is a moment like 2026-03-04T12:00:00Z");
  out.now = *now;
  if (!arguments.Has("--skew")) return std::nullopt;
  int seconds = 0;
  if (!absl::SimpleAtoi(arguments.Text("--skew"), &seconds) || seconds < 0 ||
      seconds > kMostSkewSeconds) {
    return InvalidArgument("--skew is a number of seconds, at most a day");
  }
  out.skew = absl::Seconds(seconds);
  return std::nullopt;
}

// Whether bytes can only be meant as XML: base64 knows neither '<' nor anything beyond ASCII.
bool LooksLikeXml(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return c == '<' || c == '\0' || !absl::ascii_isascii(static_cast<unsigned char>(c));
  });
}

// What helps with the reasons that the command line itself can cause.
absl::string_view Hint(SamlReject reject, const SamlCall& call) {
  const bool asked = !call.in_response_to.empty();
  if (reject == SamlReject::kInResponseToMismatch && call.allow_unsolicited) {
    return "; it answers a request, so it is not unsolicited";
  }
  if (reject == SamlReject::kInResponseToMismatch && !asked) {
    return "; name the request it answers with --in-response-to";
  }
  if (reject == SamlReject::kInResponseToMissing && !asked) {
    return "; nobody asked for it: see --allow-unsolicited";
  }
  return "";
}

}  // namespace

std::vector<Flag> SamlFlags() {
  return {
      {"--idp-entity-id", "ID", "entity id of the identity provider", true},
      {"--idp-cert", "FILE", "its certificate, PEM or DER; only the key counts; may be repeated",
       true, true},
      {"--sp-entity-id", "ID", "our entity id", true},
      {"--acs", "URL", "our address, where the message was sent to", true},
      {"--sp-key", "FILE", "our private key, PEM, for what is encrypted; may be repeated", false,
       true},
      {"--in-response-to", "ID", "id of the request it must answer"},
      {"--allow-unsolicited", "", "it must answer no request"},
      {"--now", "RFC3339", "the moment to judge at (default: now)"},
      {"--skew", "SECONDS", "tolerance between the clocks (default 60)"},
      {"--legacy-algorithms", "",
       "allow SHA-1, RSA-1024, CBC, 3DES and RSA-1.5, which the gateway never does"},
  };
}

std::optional<Result> ReadSamlFiles(const Arguments& arguments, const World& world, SamlCall& out) {
  if (arguments.Has("--legacy-algorithms")) out.algorithms = gateway::Algorithms::kLegacyToo;
  if (std::optional<Result> no = ReadPinnedKeys(arguments, world, out)) return no;
  return ReadOwnKeys(arguments, world, out);
}

std::optional<Result> ReadSamlTerms(const Arguments& arguments, const World& world, SamlCall& out) {
  if (std::optional<Result> no = MissingFlag(arguments)) return no;
  out.idp_entity_id = arguments.Text("--idp-entity-id");
  out.sp_entity_id = arguments.Text("--sp-entity-id");
  out.acs_url = arguments.Text("--acs");
  out.in_response_to = arguments.Text("--in-response-to");
  out.allow_unsolicited = arguments.Has("--allow-unsolicited");
  if (out.allow_unsolicited && arguments.Has("--in-response-to")) {
    return InvalidArgument("--in-response-to and --allow-unsolicited exclude each other");
  }
  if (std::optional<Result> no = ReadMoment(arguments, world, out)) return no;
  if (out.keys.empty()) return Reject("SIGNATURE_KEY", out.unfit);
  return std::nullopt;
}

Result InvalidArgument(const std::string& detail) { return Reject("ARGUMENT_INVALID", detail); }

absl::StatusOr<std::string> SamlXml(absl::string_view bytes) {
  if (LooksLikeXml(absl::StripPrefix(bytes, kUtf8Bom))) return std::string(bytes);
  return gateway::DecodeFormValue(absl::StripPrefix(bytes, kUtf8Bom));
}

Result RefusedMessage(const absl::Status& status, const SamlCall& call) {
  const std::optional<SamlReject> reject = gateway::RejectOf(status);
  if (!reject) return Reject("FAULT", "the message could not be judged");
  const base::Refusal refusal = gateway::RefusalFor(*reject);
  std::string detail = absl::StrCat("ends in code ", base::Describe(refusal.code).code, ", tag ",
                                    refusal.tag, Hint(*reject, call));
  if (*reject == SamlReject::kSignatureKey && !call.unfit.empty()) {
    absl::StrAppend(&detail, "; ", call.unfit);
  }
  return Reject(std::string(ToString(*reject)), detail);
}

}  // namespace va::signinctl
