#include "services/mhv-account/domain/ensure_account.h"

#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/status.h"

namespace va::mhv {
namespace {

using Reasons = std::vector<std::string>;

AccountFacts WholeFacts(const std::string& message = "MHV Account Created") {
  AccountFacts facts;
  facts.mhv_id = identity::CspId::FromWire("12345678");
  facts.premium = true;
  facts.champ_va = false;
  facts.patient = true;
  facts.sm_account_created = true;
  facts.message = message;
  return facts;
}

TEST_CASE("Evaluate M5: proof of identity, ICN and terms, and every reason at once",
          "[mhv][rule][M5]") {
  struct Row {
    const char* rule;
    EnsureFacts facts;
    State state;
    Reasons reasons;
  };
  const Row row = GENERATE(values<Row>({
      {"no answer to the terms",
       {2, true, TermsStanding::kNoAnswer},
       State::kNeedsTerms,
       {"needs_terms"}},
      {"terms declined, also after an acceptance",
       {2, true, TermsStanding::kDeclined},
       State::kNeedsTerms,
       {"needs_terms", "terms_declined"}},
      {"an older revision accepted is not the current one",
       {2, true, TermsStanding::kOutdated},
       State::kNeedsTerms,
       {"needs_terms", "terms_outdated"}},
      {"below LOA3 nobody gets an account",
       {1, true, TermsStanding::kAccepted},
       State::kIneligible,
       {"needs_identity_verification"}},
      {"without an ICN MHV cannot be asked",
       {2, false, TermsStanding::kAccepted},
       State::kIneligible,
       {"no_icn"}},
      {"all failing reasons, not the first",
       {1, false, TermsStanding::kDeclined},
       State::kIneligible,
       {"needs_identity_verification", "no_icn", "needs_terms", "terms_declined"}},
      {"terms and identity: not a matter of terms alone",
       {1, true, TermsStanding::kNoAnswer},
       State::kIneligible,
       {"needs_identity_verification", "needs_terms"}},
  }));
  CAPTURE(row.rule);
  const auto outcome = Evaluate(row.facts);
  REQUIRE(outcome.has_value());
  CHECK(ToString(outcome->state) == ToString(row.state));
  CHECK(outcome->reasons == row.reasons);
  CHECK_FALSE(outcome->account.has_value());
  CHECK(outcome->upstream_code.empty());
  CHECK(outcome->user_actionable);
}

TEST_CASE("Evaluate M5: LOA3 and accepted terms are enough; being a patient is MHV's question",
          "[mhv][rule][M5]") {
  CHECK_FALSE(Evaluate({2, true, TermsStanding::kAccepted}).has_value());
  CHECK_FALSE(Evaluate({3, true, TermsStanding::kAccepted}).has_value());
}

TEST_CASE("Judge M10: MHV's codes are a typed table, and text in our answers", "[mhv][rule][M10]") {
  struct Row {
    int code;
    const char* reason;
    bool user_actionable;
  };
  // vets-website lets the person act on 801, 805, 806 and 807.
  const Row row = GENERATE(values<Row>({
      {801, "mhv_801", true},
      {802, "mhv_802", false},
      {803, "mhv_803", false},
      {804, "mhv_804", false},
      {805, "mhv_805", true},
      {806, "mhv_806", true},
      {807, "mhv_807", true},
      {809, "mhv_809", false},
      {810, "mhv_810", false},
      {811, "mhv_811", false},
      {99, "mhv_refused", false},
      {813, "mhv_refused", false},
  }));
  CAPTURE(row.code);
  const auto outcome = Judge({row.code});
  REQUIRE(outcome.ok());
  CHECK(ToString(outcome->state) == "ineligible");
  CHECK(outcome->reasons == Reasons{row.reason});
  CHECK(outcome->upstream_code == std::to_string(row.code));
  CHECK(outcome->user_actionable == row.user_actionable);
}

TEST_CASE("Judge M8: what MHV holds against us is a fault and nobody is ineligible for it",
          "[mhv][rule][M8]") {
  const int code = GENERATE(808, 812);
  const absl::Status status = Judge({code}).status();
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(base::ReasonOf(status) == "MHV_" + std::to_string(code));
  CHECK_FALSE(base::IsRetryable(status));
}

TEST_CASE("FindUpstreamError: the table holds 801 to 812, each with tag and title", "[mhv][rule]") {
  for (int code = 801; code <= 812; ++code) {
    CAPTURE(code);
    const UpstreamError* const error = FindUpstreamError(code);
    REQUIRE(error != nullptr);
    CHECK(std::string(error->reason) == "mhv_" + std::to_string(code));
    CHECK_FALSE(error->title.empty());
  }
  CHECK(FindUpstreamError(800) == nullptr);
  CHECK(FindUpstreamError(813) == nullptr);
}

TEST_CASE("ReadAccount: whole facts are an account", "[mhv][rule]") {
  const auto account = ReadAccount(WholeFacts());
  REQUIRE(account.ok());
  CHECK(account->mhv_id.Reveal() == "12345678");
  CHECK(account->premium);
  CHECK_FALSE(account->champ_va);
  CHECK(account->patient);
  CHECK(account->sm_account_created);
  CHECK(account->origin == Origin::kApiCreated);
  const EnsureOutcome outcome = Ensured(*account);
  CHECK(outcome.state == State::kEnsured);
  CHECK(outcome.reasons.empty());
  CHECK(outcome.account->mhv_id.Reveal() == "12345678");
}

TEST_CASE("ReadAccount: every fact is required, true or false and not absent", "[mhv][rule]") {
  struct Row {
    const char* missing;
    std::function<void(AccountFacts&)> spoil;
  };
  const auto id = [](const std::string& text) {
    return [text](AccountFacts& facts) { facts.mhv_id = identity::CspId::FromWire(text); };
  };
  const std::vector<Row> rows = {
      {"user profile id", [](AccountFacts& facts) { facts.mhv_id.reset(); }},
      {"empty id", id("")},
      {"id with a space", id("123 456")},
      {"id with a line end", id("123\n")},
      {"id too long", id(std::string(65, '1'))},
      {"premium", [](AccountFacts& facts) { facts.premium.reset(); }},
      {"champ_va", [](AccountFacts& facts) { facts.champ_va.reset(); }},
      {"patient", [](AccountFacts& facts) { facts.patient.reset(); }},
      {"sm_account_created", [](AccountFacts& facts) { facts.sm_account_created.reset(); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.missing);
    AccountFacts facts = WholeFacts();
    row.spoil(facts);
    const absl::Status status = ReadAccount(facts).status();
    CHECK(status.code() == absl::StatusCode::kUnavailable);
    CHECK(base::ReasonOf(status) == "MHV_MALFORMED");
    CHECK(base::IsRetryable(status));
  }
}

TEST_CASE("OriginOf: the messages seen are a closed set, any other text says nothing",
          "[mhv][rule]") {
  struct Row {
    const char* message;
    Origin origin;
  };
  const Row row = GENERATE(values<Row>({
      {"Existing MHV Account Found for ICN", Origin::kExisting},
      {"MHV Account Created", Origin::kApiCreated},
      {"MHV Account Created but SM Account not created", Origin::kApiCreated},
      {"MHV Account Created for Testwell, Zebulon", Origin::kUnknown},
      {"mhv account created", Origin::kUnknown},
      {"", Origin::kUnknown},
  }));
  CAPTURE(row.message);
  CHECK(OriginOf(row.message) == row.origin);
  // An unknown text takes nothing away from facts that are whole.
  CHECK(ReadAccount(WholeFacts(row.message)).ok());
}

TEST_CASE("Origin and State: each has a word of its own, and origins are read back",
          "[mhv][rule]") {
  std::set<std::string> words;
  for (const Origin origin : {Origin::kUnknown, Origin::kApiCreated, Origin::kExisting}) {
    words.insert(std::string(ToString(origin)));
    CHECK(OriginFromString(ToString(origin)) == origin);
  }
  for (const State state : {State::kNeedsTerms, State::kEnsured, State::kIneligible}) {
    words.insert(std::string(ToString(state)));
  }
  CHECK(words.size() == 6);
  CHECK_FALSE(OriginFromString("self_made").has_value());
}

}  // namespace
}  // namespace va::mhv
