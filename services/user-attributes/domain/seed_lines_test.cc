// What seeds 001, 002 and 004 say about the rules, a test for each line of theirs in our own words.
// docs/seeds.md lists every line and the test that quotes it.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/linking.h"
#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

constexpr char kLoa1[] = "http://idmanagement.gov/ns/assurance/loa/1/vets";
constexpr char kLoa3[] = "http://idmanagement.gov/ns/assurance/loa/3/vets";

template <typename T>
std::string Text(const std::optional<T>& value) {
  return value ? value->Reveal() : "(none)";
}

std::string Show(const Decision& decision) {
  const char* const words[] = {"admit", "step_up", "deny", "try_later"};
  std::string out = words[static_cast<int>(decision.verdict)];
  if (decision.refusal) {
    out += " " + std::string(base::Describe(decision.refusal->code).code) + " " +
           decision.refusal->tag;
  }
  return out;
}

// ---- Statements of 2018 (seed 004): the samples of the seed, with people who do not exist
// --------

Statement OfWallet(const std::string& context) {
  return Statement(context)
      .WithForeign("uuid", {"0e1bb5723d7c4f0686f46ca4505642ad"})
      .WithForeign("email", {"ida.fernbrook@example.com"})
      .WithForeign("multifactor", {"false"})
      .WithForeign("level_of_assurance", {});
}

Statement OldMhv(const std::string& tier, const std::string& context = "myhealthevet") {
  return OfWallet(context)
      .WithForeign("mhv_icn", {"1000000001V100001"})
      .WithForeign("mhv_profile", {R"({"accountType":")" + tier + R"("})"})
      .WithForeign("mhv_uuid", {"30001"});
}

// What ID.me adds for somebody whom it has proofed.
Statement Proofed(Statement statement) {
  return statement.WithForeign("fname", {"IDA"})
      .WithForeign("lname", {"FERNBROOK"})
      .WithForeign("mname", {""})
      .WithForeign("social", {"666010001"})
      .WithForeign("gender", {"female"})
      .WithForeign("birth_date", {"1971-03-02"})
      .WithForeign("level_of_assurance", {"3"});
}

Statement OldDslogon(const std::string& level, const std::string& context = "dslogon") {
  return OfWallet(context)
      .WithForeign("dslogon_status", {"SPONSOR"})
      .WithForeign("dslogon_assurance", {level})
      .WithForeign("dslogon_gender", {"female"})
      .WithForeign("dslogon_deceased", {"false"})
      .WithForeign("dslogon_uuid", {"2000000001"})
      .WithForeign("dslogon_birth_date", {"1971-03-02"})
      .WithForeign("dslogon_fname", {"IDA"})
      .WithForeign("dslogon_lname", {"FERNBROOK"})
      .WithForeign("dslogon_mname", {"Rose"})
      .WithForeign("dslogon_idtype", {"ssn"})
      .WithForeign("dslogon_idvalue", {"666010001"});
}

Statement OldIdme(const std::string& level) {
  Statement statement = Proofed(OfWallet(level == "3" ? kLoa3 : kLoa1));
  return statement.WithForeign("level_of_assurance", {level}).WithForeign("multifactor", {"true"});
}

Attempt Legacy(absl::string_view type = "idme") {
  Attempt attempt = AttemptAt("vaweb", type);
  attempt.profile = "legacy";
  return attempt;
}

Derivation DeriveOld(const Statement& statement) {
  return Derive(statement.Build(), Legacy(), ShippedPolicy());
}

Decision AdmitOld(const Statement& statement, const MpiAnswer& mpi = {},
                  const Attempt& attempt = Legacy()) {
  return Admit(statement.Build(), attempt, mpi, ShippedPolicy(), TestNow());
}

MpiAnswer WithSsn(const char* ssn) {
  MpiProfile profile = SamePerson();
  profile.ssn = identity::Ssn::FromWire(ssn);
  return Found(profile);
}

// ---- Statements of the broker (seeds 001 and 002)
// ------------------------------------------------

