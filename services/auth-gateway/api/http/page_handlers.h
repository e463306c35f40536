// The pages around a sign-in: choosing an account provider, the result, the signed-out page, and
// the files they are made of.
#pragma once

#include "lib/http/message.h"
#include "services/auth-gateway/api/http/deps.h"
#include "services/auth-gateway/web/assets.h"

namespace va::gateway {

// Our own result page: where a person sees how their sign-in stands.
inline constexpr char kResultPath[] = "/auth/login/callback";

http::Response HandleSignInPage(const GatewayDeps& deps, http::Request& request);
http::Response HandleResultPage(const GatewayDeps& deps, http::Request& request);
http::Response HandleSignedOutPage(const GatewayDeps& deps, http::Request& request);
http::Response HandleMetadata(const GatewayDeps& deps, http::Request& request);
http::Response HandleAsset(const Asset& asset, const http::Request& request);

}  // namespace va::gateway
