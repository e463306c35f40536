// Every message we send, held against the MPI simulator that knows messages from their
// specification alone (decision E2), over mutual TLS; and what comes of the answers when MPI is at
// its worst.
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/clock.h"
#include "lib/crypto/random.h"
#include "lib/http/client.h"
#include "lib/testing/persona.h"
#include "lib/testing/test_pki.h"
#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"
#include "tests/simulators/mpi/mpi_simulator.h"
#include "tests/simulators/mpi/wire_server.h"

namespace va::mpi {
namespace {

using identity::BirthDate;
using identity::CspId;
using identity::Icn;
using identity::PersonText;
using identity::Ssn;

constexpr char kKnown[] = "cerner_caregiver";
constexpr char kNewIdme[] = "0c9d1a52f7e84b6d90b8f14a7a3c5e21";
constexpr char kNewLogingov[] = "b2d7c6f0-8f1a-4f0c-9a58-3c27e1a4d9b6";

template <typename T>
T OrFail(absl::StatusOr<T> value) {
  INFO(value.status());
  REQUIRE(value.ok());
  return *std::move(value);
}

// Our side and theirs, with a wire between.
class Line {
 public:
  explicit Line(SoapSettings settings = {})
      : simulator_({OrFail(testing::LoadPersonas("tests/personas")), clock_, ids_,
                    [this](const std::vector<std::string>& problems) {
                      const std::lock_guard<std::mutex> lock(mutex_);
                      problems_.push_back(absl::StrJoin(problems, "; "));
                    }}) {
    const testing::PemFiles theirs = pki_.Issue({"mpi.example.test"});
    simulators::WireOptions options;
    options.tls = {theirs.certificate_file, theirs.private_key_file, pki_.ca_file()};
    server_ = OrFail(simulators::WireServer::Start(
        options, [this](const http::Request& request) { return simulator_.Answer(request); }));
    const testing::PemFiles ours = pki_.IssueService("mpi-adapter");
    http::TlsClientOptions tls;
    tls.ca_file = pki_.ca_file();
    tls.certificate_file = ours.certificate_file;
    tls.private_key_file = ours.private_key_file;
    http_ = OrFail(http::CurlClient::Create(tls));
    settings.url = absl::StrCat("https://127.0.0.1:", server_->port(), "/mpi");
    gateway_ = std::make_unique<SoapMpiGateway>(SoapMpiGateway::Deps{*http_, clock_, ids_},
                                                std::move(settings));
  }

  Answer Find(const Question& question, absl::Duration within = absl::Seconds(20)) {
    return OrFail(gateway_->Find(question, clock_.Now() + within));
  }
  ChangeAnswer Send(const Change& change, absl::Duration within = absl::Seconds(20)) {
    return OrFail(gateway_->Send(change, clock_.Now() + within));
  }

  void Set(absl::string_view faults) { REQUIRE(simulator_.SetFaults(faults).ok()); }
  std::string calls() { return simulator_.Calls(); }
  std::string problems() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return absl::StrJoin(problems_, " | ");
  }