constexpr char kIcnRow[] = "1000000001V100001^NI^200M^USVHA^P|";
constexpr char kIdmeRow[] = "11d0e4a1f0b24c55a1de6f1b6c2f7a01^PN^200VIDM^USDVA^A";

Statement WithRows(const std::string& rows) {
  return IdmeLoa3().With("gcIds", kIcnRow + rows + kIdmeRow);
}

std::string DecisionAt(const char* application, const Statement& statement) {
  return Show(
      Admit(statement.Build(), AttemptAt(application), Found(), ShippedPolicy(), TestNow()));
}

}  // namespace

// ---- Seed 001 -----------------------------------------------------------------------------------

TEST_CASE("Seed 001: everybody but the listed applications follows the standard rules",
          "[attributes][seed]") {
  const Statement two = WithRows("1^PI^200CORP^USVBA^A|2^PI^200CORP^USVBA^A|");
  CHECK(DecisionAt("vaweb", two) == "deny 106 multiple_corp_ids");
}

TEST_CASE("Seed 001: at application=mhv a person with more than one IEN may sign in",
          "[attributes][seed]") {
  const Statement two = WithRows("30001^PI^200MHS^USVHA^A|30002^PI^200MHS^USVHA^A|");
  CHECK(DecisionAt("mhv", two) == "admit");
  CHECK(DecisionAt("vaweb", two) == "deny 101 multiple_mhv_ids");
}

TEST_CASE("Seed 001: at application=mhv a person with one IEN or none may sign in",
          "[attributes][seed]") {
  CHECK(DecisionAt("mhv", WithRows("30001^PI^200MHS^USVHA^A|")) == "admit");
  CHECK(DecisionAt("mhv", WithRows("")) == "admit");
}

TEST_CASE(
    "Seed 001: at application=mhv a person whose MHV ICN is not the ICN of the headers may "
    "sign in",
    "[attributes][seed]") {
  const Statement other = WithRows("").With("mhvicn", "2000000002V200002");
  CHECK(DecisionAt("mhv", other) == "admit");
  CHECK(DecisionAt("vaweb", other) == "deny 103 mhv_icn_mismatch");
}

TEST_CASE("Seed 001: the MHV ICN is read from the headers that come back from the broker",
          "[attributes][seed]") {
  const Derivation derived = Derive(WithRows("").With("mhvicn", "1000000001V100001").Build(),
                                    AttemptAt("mhv"), ShippedPolicy());
  CHECK(Text(derived.claims.mhv_icn) == "1000000001V100001");
}

TEST_CASE("Seed 001: at application=mhv a person with more than one corp id may sign in",
          "[attributes][seed]") {
  CHECK(DecisionAt("mhv", WithRows("1^PI^200CORP^USVBA^A|2^PI^200CORP^USVBA^A|")) == "admit");
}

TEST_CASE("Seed 001: at application=mhv a person with one corp id or none may sign in",
          "[attributes][seed]") {
  CHECK(DecisionAt("mhv", WithRows("1^PI^200CORP^USVBA^A|")) == "admit");
  CHECK(DecisionAt("mhv", WithRows("")) == "admit");
}

TEST_CASE("Seed 001: the list of exceptions is exhaustive: no other check is waived for mhv",
          "[attributes][seed]") {
  const Statement two_edipis = WithRows("1^NI^200DOD^USDOD^A|2^NI^200DOD^USDOD^A|");
  CHECK(DecisionAt("mhv", two_edipis) == "deny 102 multiple_edipis");
  const identity::Application* const mhv = ShippedPolicy().FindApplication("mhv");
  REQUIRE(mhv != nullptr);
  CHECK(mhv->waives == std::vector<std::string>{"101", "103", "106"});
}

TEST_CASE("Seed 001: the rules of that time let the parameter skip_dupe=true waive (R2)",
          "[attributes][seed][R2]") {
  const Statement two = WithRows("30001^PI^200MHS^USVHA^A|30002^PI^200MHS^USVHA^A|");
  Attempt asked = AttemptAt("vaweb");
  asked.skip_dupe = "true";
  const auto decide = [&](absl::string_view profile) {
    asked.profile = profile;
    return Show(Admit(two.Build(), asked, Found(), ShippedPolicy(), TestNow()));
  };
  CHECK(decide("ssoe-2022-03") == "admit");
  CHECK(decide("ssoe-2022") == "deny 101 multiple_mhv_ids");
}

