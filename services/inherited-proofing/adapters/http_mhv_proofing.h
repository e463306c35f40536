// MHV's inherited-proofing API over HTTPS: two GETs, read-only. Classifies whatever comes back or
// does not; only a 200 with JSON is read, everything else is a fault to try again later (decision
// M8). Holds no state between calls; connections live in the HTTP client, which is shared.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/reloadable.h"
#include "lib/http/client.h"
#include "services/inherited-proofing/domain/ports.h"

namespace va::proofing {

struct MhvSettings {
  std::string url;                            // base path, with or without a slash at the end
  absl::Duration timeout = absl::Seconds(3);  // of one call; the caller's deadline may be nearer
  identity::Secret app_token;
};

class HttpMhvProofing final : public MhvProofingApi {
 public:
  struct Deps {
    http::Client& http;
    const base::Clock& clock;
  };

  HttpMhvProofing(Deps deps, MhvSettings settings);

  // Calls that begin from now on carry this token.
  void ExchangeToken(identity::Secret token) { app_token_.Swap(std::move(token)); }

  absl::StatusOr<std::optional<MhvAccount>> FindAccount(const identity::Icn& icn,
                                                        const CallScope& scope) override;
  absl::StatusOr<ProofingRecord> ReadRecord(const identity::CspId& mhv_id,
                                            const CallScope& scope) override;

 private:
  // The body of a 200 with JSON.
  absl::StatusOr<std::string> Get(absl::string_view call, absl::string_view id,
                                  const CallScope& scope) const;

  Deps deps_;
  MhvSettings settings_;
  base::Reloadable<identity::Secret> app_token_;
};

}  // namespace va::proofing
