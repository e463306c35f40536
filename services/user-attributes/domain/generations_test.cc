// The generations of the SSOe rules that are data (decision R1), and what an account may answer for
// an assertion without a uuid (ssoe_saml.md 13.2).
#include <catch2/catch.hpp>
#include <string>
#include <variant>
#include <vector>

#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

std::string Outcome(const Decision& d) {
  if (d.verdict == Verdict::kAdmit) return "admit";
  if (d.verdict == Verdict::kStepUp) return "step_up " + std::string(d.rules.back());
  const std::string word = d.verdict == Verdict::kDeny ? "deny " : "try_later ";
  return word + std::string(base::Describe(d.refusal->code).code) + " " + d.refusal->tag;
}

Attempt Under(absl::string_view profile, absl::string_view application = "vaweb") {
  Attempt attempt = AttemptAt(application);
  attempt.profile = profile;
  return attempt;
}

// The effects of findings, by tag, for what a row lists.
std::vector<std::string> Found2021(const Statement& statement, absl::string_view skip_dupe = "") {
  Attempt attempt = Under("ssoe-2021");
  attempt.skip_dupe = skip_dupe;
  return Lines(Derive(statement.Build(), attempt, ShippedPolicy()).findings);
}

using Expected = std::vector<std::string>;

TEST_CASE("ssoe-2021: EDIPIs and IENs come as comma lists", "[attributes][generations]") {
  const Statement said =
      IdmeLoa3().With("dodedipnid", "0123456789,0123456789").With("mhvien", "16951101, 16951101");
  const Derivation d = Derive(said.Build(), Under("ssoe-2021"), ShippedPolicy());
  CHECK(d.claims.edipi == identity::CspId::FromWire("0123456789"));
  CHECK(d.claims.mhv_id == identity::CspId::FromWire("16951101"));
  CHECK(FirstBlocking(d.findings) == nullptr);
  // The default generation looks at neither.
  const Derivation now = Derive(said.Build(), AttemptAt("vaweb"), ShippedPolicy());
  CHECK_FALSE(now.claims.edipi.has_value());
  CHECK_FALSE(now.claims.mhv_id.has_value());
}

TEST_CASE("ssoe-2021: 102 and 101 look at the lists, and not at gcIds",
          "[attributes][generations]") {
  CHECK(Found2021(IdmeLoa3().With("dodedipnid", "0123456789,0000000054")) ==
        Expected{"102 multiple_edipis blocks"});
  CHECK(Found2021(IdmeLoa3().With("mhvien", "999888,888777")) ==
        Expected{"101 multiple_mhv_ids blocks"});
  CHECK(Found2021(IdmeLoa3().With("mhvien", "999888").With("mhvuuid", "888777")) ==
        Expected{"101 multiple_mhv_ids blocks"});
  CHECK(Found2021(IdmeLoa3().With("gcIds",
                                  "7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A|"
                                  "1111111111^NI^200DOD^USDOD^A|2222222222^NI^200DOD^USDOD^A"))
            .empty());
}

TEST_CASE("ssoe-2021: 106 looked at nothing the broker sends: the check was dead",
          "[attributes][generations]") {
  CHECK(Found2021(IdmeLoa3()
                      .With("gcIds", "1^PI^200CORP^USVBA^A|2^PI^200CORP^USVBA^A")
                      .WithForeign("vba_corp_id", {"1,2"}))
            .empty());
}

TEST_CASE("ssoe-2021: 103 needs two values, a blank one is none", "[attributes][generations]") {
  CHECK(Found2021(IdmeLoa3().With("mhvicn", "")).empty());
  CHECK(Found2021(IdmeLoa3().With("mhvicn", "2000000002V200002")) ==
        Expected{"103 mhv_icn_mismatch blocks"});
}

TEST_CASE("ssoe-2021: the order is 104, 102, 103, 101", "[attributes][generations]") {
  const Statement all = IdmeLoa3()
                            .Without("uid")
                            .With("dodedipnid", "1,2")
                            .With("mhvicn", "2000000002V200002")
                            .With("mhvien", "1,2");
  CHECK(Found2021(all) == Expected{"104 uuid_missing blocks", "102 multiple_edipis blocks",
                                   "103 mhv_icn_mismatch blocks", "101 multiple_mhv_ids blocks"});
}

