#include "services/mpi-adapter/domain/person_changes.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/status.h"
#include "lib/identity/as_id.h"
#include "services/mpi-adapter/domain/changes_testing.h"

namespace va::mpi {
namespace {

using identity::AsId;
using identity::CspId;
using identity::PersonText;
using testing::AddAnswer;
using testing::ChangeBench;
using testing::SearchAnswer;

using Keys = std::vector<std::string>;

Profile Zebulon(const char* icn = "1019900417V557122") {
  Profile profile;
  Name assigned;
  assigned.use = "ASGN";
  assigned.given = {PersonText::FromWire("OTHER")};
  assigned.family = PersonText::FromWire("NAME");
  Name legal;
  legal.use = "L";
  legal.given = {PersonText::FromWire("ZEBULON"), PersonText::FromWire("QUINCY")};
  legal.family = PersonText::FromWire("TESTWELL");
  profile.names = {assigned, legal};
  profile.gender = PersonText::FromWire("M");
  profile.birth_date = identity::BirthDate::FromWire("19510409");
  profile.ssn = identity::Ssn::FromWire("987001234");
  profile.ids = identity::GcIds({
      *identity::ParseCorrelatedId(std::string(icn) + "^NI^200M^USVHA^P", identity::kVaRoot),
      *identity::ParseCorrelatedId("1500600700^NI^200DOD^USDOD^A", identity::kDodRoot),
  });
  profile.search_token = "WSDOC1";
  return profile;
}

Answer Found(Profile profile = Zebulon()) {
  Answer answer = SearchAnswer(Outcome::kOk, "MATCH");
  answer.profile = std::move(profile);
  return answer;
}

AddPerson Applicant() {
  AddPerson person;
  person.idme_uuid = CspId::FromWire("c4b2aa11aa0e4f1d9d01");
  person.first_name = PersonText::FromWire("Zebulon");
  person.last_name = PersonText::FromWire("Testwell");
  person.birth_date = identity::BirthDate::FromWire("1951-04-09");
  person.ssn = identity::Ssn::FromWire("987001234");
  return person;
}

constexpr char kCredential[] = "idme:c4b2aa11aa0e4f1d9d01";

// "idme:..." and so on, but for the keys by which questions by traits are forgotten.
Keys Forgotten(const ChangeBench& bench) {
  static constexpr const char* kNames[] = {"icn",   "idme",     "logingov", "mhv",
                                           "edipi", "facility", "traits"};
  Keys keys;
  for (const auto& [key, when] : bench.cache.forgotten) {
    if (key.kind == KeyKind::kNameAndBirth) continue;
    keys.push_back(std::string(kNames[static_cast<int>(key.kind)]) + ":" + key.value.Reveal());
  }
  return keys;
}

bool ForgetsTraits(const ChangeBench& bench) {
  return std::any_of(bench.cache.forgotten.begin(), bench.cache.forgotten.end(),
                     [](const auto& one) { return one.first.kind == KeyKind::kNameAndBirth; });
}

CacheKey CredentialKey() { return {KeyKind::kIdme, CspId::FromWire("c4b2aa11aa0e4f1d9d01")}; }

ImplicitAdd Add(ChangeBench& bench, const AddPerson& person = Applicant()) {
  absl::StatusOr<ImplicitAdd> out = bench.changes.AddImplicit(person, bench.Deadline());
  INFO(out.status());
  REQUIRE(out.ok());
  return *std::move(out);
}

// ---- implicit add ----

TEST_CASE("AddImplicit: R4 search, add, search again; the person is what MPI answers afterwards",
          "[mpi][rule][R4]") {
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch), Found()};
  bench.mpi.change_answer = AddAnswer(Outcome::kOk, "ACCEPTED");
  const ImplicitAdd out = Add(bench);
  CHECK(out.change.outcome == Outcome::kOk);
  CHECK(out.change.message_id == "msg-add");
  CHECK(out.sent);
  REQUIRE(out.profile.has_value());
  CHECK(out.profile->ids.icn() == identity::Icn::FromWire("1019900417V557122"));
  REQUIRE(bench.mpi.asked.size() == 2);
  for (const Question& question : bench.mpi.asked) {
    const auto& by = std::get<ByIdentifier>(question.by);
    CHECK(by.type == IdentifierType::kIdme);
    CHECK(by.value == CspId::FromWire("c4b2aa11aa0e4f1d9d01"));
  }
  REQUIRE(bench.mpi.sent.size() == 1);
  CHECK(std::get<AddPerson>(bench.mpi.sent[0]).last_name == PersonText::FromWire("Testwell"));
}

