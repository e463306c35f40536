#include "services/user-attributes/domain/admit.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "services/user-attributes/domain/canonical.h"
#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

using Strings = std::vector<std::string>;

Decision Run(const Statement& statement, const MpiAnswer& mpi,
             const Attempt& attempt = AttemptAt("vaweb"),
             const identity::Policy& policy = ShippedPolicy()) {
  return Admit(statement.Build(), attempt, mpi, policy, TestNow());
}

// "deny 004 mpi_no_match", "admit", "try_later 007 mpi_unavailable".
std::string Show(const Decision& decision) {
  const char* const words[] = {"admit", "step_up", "deny", "try_later"};
  std::string out = words[static_cast<int>(decision.verdict)];
  if (decision.refusal) {
    out += " " + std::string(base::Describe(decision.refusal->code).code) + " " +
           decision.refusal->tag;
  }
  return out;
}

template <typename T>
std::string Text(const std::optional<T>& value) {
  return value ? value->Reveal() : "(none)";
}

struct OutcomeRow {
  const char* rule;
  MpiOutcome outcome;
  const char* decision;
};

TEST_CASE("Admit: what MPI answered decides about a verified person (R4, R5)",
          "[attributes][rule]") {
  const auto row = GENERATE(values<OutcomeRow>({
      {"no match: not signed in (seed 004)", MpiOutcome::kNoMatch, "deny 004 mpi_no_match"},
      {"several matches: not signed in (seed 004)", MpiOutcome::kMultipleMatches,
       "deny 004 mpi_multiple_matches"},
      {"no connection is nobody's fault", MpiOutcome::kTransport, "try_later 007 mpi_unavailable"},
      {"nor is silence", MpiOutcome::kTimeout, "try_later 007 mpi_unavailable"},
      {"nor a failure at MPI", MpiOutcome::kMpiFailed, "try_later 007 mpi_unavailable"},
      {"nor an open breaker", MpiOutcome::kBreakerOpen, "try_later 007 mpi_unavailable"},
      {"nor an answer nobody can read", MpiOutcome::kUnparseable, "try_later 007 mpi_unavailable"},
      {"our own bad message says nothing about the person", MpiOutcome::kInvalidRequest,
       "try_later 007 mpi_unavailable"},
      {"nor does an unknown sender", MpiOutcome::kSenderRejected, "try_later 007 mpi_unavailable"},
      {"nor a duplicate key", MpiOutcome::kDuplicateKey, "try_later 007 mpi_unavailable"},
      {"nor a question that was blocked", MpiOutcome::kBlocked, "try_later 007 mpi_unavailable"},
      {"a question never asked admits nobody", MpiOutcome::kNotAsked,
       "try_later 007 mpi_unavailable"},
      {"an OK without a person is no answer", MpiOutcome::kOk, "try_later 007 mpi_unavailable"},
  }));
  INFO(row.rule);
  const Statement statement = GENERATE(IdmeLoa3(), MhvPremium(), DslogonLevel2(), LogingovIal2());
  CHECK(Show(Run(statement, {row.outcome, std::nullopt})) == row.decision);
}

TEST_CASE("Admit: one match of the same person is admitted at LOA3", "[attributes][rule]") {
  const Statement statement = GENERATE(IdmeLoa3(), MhvPremium(), DslogonLevel2(), LogingovIal2());
  const Decision decision = Run(statement, Found());
  CHECK(Show(decision) == "admit");
  CHECK(decision.assurance.loa_current == 3);
  CHECK(decision.assurance.ial == 2);
}

TEST_CASE("Admit: a match without an ICN is no answer", "[attributes][rule]") {
  MpiProfile profile = SamePerson();
  profile.icn = {};
  CHECK(Show(Run(IdmeLoa3(), Found(profile))) == "try_later 007 mpi_unavailable");
}

struct ProfileRow {
  const char* rule;
  std::function<void(MpiProfile&)> alter;
  const char* at_vaweb;
  const char* at_mhv;
};

