#include "tests/simulators/mhv/assertion_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/simulators/mhv/token.h"

namespace va::simulators {
namespace {

using nlohmann::json;

constexpr absl::string_view kGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr size_t kIcnDigits = 10;
constexpr size_t kIcnLength = 17;

bool AreDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsJti(absl::string_view text) {
  return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

void Refuse(CheckedAssertion* checked, absl::string_view error, std::string problem) {
  // The first error is the one that is told.
  if (checked->error.empty()) checked->error = std::string(error);
  checked->problems.push_back(std::move(problem));
}

// The assertion out of the request's body; empty when there is none.
std::string ReadGrant(const http::Request& request, CheckedAssertion* checked) {
  if (!IsJson(request)) {
    Refuse(checked, "Content type must be application/json", "header Content-Type");
    return "";
  }
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object()) {
    Refuse(checked, "Request is malformed", "the body is no JSON object");
    return "";
  }
  for (std::string& problem : UnknownNames(body, {"grant_type", "assertion"})) {
    Refuse(checked, "Request is malformed", std::move(problem));
  }
  if (TextOf(body, "grant_type") != kGrant) {
    Refuse(checked, "Grant type is not valid", "grant_type");
  }
  return TextOf(body, "assertion");
}

void CheckTimes(const json& claims, absl::Time now, CheckedAssertion* checked) {
  const auto iat = NumberOf(claims, "iat");
  const auto exp = NumberOf(claims, "exp");
  if (!iat || !exp) return Refuse(checked, "Assertion is malformed", "iat or exp");
  const absl::Time issued = absl::FromUnixSeconds(*iat);
  const absl::Time expires = absl::FromUnixSeconds(*exp);
  if (expires <= now) Refuse(checked, "Assertion has expired", "exp is past");
  if (issued > now + kClockSkew) Refuse(checked, "Assertion is malformed", "iat is to come");
  if (expires - issued > kTokenLifetime) {
    Refuse(checked, "Assertion is malformed", "exp is more than 300 s after iat");
  }
}

void CheckClaims(const json& claims, const StsClient& client, const std::string& audience,
                 const std::string& scope, CheckedAssertion* checked) {
  for (std::string& problem :
       UnknownNames(claims, {"iss", "sub", "aud", "iat", "exp", "jti", "scopes",
                             "service_account_id", "user_attributes"})) {
    Refuse(checked, "Assertion is malformed", std::move(problem));
  }
  checked->sub = TextOf(claims, "sub");
  checked->jti = TextOf(claims, "jti");
  checked->service_account_id = TextOf(claims, "service_account_id");
  const bool known_account = client.service_account_id.empty()
                                 ? !checked->service_account_id.empty()
                                 : checked->service_account_id == client.service_account_id;
  if (!known_account) Refuse(checked, "Service account config not found", "service_account_id");
  if (TextOf(claims, "iss") != client.client_id) Refuse(checked, "Invalid issuer", "iss");
  if (TextOf(claims, "aud") != audience) Refuse(checked, "Assertion is malformed", "aud");
  if (!IsIcn(checked->sub)) Refuse(checked, "Assertion is malformed", "sub");
  if (!IsJti(checked->jti)) Refuse(checked, "Assertion is malformed", "jti");
  if (claims.value("scopes", json()) != json::array({scope})) {
    Refuse(checked, "Invalid scopes", "scopes");
  }
  const json attributes = claims.value("user_attributes", json());
  if (!attributes.is_null() && attributes != json({{"icn", checked->sub}})) {
    Refuse(checked, "Invalid user attributes", "user_attributes");
  }
}

}  // namespace

bool IsIcn(absl::string_view text) {
  return text.size() == kIcnLength && text[kIcnDigits] == 'V' &&
         AreDigits(text.substr(0, kIcnDigits)) && AreDigits(text.substr(kIcnDigits + 1));
}

bool IsJson(const http::Request& request) {
  const absl::string_view type = request.headers.Get("Content-Type").value_or("");
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(type.substr(0, type.find(';'))),
                                "application/json");
}

CheckedAssertion CheckTokenRequest(const http::Request& request, const StsClient& client,
                                   const std::string& audience, const std::string& scope,
                                   absl::Time now) {
  CheckedAssertion checked;
  checked.assertion = ReadGrant(request, &checked);
  if (!checked.problems.empty()) return checked;
  const auto token = ReadToken(checked.assertion);
  if (!token) {
    Refuse(&checked, "Assertion is malformed", "the assertion is no token");
    return checked;
  }
  // Nothing that is not signed is worth reading.
  const std::vector<ClientKey> keys = client.keys();
  const ClientKey* const signer = SignerOf(*token, keys);
  if (signer == nullptr) {
    Refuse(&checked, "Assertion body does not match signature", "alg, key or signature");
    return checked;
  }
  checked.key_id = signer->id;
  CheckTimes(token->claims, now, &checked);
  CheckClaims(token->claims, client, audience, scope, &checked);
  return checked;
}

}  // namespace va::simulators