TEST_CASE("AddImplicit: whom MPI knows already is not added", "[mpi][rule]") {
  ChangeBench bench;
  bench.mpi.answers = {Found()};
  const ImplicitAdd out = Add(bench);
  CHECK(out.change.outcome == Outcome::kOk);
  CHECK(out.change.reason == "MATCH");
  CHECK_FALSE(out.sent);
  CHECK(out.profile.has_value());
  CHECK(bench.mpi.sent.empty());
}

TEST_CASE("AddImplicit: only NO_MATCH leads to an add; every other outcome is the answer",
          "[mpi][rule][R4]") {
  const Outcome outcome =
      GENERATE(Outcome::kMultipleMatches, Outcome::kInvalidRequest, Outcome::kSenderRejected,
               Outcome::kDuplicateKey, Outcome::kMpiFailed, Outcome::kTransport, Outcome::kTimeout,
               Outcome::kBreakerOpen, Outcome::kUnparseable, Outcome::kBlocked);
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(outcome, "WHY")};
  const ImplicitAdd out = Add(bench);
  CHECK(out.change.outcome == outcome);
  CHECK(out.change.reason == "WHY");
  CHECK(out.change.transaction_id == "txn-find");
  CHECK_FALSE(out.sent);
  CHECK_FALSE(out.profile.has_value());
  CHECK(bench.mpi.sent.empty());
  CHECK(bench.claims.held.empty());
  CHECK(bench.cache.forgotten.empty());
}

TEST_CASE("AddImplicit: the credential is ID.me's when both are given, else Login.gov's",
          "[mpi][rule]") {
  ChangeBench bench;
  bench.mpi.answers = {Found()};
  AddPerson person = Applicant();
  person.logingov_uuid = CspId::FromWire("2b1d0f6a-0f5b-4a53-9c35-000000000001");
  Add(bench, person);
  CHECK(std::get<ByIdentifier>(bench.mpi.asked[0].by).type == IdentifierType::kIdme);
  person.idme_uuid = {};
  Add(bench, person);
  CHECK(std::get<ByIdentifier>(bench.mpi.asked[1].by).type == IdentifierType::kLogingov);
  CHECK(std::get<ByIdentifier>(bench.mpi.asked[1].by).value == person.logingov_uuid);
  person.logingov_uuid = {};
  const auto refused = bench.changes.AddImplicit(person, bench.Deadline());
  CHECK(base::ReasonOf(refused.status()) == "FIELD_MISSING");
  CHECK(bench.mpi.asked.size() == 2);
}

TEST_CASE(
    "AddImplicit: H11 an add whose answer was lost is looked for, never sent again; found, it is "
    "OK",
    "[mpi][attack][H11]") {
  const Outcome lost = GENERATE(Outcome::kTimeout, Outcome::kTransport, Outcome::kUnparseable);
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch), Found()};
  bench.mpi.change_answer = AddAnswer(lost, "LOST");
  const ImplicitAdd out = Add(bench);
  CHECK(out.change.outcome == Outcome::kOk);
  CHECK(out.change.reason == "FOUND_AFTER_ADD");
  CHECK(out.sent);
  CHECK(out.profile.has_value());
  CHECK(bench.mpi.asked.size() == 2);
  CHECK(bench.mpi.sent.size() == 1);
  CHECK(bench.claims.held.empty());
}

TEST_CASE(
    "AddImplicit: H11 a lost add that is not found keeps its outcome, and nobody adds the same "
    "person until the claim has ended",
    "[mpi][attack][H11]") {
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch)};
  bench.mpi.change_answer = AddAnswer(Outcome::kTimeout, "TIMEOUT");
  const absl::Time deadline = bench.Deadline();
  const ImplicitAdd out = Add(bench);
  CHECK(out.change.outcome == Outcome::kTimeout);
  CHECK(out.sent);
  CHECK_FALSE(out.profile.has_value());
  CHECK(bench.mpi.asked.size() == 2);
  CHECK(bench.mpi.sent.size() == 1);
  // It may still be under way: the next one waits, and finds that nothing came of it.
  const ImplicitAdd second = Add(bench);
  CHECK(second.change.reason == "ADDED_BY_ANOTHER");
  CHECK(bench.mpi.sent.size() == 1);
  bench.clock.Set(deadline + absl::Seconds(3));
  Add(bench);
  CHECK(bench.mpi.sent.size() == 2);
}