TEST_CASE("Admit: what MPI holds about the person can refuse them (R4, R7)", "[attributes][rule]") {
  const auto row = GENERATE(values<ProfileRow>({
      {"a date of death is 107, told neutrally", [](MpiProfile& p) { p.deceased = true; },
       "deny 107 account_locked", "deny 107 account_locked"},
      {"an identity-theft flag is 107, told neutrally", [](MpiProfile& p) { p.id_theft = true; },
       "deny 107 account_locked", "deny 107 account_locked"},
      {"another SSN is 113 (seed 004)",
       [](MpiProfile& p) { p.ssn = identity::Ssn::FromWire("666010002"); }, "deny 113 ssn_mismatch",
       "deny 113 ssn_mismatch"},
      {"hyphens make no other SSN",
       [](MpiProfile& p) { p.ssn = identity::Ssn::FromWire("666-01-0001"); }, "admit", "admit"},
      {"asked by ICN, an SSN that MPI does not hold cannot differ",
       [](MpiProfile& p) { p.ssn.reset(); }, "admit", "admit"},
      {"two EDIPIs at MPI are 102 for everybody",
       [](MpiProfile& p) {
         p.ids = identity::ParseGcIds("1111111111^NI^200DOD^USDOD^A|2222222222^NI^200DOD^USDOD^A");
       },
       "deny 102 multiple_edipis", "deny 102 multiple_edipis"},
      {"two IENs at MPI are 101, waived for mhv (seed 001)",
       [](MpiProfile& p) {
         p.ids = identity::ParseGcIds("7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A");
       },
       "deny 101 multiple_mhv_ids", "admit"},
      {"two corp ids at MPI are 106, waived for mhv (seed 001)",
       [](MpiProfile& p) {
         p.ids = identity::ParseGcIds("7^PI^200CORP^USVBA^A|8^PI^200CORP^USVBA^A");
       },
       "deny 106 multiple_corp_ids", "admit"},
      {"a death flag wins over a differing SSN",
       [](MpiProfile& p) {
         p.deceased = true;
         p.ssn = identity::Ssn::FromWire("666010002");
       },
       "deny 107 account_locked", "deny 107 account_locked"},
  }));
  INFO(row.rule);
  MpiProfile profile = SamePerson();
  row.alter(profile);
  const Statement statement = GENERATE(IdmeLoa3(), MhvPremium(), DslogonLevel2());
  CHECK(Show(Run(statement, Found(profile), AttemptAt("vaweb"))) == row.at_vaweb);
  CHECK(Show(Run(statement, Found(profile), AttemptAt("mhv"))) == row.at_mhv);
}

struct TraitsRow {
  const char* rule;
  std::function<void(MpiProfile&)> alter;
  const char* decision;
  Strings findings;
};

TEST_CASE("Admit: H4 R4 traits find a person only together with their SSN", "[attributes][rule]") {
  const auto row = GENERATE(values<TraitsRow>({
      {"the same SSN", [](MpiProfile& /*p*/) {}, "admit", {}},
      {"no SSN: anybody of that name and birthday",
       [](MpiProfile& p) { p.ssn.reset(); },
       "deny 004 mpi_ssn_missing",
       {"004 mpi_ssn_missing blocks"}},
      {"an empty SSN is none",
       [](MpiProfile& p) { p.ssn = identity::Ssn::FromWire(""); },
       "deny 004 mpi_ssn_missing",
       {"004 mpi_ssn_missing blocks"}},
      {"another SSN (seed 004)",
       [](MpiProfile& p) { p.ssn = identity::Ssn::FromWire("666010002"); },
       "deny 113 ssn_mismatch",
       {"113 ssn_mismatch blocks"}},
      {"a flag is told first, neutrally (R7)",
       [](MpiProfile& p) {
         p.deceased = true;
         p.ssn.reset();
       },
       "deny 107 account_locked",
       {"107 death_flag blocks", "004 mpi_ssn_missing blocks"}},
  }));
  INFO(row.rule);
  MpiProfile profile = SamePerson();
  row.alter(profile);
  const Statement statement = GENERATE(IdmeLoa3(), MhvPremium(), DslogonLevel2(), LogingovIal2());
  const std::string application = GENERATE("vaweb", "mhv");
  // Without an ICN of any source the question is one of traits (decision R17).
  Statement by_traits = statement;
  by_traits.Without("icn").With("gcIds", "11d0e4a1f0b24c55a1de6f1b6c2f7a01^PN^200VIDM^USDVA^A");
  const Decision decision = Run(by_traits, Found(profile), AttemptAt(application));
  CHECK(Show(decision) == row.decision);
  CHECK(Lines(decision.findings) == row.findings);
}

