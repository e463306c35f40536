#include "services/mpi-adapter/api/grpc/mpi_service.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "services/mpi-adapter/api/grpc/pack.h"
#include "services/mpi-adapter/api/grpc/unpack.h"
#include "services/mpi-adapter/domain/changes_testing.h"

namespace va::mpi {
namespace {

class StringSink final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    text.append(line.data(), line.size());
    return true;
  }
  std::string text;
};

// "mpi.person_added accepted CODE TAG csp caller", and of whom.
class FakeAudit final : public telemetry::Audit {
 public:
  absl::Status Write(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) override {
    lines.push_back(absl::StrCat(telemetry::ToString(event), " ", facts.outcome, " ", facts.code,
                                 " ", facts.tag, " ", facts.csp, " ", facts.caller, " ",
                                 facts.request_id));
    of.push_back(absl::StrCat(facts.credential_id, " ", facts.icn));
    return failure;
  }
  std::vector<std::string> lines;
  std::vector<std::string> of;
  absl::Status failure;
};

class DeafObserver final : public CacheObserver {
 public:
  void Looked(CacheResult /*result*/) override {}
  void ServedAt(absl::Duration /*age*/) override {}
  void StoreFailed() override {}
};

struct Bench : testing::ChangeBench {
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
  // Nothing was asked, sent, claimed or forgotten.
  bool Quiet() const {
    return mpi.asked.empty() && mpi.sent.empty() && claims.tries == 0 && cache.forgotten.empty();
  }

  StringSink sink;
  telemetry::Log log{"mpi-adapter", telemetry::Severity::kDebug, clock, sink};
  FakeAudit audit;
  DeafObserver observer;
  CachedMpi cached{{cache, mpi, mpi, clock, ids, observer}, CacheSettings()};
  MpiServiceImpl service{{cached, mpi, changes, log, audit}};
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
  profile.historical_icns = {identity::Icn::FromWire("1000000001V100001")};
  profile.search_token = "WSDOC1";
  Relationship delegate;
  delegate.role = "DEL";
  delegate.role_name = "VA Healthcare Proxy";
  delegate.translation = "PRS";
  delegate.status = "ACTIVE";
  delegate.effective = "20200101";
  delegate.expires = "20300101";
  delegate.preference = "FULL";
  delegate.person.names = {name};
  delegate.person.gender = identity::PersonText::FromWire("F");
  delegate.person.birth_date = identity::BirthDate::FromWire("19600202");
  delegate.person.telecoms = {{identity::PersonText::FromWire("mailto:kin@example.test"), "H"}};
  delegate.person.ids = identity::GcIds(
      {*identity::ParseCorrelatedId("1000000002V100002^NI^200M^USVHA^P", identity::kVaRoot)});
  profile.relationships = {delegate};
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
  answer.query_response = "OK";
  answer.match_score = 158;
  answer.identity_match_threshold = 131;
  answer.potential_duplicate_threshold = 117;
  return answer;
}

TEST_CASE("GetProfile: every fact of a profile reaches the wire", "[mpi][api]") {
  Bench bench;
  bench.mpi.answers = {Match()};
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
  CHECK(profile.names(0).displayed() == "Zebulon Testwell III");
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
  REQUIRE(profile.contacts_size() == 1);
  CHECK(profile.contacts(0).value() == "5550100");
  CHECK(profile.contacts(0).use() == "HP");
  REQUIRE(profile.historical_icns_size() == 1);
  CHECK(profile.historical_icns(0) == "1000000001V100001");
  CHECK(profile.search_token() == "WSDOC1");
  REQUIRE(profile.relationships_size() == 1);
  const common::v1::Relationship& delegate = profile.relationships(0);
  CHECK(delegate.role() == "DEL");
  CHECK(delegate.role_name() == "VA Healthcare Proxy");
  CHECK(delegate.translation() == "PRS");
  CHECK(delegate.status() == "ACTIVE");
  CHECK(delegate.effective() == "20200101");
  CHECK(delegate.expires() == "20300101");
  CHECK(delegate.preference() == "FULL");
  CHECK(delegate.names_size() == 1);
  CHECK(delegate.gender() == "F");
  CHECK(delegate.birth_date() == "19600202");
  CHECK(delegate.contacts(0).value() == "mailto:kin@example.test");
  CHECK(delegate.ids(0).id() == "1000000002V100002");
}

TEST_CASE("GetProfile: why, and whether to ask again, stand beside the outcome (mpi_mhv.md 3.3)",
          "[mpi][api]") {
  Bench bench;
  Answer failed = testing::SearchAnswer(Outcome::kMpiFailed, "ACK_AR");
  failed.ack_code = "AR";
  failed.detail_code = "INTERR";
  failed.query_response = "AE";
  bench.mpi.answers = {failed, testing::SearchAnswer(Outcome::kNoMatch, "NOT_FOUND")};
  const auto no_answer = bench.Get(ByIcn());
  REQUIRE(no_answer.ok());
  CHECK(no_answer->reason() == "ACK_AR");
  CHECK(no_answer->retryable());
  CHECK(no_answer->detail_code() == "INTERR");
  CHECK(no_answer->query_response() == "AE");
  CHECK_FALSE(no_answer->flags_known());
  const auto nobody = bench.Get(ByIcn());
  REQUIRE(nobody.ok());
  CHECK(nobody->reason() == "NOT_FOUND");
  CHECK_FALSE(nobody->retryable());
}

