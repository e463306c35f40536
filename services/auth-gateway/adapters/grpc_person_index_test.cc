// MPI as a sign-in asks and tells it, against a server of the methods over mutual TLS: what goes
// over the wire, and what an answer or a failure becomes.
#include "services/auth-gateway/adapters/grpc_person_index.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/rpc/server.h"
#include "lib/testing/test_pki.h"
#include "va/attributes/v1/attributes.pb.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::gateway {
namespace {

namespace attributes = ::va::attributes::v1;
namespace common = ::va::common::v1;

constexpr char kIcn[] = "1000000001V000001";
constexpr char kIdme[] = "3edee515001a372b55545492a4a71b5b";

// mpi-adapter: keeps each question, counts it, and gives the answers the test set.
class Mpi {
 public:
  Mpi() {
    rpc::ServerBuilder builder;
    Serve(builder, "va.mpi.v1.MpiService/GetProfile", question, profile);
    Serve(builder, "va.mpi.v1.MpiService/AddPersonImplicit", person, added);
    Serve(builder, "va.mpi.v1.MpiService/UpdateProfile", update, updated);
    const testing::PemFiles mine = pki_.IssueService("mpi-adapter");
    rpc::ServerOptions options;
    options.tls = {mine.certificate_file, mine.private_key_file, pki_.ca_file()};
    server_ = builder.Start(options, pool_, clock_).value();
  }
  ~Mpi() {
    server_->Stop(absl::Seconds(1));
    pool_.Shutdown();
  }
  Mpi(const Mpi&) = delete;
  Mpi& operator=(const Mpi&) = delete;

  GrpcPersonIndex Index() {
    const testing::PemFiles caller = pki_.IssueService("auth-gateway");
    return GrpcPersonIndex(
        rpc::Connect(absl::StrCat("127.0.0.1:", server_->port()),
                     {caller.certificate_file, caller.private_key_file, pki_.ca_file()},
                     "mpi-adapter.va.internal")
            .value());
  }
  CallScope Scope() { return {"request-1", clock_.Now() + absl::Seconds(10)}; }

  int calls = 0;
  mpi::v1::GetProfileRequest question;
  mpi::v1::AddPersonImplicitRequest person;
  mpi::v1::UpdateProfileRequest update;
  absl::StatusOr<mpi::v1::GetProfileResponse> profile = mpi::v1::GetProfileResponse();
  absl::StatusOr<mpi::v1::AddPersonImplicitResponse> added = mpi::v1::AddPersonImplicitResponse();
  absl::StatusOr<mpi::v1::UpdateProfileResponse> updated = mpi::v1::UpdateProfileResponse();

 private:
  template <typename Request, typename Response>
  void Serve(rpc::ServerBuilder& builder, const std::string& method, Request& asked,
             absl::StatusOr<Response>& answer) {
    builder.Unary<Request, Response>(
        method, [&](const rpc::CallContext&, const Request& request) -> absl::StatusOr<Response> {
          ++calls;
          asked = request;
          return answer;
        });
    builder.Allow("auth-gateway.va.internal", {method});
  }