TEST_CASE("Admit: H4 asked by ICN, an SSN that could not be compared is noted",
          "[attributes][rule]") {
  MpiProfile profile = SamePerson();
  profile.ssn.reset();
  const Decision at_mpi = Run(IdmeLoa3(), Found(profile));
  CHECK(Show(at_mpi) == "admit");
  CHECK(Lines(at_mpi.findings) == Strings{"mpi_ssn_missing noted"});
  const Decision asserted = Run(IdmeLoa3().Without("pnid"), Found());
  CHECK(Show(asserted) == "admit");
  CHECK(Lines(asserted.findings) == Strings{"ssn_not_asserted noted"});
}

TEST_CASE("Admit: R12 R10 an asserted ICN that MPI has replaced refuses nobody; the new one counts",
          "[attributes][rule][R12]") {
  struct Row {
    const char* rule;
    const char* profile;
    const char* gc_ids;
    const char* decision;
    bool noted;
  };
  const auto row = GENERATE(values<Row>({
      {"the broker knows the old ICN alone", "ssoe-2022", "1000000001V100001^NI^200M^USVHA^P",
       "admit", true},
      {"and so it does under strict: MPI's word on a replaced ICN is no conflict of the statement",
       "strict", "1000000001V100001^NI^200M^USVHA^P", "admit", true},
      {"the identifiers were updated, the asserted ICN was not: noted (R10)", "ssoe-2022",
       "3000000003V300003^NI^200M^USVHA^P", "admit", true},
      {"which strict blocks on (R10)", "strict", "3000000003V300003^NI^200M^USVHA^P",
       "deny 004 icn_disagreement", false},
  }));
  INFO(row.rule);
  Attempt attempt = AttemptAt("vaweb");
  attempt.profile = row.profile;
  MpiProfile profile = SamePerson();
  profile.icn = identity::Icn::FromWire("3000000003V300003");
  const Decision decision = Run(IdmeLoa3().With("gcIds", row.gc_ids), Found(profile), attempt);
  CHECK(Show(decision) == row.decision);
  const Strings lines = Lines(decision.findings);
  const bool noted =
      std::find(lines.begin(), lines.end(), "icn_differs_from_mpi noted") != lines.end();
  CHECK(noted == row.noted);
  if (decision.verdict == Verdict::kAdmit) {
    CHECK(Text(decision.attributes.icn) == "3000000003V300003");
  }
}

TEST_CASE("Admit: 103 is about two asserted ICNs; that MPI names a third does not excuse them",
          "[attributes][rule]") {
  MpiProfile profile = SamePerson();
  profile.icn = identity::Icn::FromWire("3000000003V300003");
  CHECK(Show(Run(IdmeLoa3().With("mhvicn", "2000000002V200002"), Found(profile))) ==
        "deny 103 mhv_icn_mismatch");
}

TEST_CASE("Admit: every finding is reported beside the one that refuses", "[attributes][rule]") {
  MpiProfile profile = SamePerson();
  profile.deceased = true;
  profile.id_theft = true;
  profile.ssn = identity::Ssn::FromWire("666010002");
  CHECK(Lines(Run(IdmeLoa3().With("secid", "1,2"), Found(profile)).findings) ==
        Strings{"multiple_sec_ids noted", "107 death_flag blocks", "107 theft_flag blocks",
                "113 ssn_mismatch blocks"});
}

TEST_CASE("Admit: MHV Basic or Advanced proofed by ID.me with another SSN is 113 (R4, seed 004)",
          "[attributes][rule]") {
  MpiProfile profile = SamePerson();
  profile.ssn = identity::Ssn::FromWire("666010002");
  CHECK(Show(Run(MhvPremium().With("mhvassurance", "Advanced"), Found(profile))) ==
        "deny 113 ssn_mismatch");
}

