#include "services/user-attributes/domain/findings.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "services/user-attributes/domain/derive.h"
#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

using Strings = std::vector<std::string>;
using Alter = std::function<void(Statement&)>;

std::vector<Finding> Run(const Statement& statement, absl::string_view application,
                         absl::string_view profile = "") {
  Attempt attempt = AttemptAt(application);
  attempt.profile = profile;
  return Derive(statement.Build(), attempt, ShippedPolicy()).findings;
}

std::string Ids(const std::string& more) {
  return "1000000001V100001^NI^200M^USVHA^P|"
         "11d0e4a1f0b24c55a1de6f1b6c2f7a01^PN^200VIDM^USDVA^A|" +
         more;
}

// One row per line of seed 001 and ssoe_saml.md 5: what is found, and what each kind of application
// makes of it.
struct ConflictRow {
  const char* rule;
  Alter alter;
  Strings at_vaweb;
  Strings at_mhv;
};

TEST_CASE("Findings: identifiers in conflict, and who may look past them (seed 001, R2)",
          "[attributes][rule]") {
  const auto row = GENERATE(values<ConflictRow>({
      {"one IEN or less is no finding",
       [](Statement& s) { s.With("gcIds", Ids("7^PI^200MHS^USVHA^A")); },
       {},
       {}},
      {"more than one IEN is 101; mhv lets the person in (seed 001)",
       [](Statement& s) { s.With("gcIds", Ids("7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A")); },
       {"101 multiple_mhv_ids blocks"},
       {"101 multiple_mhv_ids waived"}},
      {"the credential's MHV id counts as one of them",
       [](Statement& s) { s.With("mhvuuid", "9").With("gcIds", Ids("7^PI^200MHS^USVHA^A")); },
       {"101 multiple_mhv_ids blocks"},
       {"101 multiple_mhv_ids waived"}},
      {"the same MHV id twice is one",
       [](Statement& s) {
         s.With("mhvuuid", "7").With("gcIds", Ids("7^PI^200MHS^USVHA^A|7^PI^200MHS^USVHA^A"));
       },
       {},
       {}},
      {"only active IENs count: two are fine if one is inactive",
       [](Statement& s) { s.With("gcIds", Ids("7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^D")); },
       {},
       {}},
      {"an MHV id of another spelling of the facility does not count",
       [](Statement& s) { s.With("gcIds", Ids("7^PI^200MHS^USVHA^A|8^PI^200MH^USVHA^A")); },
       {},
       {}},

      {"an MHV ICN that is not the ICN is 103; mhv lets the person in (seed 001)",
       [](Statement& s) { s.With("mhvicn", "2000000002V200002"); },
       {"103 mhv_icn_mismatch blocks"},
       {"103 mhv_icn_mismatch waived"}},
      {"an equal MHV ICN is no finding",
       [](Statement& s) { s.With("mhvicn", "1000000001V100001"); },
       {},
       {}},
      {"an MHV ICN NOT_FOUND is absent",
       [](Statement& s) { s.With("mhvicn", "NOT_FOUND"); },
       {},
       {}},
      {"an empty MHV ICN conflicts, as the reference's code has it",
       [](Statement& s) { s.With("mhvicn", ""); },
       {"103 mhv_icn_mismatch blocks"},
       {"103 mhv_icn_mismatch waived"}},
      {"an MHV ICN alone is not 103; that it is not the one of gcIds is noted (R10)",
       [](Statement& s) { s.Without("icn").With("mhvicn", "2000000002V200002"); },
       {"icn_disagreement noted"},
       {"icn_disagreement noted"}},

      {"more than one corp id is 106; mhv lets the person in (seed 001)",
       [](Statement& s) { s.With("gcIds", Ids("7^PI^200CORP^USVBA^A|8^PI^200CORP^USVBA^A")); },
       {"106 multiple_corp_ids blocks"},
       {"106 multiple_corp_ids waived"}},
      {"one corp id or less is no finding",
       [](Statement& s) { s.With("gcIds", Ids("7^PI^200CORP^USVBA^A|8^PI^200CORP^USVBA^H")); },
       {},
       {}},

      {"more than one EDIPI is 102 everywhere, mhv included",
       [](Statement& s) {
         s.With("gcIds", Ids("1111111111^NI^200DOD^USDOD^A|2222222222^NI^200DOD^USDOD^A"));
       },
       {"102 multiple_edipis blocks"},
       {"102 multiple_edipis blocks"}},
      {"the same EDIPI twice is one",
       [](Statement& s) {
         s.With("gcIds", Ids("1111111111^NI^200DOD^USDOD^A|1111111111^NI^200DOD^USDOD^A"));
       },
       {},
       {}},
      {"a deprecated EDIPI does not count",
       [](Statement& s) {
         s.With("gcIds", Ids("1111111111^NI^200DOD^USDOD^A|2222222222^NI^200DOD^USDOD^H"));
       },
       {},
       {}},

      {"neither ID.me nor Login.gov uuid is 104 everywhere, mhv included",
       [](Statement& s) { s.Without("uid"); },
       {"104 uuid_missing blocks"},
       {"104 uuid_missing blocks"}},
      {"a Login.gov uuid alone is enough",
       [](Statement& s) { s.Without("uid").With("gcIds", Ids("a-1^PN^200VLGN^USDVA^A")); },
       {},
       {}},
      {"a blank uid is no uid",
       [](Statement& s) { s.With("uid", " "); },
       {"104 uuid_missing blocks"},
       {"104 uuid_missing blocks"}},

      {"several sec_ids are noted, never more",
       [](Statement& s) { s.With("secid", "1,2"); },
       {"multiple_sec_ids noted"},
       {"multiple_sec_ids noted"}},
      {"one sec_id twice is one", [](Statement& s) { s.With("secid", "1, 1"); }, {}, {}},

      {"two permanent ICNs are noted (R10)",
       [](Statement& s) { s.With("gcIds", Ids("2000000002V200002^NI^200M^USVHA^P")); },
       {"multiple_icns noted"},
       {"multiple_icns noted"}},
      {"a gcIds ICN other than va_eauth_icn is noted (R10)",
       [](Statement& s) { s.With("icn", "2000000002V200002"); },
       {"icn_disagreement noted"},
       {"icn_disagreement noted"}},
  }));
  INFO(row.rule);
  Statement statement = IdmeLoa3();
  row.alter(statement);
  CHECK(Lines(Run(statement, "vaweb")) == row.at_vaweb);
  CHECK(Lines(Run(statement, "mhv")) == row.at_mhv);
  // The exception of seed 001 holds for myvahealth alike (ssoe_saml 18), and for nobody else.
  CHECK(Lines(Run(statement, "myvahealth")) == row.at_mhv);
  CHECK(Lines(Run(statement, "no such application")) == row.at_vaweb);
}

