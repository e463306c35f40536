// Laws that hold for every input, searched for counter-examples.
#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

// Values worth trying for an attribute: plausible ones, conflicting ones, and noise.
rc::Gen<std::string> Value() {
  return rc::gen::oneOf(
      rc::gen::element<std::string>(
          "NOT_FOUND", "", " ", "1", "2", "3", "true", "Premium", "Basic", "SSN", "idme",
          "LOGINGOV", "666010001", "19710302", "1000000001V100001", "2000000002V200002", "M",
          "11d0e4a1f0b24c55a1de6f1b6c2f7a01", "7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A",
          "1111111111^NI^200DOD^USDOD^A|2222222222^NI^200DOD^USDOD^A",
          "7^PI^200CORP^USVBA^A|8^PI^200CORP^USVBA^A|1V1^NI^200M^USVHA^P"),
      rc::gen::arbitrary<std::string>());
}

// A real statement with some attributes altered.
Statement AnyStatement() {
  Statement statement = *rc::gen::element(IdmeLoa1(), IdmeLoa3(), MhvPremium(), MhvBasic(),
                                          DslogonLevel2(), LogingovIal2());
  const int changes = *rc::gen::inRange(0, 5);
  for (int i = 0; i < changes; ++i) {
    const auto attr = static_cast<Attr>(*rc::gen::inRange(0, static_cast<int>(kAttrCount)));
    const std::string name = std::string(WireName(attr)).substr(sizeof("va_eauth_") - 1);
    const auto count = *rc::gen::weightedElement<int>({{8, 1}, {1, 0}, {1, 2}});
    statement.WithValues(name, *rc::gen::container<std::vector<std::string>>(
                                   static_cast<std::size_t>(count), Value()));
  }
  return statement;
}

MpiAnswer AnyAnswer() {
  const auto outcome = static_cast<MpiOutcome>(*rc::gen::inRange(0, 13));
  if (outcome != MpiOutcome::kOk) return {outcome, std::nullopt};
  MpiProfile profile = SamePerson();
  profile.deceased = *rc::gen::weightedElement<bool>({{5, false}, {1, true}});
  profile.id_theft = *rc::gen::weightedElement<bool>({{5, false}, {1, true}});
  if (*rc::gen::arbitrary<bool>()) profile.ids = identity::ParseGcIds(*Value());
  return {outcome, profile};
}

Attempt AnyAttempt(absl::string_view application) {
  Attempt attempt =
      AttemptAt(application,
                *rc::gen::element<std::string>("idme", "mhv") == "idme" ? "idme" : "mhv_verified");
  attempt.profile = *rc::gen::element<absl::string_view>("", "ssoe-2025", "strict");
  return attempt;
}

bool Same(const Decision& a, const Decision& b) {
  return a.verdict == b.verdict && a.findings == b.findings && a.claims == b.claims &&
         a.attributes == b.attributes && a.assurance == b.assurance && a.rules == b.rules;
}

TEST_CASE("Admit: no input is both admitted and blocked", "[attributes][prop]") {
  CHECK(rc::check([] {
    const Decision d =
        Admit(AnyStatement().Build(), AnyAttempt("mhv"), AnyAnswer(), ShippedPolicy(), TestNow());
    if (d.verdict == Verdict::kAdmit) RC_ASSERT(FirstBlocking(d.findings) == nullptr);
    RC_ASSERT((d.verdict == Verdict::kDeny || d.verdict == Verdict::kTryLater) ==
              d.refusal.has_value());
  }));
}

