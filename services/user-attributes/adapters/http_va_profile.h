// VA Profile over HTTPS: one question by its own id of the person. Asked again once when the first
// try failed at once, because a GET changes nothing there; never beyond the deadline. Classifies
// whatever comes back or does not; holds no state. Connections live in the HTTP client.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "lib/http/client.h"
#include "lib/telemetry/log.h"
#include "lib/telemetry/metrics.h"
#include "services/user-attributes/domain/contact.h"

namespace va::attributes {

// What became of a question: answered, unknown (404), unavailable, timeout, answer (unreadable).
telemetry::Counter VaProfileCounter(telemetry::Metrics& metrics);

class HttpVaProfile final : public VaProfile {
 public:
  struct Deps {
    http::Client& http;
    const base::Clock& clock;
    base::IdGenerator& ids;
    const telemetry::Log& log;
    telemetry::Counter outcomes{};
    std::function<void(absl::Duration)> sleep{};  // between the two tries
  };
  struct Settings {
    std::string base_url;                       // without a slash at its end
    absl::Duration timeout = absl::Seconds(2);  // for all of it
  };

  HttpVaProfile(Deps deps, Settings settings);

  absl::StatusOr<std::optional<ContactHistory>> Fetch(const identity::CspId& vet360_id,
                                                      absl::string_view request_id,
                                                      absl::Time deadline) override;

 private:
  absl::StatusOr<http::ClientResponse> Get(const std::string& url, absl::Time end) const;
  absl::StatusOr<http::ClientResponse> GetTwice(const std::string& url, absl::Time end) const;
  double Random01() const;

  const Deps deps_;
  const Settings settings_;
};

// In place of VA Profile where none is configured: says so.
class NoVaProfile final : public VaProfile {
 public:
  absl::StatusOr<std::optional<ContactHistory>> Fetch(const identity::CspId& vet360_id,
                                                      absl::string_view request_id,
                                                      absl::Time deadline) override;
};

}  // namespace va::attributes