TEST_CASE("ssoe-2021: R2 skip_dupe=mhv waives 101 only, and only in that spelling",
          "[attributes][generations]") {
  const Statement all = IdmeLoa3()
                            .With("dodedipnid", "1,2")
                            .With("mhvicn", "2000000002V200002")
                            .With("mhvien", "1,2");
  CHECK(Found2021(all, "mhv") == Expected{"102 multiple_edipis blocks",
                                          "103 mhv_icn_mismatch blocks",
                                          "101 multiple_mhv_ids waived"});
  for (const std::string other : {"true", "MHV", "mhv ", ""}) {
    CAPTURE(other);
    CHECK(Found2021(IdmeLoa3().With("mhvien", "1,2"), other) ==
          Expected{"101 multiple_mhv_ids blocks"});
  }
}

TEST_CASE("Profiles: R1 a second MHV id blocks in 2022 and is recorded only in 2025",
          "[attributes][generations]") {
  const Statement two = IdmeLoa3().With("gcIds", "7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A");
  struct Row {
    std::string profile;
    std::string line;
  };
  for (const Row& row : {Row{"ssoe-2022", "101 multiple_mhv_ids blocks"},
                         Row{"ssoe-2022-03", "101 multiple_mhv_ids blocks"},
                         Row{"ssoe-2025", "101 multiple_mhv_ids noted"},
                         Row{"strict", "101 multiple_mhv_ids blocks"}}) {
    CAPTURE(row.profile);
    CHECK(Lines(Derive(two.Build(), Under(row.profile), ShippedPolicy()).findings) ==
          Expected{row.line});
  }
}

TEST_CASE("Profiles: R10 two permanent ICNs warn in the compatible profiles and block in strict",
          "[attributes][generations]") {
  const Statement two = IdmeLoa3().With(
      "gcIds", "1000000001V100001^NI^200M^USVHA^P|1000000002V100002^NI^200M^USVHA^P");
  for (const std::string profile : {"ssoe-2022", "ssoe-2022-03", "ssoe-2021", "ssoe-2025"}) {
    CAPTURE(profile);
    CHECK(FirstBlocking(Derive(two.Build(), Under(profile), ShippedPolicy()).findings) == nullptr);
  }
  CHECK(Outcome(Admit(two.Build(), Under("strict"), Found(), ShippedPolicy(), TestNow())) ==
        "deny 004 multiple_icns");
}

TEST_CASE("Profiles: R1 an unknown profile, or one of another kind, is a finding and no guess",
          "[attributes][generations]") {
  const auto decide = [](absl::string_view profile) {
    return Outcome(Admit(IdmeLoa3().Build(), Under(profile), Found(), ShippedPolicy(), TestNow()));
  };
  CHECK(decide("ssoe-1999") == "deny 007 unknown_profile");
  CHECK(decide("sis") == "deny 007 profile_not_for_credential");
  identity::Policy without = ShippedPolicy();
  without.csps.clear();
  CHECK(Outcome(Admit(IdmeLoa3().Build(), AttemptAt("vaweb"), Found(), without, TestNow())) ==
        "deny 007 no_profile_for_csp");
}

TEST_CASE("Profiles: an unknown application waives nothing", "[attributes][generations]") {
  const Statement two = IdmeLoa3().With("gcIds", "7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A");
  CHECK(Outcome(Admit(two.Build(), AttemptAt("nobody"), Found(), ShippedPolicy(), TestNow())) ==
        "deny 101 multiple_mhv_ids");
}

// --- 104 and the account ---

Statement WithoutUuid() {
  return IdmeLoa3()
      .Context("urn:oasis:names:tc:SAML:2.0:ac:classes:Password")
      .With("csid", "mhv")
      .With("uid", "15093546")
      .With("gcIds", "");
}

Attempt Lent(absl::string_view idme, absl::string_view logingov = "") {
  Attempt attempt = AttemptAt("vaweb", "custom");
  if (!idme.empty()) attempt.known.idme_uuid = identity::CspId::FromWire(std::string(idme));
  if (!logingov.empty()) {
    attempt.known.logingov_uuid = identity::CspId::FromWire(std::string(logingov));
  }
  return attempt;
}

