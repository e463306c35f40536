#include "services/user-attributes/domain/verification.h"

#include <catch2/catch.hpp>
#include <string>

namespace va::attributes {
namespace {

using identity::Csp;
using identity::CspId;

std::optional<CspId> Id(const char* text) {
  return *text == '\0' ? std::nullopt : std::make_optional(CspId::FromWire(text));
}

std::string Show(const ValidVerification& valid) {
  if (valid.fault != VerificationFault::kNone) {
    const absl::string_view reason = ReasonOf(valid.fault);
    return {reason.data(), reason.size()};
  }
  return std::string(identity::ToString(valid.type)) + " " + valid.identifier.Reveal() +
         " backed by " + valid.backing_identifier.Reveal();
}

TEST_CASE("ValidateVerification: Seed 002: what a verification is made of (R13)",
          "[attributes][rule]") {
  struct Row {
    const char* rule;
    const char* idme;
    const char* logingov;
    const char* mhv;
    const char* dslogon;
    const char* backing;
    const char* expected;
  };
  const auto row = GENERATE(values<Row>({
      {"idme_uuid: a person's uuid at ID.me", "i", "", "", "", "", "idme i backed by i"},
      {"logingov_uuid: a person's uuid at Login.gov", "", "l", "", "", "",
       "logingov l backed by l"},
      {"mhv_uuid with backing_idme_uuid: My HealtheVet, and the ID.me uuid it came with", "", "",
       "m", "", "b", "mhv m backed by b"},
      {"dslogon_uuid with backing_idme_uuid: DS Logon, and the ID.me uuid it came with", "", "", "",
       "d", "b", "dslogon d backed by b"},
      {"no identifier", "", "", "", "", "b", "VERIFICATION_IDENTIFIER"},
      {"two identifiers", "i", "l", "", "", "", "VERIFICATION_IDENTIFIER"},
      {"R13 three identifiers, which a chain of exclusive-ors lets pass", "i", "l", "m", "", "b",
       "VERIFICATION_IDENTIFIER"},
      {"all four", "i", "l", "m", "d", "b", "VERIFICATION_IDENTIFIER"},
      {"My HealtheVet without a provider behind it", "", "", "m", "", "", "VERIFICATION_BACKING"},
      {"DS Logon without a provider behind it", "", "", "", "d", "", "VERIFICATION_BACKING"},
      {"an uuid behind ID.me itself changes nothing", "i", "", "", "", "b", "idme i backed by i"},
  }));
  INFO(row.rule);
  const VerificationIds ids{Id(row.idme), Id(row.logingov), Id(row.mhv), Id(row.dslogon),
                            Id(row.backing)};
  CHECK(Show(ValidateVerification(ids)) == row.expected);
}

TEST_CASE("ValidateVerification: an empty identifier is none", "[attributes][rule]") {
  VerificationIds ids;
  ids.idme_uuid = CspId();
  ids.logingov_uuid = CspId::FromWire("l");
  CHECK(Show(ValidateVerification(ids)) == "logingov l backed by l");
}

TEST_CASE("IsVerified: a date and an ICN on the account, both", "[attributes][rule]") {
  CHECK(IsVerified(true, true));
  CHECK_FALSE(IsVerified(true, false));
  CHECK_FALSE(IsVerified(false, true));
}

}  // namespace
}  // namespace va::attributes