// ---- Seed 002, single sign-on -------------------------------------------------------------------

TEST_CASE(
    "Seed 002: on the SSOe path the ICN of an account comes from the broker's headers, and "
    "MPI is asked by it",
    "[attributes][seed]") {
  const Derivation derived = Derive(IdmeLoa3().Build(), AttemptAt("vaweb"), ShippedPolicy());
  CHECK(Text(derived.claims.icn) == "1000000001V100001");
  REQUIRE(derived.question);
  CHECK(std::get<identity::Icn>(*derived.question).Reveal() == "1000000001V100001");
}

TEST_CASE("Seed 002: on the SSOe path each uuid of a verification comes from the broker's headers",
          "[attributes][seed]") {
  struct Row {
    const char* rule;
    Statement statement;
    identity::Csp type;
    const char* id;
    const char* backing;
  };
  const std::vector<Row> rows = {
      {"idme_uuid", IdmeLoa3(), identity::Csp::kIdme, "11d0e4a1f0b24c55a1de6f1b6c2f7a01", ""},
      {"logingov_uuid", LogingovIal2(), identity::Csp::kLogingov,
       "aa11bb22-cc33-4d44-8e55-ff6600770088", ""},
      {"mhv_uuid with backing_idme_uuid", MhvPremium(), identity::Csp::kMhv, "30001",
       "11d0e4a1f0b24c55a1de6f1b6c2f7a01"},
      {"dslogon_uuid with backing_idme_uuid", DslogonLevel2(), identity::Csp::kDslogon,
       "2000000001", "11d0e4a1f0b24c55a1de6f1b6c2f7a01"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rule);
    const Derivation derived = Derive(row.statement.Build(), AttemptAt("vaweb"), ShippedPolicy());
    const auto credential =
        CredentialOf(derived.claims, derived.claims.icn, derived.assurance.loa_current);
    REQUIRE(credential);
    CHECK(credential->type == row.type);
    CHECK(credential->id.Reveal() == row.id);
    CHECK(Text(credential->backing_idme) == (*row.backing == '\0' ? "(none)" : row.backing));
  }
}

// ---- Seed 004, My HealtheVet --------------------------------------------------------------------

TEST_CASE("Seed 004: who comes back below the highest level they have reached is taken up to it",
          "[attributes][seed]") {
  // Level 1 now, level 3 reached before: the highest is what level_of_assurance says.
  const Decision decision = AdmitOld(OldIdme("1").WithForeign("level_of_assurance", {"3"}));
  CHECK(Show(decision) == "step_up");
  CHECK(decision.rules.back() == "step_up_highest");
  CHECK(decision.assurance.loa_current == 1);
  CHECK(decision.assurance.loa_highest == 3);
}

TEST_CASE("Seed 004: a My HealtheVet account is Basic, Advanced or Premium, as mhv_profile says",
          "[attributes][seed]") {
  for (const char* tier : {"Basic", "Advanced", "Premium"}) {
    CHECK(DeriveOld(OldMhv(tier)).claims.mhv_account_type == tier);
  }
}

TEST_CASE("Seed 004: mhv_profile holds the account level and the list of available services",
          "[attributes][seed]") {
  const Statement statement = OldMhv("Premium").WithForeign(
      "mhv_profile", {R"({"availableServices":{"21":"VA Medications","4":"Secure Messaging"},)"
                      R"("accountType":"Advanced"})"});
  const Derivation derived = DeriveOld(statement);
  CHECK(derived.claims.mhv_account_type == "Advanced");
  CHECK(derived.assurance.loa_current == 1);
}

TEST_CASE("Seed 004: only Premium is as good as LOA3 without a proof by ID.me",
          "[attributes][seed]") {
  CHECK(DeriveOld(OldMhv("Premium")).assurance.loa_current == 3);
  CHECK(DeriveOld(OldMhv("Advanced")).assurance.loa_current == 1);
  CHECK(DeriveOld(OldMhv("Basic")).assurance.loa_current == 1);
}

