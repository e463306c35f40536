// Laws that hold for every input, searched for counter-examples: real sample sets, altered.
#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lib/testing/sample_sets.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/often.h"
#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

using testing::SampleSet;

// Values worth trying for an attribute: plausible ones, conflicting ones, and noise.
rc::Gen<std::string> Value() {
  return rc::gen::oneOf(
      rc::gen::element<std::string>(
          "NOT_FOUND", "", " ", "1", "2", "3", "true", "false", "Premium", "Basic", "SSN", "idme",
          "LOGINGOV", "mhv", "DSLogon", "classic_loa3", "666010001", "666-01-0001", "19710302",
          "20230230", "1000000001V100001", "2000000002V200002", "M", "12,13", "12,12",
          "11d0e4a1f0b24c55a1de6f1b6c2f7a01", "7^PI^200MHS^USVHA^A|8^PI^200MHS^USVHA^A",
          "1111111111^NI^200DOD^USDOD^A|2222222222^NI^200DOD^USDOD^A",
          "1000000001V100001^NI^200M^USVHA^P|1000000002V100002^NI^200M^USVHA^P",
          "7^PI^200CORP^USVBA^A|8^PI^200CORP^USVBA^A|1V1^NI^200M^USVHA^P", "\xC3\x28", "a\nb",
          "{\"accountType\":\"Premium\"}", "{\"accountType\":\"Premium\""),
      rc::gen::arbitrary<std::string>());
}

const std::vector<SampleSet>& Samples(const std::string& kind) {
  static const auto& all = *new std::map<std::string, std::vector<SampleSet>>{
      {"ssoe_attributes", testing::SampleSets("ssoe_attributes")},
      {"ssoe_attributes_2021", testing::SampleSets("ssoe_attributes_2021")},
      {"legacy_attributes", testing::SampleSets("legacy_attributes")}};
  return all.at(kind);
}

// A statement of a kind, and the profiles that read it.
struct Kind {
  std::string name;
  std::vector<std::string> profiles;
  Attr first;  // of the attributes that its rules read
  Attr last;
};

const std::vector<Kind>& Kinds() {
  static const auto& kinds = *new std::vector<Kind>{
      {"ssoe_attributes",
       {"", "ssoe-2022", "ssoe-2022-03", "ssoe-2025", "strict"},
       Attr::kCsid,
       Attr::kTransactionId},
      {"ssoe_attributes_2021", {"ssoe-2021"}, Attr::kCsid, Attr::kMhvIenList},
      {"legacy_attributes", {"legacy"}, Attr::kOldUuid, Attr::kDslogonDeceased}};
  return kinds;
}

Statement Of(const SampleSet& sample) {
  Statement statement(sample.context);
  for (const auto& [name, values] : sample.attributes) statement.WithForeign(name, values);
  return statement;
}

Attr AnyAttr(const Kind& kind) {
  return static_cast<Attr>(
      *rc::gen::inRange(static_cast<int>(kind.first), static_cast<int>(kind.last) + 1));
}

void Alter(Statement& statement, Attr attr) {
  const auto count = *rc::gen::weightedElement<int>({{10, 1}, {2, 0}, {1, 2}});
  statement.WithForeign(std::string(WireName(attr)), *rc::gen::container<std::vector<std::string>>(
                                                         static_cast<std::size_t>(count), Value()));
}

// One attempt with a real statement, some of whose attributes are altered.
struct Case {
  Kind kind;
  Statement statement{""};
  std::string application;
  std::string type;
  std::string profile;
  std::string skip_dupe;
  MpiAnswer answer;

  Attempt AttemptAtOf(absl::string_view app) const {
    Attempt attempt = AttemptAt(app, type);
    attempt.profile = profile;
    attempt.skip_dupe = skip_dupe;
    return attempt;
  }
  Decision Run() const { return Run(statement, application); }
  Decision Run(const Statement& said, absl::string_view app) const {
    return Admit(said.Build(), AttemptAtOf(app), answer, ShippedPolicy(), TestNow());
  }
};