TEST_CASE(
    "GetProfile: an answer that was kept says so, with its age; R7 its flags count while young",
    "[mpi][api][rule][R7]") {
  Bench bench;
  bench.mpi.answers = {Match()};
  const auto first = bench.Get(ByIcn());
  REQUIRE(first.ok());
  CHECK_FALSE(first->from_cache());
  CHECK_FALSE(first->has_age());
  CHECK(first->flags_known());
  bench.clock.Advance(absl::Milliseconds(90500));
  const auto second = bench.Get(ByIcn());
  REQUIRE(second.ok());
  CHECK(second->from_cache());
  CHECK(second->age().seconds() == 90);
  CHECK(second->age().nanos() == 500000000);
  CHECK(second->flags_known());
  CHECK(second->profile().icn() == "1019900417V557122");
  CHECK(bench.mpi.asked.size() == 1);

  bench.clock.Advance(absl::Hours(1));
  v1::GetProfileRequest request = ByIcn();
  request.set_freshness(v1::FRESHNESS_PROFILE);
  const auto old = bench.Get(request);
  REQUIRE(old.ok());
  CHECK(old->from_cache());
  CHECK_FALSE(old->flags_known());
  request.set_freshness(v1::FRESHNESS_ASK);
  const auto asked = bench.Get(request);
  REQUIRE(asked.ok());
  CHECK_FALSE(asked->from_cache());
  CHECK(bench.mpi.asked.size() == 2);
}

TEST_CASE("GetProfile: R5 when MPI cannot be asked again there is no profile, however one was kept",
          "[mpi][api][rule][R5]") {
  const Outcome outcome =
      GENERATE(Outcome::kMpiFailed, Outcome::kTransport, Outcome::kTimeout, Outcome::kBreakerOpen);
  Bench bench;
  bench.mpi.answers = {Match(), testing::SearchAnswer(outcome)};
  REQUIRE(bench.Get(ByIcn()).ok());
  bench.clock.Advance(absl::Hours(1));
  const auto response = bench.Get(ByIcn());
  REQUIRE(response.ok());
  CHECK(response->outcome() == PackOutcome(outcome));
  CHECK(response->retryable());
  CHECK_FALSE(response->has_profile());
}

TEST_CASE("GetProfile: search types are a closed list, relationships unless told otherwise",
          "[mpi][api][rule]") {
  Bench bench;
  bench.mpi.answers = {Match()};
  const std::pair<v1::SearchType, SearchType> types[] = {
      {v1::SEARCH_TYPE_UNSPECIFIED, SearchType::kRelationships},
      {v1::SEARCH_TYPE_CORRELATIONS, SearchType::kCorrelations},
      {v1::SEARCH_TYPE_ICN_HISTORY, SearchType::kIcnHistory},
      {v1::SEARCH_TYPE_RELATIONSHIPS, SearchType::kRelationships}};
  for (const auto& [wire, type] : types) {
    v1::GetProfileRequest request = ByIcn();
    request.set_search_type(wire);
    request.set_freshness(v1::FRESHNESS_ASK);
    REQUIRE(bench.Get(request).ok());
    CHECK(bench.mpi.asked.back().search == type);
    CHECK(bench.mpi.asked.back().view == View::kPrimary);
  }
  v1::GetProfileRequest request = ByIcn();
  request.set_search_type(static_cast<v1::SearchType>(77));
  CHECK(base::ReasonOf(bench.Get(request).status()) == "SEARCH_TYPE_UNKNOWN");
  request = ByIcn();
  request.set_freshness(static_cast<v1::Freshness>(77));
  CHECK(base::ReasonOf(bench.Get(request).status()) == "FRESHNESS_UNKNOWN");
  request = ByIcn();
  request.mutable_by_identifier()->set_type(static_cast<v1::IdentifierType>(77));
  CHECK(base::ReasonOf(bench.Get(request).status()) == "IDENTIFIER_TYPE_UNKNOWN");
}

TEST_CASE("GetProfile: R6 M3 below LOA3 the outcome is BLOCKED and nothing is asked",
          "[mpi][api][rule][R6][M3]") {
  const int loa = GENERATE(-1, 0, 1, 2, 4, 33);
  Bench bench;
  bench.mpi.answers = {Match()};
  const auto response = bench.Get(ByIcn(loa));
  REQUIRE(response.ok());
  CHECK(response->outcome() == common::v1::MPI_OUTCOME_BLOCKED);
  CHECK(response->reason() == "LOA_TOO_LOW");
  CHECK_FALSE(response->has_profile());
  CHECK(bench.Quiet());
}

TEST_CASE("GetProfile: a profile goes out under OK only", "[mpi][api][rule]") {
  Bench bench;
  Answer answer = Match();
  answer.outcome = Outcome::kMultipleMatches;
  bench.mpi.answers = {answer};
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
  bench.mpi.answers = {Match()};
  REQUIRE(bench.Get(ByIcn()).ok());
  CHECK(bench.mpi.asked_until.at(0) ==
        bench.clock.Now() + absl::Seconds(5) - absl::Milliseconds(100));
}

TEST_CASE("GetProfile: both kinds of question are unpacked", "[mpi][api]") {
  Bench bench;
  bench.mpi.answers = {Match()};
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
    CHECK(std::get<ByIdentifier>(bench.mpi.asked.back().by).type == type);
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
  const auto& traits = std::get<ByTraits>(bench.mpi.asked.back().by);
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
  CHECK(bench.mpi.asked.empty());
}

TEST_CASE("GetProfile: a lookup is one log line without anything personal", "[mpi][api][log]") {
  Bench bench;
  bench.mpi.answers = {Match()};
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
  bench.mpi.answers = {base::MakeError(absl::StatusCode::kInvalidArgument, "FIELD_MALFORMED",
                                       "ssn: not of the form it must have")};
  const absl::Status status = bench.Get(ByIcn()).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(absl::StrContains(bench.sink.text, "\"ev\":\"mpi.lookup.refused\""));
  CHECK(absl::StrContains(bench.sink.text, "\"reason\":\"FIELD_MALFORMED\""));
}

