// Which pages of other origins may call the JSON endpoints with the person's cookies (attack W11):
// those that the configuration lists, compared byte for byte, and nobody else. No origin is ever
// reflected unless it is on the list; "null" cannot be on it.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/http/message.h"
#include "lib/http/router.h"

namespace va::gateway {

// Whether the request names an origin that is listed.
bool HasListedOrigin(const http::Request& request, const std::vector<std::string>& origins);

// `response` readable for the origin of `request` if that is listed. Every answer says that it
// depends on Origin and Cookie, so that no cache gives one origin's answer to another.
void LetRead(const http::Request& request, const std::vector<std::string>& origins,
             http::Response& response);

// `handler`, its answers readable by listed origins.
http::Handler WithCors(const std::vector<std::string>& origins, http::Handler handler);

// OPTIONS of an endpoint that takes `methods` ("GET, HEAD"): 204 for a listed origin that asks for
// one of them, 403 for everybody else.
http::Handler Preflight(const std::vector<std::string>& origins, std::string methods);

}  // namespace va::gateway
