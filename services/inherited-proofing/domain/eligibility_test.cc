#include "services/inherited-proofing/domain/eligibility.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

namespace va::proofing {
namespace {

using identity::Csp;
using identity::CspId;
using Words = std::vector<std::string>;

const absl::CivilDay kToday(2026, 1, 15);

// Somebody whom no rule finds anything about.
ProofingFacts ProofedInPerson() {
  ProofingFacts facts;
  facts.csp = Csp::kMhv;
  facts.mhv_id = CspId::FromWire("19031408");
  facts.status = "Premium";
  ProofingRecord record;
  record.mhv_id = facts.mhv_id;
  record.identity_document_exists = true;
  record.method = "IPA";
  record.proofed_on = "2020-12-14";
  record.document_type = "StateIssuedId";
  record.document_country = "United States";
  record.document_expires = "2026-03-30";
  facts.record = record;
  return facts;
}

Words ToWords(const std::vector<absl::string_view>& views) {
  Words out;
  for (const absl::string_view view : views) out.emplace_back(view);
  return out;
}

Eligibility Judge(const ProofingFacts& facts, const Rules& rules = Rules()) {
  return JudgeEligibility(facts, rules, kToday);
}

TEST_CASE("Eligibility: proofed in person at VA and signed in with MHV may hand it on (M7)",
          "[proofing][rule]") {
  const Eligibility judged = Judge(ProofedInPerson());
  CHECK(judged.eligible);
  CHECK(judged.reasons.empty());
  CHECK(judged.notes.empty());
  CHECK(judged.method == "IPA");
  CHECK(judged.proofed_on == "2020-12-14");
}

struct Row {
  const char* says;  // the rule in our words
  Rule rule;
  Effect by_default;
  std::function<void(ProofingFacts&)> change;
};

const std::vector<Row>& Rows() {
  static const std::vector<Row> rows = {
      {"identityDocumentExist must be true", Rule::kNoIdentityDocument, Effect::kBlock,
       [](ProofingFacts& f) { f.record->identity_document_exists = false; }},
      {"a proofing by knowledge or by video does not count", Rule::kNotInPersonProofed,
       Effect::kBlock, [](ProofingFacts& f) { f.record->method = "RPA"; }},
      {"a proofing of unknown method does not count", Rule::kNotInPersonProofed, Effect::kBlock,
       [](ProofingFacts& f) { f.record->method = ""; }},
      {"methods compare exactly", Rule::kNotInPersonProofed, Effect::kBlock,
       [](ProofingFacts& f) { f.record->method = "ipa"; }},
      {"an Advanced account is not proofed", Rule::kNotPremium, Effect::kBlock,
       [](ProofingFacts& f) { f.status = "Advanced"; }},
      {"the answer names another MHV id than was asked for", Rule::kMhvIdMismatch, Effect::kNote,
       [](ProofingFacts& f) { f.record->mhv_id = CspId::FromWire("19031205"); }},
      {"the answer names no MHV id", Rule::kMhvIdMismatch, Effect::kNote,
       [](ProofingFacts& f) { f.record->mhv_id = CspId(); }},
      {"a proofing without a date", Rule::kBadProofingDate, Effect::kBlock,
       [](ProofingFacts& f) { f.record->proofed_on = ""; }},
      {"30 February was never", Rule::kBadProofingDate, Effect::kBlock,
       [](ProofingFacts& f) { f.record->proofed_on = "2020-02-30"; }},
      {"29 February needs a leap year", Rule::kBadProofingDate, Effect::kBlock,
       [](ProofingFacts& f) { f.record->proofed_on = "2021-02-29"; }},
      {"month 13", Rule::kBadProofingDate, Effect::kBlock,
       [](ProofingFacts& f) { f.record->proofed_on = "2020-13-01"; }},
      {"year 0", Rule::kBadProofingDate, Effect::kBlock,
       [](ProofingFacts& f) { f.record->proofed_on = "0000-01-01"; }},
      {"dates are YYYY-MM-DD: slashes", Rule::kBadProofingDate, Effect::kBlock,
       [](ProofingFacts& f) { f.record->proofed_on = "2020/12/14"; }},
      {"dates are YYYY-MM-DD: digits left out", Rule::kBadProofingDate, Effect::kBlock,
       [](ProofingFacts& f) { f.record->proofed_on = "2020-2-14"; }},
      {"dates are YYYY-MM-DD: a sign is no digit", Rule::kBadProofingDate, Effect::kBlock,
       [](ProofingFacts& f) { f.record->proofed_on = "2020-+1-14"; }},
      {"dates are YYYY-MM-DD: nothing behind", Rule::kBadProofingDate, Effect::kBlock,
       [](ProofingFacts& f) { f.record->proofed_on = "2020-12-14T00:00:00Z"; }},
      {"a proofing of tomorrow", Rule::kBadProofingDate, Effect::kBlock,
       [](ProofingFacts& f) { f.record->proofed_on = "2026-01-16"; }},
      {"the document expired yesterday", Rule::kDocumentExpired, Effect::kNote,
       [](ProofingFacts& f) { f.record->document_expires = "2026-01-14"; }},
      {"signed in with ID.me", Rule::kWrongCsp, Effect::kBlock,
       [](ProofingFacts& f) { f.csp = Csp::kIdme; }},
      {"signed in with Login.gov", Rule::kWrongCsp, Effect::kBlock,
       [](ProofingFacts& f) { f.csp = Csp::kLogingov; }},
      {"signed in with DS Logon", Rule::kWrongCsp, Effect::kBlock,
       [](ProofingFacts& f) { f.csp = Csp::kDslogon; }},
      {"a session without a provider", Rule::kWrongCsp, Effect::kBlock,
       [](ProofingFacts& f) { f.csp = std::nullopt; }},
      {"MPI holds a date of death", Rule::kDeceased, Effect::kBlock,
       [](ProofingFacts& f) { f.flags.deceased = true; }},
      {"MPI holds an identity-theft flag", Rule::kIdTheft, Effect::kBlock,
       [](ProofingFacts& f) { f.flags.id_theft = true; }},
      {"the account completed a handoff before", Rule::kAlreadyVerified, Effect::kBlock,
       [](ProofingFacts& f) { f.already_verified = true; }},
  };
  return rows;
}

TEST_CASE("Eligibility: each rule finds its case, alone, and does by default what section 4 says",
          "[proofing][rule]") {
  for (const Row& row : Rows()) {
    CAPTURE(row.says);
    ProofingFacts facts = ProofedInPerson();
    row.change(facts);
    const Eligibility judged = Judge(facts);
    const Words found = {std::string(NameOf(row.rule))};
    CHECK(judged.eligible == (row.by_default != Effect::kBlock));
    CHECK(ToWords(judged.reasons) == (row.by_default == Effect::kBlock ? found : Words()));
    CHECK(ToWords(judged.notes) == (row.by_default == Effect::kNote ? found : Words()));
  }
}

TEST_CASE("Eligibility: each rule is a switch: block, note, ignore", "[proofing][rule]") {
  for (const Row& row : Rows()) {
    CAPTURE(row.says);
    ProofingFacts facts = ProofedInPerson();
    row.change(facts);
    const Words found = {std::string(NameOf(row.rule))};
    Rules rules;
    rules.Set(row.rule, Effect::kBlock);
    CHECK_FALSE(Judge(facts, rules).eligible);
    CHECK(ToWords(Judge(facts, rules).reasons) == found);
    CHECK(Judge(facts, rules).notes.empty());
    rules.Set(row.rule, Effect::kNote);
    CHECK(Judge(facts, rules).eligible);
    CHECK(Judge(facts, rules).reasons.empty());
    CHECK(ToWords(Judge(facts, rules).notes) == found);
    rules.Set(row.rule, Effect::kIgnore);
    CHECK(Judge(facts, rules).eligible);
    CHECK(Judge(facts, rules).reasons.empty());
    CHECK(Judge(facts, rules).notes.empty());
  }
}

TEST_CASE("Eligibility: every rule has a row and a name of its own", "[proofing][rule]") {
  std::vector<std::string> names;
  for (const Rule rule : kAllRules) {
    bool has_row = false;
    for (const Row& row : Rows()) has_row = has_row || row.rule == rule;
    CAPTURE(NameOf(rule));
    CHECK(has_row);
    for (const std::string& name : names) CHECK(name != NameOf(rule));
    names.emplace_back(NameOf(rule));
  }
}

TEST_CASE("Eligibility: what stands against nobody", "[proofing][rule]") {
  struct Fine {
    const char* says;
    std::function<void(ProofingFacts&)> change;
  };
  const std::vector<Fine> rows = {
      {"a status MHV was not asked for is not held against anybody",
       [](ProofingFacts& f) { f.status = std::nullopt; }},
      {"proofed today", [](ProofingFacts& f) { f.record->proofed_on = "2026-01-15"; }},
      {"29 February of a leap year", [](ProofingFacts& f) { f.record->proofed_on = "2020-02-29"; }},
      {"a document is good on its last day",
       [](ProofingFacts& f) { f.record->document_expires = "2026-01-15"; }},
      {"a document without a readable end is not called expired",
       [](ProofingFacts& f) { f.record->document_expires = "never"; }},
  };
  for (const Fine& row : rows) {
    CAPTURE(row.says);
    ProofingFacts facts = ProofedInPerson();
    row.change(facts);
    const Eligibility judged = Judge(facts);
    CHECK(judged.eligible);
    CHECK(judged.notes.empty());
  }
}

TEST_CASE("Eligibility: methods that count as in person are a list", "[proofing][rule]") {
  ProofingFacts facts = ProofedInPerson();
  facts.record->method = "VIC";
  Rules rules;
  CHECK_FALSE(Judge(facts, rules).eligible);
  rules.in_person_methods = {"IPA", "VIC"};
  CHECK(Judge(facts, rules).eligible);
  facts.record->method = "IPA";
  CHECK(Judge(facts, rules).eligible);
}

TEST_CASE("Eligibility: without an MHV account there is one reason, and no switch lets it pass",
          "[proofing][rule]") {
  ProofingFacts facts = ProofedInPerson();
  facts.mhv_id = CspId();
  facts.status = std::nullopt;
  facts.record = std::nullopt;
  CHECK(ToWords(Judge(facts).reasons) == Words{"no_mhv_account"});
  Rules rules;
  for (const Rule rule : kAllRules) rules.Set(rule, Effect::kIgnore);
  CHECK(ToWords(Judge(facts, rules).reasons) == Words{"no_mhv_account"});
  CHECK_FALSE(Judge(facts, rules).eligible);
}

TEST_CASE("Eligibility: every reason is told, in one order, with the notes beside them",
          "[proofing][rule]") {
  ProofingFacts facts = ProofedInPerson();
  facts.csp = Csp::kIdme;
  facts.already_verified = true;
  facts.flags = {true, true};
  facts.status = "Basic";
  facts.record->identity_document_exists = false;
  facts.record->method = "";
  facts.record->proofed_on = "unknown";
  facts.record->mhv_id = CspId::FromWire("1");
  facts.record->document_expires = "2001-01-01";
  const Eligibility judged = Judge(facts);
  CHECK(ToWords(judged.reasons) == Words{"wrong_csp", "already_verified", "deceased", "id_theft",
                                         "not_premium", "no_identity_document",
                                         "not_in_person_proofed", "bad_proofing_date"});
  CHECK(ToWords(judged.notes) == Words{"mhv_id_mismatch", "document_expired"});
  CHECK(judged.proofed_on.empty());
}

}  // namespace
}  // namespace va::proofing
