#include "tests/simulators/mhv/account_check.h"

#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "tests/simulators/mhv/assertion_check.h"
#include "tests/simulators/mhv/token.h"

namespace va::simulators {
namespace {

using nlohmann::json;

constexpr int kInvalidField = 802;
constexpr int kNotAuthenticated = 808;
constexpr int kInvalidIcn = 812;

// Texts that stand in every request as they are.
constexpr std::array<std::pair<const char*, absl::string_view>, 4> kFixedFields = {
    {{"vaTermsOfUseStatus", "accepted"},
     {"vaTermsOfUseRevision", "3"},
     {"vaTermsOfUseLegalVersion", "1.0"},
     {"vaTermsOfUseDocTitle", "VA Enterprise Terms of Use"}}};

void Refuse(CheckedAccountRequest* checked, AccountRefusal refusal, std::string problem) {
  // The first refusal is the one that is told.
  if (checked->problems.empty()) checked->refusal = std::move(refusal);
  checked->problems.push_back(std::move(problem));
}

// The claims of a good token; null after a refusal.
json ReadBearer(const http::Request& request, const crypto::PublicKey& key,
                const std::string& scope, absl::Time now, CheckedAccountRequest* checked) {
  const AccountRefusal invalid = {401, 0, "Access token is missing or invalid"};
  absl::string_view bearer = request.headers.Get("Authorization").value_or("");
  if (!absl::ConsumePrefix(&bearer, "Bearer ")) {
    Refuse(checked, invalid, "no bearer token");
    return nullptr;
  }
  const auto token = ReadToken(bearer);
  if (!token || !IsSignedBy(*token, key) || TextOf(token->claims, "iss") != kTokenIssuer) {
    Refuse(checked, invalid, "not a token of the token service");
    return nullptr;
  }
  const int64_t exp = NumberOf(token->claims, "exp").value_or(0);
  if (absl::FromUnixSeconds(exp) <= now) Refuse(checked, invalid, "the token has expired");
  if (token->claims.value("scopes", json()) != json::array({scope})) {
    Refuse(checked, invalid, "the token is for another scope");
  }
  return token->claims;
}

void CheckEmail(const json& body, CheckedAccountRequest* checked) {
  const json email = body.value("email", json());
  if (email.is_null()) return;  // a credential without one
  if (!email.is_string() || !absl::StrContains(email.get<std::string>(), '@')) {
    Refuse(checked, {400, kInvalidField, "Required field is missing or invalid: email"}, "email");
  }
}

void CheckTerms(const json& body, absl::Time now, CheckedAccountRequest* checked) {
  const AccountRefusal invalid = {400, kInvalidField,
                                  "Required field is missing or invalid: vaTermsOfUse"};
  for (const auto& [name, value] : kFixedFields) {
    if (TextOf(body, name) != value) Refuse(checked, invalid, name);
  }
  absl::Time agreed;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, TextOf(body, "vaTermsOfUseDateTime"), &agreed, &error) ||
      agreed > now + kClockSkew) {
    Refuse(checked, invalid, "vaTermsOfUseDateTime");
  }
}

void CheckBody(const http::Request& request, const json& claims, absl::Time now,
               CheckedAccountRequest* checked) {
  if (!IsJson(request)) {
    return Refuse(checked, {415, 0, "Content type must be application/json"},
                  "header Content-Type");
  }
  const json body = json::parse(request.body, nullptr, false);
  const AccountRefusal malformed = {400, kInvalidField, "Request is malformed"};
  if (!body.is_object()) return Refuse(checked, malformed, "the body is no JSON object");
  checked->icn = TextOf(body, "icn");
  if (!IsIcn(checked->icn) || checked->icn != TextOf(claims, "sub")) {
    Refuse(checked, {400, kInvalidIcn, "Required ICN field is missing or invalid in the JWT"},
           "icn is not the token's");
  }
  for (std::string& problem : UnknownNames(
           body, {"icn", "email", "vaTermsOfUseDateTime", "vaTermsOfUseStatus",
                  "vaTermsOfUseRevision", "vaTermsOfUseLegalVersion", "vaTermsOfUseDocTitle"})) {
    Refuse(checked, malformed, std::move(problem));
  }
  CheckEmail(body, checked);
  CheckTerms(body, now, checked);
}

}  // namespace

CheckedAccountRequest CheckAccountRequest(const http::Request& request, const std::string& api_key,
                                          const crypto::PublicKey& token_key,
                                          const std::string& scope, absl::Time now) {
  CheckedAccountRequest checked;
  if (request.headers.Get("x-api-key").value_or("") != api_key) {
    Refuse(&checked, {403, kNotAuthenticated, "Application authentication failed"},
           "header x-api-key");
    return checked;
  }
  const json claims = ReadBearer(request, token_key, scope, now, &checked);
  if (checked.problems.empty()) CheckBody(request, claims, now, &checked);
  return checked;
}

}  // namespace va::simulators