TEST_CASE("104: without a uuid the question is named, so that the account may be asked",
          "[attributes][fallback]") {
  const Derivation d = Derive(WithoutUuid().Build(), Lent(""), ShippedPolicy());
  CHECK(d.account_fallback_open);
  REQUIRE(d.question.has_value());
  CHECK(std::get<identity::Icn>(*d.question) == identity::Icn::FromWire("1000000001V100001"));
  CHECK(Lines(d.findings) == Expected{"104 uuid_missing blocks"});
}

TEST_CASE("104: an account is not asked below LOA3, without an ICN, or beside another refusal",
          "[attributes][fallback]") {
  for (const Statement& said :
       {WithoutUuid().With("credentialassurancelevel", "1"), WithoutUuid().Without("icn"),
        WithoutUuid().With("icn", "V"), WithoutUuid().With("mhvicn", "2000000002V200002")}) {
    const Derivation d = Derive(said.Build(), Lent(""), ShippedPolicy());
    CHECK_FALSE(d.account_fallback_open);
    CHECK_FALSE(d.question.has_value());
    const Decision lent = Admit(said.Build(), Lent("u"), Found(), ShippedPolicy(), TestNow());
    // At LOA1 104 stands; nobody comes in on an account that was not asked.
    CHECK(lent.verdict == Verdict::kDeny);
  }
}

TEST_CASE("104: stands when no account holds the ICN", "[attributes][fallback]") {
  CHECK(Outcome(Admit(WithoutUuid().Build(), Lent(""), Found(), ShippedPolicy(), TestNow())) ==
        "deny 104 uuid_missing");
}

TEST_CASE("104: the uuid of the account that holds the ICN stands for the missing one",
          "[attributes][fallback]") {
  const Decision d =
      Admit(WithoutUuid().Build(), Lent("stored"), Found(), ShippedPolicy(), TestNow());
  REQUIRE(Outcome(d) == "admit");
  CHECK(d.claims.idme_uuid == identity::CspId::FromWire("stored"));
  CHECK(d.claims.uuid == d.claims.idme_uuid);
  CHECK(d.findings.front().tag == "uuid_from_account");
  // And MPI is told of it.
  REQUIRE(d.mpi_update.has_value());
  CHECK(d.mpi_update->reason == MpiUpdateReason::kCredentialUnknown);
  CHECK(d.mpi_update->person.idme_uuid == d.claims.idme_uuid);
}

TEST_CASE("104: Login.gov's uuid is lent, too, behind ID.me's", "[attributes][fallback]") {
  const Decision one =
      Admit(WithoutUuid().Build(), Lent("", "login"), Found(), ShippedPolicy(), TestNow());
  REQUIRE(Outcome(one) == "admit");
  CHECK(one.claims.logingov_uuid == identity::CspId::FromWire("login"));
  const Decision both =
      Admit(WithoutUuid().Build(), Lent("idme", "login"), Found(), ShippedPolicy(), TestNow());
  CHECK(both.claims.uuid == identity::CspId::FromWire("idme"));
  CHECK_FALSE(both.claims.logingov_uuid.has_value());
}

TEST_CASE("104: nobody is lent a uuid when MPI means somebody else by the ICN or the sec_id",
          "[attributes][fallback]") {
  MpiProfile other = SamePerson();
  other.icn = identity::Icn::FromWire("1000000009V100009");
  CHECK(Outcome(Admit(WithoutUuid().Build(), Lent("stored"), Found(other), ShippedPolicy(),
                      TestNow())) == "deny 104 account_fallback_refused");
  const Statement foreign = WithoutUuid().With("secid", "1000000077");
  CHECK(Outcome(Admit(foreign.Build(), Lent("stored"), Found(), ShippedPolicy(), TestNow())) ==
        "deny 104 account_fallback_refused");
  // One of a list is enough, and where one of the two is silent there is nothing to compare.
  const Statement list = WithoutUuid().With("secid", "1000000077,1000000001");
  CHECK(Outcome(Admit(list.Build(), Lent("stored"), Found(), ShippedPolicy(), TestNow())) ==
        "admit");
  const Statement silent = WithoutUuid().Without("secid");
  CHECK(Outcome(Admit(silent.Build(), Lent("stored"), Found(), ShippedPolicy(), TestNow())) ==
        "admit");
}

TEST_CASE("104: a uuid that was asserted is never replaced by an account's",
          "[attributes][fallback]") {
  const Derivation d = Derive(IdmeLoa3().Build(), Lent("stored"), ShippedPolicy());
  CHECK(d.claims.idme_uuid == identity::CspId::FromWire("11d0e4a1f0b24c55a1de6f1b6c2f7a01"));
  CHECK_FALSE(d.uuid_from_account);
}