MpiAnswer AnyAnswer(const Statement& statement) {
  const auto outcome = *rc::gen::weightedOneOf<int>(
      {{3, rc::gen::just(static_cast<int>(MpiOutcome::kOk))}, {1, rc::gen::inRange(0, 13)}});
  MpiAnswer answer;
  answer.outcome = static_cast<MpiOutcome>(outcome);
  if (answer.outcome != MpiOutcome::kOk) return answer;
  MpiProfile profile = SamePerson();
  // Mostly the person who is asked about, so that many come in.
  const Derivation derived = Derive(statement.Build(), AttemptAt("vaweb"), ShippedPolicy());
  if (AskedIcn(derived.claims)) profile.icn = *AskedIcn(derived.claims);
  if (*rc::gen::weightedElement<bool>({{5, true}, {1, false}})) profile.ssn = derived.claims.ssn;
  profile.deceased = *rc::gen::weightedElement<bool>({{8, false}, {1, true}});
  profile.id_theft = *rc::gen::weightedElement<bool>({{8, false}, {1, true}});
  if (*rc::gen::weightedElement<bool>({{3, false}, {1, true}})) {
    profile.ids = identity::ParseGcIds(*Value());
  }
  answer.profile = profile;
  return answer;
}

Case AnyCase() {
  Case out;
  out.kind = *rc::gen::elementOf(Kinds());
  out.statement = Of(*rc::gen::elementOf(Samples(out.kind.name)));
  for (int changes = *rc::gen::inRange(0, 4); changes > 0; --changes) {
    Alter(out.statement, AnyAttr(out.kind));
  }
  out.application = *rc::gen::element<std::string>("vaweb", "mhv", "myvahealth");
  out.type = *rc::gen::element<std::string>("idme", "mhv", "mhv_verified", "custom", "verify");
  out.profile = *rc::gen::elementOf(out.kind.profiles);
  out.skip_dupe = *rc::gen::element<std::string>("", "true", "mhv");
  out.answer = AnyAnswer(out.statement);
  return out;
}

bool Same(const Decision& a, const Decision& b) {
  return a.verdict == b.verdict && a.findings == b.findings && a.claims == b.claims &&
         a.attributes == b.attributes && a.assurance == b.assurance && a.rules == b.rules &&
         a.mpi_update == b.mpi_update;
}

TEST_CASE("Admit: no input is both admitted and blocked", "[attributes][prop]") {
  int admitted = 0;
  const auto once = [&] {
    const Decision d = AnyCase().Run();
    if (d.verdict == Verdict::kAdmit) RC_ASSERT(FirstBlocking(d.findings) == nullptr);
    RC_ASSERT((d.verdict == Verdict::kDeny || d.verdict == Verdict::kTryLater) ==
              d.refusal.has_value());
    RC_ASSERT(d.verdict == Verdict::kAdmit || !d.mpi_update);
    admitted += d.verdict == Verdict::kAdmit ? 1 : 0;
  };
  CHECK(rc::check([&once] { Often(once); }));
  // The generator reaches what the law is about.
  CHECK(admitted > 5);
}

TEST_CASE("Admit: a waiver only takes blocks away, it adds and hides nothing",
          "[attributes][prop]") {
  CHECK(rc::check([] {
    const Case one = AnyCase();
    const Decision waived = one.Run(one.statement, "mhv");
    const Decision plain = one.Run(one.statement, "vaweb");
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
    const Case one = AnyCase();
    const SsoeAssertion assertion = one.statement.Build();
    SsoeAssertion shuffled = assertion;
    std::sort(shuffled.attributes.begin(), shuffled.attributes.end(),
              [salt = *rc::gen::arbitrary<unsigned>()](const Attribute& a, const Attribute& b) {
                const std::hash<std::string> hash;
                return hash(std::string(a.name) + std::to_string(salt)) <
                       hash(std::string(b.name) + std::to_string(salt));
              });
    const Attempt attempt = one.AttemptAtOf(one.application);
    RC_ASSERT(Same(Admit(assertion, attempt, one.answer, ShippedPolicy(), TestNow()),
                   Admit(shuffled, attempt, one.answer, ShippedPolicy(), TestNow())));
  }));
}