// ---- bounds ----

TEST_CASE(
    "mpi-adapter: every field has a bound; what is beyond it is refused by name, never by value",
    "[mpi][api][attack]") {
  Bench bench;
  const std::string flood(513, 'Q');
  const auto field_of = [](const absl::Status& status) {
    CHECK(absl::IsInvalidArgument(status));
    CHECK(base::ReasonOf(status) == "FIELD_TOO_LONG");
    CHECK_FALSE(absl::StrContains(status.message(), "QQQ"));
    return std::string(status.message());
  };
  v1::GetProfileRequest find;
  find.set_loa_current(3);
  using SetTraits = void (*)(v1::ByTraits&, const std::string&);
  const std::pair<const char*, SetTraits> traits[] = {
      {"first_name", [](v1::ByTraits& by, const std::string& v) { by.set_first_name(v); }},
      {"middle_name", [](v1::ByTraits& by, const std::string& v) { by.set_middle_name(v); }},
      {"last_name", [](v1::ByTraits& by, const std::string& v) { by.set_last_name(v); }},
      {"birth_date", [](v1::ByTraits& by, const std::string& v) { by.set_birth_date(v); }},
      {"ssn", [](v1::ByTraits& by, const std::string& v) { by.set_ssn(v); }},
      {"gender", [](v1::ByTraits& by, const std::string& v) { by.set_gender(v); }},
      {"edipi", [](v1::ByTraits& by, const std::string& v) { by.set_edipi(v); }}};
  for (const auto& [name, set] : traits) {
    find.clear_by_traits();
    set(*find.mutable_by_traits(), flood);
    CHECK(field_of(bench.Get(find).status()) == std::string(name) + ": too long");
  }
  v1::GetProfileRequest by_id = ByIcn();
  by_id.mutable_by_identifier()->set_value(flood);
  CHECK(field_of(bench.Get(by_id).status()) == "identifier.value: too long");
  by_id = ByIcn();
  by_id.mutable_by_identifier()->set_facility(flood);
  CHECK(field_of(bench.Get(by_id).status()) == "identifier.facility: too long");
  by_id = ByIcn();
  by_id.set_request_id(flood);
  CHECK(base::ReasonOf(bench.Get(by_id).status()) == "REQUEST_ID");
  v1::AddPersonProxyRequest proxy;
  proxy.set_loa_current(3);
  proxy.set_icn(flood);
  CHECK(field_of(bench.service.AddPersonProxy(bench.Context(), proxy).status()) == "icn: too long");
  proxy.set_icn("1019900417V557122");
  proxy.set_request_id(flood);
  CHECK(base::ReasonOf(bench.service.AddPersonProxy(bench.Context(), proxy).status()) ==
        "REQUEST_ID");
  CHECK(bench.Quiet());
}

TEST_CASE("mpi-adapter: a request id that is no plain token is in no log line",
          "[mpi][api][log][attack]") {
  Bench bench;
  rpc::CallContext context = bench.Context();
  context.request_id.clear();
  v1::GetProfileRequest request = ByIcn(1);
  request.set_request_id("Zebulon Testwell, 987-00-1234");
  REQUIRE(bench.service.GetProfile(context, request).ok());
  CHECK(absl::StrContains(bench.sink.text, "\"req\":\"\""));
  CHECK_FALSE(absl::StrContains(bench.sink.text, "Testwell"));
  request.set_request_id("job-1");
  REQUIRE(bench.service.GetProfile(context, request).ok());
  CHECK(absl::StrContains(bench.sink.text, "\"req\":\"job-1\""));
}

template <typename Request>
Request Applicant() {
  Request request;
  request.set_loa_current(3);
  request.set_idme_uuid("c4b2aa11aa0e4f1d9d01");
  request.set_first_name("Zebulon");
  request.set_last_name("Testwell");
  request.set_birth_date("1951-04-09");
  request.set_ssn("987001234");
  request.set_email("zeb@example.test");
  common::v1::Address& address = *request.mutable_address();
  address.add_street("1 Nowhere Rd");
  address.set_city("Testville");
  address.set_state("ZZ");
  address.set_postal_code("00001");
  address.set_country("USA");
  return request;
}

v1::UpdateProfileRequest Linked() {
  auto request = Applicant<v1::UpdateProfileRequest>();
  request.set_icn("1019900417V557122");
  return request;
}

