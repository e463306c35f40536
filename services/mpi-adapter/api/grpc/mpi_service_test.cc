#include "services/mpi-adapter/api/grpc/mpi_service.h"

#include <catch2/catch.hpp>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "services/mpi-adapter/api/grpc/pack.h"

namespace va::mpi {
namespace {

class FakeGateway final : public MpiGateway {
 public:
  absl::StatusOr<Answer> Find(const Question& question, absl::Time deadline) override {
    asked = question;
    asked_until = deadline;
    return answer;
  }

  absl::StatusOr<Answer> answer = Answer();
  std::optional<Question> asked;
  absl::Time asked_until;
};

class StringSink final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    text.append(line.data(), line.size());
    return true;
  }
  std::string text;
};

struct Bench {
  rpc::CallContext Context() const {
    rpc::CallContext context;
    context.caller = "auth-gateway.va.internal";
    context.request_id = "req-1";
    context.deadline = clock.Now() + absl::Seconds(5);
    return context;
  }
  absl::StatusOr<v1::GetProfileResponse> Get(const v1::GetProfileRequest& request) {
    return service.GetProfile(Context(), request);
  }

  testing::FakeClock clock;
  StringSink sink;
  telemetry::Log log{"mpi-adapter", telemetry::Severity::kDebug, clock, sink};
  FakeGateway gateway;
  MpiServiceImpl service{gateway, log};
};

v1::GetProfileRequest ByIcn(int loa = 3) {
  v1::GetProfileRequest request;
  request.set_loa_current(loa);
  request.mutable_by_identifier()->set_type(v1::IDENTIFIER_TYPE_ICN);
  request.mutable_by_identifier()->set_value("1019900417V557122");
  return request;
}

Profile Zebulon() {
  Profile profile;
  Name name;
  name.use = "L";
  name.given = {identity::PersonText::FromWire("ZEBULON")};
  name.family = identity::PersonText::FromWire("TESTWELL");
  name.prefix = identity::PersonText::FromWire("DR");
  name.suffix = identity::PersonText::FromWire("III");
  profile.names = {name};
  profile.gender = identity::PersonText::FromWire("M");
  profile.birth_date = identity::BirthDate::FromWire("19510409");
  profile.deceased_date = identity::BirthDate::FromWire("20210704");
  profile.ssn = identity::Ssn::FromWire("987001234");
  profile.id_theft = true;
  profile.ids = identity::GcIds({
      *identity::ParseCorrelatedId("1019900417V557122^NI^200M^USVHA^P", identity::kVaRoot),
      *identity::ParseCorrelatedId("1000000009V000009^NI^200M^USVHA^P", identity::kVaRoot),
      *identity::ParseCorrelatedId("1500600700^NI^200DOD^USDOD^A", identity::kDodRoot),
  });
  Address address;
  address.street = {identity::PersonText::FromWire("1 Nowhere Rd"),
                    identity::PersonText::FromWire("Apt 9")};
  address.city = identity::PersonText::FromWire("Testville");
  address.state = identity::PersonText::FromWire("ZZ");
  address.postal_code = identity::PersonText::FromWire("00001");
  address.country = identity::PersonText::FromWire("USA");
  address.use = "PHYS";
  profile.addresses = {address};
  profile.telecoms = {{identity::PersonText::FromWire("5550100"), "HP"}};
  profile.person_types = {"PAT", "VET"};
  return profile;
}

Answer Match() {
  Answer answer;
  answer.outcome = Outcome::kOk;
  answer.reason = "MATCH";
  answer.profile = Zebulon();
  answer.transaction_id = "txn-1";
  answer.message_id = "200VGOV-x";
  answer.ack_code = "AA";
  answer.match_score = 158;
  answer.identity_match_threshold = 131;
  answer.potential_duplicate_threshold = 117;
  return answer;
}

