// mpi-adapter's own parts as they stand in production, between a gRPC client and the MPI simulator:
// mutual TLS on both sides, guards, the cache in a PostgreSQL. Every persona is asked about in both
// ways, people are added and updated, and MPI misbehaves.
#include <algorithm>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/crypto/random.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/server.h"
#include "lib/store/migrator.h"
#include "lib/store/pool.h"
#include "lib/telemetry/log.h"
#include "lib/testing/persona.h"
#include "lib/testing/temp_postgres.h"
#include "lib/testing/test_pki.h"
#include "services/mpi-adapter/adapters/guarded_mpi.h"
#include "services/mpi-adapter/adapters/shared_questions.h"
#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"
#include "services/mpi-adapter/api/grpc/mpi_service.h"
#include "services/mpi-adapter/domain/cached_mpi.h"
#include "services/mpi-adapter/domain/person_changes.h"
#include "services/mpi-adapter/migrations.h"
#include "services/mpi-adapter/store/pg_add_claims.h"
#include "services/mpi-adapter/store/pg_answer_cache.h"
#include "tests/simulators/mpi/mpi_simulator.h"
#include "tests/simulators/mpi/wire_server.h"

namespace va::mpi {
namespace {

class StringSink final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    text_.append(line.data(), line.size());
    return true;
  }
  std::string text() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

template <typename T>
T OrFail(absl::StatusOr<T> value) {
  INFO(value.status());
  REQUIRE(value.ok());
  return *std::move(value);
}

class AuditLines final : public telemetry::Audit {
 public:
  absl::Status Write(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    lines_.push_back(absl::StrCat(telemetry::ToString(event), " ", facts.outcome));
    return absl::OkStatus();
  }
  std::vector<std::string> Take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(lines_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

class DeafObserver final : public CacheObserver {
 public:
  void Looked(CacheResult /*result*/) override {}
  void ServedAt(absl::Duration /*age*/) override {}
  void StoreFailed() override {}
};

crypto::KeyRing TestRing() {
  return OrFail(crypto::KeyRing::FromText("k1:" + std::string(64, '1')));
}

// One database for all of this program: people of different tests never meet in it.
store::Pool& Database() {
  static std::unique_ptr<testing::TempDatabase> database = [] {
    auto made = OrFail(testing::TempDatabase::Create("mpi"));
    REQUIRE(store::Migrate(made->Owner(), Migrations()).ok());
    return made;
  }();
  static std::unique_ptr<store::Pool> pool = OrFail(store::Pool::Create(database->App(8)));
  return *pool;
}

// The simulator, the adapter and a channel to it, as they stand in production.
class Line {
 public:
  explicit Line(SoapSettings settings = {})
      : personas_(OrFail(testing::LoadPersonas("tests/personas"))),
        simulator_({personas_, clock_, ids_, [this](const std::vector<std::string>& problems) {
                      const std::lock_guard<std::mutex> lock(mutex_);
                      problems_.push_back(absl::StrJoin(problems, "; "));
                    }}) {
    StartSimulator();
    settings.url = absl::StrCat("https://127.0.0.1:", mpi_server_->port(), "/mpi");
    StartAdapter(std::move(settings));
  }
  ~Line() {
    rpc_server_->Stop(absl::Seconds(1));
    mpi_server_->Stop();
    pool_.Shutdown();
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const char* method, const Request& request,
                                absl::Duration timeout = absl::Seconds(10)) {
    return rpc::Call<Response>(*channel_, method, request, {clock_.Now() + timeout, "req-7"});
  }
  absl::StatusOr<v1::GetProfileResponse> Get(const v1::GetProfileRequest& request,
                                             absl::Duration timeout = absl::Seconds(10)) {
    return Call<v1::GetProfileResponse>(kGetProfileMethod, request, timeout);
  }
  v1::AddPersonImplicitResponse Add(const v1::AddPersonImplicitRequest& request,
                                    absl::Duration timeout = absl::Seconds(10)) {
    return OrFail(Call<v1::AddPersonImplicitResponse>(kAddPersonImplicitMethod, request, timeout));
  }

  const testing::PersonaMpiRecord& PersonOf(absl::string_view persona) const {
    for (const testing::Persona& one : personas_) {
      if (one.id == persona && one.mpi.person) return *one.mpi.person;
    }
    FAIL("no such person");
    return *personas_.front().mpi.person;
  }

  const std::vector<testing::Persona>& personas() const { return personas_; }
  simulators::MpiSimulator& simulator() { return simulator_; }
  AuditLines& audit() { return audit_; }
  std::string log() const { return sink_.text(); }
  std::vector<std::string> TakeProblems() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(problems_, {});
  }

 private:
  void StartSimulator() {
    const testing::PemFiles files = pki_.Issue({"mpi.example.test"});
    simulators::WireOptions options;
    options.tls =
        http::TlsServerOptions{files.certificate_file, files.private_key_file, pki_.ca_file()};
    mpi_server_ = OrFail(simulators::WireServer::Start(
        options, [this](const http::Request& request) { return simulator_.Answer(request); }));
  }

  void StartAdapter(SoapSettings settings) {
    const testing::PemFiles files = pki_.IssueService("mpi-adapter");
    http::TlsClientOptions tls;
    tls.ca_file = pki_.ca_file();
    tls.certificate_file = files.certificate_file;
    tls.private_key_file = files.private_key_file;
    http_ = OrFail(http::CurlClient::Create(tls));
    gateway_ = std::make_unique<SoapMpiGateway>(SoapMpiGateway::Deps{*http_, clock_, ids_},
                                                std::move(settings));
    // What the product waits between two questions; nothing here waits for time to pass.
    const auto pause = [this](absl::Duration time) {
      std::unique_lock<std::mutex> lock(mutex_);
      never_.wait_for(lock, absl::ToChronoNanoseconds(time), [] { return false; });
    };
    guarded_ = std::make_unique<GuardedMpi>(
        GuardedMpi::Deps{*gateway_, *gateway_, clock_, ids_, metrics_, pause}, GuardSettings());
    questions_ = std::make_unique<SharedQuestions>(*guarded_, clock_);
    cached_ = std::make_unique<CachedMpi>(
        CachedMpi::Deps{answers_, *questions_, *guarded_, clock_, ids_, observer_},
        CacheSettings());
    changes_ = std::make_unique<PersonChanges>(
        PersonChanges::Deps{*guarded_, *guarded_, answers_, claims_, clock_, ids_, pause});
    service_ = std::make_unique<MpiServiceImpl>(
        MpiServiceImpl::Deps{*cached_, *guarded_, *changes_, log_, audit_});
    rpc::ServerBuilder builder;
    RegisterMpiService(*service_, builder);
    builder.Allow("auth-gateway.va.internal", MpiServiceMethods());
    rpc::ServerOptions options;
    options.tls = {files.certificate_file, files.private_key_file, pki_.ca_file()};
    rpc_server_ = OrFail(builder.Start(options, pool_, clock_));
    const testing::PemFiles caller = pki_.IssueService("auth-gateway");
    channel_ = std::make_unique<rpc::Channel>(
        OrFail(rpc::Connect(absl::StrCat("127.0.0.1:", rpc_server_->port()),
                            {caller.certificate_file, caller.private_key_file, pki_.ca_file()},
                            "mpi-adapter.va.internal")));
  }

  base::SystemClock clock_;
  crypto::SystemIdGenerator ids_;
  testing::TestPki pki_;
  StringSink sink_;
  telemetry::Log log_{"mpi-adapter", telemetry::Severity::kDebug, clock_, sink_};
  telemetry::Metrics metrics_;
  AuditLines audit_;
  DeafObserver observer_;
  base::WorkerPool pool_{12, 64};
  std::mutex mutex_;
  std::condition_variable never_;
  std::vector<std::string> problems_;
  std::vector<testing::Persona> personas_;
  simulators::MpiSimulator simulator_;
  const crypto::SealedBox box_ = crypto::SealedBox::FromRing(TestRing());
  const crypto::LookupHasher hasher_ = crypto::LookupHasher::FromRing(TestRing());
  PgAnswerCache answers_{Database(), box_, hasher_, ids_};
  PgAddClaims claims_{Database(), hasher_};
  std::unique_ptr<simulators::WireServer> mpi_server_;
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<SoapMpiGateway> gateway_;
  std::unique_ptr<GuardedMpi> guarded_;
  std::unique_ptr<SharedQuestions> questions_;
  std::unique_ptr<CachedMpi> cached_;
  std::unique_ptr<PersonChanges> changes_;
  std::unique_ptr<MpiServiceImpl> service_;
  std::unique_ptr<rpc::Server> rpc_server_;
  std::unique_ptr<rpc::Channel> channel_;
};

v1::GetProfileRequest ByIcn(const std::string& icn) {
  v1::GetProfileRequest request;
  request.set_loa_current(3);
  request.mutable_by_identifier()->set_type(v1::IDENTIFIER_TYPE_ICN);
  request.mutable_by_identifier()->set_value(icn);
  return request;
}

v1::GetProfileRequest ByTraits(const testing::PersonaMpiRecord& person) {
  v1::GetProfileRequest request;
  request.set_loa_current(3);
  v1::ByTraits& traits = *request.mutable_by_traits();
  traits.set_first_name(person.names.at(0).given.at(0));
  traits.set_last_name(person.names.at(0).family);
  traits.set_birth_date(person.birth_date);
  traits.set_ssn(person.ssn);
  traits.set_gender(person.gender);
  return request;
}

common::v1::MpiOutcome Expected(testing::MpiOutcome outcome, bool by_traits) {
  switch (outcome) {
    case testing::MpiOutcome::kMatch:
      return common::v1::MPI_OUTCOME_OK;
    case testing::MpiOutcome::kMultiple:
      return by_traits ? common::v1::MPI_OUTCOME_MULTIPLE_MATCHES : common::v1::MPI_OUTCOME_OK;
    case testing::MpiOutcome::kNoMatch:
      return by_traits ? common::v1::MPI_OUTCOME_NO_MATCH : common::v1::MPI_OUTCOME_OK;
    case testing::MpiOutcome::kDown:
      return common::v1::MPI_OUTCOME_TRANSPORT;
    case testing::MpiOutcome::kNotAsked:
      return common::v1::MPI_OUTCOME_INVALID_REQUEST;
  }
  return common::v1::MPI_OUTCOME_UNSPECIFIED;
}

void CheckProfile(const common::v1::Profile& profile, const testing::PersonaMpiRecord& person) {
  CHECK(profile.icn() == person.icn);
  REQUIRE(profile.names_size() == static_cast<int>(person.names.size()));
  CHECK(profile.names(0).family() == person.names[0].family);
  CHECK(profile.names(0).given_size() == static_cast<int>(person.names[0].given.size()));
  CHECK(profile.ssn() == person.ssn);
  CHECK(profile.birth_date() == person.birth_date);
  CHECK(profile.deceased_date() == person.deceased_date);
  CHECK(profile.id_theft() == person.id_theft);
  CHECK(profile.ids_size() == static_cast<int>(person.ids.size()) + 1);
}

TEST_CASE("mpi-adapter: every persona is answered as its file says, asked by ICN and by traits",
          "[mpi][integration]") {
  Line line;
  REQUIRE_FALSE(line.personas().empty());
  for (const testing::Persona& persona : line.personas()) {
    if (!persona.mpi.person) continue;
    for (const bool by_traits : {false, true}) {
      CAPTURE(persona.id, by_traits);
      const testing::PersonaMpiRecord& person = *persona.mpi.person;
      const auto response = line.Get(by_traits ? ByTraits(person) : ByIcn(person.icn));
      REQUIRE(response.ok());
      const common::v1::MpiOutcome expected = Expected(persona.mpi.outcome, by_traits);
      CHECK(common::v1::MpiOutcome_Name(response->outcome()) ==
            common::v1::MpiOutcome_Name(expected));
      CHECK(response->has_profile() == (expected == common::v1::MPI_OUTCOME_OK));
      if (response->has_profile()) CheckProfile(response->profile(), person);
      // The simulator finds nothing wrong with what we send.
      const std::vector<std::string> problems = line.TakeProblems();
      CHECK(problems.empty() == (persona.mpi.outcome != testing::MpiOutcome::kNotAsked));
      for (const std::string& value : persona.PersonalValues()) {
        if (value.size() > 3) CHECK_FALSE(absl::StrContains(line.log(), value));
      }
    }
  }
}

TEST_CASE("mpi-adapter: MPI takes the other spelling of the namespace and a hostile name",
          "[mpi][integration][attack]") {
  SoapSettings settings;
  settings.message.u2010_namespaces = true;
  Line line(settings);
  const auto with_record = [](const testing::Persona& persona) {
    return persona.mpi.outcome == testing::MpiOutcome::kMatch;
  };
  const auto persona = std::find_if(line.personas().begin(), line.personas().end(), with_record);
  REQUIRE(persona != line.personas().end());
  v1::GetProfileRequest request = ByTraits(*persona->mpi.person);
  const auto match = line.Get(request);
  REQUIRE(match.ok());
  CHECK(match->outcome() == common::v1::MPI_OUTCOME_OK);
  request.mutable_by_traits()->set_last_name("O'<\"]]>&\xF0\x9F\x8E\x96");
  const auto nobody = line.Get(request);
  REQUIRE(nobody.ok());
  CHECK(nobody->outcome() == common::v1::MPI_OUTCOME_NO_MATCH);
  CHECK(line.TakeProblems().empty());
}

TEST_CASE("mpi-adapter: below LOA3 MPI is not asked, a bad question names its field",
          "[mpi][integration][rule]") {
  Line line;
  v1::GetProfileRequest request =
      ByIcn(line.personas().at(0).mpi.person ? line.personas().at(0).mpi.person->icn
                                             : "1019900417V557122");
  request.set_loa_current(1);
  const auto blocked = line.Get(request);
  REQUIRE(blocked.ok());
  CHECK(blocked->outcome() == common::v1::MPI_OUTCOME_BLOCKED);
  request.set_loa_current(3);
  request.mutable_by_identifier()->set_value("1^NI^200M^USVHA^P");
  const absl::Status refused = line.Get(request).status();
  CHECK(refused.code() == absl::StatusCode::kInvalidArgument);
  CHECK(base::ReasonOf(refused) == "FIELD_MALFORMED");
  CHECK(absl::StrContains(refused.message(), "identifier"));
}

// Somebody nobody knows: a new uuid each time, so that no test meets another's people.
v1::AddPersonImplicitRequest Newcomer() {
  static crypto::SystemIdGenerator ids;
  v1::AddPersonImplicitRequest request;
  request.set_loa_current(3);
  std::string uuid = ids.Uuid();
  uuid.erase(std::remove(uuid.begin(), uuid.end(), '-'), uuid.end());
  request.set_idme_uuid(uuid);
  request.set_first_name("Newell");
  request.set_last_name("Arriver" + uuid.substr(0, 6));
  request.set_birth_date("1988-02-29");
  request.set_ssn("666778899");
  request.set_email("newell@example.test");
  request.mutable_address()->add_street("1 First St");
  request.mutable_address()->set_city("Testville");
  return request;
}

v1::GetProfileRequest ByIdme(const std::string& uuid) {
  v1::GetProfileRequest request;
  request.set_loa_current(3);
  request.mutable_by_identifier()->set_type(v1::IDENTIFIER_TYPE_IDME);
  request.mutable_by_identifier()->set_value(uuid);
  return request;
}

std::string OutcomeOf(common::v1::MpiOutcome outcome) {
  return common::v1::MpiOutcome_Name(outcome).substr(std::string("MPI_OUTCOME_").size());
}

int AddsAt(Line& line) {
  const std::string calls = line.simulator().Calls();
  const auto at = calls.find("\"add\":");
  REQUIRE(at != std::string::npos);
  return std::stoi(calls.substr(at + 6));
}

// On a busy machine an answer may not be kept in the time there is for it: MPI is asked once more.
bool IsKept(Line& line, const std::string& icn) {
  for (int tries = 0; tries < 10; ++tries) {
    if (OrFail(line.Get(ByIcn(icn))).from_cache()) return true;
  }
  return false;
}

TEST_CASE("mpi-adapter: R4 a newcomer is added once, and the NO_MATCH that was kept is forgotten",
          "[mpi][integration][rule][R4]") {
  Line line;
  const v1::AddPersonImplicitRequest newcomer = Newcomer();
  const auto before = OrFail(line.Get(ByIdme(newcomer.idme_uuid())));
  CHECK(OutcomeOf(before.outcome()) == "NO_MATCH");
  OrFail(line.Get(ByIdme(newcomer.idme_uuid())));

  const auto added = line.Add(newcomer);
  CHECK(OutcomeOf(added.change().outcome()) == "OK");
  CHECK(added.added());
  CHECK_FALSE(added.profile().icn().empty());
  CHECK(line.audit().Take() == std::vector<std::string>{"mpi.person_added accepted"});
  const auto after = OrFail(line.Get(ByIdme(newcomer.idme_uuid())));
  CHECK(OutcomeOf(after.outcome()) == "OK");
  CHECK(after.profile().icn() == added.profile().icn());

  const auto again = line.Add(newcomer);
  CHECK(OutcomeOf(again.change().outcome()) == "OK");
  CHECK_FALSE(again.added());
  CHECK(again.profile().icn() == added.profile().icn());
  CHECK(AddsAt(line) == 1);
  CHECK(line.audit().Take().empty());
  CHECK(line.TakeProblems().empty());
  for (const std::string& personal :
       {newcomer.idme_uuid(), newcomer.last_name(), added.profile().icn(), newcomer.ssn()}) {
    CHECK_FALSE(absl::StrContains(line.log(), personal));
  }
}

TEST_CASE("mpi-adapter: H11 two sign-ins at once, or eight, add one person",
          "[mpi][integration][attack][H11]") {
  Line line;
  REQUIRE(line.simulator().SetFaults(R"({"mode":"slow","ms":100})").ok());
  const v1::AddPersonImplicitRequest newcomer = Newcomer();
  std::vector<v1::AddPersonImplicitResponse> answers(8);
  std::vector<std::thread> threads;
  for (v1::AddPersonImplicitResponse& answer : answers) {
    threads.emplace_back([&line, &answer, &newcomer] {
      const auto added = line.Call<v1::AddPersonImplicitResponse>(kAddPersonImplicitMethod,
                                                                  newcomer, absl::Seconds(20));
      if (added.ok()) answer = *added;
    });
  }
  for (std::thread& thread : threads) thread.join();
  int added = 0;
  for (const v1::AddPersonImplicitResponse& answer : answers) {
    CHECK(OutcomeOf(answer.change().outcome()) == "OK");
    CHECK(answer.profile().icn() == answers.front().profile().icn());
    if (answer.added()) ++added;
  }
  CHECK(added == 1);
  CHECK(AddsAt(line) == 1);
}

TEST_CASE("mpi-adapter: H11 an add whose answer was lost is found, and not sent again",
          "[mpi][integration][attack][H11]") {
  Line line;
  REQUIRE(line.simulator().SetFaults(R"({"mode":"lost","interaction":"add"})").ok());
  const v1::AddPersonImplicitRequest newcomer = Newcomer();
  const auto added = line.Add(newcomer);
  CHECK(OutcomeOf(added.change().outcome()) == "OK");
  CHECK(added.change().reason() == "FOUND_AFTER_ADD");
  CHECK(added.added());
  CHECK_FALSE(added.profile().icn().empty());
  CHECK(AddsAt(line) == 1);
  CHECK(line.audit().Take() == std::vector<std::string>{"mpi.person_added accepted"});
}

TEST_CASE("mpi-adapter: H11 an add that MPI leaves unanswered ends before the caller's deadline",
          "[mpi][integration][attack][H11]") {
  Line line;
  REQUIRE(line.simulator().SetFaults(R"({"mode":"hang","interaction":"add"})").ok());
  const auto added = line.Add(Newcomer(), absl::Seconds(3));
  CHECK(OutcomeOf(added.change().outcome()) == "TIMEOUT");
  CHECK(added.change().retryable());
  CHECK(added.added());
  CHECK_FALSE(added.has_profile());
  CHECK(line.audit().Take() == std::vector<std::string>{"mpi.person_added unknown"});
}

TEST_CASE("mpi-adapter: somebody whom MPI shows only a moment after the add is found",
          "[mpi][integration][rule]") {
  Line line;
  REQUIRE(line.simulator().SetFaults(R"({"mode":"eventual","ms":200})").ok());
  const auto added = line.Add(Newcomer());
  CHECK(OutcomeOf(added.change().outcome()) == "OK");
  CHECK_FALSE(added.profile().icn().empty());
  CHECK(AddsAt(line) == 1);
}

TEST_CASE("mpi-adapter: an add that MPI refuses is told as it is", "[mpi][integration][rule]") {
  struct Row {
    const char* mode;
    const char* outcome;
  };
  const Row row = GENERATE(values<Row>({{"ar", "MPI_FAILED"},
                                        {"duplicate", "DUPLICATE_KEY"},
                                        {"unknown_sender", "SENDER_REJECTED"},
                                        {"wrong_message", "UNPARSEABLE"}}));
  Line line;
  REQUIRE(line.simulator()
              .SetFaults(absl::StrCat(R"({"mode":")", row.mode, R"(","interaction":"add"})"))
              .ok());
  const auto added = line.Add(Newcomer());
  CAPTURE(row.mode, added.change().reason());
  // What an answer to another message left open, the search after it may settle.
  if (std::string(row.mode) == "wrong_message") {
    CHECK((OutcomeOf(added.change().outcome()) == "OK" ||
           OutcomeOf(added.change().outcome()) == row.outcome));
  } else {
    CHECK(OutcomeOf(added.change().outcome()) == row.outcome);
    CHECK_FALSE(added.has_profile());
  }
}

TEST_CASE("mpi-adapter: the proxy add finds, searches and adds; who has no EDIPI is not added",
          "[mpi][integration][rule]") {
  Line line;
  v1::AddPersonProxyRequest request;
  request.set_loa_current(3);
  int added = 0;
  int without_edipi = 0;
  for (const testing::Persona& persona : line.personas()) {
    if (persona.mpi.outcome != testing::MpiOutcome::kMatch || !persona.mpi.person) continue;
    request.set_icn(persona.mpi.person->icn);
    const auto answer =
        OrFail(line.Call<v1::AddPersonProxyResponse>(kAddPersonProxyMethod, request));
    CAPTURE(persona.id, answer.change().reason());
    if (answer.change().reason() == "EDIPI_MISSING") {
      CHECK(OutcomeOf(answer.change().outcome()) == "INVALID_REQUEST");
      ++without_edipi;
    } else if (OutcomeOf(answer.change().outcome()) == "OK") {
      CHECK(answer.step() == v1::AddPersonProxyResponse::STEP_ADD);
      CHECK_FALSE(answer.change().ids().birls_id().empty());
      CHECK_FALSE(answer.change().ids().participant_id().empty());
      ++added;
    }
    CHECK(line.TakeProblems().empty());
  }
  CHECK(added > 0);
  CHECK(without_edipi > 0);
}

TEST_CASE("mpi-adapter: an update links a credential, and what was kept of the person goes",
          "[mpi][integration][rule]") {
  Line line;
  const testing::PersonaMpiRecord& person = line.PersonOf("idme_loa3");
  const auto first = OrFail(line.Get(ByIcn(person.icn)));
  CHECK(OutcomeOf(first.outcome()) == "OK");
  CHECK(IsKept(line, person.icn));
  v1::UpdateProfileRequest request;
  request.set_loa_current(3);
  request.set_icn(person.icn);
  request.set_logingov_uuid("2b1d0f6a-0f5b-4a53-9c35-0123456789ab");
  request.set_first_name(person.names.at(0).given.at(0));
  request.set_last_name(person.names.at(0).family);
  request.set_birth_date(person.birth_date);
  request.set_ssn(person.ssn);
  request.set_email("new@example.test");
  const auto updated = OrFail(line.Call<v1::UpdateProfileResponse>(kUpdateProfileMethod, request));
  CAPTURE(updated.change().reason());
  CHECK(OutcomeOf(updated.change().outcome()) == "OK");
  CHECK(line.audit().Take() == std::vector<std::string>{"mpi.profile_updated accepted"});
  CHECK_FALSE(OrFail(line.Get(ByIcn(person.icn))).from_cache());
  CHECK(IsKept(line, person.icn));

  v1::InvalidateRequest forget;
  forget.mutable_identifier()->set_type(v1::IDENTIFIER_TYPE_ICN);
  forget.mutable_identifier()->set_value(person.icn);
  const auto forgotten = OrFail(line.Call<v1::InvalidateResponse>(kInvalidateMethod, forget));
  CHECK(forgotten.forgotten() > 0);
  CHECK_FALSE(OrFail(line.Get(ByIcn(person.icn))).from_cache());
  CHECK(line.TakeProblems().empty());
}

TEST_CASE("mpi-adapter: the finds past the cache, by identifier and by attributes",
          "[mpi][integration][rule]") {
  Line line;
  const testing::PersonaMpiRecord& person = line.PersonOf("idme_loa3");
  REQUIRE(line.Get(ByIcn(person.icn)).ok());
  for (const v1::SearchType search :
       {v1::SEARCH_TYPE_CORRELATIONS, v1::SEARCH_TYPE_ICN_HISTORY, v1::SEARCH_TYPE_RELATIONSHIPS}) {
    v1::FindByIdentifierRequest request;
    request.set_loa_current(3);
    *request.mutable_identifier() = ByIcn(person.icn).by_identifier();
    request.set_search_type(search);
    const auto found =
        OrFail(line.Call<v1::FindByIdentifierResponse>(kFindByIdentifierMethod, request));
    CHECK(OutcomeOf(found.answer().outcome()) == "OK");
    CHECK_FALSE(found.answer().from_cache());
  }
  v1::FindByAttributesRequest by_traits;
  by_traits.set_loa_current(3);
  *by_traits.mutable_traits() = ByTraits(person).by_traits();
  const auto found =
      OrFail(line.Call<v1::FindByAttributesResponse>(kFindByAttributesMethod, by_traits));
  CHECK(OutcomeOf(found.answer().outcome()) == "OK");
  CHECK(found.answer().profile().icn() == person.icn);
  v1::ParseGcIdsRequest parse;
  parse.set_gc_ids(person.icn + "^NI^200M^USVHA^P");
  CHECK(OrFail(line.Call<v1::ParseGcIdsResponse>(kParseGcIdsMethod, parse)).icn() == person.icn);
  CHECK(line.TakeProblems().empty());
}

}  // namespace
}  // namespace va::mpi