 private:
  base::SystemClock clock_;
  crypto::SystemIdGenerator ids_;
  testing::TestPki pki_;
  std::mutex mutex_;
  std::vector<std::string> problems_;
  simulators::MpiSimulator simulator_;
  std::unique_ptr<simulators::WireServer> server_;
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<SoapMpiGateway> gateway_;
};

const testing::PersonaMpiRecord& Known() {
  static const auto* const persona = new testing::Persona(
      OrFail(testing::LoadPersona(absl::StrCat("tests/personas/", kKnown, ".yaml"))));
  return *persona->mpi.person;
}

Question ById(IdentifierType type, const std::string& value) {
  return ByIdentifier{type, CspId::FromWire(value)};
}

ByTraits Traits(const testing::PersonaMpiRecord& person) {
  ByTraits traits;
  traits.first_name = PersonText::FromWire(person.names.at(0).given.at(0));
  traits.last_name = PersonText::FromWire(person.names.at(0).family);
  traits.birth_date = BirthDate::FromWire(person.birth_date);
  traits.ssn = Ssn::FromWire(person.ssn);
  return traits;
}

AddPerson Add(const testing::PersonaMpiRecord& person) {
  AddPerson add;
  add.idme_uuid = CspId::FromWire(kNewIdme);
  add.first_name = PersonText::FromWire(person.names.at(0).given.at(0));
  add.last_name = PersonText::FromWire(person.names.at(0).family);
  add.birth_date = BirthDate::FromWire(person.birth_date);
  add.ssn = Ssn::FromWire(person.ssn);
  return add;
}

AddPerson AddStranger() {
  AddPerson add;
  add.logingov_uuid = CspId::FromWire(kNewLogingov);
  add.first_name = PersonText::FromWire("O'<Brien> & Söhne");
  add.last_name = PersonText::FromWire("]]>\xF0\x9F\x8E\x96");
  add.birth_date = BirthDate::FromWire("19800229");
  add.ssn = Ssn::FromWire("666310031");
  add.email = PersonText::FromWire("stranger@example.com");
  add.address = PostalAddress{{PersonText::FromWire("1 First"), PersonText::FromWire("Floor 2")},
                              PersonText::FromWire("Anyplace"),
                              PersonText::FromWire("NE"),
                              PersonText::FromWire("68998"),
                              PersonText::FromWire("USA")};
  return add;
}

std::string NameOf(Outcome outcome) { return std::string(OutcomeName(outcome)); }

TEST_CASE("MPI messages: every question we can ask is one that MPI takes", "[mpi][integration]") {
  Line line;
  const auto with = [](Question question, SearchType search, View view) {
    question.search = search;
    question.view = view;
    return question;
  };
  ByTraits with_all = Traits(Known());
  with_all.middle_name = PersonText::FromWire("Barnaby");
  with_all.gender = PersonText::FromWire("M");
  ByTraits orchestrated = Traits(Known());
  orchestrated.edipi = CspId::FromWire("1660125025");
  const Question by_mhv = ById(IdentifierType::kMhv, "66252525");
  const std::vector<Question> questions = {
      ById(IdentifierType::kIcn, Known().icn),
      ById(IdentifierType::kIdme, "e5d0a7c96b1f4387a2460bd81c93f725"),
      by_mhv,
      with(by_mhv, SearchType::kCorrelations, View::kCorrelation),
      with(by_mhv, SearchType::kIcnHistory, View::kPrimary),
      ByFacility{"516", CspId::FromWire("6612516")},
      Traits(Known()),
      with_all,
      orchestrated};
  for (size_t i = 0; i < questions.size(); ++i) {
    CAPTURE(i, line.problems());
    const Answer answer = line.Find(questions[i]);
    CHECK(NameOf(answer.outcome) == "OK");
    REQUIRE(answer.profile.has_value());
    CHECK(answer.profile->ids.icn()->Reveal() == Known().icn);
  }
  // Nobody of these is known by them; the questions are good all the same.
  CHECK(NameOf(line.Find(ById(IdentifierType::kEdipi, "1660999999")).outcome) == "NO_MATCH");
  CHECK(NameOf(line.Find(ById(IdentifierType::kLogingov, kNewLogingov)).outcome) == "NO_MATCH");
  CHECK(line.problems().empty());
}

TEST_CASE("MPI messages: what a persona holds beside the identity arrives", "[mpi][integration]") {
  Line line;
  const Answer answer = line.Find(ById(IdentifierType::kIcn, Known().icn));
  REQUIRE(answer.profile.has_value());
  const Profile& profile = *answer.profile;
  CHECK(profile.ids.cerner_facility_ids() == std::vector<std::string>{"668", "687"});
  CHECK(profile.ids.HasStatus("PCE"));
  CHECK(profile.names.size() == 2);
  REQUIRE(profile.relationships.size() == 2);
  const absl::CivilDay day(2026, 1, 15);
  CHECK(IsInForce(profile.relationships[0], day));
  CHECK_FALSE(IsInForce(profile.relationships[1], day));
  CHECK(profile.relationships[0].person.ids.icn()->Reveal() == "1013991525V661525");
}

TEST_CASE("MPI messages: a retired ICN leads to the one that replaced it", "[mpi][integration]") {
  Line line;
  const Answer answer = line.Find(ById(IdentifierType::kIcn, "1013991424V661424"));
  REQUIRE(answer.profile.has_value());
  CHECK(answer.profile->ids.icn()->Reveal() == "1013991624V661624");
  REQUIRE(answer.profile->historical_icns.size() == 1);
  CHECK(answer.profile->historical_icns[0].Reveal() == "1013991424V661424");
}

TEST_CASE("MPI messages: an implicit add links a credential, and is a duplicate the second time",
          "[mpi][integration]") {
  Line line;
  const Question by_credential = ById(IdentifierType::kIdme, kNewIdme);
  CHECK(NameOf(line.Find(by_credential).outcome) == "NO_MATCH");
  const ChangeAnswer added = line.Send(Add(Known()));
  INFO(line.problems());
  CHECK(NameOf(added.outcome) == "OK");
  REQUIRE(added.codes.icn.has_value());
  CHECK(added.codes.icn->Reveal() == Known().icn);
  REQUIRE(added.codes.idme_uuid.has_value());
  CHECK(added.codes.idme_uuid->Reveal() == kNewIdme);
  CHECK(NameOf(line.Find(by_credential).outcome) == "OK");
  CHECK(NameOf(line.Send(Add(Known())).outcome) == "DUPLICATE_KEY");
  CHECK(line.problems().empty());
}

TEST_CASE("MPI messages: H1 somebody new keeps a hostile name through an add and a find",
          "[mpi][integration][attack]") {
  SoapSettings settings;
  settings.message.u2010_namespaces = GENERATE(false, true);
  Line line(settings);
  const ChangeAnswer added = line.Send(AddStranger());
  INFO(line.problems());
  CHECK(NameOf(added.outcome) == "OK");
  REQUIRE(added.codes.icn.has_value());
  const Answer found = line.Find(ById(IdentifierType::kLogingov, kNewLogingov));
  REQUIRE(found.profile.has_value());
  CHECK(found.profile->ids.icn()->Reveal() == added.codes.icn->Reveal());
  const Name* const name = LegalName(*found.profile);
  REQUIRE(name != nullptr);
  CHECK(name->given.at(0).Reveal() == "O'<Brien> & Söhne");
  CHECK(name->family.Reveal() == "]]>\xF0\x9F\x8E\x96");
  CHECK(line.problems().empty());
}

TEST_CASE("MPI messages: a proxy add refers to the orchestrated search before it",
          "[mpi][integration]") {
  Line line;
  ByTraits orchestrated = Traits(Known());
  orchestrated.edipi = CspId::FromWire("1660125025");
  const Answer searched = line.Find(orchestrated);
  REQUIRE(searched.profile.has_value());
  AddByProxy add;
  add.first_name = orchestrated.first_name;
  add.last_name = orchestrated.last_name;
  add.birth_date = orchestrated.birth_date;
  add.ssn = orchestrated.ssn;
  add.icn = Icn::FromWire(Known().icn);
  add.edipi = orchestrated.edipi;
  add.search_token = "WSDOC-nobody-gave-this";
  CHECK(NameOf(line.Send(add).outcome) == "INVALID_REQUEST");
  add.search_token = searched.profile->search_token;
  const ChangeAnswer added = line.Send(add);
  INFO(line.problems());
  CHECK(NameOf(added.outcome) == "OK");
  REQUIRE(added.codes.birls_id.has_value());
  REQUIRE(added.codes.participant_id.has_value());
  const Answer after = line.Find(ById(IdentifierType::kIcn, Known().icn));
  REQUIRE(after.profile.has_value());
  CHECK(after.profile->ids.birls_ids().size() == 1);
  CHECK(line.problems().empty());
}

TEST_CASE("MPI messages: an update links each kind of credential", "[mpi][integration]") {
  struct Row {
    const char* edipi;
    const char* logingov;
    const char* idme;
    IdentifierType type;
    const char* found_by;
  };
  const Row row = GENERATE(
      values<Row>({{"1660131313", kNewLogingov, kNewIdme, IdentifierType::kEdipi, "1660131313"},
                   {"", kNewLogingov, kNewIdme, IdentifierType::kLogingov, kNewLogingov},
                   {"", "", kNewIdme, IdentifierType::kIdme, kNewIdme}}));
  Line line;
  UpdatePerson update;
  update.icn = Icn::FromWire(Known().icn);
  update.edipi = CspId::FromWire(row.edipi);
  update.logingov_uuid = CspId::FromWire(row.logingov);
  update.idme_uuid = CspId::FromWire(row.idme);
  update.last_name = PersonText::FromWire("Overwater");
  update.birth_date = BirthDate::FromWire(Known().birth_date);
  update.email = PersonText::FromWire("clement@example.com");
  update.address = AddStranger().address;
  const ChangeAnswer updated = line.Send(update);
  INFO(line.problems());
  CHECK(NameOf(updated.outcome) == "OK");
  const Answer found = line.Find(ById(row.type, row.found_by));
  REQUIRE(found.profile.has_value());
  CHECK(found.profile->ids.icn()->Reveal() == Known().icn);
  REQUIRE(found.profile->addresses.size() == 1);
  CHECK(found.profile->addresses[0].city.Reveal() == "Anyplace");
  CHECK(line.problems().empty());
}

TEST_CASE(
    "MPI messages: H3 H5 H6 H7 whatever MPI does wrong is an outcome, to a find and to an add",
    "[mpi][integration][attack]") {
  struct Row {
    const char* fault;
    const char* find;
    const char* add;
  };
  const Row row = GENERATE(values<Row>({
      {R"({"mode":"ae"})", "MPI_FAILED", "MPI_FAILED"},
      {R"({"mode":"ar"})", "MPI_FAILED", "MPI_FAILED"},
      {R"({"mode":"nf"})", "NO_MATCH", "OK"},
      {R"({"mode":"unknown_sender"})", "SENDER_REJECTED", "SENDER_REJECTED"},
      {R"({"mode":"multiple"})", "MULTIPLE_MATCHES", "MPI_FAILED"},
      {R"({"mode":"duplicate"})", "DUPLICATE_KEY", "DUPLICATE_KEY"},
      {R"({"mode":"fault","status":200})", "MPI_FAILED", "MPI_FAILED"},
      {R"({"mode":"fault","status":500})", "MPI_FAILED", "MPI_FAILED"},
      {R"({"mode":"error","status":503})", "MPI_FAILED", "MPI_FAILED"},
      {R"({"mode":"html"})", "UNPARSEABLE", "UNPARSEABLE"},
      {R"({"mode":"malformed"})", "UNPARSEABLE", "UNPARSEABLE"},
      {R"({"mode":"doctype"})", "UNPARSEABLE", "UNPARSEABLE"},
      {R"({"mode":"laughs"})", "UNPARSEABLE", "UNPARSEABLE"},
      {R"({"mode":"deep"})", "UNPARSEABLE", "UNPARSEABLE"},
      {R"({"mode":"charset"})", "UNPARSEABLE", "UNPARSEABLE"},
      {R"({"mode":"wrong_message"})", "UNPARSEABLE", "UNPARSEABLE"},
      {R"({"mode":"wrong_query"})", "UNPARSEABLE", "OK"},
      {R"({"mode":"other_person"})", "UNPARSEABLE", "OK"},
      {R"({"mode":"giant"})", "UNPARSEABLE", "UNPARSEABLE"},
      {R"({"mode":"endless"})", "UNPARSEABLE", "UNPARSEABLE"},
      {R"({"mode":"down"})", "TRANSPORT", "TRANSPORT"},
      {R"({"mode":"reset"})", "TRANSPORT", "TRANSPORT"},
      {R"({"mode":"cut"})", "TRANSPORT", "TRANSPORT"},
  }));
  CAPTURE(row.fault);
  Line line;
  line.Set(row.fault);
  const Answer found = line.Find(ById(IdentifierType::kIcn, Known().icn));
  CHECK(NameOf(found.outcome) == row.find);
  CHECK_FALSE(found.profile.has_value());
  CHECK(NameOf(line.Send(AddStranger()).outcome) == row.add);
  CHECK(line.problems().empty());
}

TEST_CASE("MPI messages: H6 an answer that drips or never comes ends with the deadline",
          "[mpi][integration][attack]") {
  const char* const fault =
      GENERATE(R"({"mode":"drip","ms":400})", R"({"mode":"hang"})", R"({"mode":"slow","ms":9000})");
  CAPTURE(fault);
  Line line;
  line.Set(fault);
  const absl::Time start = base::SystemClock().Now();
  CHECK(NameOf(line.Find(ById(IdentifierType::kIcn, Known().icn), absl::Seconds(1)).outcome) ==
        "TIMEOUT");
  CHECK(base::SystemClock().Now() - start < absl::Seconds(5));
}

TEST_CASE(
    "MPI messages: H11 an add whose answer is lost was sent once, and a search tells that it "
    "happened",
    "[mpi][integration][attack]") {
  Line line;
  line.Set(R"({"mode":"lost","interaction":"add"})");
  CHECK(NameOf(line.Send(AddStranger()).outcome) == "TRANSPORT");
  CHECK_THAT(line.calls(), Catch::Contains("\"add\":1"));
  CHECK(NameOf(line.Find(ById(IdentifierType::kLogingov, kNewLogingov)).outcome) == "OK");
}

}  // namespace
}  // namespace va::mpi
