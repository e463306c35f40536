#include "services/auth-gateway/api/http/api_errors.h"

#include <nlohmann/json.hpp>

namespace va::gateway {

http::Response ApiErrorJson(int status, const ApiError& error) {
  using nlohmann::json;
  const json body = {{"errors",
                      {{{"title", error.title},
                        {"detail", error.detail},
                        {"code", error.code},
                        {"status", std::to_string(status)}}}}};
  // A detail may quote what was sent: what is not UTF-8 is replaced and never ends the request.
  return http::Json(status, body.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace va::gateway
