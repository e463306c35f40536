#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/sis_derive.h"
#include "services/user-attributes/domain/sis_fixture.h"

namespace va::attributes {
namespace {

using identity::Csp;
using identity::CspId;
using identity::Icn;
using identity::PersonText;

Attempt AttemptAs(absl::string_view profile = "") {
  Attempt attempt = AttemptAt("vaweb");
  attempt.profile = profile;
  return attempt;
}

Derivation DeriveOf(const OidcAnswer& answer, const Attempt& attempt = AttemptAs()) {
  return Derive(answer.Build(), attempt, ShippedPolicy());
}

Decision AdmitOf(const OidcAnswer& answer, const MpiAnswer& mpi,
                 const Attempt& attempt = AttemptAs()) {
  return Admit(answer.Build(), attempt, mpi, ShippedPolicy(), TestNow());
}

Decision AdmitBeside(const OidcAnswer& answer, const MpiProfile& profile,
                     absl::string_view policy_profile = "") {
  return AdmitOf(answer, Found(profile), AttemptAs(policy_profile));
}

// "admit", or the verdict with code and tag.
std::string Ending(const Decision& decision) {
  if (decision.verdict == Verdict::kAdmit) return "admit";
  if (decision.verdict == Verdict::kStepUp) return "step_up " + std::string(decision.rules.back());
  const std::string verdict = decision.verdict == Verdict::kDeny ? "deny " : "try_later ";
  return verdict + std::string(base::Describe(decision.refusal->code).code) + " " +
         decision.refusal->tag;
}

bool Noted(const std::vector<Finding>& findings, const std::string& line) {
  const std::vector<std::string> lines = Lines(findings);
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

std::vector<std::string> Subjects(const std::vector<Finding>& findings, absl::string_view tag) {
  std::vector<std::string> out;
  for (const Finding& finding : findings) {
    if (finding.tag == tag) out.emplace_back(finding.subject);
  }
  return out;
}

MpiAnswer NoMatch(MpiOutcome added = MpiOutcome::kNotAsked) {
  MpiAnswer answer;
  answer.outcome = MpiOutcome::kNoMatch;
  answer.add_outcome = added;
  return answer;
}

TEST_CASE(
    "Seed 002: MPI is asked for the ICN by idme_uuid, logingov_uuid, or the ICN of MHV, "
    "depending on how the person signed in (R17)",
    "[attributes][sis][seed][R17]") {
  CHECK(*DeriveOf(OidcIdme()).question ==
        MpiQuestion(ByIdmeUuid{CspId::FromWire("11d0e4a1f0b24c55a1de6f1b6c2f7a01")}));
  CHECK(*DeriveOf(OidcLogingov()).question ==
        MpiQuestion(ByLogingovUuid{CspId::FromWire("aa11bb22-cc33-4d44-8e55-ff6600770088")}));
  // MHV and DS Logon bring the uuid of the ID.me account behind them.
  CHECK(*DeriveOf(OidcMhv()).question ==
        MpiQuestion(ByIdmeUuid{CspId::FromWire("11d0e4a1f0b24c55a1de6f1b6c2f7a01")}));
  CHECK(*DeriveOf(OidcDslogon()).question ==
        MpiQuestion(ByIdmeUuid{CspId::FromWire("11d0e4a1f0b24c55a1de6f1b6c2f7a01")}));
}

TEST_CASE(
    "Seed 002: where MPI holds no record, one is created with the credential's information "
    "(R4)",
    "[attributes][sis][seed][R4]") {
  const auto addition = DeriveOf(OidcIdme()).add_on_no_match;
  REQUIRE(addition);
  CHECK(addition->traits.first_name == PersonText::FromWire("Ida"));
  CHECK(addition->traits.last_name == PersonText::FromWire("Fernbrook"));
  CHECK(addition->traits.ssn == identity::Ssn::FromWire("666010001"));
  CHECK(addition->traits.birth_date == identity::BirthDate::FromWire("1971-03-02"));
  CHECK(addition->idme_uuid == CspId::FromWire("11d0e4a1f0b24c55a1de6f1b6c2f7a01"));
  CHECK(addition->email == PersonText::FromWire("ida.fernbrook@example.com"));
  REQUIRE(addition->address);
  CHECK(addition->address->city == PersonText::FromWire("Fernbrook"));
  MpiAnswer added = Found(SamePersonByUuid());
  added.add_outcome = MpiOutcome::kOk;
  const Decision decision = AdmitOf(OidcIdme(), added);
  CHECK(Ending(decision) == "admit");
  CHECK(decision.attributes.icn == Icn::FromWire("1000000001V100001"));
}

TEST_CASE("Seed 002: the ICN of the account is the one that MPI answers with",
          "[attributes][sis][seed]") {
  for (const OidcAnswer& answer : {OidcIdme(), OidcLogingov(), OidcMhv(), OidcDslogon()}) {
    CAPTURE(identity::ToString(answer.service()));
    const Decision decision = AdmitBeside(answer, SamePersonByUuid());
    CHECK(Ending(decision) == "admit");
    CHECK(decision.attributes.icn == Icn::FromWire("1000000001V100001"));
  }
}

TEST_CASE("DeriveOidc: R6 below IAL2 MPI is not asked, and nobody is added",
          "[attributes][sis][rule][R6]") {
  const Derivation derived = DeriveOf(OidcIdmeLoa1());
  CHECK_FALSE(derived.question);
  CHECK_FALSE(derived.add_on_no_match);
  CHECK(derived.findings.empty());
  const Decision decision = AdmitOf(OidcIdmeLoa1(), {});
  CHECK(Ending(decision) == "admit");
  CHECK_FALSE(decision.attributes.icn);
  CHECK(decision.attributes.email == PersonText::FromWire("ida.fernbrook@example.com"));
}

TEST_CASE("DeriveOidc: R18 the session carries ial, aal, time, provider and the way it came",
          "[attributes][sis][rule][R18]") {
  const identity::Assurance verified = DeriveOf(OidcLogingov()).assurance;
  CHECK(verified.ial == 2);
  CHECK(verified.aal == 2);
  CHECK(verified.loa_current == 3);
  CHECK(verified.auth_time == absl::FromUnixSeconds(1700000000));
  CHECK(verified.csp == Csp::kLogingov);
  CHECK(verified.pathway == "oidc");
  OidcAnswer reachable = OidcIdme();
  reachable.With("credential_ial", "1").With("multifactor", "false");
  const identity::Assurance now = DeriveOf(reachable).assurance;
  CHECK(now.ial == 1);
  CHECK(now.aal == 1);
  CHECK(now.loa_current == 1);
  CHECK(now.loa_highest == 3);
}

TEST_CASE("DeriveOidc: what a verified credential lacks is found in order, all of it (9.2)",
          "[attributes][sis][rule][R16]") {
  using Names = std::vector<std::string>;
  const auto missing = [](const OidcAnswer& answer, absl::string_view profile) {
    const Derivation derived = DeriveOf(answer, AttemptAs(profile));
    CHECK_FALSE(derived.question);
    return Subjects(derived.findings, "missing_attribute");
  };
  OidcAnswer idme = OidcIdme();
  idme.Without("fname").Without("lname").Without("birth_date").Without("social");
  idme.Without("sub").Without("email");
  CHECK(missing(idme, "sis") == Names{"last_name", "birth_date", "uuid", "email"});
  CHECK(missing(idme, "sis-2021") ==
        Names{"first_name", "last_name", "birth_date", "ssn", "uuid", "email"});
  OidcAnswer dslogon = OidcDslogon();
  dslogon.Without("dslogon_uuid").Without("dslogon_lname").Without("email");
  CHECK(missing(dslogon, "") == Names{"dslogon_uuid", "last_name", "email"});
  OidcAnswer mhv = OidcMhv();
  mhv.Without("mhv_icn").Without("mhv_uuid").Without("sub").Without("email");
  CHECK(missing(mhv, "") == Names{"icn", "mhv_uuid", "uuid", "email"});
  OidcAnswer one = OidcLogingov();
  CHECK(Ending(AdmitOf(one.Without("email"), Found(SamePersonByUuid()))) ==
        "deny 007 missing_attribute");
}

TEST_CASE("DeriveOidc: without the account's own id nobody comes in at any level",
          "[attributes][sis][rule]") {
  OidcAnswer answer = OidcIdmeLoa1();
  CHECK(Ending(AdmitOf(answer.Without("sub"), {})) == "deny 007 missing_attribute");
}

TEST_CASE("DeriveOidc: a provider speaks for its own people alone", "[attributes][sis][rule]") {
  OidcAnswer login = OidcLogingov();
  CHECK(Ending(AdmitOf(login.From(Csp::kIdme), Found(SamePersonByUuid()))) ==
        "deny 007 foreign_issuer");
  OidcAnswer mhv = OidcMhv();
  CHECK(Ending(AdmitOf(mhv.From(Csp::kLogingov), Found(SamePersonByUuid()))) ==
        "deny 007 foreign_issuer");
}

TEST_CASE("DeriveOidc: R1 a profile of the SSOe rules reads no such answer",
          "[attributes][sis][rule][R1]") {
  CHECK(Ending(AdmitBeside(OidcIdme(), SamePersonByUuid(), "ssoe-2022")) ==
        "deny 007 profile_not_for_credential");
  CHECK(Ending(AdmitBeside(OidcIdme(), SamePersonByUuid(), "nobody")) ==
        "deny 007 unknown_profile");
}

TEST_CASE(
    "AdmitOidc: 108 and 007 for a credential that is not verified, 400 for a level that "
    "cannot be",
    "[attributes][sis][rule]") {
  OidcAnswer mhv = OidcMhv();
  CHECK(Ending(AdmitOf(mhv.With("mhv_assurance", "Basic").Requested("loa3"), {})) ==
        "deny 108 mhv_unverified_blocked");
  OidcAnswer idme = OidcIdmeLoa1();
  CHECK(Ending(AdmitOf(idme.Requested("loa3"), {})) == "deny 007 unverified_credential_blocked");
  CHECK(Ending(AdmitOf(idme.Requested("loa4"), {})) == "deny 400 unsupported_credential_level");
}

TEST_CASE("AdmitOidc: R9 who asked for whatever there is and could be verified goes back once",
          "[attributes][sis][rule][R9]") {
  OidcAnswer answer = OidcIdme();
  answer.With("credential_ial", "1");
  CHECK(Ending(AdmitOf(answer, {})) == "step_up step_up_highest");
  Attempt second = AttemptAs();
  second.stay_at_level = true;
  CHECK(Ending(AdmitOf(answer, {}, second)) == "admit");
  CHECK(Ending(AdmitOf(answer.Requested("loa1"), {})) == "admit");
}

TEST_CASE("AdmitOidc: R9 who was verified before goes back to prove it again",
          "[attributes][sis][rule][R9]") {
  Attempt known = AttemptAs();
  CHECK(Ending(AdmitOf(OidcIdmeLoa1(), {}, known)) == "admit");
  known.known.previously_verified = true;
  CHECK(Ending(AdmitOf(OidcIdmeLoa1(), {}, known)) == "step_up step_up_highest");
}

TEST_CASE("AdmitOidc: R4 whom MPI does not know and cannot be added is 007",
          "[attributes][sis][rule][R4]") {
  CHECK(Ending(AdmitOf(OidcIdme(), NoMatch(MpiOutcome::kInvalidRequest))) ==
        "deny 007 mpi_add_failed");
  CHECK(Ending(AdmitOf(OidcIdme(), NoMatch(MpiOutcome::kDuplicateKey))) ==
        "deny 007 mpi_add_failed");
  // Nothing was decided about the person: it was not tried, it broke, or MPI has not caught up.
  for (const MpiOutcome added :
       {MpiOutcome::kNotAsked, MpiOutcome::kTimeout, MpiOutcome::kMpiFailed, MpiOutcome::kOk}) {
    CHECK(Ending(AdmitOf(OidcIdme(), NoMatch(added))) == "try_later 007 mpi_add_failed");
  }
  CHECK(Ending(AdmitOf(OidcIdme(), NoMatch(MpiOutcome::kMultipleMatches))) ==
        "deny 004 mpi_multiple_matches");
}

TEST_CASE("AdmitOidc: R4 an MHV credential without a record is 007, and nobody is added for it",
          "[attributes][sis][rule][R4]") {
  CHECK_FALSE(DeriveOf(OidcMhv()).add_on_no_match);
  CHECK(Ending(AdmitOf(OidcMhv(), NoMatch())) == "deny 007 mpi_no_mhv_record");
}

TEST_CASE("AdmitOidc: R4 several people in MPI are 004", "[attributes][sis][rule][R4]") {
  CHECK(Ending(AdmitOf(OidcLogingov(), {MpiOutcome::kMultipleMatches, std::nullopt})) ==
        "deny 004 mpi_multiple_matches");
}

TEST_CASE("AdmitOidc: R5 MPI that cannot be asked is try later, never a denial",
          "[attributes][sis][rule][R5]") {
  for (const MpiOutcome outcome :
       {MpiOutcome::kNotAsked, MpiOutcome::kInvalidRequest, MpiOutcome::kSenderRejected,
        MpiOutcome::kMpiFailed, MpiOutcome::kTransport, MpiOutcome::kTimeout,
        MpiOutcome::kBreakerOpen, MpiOutcome::kUnparseable, MpiOutcome::kBlocked}) {
    CHECK(Ending(AdmitOf(OidcIdme(), {outcome, std::nullopt})) == "try_later 007 mpi_unavailable");
  }
  MpiProfile nameless = SamePersonByUuid();
  nameless.icn = Icn();
  CHECK(Ending(AdmitBeside(OidcIdme(), nameless)) == "try_later 007 mpi_unavailable");
}

TEST_CASE("AdmitOidc: R7 a death or theft flag is 107, and nothing else shows beside it",
          "[attributes][sis][rule][R7]") {
  for (const OidcAnswer& answer : {OidcIdme(), OidcLogingov(), OidcMhv(), OidcDslogon()}) {
    MpiProfile profile = SamePersonByUuid();
    profile.deceased = true;
    CHECK(Ending(AdmitBeside(answer, profile)) == "deny 107 account_locked");
    profile.deceased = false;
    profile.id_theft = true;
    profile.ssn = identity::Ssn::FromWire("666010002");
    CHECK(Ending(AdmitBeside(answer, profile)) == "deny 107 account_locked");
  }
}

TEST_CASE("AdmitOidc: several EDIPIs are 102 and several corporate ids 106, both found",
          "[attributes][sis][rule]") {
  MpiProfile profile = SamePersonByUuid();
  profile.ids = identity::ParseGcIds(
      "2000000001^NI^200DOD^USDOD^A|2000000002^NI^200DOD^USDOD^A|7^PI^200CORP^USVBA^A|"
      "8^PI^200CORP^USVBA^A");
  const Decision decision = AdmitBeside(OidcIdme(), profile);
  CHECK(Ending(decision) == "deny 102 multiple_edipis");
  CHECK(Noted(decision.findings, "106 multiple_corp_ids blocks"));
}

TEST_CASE("AdmitOidc: the same id twice is one", "[attributes][sis][rule]") {
  MpiProfile profile = SamePersonByUuid();
  profile.ids = identity::ParseGcIds(
      "2000000001^NI^200DOD^USDOD^A|2000000001^NI^200DOD^USDOD^A|7^PI^200CORP^USVBA^A|"
      "7^PI^200CORP^USVBA^A");
  CHECK(Ending(AdmitBeside(OidcIdme(), profile)) == "admit");
}

TEST_CASE("AdmitOidc: R16 several MHV ids are recorded only, and block under sis-2021",
          "[attributes][sis][rule][R16]") {
  MpiProfile profile = SamePersonByUuid();
  profile.ids = identity::ParseGcIds("7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A");
  const Decision now = AdmitBeside(OidcIdme(), profile);
  CHECK(Ending(now) == "admit");
  CHECK(Noted(now.findings, "101 multiple_mhv_ids noted"));
  CHECK(Ending(AdmitBeside(OidcIdme(), profile, "sis-2021")) == "deny 101 multiple_mhv_ids");
}

TEST_CASE("AdmitOidc: R4 an SSN that differs is 113; hyphens do not make one differ",
          "[attributes][sis][rule][R4]") {
  MpiProfile profile = SamePersonByUuid();
  profile.ssn = identity::Ssn::FromWire("666-01-0001");
  CHECK(Ending(AdmitBeside(OidcIdme(), profile)) == "admit");
  profile.ssn = identity::Ssn::FromWire("666010002");
  CHECK(Ending(AdmitBeside(OidcIdme(), profile)) == "deny 113 ssn_mismatch");
  CHECK(Ending(AdmitBeside(OidcIdme(), profile, "sis-2021")) == "deny 113 ssn_mismatch");
}

TEST_CASE("AdmitOidc: an SSN that one side does not hold is written down and breaks nothing (9.3b)",
          "[attributes][sis][rule]") {
  MpiProfile without = SamePersonByUuid();
  without.ssn.reset();
  const Decision mpi = AdmitBeside(OidcIdme(), without);
  CHECK(Ending(mpi) == "admit");
  CHECK(Noted(mpi.findings, "mpi_ssn_missing noted"));
  OidcAnswer answer = OidcIdme();
  const Decision credential =
      AdmitBeside(answer.Without("social").Without("fname"), SamePersonByUuid());
  CHECK(Ending(credential) == "admit");
  CHECK(Noted(credential.findings, "ssn_not_asserted noted"));
}

TEST_CASE("AdmitOidc: names and days that differ are recorded under 007 and block nobody",
          "[attributes][sis][rule]") {
  MpiProfile profile = SamePersonByUuid();
  profile.first_name = PersonText::FromWire("Idah");
  profile.last_name = PersonText::FromWire("Brook");
  profile.birth_date = identity::BirthDate::FromWire("19710303");
  const Decision decision = AdmitBeside(OidcIdme(), profile);
  CHECK(Ending(decision) == "admit");
  CHECK(Noted(decision.findings, "007 first_name_differs_from_mpi noted"));
  CHECK(Noted(decision.findings, "007 last_name_differs_from_mpi noted"));
  CHECK(Noted(decision.findings, "007 birth_date_differs_from_mpi noted"));
}

TEST_CASE("AdmitOidc: hyphens, case and the form of a day make no difference",
          "[attributes][sis][rule]") {
  MpiProfile profile = SamePersonByUuid();
  profile.first_name = PersonText::FromWire("IDA");
  profile.last_name = PersonText::FromWire("FERN-BROOK");
  profile.birth_date = identity::BirthDate::FromWire("19710302");
  CHECK(AdmitBeside(OidcIdme(), profile).findings.empty());
}

TEST_CASE("AdmitOidc: MPI's ICN counts, the one of an MHV credential is only compared",
          "[attributes][sis][rule][R16]") {
  OidcAnswer answer = OidcMhv();
  const Decision decision =
      AdmitBeside(answer.With("mhv_icn", "1000000002V100002"), SamePersonByUuid());
  CHECK(Ending(decision) == "admit");
  CHECK(Noted(decision.findings, "007 icn_differs_from_mpi noted"));
  CHECK(decision.attributes.icn == Icn::FromWire("1000000001V100001"));
}

TEST_CASE("AdmitOidc: a person without a SEC id is recorded, with whether one was begun",
          "[attributes][sis][rule]") {
  MpiProfile profile = SamePersonByUuid();
  profile.ids = identity::ParseGcIds("1000000001V100001^NI^200M^USVHA^P");
  Decision decision = AdmitBeside(OidcIdme(), profile);
  CHECK(Ending(decision) == "admit");
  CHECK(Subjects(decision.findings, "mpi_sec_id_missing") == std::vector<std::string>{""});
  profile.ids = identity::ParseGcIds("1000000001^PN^200PROV^USDVA^PCE");
  decision = AdmitBeside(OidcIdme(), profile);
  CHECK(Subjects(decision.findings, "mpi_sec_id_missing") ==
        std::vector<std::string>{"pce_status"});
}

TEST_CASE("AdmitOidc: R8 MPI is canonical for MHV Premium, the credential for everybody else",
          "[attributes][sis][rule][R8]") {
  MpiProfile profile = SamePersonByUuid();
  profile.first_name = PersonText::FromWire("Idah");
  CHECK(AdmitBeside(OidcMhv(), profile).attributes.first_name == PersonText::FromWire("Idah"));
  for (const OidcAnswer& answer : {OidcIdme(), OidcLogingov(), OidcDslogon()}) {
    CHECK(AdmitBeside(answer, profile).attributes.first_name == PersonText::FromWire("Ida"));
  }
}

TEST_CASE(
    "AdmitOidc: MPI is told what a known credential says now, until its digest is the old one",
    "[attributes][sis][rule]") {
  const Decision decision = AdmitBeside(OidcIdme(), SamePersonByUuid());
  REQUIRE(decision.mpi_update);
  CHECK(decision.mpi_update->reason == MpiUpdateReason::kCredentialChanged);
  CHECK(decision.mpi_update->person.traits.last_name == PersonText::FromWire("Fernbrook"));
  CHECK(decision.mpi_update->person.address.has_value());
}

TEST_CASE("AdmitOidc: MPI is told of a uuid that its identifiers do not hold",
          "[attributes][sis][rule]") {
  const Decision idme = AdmitBeside(OidcIdme(), SamePerson());
  REQUIRE(idme.mpi_update);
  CHECK(idme.mpi_update->reason == MpiUpdateReason::kCredentialUnknown);
  CHECK(idme.mpi_update->person.idme_uuid == idme.claims.idme_uuid);
  // An MHV credential says nothing about the person: its uuid goes to MPI beside MPI's own words.
  const Decision mhv = AdmitBeside(OidcMhv(), SamePerson());
  REQUIRE(mhv.mpi_update);
  CHECK(mhv.mpi_update->person.traits.last_name == PersonText::FromWire("Fernbrook"));
  CHECK(mhv.mpi_update->person.traits.ssn == identity::Ssn::FromWire("666010001"));
}

TEST_CASE(
    "AdmitOidc: who was added a moment ago, who is refused and who is below IAL2 is not told "
    "to MPI",
    "[attributes][sis][rule]") {
  MpiAnswer added = Found(SamePersonByUuid());
  added.add_outcome = MpiOutcome::kOk;
  CHECK_FALSE(AdmitOf(OidcIdme(), added).mpi_update);
  added.profile = SamePerson();
  CHECK_FALSE(AdmitOf(OidcIdme(), added).mpi_update);
  MpiProfile other = SamePersonByUuid();
  other.ssn = identity::Ssn::FromWire("666010002");
  CHECK_FALSE(AdmitBeside(OidcIdme(), other).mpi_update);
  CHECK_FALSE(AdmitOf(OidcIdmeLoa1(), Found(SamePerson())).mpi_update);
  CHECK_FALSE(AdmitBeside(OidcMhv(), SamePersonByUuid()).mpi_update);
}

TEST_CASE("AdmitOidc: the trace names every rule that was reached, in order, without a person",
          "[attributes][sis][rule]") {
  Trace trace;
  const OidcAnswer answer = OidcIdme();
  Admit(answer.Build(), AttemptAs(), Found(SamePersonByUuid()), ShippedPolicy(), TestNow(), &trace);
  std::vector<std::string> names;
  for (const RuleStep& step : trace) {
    names.emplace_back(step.rule);
    CHECK(step.subject.find("Fernbrook") == std::string::npos);
  }
  CHECK(names == std::vector<std::string>{"profile", "credential_level", "missing_attribute",
                                          "mpi_question_by_credential", "death_flag", "theft_flag",
                                          "multiple_edipis", "multiple_corp_ids",
                                          "multiple_mhv_ids", "multiple_sec_ids", "multiple_icns",
                                          "mpi_sec_id_missing", "ssn_mismatch",
                                          "credential_is_canonical", "mpi_is_told", "admitted"});
}

}  // namespace
}  // namespace va::attributes
