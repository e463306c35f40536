// MPI over SOAP 1.1 on HTTPS: sends one request, classifies whatever comes back or does not. Holds
// no state between calls; connections live in the HTTP client, which is shared. What changes a
// person goes out once and never again (mpi_mhv.md 3.1.12).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "lib/http/client.h"
#include "services/mpi-adapter/adapters/break_glass.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"
#include "services/mpi-adapter/hl7/message_settings.h"

namespace va::mpi {

struct SoapSettings {
  std::string url;
  absl::Duration timeout = absl::Seconds(6);  // of one call; the caller's deadline may be nearer
  hl7::MessageSettings message;
  std::string message_id_prefix = "200VGOV-";  // before the UUID of each message
  std::string
      query_id;  // empty: unique per message; MPI's reference client sends the constant 18204
};

class SoapMpiGateway final : public MpiGateway, public MpiChanges {
 public:
  struct Deps {
    http::Client& http;
    const base::Clock& clock;
    base::IdGenerator& ids;
    BreakGlass* break_glass = nullptr;  // none: no body is ever logged
  };

  SoapMpiGateway(Deps deps, SoapSettings settings);

  absl::StatusOr<Answer> Find(const Question& question, absl::Time deadline) override;
  absl::StatusOr<ChangeAnswer> Send(const Change& change, absl::Time deadline) override;

 private:
  // One message on the wire: what its answer will be held against.
  struct Message {
    absl::string_view interaction;
    hl7::MessageStamp stamp;
    std::string body;
  };

  hl7::MessageStamp NewStamp() const;
  http::ClientRequest Request(Message message, absl::Duration timeout) const;
  // Sends it once, unless there is no time left.
  absl::StatusOr<http::ClientResponse> Exchange(Message message, absl::Time deadline) const;

  Deps deps_;
  const SoapSettings settings_;
};

}  // namespace va::mpi