TEMPLATE_TEST_CASE("mpi-adapter: every field of a change has a bound", "[mpi][api][attack]",
                   v1::AddPersonImplicitRequest, v1::UpdateProfileRequest) {
  Bench bench;
  const std::string flood(513, 'Q');
  const auto refusal = [&bench](const TestType& request) {
    if constexpr (std::is_same_v<TestType, v1::AddPersonImplicitRequest>) {
      return bench.service.AddPersonImplicit(bench.Context(), request).status();
    } else {
      return bench.service.UpdateProfile(bench.Context(), request).status();
    }
  };
  using Set = void (*)(TestType&, const std::string&);
  const std::pair<const char*, Set> fields[] = {
      {"idme_uuid", [](TestType& r, const std::string& v) { r.set_idme_uuid(v); }},
      {"logingov_uuid", [](TestType& r, const std::string& v) { r.set_logingov_uuid(v); }},
      {"first_name", [](TestType& r, const std::string& v) { r.set_first_name(v); }},
      {"last_name", [](TestType& r, const std::string& v) { r.set_last_name(v); }},
      {"birth_date", [](TestType& r, const std::string& v) { r.set_birth_date(v); }},
      {"ssn", [](TestType& r, const std::string& v) { r.set_ssn(v); }},
      {"email", [](TestType& r, const std::string& v) { r.set_email(v); }},
      {"address.street",
       [](TestType& r, const std::string& v) { r.mutable_address()->add_street(v); }},
      {"address.city", [](TestType& r, const std::string& v) { r.mutable_address()->set_city(v); }},
      {"address.state",
       [](TestType& r, const std::string& v) { r.mutable_address()->set_state(v); }},
      {"address.postal_code",
       [](TestType& r, const std::string& v) { r.mutable_address()->set_postal_code(v); }},
      {"address.country",
       [](TestType& r, const std::string& v) { r.mutable_address()->set_country(v); }}};
  for (const auto& [name, set] : fields) {
    auto request = Applicant<TestType>();
    set(request, flood);
    const absl::Status status = refusal(request);
    CHECK(base::ReasonOf(status) == "FIELD_TOO_LONG");
    CHECK(status.message() == std::string(name) + ": too long");
  }
  auto many = Applicant<TestType>();
  for (int i = 0; i < 9; ++i) many.mutable_address()->add_street("line");
  CHECK(base::ReasonOf(refusal(many)) == "FIELD_TOO_LONG");
  auto request = Applicant<TestType>();
  request.set_request_id(flood);
  CHECK(base::ReasonOf(refusal(request)) == "REQUEST_ID");
  if constexpr (std::is_same_v<TestType, v1::UpdateProfileRequest>) {
    request = Applicant<TestType>();
    request.set_icn(flood);
    CHECK(refusal(request).message() == "icn: too long");
    request.set_icn("1019900417V557122");
    request.set_edipi(flood);
    CHECK(refusal(request).message() == "edipi: too long");
  }
  request = Applicant<TestType>();
  request.clear_last_name();
  CHECK(refusal(request).message() == "last_name: required");
  request = Applicant<TestType>();
  request.clear_birth_date();
  CHECK(refusal(request).message() == "birth_date: required");
  CHECK(bench.Quiet());
}

TEST_CASE("mpi-adapter: changes name what they lack", "[mpi][api][rule]") {
  Bench bench;
  auto add = Applicant<v1::AddPersonImplicitRequest>();
  add.clear_idme_uuid();
  CHECK(base::ReasonOf(bench.service.AddPersonImplicit(bench.Context(), add).status()) ==
        "FIELD_MISSING");
  v1::UpdateProfileRequest update = Linked();
  update.clear_icn();
  CHECK(bench.service.UpdateProfile(bench.Context(), update).status().message() == "icn: required");
  update = Linked();
  update.clear_email();
  CHECK(bench.service.UpdateProfile(bench.Context(), update).status().message() ==
        "email: required");
  update = Linked();
  update.clear_idme_uuid();
  CHECK(base::ReasonOf(bench.service.UpdateProfile(bench.Context(), update).status()) ==
        "FIELD_MISSING");
  v1::AddPersonProxyRequest proxy;
  proxy.set_loa_current(3);
  CHECK(bench.service.AddPersonProxy(bench.Context(), proxy).status().message() == "icn: required");
  CHECK(bench.Quiet());
}

// ---- the second lock ----

TEST_CASE("mpi-adapter: R6 M3 below LOA3 no RPC asks MPI, adds or changes anything",
          "[mpi][api][rule][R6][M3]") {
  Bench bench;
  bench.mpi.answers = {Match()};
  v1::FindByIdentifierRequest by_identifier;
  *by_identifier.mutable_identifier() = ByIcn().by_identifier();
  v1::FindByAttributesRequest by_traits;
  by_traits.mutable_traits()->set_last_name("Testwell");
  auto add = Applicant<v1::AddPersonImplicitRequest>();
  v1::AddPersonProxyRequest proxy;
  proxy.set_icn("1019900417V557122");
  v1::UpdateProfileRequest update = Linked();
  for (const int loa : {-1, 0, 1, 2, 4}) {
    by_identifier.set_loa_current(loa);
    by_traits.set_loa_current(loa);
    add.set_loa_current(loa);
    proxy.set_loa_current(loa);
    update.set_loa_current(loa);
    const rpc::CallContext context = bench.Context();
    const auto blocked = common::v1::MPI_OUTCOME_BLOCKED;
    CHECK(bench.service.FindByIdentifier(context, by_identifier)->answer().outcome() == blocked);
    CHECK(bench.service.FindByAttributes(context, by_traits)->answer().outcome() == blocked);
    const auto added = bench.service.AddPersonImplicit(context, add);
    CHECK(added->change().outcome() == blocked);
    CHECK(added->change().reason() == "LOA_TOO_LOW");
    CHECK_FALSE(added->added());
    const auto proxied = bench.service.AddPersonProxy(context, proxy);
    CHECK(proxied->change().outcome() == blocked);
    CHECK(proxied->step() == v1::AddPersonProxyResponse::STEP_UNSPECIFIED);
    CHECK(bench.service.UpdateProfile(context, update)->change().outcome() == blocked);
  }
  CHECK(bench.Quiet());
  CHECK(bench.audit.lines.empty());
}

// ---- finds past the cache ----