TEST_CASE("AddImplicit: H11 of the time left a third is kept for finding out what became of it",
          "[mpi][attack][H11]") {
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch), Found()};
  bench.mpi.change_answer = AddAnswer(Outcome::kTimeout);
  const absl::Time deadline = bench.Deadline();
  Add(bench);
  CHECK(bench.mpi.sent_until.at(0) == deadline - absl::Seconds(2));
  CHECK(bench.mpi.asked_until.at(1) == deadline);
}

TEST_CASE("AddImplicit: H11 no add begins that could not be looked for", "[mpi][attack][H11]") {
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch)};
  bench.mpi.find_takes = absl::Milliseconds(5800);
  const ImplicitAdd out = Add(bench);
  CHECK(out.change.outcome == Outcome::kTimeout);
  CHECK(out.change.reason == "DEADLINE_PASSED");
  CHECK_FALSE(out.sent);
  CHECK(bench.mpi.sent.empty());
  CHECK(bench.claims.held.empty());
}

TEST_CASE("AddImplicit: a duplicate key is searched for, and is an answer when nobody is found",
          "[mpi][rule]") {
  const bool found = GENERATE(true, false);
  ChangeBench bench;
  // MPI may show whoever has the key a moment later than it says that somebody has it.
  const Answer nobody = SearchAnswer(Outcome::kNoMatch);
  bench.mpi.answers = {nobody, nobody, nobody, nobody, found ? Found() : nobody};
  bench.mpi.change_answer = AddAnswer(Outcome::kDuplicateKey, "DUPLICATE_KEY");
  const ImplicitAdd out = Add(bench);
  CHECK(out.change.outcome == (found ? Outcome::kOk : Outcome::kDuplicateKey));
  CHECK(out.profile.has_value() == found);
  CHECK(bench.mpi.sent.size() == 1);
  CHECK(bench.claims.held.empty());
}

TEST_CASE("AddImplicit: an add that MPI refused is not searched for", "[mpi][rule]") {
  const Outcome outcome =
      GENERATE(Outcome::kInvalidRequest, Outcome::kSenderRejected, Outcome::kMpiFailed);
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch)};
  bench.mpi.change_answer = AddAnswer(outcome);
  const ImplicitAdd out = Add(bench);
  CHECK(out.change.outcome == outcome);
  CHECK(out.sent);
  CHECK_FALSE(out.accepted);
  CHECK(bench.mpi.asked.size() == 1);
  CHECK(bench.claims.held.empty());
}

TEST_CASE("AddImplicit: an add the breaker kept back was not sent", "[mpi][rule]") {
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch)};
  bench.mpi.change_answer = AddAnswer(Outcome::kBreakerOpen);
  const ImplicitAdd out = Add(bench);
  CHECK(out.change.outcome == Outcome::kBreakerOpen);
  CHECK_FALSE(out.sent);
  CHECK(bench.cache.forgotten.empty());
}

TEST_CASE("AddImplicit: a person whom MPI shows a moment after the add is found", "[mpi][rule]") {
  ChangeBench bench;
  const Answer nobody = SearchAnswer(Outcome::kNoMatch);
  bench.mpi.answers = {nobody, nobody, nobody, Found()};
  bench.mpi.change_answer = AddAnswer(Outcome::kOk);
  const ImplicitAdd out = Add(bench);
  CHECK(out.change.outcome == Outcome::kOk);
  CHECK(out.profile.has_value());
  CHECK(bench.mpi.sent.size() == 1);
  CHECK(bench.pauses.size() == 2);
}

TEST_CASE("AddImplicit: one whom MPI does not show in time is TIMEOUT, never OK without a person",
          "[mpi][rule]") {
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch)};
  bench.mpi.change_answer = AddAnswer(Outcome::kOk);
  const ImplicitAdd out = Add(bench);
  CHECK(out.change.outcome == Outcome::kTimeout);
  CHECK(out.change.reason == "NOT_FOUND_YET");
  CHECK(IsRetryable(out.change.outcome));
  CHECK(out.sent);
  CHECK_FALSE(out.profile.has_value());
  // Bounded: the search before the add, and four after it.
  CHECK(bench.mpi.asked.size() == 5);
  CHECK(bench.mpi.sent.size() == 1);
  // What MPI said to the add is known all the same: the ids are those to ask its help desk about.
  CHECK(out.accepted);
  CHECK(out.change.message_id == "msg-add");
  CHECK(out.change.transaction_id == "txn-add");
}