TEST_CASE("Admit: findings about the assertion refuse before MPI's answer is read",
          "[attributes][rule]") {
  MpiProfile profile = SamePerson();
  profile.deceased = true;
  CHECK(Show(Run(IdmeLoa3().With("mhvicn", "2000000002V200002"), Found(profile))) ==
        "deny 103 mhv_icn_mismatch");
  CHECK(Show(Run(IdmeLoa3().Without("uid"), {MpiOutcome::kTimeout, std::nullopt})) ==
        "deny 104 uuid_missing");
}

TEST_CASE("Admit: below LOA3 a person comes in by e-mail only, whatever MPI says (R6, seed 004)",
          "[attributes][rule]") {
  const Statement statement =
      GENERATE(Statement(IdmeLoa1().With("ial_idme_highest", "1")), MhvBasic());
  const MpiAnswer mpi = GENERATE(MpiAnswer(), MpiAnswer{MpiOutcome::kNoMatch, std::nullopt});
  const Decision decision = Run(statement, mpi);
  CHECK(Show(decision) == "admit");
  CHECK(decision.assurance.loa_current == 1);
  CHECK(Text(decision.attributes.email) == "ida.fernbrook@example.com");
  CHECK(Text(decision.attributes.uuid) == "11d0e4a1f0b24c55a1de6f1b6c2f7a01");
  CHECK(Text(decision.attributes.first_name) == "(none)");
  CHECK(Text(decision.attributes.last_name) == "(none)");
  CHECK(Text(decision.attributes.icn) == "(none)");
  CHECK(decision.rules == RuleNames{"below_loa3_email_only"});
}

TEST_CASE("Admit: R9 who comes back below a level reached before goes up to it, by profile",
          "[attributes][rule][R9]") {
  struct Row {
    const char* rule;
    const char* profile;
    const char* type;
    Statement statement;
    const char* decision;
  };
  const auto row = GENERATE_COPY(values<Row>({
      {"2022, proofed before", "ssoe-2022", "idme", IdmeLoa1(), "step_up"},
      {"2022, never proofed", "ssoe-2022", "idme", IdmeLoa1().With("ial_idme_highest", "1"),
       "admit"},
      {"2022, there already", "ssoe-2022", "idme", IdmeLoa3(), "admit"},
      {"strict, proofed before", "strict", "idme", IdmeLoa1(), "step_up"},
      {"2025 did not do it", "ssoe-2025", "idme", IdmeLoa1(), "admit"},
      {"mfa is for a factor alone", "ssoe-2022", "mfa", IdmeLoa1(), "admit"},
      {"an inbound person notices nothing", "ssoe-2022", "custom", IdmeLoa1(), "admit"},
      {"a signup goes up as well", "ssoe-2022", "idme_signup", IdmeLoa1(), "step_up"},
  }));
  INFO(row.rule);
  Attempt attempt = AttemptAt("vaweb", row.type);
  attempt.profile = row.profile;
  const Decision decision = Run(row.statement, Found(), attempt);
  CHECK(Show(decision) == row.decision);
  if (decision.verdict == Verdict::kStepUp) {
    CHECK(decision.rules == RuleNames{"step_up_highest"});
  }
}

TEST_CASE("Admit: R9 whoever went on once, or asked to stay, comes in at the level they hold",
          "[attributes][rule][R9]") {
  const std::string profile = GENERATE("ssoe-2022", "strict");
  Attempt attempt = AttemptAt("vaweb", "idme");
  attempt.profile = profile;
  attempt.stay_at_level = true;
  const Decision decision = Run(IdmeLoa1(), {}, attempt);
  CHECK(Show(decision) == "admit");
  CHECK(decision.assurance.loa_current == 1);
  REQUIRE(decision.findings.size() == 1);
  CHECK(decision.findings[0].tag == "below_highest");
  CHECK(decision.findings[0].effect == Effect::kNoted);
  // Who is up there has nothing to be noted.
  CHECK(Run(IdmeLoa3(), Found(), attempt).findings.empty());
}

TEST_CASE("Admit: R9 to stay at a level never waives what the type or the application asks for",
          "[attributes][rule][R9]") {
  Attempt attempt = AttemptAt("vaweb", GENERATE("idme_verified", "verify"));
  attempt.stay_at_level = true;
  CHECK(Show(Run(IdmeLoa1(), {}, attempt)) == "step_up");
}