// --- R4: adding a person ---

identity::Policy Adding() {
  identity::Policy policy = ShippedPolicy();
  for (identity::RuleProfile& profile : policy.profiles) {
    if (profile.name == "ssoe-2022") profile.add_on_no_match = true;
  }
  return policy;
}

Statement Searched() { return IdmeLoa3().Without("icn").With("gcIds", ""); }

TEST_CASE("R4: nobody is added unless the profile says so", "[attributes][add]") {
  CHECK_FALSE(Derive(Searched().Build(), AttemptAt("vaweb"), ShippedPolicy()).add_on_no_match);
}

TEST_CASE("R4: who was searched for and is unknown may be added, with the uuid of the credential",
          "[attributes][add]") {
  const identity::Policy policy = Adding();
  const Derivation d = Derive(Searched().Build(), AttemptAt("vaweb"), policy);
  REQUIRE(d.add_on_no_match.has_value());
  CHECK(d.add_on_no_match->traits == std::get<Traits>(*d.question));
  CHECK(d.add_on_no_match->idme_uuid == d.claims.idme_uuid);
  CHECK_FALSE(d.add_on_no_match->logingov_uuid.has_value());
  // Who was asked for by ICN would get another one; a Premium account never lacks a record.
  CHECK_FALSE(Derive(IdmeLoa3().Build(), AttemptAt("vaweb"), policy).add_on_no_match);
  const Statement premium = MhvPremium().Without("icn").With("gcIds", "");
  CHECK_FALSE(Derive(premium.Build(), AttemptAt("vaweb"), policy).add_on_no_match);
}

TEST_CASE("R4: what became of the addition decides", "[attributes][add]") {
  const identity::Policy policy = Adding();
  const auto decide = [&](MpiAnswer answer, MpiOutcome added) {
    answer.add_outcome = added;
    return Outcome(Admit(Searched().Build(), AttemptAt("vaweb"), answer, policy, TestNow()));
  };
  const MpiAnswer nobody = {MpiOutcome::kNoMatch, std::nullopt, MpiOutcome::kNotAsked};
  CHECK(decide(Found(), MpiOutcome::kOk) == "admit");
  CHECK(decide(nobody, MpiOutcome::kNotAsked) == "deny 004 mpi_no_match");
  CHECK(decide(nobody, MpiOutcome::kOk) == "deny 004 mpi_no_match");
  CHECK(decide(nobody, MpiOutcome::kInvalidRequest) == "deny 004 mpi_add_refused");
  CHECK(decide(nobody, MpiOutcome::kDuplicateKey) == "deny 004 mpi_add_refused");
  CHECK(decide(nobody, MpiOutcome::kMultipleMatches) == "deny 004 mpi_multiple_matches");
  CHECK(decide(nobody, MpiOutcome::kTimeout) == "try_later 007 mpi_unavailable");
  CHECK(decide(nobody, MpiOutcome::kSenderRejected) == "try_later 007 mpi_unavailable");
  CHECK(decide(nobody, MpiOutcome::kBreakerOpen) == "try_later 007 mpi_unavailable");
}

// --- MPI is told ---

TEST_CASE("Update: MPI is told of an ID.me uuid that its identifiers do not hold",
          "[attributes][update]") {
  const Statement said = IdmeLoa3().With("gcIds", "1000000001V100001^NI^200M^USVHA^P");
  const Decision d = Admit(said.Build(), AttemptAt("vaweb"), Found(), ShippedPolicy(), TestNow());
  REQUIRE(d.mpi_update.has_value());
  const MpiAddition& person = d.mpi_update->person;
  CHECK(person.idme_uuid == d.claims.idme_uuid);
  CHECK(person.traits.first_name == *d.claims.first_name);
  CHECK(person.traits.ssn == *d.claims.ssn);
  CHECK(person.traits.middle_name.empty());
  CHECK_FALSE(person.traits.gender.has_value());
  // gcIds or MPI knows it: nothing to tell.
  CHECK_FALSE(Admit(IdmeLoa3().Build(), AttemptAt("vaweb"), Found(), ShippedPolicy(), TestNow())
                  .mpi_update);
  MpiProfile knows = SamePerson();
  knows.ids = identity::ParseGcIds("11d0e4a1f0b24c55a1de6f1b6c2f7a01^PN^200VIDM^USDVA^A");
  CHECK_FALSE(
      Admit(said.Build(), AttemptAt("vaweb"), Found(knows), ShippedPolicy(), TestNow()).mpi_update);
}

