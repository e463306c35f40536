// fuzz: a posted response under a key: what the provider signed, edited on its way to us
// parser: services/auth-gateway/saml/response_validator.cc
// parser: services/auth-gateway/saml/assertion_reader.cc
// parser: services/auth-gateway/saml/encrypted_parts.cc
// parser: services/auth-gateway/saml/saml_time.cc
// parser: lib/xml/enc.cc
// parser: lib/xml/dsig.cc
#include <optional>
#include <string>

#include "services/auth-gateway/saml/response_validator.h"
#include "services/auth-gateway/saml/saml_reject.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/saml_input.h"

namespace va::fuzz {

const char kMustReach[] = "ACCEPTED";

namespace {

std::string Verdict(const Posted& posted, const gateway::ExpectedResponse& expected,
                    std::optional<gateway::VerifiedAssertion>& accepted) {
  absl::StatusOr<gateway::VerifiedAssertion> verified =
      gateway::ValidateResponse(posted.form_value, expected);
  if (verified.ok()) {
    accepted = *std::move(verified);
    return "ACCEPTED";
  }
  const std::optional<gateway::SamlReject> reject = gateway::RejectOf(verified.status());
  Require(reject.has_value(), "a refusal without a type");
  return std::string(gateway::ToString(*reject));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const SamlInput input = SamlInput::Of(TextOf(data, size));
  const Posted posted = PostedOf(input);
  const Expectation expectation(input);
  std::optional<gateway::VerifiedAssertion> accepted;
  Judge(posted.form_value.size(), [&] { return Verdict(posted, expectation.expected, accepted); });
  if (accepted.has_value()) RequireGenuine(*accepted, input, posted, expectation.expected);
  return 0;
}

}  // namespace va::fuzz