TEST_CASE("FindByIdentifier: MPI is asked, whatever is kept; search type and view are passed on",
          "[mpi][api][rule]") {
  Bench bench;
  bench.mpi.answers = {Match()};
  v1::FindByIdentifierRequest request;
  request.set_loa_current(3);
  *request.mutable_identifier() = ByIcn().by_identifier();
  request.set_search_type(v1::SEARCH_TYPE_ICN_HISTORY);
  request.mutable_identifier()->set_type(v1::IDENTIFIER_TYPE_MHV);
  request.set_view(v1::VIEW_CORRELATION);
  for (int i = 1; i <= 2; ++i) {
    const auto response = bench.service.FindByIdentifier(bench.Context(), request);
    REQUIRE(response.ok());
    CHECK(response->answer().profile().icn() == "1019900417V557122");
    CHECK_FALSE(response->answer().from_cache());
    CHECK(response->answer().flags_known());
    CHECK(bench.mpi.asked.size() == static_cast<std::size_t>(i));
  }
  CHECK(bench.mpi.asked.back().search == SearchType::kIcnHistory);
  CHECK(bench.mpi.asked.back().view == View::kCorrelation);
  CHECK(bench.cache.kept.empty());
  request.set_view(static_cast<v1::View>(77));
  CHECK(base::ReasonOf(bench.service.FindByIdentifier(bench.Context(), request).status()) ==
        "VIEW_UNKNOWN");
  request.clear_identifier();
  CHECK(base::ReasonOf(bench.service.FindByIdentifier(bench.Context(), request).status()) ==
        "QUESTION_MISSING");
}

TEST_CASE("FindByIdentifier: an id at a facility needs the facility, and no other id has one",
          "[mpi][api][rule]") {
  Bench bench;
  bench.mpi.answers = {Match()};
  v1::FindByIdentifierRequest request;
  request.set_loa_current(3);
  request.mutable_identifier()->set_type(v1::IDENTIFIER_TYPE_FACILITY);
  request.mutable_identifier()->set_value("7170001");
  const auto refusal = [&] {
    return bench.service.FindByIdentifier(bench.Context(), request).status();
  };
  CHECK(refusal().message() == "identifier.facility: required");
  request.mutable_identifier()->set_facility("516");
  REQUIRE(refusal().ok());
  const auto& asked = std::get<ByFacility>(bench.mpi.asked.back().by);
  CHECK(asked.facility == "516");
  CHECK(asked.vista_id.Reveal() == "7170001");
  request.mutable_identifier()->set_type(v1::IDENTIFIER_TYPE_MHV);
  CHECK(base::ReasonOf(refusal()) == "FIELD_UNEXPECTED");
}

TEST_CASE("FindByIdentifier: who is asked for by an ICN that was replaced is marked so",
          "[mpi][api][rule]") {
  Bench bench;
  bench.mpi.answers = {Match()};
  v1::FindByIdentifierRequest request;
  request.set_loa_current(3);
  request.mutable_identifier()->set_type(v1::IDENTIFIER_TYPE_ICN);
  request.mutable_identifier()->set_value("1000000001V100001");
  const auto retired = bench.service.FindByIdentifier(bench.Context(), request);
  CHECK(retired->answer().asked_by_retired_icn());
  request.mutable_identifier()->set_value("1019900417V557122");
  const auto current = bench.service.FindByIdentifier(bench.Context(), request);
  CHECK_FALSE(current->answer().asked_by_retired_icn());
}

TEST_CASE("FindByAttributes: MPI is asked; an EDIPI makes the search an orchestrated one",
          "[mpi][api][rule]") {
  Bench bench;
  bench.mpi.answers = {Match()};
  v1::FindByAttributesRequest request;
  request.set_loa_current(3);
  request.mutable_traits()->set_first_name("Zebulon");
  request.mutable_traits()->set_last_name("Testwell");
  request.mutable_traits()->set_birth_date("19510409");
  request.mutable_traits()->set_ssn("987001234");
  request.mutable_traits()->set_edipi("1500600700");
  const auto response = bench.service.FindByAttributes(bench.Context(), request);
  REQUIRE(response.ok());
  CHECK(response->answer().profile().search_token() == "WSDOC1");
  CHECK(std::get<ByTraits>(bench.mpi.asked.back().by).edipi.Reveal() == "1500600700");
  request.clear_traits();
  CHECK(base::ReasonOf(bench.service.FindByAttributes(bench.Context(), request).status()) ==
        "QUESTION_MISSING");
}

// ---- changes ----

ChangeAnswer Accepted() {
  ChangeAnswer answer = testing::AddAnswer(Outcome::kOk, "ACCEPTED");
  answer.ack_code = "AA";
  answer.codes.icn = identity::Icn::FromWire("1019900417V557122");
  answer.codes.birls_id = identity::CspId::FromWire("111985523");
  answer.codes.participant_id = identity::CspId::FromWire("32397028");
  answer.codes.idme_uuid = identity::CspId::FromWire("c4b2aa11aa0e4f1d9d01");
  answer.codes.logingov_uuid = identity::CspId::FromWire("some-logingov");
  answer.codes.edipi = identity::CspId::FromWire("1500600700");
  return answer;
}