TEST_CASE("AddImplicit: what is kept goes, and the claim comes back, also after the deadline",
          "[mpi][rule]") {
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch), Found()};
  bench.mpi.change_answer = AddAnswer(Outcome::kOk);
  bench.mpi.change_answer->codes.icn = identity::Icn::FromWire("1019900417V557122");
  bench.mpi.change_answer->codes.edipi = CspId();
  SECTION("in time") {
    const absl::Time deadline = bench.Deadline();
    Add(bench);
    CHECK(bench.cache.forgotten_until == deadline);
    CHECK(bench.claims.released_until == deadline);
  }
  SECTION("too late for the search, not for tidying up") {
    bench.mpi.answers.pop_back();
    bench.mpi.send_takes = absl::Seconds(7);
    const ImplicitAdd out = Add(bench);
    CHECK(out.change.reason == "NOT_FOUND_YET");
    CHECK(out.change.codes.icn.has_value());
    CHECK_FALSE(out.change.codes.edipi.has_value());
    CHECK(Forgotten(bench) == Keys{kCredential, "icn:1019900417V557122"});
    CHECK(bench.cache.forgotten_until == bench.clock.Now() + absl::Milliseconds(500));
  }
  SECTION("too late after a refusal") {
    bench.mpi.change_answer = AddAnswer(Outcome::kInvalidRequest);
    bench.mpi.send_takes = absl::Seconds(7);
    Add(bench);
    CHECK(bench.claims.released_until == bench.clock.Now() + absl::Milliseconds(500));
    CHECK(bench.claims.held.empty());
  }
}

TEST_CASE("mpi-adapter: a change whose time had run out, or that the breaker kept, was not sent",
          "[mpi][rule]") {
  const bool late = GENERATE(true, false);
  ChangeBench bench;
  bench.mpi.change_answer = late ? AddAnswer(Outcome::kTimeout, "DEADLINE_PASSED")
                                 : AddAnswer(Outcome::kBreakerOpen, "CIRCUIT_OPEN");
  bench.mpi.answers = {Found()};
  CHECK_FALSE(bench.changes.AddProxy(AsId(*Zebulon().ids.icn()), bench.Deadline())->sent);
  CHECK_FALSE(bench.changes.UpdateProfile({}, bench.Deadline())->sent);
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch)};
  CHECK_FALSE(Add(bench).sent);
}

TEST_CASE("AddImplicit: H3 an add that names another person than the search is OK for neither",
          "[mpi][attack][H3]") {
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch), Found()};
  bench.mpi.change_answer = AddAnswer(Outcome::kOk, "ACCEPTED");
  ChangeCodes& codes = bench.mpi.change_answer->codes;
  SECTION("another ICN") {
    codes.icn = identity::Icn::FromWire("1000000009V000009");
    const ImplicitAdd out = Add(bench);
    CHECK(out.change.outcome == Outcome::kUnparseable);
    CHECK(out.change.reason == "OTHER_PERSON");
    CHECK_FALSE(out.profile.has_value());
    CHECK(out.sent);
    CHECK(out.accepted);
    CHECK(out.change.message_id == "msg-add");
    // Whichever of the two it is: nothing is kept of them.
    CHECK(Forgotten(bench) == Keys{kCredential, "icn:1000000009V000009"});
  }
  SECTION("one that the person had before") {
    Profile merged = Zebulon();
    merged.historical_icns = {identity::Icn::FromWire("1000000009V000009")};
    bench.mpi.answers.back() = Found(merged);
    codes.icn = identity::Icn::FromWire("1000000009V000009");
    CHECK(Add(bench).change.outcome == Outcome::kOk);
  }
  SECTION("the same, none, and what is no ICN") {
    const char* const named = GENERATE("1019900417V557122", "", "1019900417V557122^NI^200M");
    codes.icn = identity::Icn::FromWire(named);
    CHECK(Add(bench).profile.has_value());
  }
}