TEST_CASE("Seed 004: mhv_icn is the ICN by which MPI is asked", "[attributes][seed]") {
  const Derivation derived = DeriveOld(OldMhv("Premium"));
  CHECK(Text(derived.claims.mhv_icn) == "1000000001V100001");
  REQUIRE(derived.question);
  CHECK(std::get<identity::Icn>(*derived.question).Reveal() == "1000000001V100001");
}

TEST_CASE("Seed 004: mhv_uuid is the person's MHV correlation id", "[attributes][seed]") {
  CHECK(Text(DeriveOld(OldMhv("Premium")).claims.mhv_id) == "30001");
}

TEST_CASE(
    "Seed 004: email, multifactor and uuid are those of the ID.me wallet, and the uuid names "
    "the session's person",
    "[attributes][seed]") {
  for (const Statement& statement : {OldMhv("Premium"), OldDslogon("2"), OfWallet(kLoa1)}) {
    const Claims claims = DeriveOld(statement).claims;
    CHECK(Text(claims.email) == "ida.fernbrook@example.com");
    CHECK_FALSE(claims.multifactor);
    CHECK(Text(claims.uuid) == "0e1bb5723d7c4f0686f46ca4505642ad");
    CHECK(Text(claims.idme_uuid) == "0e1bb5723d7c4f0686f46ca4505642ad");
  }
  CHECK(DeriveOld(OldIdme("3")).claims.multifactor);
}

TEST_CASE("Seed 004: level_of_assurance tells whether there is a higher level to be taken up to",
          "[attributes][seed]") {
  const auto highest = [](const std::vector<std::string>& level) {
    return DeriveOld(OldMhv("Basic").WithForeign("level_of_assurance", level))
        .assurance.loa_highest;
  };
  CHECK(highest({}) == 1);
  CHECK(highest({"1"}) == 1);
  CHECK(highest({"3"}) == 3);
}

TEST_CASE("Seed 004: Basic and Advanced are LOA1 until ID.me has verified the person",
          "[attributes][seed]") {
  for (const char* tier : {"Basic", "Advanced"}) {
    CHECK(DeriveOld(OldMhv(tier)).assurance.loa_current == 1);
    CHECK(DeriveOld(Proofed(OldMhv(tier, "myhealthevet_loa3"))).assurance.loa_current == 3);
  }
}

TEST_CASE("Seed 004: who was never verified and asks for a verified sign-in is asked to verify",
          "[attributes][seed]") {
  const Decision decision = AdmitOld(OldIdme("1"), {}, Legacy("idme_verified"));
  CHECK(Show(decision) == "step_up");
  CHECK(decision.rules.back() == "step_up_type_verified");
  // Of My HealtheVet alone it is a page that tells the person to verify.
  const Decision mhv = AdmitOld(OldMhv("Basic"), {}, Legacy("mhv_verified"));
  CHECK(Show(mhv) == "deny 108 mhv_unverified_blocked");
  const absl::string_view to_do = base::Describe(mhv.refusal->code).what_to_do;
  CHECK(to_do.substr(0, 20) == "Verify your identity");
}

TEST_CASE("Seed 004: My HealtheVet sends no names, so those of a Premium person come from MPI",
          "[attributes][seed]") {
  const Decision decision = AdmitOld(OldMhv("Premium"), Found());
  CHECK(Show(decision) == "admit");
  CHECK(Text(decision.claims.last_name) == "(none)");
  CHECK(Text(decision.attributes.first_name) == "Ida");
  CHECK(Text(decision.attributes.last_name) == "Fernbrook");
  CHECK(Text(decision.attributes.ssn) == "666010001");
  CHECK(Text(decision.attributes.birth_date) == "1971-03-02");
}

