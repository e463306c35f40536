#include "services/mpi-adapter/domain/cache_key.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "services/mpi-adapter/domain/kept_fixture.h"

namespace va::mpi {
namespace {

using testing::By;
using testing::ByIcn;
using testing::Id;
using testing::kEdipi;
using testing::KeyFor;
using testing::kIcnA;
using testing::kIcnB;
using testing::kIcnC;
using testing::kIdme;
using testing::PatExample;
using testing::PersonWith;
using testing::Row;

bool Same(const Question& a, const Question& b) {
  const CacheKey left = KeyFor(a);
  const CacheKey right = KeyFor(b);
  return left.kind == right.kind && left.value == right.value && left.search == right.search;
}

bool Holds(const std::vector<CacheKey>& keys, const CacheKey& wanted) {
  return std::any_of(keys.begin(), keys.end(), [&wanted](const CacheKey& key) {
    return key.kind == wanted.kind && key.value == wanted.value;
  });
}

}  // namespace

TEST_CASE("KeyOf: one spelling per identifier: uuids in any case, with or without hyphens",
          "[mpi][cache][rule]") {
  const char* const spellings[] = {
      "b2c4545d3a4a4a0eb3d7b1bd1a9f0c11", "B2C4545D3A4A4A0EB3D7B1BD1A9F0C11",
      "b2c4545d-3a4a-4a0e-b3d7-b1bd1a9f0c11", "B2C4545D-3A4A-4A0E-B3D7-B1BD1A9F0C11"};
  for (const IdentifierType type : {IdentifierType::kIdme, IdentifierType::kLogingov}) {
    for (const char* const spelling : spellings) {
      CHECK(Same(By(type, spelling), By(type, spellings[0])));
    }
  }
  CHECK(KeyFor(By(IdentifierType::kIdme, spellings[3])).value.Reveal() == spellings[0]);
  CHECK(KeyFor(By(IdentifierType::kLogingov, spellings[1])).value.Reveal() == spellings[2]);
}

TEST_CASE("KeyOf: typed keys: the same text of two kinds is two keys", "[mpi][cache][rule]") {
  const Question questions[] = {
      By(IdentifierType::kIcn, kEdipi),   By(IdentifierType::kIdme, kEdipi),
      By(IdentifierType::kMhv, kEdipi),   By(IdentifierType::kLogingov, kEdipi),
      By(IdentifierType::kEdipi, kEdipi), ByFacility{"516", Id(kEdipi)}};
  for (const Question& a : questions) {
    for (const Question& b : questions) CHECK(Same(a, b) == (&a == &b));
  }
}

TEST_CASE("KeyOf: a facility and an id run together mean one pair only", "[mpi][cache]") {
  CHECK(Same(ByFacility{"516", Id("7")}, ByFacility{"516", Id("7")}));
  CHECK_FALSE(Same(ByFacility{"516", Id("7")}, ByFacility{"51", Id("67")}));
}

TEST_CASE(
    "KeyOf: traits are one question however date and SSN are written, and another with any "
    "other part",
    "[mpi][cache][rule]") {
  ByTraits other = PatExample();
  other.birth_date = identity::BirthDate::FromWire("19800302");
  other.ssn = identity::Ssn::FromWire("796111863");
  CHECK(Same(PatExample(), other));
  const auto changed = [](auto change) {
    ByTraits traits = PatExample();
    change(traits);
    return !Same(PatExample(), traits);
  };
  using identity::PersonText;
  CHECK(changed([](ByTraits& t) { t.first_name = PersonText::FromWire("Sam"); }));
  CHECK(changed([](ByTraits& t) { t.middle_name = PersonText::FromWire("A"); }));
  CHECK(changed([](ByTraits& t) { t.last_name = PersonText::FromWire("Exemple"); }));
  CHECK(changed([](ByTraits& t) { t.birth_date = identity::BirthDate::FromWire("19800303"); }));
  CHECK(changed([](ByTraits& t) { t.ssn = identity::Ssn::FromWire("796111864"); }));
  CHECK(changed([](ByTraits& t) { t.gender = PersonText::FromWire("F"); }));
}

TEST_CASE(
    "KeyOf: what is never kept has no key: the correlation view, the orchestrated search, "
    "nothing",
    "[mpi][cache][rule]") {
  Question correlation = By(IdentifierType::kMhv, "12345678");
  CHECK(KeyOf(correlation).has_value());
  correlation.view = View::kCorrelation;
  CHECK_FALSE(KeyOf(correlation).has_value());
  ByTraits orchestrated = PatExample();
  orchestrated.edipi = Id(kEdipi);
  CHECK_FALSE(KeyOf(orchestrated).has_value());
  CHECK_FALSE(KeyOf(ByIcn("")).has_value());
  CHECK_FALSE(KeyOf(ByFacility{"", Id("1")}).has_value());
  CHECK_FALSE(KeyOf(ByFacility{"516", Id("")}).has_value());
  CHECK_FALSE(KeyOf(ByTraits{}).has_value());
}

TEST_CASE("KeyOf: the search type belongs to the question", "[mpi][cache]") {
  Question history = ByIcn(kIcnA);
  history.search = SearchType::kIcnHistory;
  CHECK(KeyFor(history).search == SearchType::kIcnHistory);
  CHECK_FALSE(Same(history, ByIcn(kIcnA)));
}

TEST_CASE("SubjectsOf: the key and every identifier of the person, each once",
          "[mpi][cache][rule]") {
  const Answer answer = PersonWith(kIcnA, {kIcnB});
  const std::vector<CacheKey> subjects = SubjectsOf(KeyFor(ByIcn(kIcnA)), &*answer.profile);
  CHECK(subjects.size() == 5);
  for (const Question& one :
       {ByIcn(kIcnA), ByIcn(kIcnB), By(IdentifierType::kEdipi, kEdipi),
        By(IdentifierType::kIdme, kIdme), Question(ByFacility{"516", Id(testing::kVistaId)})}) {
    CHECK(Holds(subjects, KeyFor(one)));
  }
  // Of nobody: the question alone; of one by traits also what it shares with others.
  CHECK(SubjectsOf(KeyFor(ByIcn(kIcnA)), nullptr).size() == 1);
  CHECK(SubjectsOf(KeyFor(PatExample()), nullptr).size() == 2);
}

TEST_CASE("KeysOf: an add or an update makes untrue what was said of its name and birth date",
          "[mpi][cache][rule]") {
  const std::vector<CacheKey> nobody = SubjectsOf(KeyFor(PatExample()), nullptr);
  AddPerson add;
  add.idme_uuid = Id(kIdme);
  add.last_name = identity::PersonText::FromWire(" EXAMPLE");
  add.birth_date = identity::BirthDate::FromWire("19800302");
  CHECK(Holds(nobody, KeysOf(add).back()));
  CHECK(Holds(KeysOf(add), KeyFor(By(IdentifierType::kIdme, kIdme))));
  UpdatePerson update;
  update.icn = identity::Icn::FromWire(kIcnA);
  update.edipi = Id(kEdipi);
  update.logingov_uuid = Id("00000000-0000-4000-8000-000000000001");
  update.last_name = add.last_name;
  update.birth_date = add.birth_date;
  const std::vector<CacheKey> keys = KeysOf(update);
  CHECK(keys.size() == 4);
  CHECK(Holds(keys, KeyFor(ByIcn(kIcnA))));
  CHECK(Holds(keys, KeyFor(By(IdentifierType::kEdipi, kEdipi))));
  CHECK(Holds(nobody, keys.back()));
  AddByProxy proxy;
  proxy.icn = identity::Icn::FromWire(kIcnA);
  proxy.edipi = Id(kEdipi);
  CHECK(Holds(KeysOf(proxy), KeyFor(ByIcn(kIcnA))));
  CHECK(Holds(KeysOf(proxy), KeyFor(By(IdentifierType::kEdipi, kEdipi))));
}

TEST_CASE(
    "RetiredIcns: the history, and duplicates among the ids; never one that is permanent, "
    "unlinked or a mismatch",
    "[mpi][cache][rule]") {
  Answer answer = PersonWith(kIcnA, {kIcnB, kIcnA});
  const char* const status = GENERATE("D", "H", "U", "M", "L", "PCE", "A");
  CAPTURE(status);
  std::vector<identity::CorrelatedId> rows = answer.profile->ids.rows();
  rows.push_back(Row(kIcnC, "NI", "200M", "USVHA", status));
  answer.profile->ids = identity::GcIds(rows);
  const std::vector<CacheKey> retired = RetiredIcns(*answer.profile);
  CHECK(Holds(retired, KeyFor(ByIcn(kIcnB))));
  CHECK_FALSE(Holds(retired, KeyFor(ByIcn(kIcnA))));
  const bool replaced = std::string(status) == "D" || std::string(status) == "H";
  CHECK(Holds(retired, KeyFor(ByIcn(kIcnC))) == replaced);
}

TEST_CASE("PersonOf: the first permanent ICN; nobody without one", "[mpi][cache]") {
  CHECK(PersonOf(*PersonWith(kIcnA).profile)->value.Reveal() == kIcnA);
  CHECK_FALSE(PersonOf(Profile{}).has_value());
}

}  // namespace va::mpi