TEST_CASE(
    "AddPersonImplicit: every fact reaches MPI and comes back; the trail says that it was sent",
    "[mpi][api][audit]") {
  Bench bench;
  bench.mpi.answers = {testing::SearchAnswer(Outcome::kNoMatch), Match()};
  bench.mpi.change_answer = Accepted();
  const auto response =
      bench.service.AddPersonImplicit(bench.Context(), Applicant<v1::AddPersonImplicitRequest>());
  REQUIRE(response.ok());
  const auto& sent = std::get<AddPerson>(bench.mpi.sent.at(0));
  CHECK(sent.idme_uuid.Reveal() == "c4b2aa11aa0e4f1d9d01");
  CHECK(sent.first_name.Reveal() == "Zebulon");
  CHECK(sent.last_name.Reveal() == "Testwell");
  CHECK(sent.birth_date.Reveal() == "1951-04-09");
  CHECK(sent.ssn.Reveal() == "987001234");
  CHECK(sent.email.Reveal() == "zeb@example.test");
  REQUIRE(sent.address.has_value());
  CHECK(sent.address->street.at(0).Reveal() == "1 Nowhere Rd");
  CHECK(sent.address->city.Reveal() == "Testville");
  CHECK(sent.address->state.Reveal() == "ZZ");
  CHECK(sent.address->postal_code.Reveal() == "00001");
  CHECK(sent.address->country.Reveal() == "USA");
  CHECK(response->added());
  CHECK(response->profile().icn() == "1019900417V557122");
  const v1::ChangeAnswer& change = response->change();
  CHECK(change.outcome() == common::v1::MPI_OUTCOME_OK);
  CHECK(change.reason() == "ACCEPTED");
  CHECK(change.transaction_id() == "txn-add");
  CHECK(change.message_id() == "msg-add");
  CHECK(change.ack_code() == "AA");
  CHECK(change.ids().icn() == "1019900417V557122");
  CHECK(change.ids().birls_id() == "111985523");
  CHECK(change.ids().participant_id() == "32397028");
  CHECK(change.ids().idme_uuid() == "c4b2aa11aa0e4f1d9d01");
  CHECK(change.ids().logingov_uuid() == "some-logingov");
  CHECK(change.ids().edipi() == "1500600700");
  CHECK(bench.audit.lines ==
        std::vector<std::string>{
            "mpi.person_added accepted  ACCEPTED idme auth-gateway.va.internal req-1"});
  CHECK(bench.audit.of == std::vector<std::string>{"c4b2aa11aa0e4f1d9d01 1019900417V557122"});
}

TEST_CASE("AddPersonImplicit: whom MPI shows is on record when the add's answer named nobody",
          "[mpi][api][audit]") {
  Bench bench;
  bench.mpi.answers = {testing::SearchAnswer(Outcome::kNoMatch), Match()};
  bench.mpi.change_answer = testing::AddAnswer(Outcome::kOk);
  REQUIRE(
      bench.service.AddPersonImplicit(bench.Context(), Applicant<v1::AddPersonImplicitRequest>())
          .ok());
  CHECK(bench.audit.of == std::vector<std::string>{"c4b2aa11aa0e4f1d9d01 1019900417V557122"});
}

TEST_CASE("AddPersonImplicit: what was not sent is not on record as an add", "[mpi][api][audit]") {
  Bench bench;
  bench.mpi.answers = {Match()};
  const auto response =
      bench.service.AddPersonImplicit(bench.Context(), Applicant<v1::AddPersonImplicitRequest>());
  REQUIRE(response.ok());
  CHECK_FALSE(response->added());
  CHECK(response->change().outcome() == common::v1::MPI_OUTCOME_OK);
  CHECK(response->has_profile());
  CHECK(bench.audit.lines.empty());
}

TEST_CASE("AddPersonImplicit: an add that MPI took is on record as accepted, found or not",
          "[mpi][api][audit]") {
  Bench bench;
  bench.mpi.answers = {testing::SearchAnswer(Outcome::kNoMatch)};
  bench.mpi.change_answer = Accepted();
  SECTION("not shown yet") {}
  SECTION("shown as somebody else") {
    bench.mpi.answers.push_back(Match());
    bench.mpi.change_answer->codes.icn = identity::Icn::FromWire("1000000003V100003");
  }
  const auto response =
      bench.service.AddPersonImplicit(bench.Context(), Applicant<v1::AddPersonImplicitRequest>());
  REQUIRE(response.ok());
  CHECK(response->change().outcome() != common::v1::MPI_OUTCOME_OK);
  CHECK(response->change().transaction_id() == "txn-add");
  CHECK_FALSE(response->change().has_ids());
  CHECK_FALSE(response->has_profile());
  REQUIRE(bench.audit.lines.size() == 1);
  CHECK(absl::StartsWith(bench.audit.lines[0], "mpi.person_added accepted "));
  CHECK(bench.audit.of ==
        std::vector<std::string>{
            absl::StrCat("c4b2aa11aa0e4f1d9d01 ", bench.mpi.change_answer->codes.icn->Reveal())});
}

TEST_CASE("mpi-adapter: a change that MPI refused is on record as refused, a lost one as unknown",
          "[mpi][api][audit]") {
  struct Row {
    Outcome outcome;
    const char* word;
  };
  const Row row = GENERATE(values<Row>({{Outcome::kOk, "accepted"},
                                        {Outcome::kInvalidRequest, "refused"},
                                        {Outcome::kSenderRejected, "refused"},
                                        {Outcome::kDuplicateKey, "refused"},
                                        {Outcome::kMpiFailed, "failed"},
                                        {Outcome::kTransport, "unknown"},
                                        {Outcome::kTimeout, "unknown"},
                                        {Outcome::kUnparseable, "unknown"},
                                        {Outcome::kBreakerOpen, nullptr}}));
  Bench bench;
  bench.mpi.change_answer = testing::AddAnswer(row.outcome, "WHY");
  bench.mpi.change_answer->detail_code = "Key205";
  bench.mpi.change_answer->codes.birls_id = identity::CspId::FromWire("111985523");
  const auto response = bench.service.UpdateProfile(bench.Context(), Linked());
  REQUIRE(response.ok());
  CHECK(response->change().outcome() == PackOutcome(row.outcome));
  CHECK(response->change().retryable() == IsRetryable(row.outcome));
  CHECK(response->change().detail_code() == "Key205");
  // Of a refused message the codes say what was refused, never what somebody has.
  CHECK(response->change().has_ids() == (row.outcome == Outcome::kOk));
  if (row.word == nullptr) {
    CHECK(bench.audit.lines.empty());
  } else {
    CHECK(bench.audit.lines == std::vector<std::string>{absl::StrCat(
                                   "mpi.profile_updated ", row.word,
                                   " Key205 WHY idme auth-gateway.va.internal req-1")});
    CHECK(bench.audit.of == std::vector<std::string>{"c4b2aa11aa0e4f1d9d01 1019900417V557122"});
  }
}