TEST_CASE("GetProfile: every fact of a profile reaches the wire", "[mpi][api]") {
  Bench bench;
  bench.gateway.answer = Match();
  const auto response = bench.Get(ByIcn());
  REQUIRE(response.ok());
  CHECK(response->outcome() == common::v1::MPI_OUTCOME_OK);
  CHECK(response->transaction_id() == "txn-1");
  CHECK(response->message_id() == "200VGOV-x");
  CHECK(response->ack_code() == "AA");
  CHECK(response->match_score() == 158);
  CHECK(response->identity_match_threshold() == 131);
  CHECK(response->potential_duplicate_threshold() == 117);
  CHECK_FALSE(response->from_cache());
  const common::v1::Profile& profile = response->profile();
  CHECK(profile.icn() == "1019900417V557122");
  CHECK(profile.icns_size() == 2);
  REQUIRE(profile.names_size() == 1);
  CHECK(profile.names(0).given(0) == "ZEBULON");
  CHECK(profile.names(0).family() == "TESTWELL");
  CHECK(profile.names(0).prefix() == "DR");
  CHECK(profile.names(0).suffix() == "III");
  CHECK(profile.names(0).use() == "L");
  CHECK(profile.gender() == "M");
  CHECK(profile.birth_date() == "19510409");
  CHECK(profile.deceased_date() == "20210704");
  CHECK(profile.ssn() == "987001234");
  CHECK(profile.id_theft());
  REQUIRE(profile.ids_size() == 3);
  CHECK(profile.ids(2).id() == "1500600700");
  CHECK(profile.ids(2).id_type() == "NI");
  CHECK(profile.ids(2).facility() == "200DOD");
  CHECK(profile.ids(2).authority() == "USDOD");
  CHECK(profile.ids(2).status() == "A");
  CHECK(profile.ids(2).root() == identity::kDodRoot);
  REQUIRE(profile.addresses_size() == 1);
  CHECK(profile.addresses(0).street_size() == 2);
  CHECK(profile.addresses(0).postal_code() == "00001");
  CHECK(profile.telecoms(0) == "5550100");
  CHECK(profile.person_types_size() == 2);
}

TEST_CASE("GetProfile: below LOA3 the outcome is BLOCKED and nothing is asked (M3)",
          "[mpi][api][rule]") {
  const int loa = GENERATE(-1, 0, 1, 2);
  Bench bench;
  bench.gateway.answer = Match();
  const auto response = bench.Get(ByIcn(loa));
  REQUIRE(response.ok());
  CHECK(response->outcome() == common::v1::MPI_OUTCOME_BLOCKED);
  CHECK_FALSE(response->has_profile());
  CHECK_FALSE(bench.gateway.asked.has_value());
}

TEST_CASE("GetProfile: a profile goes out under OK only", "[mpi][api][rule]") {
  Bench bench;
  Answer answer = Match();
  answer.outcome = Outcome::kMultipleMatches;
  bench.gateway.answer = answer;
  const auto response = bench.Get(ByIcn());
  REQUIRE(response.ok());
  CHECK(response->outcome() == common::v1::MPI_OUTCOME_MULTIPLE_MATCHES);
  CHECK_FALSE(response->has_profile());
}

TEST_CASE("GetProfile: every outcome has its own value on the wire", "[mpi][api][rule]") {
  for (const Outcome outcome :
       {Outcome::kOk, Outcome::kNoMatch, Outcome::kMultipleMatches, Outcome::kInvalidRequest,
        Outcome::kSenderRejected, Outcome::kDuplicateKey, Outcome::kMpiFailed, Outcome::kTransport,
        Outcome::kTimeout, Outcome::kBreakerOpen, Outcome::kUnparseable, Outcome::kBlocked}) {
    CHECK(common::v1::MpiOutcome_Name(PackOutcome(outcome)) ==
          "MPI_OUTCOME_" + std::string(OutcomeName(outcome)));
  }
}

TEST_CASE("GetProfile: the caller's deadline is passed on, less what the answer needs",
          "[mpi][api][rule]") {
  Bench bench;
  REQUIRE(bench.Get(ByIcn()).ok());
  CHECK(bench.gateway.asked_until ==
        bench.clock.Now() + absl::Seconds(5) - absl::Milliseconds(100));
}

