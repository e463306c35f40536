// The cookie that the reference sets beside a SAML request, under its own name, for support staff
// and the broker's side: when the request was made and by which ids it goes. The reference also
// writes the parameters of the request into it; we keep those on the server (ssoe_saml.md 14.4 and
// 25.32). Nobody here reads it: nothing depends on what a browser sends back.
#pragma once

#include "absl/strings/string_view.h"
#include "lib/http/message.h"
#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

// vagov_saml_request_<environment>; nothing is set where no environment is configured.
void SetSamlRequestCookie(http::Response& response, absl::string_view environment,
                          const FlowRecord& flow);

}  // namespace va::gateway
