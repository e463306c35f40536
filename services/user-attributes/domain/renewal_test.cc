#include "services/user-attributes/domain/renewal.h"

#include <catch2/catch.hpp>
#include <string>

#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

using identity::Csp;

struct Case {
  Standing standing;
  LiveSession session;
  identity::Policy policy = ShippedPolicy();

  identity::Application& application() {
    for (identity::Application& row : policy.applications) {
      if (row.name == "vaweb") return row;
    }
    return policy.applications.front();
  }
  identity::CspRow& csp() {
    for (identity::CspRow& row : policy.csps) {
      if (row.csp == Csp::kMhv) return row;
    }
    return policy.csps.front();
  }
};

// A verified person with an MHV session at vaweb.
Case Good() {
  Case out;
  out.standing.verified = true;
  out.standing.icn = identity::Icn::FromWire("1000000001V100001");
  out.session.application = "vaweb";
  out.session.assurance.ial = out.session.assurance.aal = 2;
  out.session.assurance.csp = Csp::kMhv;
  out.session.assurance.auth_time = TestNow() - absl::Seconds(100);
  return out;
}

// "admit 1000000001V100001", "deny 107 account_locked".
std::string Show(const Renewal& renewal) {
  if (renewal.verdict == Verdict::kAdmit) return "admit " + renewal.icn.Reveal();
  if (renewal.verdict != Verdict::kDeny || !renewal.refusal) return "(neither)";
  return "deny " + std::string(base::Describe(renewal.refusal->code).code) + " " +
         renewal.refusal->tag;
}

TEST_CASE("JudgeRenewal: E6 a session goes on while its locks and the policy allow it",
          "[attributes][rule]") {
  struct Row {
    const char* rule;
    void (*change)(Case&);
    const char* expected;
  };
  const auto row = GENERATE(values<Row>({
      {"a session that stands", [](Case&) {}, "admit 1000000001V100001"},
      {"locked since", [](Case& c) { c.standing.locked = true; }, "deny 107 account_locked"},
      {"locked says 107, whatever else is wrong (R7)",
       [](Case& c) {
         c.standing.locked = true;
         c.session.application = "nowhere";
         c.csp().enabled = false;
       },
       "deny 107 account_locked"},
      {"the application's row is gone", [](Case& c) { c.session.application = "nowhere"; },
       "deny 400 unknown_application"},
      {"the provider was switched off", [](Case& c) { c.csp().enabled = false; },
       "deny 400 csp_not_offered"},
      {"the provider's last day is over",
       [](Case& c) { c.csp().end = absl::ToCivilDay(TestNow(), absl::UTCTimeZone()) - 1; },
       "deny 400 csp_not_offered"},
      {"on the provider's last day",
       [](Case& c) { c.csp().end = absl::ToCivilDay(TestNow(), absl::UTCTimeZone()); },
       "admit 1000000001V100001"},
      {"the provider's row is gone", [](Case& c) { c.policy.csps.clear(); },
       "deny 400 csp_not_offered"},
      {"the application no longer takes the provider",
       [](Case& c) { c.application().allowed_csps = {Csp::kIdme}; }, "deny 400 csp_not_offered"},
      {"a session without a provider", [](Case& c) { c.session.assurance.csp.reset(); },
       "deny 400 csp_not_offered"},
      {"the application now asks for identity proofing",
       [](Case& c) {
         c.application().min_ial = 2;
         c.session.assurance.ial = 1;
       },
       "deny 007 assurance_not_met"},
      {"the application now asks for a second factor",
       [](Case& c) {
         c.application().min_aal = 2;
         c.session.assurance.aal = 1;
       },
       "deny 007 assurance_not_met"},
      {"exactly what the application asks for",
       [](Case& c) { c.application().min_ial = c.application().min_aal = 2; },
       "admit 1000000001V100001"},
      {"the authentication is too old for the application",
       [](Case& c) { c.application().max_age = absl::Seconds(99); }, "deny 007 assurance_not_met"},
      {"as old as the application allows",
       [](Case& c) { c.application().max_age = absl::Seconds(100); }, "admit 1000000001V100001"},
      {"below LOA3 no ICN (R6)", [](Case& c) { c.session.assurance.ial = 1; }, "admit "},
      {"no ICN under a waived 103 (R3)", [](Case& c) { c.session.icn_in_dispute = true; },
       "admit "},
      {"an account without an ICN", [](Case& c) { c.standing.icn.reset(); }, "admit "},
      {"a credential that never brought the account's ICN",
       [](Case& c) { c.standing.verified = false; }, "admit "},
      {"no ICN while a merge is pending (R12)", [](Case& c) { c.standing.merge_pending = true; },
       "admit "},
  }));
  INFO(row.rule);
  Case given = Good();
  row.change(given);
  CHECK(Show(JudgeRenewal(given.standing, given.session, given.policy, TestNow())) == row.expected);
}

}  // namespace
}  // namespace va::attributes