TEST_CASE("mpi-adapter: a change without its audit record is not told as done",
          "[mpi][api][audit]") {
  Bench bench;
  bench.mpi.answers = {testing::SearchAnswer(Outcome::kNoMatch), Match()};
  bench.mpi.change_answer = Accepted();
  bench.audit.failure = base::MakeError(absl::StatusCode::kUnavailable, "AUDIT_WRITE", "no");
  const auto added =
      bench.service.AddPersonImplicit(bench.Context(), Applicant<v1::AddPersonImplicitRequest>());
  CHECK(base::ReasonOf(added.status()) == "AUDIT_WRITE");
  const auto updated = bench.service.UpdateProfile(bench.Context(), Linked());
  CHECK(base::ReasonOf(updated.status()) == "AUDIT_WRITE");
}

TEST_CASE("UpdateProfile: every fact reaches MPI", "[mpi][api]") {
  Bench bench;
  bench.mpi.change_answer = Accepted();
  v1::UpdateProfileRequest request = Linked();
  request.set_edipi("1500600700");
  request.set_logingov_uuid("some-logingov");
  const auto response = bench.service.UpdateProfile(bench.Context(), request);
  REQUIRE(response.ok());
  const auto& sent = std::get<UpdatePerson>(bench.mpi.sent.at(0));
  CHECK(sent.icn.Reveal() == "1019900417V557122");
  CHECK(sent.edipi.Reveal() == "1500600700");
  CHECK(sent.logingov_uuid.Reveal() == "some-logingov");
  CHECK(sent.idme_uuid.Reveal() == "c4b2aa11aa0e4f1d9d01");
  CHECK(sent.email.Reveal() == "zeb@example.test");
  CHECK(sent.address.has_value());
  request.clear_address();
  REQUIRE(bench.service.UpdateProfile(bench.Context(), request).ok());
  CHECK_FALSE(std::get<UpdatePerson>(bench.mpi.sent.at(1)).address.has_value());
  // The trail names the credential that the message named: EDIPI, then Login.gov's, then ID.me's.
  request.clear_edipi();
  REQUIRE(bench.service.UpdateProfile(bench.Context(), request).ok());
  CHECK(bench.audit.of == std::vector<std::string>{" 1019900417V557122", " 1019900417V557122",
                                                   "some-logingov 1019900417V557122"});
  CHECK(absl::StrContains(bench.audit.lines.at(2), " logingov "));
}

TEST_CASE("AddPersonProxy: which step the outcome is of", "[mpi][api][audit]") {
  Bench bench;
  v1::AddPersonProxyRequest request;
  request.set_loa_current(3);
  request.set_icn("1019900417V557122");
  bench.mpi.answers = {testing::SearchAnswer(Outcome::kNoMatch)};
  const auto not_found = bench.service.AddPersonProxy(bench.Context(), request);
  REQUIRE(not_found.ok());
  CHECK(not_found->step() == v1::AddPersonProxyResponse::STEP_FIND);
  CHECK(not_found->change().outcome() == common::v1::MPI_OUTCOME_NO_MATCH);
  bench.mpi.answers = {Match(), testing::SearchAnswer(Outcome::kTimeout)};
  const auto not_searched = bench.service.AddPersonProxy(bench.Context(), request);
  CHECK(not_searched->step() == v1::AddPersonProxyResponse::STEP_SEARCH);
  CHECK(bench.audit.lines.empty());
  bench.mpi.answers = {Match()};
  bench.mpi.change_answer = Accepted();
  const auto added = bench.service.AddPersonProxy(bench.Context(), request);
  CHECK(added->step() == v1::AddPersonProxyResponse::STEP_ADD);
  CHECK(added->change().ids().birls_id() == "111985523");
  CHECK(bench.audit.lines ==
        std::vector<std::string>{
            "mpi.proxy_added accepted  ACCEPTED  auth-gateway.va.internal req-1"});
  CHECK(bench.audit.of == std::vector<std::string>{" 1019900417V557122"});
}

TEST_CASE("mpi-adapter: a change is one log line without anything personal", "[mpi][api][log]") {
  Bench bench;
  bench.mpi.answers = {testing::SearchAnswer(Outcome::kNoMatch), Match()};
  bench.mpi.change_answer = Accepted();
  REQUIRE(
      bench.service.AddPersonImplicit(bench.Context(), Applicant<v1::AddPersonImplicitRequest>())
          .ok());
  REQUIRE(bench.service.UpdateProfile(bench.Context(), Linked()).ok());
  const std::string& text = bench.sink.text;
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK(absl::StrContains(text, "\"ev\":\"mpi.change.done\""));
  CHECK(absl::StrContains(text, "\"op\":\"add_person_implicit\""));
  CHECK(absl::StrContains(text, "\"op\":\"update_profile\""));
  for (const char* personal :
       {"1019900417V557122", "Zebulon", "ZEBULON", "Testwell", "TESTWELL", "1951-04-09", "19510409",
        "987001234", "1500600700", "Nowhere", "5550100", "c4b2aa11aa0e4f1d9d01", "zeb@example.test",
        "111985523", "32397028", "some-logingov"}) {
    CHECK_FALSE(absl::StrContains(text, personal));
  }
}