TEST_CASE("Admit: a waiver only takes blocks away, it adds and hides nothing",
          "[attributes][prop]") {
  CHECK(rc::check([] {
    const Statement statement = AnyStatement();
    const MpiAnswer answer = AnyAnswer();
    Attempt attempt = AnyAttempt("mhv");
    const Decision waived = Admit(statement.Build(), attempt, answer, ShippedPolicy(), TestNow());
    attempt.application = "vaweb";
    const Decision plain = Admit(statement.Build(), attempt, answer, ShippedPolicy(), TestNow());
    // Who comes in without the waiver comes in with it, with the same findings.
    if (plain.verdict == Verdict::kAdmit) {
      RC_ASSERT(waived.verdict == Verdict::kAdmit);
      RC_ASSERT(waived.findings == plain.findings);
    }
    // Every finding without the waiver stands there with it: same, or waived by that row.
    for (const Finding& finding : plain.findings) {
      const bool kept =
          std::any_of(waived.findings.begin(), waived.findings.end(), [&](const Finding& other) {
            const bool same_effect =
                other.effect == finding.effect ||
                (finding.effect == Effect::kBlocks && other.effect == Effect::kWaived &&
                 other.waived_by == "application mhv");
            return other.tag == finding.tag && other.subject == finding.subject && same_effect;
          });
      RC_ASSERT(kept);
    }
    for (const Finding& finding : waived.findings) {
      if (finding.effect != Effect::kWaived) continue;
      const absl::string_view code = base::Describe(*finding.code).code;
      RC_ASSERT(code == "101" || code == "103" || code == "106");
    }
  }));
}

TEST_CASE("Admit: the order of attributes never matters", "[attributes][prop]") {
  CHECK(rc::check([] {
    const Statement statement = AnyStatement();
    const MpiAnswer answer = AnyAnswer();
    const Attempt attempt = AnyAttempt("mhv");
    const SsoeAssertion assertion = statement.Build();
    SsoeAssertion shuffled = assertion;
    std::sort(shuffled.attributes.begin(), shuffled.attributes.end(),
              [salt = *rc::gen::arbitrary<unsigned>()](const Attribute& a, const Attribute& b) {
                const std::hash<std::string> hash;
                return hash(std::string(a.name) + std::to_string(salt)) <
                       hash(std::string(b.name) + std::to_string(salt));
              });
    RC_ASSERT(Same(Admit(assertion, attempt, answer, ShippedPolicy(), TestNow()),
                   Admit(shuffled, attempt, answer, ShippedPolicy(), TestNow())));
  }));
}

TEST_CASE("Admit: unknown attributes never change the decision", "[attributes][prop]") {
  CHECK(rc::check([] {
    Statement statement = AnyStatement();
    const MpiAnswer answer = AnyAnswer();
    const Attempt attempt = AnyAttempt("vaweb");
    const Decision before = Admit(statement.Build(), attempt, answer, ShippedPolicy(), TestNow());
    statement.WithForeign("x_" + *rc::gen::arbitrary<std::string>(),
                          *rc::gen::arbitrary<std::vector<std::string>>());
    statement.WithForeign("va_eauth_mhvIcn", {"2000000002V200002"});
    RC_ASSERT(Same(before, Admit(statement.Build(), attempt, answer, ShippedPolicy(), TestNow())));
  }));
}

TEST_CASE("Derive: never asks MPI below LOA3 or about somebody who is refused",
          "[attributes][prop]") {
  CHECK(rc::check([] {
    const Derivation d = Derive(AnyStatement().Build(), AnyAttempt("mhv"), ShippedPolicy());
    if (!d.question) return;
    RC_ASSERT(d.assurance.loa_current == 3);
    RC_ASSERT(FirstBlocking(d.findings) == nullptr);
  }));
}

TEST_CASE("Admit: below LOA3 nobody has an ICN, a name or an SSN", "[attributes][prop]") {
  CHECK(rc::check([] {
    const Decision d =
        Admit(AnyStatement().Build(), AnyAttempt("mhv"), AnyAnswer(), ShippedPolicy(), TestNow());
    if (d.verdict != Verdict::kAdmit || d.assurance.loa_current == 3) return;
    RC_ASSERT(!d.attributes.icn && !d.attributes.first_name && !d.attributes.ssn);
  }));
}

}  // namespace
}  // namespace va::attributes
