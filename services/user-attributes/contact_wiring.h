// Builds what contact information needs: the connection to VA Profile behind its breaker, the cache
// and the service. Without va_profile.base_url there is no connection, and the service says so.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "lib/crypto/sealed_box.h"
#include "lib/http/guarded_client.h"
#include "lib/jose/decision_token.h"
#include "lib/service/frame.h"
#include "services/user-attributes/adapters/http_va_profile.h"
#include "services/user-attributes/api/grpc/contact_service.h"
#include "services/user-attributes/store/pg_contact_cache.h"
#include "services/user-attributes/va_profile_config.h"

namespace va::attributes {

// What it refers to outlives it.
class Contact {
 public:
  struct Keys {
    const crypto::SealedBox& sealed_box;
    const jose::DecisionVerifier& verifier;
  };

  // Also adds the methods, the reload of the connection's files and what operators see of it.
  static absl::StatusOr<std::unique_ptr<Contact>> Create(const VaProfileConfig& config, Keys keys,
                                                         service::Runtime& runtime);

 private:
  Contact(const VaProfileConfig& config, Keys keys, std::unique_ptr<http::Client> client,
          service::Runtime& runtime);

  const std::unique_ptr<http::Client> client_;  // null: not configured
  const std::unique_ptr<http::GuardedClient> guarded_;
  const std::unique_ptr<VaProfile> va_profile_;
  PgContactCache cache_;
  const ContactServiceImpl api_;
};

}  // namespace va::attributes