TEST_CASE("AddImplicit: R4 a second search that fails is the answer", "[mpi][rule][R4]") {
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch), SearchAnswer(Outcome::kMultipleMatches)};
  bench.mpi.change_answer = AddAnswer(Outcome::kOk);
  const ImplicitAdd out = Add(bench);
  CHECK(out.change.outcome == Outcome::kMultipleMatches);
  CHECK(out.sent);
  CHECK_FALSE(out.profile.has_value());
}

TEST_CASE("AddImplicit: a NO_MATCH that is kept does not survive an add", "[mpi][rule][M1]") {
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch), Found()};
  bench.mpi.change_answer = AddAnswer(Outcome::kOk);
  bench.mpi.find_takes = absl::Milliseconds(10);
  bench.mpi.send_takes = absl::Milliseconds(10);
  AddPerson person = Applicant();
  person.logingov_uuid = CspId::FromWire("some-logingov");
  const ImplicitAdd out = Add(bench, person);
  CHECK_FALSE(out.cache_failed);
  CHECK(Forgotten(bench) == Keys{kCredential, "logingov:some-logingov", "icn:1019900417V557122"});
  CHECK(ForgetsTraits(bench));
  // After the last search: what was asked meanwhile must not be kept either.
  CHECK(bench.cache.forgotten.at(0).second == bench.clock.Now());
}

TEST_CASE("AddImplicit: a NO_MATCH that is kept goes when the person is found without an add",
          "[mpi][rule]") {
  ChangeBench bench;
  bench.mpi.answers = {Found()};
  Add(bench);
  // And what is kept of the person, which may be older than the credential.
  CHECK(Forgotten(bench) == Keys{kCredential, "icn:1019900417V557122"});
}

TEST_CASE("AddImplicit: what is kept goes also when nobody knows what became of the add",
          "[mpi][rule]") {
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch)};
  bench.mpi.change_answer = AddAnswer(Outcome::kTransport);
  bench.mpi.change_answer->codes.icn = identity::Icn::FromWire("1000000009V000009");
  Add(bench);
  CHECK(Forgotten(bench) == Keys{kCredential, "icn:1000000009V000009"});
}

TEST_CASE("AddImplicit: a cache that is down stops no add", "[mpi][rule]") {
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch), Found()};
  bench.mpi.change_answer = AddAnswer(Outcome::kOk);
  bench.cache.status = absl::UnavailableError("down");
  const ImplicitAdd out = Add(bench);
  CHECK(out.change.outcome == Outcome::kOk);
  CHECK(out.cache_failed);
}

TEST_CASE("AddImplicit: without a claim nothing is asked and nothing added", "[mpi][rule]") {
  ChangeBench bench;
  bench.claims.status = absl::InternalError("down");
  const auto out = bench.changes.AddImplicit(Applicant(), bench.Deadline());
  CHECK(absl::IsUnavailable(out.status()));
  CHECK(base::ReasonOf(out.status()) == "CLAIM_STORE");
  CHECK(base::IsRetryable(out.status()));
  CHECK(bench.mpi.asked.empty());
  CHECK(bench.mpi.sent.empty());
}

TEST_CASE("AddImplicit: who meets another's claim waits for it, and finds whom that one added",
          "[mpi][rule]") {
  ChangeBench bench;
  bench.claims.held = {{CredentialKey(), "another", absl::InfiniteFuture()}};
  bench.while_paused = [&] {
    if (bench.pauses.size() == 3) bench.claims.held.clear();
  };
  bench.mpi.answers = {Found()};
  const ImplicitAdd out = Add(bench);
  CHECK(out.change.outcome == Outcome::kOk);
  CHECK_FALSE(out.sent);
  CHECK(bench.pauses.size() == 3);
  CHECK(bench.claims.held.empty());
}

TEST_CASE("AddImplicit: a claim that is not given up is waited for within bounds, then searched",
          "[mpi][rule]") {
  const bool found = GENERATE(true, false);
  const absl::Duration left = GENERATE(absl::Milliseconds(900), absl::Seconds(30));
  ChangeBench bench;
  bench.claims.held = {{CredentialKey(), "another", absl::InfiniteFuture()}};
  bench.mpi.answers = {found ? Found() : SearchAnswer(Outcome::kNoMatch)};
  const absl::Time start = bench.clock.Now();
  const auto out = bench.changes.AddImplicit(Applicant(), start + left);
  REQUIRE(out.ok());
  CHECK(out->change.outcome == (found ? Outcome::kOk : Outcome::kTimeout));
  CHECK(out->change.reason == (found ? "MATCH" : "ADDED_BY_ANOTHER"));
  CHECK_FALSE(out->sent);
  CHECK(bench.mpi.sent.empty());
  CHECK(bench.claims.tries <= 20);
  // Time is left for the search.
  CHECK(bench.clock.Now() - start <= left / 2);
  CHECK(bench.claims.held.at(0).owner == "another");
}

