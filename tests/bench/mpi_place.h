// Where a benchmark of mpi-adapter takes place: the running stack's adapter and MPI simulator, the
// certificates they ask for, and people that the simulator was given through the adapter.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/crypto/random.h"
#include "lib/http/client.h"
#include "lib/rpc/channel.h"
#include "tests/bench/simulator_knobs.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::bench {

// A way from us to MPI that does nothing but carry messages: what the network, TLS and the
// simulator cost without the adapter.
class BareMpi {
 public:
  // With the adapter's own client certificate. FAILED_PRECONDITION and the like when there is none.
  static absl::StatusOr<std::unique_ptr<BareMpi>> Create(const std::string& pki,
                                                         const std::string& url, int connections);

  // Asks by an ICN and looks for nothing but that in the answer. Thread-safe.
  absl::Status Find(const std::string& icn);

  http::Client& client() { return *client_; }

 private:
  BareMpi(std::unique_ptr<http::Client> client, std::string url)
      : client_(std::move(client)), url_(std::move(url)) {}

  std::unique_ptr<http::Client> client_;
  std::string url_;
  crypto::SystemIdGenerator ids_;
};

class MpiPlace {
 public:
  // FAILED_PRECONDITION when the environment names no stack.
  static absl::StatusOr<MpiPlace> FromEnvironment();

  // A connection of its own to an adapter at `target`, as a developer's client.
  absl::StatusOr<rpc::Channel> Connect(const std::string& target) const;

  // Gives the simulator so many people by AddPersonImplicit at the running adapter, and returns
  // their ICNs.
  absl::StatusOr<std::vector<std::string>> AddPeople(int count) const;

  const std::string& adapter() const { return adapter_; }  // host and port of its gRPC
  const std::string& dev_dir() const { return dev_dir_; }
  SimulatorKnobs& knobs() { return *knobs_; }
  // A new one, with no connection yet, that keeps so many.
  absl::StatusOr<std::unique_ptr<BareMpi>> Bare(int connections) const;

 private:
  MpiPlace() = default;

  std::string adapter_;
  std::string dev_dir_;
  std::string mpi_url_;
  std::unique_ptr<BareMpi> operations_;  // for the knobs
  std::unique_ptr<SimulatorKnobs> knobs_;
};

inline constexpr char kGetProfile[] = "va.mpi.v1.MpiService/GetProfile";
inline constexpr char kFindByIdentifier[] = "va.mpi.v1.MpiService/FindByIdentifier";

// A question by ICN on behalf of a verified person.
mpi::v1::GetProfileRequest ProfileQuestion(const std::string& icn, mpi::v1::Freshness freshness);
mpi::v1::FindByIdentifierRequest FindQuestion(const std::string& icn);

// OK when it holds the person, and came from where it should.
absl::Status CheckPerson(const mpi::v1::GetProfileResponse& answer, bool from_cache);

absl::Time InSeconds(int seconds);

}  // namespace va::bench