TEST_CASE("Findings: all are reported, in the order 103 106 102 101 104 (ssoe_saml 5)",
          "[attributes][rule]") {
  const Statement everything =
      IdmeLoa3()
          .Without("uid")
          .With("mhvicn", "2000000002V200002")
          .With("mhvuuid", "9")
          .With("gcIds",
                "7^PI^200MHS^USVHA^A|1111111111^NI^200DOD^USDOD^A|2222222222^NI^200DOD^USDOD^A|"
                "7^PI^200CORP^USVBA^A|8^PI^200CORP^USVBA^A");
  CHECK(Lines(Run(everything, "vaweb")) ==
        Strings{"103 mhv_icn_mismatch blocks", "106 multiple_corp_ids blocks",
                "102 multiple_edipis blocks", "101 multiple_mhv_ids blocks",
                "104 uuid_missing blocks"});
  CHECK(Lines(Run(everything, "mhv")) ==
        Strings{"103 mhv_icn_mismatch waived", "106 multiple_corp_ids waived",
                "102 multiple_edipis blocks", "101 multiple_mhv_ids waived",
                "104 uuid_missing blocks"});
}

TEST_CASE("Findings: the first that blocks gives the code; a waived one does not",
          "[attributes][rule]") {
  const Statement both = IdmeLoa3().With("mhvicn", "2000000002V200002").Without("uid");
  CHECK(FirstBlocking(Run(both, "vaweb"))->tag == "mhv_icn_mismatch");
  CHECK(FirstBlocking(Run(both, "mhv"))->tag == "uuid_missing");
}

// R2: the generation before the application table.
std::vector<std::string> UnderSkipDupe(const Statement& statement, absl::string_view application,
                                       absl::string_view profile, absl::string_view skip_dupe) {
  Attempt attempt = AttemptAt(application);
  attempt.profile = profile;
  attempt.skip_dupe = skip_dupe;
  return Lines(Derive(statement.Build(), attempt, ShippedPolicy()).findings);
}

TEST_CASE("Findings: R2 skip_dupe=true waives under ssoe-2022-03 and nowhere else",
          "[attributes][rule]") {
  const Statement two = IdmeLoa3().With("gcIds", Ids("7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A"));
  const Strings blocked = {"101 multiple_mhv_ids blocks"};
  const Strings waived = {"101 multiple_mhv_ids waived"};
  CHECK(UnderSkipDupe(two, "vaweb", "ssoe-2022-03", "true") == waived);
  CHECK(UnderSkipDupe(two, "vaweb", "ssoe-2022-03", "") == blocked);
  CHECK(UnderSkipDupe(two, "vaweb", "ssoe-2022-03", "mhv") == blocked);
  CHECK(UnderSkipDupe(two, "vaweb", "ssoe-2022-03", "TRUE") == blocked);
  CHECK(UnderSkipDupe(two, "vaweb", "ssoe-2022", "true") == blocked);
  CHECK(UnderSkipDupe(two, "vaweb", "strict", "true") == blocked);
  // That generation did not know the application table.
  CHECK(UnderSkipDupe(two, "mhv", "ssoe-2022-03", "") == blocked);
}