TEST_CASE("AddImplicit: two spellings of one uuid are one claim", "[mpi][rule]") {
  ChangeBench bench;
  bench.claims.held = {{{KeyKind::kIdme, CspId::FromWire("c4b2aa11aa0e4f1d9d01000000000001")},
                        "another",
                        absl::InfiniteFuture()}};
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch)};
  AddPerson person = Applicant();
  person.idme_uuid = CspId::FromWire("C4B2AA11-AA0E-4F1D-9D01-000000000001");
  CHECK(Add(bench, person).change.reason == "ADDED_BY_ANOTHER");
}

TEST_CASE("AddImplicit: the claim is held while MPI is asked, and given back in the end",
          "[mpi][rule]") {
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch), Found()};
  bench.mpi.change_answer = AddAnswer(Outcome::kOk);
  const absl::Time deadline = bench.Deadline();
  bench.mpi.while_asked = [&] {
    REQUIRE(bench.claims.held.size() == 1);
    CHECK(bench.claims.held.at(0).until > deadline);
  };
  Add(bench);
  CHECK(bench.claims.held.empty());
  CHECK(bench.claims.releases == 1);
}

TEST_CASE("AddImplicit: a message that cannot be built is the caller's, and leaves no claim",
          "[mpi][rule]") {
  ChangeBench bench;
  bench.mpi.answers = {SearchAnswer(Outcome::kNoMatch)};
  bench.mpi.change_answer =
      base::MakeError(absl::StatusCode::kInvalidArgument, "FIELD_MISSING", "last_name: required");
  const auto out = bench.changes.AddImplicit(Applicant(), bench.Deadline());
  CHECK(absl::IsInvalidArgument(out.status()));
  CHECK(bench.claims.held.empty());
}

// ---- proxy add ----

const CspId kIcn = CspId::FromWire("1019900417V557122");

ProxyAdd AddProxy(ChangeBench& bench) {
  absl::StatusOr<ProxyAdd> out = bench.changes.AddProxy(kIcn, bench.Deadline());
  INFO(out.status());
  REQUIRE(out.ok());
  return *std::move(out);
}

TEST_CASE("AddProxy: find by ICN, orchestrated search by the legal name, proxy add with its token",
          "[mpi][rule]") {
  ChangeBench bench;
  Profile searched = Zebulon();
  searched.search_token = "WSDOC2";
  bench.mpi.answers = {Found(), Found(searched)};
  bench.mpi.change_answer = AddAnswer(Outcome::kOk);
  bench.mpi.change_answer->codes.birls_id = CspId::FromWire("111985523");
  bench.mpi.change_answer->codes.participant_id = CspId::FromWire("");
  const ProxyAdd out = AddProxy(bench);
  CHECK(out.step == ProxyStep::kAdd);
  CHECK(out.change.outcome == Outcome::kOk);
  CHECK(out.change.codes.birls_id == CspId::FromWire("111985523"));
  // A blank code is none.
  CHECK_FALSE(out.change.codes.participant_id.has_value());

  REQUIRE(bench.mpi.asked.size() == 2);
  CHECK(std::get<ByIdentifier>(bench.mpi.asked[0].by).type == IdentifierType::kIcn);
  const auto& traits = std::get<ByTraits>(bench.mpi.asked[1].by);
  CHECK(traits.first_name == PersonText::FromWire("ZEBULON"));
  CHECK(traits.middle_name.empty());
  CHECK(traits.last_name == PersonText::FromWire("TESTWELL"));
  CHECK(traits.birth_date == identity::BirthDate::FromWire("19510409"));
  CHECK(traits.ssn == identity::Ssn::FromWire("987001234"));
  CHECK(traits.gender.empty());
  CHECK(traits.edipi == CspId::FromWire("1500600700"));
  REQUIRE(bench.mpi.sent.size() == 1);
  const auto& add = std::get<AddByProxy>(bench.mpi.sent[0]);
  CHECK(add.first_name == PersonText::FromWire("ZEBULON"));
  CHECK(add.last_name == PersonText::FromWire("TESTWELL"));
  CHECK(add.birth_date == identity::BirthDate::FromWire("19510409"));
  CHECK(add.ssn == identity::Ssn::FromWire("987001234"));
  CHECK(add.icn == identity::Icn::FromWire("1019900417V557122"));
  CHECK(add.edipi == CspId::FromWire("1500600700"));
  CHECK(add.search_token == "WSDOC2");
  CHECK(Forgotten(bench) == Keys{"icn:1019900417V557122", "edipi:1500600700"});
}

