// Seed 004: sign-in as ID.me federated it in 2018, under the profile `legacy`.
#include <catch2/catch.hpp>
#include <string>
#include <variant>
#include <vector>

#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/mhv_profile.h"
#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

using identity::Csp;

constexpr char kUuid[] = "0e1bb5723d7c4f0686f46ca4505642ad";

Statement Old(const std::string& context) {
  return Statement(context)
      .WithForeign("uuid", {kUuid})
      .WithForeign("email", {"ida.fernbrook@example.com"})
      .WithForeign("multifactor", {"false"})
      .WithForeign("level_of_assurance", {});
}

Statement OldMhv(const std::string& type) {
  return Old("myhealthevet")
      .WithForeign("mhv_icn", {"1000000001V100001"})
      .WithForeign("mhv_profile", {"{\"accountType\":\"" + type +
                                   "\",\"availableServices\":{\"4\":\"Secure Messaging\"}}"})
      .WithForeign("mhv_uuid", {"30001"});
}

// What ID.me adds once it has proofed the person.
Statement Proofed(Statement statement, const std::string& context) {
  return statement.Context(context)
      .WithForeign("fname", {"IDA"})
      .WithForeign("mname", {""})
      .WithForeign("lname", {"FERNBROOK"})
      .WithForeign("social", {"666-01-0001"})
      .WithForeign("gender", {"female"})
      .WithForeign("birth_date", {"1971-03-02"})
      .WithForeign("level_of_assurance", {"3"});
}