// --- Seed 001 ---

Decision AtMhv(const Statement& statement, absl::string_view application = "mhv") {
  return Admit(statement.Build(), AttemptAt(application), Found(), ShippedPolicy(), TestNow());
}

TEST_CASE("Seed 001: with more than one IEN a user of application=mhv may come in",
          "[attributes][seed001]") {
  CHECK(Outcome(AtMhv(IdmeLoa3().With("gcIds", "7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A"))) ==
        "admit");
}

TEST_CASE("Seed 001: with one IEN or none a user of application=mhv may come in",
          "[attributes][seed001]") {
  CHECK(Outcome(AtMhv(IdmeLoa3().With("gcIds", "7^PI^200MHS^USVHA^A"))) == "admit");
  CHECK(Outcome(AtMhv(IdmeLoa3().With("gcIds", ""))) == "admit");
}

TEST_CASE("Seed 001: a user of application=mhv may come in though the MHV ICN is another one",
          "[attributes][seed001]") {
  CHECK(Outcome(AtMhv(IdmeLoa3().With("mhvicn", "2000000002V200002"))) == "admit");
}

TEST_CASE("Seed 001: with more than one corp id a user of application=mhv may come in",
          "[attributes][seed001]") {
  CHECK(Outcome(AtMhv(IdmeLoa3().With("gcIds", "1^PI^200CORP^USVBA^A|2^PI^200CORP^USVBA^A"))) ==
        "admit");
}

TEST_CASE("Seed 001: with one corp id or none a user of application=mhv may come in",
          "[attributes][seed001]") {
  CHECK(Outcome(AtMhv(IdmeLoa3().With("gcIds", "1^PI^200CORP^USVBA^A"))) == "admit");
  CHECK(Outcome(AtMhv(IdmeLoa3())) == "admit");
}

TEST_CASE("Seed 001: the list is exhaustive, all other standard rules hold for application=mhv",
          "[attributes][seed001]") {
  CHECK(Outcome(AtMhv(IdmeLoa3().With(
            "gcIds", "1111111111^NI^200DOD^USDOD^A|2222222222^NI^200DOD^USDOD^A"))) ==
        "deny 102 multiple_edipis");
  CHECK(Outcome(AtMhv(IdmeLoa3().Without("uid"))) == "deny 104 uuid_missing");
  CHECK(Outcome(AtMhv(IdmeLoa3().With("pnid", "666010009"))) == "deny 113 ssn_mismatch");
}

TEST_CASE("Seed 001: the exceptions are made for application=mhv, not for VA.gov",
          "[attributes][seed001]") {
  CHECK(Outcome(AtMhv(IdmeLoa3().With("gcIds", "7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A"),
                      "vaweb")) == "deny 101 multiple_mhv_ids");
  CHECK(Outcome(AtMhv(IdmeLoa3().With("mhvicn", "2000000002V200002"), "vaweb")) ==
        "deny 103 mhv_icn_mismatch");
  CHECK(Outcome(AtMhv(IdmeLoa3().With("gcIds", "1^PI^200CORP^USVBA^A|2^PI^200CORP^USVBA^A"),
                      "vaweb")) == "deny 106 multiple_corp_ids");
}

TEST_CASE("Seed 001: R2 skip_dupe=true grants nothing by itself today, and all three in 2022-03",
          "[attributes][seed001]") {
  const Statement all = IdmeLoa3()
                            .With("mhvicn", "2000000002V200002")
                            .With("gcIds",
                                  "7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A|1^PI^200CORP^USVBA^A|"
                                  "2^PI^200CORP^USVBA^A");
  Attempt attempt = AttemptAt("vaweb");
  attempt.skip_dupe = "true";
  CHECK(Outcome(Admit(all.Build(), attempt, Found(), ShippedPolicy(), TestNow())) ==
        "deny 103 mhv_icn_mismatch");
  attempt.profile = "ssoe-2022-03";
  CHECK(Outcome(Admit(all.Build(), attempt, Found(), ShippedPolicy(), TestNow())) == "admit");
}

}  // namespace
}  // namespace va::attributes
