// mpi-adapter's own parts between a gRPC client and the MPI simulator: mutual TLS on both sides,
// every persona asked about in both ways.
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
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/crypto/random.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/server.h"
#include "lib/telemetry/log.h"
#include "lib/testing/persona.h"
#include "lib/testing/test_pki.h"
#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"
#include "services/mpi-adapter/api/grpc/mpi_service.h"
#include "tests/simulators/mpi/mpi_simulator.h"

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
    mpi_server_->Stop(absl::Seconds(1));
    pool_.Shutdown();
    mpi_pool_.Shutdown();
  }

  absl::StatusOr<v1::GetProfileResponse> Get(const v1::GetProfileRequest& request,
                                             absl::Duration timeout = absl::Seconds(10)) {
    return rpc::Call<v1::GetProfileResponse>(*channel_, kGetProfileMethod, request,
                                             {clock_.Now() + timeout, "req-7"});
  }

  const std::vector<testing::Persona>& personas() const { return personas_; }
  std::string log() const { return sink_.text(); }
  std::vector<std::string> TakeProblems() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(problems_, {});
  }

 private:
  void StartSimulator() {
    const testing::PemFiles files = pki_.Issue({"mpi.example.test"});
    http::ServerOptions options;
    options.tls =
        http::TlsServerOptions{files.certificate_file, files.private_key_file, pki_.ca_file()};
    mpi_server_ = OrFail(http::Server::Start(
        options, [this](http::Request& request) { return simulator_.Handle(request); }, mpi_pool_));
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
    service_ = std::make_unique<MpiServiceImpl>(*gateway_, log_);
    rpc::ServerBuilder builder;
    RegisterMpiService(*service_, builder);
    builder.Allow("auth-gateway.va.internal", {kGetProfileMethod});
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
  base::WorkerPool pool_{4, 64};
  base::WorkerPool mpi_pool_{2, 64};
  std::mutex mutex_;
  std::vector<std::string> problems_;
  std::vector<testing::Persona> personas_;
  simulators::MpiSimulator simulator_;
  std::unique_ptr<http::Server> mpi_server_;
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<SoapMpiGateway> gateway_;
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

}  // namespace
}  // namespace va::mpi