TEST_CASE("Admit: unknown attributes never change the decision", "[attributes][prop]") {
  CHECK(rc::check([] {
    const Case one = AnyCase();
    Statement more = one.statement;
    more.WithForeign("x_" + *rc::gen::arbitrary<std::string>(),
                     *rc::gen::arbitrary<std::vector<std::string>>());
    more.WithForeign("va_eauth_mhvIcn", {"2000000002V200002"});
    // What another generation reads is unknown to this one, doubled or not.
    const Attr foreign = *rc::gen::elementOf(
        one.kind.name == "legacy_attributes"
            ? std::vector<Attr>{Attr::kUid, Attr::kGcIds, Attr::kEdipiList}
            : std::vector<Attr>{Attr::kOldUuid, Attr::kDslogonUuid, Attr::kOldMhvProfile});
    more.WithForeign(std::string(WireName(foreign)), {*Value(), *Value()});
    RC_ASSERT(Same(one.Run(), one.Run(more, one.application)));
  }));
}

// What each blocking finding about a statement is a finding about. `subject` alone: the attribute
// it names.
std::set<Attr> FactsOf(const Finding& finding) {
  static const auto& facts = *new std::map<absl::string_view, std::set<Attr>>{
      {"mhv_icn_mismatch", {Attr::kIcn, Attr::kMhvIcn}},
      {"multiple_corp_ids", {Attr::kGcIds}},
      {"multiple_edipis", {Attr::kGcIds, Attr::kEdipiList}},
      {"multiple_mhv_ids", {Attr::kGcIds, Attr::kMhvUuid, Attr::kMhvIenList}},
      {"uuid_missing", {Attr::kGcIds, Attr::kCsid, Attr::kUid, Attr::kOldUuid}},
      {"multiple_icns", {Attr::kGcIds}},
      {"icn_disagreement", {Attr::kGcIds, Attr::kIcn, Attr::kMhvIcn}},
      {"unknown_context", {Attr::kCsid}},
      {"mhv_unverified_blocked",
       {Attr::kCsid, Attr::kIal, Attr::kCredentialLevel, Attr::kOldMhvProfile, Attr::kOldMhvUuid,
        Attr::kDslogonUuid, Attr::kDslogonLevel}}};
  const auto it = facts.find(finding.tag);
  std::set<Attr> out = it == facts.end() ? std::set<Attr>{} : it->second;
  for (std::size_t i = 0; i < kAttrCount; ++i) {
    if (WireName(static_cast<Attr>(i)) == finding.subject) out.insert(static_cast<Attr>(i));
  }
  return out;
}

TEST_CASE("Admit: what blocks goes on blocking until the fact itself changes",
          "[attributes][prop]") {
  int blocked = 0;
  const auto once = [&] {
    const Case one = AnyCase();
    const Attempt attempt = one.AttemptAtOf(one.application);
    const Derivation before = Derive(one.statement.Build(), attempt, ShippedPolicy());
    Statement altered = one.statement;
    const Attr attr = AnyAttr(one.kind);
    Alter(altered, attr);
    const Derivation after = Derive(altered.Build(), attempt, ShippedPolicy());
    for (const Finding& finding : before.findings) {
      if (finding.effect != Effect::kBlocks) continue;
      const std::set<Attr> facts = FactsOf(finding);
      // Only a legacy statement names a death by itself.
      if (facts.count(attr) != 0 || finding.tag == "death_flag") continue;
      ++blocked;
      const bool still =
          std::any_of(after.findings.begin(), after.findings.end(), [&](const Finding& other) {
            return other.tag == finding.tag && other.subject == finding.subject &&
                   other.effect == Effect::kBlocks;
          });
      RC_ASSERT(still);
      RC_ASSERT(one.Run(altered, one.application).verdict != Verdict::kAdmit);
    }
  };
  CHECK(rc::check([&once] { Often(once); }));
  CHECK(blocked > 10);
}