TEST_CASE(
    "Seed 004: Basic and Advanced without a proof are known by e-mail only, and MPI is not "
    "asked",
    "[attributes][seed]") {
  for (const char* tier : {"Basic", "Advanced"}) {
    CHECK_FALSE(DeriveOld(OldMhv(tier)).question);
    const Decision decision = AdmitOld(OldMhv(tier));
    CHECK(Show(decision) == "admit");
    CHECK(Text(decision.attributes.email) == "ida.fernbrook@example.com");
    CHECK(Text(decision.attributes.icn) == "(none)");
    CHECK(Text(decision.attributes.last_name) == "(none)");
  }
}

TEST_CASE(
    "Seed 004: for Basic and Advanced proofed by ID.me its attributes count before MPI's, and "
    "MPI is asked by the ICN of My HealtheVet",
    "[attributes][seed]") {
  for (const char* tier : {"Basic", "Advanced"}) {
    const Statement statement = Proofed(OldMhv(tier, "myhealthevet_loa3"));
    const Derivation derived = DeriveOld(statement);
    REQUIRE(derived.question);
    CHECK(std::holds_alternative<identity::Icn>(*derived.question));
    const Decision decision = AdmitOld(statement, Found());
    CHECK(Show(decision) == "admit");
    CHECK(Text(decision.attributes.first_name) == "IDA");
    CHECK(Text(decision.attributes.last_name) == "FERNBROOK");
  }
}

TEST_CASE("Seed 004: Basic and Advanced proofed by ID.me with another SSN than MPI's are kept out",
          "[attributes][seed]") {
  for (const char* tier : {"Basic", "Advanced"}) {
    const Statement statement = Proofed(OldMhv(tier, "myhealthevet_loa3"));
    CHECK(Show(AdmitOld(statement, WithSsn("666019999"))) == "deny 113 ssn_mismatch");
  }
}

// ---- Seed 004, DS Logon -------------------------------------------------------------------------

TEST_CASE("Seed 004: DS Logon 2 and 3 are as good as LOA3, 1 is not", "[attributes][seed]") {
  CHECK(DeriveOld(OldDslogon("1")).assurance.loa_current == 1);
  CHECK(DeriveOld(OldDslogon("2")).assurance.loa_current == 3);
  CHECK(DeriveOld(OldDslogon("3")).assurance.loa_current == 3);
}

TEST_CASE("Seed 004: names, birth date, gender, SSN and EDIPI of a DS Logon person are DS Logon's",
          "[attributes][seed]") {
  const Claims claims = DeriveOld(OldDslogon("2")).claims;
  CHECK(Text(claims.first_name) == "IDA");
  CHECK(Text(claims.middle_name) == "Rose");
  CHECK(Text(claims.last_name) == "FERNBROOK");
  CHECK(claims.gender == Gender::kFemale);
  CHECK(Text(claims.birth_date) == "1971-03-02");
  CHECK(Text(claims.ssn) == "666010001");
  CHECK(Text(claims.edipi) == "2000000001");
  CHECK(claims.dslogon_assurance == "2");
  const Decision decision = AdmitOld(OldDslogon("2").WithForeign("dslogon_deceased", {"true"}));
  CHECK(Show(decision) == "deny 107 account_locked");
  CHECK(Lines(decision.findings) == std::vector<std::string>{"107 death_flag blocks"});
}

TEST_CASE("Seed 004: DS Logon 2 and 3 need no proof by ID.me, and what they say is trusted",
          "[attributes][seed]") {
  for (const char* level : {"2", "3"}) {
    const Decision decision = AdmitOld(OldDslogon(level), Found());
    CHECK(Show(decision) == "admit");
    CHECK(Text(decision.attributes.first_name) == "IDA");
  }
  CHECK(Show(AdmitOld(OldDslogon("1"), {}, Legacy("dslogon_verified"))) == "step_up");
}

TEST_CASE("Seed 004: DS Logon 1 that ID.me has verified is LOA3", "[attributes][seed]") {
  CHECK(DeriveOld(Proofed(OldDslogon("1", "dslogon_loa3"))).assurance.loa_current == 3);
}

// ---- Seed 004, ID.me ----------------------------------------------------------------------------