struct StepUpRow {
  const char* rule;
  const char* type;
  std::function<void(identity::Application&)> application;
  Statement statement;
  const char* decision;
};

TEST_CASE("Admit: what the application or the type asks beyond what is held is a step-up (R9, R18)",
          "[attributes][rule]") {
  const auto nothing = [](identity::Application&) {};
  const auto row = GENERATE_COPY(values<StepUpRow>({
      {"an application of IAL2 and a LOA1 person", "idme",
       [](identity::Application& a) { a.min_ial = 2; }, IdmeLoa1(), "step_up"},
      {"an application of IAL2 and a LOA3 person", "idme",
       [](identity::Application& a) { a.min_ial = 2; }, IdmeLoa3(), "admit"},
      {"an application of AAL2 and one factor", "idme",
       [](identity::Application& a) { a.min_aal = 2; }, IdmeLoa3().With("aal", "1"), "step_up"},
      {"an application of AAL2 and two factors", "idme",
       [](identity::Application& a) { a.min_aal = 2; }, IdmeLoa3(), "admit"},
      {"an authentication older than the application allows", "idme",
       [](identity::Application& a) { a.max_age = absl::Seconds(99); }, IdmeLoa3(), "step_up"},
      {"an authentication as old as the application allows", "idme",
       [](identity::Application& a) { a.max_age = absl::Seconds(100); }, IdmeLoa3(), "admit"},
      {"dslogon_verified and a LOA1 person", "dslogon_verified", nothing,
       DslogonLevel2().With("credentialassurancelevel", "1"), "step_up"},
      {"dslogon_verified and a LOA3 person", "dslogon_verified", nothing, DslogonLevel2(), "admit"},
      {"verify and a LOA1 person", "verify", nothing, IdmeLoa1().With("ial_idme_highest", "1"),
       "step_up"},
      {"mhv_verified below LOA3 is 108, not a step-up", "mhv_verified", nothing, MhvBasic(),
       "deny 108 mhv_unverified_blocked"},
      {"the same for somebody who was proofed before", "mhv_verified", nothing,
       MhvBasic().With("ial_idme_highest", "classic_loa3"), "deny 108 mhv_unverified_blocked"},
  }));
  INFO(row.rule);
  identity::Policy policy = ShippedPolicy();
  for (identity::Application& application : policy.applications) row.application(application);
  CHECK(Show(Run(row.statement, Found(), AttemptAt("vaweb", row.type), policy)) == row.decision);
}

TEST_CASE("Admit: a refusal comes before a step-up", "[attributes][rule]") {
  identity::Policy policy = ShippedPolicy();
  for (identity::Application& application : policy.applications) application.min_ial = 2;
  CHECK(Show(Run(IdmeLoa1().Without("uid"), {}, AttemptAt("vaweb"), policy)) ==
        "deny 104 uuid_missing");
}

TEST_CASE("Admit: a LOA3 identity is whole (ssoe_saml 14.3)", "[attributes][rule]") {
  CHECK(Show(Run(IdmeLoa3().With("pnid", "6662711"), Found())) == "deny 004 malformed_ssn");
  CHECK(Show(Run(MhvBasic().With("pnidtype", "SSN").With("pnid", "6662711"), {})) == "admit");
  CHECK(Show(Run(IdmeLoa3().Without("icn").Without("gcIds").Without("pnid"), Found())) ==
        "deny 004 insufficient_traits");
  CHECK(Show(Run(IdmeLoa3().With("icn", "1000000001V10000"), Found())) == "deny 004 malformed_icn");
}

// Decision R8 and seed 004: whose word counts, by tier.
TEST_CASE("ReconcileAttributes: MHV Premium takes the person from MPI", "[attributes][rule]") {
  const Decision decision = Run(MhvPremium(), Found());
  CHECK(Text(decision.attributes.first_name) == "Ida");
  CHECK(Text(decision.attributes.middle_name) == "Rose");
  CHECK(Text(decision.attributes.last_name) == "Fernbrook");
  CHECK(decision.rules == RuleNames{"mhv_premium_mpi_is_canonical"});
}