TEST_CASE("AddProxy: whatever the find or the search answers but OK ends it; no add is sent",
          "[mpi][rule]") {
  const Outcome outcome =
      GENERATE(Outcome::kNoMatch, Outcome::kMultipleMatches, Outcome::kInvalidRequest,
               Outcome::kMpiFailed, Outcome::kTransport, Outcome::kTimeout, Outcome::kUnparseable);
  const bool find_ends_it = GENERATE(true, false);
  ChangeBench bench;
  if (!find_ends_it) bench.mpi.answers.push_back(Found());
  bench.mpi.answers.push_back(SearchAnswer(outcome, "WHY"));
  const ProxyAdd out = AddProxy(bench);
  CHECK(out.step == (find_ends_it ? ProxyStep::kFind : ProxyStep::kSearch));
  CHECK(out.change.outcome == outcome);
  CHECK(out.change.reason == "WHY");
  CHECK(out.change.transaction_id == "txn-find");
  CHECK(bench.mpi.asked.size() == (find_ends_it ? 1U : 2U));
  CHECK(bench.mpi.sent.empty());
  CHECK(bench.cache.forgotten.empty());
}

TEST_CASE("AddProxy: what the person lacks is named, and nothing is searched for or added",
          "[mpi][rule]") {
  Profile profile = Zebulon();
  std::string reason;
  SECTION("EDIPI") {
    profile.ids = identity::GcIds(
        {*identity::ParseCorrelatedId("1019900417V557122^NI^200M^USVHA^P", identity::kVaRoot)});
    reason = "EDIPI_MISSING";
  }
  SECTION("legal name") {
    profile.names.pop_back();
    reason = "NAME_MISSING";
  }
  SECTION("given name") {
    profile.names.back().given.clear();
    reason = "NAME_MISSING";
  }
  SECTION("SSN") {
    profile.ssn.reset();
    reason = "SSN_MISSING";
  }
  SECTION("birth date") {
    profile.birth_date = {};
    reason = "BIRTH_DATE_MISSING";
  }
  ChangeBench bench;
  bench.mpi.answers = {Found(profile)};
  const ProxyAdd out = AddProxy(bench);
  CHECK(out.change.outcome == Outcome::kInvalidRequest);
  CHECK(out.change.reason == reason);
  CHECK(out.step == ProxyStep::kSearch);
  CHECK(bench.mpi.asked.size() == 1);
  CHECK(bench.mpi.sent.empty());
}

TEST_CASE("AddProxy: what the search's answer lacks is named, and nothing is added",
          "[mpi][rule]") {
  Profile profile = Zebulon();
  profile.ssn.reset();
  ChangeBench bench;
  bench.mpi.answers = {Found(), Found(profile)};
  const ProxyAdd out = AddProxy(bench);
  CHECK(out.change.outcome == Outcome::kInvalidRequest);
  CHECK(out.change.reason == "SSN_MISSING");
  CHECK(out.step == ProxyStep::kSearch);
  CHECK(bench.mpi.sent.empty());
}

TEST_CASE("AddProxy: H3 a search that answers with another person adds nothing to them",
          "[mpi][attack][H3]") {
  ChangeBench bench;
  bench.mpi.answers = {Found(), Found(Zebulon("1000000009V000009"))};
  const ProxyAdd out = AddProxy(bench);
  CHECK(out.change.outcome == Outcome::kUnparseable);
  CHECK(out.change.reason == "OTHER_PERSON");
  CHECK(bench.mpi.sent.empty());
}