TEST_CASE("Admit: nobody whom MPI refuses comes in by other words about themselves",
          "[attributes][prop]") {
  int refused = 0;
  const auto once = [&] {
    const Case one = AnyCase();
    const Decision before = one.Run();
    if (before.verdict != Verdict::kDeny || before.rules.empty() ||
        before.rules.back() != "mpi_profile_findings") {
      return;
    }
    ++refused;
    Statement altered = one.statement;
    const Attr attr = AnyAttr(one.kind);
    Alter(altered, attr);
    const Decision after = one.Run(altered, one.application);
    // Below LOA3 nothing is asked and nothing is shown; else only another SSN answers 113.
    if (after.verdict != Verdict::kAdmit || after.assurance.loa_current < 3) return;
    const std::set<Attr> ssn = {Attr::kSsn,           Attr::kSsnType,        Attr::kOldSsn,
                                Attr::kDslogonIdType, Attr::kDslogonIdValue, Attr::kDslogonUuid,
                                Attr::kDslogonLevel,  Attr::kOldMhvUuid,     Attr::kOldMhvProfile};
    // Asked by ICN instead of by traits, a missing SSN is only noted.
    const std::set<Attr> question = {Attr::kIcn, Attr::kGcIds, Attr::kOldMhvIcn, Attr::kOldMhvUuid,
                                     Attr::kOldMhvProfile};
    const absl::string_view tag = FirstBlocking(before.findings)->tag;
    const bool by_ssn = tag == "ssn_mismatch" || tag == "ssn_not_asserted";
    const bool by_gap = tag == "mpi_ssn_missing";
    RC_ASSERT((by_ssn && ssn.count(attr) != 0) || (by_gap && question.count(attr) != 0));
  };
  CHECK(rc::check([&once] { Often(once); }));
  CHECK(refused > 5);
}

TEST_CASE("Derive: never asks MPI below LOA3 or about somebody who is refused",
          "[attributes][prop]") {
  CHECK(rc::check([] {
    const Case one = AnyCase();
    const Derivation d =
        Derive(one.statement.Build(), one.AttemptAtOf(one.application), ShippedPolicy());
    if (!d.question) return;
    RC_ASSERT(d.assurance.loa_current == 3);
    // But for 104 alone, which an account may answer.
    const Finding* blocking = FirstBlocking(d.findings);
    RC_ASSERT(blocking == nullptr || (d.account_fallback_open && blocking->tag == "uuid_missing"));
  }));
}

TEST_CASE("Admit: below LOA3 nobody has an ICN, a name or an SSN", "[attributes][prop]") {
  CHECK(rc::check([] {
    const Decision d = AnyCase().Run();
    if (d.verdict != Verdict::kAdmit || d.assurance.loa_current == 3) return;
    RC_ASSERT(!d.attributes.icn && !d.attributes.first_name && !d.attributes.ssn);
  }));
}

TEST_CASE("Admit: a trace changes nothing and names every finding", "[attributes][prop]") {
  CHECK(rc::check([] {
    const Case one = AnyCase();
    const Attempt attempt = one.AttemptAtOf(one.application);
    Trace trace;
    const Decision told =
        Admit(one.statement.Build(), attempt, one.answer, ShippedPolicy(), TestNow(), &trace);
    RC_ASSERT(Same(told, one.Run()));
    for (const Finding& finding : told.findings) {
      RC_ASSERT(std::any_of(trace.begin(), trace.end(), [&](const RuleStep& step) {
        return step.rule == finding.tag && step.outcome != StepOutcome::kPassed;
      }));
    }
  }));
}

}  // namespace
}  // namespace va::attributes