TEST_CASE("Findings: R2 skip_dupe=true never waives EDIPIs or a missing uuid",
          "[attributes][rule]") {
  const Statement edipis =
      IdmeLoa3().With("gcIds", Ids("2000000001^NI^200DOD^USDOD^A|2000000002^NI^200DOD^USDOD^A"));
  CHECK(UnderSkipDupe(edipis, "vaweb", "ssoe-2022-03", "true") ==
        Strings{"102 multiple_edipis blocks"});
  const Statement nobody = IdmeLoa3().Without("uid");
  CHECK(UnderSkipDupe(nobody, "vaweb", "ssoe-2022-03", "true") ==
        Strings{"104 uuid_missing blocks"});
}

TEST_CASE("Findings: a waiver names the row that granted it (R2)", "[attributes][rule]") {
  const std::vector<Finding> findings = Run(IdmeLoa3().With("mhvicn", "2000000002V200002"), "mhv");
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].waived_by == "application mhv");
}

TEST_CASE("Findings: values in conflict are kept in order, each once", "[attributes][rule]") {
  const std::vector<Finding> findings =
      Run(IdmeLoa3()
              .With("mhvuuid", "9")
              .With("gcIds", Ids("7^PI^200MHS^USVHA^A|9^PI^200MHS^USVHA^A|7^PI^200MHS^USVHA^A")),
          "vaweb");
  REQUIRE(findings.size() == 1);
  REQUIRE(findings[0].conflicting.size() == 2);
  CHECK(findings[0].conflicting[0].Reveal() == "7");
  CHECK(findings[0].conflicting[1].Reveal() == "9");
}

TEST_CASE("Findings: profiles decide what blocks (R1, R10)", "[attributes][rule]") {
  const Statement two_iens =
      IdmeLoa3().With("gcIds", Ids("7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A"));
  CHECK(Lines(Run(two_iens, "vaweb", "ssoe-2025")) == Strings{"101 multiple_mhv_ids noted"});
  const Statement two_icns = IdmeLoa3().With("gcIds", Ids("2000000002V200002^NI^200M^USVHA^P"));
  CHECK(Lines(Run(two_icns, "mhv", "strict")) == Strings{"004 multiple_icns blocks"});
  const Statement other_icn = IdmeLoa3().With("icn", "2000000002V200002");
  CHECK(Lines(Run(other_icn, "mhv", "strict")) == Strings{"004 icn_disagreement blocks"});
  CHECK(Lines(Run(IdmeLoa3().With("mhvicn", " "), "vaweb", "strict")).empty());
  // Without va_eauth_icn it is the ICN of the My HealtheVet credential that gcIds must hold.
  const Statement mhv_icn = IdmeLoa3().Without("icn").With("mhvicn", "2000000002V200002");
  CHECK(Lines(Run(mhv_icn, "mhv", "strict")) == Strings{"004 icn_disagreement blocks"});
  CHECK(Lines(Run(Statement(mhv_icn).With("mhvicn", "1000000001V100001"), "vaweb", "strict"))
            .empty());
}

TEST_CASE("Findings: what MPI holds is checked by the same rules and waived by the same rows",
          "[attributes][rule]") {
  struct Row {
    const char* rule;
    const char* ids;
    Strings at_vaweb;
    Strings at_mhv;
  };
  const auto row = GENERATE(values<Row>({
      {"two EDIPIs",
       "1111111111^NI^200DOD^USDOD^A|2222222222^NI^200DOD^USDOD^A",
       {"102 multiple_edipis blocks"},
       {"102 multiple_edipis blocks"}},
      {"two IENs",
       "7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A",
       {"101 multiple_mhv_ids blocks"},
       {"101 multiple_mhv_ids waived"}},
      {"two corp ids",
       "7^PI^200CORP^USVBA^A|8^PI^200CORP^USVBA^A",
       {"106 multiple_corp_ids blocks"},
       {"106 multiple_corp_ids waived"}},
      {"two sec_ids",
       "7^PN^200PROV^USDVA^A|8^PN^200PROV^USDVA^A",
       {"multiple_sec_ids noted"},
       {"multiple_sec_ids noted"}},
      {"one of each",
       "7^PI^200MHS^USVHA^A|1111111111^NI^200DOD^USDOD^A|7^PI^200CORP^USVBA^A",
       {},
       {}},
  }));
  INFO(row.rule);
  const auto run = [&](absl::string_view application) {
    const RuleSet rules = {ShippedPolicy().FindProfile("ssoe-2022"),
                           ShippedPolicy().FindApplication(application)};
    std::vector<Finding> out;
    CheckMpiIdentifiers(identity::ParseGcIds(row.ids), rules, out);
    return Lines(out);
  };
  CHECK(run("vaweb") == row.at_vaweb);
  CHECK(run("mhv") == row.at_mhv);
}

}  // namespace
}  // namespace va::attributes