TEST_CASE("ReconcileAttributes: everybody else keeps what the credential says",
          "[attributes][rule]") {
  const Statement statement = GENERATE(IdmeLoa3(), DslogonLevel2(), LogingovIal2(),
                                       MhvPremium().With("mhvassurance", "Basic"),
                                       MhvPremium().With("mhvassurance", "Advanced"));
  MpiProfile profile = SamePerson();
  profile.birth_date = identity::BirthDate::FromWire("1972-01-01");
  const Decision decision = Run(statement, Found(profile));
  CHECK(Text(decision.attributes.first_name) == "IDA");
  CHECK(Text(decision.attributes.middle_name) == "(none)");
  CHECK(Text(decision.attributes.birth_date) == "1971-03-02");
  CHECK(decision.rules == RuleNames{"credential_is_canonical"});
}

TEST_CASE("ReconcileAttributes: MPI fills what the credential left empty", "[attributes][rule]") {
  MpiProfile profile = SamePerson();
  profile.ids = identity::ParseGcIds("2222222222^NI^200DOD^USDOD^A|7^PI^200MHS^USVHA^A");
  const Decision decision =
      Run(IdmeLoa3().Without("pnid").Without("gender").Without("birthDate_v1"), Found(profile));
  CHECK(Text(decision.attributes.ssn) == "666010001");
  CHECK(decision.attributes.gender == Gender::kFemale);
  CHECK(Text(decision.attributes.birth_date) == "1971-03-02");
  CHECK(Text(decision.attributes.edipi) == "2222222222");
  CHECK(Text(decision.attributes.mhv_id) == "7");
}

TEST_CASE("ReconcileAttributes: a name is never put together from two sources",
          "[attributes][rule]") {
  const Decision decision = Run(IdmeLoa3().Without("lastname"), Found());
  CHECK(Text(decision.attributes.first_name) == "Ida");
  CHECK(Text(decision.attributes.last_name) == "Fernbrook");
}

TEST_CASE("ReconcileAttributes: the ICN is MPI's once MPI was asked", "[attributes][rule]") {
  MpiProfile profile = SamePerson();
  profile.icn = identity::Icn::FromWire("1000000007V700007");
  const Decision decision = Run(IdmeLoa3(), Found(profile));
  CHECK(Text(decision.attributes.icn) == "1000000007V700007");
  CHECK(Lines(decision.findings) == Strings{"icn_differs_from_mpi noted"});
}

TEST_CASE("Admit: a waived session does not show the identifiers in conflict (R3)",
          "[attributes][rule]") {
  const Statement two_ids = MhvPremium().With("mhvuuid", "9");
  const Decision waived = Run(two_ids, Found(), AttemptAt("mhv"));
  CHECK(Show(waived) == "admit");
  CHECK(Text(waived.attributes.mhv_id) == "(none)");
  CHECK(Lines(waived.findings).front() == "101 multiple_mhv_ids waived");
  const Decision other_icn =
      Run(IdmeLoa3().With("mhvicn", "2000000002V200002"), Found(), AttemptAt("mhv"));
  CHECK(Text(other_icn.attributes.mhv_icn) == "(none)");
  CHECK(Text(other_icn.attributes.icn) == "(none)");
  CHECK(Text(Run(MhvPremium(), Found(), AttemptAt("mhv")).attributes.mhv_id) == "30001");
}

// gcIds list two IENs: the first may be somebody else's. "(none)" sends linking to the ID.me uuid.
TEST_CASE("Admit: R3 an MHV id in conflict is the key of a credential only if the CSP asserted it",
          "[attributes][rule]") {
  const char* const two = "30001^PI^200MHS^USVHA^A|30002^PI^200MHS^USVHA^A";
  const char* const idme = "|11d0e4a1f0b24c55a1de6f1b6c2f7a01^PN^200VIDM^USDVA^A";
  const Statement in_gc_ids = MhvPremium().With("gcIds", std::string(two) + idme);
  const Statement one = MhvPremium().Without("mhvuuid");
  const auto key = [](const Statement& statement, const MpiProfile& profile = SamePerson(),
                      absl::string_view rules = {}) {
    Attempt attempt = AttemptAt("mhv");
    attempt.profile = rules;
    const Decision decision = Run(statement, Found(profile), attempt);
    CHECK(Show(decision) == "admit");
    return Text(decision.claims.mhv_id);
  };
  CHECK(key(in_gc_ids) == "30001");
  CHECK(key(Statement(in_gc_ids).Without("mhvuuid")) == "(none)");
  CHECK(key(Statement(in_gc_ids).Without("mhvuuid"), SamePerson(), "ssoe-2025") == "(none)");
  CHECK(key(one) == "30001");
  MpiProfile two_at_mpi = SamePerson();
  two_at_mpi.ids = identity::ParseGcIds(two);
  CHECK(key(one, two_at_mpi) == "(none)");
}

