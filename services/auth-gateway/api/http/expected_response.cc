#include "services/auth-gateway/api/http/expected_response.h"

namespace va::gateway {

ExpectedResponse ExpectedOf(const GatewayDeps& deps, const identity::IdpRow& row,
                            const SamlIdp& idp, absl::Time now) {
  ExpectedResponse expected;
  expected.idp_entity_id = idp.entity_id;
  expected.keys = idp.keys;
  expected.decryption_keys = deps.saml.decryption_keys;
  expected.sp_entity_id = deps.saml.sp_entity_id;
  expected.acs_url = deps.saml.acs_url;
  expected.now = now;
  expected.skew = deps.saml.skew;
  expected.want = row.want;
  return expected;
}

}  // namespace va::gateway