TEST_CASE("Seed 004: from ID.me there is LOA1 and LOA3, and nothing between",
          "[attributes][seed]") {
  CHECK(DeriveOld(OldIdme("1")).assurance.loa_current == 1);
  CHECK(DeriveOld(OldIdme("3")).assurance.loa_current == 3);
}

TEST_CASE(
    "Seed 004: names, birth date, gender and SSN of an ID.me person are ID.me's, some may be "
    "absent",
    "[attributes][seed]") {
  const Claims claims = DeriveOld(OldIdme("3")).claims;
  CHECK(Text(claims.first_name) == "IDA");
  CHECK(Text(claims.middle_name) == "(none)");
  CHECK(Text(claims.last_name) == "FERNBROOK");
  CHECK(claims.gender == Gender::kFemale);
  CHECK(Text(claims.birth_date) == "1971-03-02");
  CHECK(Text(claims.ssn) == "666010001");
  CHECK(Text(DeriveOld(OfWallet(kLoa1)).claims.last_name) == "(none)");
}

TEST_CASE("Seed 004: an ID.me person at level 3 has proved who they are and is LOA3",
          "[attributes][seed]") {
  const Decision decision = AdmitOld(OldIdme("3"), Found());
  CHECK(Show(decision) == "admit");
  CHECK(decision.assurance.loa_current == 3);
}

TEST_CASE("Seed 004: an ID.me person of level 1 who was verified before becomes LOA3 by verifying",
          "[attributes][seed]") {
  CHECK(Show(AdmitOld(OldIdme("1").WithForeign("level_of_assurance", {"3"}))) == "step_up");
  CHECK(Show(AdmitOld(OldIdme("3"), Found())) == "admit");
}

// ---- Seed 004, MPI for DS Logon and ID.me -------------------------------------------------------

TEST_CASE(
    "Seed 004: DS Logon and ID.me persons are searched in MPI by first name, last name, SSN, "
    "birth date and gender",
    "[attributes][seed]") {
  for (const Statement& statement : {OldDslogon("2"), OldIdme("3")}) {
    const Derivation derived = DeriveOld(statement);
    REQUIRE(derived.question);
    const Traits& traits = std::get<Traits>(*derived.question);
    CHECK(traits.first_name.Reveal() == "IDA");
    CHECK(traits.last_name.Reveal() == "FERNBROOK");
    CHECK(traits.ssn.Reveal() == "666010001");
    CHECK(traits.birth_date.Reveal() == "1971-03-02");
    CHECK(traits.gender == Gender::kFemale);
  }
}

TEST_CASE("Seed 004: gender may be missing from the search: four components are enough",
          "[attributes][seed]") {
  const Derivation derived = DeriveOld(OldIdme("3").WithForeign("gender", {}));
  REQUIRE(derived.question);
  CHECK_FALSE(std::get<Traits>(*derived.question).gender);
}

TEST_CASE("Seed 004: a DS Logon or ID.me person whom MPI does not find is not signed in",
          "[attributes][seed]") {
  for (const Statement& statement : {OldDslogon("2"), OldIdme("3")}) {
    CHECK(Show(AdmitOld(statement, {MpiOutcome::kNoMatch, {}})) == "deny 004 mpi_no_match");
  }
}

TEST_CASE("Seed 004: a DS Logon or ID.me person whose SSN is not precisely MPI's is not signed in",
          "[attributes][seed]") {
  for (const Statement& statement : {OldDslogon("2"), OldIdme("3")}) {
    CHECK(Show(AdmitOld(statement, WithSsn("666010002"))) == "deny 113 ssn_mismatch");
    CHECK(Show(AdmitOld(statement, WithSsn("666010001"))) == "admit");
  }
}

TEST_CASE("Seed 004: a DS Logon or ID.me person whom MPI finds more than once is not signed in",
          "[attributes][seed]") {
  for (const Statement& statement : {OldDslogon("2"), OldIdme("3")}) {
    CHECK(Show(AdmitOld(statement, {MpiOutcome::kMultipleMatches, {}})) ==
          "deny 004 mpi_multiple_matches");
  }
}

}  // namespace va::attributes