TEST_CASE("Admit: R3 nobody is linked by an ICN that another one contradicts",
          "[attributes][rule]") {
  const Statement disputed = MhvPremium().With("mhvicn", "2000000002V200002");
  MpiProfile profile = SamePerson();
  profile.icn = identity::Icn::FromWire(
      GENERATE(as<std::string>(), "1000000001V100001", "2000000002V200002"));
  const Decision decision = Run(disputed, Found(profile), AttemptAt("mhv"));
  CHECK(Show(decision) == "admit");
  CHECK(Text(decision.attributes.icn) == "(none)");
  CHECK(Text(decision.attributes.mhv_icn) == "(none)");
}

TEST_CASE(
    "Admit: R3 with two ICNs asserted, what MPI says of one of them is neither shown nor told",
    "[attributes][rule]") {
  MpiProfile profile = SamePerson();
  profile.ids = identity::ParseGcIds("2222222222^NI^200DOD^USDOD^A|77^PN^200PROV^USDVA^A");
  // MPI's words would be the person's (Premium), and MPI would be told of the ID.me uuid.
  const Statement premium = MhvPremium().With("gcIds", "30001^PI^200MHS^USVHA^A");
  const Decision agreed = Run(premium, Found(profile), AttemptAt("mhv"));
  CHECK(agreed.attributes.first_name == identity::PersonText::FromWire("Ida"));
  CHECK(agreed.mpi_update.has_value());

  const Statement disputed = Statement(premium).With("mhvicn", "2000000002V200002").Without("pnid");
  const Decision decision = Run(disputed, Found(profile), AttemptAt("mhv"));
  CHECK(Show(decision) == "admit");
  CHECK(decision.attributes.first_name == identity::PersonText::FromWire("IDA"));
  CHECK_FALSE(decision.attributes.ssn.has_value());
  CHECK(Text(decision.attributes.edipi) == "(none)");
  CHECK(Text(decision.attributes.sec_id) == "(none)");
  CHECK(decision.attributes.vha_facility_ids.empty());
  CHECK(Text(decision.attributes.mhv_id) == "30001");
  CHECK_FALSE(decision.mpi_update.has_value());
  // The id of gcIds belongs to one of the two ICNs; the credential's own does not.
  const Decision indexed =
      Run(Statement(disputed).Without("mhvuuid"), Found(profile), AttemptAt("mhv"));
  CHECK(Text(indexed.attributes.mhv_id) == "(none)");
  // Below LOA3 the waiver shows no more than e-mail, either.
  const Decision low =
      Run(MhvBasic().With("icn", "1000000001V100001").With("mhvicn", "2000000002V200002"), {},
          AttemptAt("mhv"));
  CHECK(Show(low) == "admit");
  CHECK_FALSE(low.attributes.first_name.has_value());
}

TEST_CASE("Admit: differences that the reference logs are noted (ssoe_saml 16)",
          "[attributes][rule]") {
  MpiProfile profile = SamePerson();
  profile.ids = identity::ParseGcIds("2222222222^NI^200DOD^USDOD^A|7^PI^200MHS^USVHA^A");
  const Decision decision = Run(MhvPremium(), Found(profile));
  CHECK(Show(decision) == "admit");
  CHECK(Lines(decision.findings) ==
        Strings{"edipi_differs_from_mpi noted", "mhv_id_differs_from_mpi noted"});
}

}  // namespace
}  // namespace va::attributes