TEST_CASE("GetProfile: both kinds of question are unpacked", "[mpi][api]") {
  Bench bench;
  const std::pair<v1::IdentifierType, IdentifierType> types[] = {
      {v1::IDENTIFIER_TYPE_ICN, IdentifierType::kIcn},
      {v1::IDENTIFIER_TYPE_IDME, IdentifierType::kIdme},
      {v1::IDENTIFIER_TYPE_LOGINGOV, IdentifierType::kLogingov},
      {v1::IDENTIFIER_TYPE_MHV, IdentifierType::kMhv},
      {v1::IDENTIFIER_TYPE_EDIPI, IdentifierType::kEdipi}};
  for (const auto& [wire, type] : types) {
    v1::GetProfileRequest request = ByIcn();
    request.mutable_by_identifier()->set_type(wire);
    REQUIRE(bench.Get(request).ok());
    CHECK(std::get<ByIdentifier>(bench.gateway.asked->by).type == type);
  }
  v1::GetProfileRequest request;
  request.set_loa_current(3);
  v1::ByTraits& wire = *request.mutable_by_traits();
  wire.set_first_name("Zebulon");
  wire.set_middle_name("Quincy");
  wire.set_last_name("Testwell");
  wire.set_birth_date("1951-04-09");
  wire.set_ssn("987001234");
  wire.set_gender("M");
  REQUIRE(bench.Get(request).ok());
  const auto& traits = std::get<ByTraits>(bench.gateway.asked->by);
  CHECK(traits.first_name.Reveal() == "Zebulon");
  CHECK(traits.middle_name.Reveal() == "Quincy");
  CHECK(traits.last_name.Reveal() == "Testwell");
  CHECK(traits.birth_date.Reveal() == "1951-04-09");
  CHECK(traits.ssn.Reveal() == "987001234");
  CHECK(traits.gender.Reveal() == "M");
}

TEST_CASE("GetProfile: no question and no identifier type are INVALID_ARGUMENT",
          "[mpi][api][rule]") {
  Bench bench;
  v1::GetProfileRequest request;
  request.set_loa_current(3);
  CHECK(base::ReasonOf(bench.Get(request).status()) == "QUESTION_MISSING");
  request.mutable_by_identifier()->set_value("x");
  CHECK(base::ReasonOf(bench.Get(request).status()) == "IDENTIFIER_TYPE_UNKNOWN");
  CHECK_FALSE(bench.gateway.asked.has_value());
}

TEST_CASE("GetProfile: a lookup is one log line without anything personal", "[mpi][api][log]") {
  Bench bench;
  bench.gateway.answer = Match();
  REQUIRE(bench.Get(ByIcn()).ok());
  const std::string& text = bench.sink.text;
  CHECK(absl::StrContains(text, "\"ev\":\"mpi.lookup.done\""));
  CHECK(absl::StrContains(text, "\"outcome\":\"OK\""));
  CHECK(absl::StrContains(text, "\"transaction_id\":\"txn-1\""));
  CHECK(absl::StrContains(text, "\"req\":\"req-1\""));
  CHECK(absl::StrContains(text, "\"ms\":"));
  CHECK(text.find('\n') == text.size() - 1);
  for (const char* personal : {"1019900417V557122", "ZEBULON", "TESTWELL", "19510409", "987001234",
                               "1500600700", "Nowhere", "5550100"}) {
    CHECK_FALSE(absl::StrContains(text, personal));
  }
}

TEST_CASE("GetProfile: a refused question is logged by its reason alone", "[mpi][api][log]") {
  Bench bench;
  bench.gateway.answer = base::MakeError(absl::StatusCode::kInvalidArgument, "FIELD_MALFORMED",
                                         "ssn: not of the form it must have");
  const absl::Status status = bench.Get(ByIcn()).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(absl::StrContains(bench.sink.text, "\"ev\":\"mpi.lookup.refused\""));
  CHECK(absl::StrContains(bench.sink.text, "\"reason\":\"FIELD_MALFORMED\""));
}

}  // namespace
}  // namespace va::mpi