TEST_CASE("AddProxy: a search without a token is followed by no add", "[mpi][rule]") {
  ChangeBench bench;
  Profile searched = Zebulon();
  searched.search_token.clear();
  bench.mpi.answers = {Found(), Found(searched)};
  const ProxyAdd out = AddProxy(bench);
  CHECK(out.change.reason == "SEARCH_TOKEN_MISSING");
  CHECK(bench.mpi.sent.empty());
}

TEST_CASE("AddProxy: what is kept of the person goes with OK only", "[mpi][rule]") {
  const Outcome outcome = GENERATE(Outcome::kInvalidRequest, Outcome::kDuplicateKey,
                                   Outcome::kMpiFailed, Outcome::kTimeout, Outcome::kTransport);
  ChangeBench bench;
  bench.mpi.answers = {Found()};
  bench.mpi.change_answer = AddAnswer(outcome);
  const ProxyAdd out = AddProxy(bench);
  CHECK(out.step == ProxyStep::kAdd);
  CHECK(out.change.outcome == outcome);
  CHECK(bench.mpi.sent.size() == 1);
  CHECK(bench.cache.forgotten.empty());
}

TEST_CASE("AddProxy: what MPI holds of a person and cannot be sent is INVALID_REQUEST",
          "[mpi][rule]") {
  const bool at_add = GENERATE(true, false);
  const absl::Status malformed =
      base::MakeError(absl::StatusCode::kInvalidArgument, "FIELD_MALFORMED", "ssn: malformed");
  ChangeBench bench;
  bench.mpi.answers.emplace_back(Found());
  if (!at_add) bench.mpi.answers.emplace_back(malformed);
  if (at_add) bench.mpi.change_answer = malformed;
  const ProxyAdd out = AddProxy(bench);
  CHECK(out.change.outcome == Outcome::kInvalidRequest);
  CHECK(out.change.reason == "FIELD_MALFORMED");
}

TEST_CASE("AddProxy: an ICN that cannot be asked by is the caller's", "[mpi][rule]") {
  ChangeBench bench;
  bench.mpi.answers = {
      base::MakeError(absl::StatusCode::kInvalidArgument, "FIELD_MALFORMED", "icn: malformed")};
  CHECK(absl::IsInvalidArgument(bench.changes.AddProxy(kIcn, bench.Deadline()).status()));
}

TEST_CASE("AddProxy: no add begins after the deadline", "[mpi][rule]") {
  ChangeBench bench;
  bench.mpi.answers = {Found()};
  bench.mpi.find_takes = absl::Seconds(3);
  const ProxyAdd out = AddProxy(bench);
  CHECK(out.change.outcome == Outcome::kTimeout);
  CHECK(bench.mpi.sent.empty());
}

// ---- update ----

UpdatePerson Linked() {
  UpdatePerson person;
  person.icn = identity::Icn::FromWire("1019900417V557122");
  person.edipi = CspId::FromWire("1500600700");
  person.idme_uuid = CspId::FromWire("c4b2aa11aa0e4f1d9d01");
  person.last_name = PersonText::FromWire("Testwell");
  return person;
}

TEST_CASE("UpdateProfile: what is kept of the person goes unless MPI refused it for certain",
          "[mpi][rule]") {
  struct Row {
    Outcome outcome;
    bool forgets;
  };
  const Row row = GENERATE(values<Row>({{Outcome::kOk, true},
                                        {Outcome::kTimeout, true},
                                        {Outcome::kTransport, true},
                                        {Outcome::kUnparseable, true},
                                        {Outcome::kMpiFailed, true},
                                        {Outcome::kInvalidRequest, false},
                                        {Outcome::kSenderRejected, false},
                                        {Outcome::kDuplicateKey, false},
                                        {Outcome::kBreakerOpen, false}}));
  ChangeBench bench;
  bench.mpi.change_answer = AddAnswer(row.outcome, "WHY");
  const auto out = bench.changes.UpdateProfile(Linked(), bench.Deadline());
  REQUIRE(out.ok());
  CHECK(out->change.outcome == row.outcome);
  CHECK(out->change.reason == "WHY");
  CHECK(bench.mpi.sent.size() == 1);
  CHECK(bench.mpi.asked.empty());
  const Keys all = {"icn:1019900417V557122", "edipi:1500600700", kCredential};
  CHECK(Forgotten(bench) == (row.forgets ? all : Keys()));
}

}  // namespace
}  // namespace va::mpi
