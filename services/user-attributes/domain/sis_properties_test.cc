// Laws that hold for every answer of an OpenID Connect provider, searched for counter-examples.
#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/often.h"
#include "services/user-attributes/domain/rule_catalogue.h"
#include "services/user-attributes/domain/sis_fixture.h"
#include "services/user-attributes/domain/sis_reading.h"

namespace va::attributes {
namespace {

using identity::Csp;

rc::Gen<std::string> Value() {
  return rc::gen::oneOf(
      rc::gen::element<std::string>("", " ", "1", "2", "3", "true", "classic_loa3", "Premium",
                                    "Basic", "666010001", "666-01-0002", "1971-03-02", "1971-02-30",
                                    "1000000001V100001", "Ida", "Fernbrook\n", "\xFF", "1 A\n2 B"),
      rc::gen::arbitrary<std::string>());
}

OidcAnswer AnyAnswer() {
  OidcAnswer answer =
      *rc::gen::element(OidcIdme(), OidcIdmeLoa1(), OidcMhv(), OidcDslogon(), OidcLogingov());
  answer.Requested(*rc::gen::element<std::string>(
      "min", "loa1", "loa3", "ial1", "ial2", "urn:acr.va.gov:verified-facial-match-required",
      "urn:acr.va.gov:verified-facial-match-preferred", "other"));
  answer.Acr(*rc::gen::element<std::string>("", "http://idmanagement.gov/ns/assurance/ial/2",
                                            "http://idmanagement.gov/ns/assurance/ial/2/aal/2",
                                            "urn:acr.login.gov:verified-facial-match-required"));
  const int changes = *rc::gen::inRange(0, 4);
  for (int i = 0; i < changes; ++i) {
    const auto claim =
        static_cast<SisClaim>(*rc::gen::inRange(0, static_cast<int>(kSisClaimCount)));
    const std::string name(WireName(claim, answer.service()));
    if (name.empty()) continue;
    const auto count = *rc::gen::weightedElement<int>({{8, 1}, {1, 0}, {1, 2}});
    answer.WithValues(name, *rc::gen::container<std::vector<std::string>>(
                                static_cast<std::size_t>(count), Value()));
  }
  return answer;
}

MpiAnswer AnyMpi() {
  MpiAnswer out;
  out.outcome = static_cast<MpiOutcome>(
      *rc::gen::weightedElement<int>({{8, static_cast<int>(MpiOutcome::kOk)},
                                      {2, static_cast<int>(MpiOutcome::kNoMatch)},
                                      {1, 3},
                                      {1, 9}}));
  out.add_outcome = static_cast<MpiOutcome>(*rc::gen::inRange(0, 13));
  if (out.outcome != MpiOutcome::kOk) return out;
  MpiProfile profile = *rc::gen::element(0, 1) == 0 ? SamePersonByUuid() : SamePerson();
  profile.deceased = *rc::gen::weightedElement<bool>({{8, false}, {1, true}});
  profile.id_theft = *rc::gen::weightedElement<bool>({{8, false}, {1, true}});
  if (*rc::gen::element(0, 1, 2) == 0) profile.ssn = identity::Ssn::FromWire("666010002");
  if (*rc::gen::element(0, 1, 2) == 0) {
    profile.ids = identity::ParseGcIds(
        *rc::gen::element<std::string>("", "7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A",
                                       "1111111111^NI^200DOD^USDOD^A|2222222222^NI^200DOD^USDOD^A",
                                       "7^PI^200CORP^USVBA^A|8^PI^200CORP^USVBA^A"));
  }
  out.profile = profile;
  return out;
}

Attempt AnyAttempt(absl::string_view application) {
  Attempt attempt = AttemptAt(application);
  attempt.profile = *rc::gen::element<absl::string_view>("", "sis", "sis-2021");
  attempt.stay_at_level = *rc::gen::arbitrary<bool>();
  attempt.known.previously_verified = *rc::gen::arbitrary<bool>();
  return attempt;
}

Decision Decide(const OidcAnswer& answer, const Attempt& attempt, const MpiAnswer& mpi) {
  return Admit(answer.Build(), attempt, mpi, ShippedPolicy(), TestNow());
}

bool Same(const Decision& a, const Decision& b) {
  return a.verdict == b.verdict && a.findings == b.findings && a.claims == b.claims &&
         a.attributes == b.attributes && a.assurance == b.assurance && a.rules == b.rules &&
         a.mpi_update == b.mpi_update;
}

TEST_CASE("AdmitOidc: no answer is both admitted and blocked", "[attributes][sis][prop]") {
  int admitted = 0;
  int verified = 0;
  const auto once = [&] {
    const Decision d = Decide(AnyAnswer(), AnyAttempt("mhv"), AnyMpi());
    if (d.verdict == Verdict::kAdmit) RC_ASSERT(FirstBlocking(d.findings) == nullptr);
    RC_ASSERT((d.verdict == Verdict::kDeny || d.verdict == Verdict::kTryLater) ==
              d.refusal.has_value());
    RC_ASSERT(d.verdict == Verdict::kAdmit || !d.mpi_update);
    admitted += d.verdict == Verdict::kAdmit ? 1 : 0;
    verified += d.verdict == Verdict::kAdmit && d.assurance.ial == 2 ? 1 : 0;
  };
  CHECK(rc::check([&once] { Often(once); }));
  // The generator reaches what the law is about.
  CHECK(admitted > 5);
  CHECK(verified > 0);
}

// Without an altered claim of its own, no finding about the statement goes away. What a claim is
// missing for, or what level it makes, may follow from others.
TEST_CASE("AdmitOidc: a claim that cannot be trusted blocks until it changes itself",
          "[attributes][sis][prop]") {
  int blocked = 0;
  const auto once = [&] {
    OidcAnswer answer = AnyAnswer();
    const auto bad = static_cast<SisClaim>(*rc::gen::inRange(0, static_cast<int>(kSisClaimCount)));
    const auto other =
        static_cast<SisClaim>(*rc::gen::inRange(0, static_cast<int>(kSisClaimCount)));
    const std::string name(WireName(bad, answer.service()));
    const std::string other_name(WireName(other, answer.service()));
    if (name.empty() || other_name.empty() || name == other_name) return;
    if (bad == SisClaim::kAllEmails) return;  // a list
    answer.WithValues(name, *rc::gen::element(std::vector<std::string>{"a", "b"},
                                              std::vector<std::string>{"a\tb"},
                                              std::vector<std::string>{"a\xC2\x85"},
                                              std::vector<std::string>{std::string(1025, 'a')}));
    answer.WithValues(other_name, {*Value()});
    ++blocked;
    const Decision d = Decide(answer, AnyAttempt("mhv"), AnyMpi());
    RC_ASSERT(d.verdict == Verdict::kDeny);
    RC_ASSERT(std::any_of(d.findings.begin(), d.findings.end(), [&](const Finding& finding) {
      return finding.subject == name && finding.effect == Effect::kBlocks;
    }));
  };
  CHECK(rc::check([&once] { Often(once); }));
  CHECK(blocked > 5);
}

TEST_CASE("AdmitOidc: the order of claims never matters", "[attributes][sis][prop]") {
  CHECK(rc::check([] {
    const OidcAnswer answer = AnyAnswer();
    const Attempt attempt = AnyAttempt("vaweb");
    const MpiAnswer mpi = AnyMpi();
    const OidcAssertion assertion = answer.Build();
    OidcAssertion turned = assertion;
    std::reverse(turned.claims.begin(), turned.claims.end());
    if (!turned.claims.empty()) {
      const auto by = *rc::gen::inRange<std::size_t>(0, turned.claims.size());
      std::rotate(turned.claims.begin(), turned.claims.begin() + static_cast<std::ptrdiff_t>(by),
                  turned.claims.end());
    }
    RC_ASSERT(Same(Admit(assertion, attempt, mpi, ShippedPolicy(), TestNow()),
                   Admit(turned, attempt, mpi, ShippedPolicy(), TestNow())));
  }));
}

TEST_CASE("AdmitOidc: unknown claims never change the decision", "[attributes][sis][prop]") {
  CHECK(rc::check([] {
    OidcAnswer answer = AnyAnswer();
    const Attempt attempt = AnyAttempt("vaweb");
    const MpiAnswer mpi = AnyMpi();
    const Decision before = Decide(answer, attempt, mpi);
    answer.WithValues("x_" + *rc::gen::arbitrary<std::string>(),
                      *rc::gen::arbitrary<std::vector<std::string>>());
    answer.With("Credential_Ial", "2").With("icn", "1000000002V100002");
    RC_ASSERT(Same(before, Decide(answer, attempt, mpi)));
  }));
}

TEST_CASE("AdmitOidc: a waiver only takes blocks away", "[attributes][sis][prop]") {
  CHECK(rc::check([] {
    const OidcAnswer answer = AnyAnswer();
    const MpiAnswer mpi = AnyMpi();
    Attempt attempt = AnyAttempt("mhv");
    const Decision waived = Decide(answer, attempt, mpi);
    attempt.application = "vaweb";
    const Decision plain = Decide(answer, attempt, mpi);
    if (plain.verdict == Verdict::kAdmit) RC_ASSERT(waived.verdict == Verdict::kAdmit);
    for (const Finding& finding : waived.findings) {
      if (finding.effect != Effect::kWaived) continue;
      const absl::string_view code = base::Describe(*finding.code).code;
      RC_ASSERT(code == "101" || code == "103" || code == "106");
    }
  }));
}

TEST_CASE("DeriveOidc: never asks MPI below IAL2 or about somebody who is refused",
          "[attributes][sis][prop]") {
  CHECK(rc::check([] {
    const OidcAnswer answer = AnyAnswer();
    const Derivation d = Derive(answer.Build(), AnyAttempt("vaweb"), ShippedPolicy());
    RC_ASSERT(d.assurance.loa_highest >= d.assurance.loa_current);
    if (!d.question) {
      RC_ASSERT(!d.add_on_no_match);
      return;
    }
    RC_ASSERT(d.assurance.ial == 2);
    RC_ASSERT(FirstBlocking(d.findings) == nullptr);
  }));
}

TEST_CASE(
    "AdmitOidc: a flag of MPI, or an SSN that differs, admits nobody, whatever else is "
    "changed",
    "[attributes][sis][prop]") {
  CHECK(rc::check([] {
    MpiAnswer mpi = AnyMpi();
    RC_PRE(mpi.profile.has_value());
    const OidcAnswer answer = AnyAnswer();
    const Attempt attempt = AnyAttempt("mhv");
    mpi.profile->deceased = true;
    const Decision dead = Decide(answer, attempt, mpi);
    RC_ASSERT(dead.verdict != Verdict::kAdmit || dead.assurance.ial == 1);
    mpi.profile->deceased = mpi.profile->id_theft = false;
    mpi.profile->ssn = identity::Ssn::FromWire("666010002");
    const Decision other = Decide(answer, attempt, mpi);
    const bool same = !other.claims.ssn || other.claims.ssn->SameDigits(*mpi.profile->ssn);
    RC_ASSERT(other.verdict != Verdict::kAdmit || other.assurance.ial == 1 || same);
  }));
}

TEST_CASE("AdmitOidc: every finding, rule and step stands in the catalogue",
          "[attributes][sis][prop]") {
  CHECK(rc::check([] {
    const OidcAnswer answer = AnyAnswer();
    Trace trace;
    const Decision d =
        Admit(answer.Build(), AnyAttempt("mhv"), AnyMpi(), ShippedPolicy(), TestNow(), &trace);
    const auto known = [](absl::string_view name) {
      if (FindRule(name) != nullptr) return true;
      RC_LOG() << std::string(name);
      return false;
    };
    for (const Finding& finding : d.findings) RC_ASSERT(known(finding.tag));
    for (const absl::string_view rule : d.rules) RC_ASSERT(known(rule));
    for (const RuleStep& step : trace) RC_ASSERT(known(step.rule));
  }));
}

TEST_CASE("AdmitOidc: the trace changes nothing", "[attributes][sis][prop]") {
  CHECK(rc::check([] {
    const OidcAnswer answer = AnyAnswer();
    const Attempt attempt = AnyAttempt("mhv");
    const MpiAnswer mpi = AnyMpi();
    Trace trace;
    RC_ASSERT(Same(Admit(answer.Build(), attempt, mpi, ShippedPolicy(), TestNow()),
                   Admit(answer.Build(), attempt, mpi, ShippedPolicy(), TestNow(), &trace)));
  }));
}

}  // namespace
}  // namespace va::attributes
