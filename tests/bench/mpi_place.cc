#include "tests/bench/mpi_place.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "lib/base/clock.h"
#include "services/mpi-adapter/hl7/find_request.h"

namespace va::bench {
namespace {

constexpr int kAdders = 4;
constexpr char kAdapterName[] = "mpi-adapter.va.internal";

std::string Env(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string PkiOf(const std::string& dev_dir) { return absl::StrCat(dev_dir, "/pki"); }

absl::StatusOr<std::string> AddOne(const rpc::Channel& channel, int n) {
  mpi::v1::AddPersonImplicitRequest person;
  person.set_request_id(absl::StrFormat("bench-add-%06d", n));
  person.set_loa_current(3);
  person.set_idme_uuid(absl::StrFormat("b0%030d", n));
  person.set_first_name("Bench");
  person.set_last_name(absl::StrFormat("Person%06d", n));
  person.set_birth_date("1951-04-09");
  person.set_ssn(absl::StrFormat("66%07d", 6000000 + n));
  person.set_email(absl::StrFormat("person%d@example.test", n));
  auto& address = *person.mutable_address();
  address.add_street("12 Sample Street");
  address.set_city("Testville");
  address.set_state("NY");
  address.set_postal_code("10001");
  address.set_country("USA");
  const auto added = rpc::Call<mpi::v1::AddPersonImplicitResponse>(
      channel, "va.mpi.v1.MpiService/AddPersonImplicit", person, {.deadline = InSeconds(30)});
  if (!added.ok()) return added.status();
  if (!added->has_profile()) {
    return absl::InternalError(absl::StrCat("a person was not added: outcome ",
                                            added->change().outcome(), " ",
                                            added->change().reason()));
  }
  return added->profile().icn();
}

}  // namespace

absl::StatusOr<std::unique_ptr<BareMpi>> BareMpi::Create(const std::string& pki,
                                                         const std::string& url, int connections) {
  http::TlsClientOptions tls;
  tls.ca_file = absl::StrCat(pki, "/ca.crt");
  tls.certificate_file = absl::StrCat(pki, "/mpi-adapter.crt");
  tls.private_key_file = absl::StrCat(pki, "/mpi-adapter.key");
  tls.connect_timeout = absl::Seconds(10);
  tls.idle_handles = static_cast<size_t>(connections);
  auto client = http::CurlClient::Create(tls);
  if (!client.ok()) return client.status();
  return std::unique_ptr<BareMpi>(new BareMpi(*std::move(client), url));
}

absl::Status BareMpi::Find(const std::string& icn) {
  const absl::Time now = base::SystemClock().Now();
  const auto message = mpi::hl7::BuildFindRequest(
      mpi::ByIdentifier{mpi::IdentifierType::kIcn, identity::CspId::FromWire(icn)},
      {absl::StrCat("200VGOV-", ids_.Uuid()), ids_.Uuid(), now}, {});
  if (!message.ok()) return message.status();
  http::ClientRequest request;
  request.method = "POST";
  request.url = url_;
  request.timeout = absl::Seconds(20);
  request.headers.Add("Accept", "text/xml;charset=UTF-8");
  request.headers.Add("Content-Type", "text/xml;charset=UTF-8");
  request.headers.Add("User-Agent", "Vets.gov Agent");
  request.headers.Add("soapaction", "PRPA_IN201305UV02");
  request.headers.Add("Date",
                      absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone()));
  request.body = message->SerializeWithDeclaration();
  const auto answer = client_->Send(request);
  if (!answer.ok()) return answer.status();
  return answer->status == 200 && absl::StrContains(answer->body, icn)
             ? absl::OkStatus()
             : absl::InternalError("MPI did not answer with the person");
}

absl::StatusOr<MpiPlace> MpiPlace::FromEnvironment() {
  MpiPlace place;
  place.adapter_ = Env("VA_MPI_ADAPTER_GRPC");
  place.dev_dir_ = Env("VA_DEV_DIR");
  place.mpi_url_ = Env("VA_MPI_URL");
  if (place.adapter_.empty() || place.mpi_url_.empty()) {
    return absl::FailedPreconditionError("VA_MPI_URL is not set: no stack to measure");
  }
  auto operations = place.Bare(1);
  if (!operations.ok()) return operations.status();
  place.operations_ = *std::move(operations);
  place.knobs_ =
      std::make_unique<SimulatorKnobs>(place.operations_->client(), "mpi-simulator",
                                       std::string(absl::StripSuffix(place.mpi_url_, "/mpi")));
  return place;
}

absl::StatusOr<rpc::Channel> MpiPlace::Connect(const std::string& target) const {
  rpc::TlsOptions tls;
  tls.ca_file = Env("VA_CA");
  tls.certificate_file = Env("VA_CLIENT_CERT");
  tls.private_key_file = Env("VA_CLIENT_KEY");
  auto channel = rpc::Connect(target, tls, kAdapterName);
  if (!channel.ok()) return channel.status();
  // Connected before anything is measured.
  if (absl::Status serving = rpc::CheckHealth(*channel, InSeconds(10)); !serving.ok()) {
    return serving;
  }
  return channel;
}

absl::StatusOr<std::vector<std::string>> MpiPlace::AddPeople(int count) const {
  const auto channel = Connect(adapter_);
  if (!channel.ok()) return channel.status();
  std::vector<std::string> icns(static_cast<size_t>(count));
  std::atomic<int> next{0};
  std::mutex mutex;
  absl::Status fault;
  std::vector<std::thread> adders;
  for (int t = 0; t < kAdders; ++t) {
    adders.emplace_back([&] {
      for (int n = next++; n < count; n = next++) {
        auto icn = AddOne(*channel, n);
        if (icn.ok()) {
          icns[static_cast<size_t>(n)] = *std::move(icn);
          continue;
        }
        const std::lock_guard<std::mutex> lock(mutex);
        fault.Update(icn.status());
        next = count;
      }
    });
  }
  for (std::thread& adder : adders) adder.join();
  if (!fault.ok()) return fault;
  std::vector<std::string> distinct = icns;
  std::sort(distinct.begin(), distinct.end());
  if (std::adjacent_find(distinct.begin(), distinct.end()) != distinct.end()) {
    return absl::InternalError("two of the people added are one");
  }
  return icns;
}

absl::StatusOr<std::unique_ptr<BareMpi>> MpiPlace::Bare(int connections) const {
  return BareMpi::Create(PkiOf(dev_dir_), mpi_url_, connections);
}

mpi::v1::GetProfileRequest ProfileQuestion(const std::string& icn, mpi::v1::Freshness freshness) {
  mpi::v1::GetProfileRequest question;
  question.set_request_id("bench");
  question.set_loa_current(3);
  question.mutable_by_identifier()->set_type(mpi::v1::IDENTIFIER_TYPE_ICN);
  question.mutable_by_identifier()->set_value(icn);
  question.set_freshness(freshness);
  return question;
}

mpi::v1::FindByIdentifierRequest FindQuestion(const std::string& icn) {
  mpi::v1::FindByIdentifierRequest question;
  question.set_request_id("bench");
  question.set_loa_current(3);
  question.mutable_identifier()->set_type(mpi::v1::IDENTIFIER_TYPE_ICN);
  question.mutable_identifier()->set_value(icn);
  return question;
}

absl::Status CheckPerson(const mpi::v1::GetProfileResponse& answer, bool from_cache) {
  if (answer.outcome() != common::v1::MPI_OUTCOME_OK || !answer.has_profile()) {
    return absl::InternalError(
        absl::StrCat("no person: outcome ", answer.outcome(), " ", answer.reason()));
  }
  if (answer.from_cache() == from_cache) return absl::OkStatus();
  return absl::InternalError(from_cache ? "MPI was asked and not the cache"
                                        : "the cache answered and not MPI");
}

absl::Time InSeconds(int seconds) { return base::SystemClock().Now() + absl::Seconds(seconds); }

}  // namespace va::bench
