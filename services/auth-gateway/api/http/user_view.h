// The body of GET /v0/user: a JSON:API resource under the names of user_endpoint.md 1.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/auth-gateway/domain/provisioning.h"
#include "services/auth-gateway/domain/records.h"
#include "services/auth-gateway/domain/user_profile.h"

namespace va::gateway {

// What was asked beside the session.
struct UserSources {
  Provisioning provisioning;
  std::optional<PersonRecord> record;  // absent: MPI was not asked, or failed
  // Whether it is known how VA Profile stands: absent contact information then means none.
  bool contact_known = false;
  std::optional<ContactInformation> contact;
  std::vector<SourceFailure> failures;
};

std::string UserJson(const SessionRecord& session, const UserSources& sources);

}  // namespace va::gateway