  base::SystemClock clock_;
  testing::TestPki pki_;
  base::WorkerPool pool_{1, 4};
  std::unique_ptr<rpc::Server> server_;
};

attributes::MpiAddition Addition() {
  attributes::MpiAddition out;
  attributes::Traits& traits = *out.mutable_traits();
  traits.set_first_name("Nola");
  traits.set_middle_name("Quenby");
  traits.set_last_name("Nowherefound");
  traits.set_birth_date("1991-11-11");
  traits.set_ssn("666211111");
  out.set_idme_uuid(kIdme);
  out.set_email("nola@example.test");
  out.mutable_address()->add_street("11 Nowhere Loop");
  out.mutable_address()->set_city("Blankmoor");
  return out;
}

Derived Verified() {
  Derived derived;
  derived.loa_current = 3;
  derived.asks_mpi = true;
  attributes::MpiQuestion question;
  question.set_icn(kIcn);
  derived.mpi_question = question.SerializeAsString();
  derived.mpi_addition = Addition().SerializeAsString();
  return derived;
}

MpiNews News(MpiUpdate::Reason reason) {
  return {
      "flow-1", 3, identity::Icn::FromWire(kIcn), {reason, true, Addition().SerializeAsString()}};
}

TEST_CASE("GrpcPersonIndex: R7 a sign-in takes flags that are minutes old at most",
          "[adapters][R7]") {
  Mpi mpi;
  mpi.profile->set_outcome(common::MPI_OUTCOME_NO_MATCH);
  GrpcPersonIndex index = mpi.Index();
  const auto answer = index.GetProfile(Verified(), mpi.Scope());
  REQUIRE(answer.ok());
  CHECK(answer->no_match);
  CHECK_FALSE(answer->matched);
  CHECK(mpi.question.freshness() == mpi::v1::FRESHNESS_FLAGS);
  CHECK(mpi.question.by_identifier().value() == kIcn);
}

TEST_CASE("GrpcPersonIndex: R4 only NO_MATCH is an answer after which somebody may be added",
          "[adapters][R4][R5]") {
  Mpi mpi;
  GrpcPersonIndex index = mpi.Index();
  for (int one = common::MpiOutcome_MIN; one <= common::MpiOutcome_MAX; ++one) {
    const auto outcome = static_cast<common::MpiOutcome>(one);
    CAPTURE(common::MpiOutcome_Name(outcome));
    mpi.profile->set_outcome(outcome);
    const auto answer = index.GetProfile(Verified(), mpi.Scope());
    REQUIRE(answer.ok());
    CHECK(answer->no_match == (outcome == common::MPI_OUTCOME_NO_MATCH));
    CHECK(answer->matched == (outcome == common::MPI_OUTCOME_OK));
  }
}

TEST_CASE("GrpcPersonIndex: R6 M3 the person's own LOA goes with every question and every change",
          "[adapters][R6][M3]") {
  Mpi mpi;
  mpi.added->mutable_change()->set_outcome(common::MPI_OUTCOME_BLOCKED);
  mpi.updated->mutable_change()->set_outcome(common::MPI_OUTCOME_BLOCKED);
  GrpcPersonIndex index = mpi.Index();
  Derived derived = Verified();
  derived.loa_current = 1;
  CHECK(index.GetProfile(derived, mpi.Scope()).ok());
  CHECK(mpi.question.loa_current() == 1);
  CHECK(index.AddPerson(derived, mpi.Scope()).ok());
  CHECK(mpi.person.loa_current() == 1);
  MpiNews news = News(MpiUpdate::Reason::kCredentialChanged);
  news.loa_current = 1;
  CHECK(index.Tell(news, mpi.Scope()).value() == MpiTold::kRefused);
  CHECK(mpi.update.loa_current() == 1);
}

TEST_CASE("GrpcPersonIndex: R4 somebody is added with the traits and the credential they came with",
          "[adapters][R4]") {
  Mpi mpi;
  mpi.added->mutable_change()->set_outcome(common::MPI_OUTCOME_OK);
  mpi.added->set_added(true);
  mpi.added->mutable_profile()->set_icn(kIcn);
  GrpcPersonIndex index = mpi.Index();
  const auto answer = index.AddPerson(Verified(), mpi.Scope());
  INFO(answer.status());
  REQUIRE(answer.ok());
  CHECK(mpi.person.request_id() == "request-1");
  CHECK(mpi.person.loa_current() == 3);
  CHECK(mpi.person.idme_uuid() == kIdme);
  CHECK(mpi.person.logingov_uuid().empty());
  CHECK(mpi.person.first_name() == "Nola");
  CHECK(mpi.person.last_name() == "Nowherefound");
  CHECK(mpi.person.birth_date() == "1991-11-11");
  CHECK(mpi.person.ssn() == "666211111");
  CHECK(mpi.person.email() == "nola@example.test");
  CHECK(mpi.person.address().city() == "Blankmoor");
  CHECK(answer->matched);
  CHECK_FALSE(answer->no_match);
  CHECK(answer->outcome == common::MPI_OUTCOME_OK);
  CHECK(answer->add_outcome == common::MPI_OUTCOME_OK);
  CHECK(answer->told == MpiTold::kDone);
  common::Profile profile;
  REQUIRE(profile.ParseFromString(answer->profile));
  CHECK(profile.icn() == kIcn);
  // Login.gov's likewise.
  attributes::MpiAddition logingov = Addition();
  logingov.clear_idme_uuid();
  logingov.set_logingov_uuid("aa478abc-e494-4af1-9f87-d002f8fe1cda");
  Derived derived = Verified();
  derived.mpi_addition = logingov.SerializeAsString();
  CHECK(index.AddPerson(derived, mpi.Scope()).ok());
  CHECK(mpi.person.idme_uuid().empty());
  CHECK(mpi.person.logingov_uuid() == logingov.logingov_uuid());
}

TEST_CASE(
    "GrpcPersonIndex: R4 somebody whom MPI knew by the credential is a match, not an addition",
    "[adapters][R4]") {
  Mpi mpi;
  mpi.added->mutable_change()->set_outcome(common::MPI_OUTCOME_OK);
  mpi.added->mutable_profile()->set_icn(kIcn);
  GrpcPersonIndex index = mpi.Index();
  const auto answer = index.AddPerson(Verified(), mpi.Scope());
  REQUIRE(answer.ok());
  CHECK(answer->matched);
  CHECK(answer->told == MpiTold::kKnown);
  CHECK(answer->add_outcome == common::MPI_OUTCOME_UNSPECIFIED);
}

TEST_CASE("GrpcPersonIndex: R4 an addition that failed leaves no match, and says how it failed",
          "[adapters][R4][R5]") {
  Mpi mpi;
  GrpcPersonIndex index = mpi.Index();
  const auto [outcome, told] = GENERATE(table<common::MpiOutcome, MpiTold>({
      {common::MPI_OUTCOME_NO_MATCH, MpiTold::kRefused},
      {common::MPI_OUTCOME_MULTIPLE_MATCHES, MpiTold::kRefused},
      {common::MPI_OUTCOME_INVALID_REQUEST, MpiTold::kRefused},
      {common::MPI_OUTCOME_SENDER_REJECTED, MpiTold::kUnavailable},
      {common::MPI_OUTCOME_DUPLICATE_KEY, MpiTold::kRefused},
      {common::MPI_OUTCOME_BLOCKED, MpiTold::kRefused},
      {common::MPI_OUTCOME_MPI_FAILED, MpiTold::kUnavailable},
      {common::MPI_OUTCOME_TRANSPORT, MpiTold::kUnavailable},
      {common::MPI_OUTCOME_TIMEOUT, MpiTold::kUnavailable},
      {common::MPI_OUTCOME_BREAKER_OPEN, MpiTold::kUnavailable},
      {common::MPI_OUTCOME_UNPARSEABLE, MpiTold::kUnavailable},
  }));
  CAPTURE(common::MpiOutcome_Name(outcome));
  mpi.added->mutable_change()->set_outcome(outcome);
  mpi.added->mutable_profile()->set_icn(kIcn);  // whatever stands there: nobody was found
  const auto answer = index.AddPerson(Verified(), mpi.Scope());
  REQUIRE(answer.ok());
  CHECK(answer->outcome == common::MPI_OUTCOME_NO_MATCH);
  CHECK(answer->no_match);
  CHECK(answer->add_outcome == outcome);
  CHECK(answer->told == told);
  CHECK(answer->profile.empty());
}

TEST_CASE("GrpcPersonIndex: R4 a person who cannot be put to MPI is refused, not tried later",
          "[adapters][R4]") {
  Mpi mpi;
  mpi.added = base::MakeError(absl::StatusCode::kInvalidArgument, "FIELD_MISSING", "last_name");
  GrpcPersonIndex index = mpi.Index();
  const auto answer = index.AddPerson(Verified(), mpi.Scope());
  REQUIRE(answer.ok());
  CHECK(answer->no_match);
  CHECK(answer->add_outcome == common::MPI_OUTCOME_INVALID_REQUEST);
}

TEST_CASE("GrpcPersonIndex: R5 a failed call and an answer that says nothing are nobody's refusal",
          "[adapters][R5]") {
  Mpi mpi;
  GrpcPersonIndex index = mpi.Index();
  SECTION("unavailable: and the message is sent once (mpi_mhv.md 3.1.12)") {
    mpi.added = base::MakeError(absl::StatusCode::kUnavailable, "CLAIM", "no", true);
  }
  SECTION("an outcome that is never sent") {}
  SECTION("a person without a profile") {
    mpi.added->mutable_change()->set_outcome(common::MPI_OUTCOME_OK);
    mpi.added->set_added(true);
  }
  CHECK_FALSE(index.AddPerson(Verified(), mpi.Scope()).ok());
  CHECK(mpi.calls == 1);
}

TEST_CASE("GrpcPersonIndex: an unknown credential is told with an implicit add", "[adapters]") {
  Mpi mpi;
  mpi.added->mutable_change()->set_outcome(common::MPI_OUTCOME_OK);
  mpi.added->mutable_profile()->set_icn(kIcn);
  GrpcPersonIndex index = mpi.Index();
  MpiNews news = News(MpiUpdate::Reason::kCredentialUnknown);
  CHECK(index.Tell(news, mpi.Scope()).value() == MpiTold::kKnown);
  mpi.added->set_added(true);
  CHECK(index.Tell(news, mpi.Scope()).value() == MpiTold::kDone);
  CHECK(mpi.person.idme_uuid() == kIdme);
  CHECK(mpi.person.loa_current() == 3);
  CHECK(mpi.update.icn().empty());
  // R12: linked to somebody else is not done, and nobody is pointed anywhere by it.
  mpi.added->mutable_profile()->set_icn("1000000002V000002");
  CHECK(index.Tell(news, mpi.Scope()).value() == MpiTold::kOtherPerson);
}

TEST_CASE("GrpcPersonIndex: a changed credential is told with an update of the ICN", "[adapters]") {
  Mpi mpi;
  mpi.updated->mutable_change()->set_outcome(common::MPI_OUTCOME_OK);
  GrpcPersonIndex index = mpi.Index();
  const MpiNews news = News(MpiUpdate::Reason::kCredentialChanged);
  CHECK(index.Tell(news, mpi.Scope()).value() == MpiTold::kDone);
  CHECK(mpi.update.icn() == kIcn);
  CHECK(mpi.update.idme_uuid() == kIdme);
  CHECK(mpi.update.email() == "nola@example.test");
  CHECK(mpi.update.last_name() == "Nowherefound");
  CHECK(mpi.update.address().street(0) == "11 Nowhere Loop");
  CHECK(mpi.person.last_name().empty());
  mpi.updated->mutable_change()->set_outcome(common::MPI_OUTCOME_MPI_FAILED);
  CHECK(index.Tell(news, mpi.Scope()).value() == MpiTold::kUnavailable);
  // Once, whatever the answer: an update that was lost is not hedged (mpi_mhv.md 3.1.12).
  mpi.calls = 0;
  mpi.updated = base::MakeError(absl::StatusCode::kUnavailable, "GONE", "x", true);
  CHECK_FALSE(index.Tell(news, mpi.Scope()).ok());
  CHECK(mpi.calls == 1);
}

}  // namespace
}  // namespace va::gateway
