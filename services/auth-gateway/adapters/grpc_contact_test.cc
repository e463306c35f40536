// What GET /v0/user asks, each against a server of its method over mutual TLS: what goes over the
// wire, and what an answer or a failure becomes.
#include "services/auth-gateway/adapters/grpc_contact.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/rpc/server.h"
#include "lib/testing/test_pki.h"
#include "services/auth-gateway/adapters/grpc_person_records.h"
#include "va/attributes/v1/contact.pb.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::gateway {
namespace {

namespace attributes = ::va::attributes::v1;
namespace common = ::va::common::v1;

template <typename Request, typename Response>
class Neighbour {
 public:
  explicit Neighbour(const std::string& method) {
    rpc::ServerBuilder builder;
    builder.Unary<Request, Response>(
        method,
        [this](const rpc::CallContext&, const Request& request) -> absl::StatusOr<Response> {
          asked = request;
          return answer;
        });
    builder.Allow("auth-gateway.va.internal", {method});
    const testing::PemFiles mine = pki_.IssueService("neighbour");
    rpc::ServerOptions options;
    options.tls = {mine.certificate_file, mine.private_key_file, pki_.ca_file()};
    server_ = builder.Start(options, pool_, clock_).value();
  }
  ~Neighbour() {
    server_->Stop(absl::Seconds(1));
    pool_.Shutdown();
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

  rpc::Channel Channel() {
    const testing::PemFiles caller = pki_.IssueService("auth-gateway");
    return rpc::Connect(absl::StrCat("127.0.0.1:", server_->port()),
                        {caller.certificate_file, caller.private_key_file, pki_.ca_file()},
                        "neighbour.va.internal")
        .value();
  }
  CallScope Scope() { return {"request-1", clock_.Now() + absl::Seconds(10)}; }

  absl::StatusOr<Response> answer = Response();
  Request asked;

 private:
  base::SystemClock clock_;
  testing::TestPki pki_;
  base::WorkerPool pool_{1, 4};
  std::unique_ptr<rpc::Server> server_;
};

AdmittedPerson Person() {
  AdmittedPerson person;
  person.flow_id = "flow-1";
  person.account_id = "account-1";
  person.decision_token = identity::Secret::FromWire("token");
  return person;
}

using Contacts =
    Neighbour<attributes::GetContactInformationRequest, attributes::GetContactInformationResponse>;
constexpr char kGet[] = "va.attributes.v1.ContactService/GetContactInformation";

const ContactElement& ElementOf(const ContactInformation& contact, const std::string& name) {
  for (const auto& [key, element] : contact.elements) {
    if (key == name && element.has_value()) return *element;
  }
  FAIL("there is no " << name);
  std::abort();
}

ContactValue ValueOf(const ContactElement& element, const std::string& name) {
  for (const auto& [key, value] : element) {
    if (key == name) return value;
  }
  FAIL("there is no " << name);
  std::abort();
}

}  // namespace

TEST_CASE("GrpcContact: E6 asks with the person's proof and names every field", "[adapters][E6]") {
  Contacts neighbour(kGet);
  attributes::GetContactInformationResponse& answer = *neighbour.answer;
  answer.set_known(true);
  answer.set_vet360_id("77");
  answer.set_contact_email_verified(true);
  answer.mutable_email()->set_email_address("ada@example.test");
  answer.mutable_mailing_address()->set_id(5);
  answer.mutable_mailing_address()->set_address_pou("CORRESPONDENCE");
  answer.mutable_mailing_address()->mutable_effective_start_date()->set_seconds(1'600'000'000);
  answer.mutable_home_phone()->set_is_text_permitted(false);
  GrpcContact contacts(neighbour.Channel());
  const auto found = contacts.Find(Person(), identity::CspId::FromWire("77"), neighbour.Scope());
  INFO(found.status());
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  CHECK(neighbour.asked.request_id() == "request-1");
  CHECK(neighbour.asked.flow_id() == "flow-1");
  CHECK(neighbour.asked.account_id() == "account-1");
  CHECK(neighbour.asked.vet360_id() == "77");
  CHECK(neighbour.asked.decision_token() == "token");
  const ContactInformation& contact = **found;
  CHECK(contact.vet360_id.Reveal() == "77");
  CHECK(contact.email_verified);
  CHECK(contact.elements.size() == 8);
  CHECK(ValueOf(ElementOf(contact, "email"), "email_address") ==
        ContactValue(identity::PersonText::FromWire("ada@example.test")));
  CHECK(ValueOf(ElementOf(contact, "email"), "confirmation_date") == ContactValue());
  const ContactElement& mailing = ElementOf(contact, "mailing_address");
  CHECK(ValueOf(mailing, "id") == ContactValue(std::int64_t{5}));
  CHECK(ValueOf(mailing, "address_line2") == ContactValue());
  CHECK(ValueOf(mailing, "effective_start_date") ==
        ContactValue(absl::FromUnixSeconds(1'600'000'000)));
  CHECK(ValueOf(ElementOf(contact, "home_phone"), "is_text_permitted") == ContactValue(false));
}

TEST_CASE("GrpcContact: a person nobody knows there is an answer, a failure keeps its facts",
          "[adapters]") {
  Contacts neighbour(kGet);
  GrpcContact contacts(neighbour.Channel());
  const auto unknown = contacts.Find(Person(), identity::CspId::FromWire("77"), neighbour.Scope());
  REQUIRE(unknown.ok());
  CHECK_FALSE(unknown->has_value());
  neighbour.answer =
      base::WithFact(base::MakeError(absl::StatusCode::kUnavailable, "VA_PROFILE_UNAVAILABLE", "x"),
                     "status", "503");
  const absl::Status failed =
      contacts.Find(Person(), identity::CspId::FromWire("77"), neighbour.Scope()).status();
  CHECK(base::ReasonOf(failed) == "VA_PROFILE_UNAVAILABLE");
  CHECK(base::FactOf(failed, "status") == "503");
}

TEST_CASE("GrpcContact: a drop names the account", "[adapters]") {
  Neighbour<attributes::DropContactInformationRequest, attributes::DropContactInformationResponse>
      neighbour("va.attributes.v1.ContactService/DropContactInformation");
  GrpcContact contacts(neighbour.Channel());
  CHECK(contacts.Drop("account-1", neighbour.Scope()).ok());
  CHECK(neighbour.asked.account_id() == "account-1");
  CHECK(neighbour.asked.request_id() == "request-1");
}

using Profiles = Neighbour<mpi::v1::GetProfileRequest, mpi::v1::GetProfileResponse>;

TEST_CASE("GrpcPersonRecords: asks at LOA3 by ICN and reads what is shown", "[adapters]") {
  Profiles neighbour("va.mpi.v1.MpiService/GetProfile");
  neighbour.answer->set_outcome(common::MPI_OUTCOME_OK);
  common::Profile& profile = *neighbour.answer->mutable_profile();
  common::PersonName& name = *profile.add_names();
  name.add_given("Ada");
  name.set_family("Lovelace");
  name.set_use("L");
  profile.set_gender("F");
  profile.set_birth_date("19610214");
  profile.set_id_theft(true);
  profile.add_addresses()->set_postal_code("05099");
  common::CorrelatedId& id = *profile.add_ids();
  id.set_id("77");
  id.set_id_type("PI");
  id.set_facility("200VETS");
  id.set_authority("USDVA");
  id.set_status("A");
  id.set_root(std::string(identity::kVaRoot));
  GrpcPersonRecords records(neighbour.Channel());
  const auto record =
      records.FindByIcn(identity::Icn::FromWire("1000000001V000001"), neighbour.Scope());
  INFO(record.status());
  REQUIRE(record.ok());
  CHECK(neighbour.asked.loa_current() == 3);
  CHECK(neighbour.asked.by_identifier().type() == mpi::v1::IDENTIFIER_TYPE_ICN);
  CHECK(neighbour.asked.by_identifier().value() == "1000000001V000001");
  REQUIRE(record->names.size() == 1);
  CHECK(record->names[0].family.Reveal() == "Lovelace");
  CHECK(record->names[0].use == "L");
  CHECK(record->birth_date.Reveal() == "19610214");
  CHECK(record->postal_code.Reveal() == "05099");
  CHECK(record->id_theft);
  CHECK(record->ids.vet360_id() == identity::CspId::FromWire("77"));
}

TEST_CASE("GrpcPersonRecords: every outcome but one person is a failure of its own kind",
          "[adapters]") {
  Profiles neighbour("va.mpi.v1.MpiService/GetProfile");
  GrpcPersonRecords records(neighbour.Channel());
  using enum absl::StatusCode;
  struct Row {
    common::MpiOutcome outcome;
    absl::StatusCode code;
    const char* reason;
  };
  const Row rows[] = {
      {common::MPI_OUTCOME_NO_MATCH, kNotFound, "MPI_NO_MATCH"},
      {common::MPI_OUTCOME_MULTIPLE_MATCHES, kFailedPrecondition, "MPI_MULTIPLE_MATCHES"},
      {common::MPI_OUTCOME_MPI_FAILED, kUnavailable, "MPI_FAILED"},
      {common::MPI_OUTCOME_TRANSPORT, kUnavailable, "MPI_TRANSPORT"},
      {common::MPI_OUTCOME_TIMEOUT, kDeadlineExceeded, "MPI_TIMEOUT"},
      {common::MPI_OUTCOME_BREAKER_OPEN, kUnavailable, "MPI_BREAKER_OPEN"},
      {common::MPI_OUTCOME_UNPARSEABLE, kInternal, "MPI_UNPARSEABLE"},
      {common::MPI_OUTCOME_OK, kInternal, "MPI_OK"},  // and no person with it
  };
  for (const Row& row : rows) {
    neighbour.answer->set_outcome(row.outcome);
    const absl::Status status =
        records.FindByIcn(identity::Icn::FromWire("1000000001V000001"), neighbour.Scope()).status();
    CHECK(status.code() == row.code);
    CHECK(base::ReasonOf(status) == row.reason);
  }
}

}  // namespace va::gateway
