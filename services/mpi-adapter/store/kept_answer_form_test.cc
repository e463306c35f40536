#include "services/mpi-adapter/store/kept_answer_form.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "services/mpi-adapter/domain/kept_fixture.h"

namespace va::mpi {
namespace {

using identity::PersonText;
using testing::ByIcn;
using testing::KeyFor;
using testing::kIcnA;
using testing::kIcnB;
using testing::Nobody;
using testing::PersonWith;

const absl::Time kNow = absl::FromUnixMicros(1700000000123456);

PersonText Text(const char* text) { return PersonText::FromWire(text); }

// Every field says something of its own.
Answer Everything() {
  Answer answer = PersonWith(kIcnA, {kIcnB});
  answer.reason = "reason";
  answer.transaction_id = "transaction";
  answer.query_response = "OK";
  answer.detail_code = "code";
  answer.target_message = "target";
  answer.result_count = 1;
  answer.match_score = -7;
  answer.identity_match_threshold = 0;
  answer.potential_duplicate_threshold = 99;
  answer.below_threshold = true;
  Profile& profile = *answer.profile;
  profile.names.push_back({{Text("Ánna"), Text("\xF0\x9F\x98\x80")},
                           Text("O'Brien<&>]]>"),
                           Text("Dr"),
                           Text("Jr"),
                           "P",
                           true});
  profile.gender = Text("F");
  profile.deceased_date = identity::BirthDate::FromWire("20200101");
  profile.ssn_in_first_other_id = true;
  profile.id_theft = true;
  profile.ids = identity::GcIds(profile.ids.rows(), 3);
  profile.id_extensions = {Text("one"), Text("")};
  profile.addresses.push_back({{Text("1 Road"), Text("Flat 2")},
                               Text("City"),
                               Text("ST"),
                               Text("00001"),
                               Text("USA"),
                               "HP"});
  profile.telecoms.push_back({Text("tel:+1"), "H", "tel"});
  profile.person_types = {"PAT", "VET"};
  profile.search_token = "WSDOC1";
  Relationship delegate;
  delegate.person.names.push_back({{Text("Del")}, Text("Egate"), {}, {}, "L", false});
  delegate.role = "DEL";
  delegate.role_name = "VA Healthcare Proxy";
  delegate.translation = "PRS";
  delegate.status = "ACTIVE";
  delegate.effective = "20200101";
  delegate.expires = "20300101";
  delegate.preference = "FULL";
  profile.relationships.push_back(delegate);
  return answer;
}

KeptAnswer Kept(Answer answer) {
  KeptAnswer kept;
  kept.answer = std::move(answer);
  kept.asked_at = kNow;
  kept.expires_at = kNow + absl::Hours(23);
  return kept;
}

}  // namespace

TEST_CASE("KeptForm: what is written is read back, every field", "[mpi][store]") {
  CacheKey key = KeyFor(ByIcn(kIcnA));
  key.search = SearchType::kIcnHistory;
  const auto form = ReadKept(WriteKept(key, Kept(Everything())));
  REQUIRE(form.has_value());
  CHECK(form->key.kind == KeyKind::kIcn);
  CHECK(form->key.search == SearchType::kIcnHistory);
  CHECK(form->key.value == key.value);
  CHECK(form->kept.asked_at == kNow);
  CHECK(form->kept.expires_at == kNow + absl::Hours(23));
  const Answer& answer = form->kept.answer;
  CHECK(answer.outcome == Outcome::kOk);
  CHECK(answer.reason == "reason");
  CHECK(answer.transaction_id == "transaction");
  CHECK(answer.message_id == "200VGOV-1");
  CHECK(answer.ack_code == "AA");
  CHECK(answer.query_response == "OK");
  CHECK(answer.detail_code == "code");
  CHECK(answer.target_message == "target");
  CHECK(answer.result_count == 1);
  CHECK(answer.match_score == -7);
  CHECK(answer.identity_match_threshold == 0);
  CHECK(answer.potential_duplicate_threshold == 99);
  CHECK(answer.below_threshold);
  REQUIRE(answer.profile.has_value());
  const Profile& profile = *answer.profile;
  REQUIRE(profile.names.size() == 2);
  const Name& name = profile.names[1];
  CHECK(name.given[1].Reveal() == "\xF0\x9F\x98\x80");
  CHECK(name.family.Reveal() == "O'Brien<&>]]>");
  CHECK(name.prefix.Reveal() == "Dr");
  CHECK(name.suffix.Reveal() == "Jr");
  CHECK(name.use == "P");
  CHECK(name.empty_given);
  CHECK(profile.gender.Reveal() == "F");
  CHECK(profile.birth_date.Reveal() == "19800302");
  CHECK(profile.deceased_date->Reveal() == "20200101");
  CHECK(profile.ssn->Reveal() == "796111863");
  CHECK(profile.ssn_in_first_other_id);
  CHECK(profile.id_theft);
  CHECK(profile.ids.rows() == Everything().profile->ids.rows());
  CHECK(profile.ids.malformed() == 3);
  CHECK(profile.id_extensions.size() == 2);
  CHECK(profile.historical_icns[0].Reveal() == kIcnB);
  CHECK(profile.addresses[0].street[1].Reveal() == "Flat 2");
  CHECK(profile.addresses[0].country.Reveal() == "USA");
  CHECK(profile.addresses[0].use == "HP");
  CHECK(profile.telecoms[0].value.Reveal() == "tel:+1");
  CHECK(profile.telecoms[0].use == "H");
  CHECK(profile.telecoms[0].scheme == "tel");
  CHECK(profile.person_types == std::vector<std::string>{"PAT", "VET"});
  CHECK(profile.search_token == "WSDOC1");
  REQUIRE(profile.relationships.size() == 1);
  const Relationship& delegate = profile.relationships[0];
  CHECK(delegate.person.names[0].family.Reveal() == "Egate");
  CHECK(delegate.role == "DEL");
  CHECK(delegate.role_name == "VA Healthcare Proxy");
  CHECK(delegate.translation == "PRS");
  CHECK(delegate.status == "ACTIVE");
  CHECK(delegate.effective == "20200101");
  CHECK(delegate.expires == "20300101");
  CHECK(delegate.preference == "FULL");
}

TEST_CASE("KeptForm: nobody is read back as nobody", "[mpi][store]") {
  const auto form = ReadKept(WriteKept(KeyFor(testing::PatExample()), Kept(Nobody())));
  REQUIRE(form.has_value());
  CHECK(form->kept.answer.outcome == Outcome::kNoMatch);
  CHECK_FALSE(form->kept.answer.profile.has_value());
}

TEST_CASE("KeptForm: texts that may repeat what was asked are not kept", "[mpi][store][rule]") {
  Answer answer = Nobody();
  answer.error_texts = {Text("Canary asked")};
  answer.details.push_back({Text("Canary code"), "system", Text("name"), Text("Canary text")});
  const std::string bytes = WriteKept(KeyFor(ByIcn(kIcnA)), Kept(answer));
  CHECK(bytes.find("Canary") == std::string::npos);
}

TEST_CASE("KeptForm: another version, a piece of it, or more than it, reads as nothing",
          "[mpi][store][rule]") {
  const std::string bytes = WriteKept(KeyFor(ByIcn(kIcnA)), Kept(Everything()));
  REQUIRE(ReadKept(bytes).has_value());
  std::string newer = bytes;
  newer[0] = 2;
  CHECK_FALSE(ReadKept(newer).has_value());
  for (size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(ReadKept(absl::string_view(bytes).substr(0, size)).has_value());
  }
  CHECK_FALSE(ReadKept(bytes + '\0').has_value());
}

TEST_CASE("KeptForm: no bytes at all make it crash, or take more memory than they are",
          "[mpi][store]") {
  const std::string bytes = WriteKept(KeyFor(ByIcn(kIcnA)), Kept(Everything()));
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const char byte : {'\x00', '\x01', '\x7F', '\x80', '\xFF'}) {
      std::string changed = bytes;
      changed[at] = byte;
      ReadKept(changed);
      ReadLink(changed);
    }
  }
  CHECK_FALSE(ReadKept(std::string(64, '\xFF')).has_value());
}