Statement OldDslogon(const std::string& level) {
  return Old("dslogon")
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

Statement OldIdmeLoa3() {
  return Proofed(Old("x"), "http://idmanagement.gov/ns/assurance/loa/3/vets");
}

Attempt Legacy(absl::string_view type = "idme") {
  Attempt attempt = AttemptAt("vaweb", type);
  attempt.profile = "legacy";
  return attempt;
}

Derivation Read(const Statement& statement) {
  return Derive(statement.Build(), Legacy(), ShippedPolicy());
}

Decision Decide(const Statement& statement, const MpiAnswer& mpi) {
  return Admit(statement.Build(), Legacy(), mpi, ShippedPolicy(), TestNow());
}

std::string Outcome(const Decision& d) {
  if (d.verdict == Verdict::kAdmit) return "admit";
  if (d.verdict == Verdict::kStepUp) return "step_up " + std::string(d.rules.back());
  const std::string word = d.verdict == Verdict::kDeny ? "deny " : "try_later ";
  return word + std::string(base::Describe(d.refusal->code).code) + " " + d.refusal->tag;
}

bool AsksByTraits(const Derivation& d) {
  return d.question && std::holds_alternative<Traits>(*d.question);
}

TEST_CASE("Seed 004: below the level reached before, the person is sent to verify at once",
          "[attributes][seed004]") {
  const Statement known = OldMhv("Basic").WithForeign("level_of_assurance", {"3"});
  CHECK(Read(known).assurance.loa_highest == 3);
  CHECK(Outcome(Decide(known, {})) == "step_up step_up_highest");
}

TEST_CASE("Seed 004: nobody who has proved no more than they show is sent to verify",
          "[attributes][seed004]") {
  CHECK(Outcome(Decide(OldMhv("Basic"), {})) == "admit");
  CHECK(Outcome(Decide(OldMhv("Premium"), Found())) == "admit");
}

TEST_CASE("Seed 004: of the MHV accounts only Premium counts as proofed", "[attributes][seed004]") {
  CHECK(Read(OldMhv("Premium")).assurance.loa_current == 3);
  for (const std::string type : {"Advanced", "Basic", "premium", "PREMIUM", ""}) {
    CAPTURE(type);
    CHECK(Read(OldMhv(type)).assurance.loa_current == 1);
  }
}

TEST_CASE("Seed 004: mhv_icn, mhv_profile and mhv_uuid are MHV's word, the rest is ID.me's",
          "[attributes][seed004]") {
  const Derivation d = Read(OldMhv("Premium"));
  CHECK(d.claims.mhv_icn == identity::Icn::FromWire("1000000001V100001"));
  CHECK(d.claims.mhv_account_type == "Premium");
  CHECK(d.claims.mhv_id == identity::CspId::FromWire("30001"));
  CHECK(d.claims.email == identity::PersonText::FromWire("ida.fernbrook@example.com"));
  CHECK_FALSE(d.claims.multifactor);
  CHECK(d.claims.uuid == identity::CspId::FromWire(kUuid));
  CHECK(d.claims.idme_uuid == d.claims.uuid);
  CHECK(d.assurance.loa_highest == 3);
}

TEST_CASE("Seed 004: level_of_assurance tells what the wallet has reached",
          "[attributes][seed004]") {
  CHECK(Read(OldMhv("Advanced")).assurance.loa_highest == 1);
  CHECK(Read(OldMhv("Advanced").WithForeign("level_of_assurance", {"1"})).assurance.loa_highest ==
        1);
  CHECK(Read(OldMhv("Advanced").WithForeign("level_of_assurance", {"3"})).assurance.loa_highest ==
        3);
}

TEST_CASE("Seed 004: Basic and Advanced users who were not proofed are known by e-mail only",
          "[attributes][seed004]") {
  for (const std::string type : {"Basic", "Advanced"}) {
    const Decision d = Decide(OldMhv(type), {});
    CAPTURE(type);
    REQUIRE(Outcome(d) == "admit");
    CHECK_FALSE(Read(OldMhv(type)).question.has_value());
    CHECK(d.attributes.email.has_value());
    CHECK_FALSE(d.attributes.icn.has_value());
    CHECK_FALSE(d.attributes.mhv_icn.has_value());
    CHECK_FALSE(d.attributes.first_name.has_value());
  }
}

TEST_CASE("Seed 004: of a Premium user MPI is asked by ICN, and its attributes are the person's",
          "[attributes][seed004]") {
  const Derivation read = Read(OldMhv("Premium"));
  REQUIRE(read.question.has_value());
  CHECK(std::get<identity::Icn>(*read.question) == *read.claims.mhv_icn);
  const Decision d = Decide(OldMhv("Premium"), Found());
  REQUIRE(Outcome(d) == "admit");
  CHECK(d.rules == RuleNames{"mhv_premium_mpi_is_canonical"});
  CHECK(d.attributes.first_name == SamePerson().first_name);
  CHECK(d.attributes.ssn == SamePerson().ssn);
}

TEST_CASE("Seed 004: R4 a Premium user whom MPI does not know is refused",
          "[attributes][seed004]") {
  CHECK(Outcome(Decide(OldMhv("Premium"), {MpiOutcome::kNoMatch, std::nullopt})) ==
        "deny 004 mpi_no_match");
}

TEST_CASE("Seed 004: of a Basic or Advanced user whom ID.me proofed, ID.me's word wins over MPI's",
          "[attributes][seed004]") {
  for (const std::string type : {"Basic", "Advanced"}) {
    const Statement said = Proofed(OldMhv(type), "myhealthevet_loa3");
    const Derivation read = Read(said);
    CAPTURE(type);
    CHECK(read.assurance.loa_current == 3);
    REQUIRE(read.question.has_value());
    CHECK(std::holds_alternative<identity::Icn>(*read.question));
    MpiProfile other = SamePerson();
    other.first_name = identity::PersonText::FromWire("Ina");
    const Decision d = Decide(said, Found(other));
    REQUIRE(Outcome(d) == "admit");
    CHECK(d.rules == RuleNames{"credential_is_canonical"});
    CHECK(d.attributes.first_name == identity::PersonText::FromWire("IDA"));
  }
}

TEST_CASE("Seed 004: R8 a Basic or Advanced user whose SSN is not MPI's does not come in",
          "[attributes][seed004]") {
  MpiProfile other = SamePerson();
  other.ssn = identity::Ssn::FromWire("666010009");
  for (const std::string type : {"Basic", "Advanced"}) {
    CHECK(Outcome(Decide(Proofed(OldMhv(type), "myhealthevet_loa3"), Found(other))) ==
          "deny 113 ssn_mismatch");
  }
}

TEST_CASE("Seed 004: R8 a Basic or Advanced user whose SSN cannot be compared does not come in",
          "[attributes][seed004]") {
  MpiProfile without = SamePerson();
  without.ssn.reset();
  for (const std::string type : {"Basic", "Advanced"}) {
    CAPTURE(type);
    const Statement said = Proofed(OldMhv(type), "myhealthevet_loa3");
    CHECK(Outcome(Decide(said, Found(without))) == "deny 004 mpi_ssn_missing");
    CHECK(Outcome(Decide(Statement(said).WithForeign("social", {}), Found())) ==
          "deny 004 ssn_not_asserted");
  }
  // A Premium account brings no SSN, and needs none: its ICN is the proof.
  CHECK(Outcome(Decide(OldMhv("Premium"), Found(without))) == "admit");
}

TEST_CASE("Seed 004: DS Logon 2 and 3 count as LOA3, 1 needs ID.me's proofing",
          "[attributes][seed004]") {
  CHECK(Read(OldDslogon("1")).assurance.loa_current == 1);
  CHECK(Read(OldDslogon("2")).assurance.loa_current == 3);
  CHECK(Read(OldDslogon("3")).assurance.loa_current == 3);
  CHECK(Read(Proofed(OldDslogon("1"), "dslogon_loa3")).assurance.loa_current == 3);
}

TEST_CASE("Seed 004: DS Logon's own attributes name the person from level 2 on",
          "[attributes][seed004]") {
  const Derivation d = Read(OldDslogon("2"));
  CHECK(d.claims.first_name == identity::PersonText::FromWire("IDA"));
  CHECK(d.claims.middle_name == identity::PersonText::FromWire("Rose"));
  CHECK(d.claims.last_name == identity::PersonText::FromWire("FERNBROOK"));
  CHECK(d.claims.gender == Gender::kFemale);
  CHECK(d.claims.birth_date == identity::BirthDate::FromWire("1971-03-02"));
  CHECK(d.claims.ssn == identity::Ssn::FromWire("666010001"));
  CHECK(d.claims.edipi == identity::CspId::FromWire("2000000001"));
  CHECK(d.claims.dslogon_assurance == "2");
  // Level 1 says nothing about the person that ID.me has not proofed.
  CHECK_FALSE(Read(OldDslogon("1")).claims.ssn.has_value());
  // A number of another kind of document is no SSN.
  CHECK_FALSE(
      Read(OldDslogon("2").WithForeign("dslogon_idtype", {"passport"})).claims.ssn.has_value());
}

TEST_CASE("Seed 004: DS Logon users are searched by name, SSN, birth date and gender",
          "[attributes][seed004]") {
  for (const Statement& said :
       {OldDslogon("2"), OldDslogon("3"), Proofed(OldDslogon("1"), "dslogon_loa3")}) {
    const Derivation d = Read(said);
    REQUIRE(AsksByTraits(d));
    const Traits& traits = std::get<Traits>(*d.question);
    CHECK(traits.first_name == identity::PersonText::FromWire("IDA"));
    CHECK(traits.last_name == identity::PersonText::FromWire("FERNBROOK"));
    CHECK(traits.ssn == identity::Ssn::FromWire("666010001"));
    CHECK(traits.birth_date == identity::BirthDate::FromWire("1971-03-02"));
    CHECK(traits.gender == Gender::kFemale);
  }
}

TEST_CASE("Seed 004: a DS Logon or ID.me user whom MPI does not know is not signed in",
          "[attributes][seed004]") {
  for (const Statement& said : {OldDslogon("2"), OldIdmeLoa3()}) {
    CHECK(Outcome(Decide(said, {MpiOutcome::kNoMatch, std::nullopt})) == "deny 004 mpi_no_match");
  }
}

TEST_CASE("Seed 004: a DS Logon or ID.me user of whom MPI finds several is not signed in",
          "[attributes][seed004]") {
  for (const Statement& said : {OldDslogon("2"), OldIdmeLoa3()}) {
    CHECK(Outcome(Decide(said, {MpiOutcome::kMultipleMatches, std::nullopt})) ==
          "deny 004 mpi_multiple_matches");
  }
}

TEST_CASE("Seed 004: a DS Logon or ID.me user whose SSN is not MPI's to the digit is not signed in",
          "[attributes][seed004]") {
  MpiProfile other = SamePerson();
  other.ssn = identity::Ssn::FromWire("666010002");
  for (const Statement& said : {OldDslogon("2"), OldIdmeLoa3()}) {
    CHECK(Outcome(Decide(said, Found())) == "admit");
    CHECK(Outcome(Decide(said, Found(other))) == "deny 113 ssn_mismatch");
  }
}

TEST_CASE("Seed 004: ID.me is only ever LOA1 or LOA3, by its context", "[attributes][seed004]") {
  const std::string ns = "http://idmanagement.gov/ns/assurance/";
  CHECK(Read(Old(ns + "loa/1/vets")).assurance.loa_current == 1);
  CHECK(Read(OldIdmeLoa3()).assurance.loa_current == 3);
  const Derivation known = Read(Old(ns + "loa/1/vets").WithForeign("level_of_assurance", {"3"}));
  CHECK(known.assurance.loa_current == 1);
  CHECK(known.assurance.loa_highest == 3);
  // Any attribute may be missing.
  CHECK_FALSE(known.claims.first_name.has_value());
}

TEST_CASE("Seed 004: an ID.me user at LOA3 is searched by traits and needs no more verification",
          "[attributes][seed004]") {
  const Derivation d = Read(OldIdmeLoa3());
  CHECK(AsksByTraits(d));
  CHECK(d.claims.ssn == identity::Ssn::FromWire("666010001"));
  const Decision decision = Decide(OldIdmeLoa3(), Found());
  REQUIRE(Outcome(decision) == "admit");
  CHECK(decision.attributes.first_name == identity::PersonText::FromWire("IDA"));
}

TEST_CASE("Legacy: R17 a person cannot be searched without a required trait",
          "[attributes][legacy]") {
  for (const std::string trait : {"fname", "lname", "social", "birth_date"}) {
    CAPTURE(trait);
    CHECK(Outcome(Decide(OldIdmeLoa3().WithForeign(trait, {}), Found())) ==
          "deny 004 insufficient_traits");
  }
}

TEST_CASE("Legacy: R7 a credential that says the person is dead admits nobody",
          "[attributes][legacy]") {
  CHECK(Outcome(Decide(OldDslogon("2").WithForeign("dslogon_deceased", {"true"}), Found())) ==
        "deny 107 account_locked");
}

TEST_CASE("Legacy: without ID.me's uuid nobody comes in", "[attributes][legacy]") {
  CHECK(Outcome(Decide(OldIdmeLoa3().WithForeign("uuid", {}), Found())) == "deny 104 uuid_missing");
}

TEST_CASE("Legacy: the ids in the statement tell whose credential it is", "[attributes][legacy]") {
  const Statement mixed = OldMhv("Premium").Context("dslogon");
  const Derivation d = Read(mixed);
  CHECK(d.claims.service == Csp::kDslogon);
  CHECK(Lines(d.findings) == std::vector<std::string>{"credential_kind_differs noted"});
  CHECK_FALSE(d.claims.edipi.has_value());
}

TEST_CASE("Legacy: R11 a doubled attribute of 2018 is refused, one of the broker is nobody's",
          "[attributes][legacy]") {
  CHECK(Outcome(Decide(OldIdmeLoa3().WithForeign("social", {"666010001", "666010002"}), Found())) ==
        "deny 007 ambiguous_attribute");
  CHECK(Outcome(Decide(OldIdmeLoa3().With("pnid", "1").WithValues("uid", {"a", "b"}), Found())) ==
        "admit");
}

TEST_CASE("MhvAccountType: reads one plain word of the outermost object and nothing else",
          "[attributes][legacy]") {
  struct Row {
    std::string what;
    std::string json;
    std::string type;  // empty: nothing
  };
  const std::vector<Row> rows = {
      {"the sample", R"({"accountType":"Premium","availableServices":{"21":"VA Medications"}})",
       "Premium"},
      {"alone, with white space", " { \"accountType\" :\n \"Basic\" } ", "Basic"},
      {"behind others", R"({"a":[1,{"x":null},"t"],"b":-1.5e3,"accountType":"Advanced"})",
       "Advanced"},
      {"one further down is another", R"({"p":{"accountType":"Premium"}})", ""},
      {"twice", R"({"accountType":"Basic","accountType":"Premium"})", ""},
      {"twice, one behind an escape", R"({"accountType":"Basic","account\u0054ype":"Premium"})",
       ""},
      {"a value behind an escape", R"({"accountType":"Premi\u0075m"})", ""},
      {"no text", R"({"accountType":3})", ""},
      {"no object", R"(["accountType","Premium"])", ""},
      {"cut short", R"({"accountType":"Premium")", ""},
      {"something behind it", R"({"accountType":"Premium"}{"accountType":"Basic"})", ""},
      {"a trailing comma", R"({"accountType":"Premium",})", ""},
      {"a control character in it", "{\"accountType\":\"Pre\nmium\"}", ""},
      {"a blank word", R"({"accountType":""})", ""},
      {"a sentence", R"({"accountType":"Premium user"})", ""},
      {"nested too deep",
       R"({"a":)" + std::string(40, '[') + std::string(40, ']') + R"(,"accountType":"Premium"})",
       ""},
      {"nothing", "", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(std::string(MhvAccountType(row.json).value_or("")) == row.type);
  }
}

TEST_CASE("Legacy: an account document that cannot be read proves nothing, and is told",
          "[attributes][legacy]") {
  const Derivation d =
      Read(OldMhv("Premium").WithForeign("mhv_profile", {"{\"accountType\":\"Premium\""}));
  CHECK(d.assurance.loa_current == 1);
  CHECK(Lines(d.findings) == std::vector<std::string>{"malformed_mhv_profile noted"});
}

}  // namespace
}  // namespace va::attributes