TEST_CASE("mpi-adapter: what could not be forgotten after a change is told to operators",
          "[mpi][api][log]") {
  Bench bench;
  bench.mpi.change_answer = Accepted();
  bench.cache.status = absl::UnavailableError("down");
  REQUIRE(bench.service.UpdateProfile(bench.Context(), Linked()).ok());
  CHECK(absl::StrContains(bench.sink.text, "\"ev\":\"mpi.cache.not_forgotten\""));
}

// ---- the rest ----

TEST_CASE("ParseGcIds: every list of the answer, as every service of the suite reads them",
          "[mpi][api][M3]") {
  Bench bench;
  v1::ParseGcIdsRequest request;
  request.set_gc_ids(
      "1019900417V557122^NI^200M^USVHA^P|1500600700^NI^200DOD^USDOD^A|501^PI^200CORP^USVBA^A|"
      "502^PI^200BRLS^USVBA^A|1008714701^PN^200PROV^USDVA^A|503^PI^200MHV^USVHA^A|"
      "504^PI^200MHS^USVHA^A|c4b2aa11aa0e4f1d9d01^PN^200VIDM^USDVA^A|"
      "2b1d0f6a-0f5b-4a53-9c35-000000000001^PN^200VLGN^USDVA^A|506^PI^200VETS^USDVA^A|"
      "507^PI^200CRNR^USVHA^A|508^PI^516^USVHA^A|509^PI^668^USVHA^C|510^PI^553^USVHA^D|nonsense|");
  const auto response = bench.service.ParseGcIds(bench.Context(), request);
  REQUIRE(response.ok());
  CHECK(response->ids_size() == 14);
  CHECK(response->malformed() == 1);
  CHECK(response->icn() == "1019900417V557122");
  const auto only = [](const auto& list) {
    return list.size() == 1 ? std::string(list.Get(0)) : absl::StrCat(list.size(), " of them");
  };
  CHECK(only(response->edipis()) == "1500600700");
  CHECK(only(response->participant_ids()) == "501");
  CHECK(only(response->birls_ids()) == "502");
  CHECK(only(response->sec_ids()) == "1008714701");
  CHECK(response->active_mhv_ids_size() == 2);
  CHECK(only(response->mhv_iens()) == "504");
  CHECK(response->idme_uuid() == "c4b2aa11aa0e4f1d9d01");
  CHECK(response->logingov_uuid() == "2b1d0f6a-0f5b-4a53-9c35-000000000001");
  CHECK(response->vet360_id() == "506");
  CHECK(response->cerner_id() == "507");
  CHECK(only(response->cerner_facilities()) == "668");
  for (const std::string& facility : response->active_facilities()) {
    CHECK(facility != "668");
    CHECK(facility != "553");
  }
  CHECK(bench.Quiet());
  CHECK(bench.sink.text.empty());
}

TEST_CASE("ParseGcIds: a list beyond any person's is refused", "[mpi][api][attack]") {
  Bench bench;
  v1::ParseGcIdsRequest request;
  request.set_gc_ids(std::string(kLongestGcIds, '|'));
  CHECK(bench.service.ParseGcIds(bench.Context(), request).ok());
  request.set_gc_ids(std::string(kLongestGcIds + 1, '|'));
  CHECK(base::ReasonOf(bench.service.ParseGcIds(bench.Context(), request).status()) ==
        "FIELD_TOO_LONG");
}

TEST_CASE("Invalidate: what is kept of the person goes, and MPI is asked again",
          "[mpi][api][rule]") {
  Bench bench;
  bench.mpi.answers = {Match()};
  REQUIRE(bench.Get(ByIcn()).ok());
  v1::InvalidateRequest request;
  *request.mutable_identifier() = ByIcn().by_identifier();
  const auto first = bench.service.Invalidate(bench.Context(), request);
  REQUIRE(first.ok());
  CHECK(first->forgotten() == 1);
  CHECK(bench.service.Invalidate(bench.Context(), request)->forgotten() == 0);
  REQUIRE(bench.Get(ByIcn()).ok());
  CHECK(bench.mpi.asked.size() == 2);
  CHECK_FALSE(absl::StrContains(bench.sink.text, "1019900417V557122"));
}

TEST_CASE("Invalidate: when nothing can be forgotten the caller knows, and may try again",
          "[mpi][api][rule]") {
  Bench bench;
  bench.cache.status = absl::InternalError("down");
  v1::InvalidateRequest request;
  CHECK(base::ReasonOf(bench.service.Invalidate(bench.Context(), request).status()) ==
        "QUESTION_MISSING");
  *request.mutable_identifier() = ByIcn().by_identifier();
  const absl::Status status = bench.service.Invalidate(bench.Context(), request).status();
  CHECK(absl::IsUnavailable(status));
  CHECK(base::ReasonOf(status) == "CACHE_STORE");
  CHECK(base::IsRetryable(status));
}

TEST_CASE("RegisterMpiService: every method of the contract is served", "[mpi][api]") {
  Bench bench;
  rpc::ServerBuilder builder;
  RegisterMpiService(bench.service, builder);
  std::vector<std::string> contract;
  const auto& service = *v1::GetProfileRequest::descriptor()->file()->service(0);
  for (int i = 0; i < service.method_count(); ++i) {
    contract.push_back(absl::StrCat(service.full_name(), "/", service.method(i)->name()));
  }
  std::vector<std::string> served = MpiServiceMethods();
  CHECK(served == contract);
  std::sort(contract.begin(), contract.end());
  CHECK(builder.Methods() == contract);
}

}  // namespace
}  // namespace va::mpi