TEST_CASE("KeptForm: people in relation to each other end at a depth that MPI never sends",
          "[mpi][store]") {
  Answer answer = PersonWith(kIcnA);
  Profile innermost;
  for (int depth = 0; depth < 5; ++depth) {
    Profile outer;
    Relationship one;
    one.person = innermost;
    outer.relationships.push_back(one);
    innermost = outer;
  }
  answer.profile->relationships = innermost.relationships;
  CHECK_FALSE(ReadKept(WriteKept(KeyFor(ByIcn(kIcnA)), Kept(answer))).has_value());
}

TEST_CASE("KeptForm: a link is read back, and nothing else as one", "[mpi][store]") {
  const absl::Time learned_at = absl::FromUnixSeconds(1700000000);
  const std::string bytes = WriteLink({testing::Id(kIcnA), testing::Id(kIcnB), learned_at});
  const auto link = ReadLink(bytes);
  REQUIRE(link.has_value());
  CHECK(link->icn.Reveal() == kIcnA);
  CHECK(link->successor.Reveal() == kIcnB);
  CHECK(link->learned_at == learned_at);
  CHECK_FALSE(ReadLink("").has_value());
  CHECK_FALSE(ReadLink(bytes + "x").has_value());
  CHECK_FALSE(ReadLink(absl::string_view(bytes).substr(0, 9)).has_value());
}

}  // namespace va::mpi
