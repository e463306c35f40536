// The consent to hand a proofing on to Login.gov, of somebody who was invited: GET shows the text
// with its notices, POST puts the answer on record. Nothing is handed on here.
#pragma once

#include "lib/http/message.h"
#include "services/auth-gateway/api/http/deps.h"

namespace va::gateway {

inline constexpr char kConsentPath[] = "/inherited_proofing/consent";

http::Response HandleConsentPage(const GatewayDeps& deps, http::Request& request);
http::Response HandleConsentAnswer(const GatewayDeps& deps, http::Request& request);

}  // namespace va::gateway
