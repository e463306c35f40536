#include "services/mhv-account/adapters/http_account_api.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/jose/jwt.h"

namespace va::mhv {
namespace {

using nlohmann::json;

constexpr char kAccountPath[] = "/v1/usermgmt/account-service/account";
constexpr char kTokenPath[] = "/v0/sign_in/token";
constexpr char kJwtBearer[] = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr size_t kJtiBytes = 16;  // 32 hex digits
constexpr size_t kMaxBearer = size_t{8} << 10;

// MHV gave no answer about the person. Retryable: nothing was learnt, and the call is idempotent.
absl::Status Outage(absl::string_view party, absl::string_view what, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kUnavailable, absl::StrCat(party, "_", what), message,
                         true);
}

// Our own registration is not accepted: no retry mends that.
absl::Status RefusesUs(absl::string_view party) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, absl::StrCat(party, "_REFUSED"),
                         "our registration was refused");
}

// Codes under which the other side says of itself that it cannot answer now.
bool IsOutage(int status) { return status >= 500 || status == 408 || status == 429; }

// The object a body holds. It may come from a proxy in the middle of an outage, so that anything
// else is an outage too.
absl::StatusOr<json> ReadObject(absl::string_view party, const http::ClientResponse& response) {
  if (!http::HasMediaType(response.headers, "application/json")) {
    return Outage(party, "CONTENT_TYPE", "the answer is not JSON by its content type");
  }
  json object = json::parse(response.body, nullptr, false);
  if (!object.is_object()) return Outage(party, "MALFORMED", "the answer is not a JSON object");
  return object;
}

const json* Member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::optional<bool> BoolMember(const json& object, const char* name) {
  const json* const value = Member(object, name);
  if (value == nullptr || !value->is_boolean()) return std::nullopt;
  return value->get<bool>();
}

std::optional<std::string> TextMember(const json& object, const char* name) {
  const json* const value = Member(object, name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->get<std::string>();
}

// The types are MHV's, exactly: a text where a boolean belongs is a missing fact.
AccountFacts FactsOf(const json& object) {
  AccountFacts facts;
  if (std::optional<std::string> id = TextMember(object, "mhv_userProfileId")) {
    facts.mhv_id = identity::CspId::FromWire(*std::move(id));
  }
  facts.premium = BoolMember(object, "isPremium");
  facts.champ_va = BoolMember(object, "isChampVABeneficiary");
  facts.patient = BoolMember(object, "isPatient");
  facts.sm_account_created = BoolMember(object, "isSMAccountCreated");
  facts.message = TextMember(object, "message").value_or("");
  return facts;
}

// The code of an error; 0 for what is none.
int CodeOf(const json& object) {
  const json* const code = Member(object, "errorCode");
  if (code == nullptr || !code->is_number_integer()) return 0;
  const auto number = code->get<int64_t>();
  return number > 0 && number <= std::numeric_limits<int>::max() ? static_cast<int>(number) : 0;
}

// A code of the table is MHV's word under every status. Another one is so under 400 alone: what
// stands in front of MHV has error bodies of its own, and they say nothing of the person.
absl::StatusOr<AccountAnswer> ReadError(const http::ClientResponse& response) {
  const absl::StatusOr<json> object = ReadObject("MHV", response);
  const int code = object.ok() ? CodeOf(*object) : 0;
  if (code != 0 && (response.status == 400 || FindUpstreamError(code) != nullptr)) {
    return AccountAnswer(Refusal{code});
  }
  if (response.status == 401 || response.status == 403) return RefusesUs("MHV");
  if (!object.ok()) return object.status();
  return Outage("MHV", "MALFORMED", "an error without a code");
}

absl::StatusOr<AccountAnswer> ReadAnswer(const http::ClientResponse& response) {
  if (IsOutage(response.status)) {
    return Outage("MHV", "UNAVAILABLE", absl::StrCat("MHV answered ", response.status));
  }
  if (response.status >= 400) return ReadError(response);
  if (response.status != 200) {
    return Outage("MHV", "MALFORMED", absl::StrCat("MHV answered ", response.status));
  }
  const absl::StatusOr<json> object = ReadObject("MHV", response);
  if (!object.ok()) return object.status();
  absl::StatusOr<MhvAccount> account = ReadAccount(FactsOf(*object));
  if (!account.ok()) return account.status();
  return AccountAnswer(*std::move(account));
}

// A token becomes a header of our next request, so nothing else may stand in it.
bool IsBearer(const std::string& token) {
  return !token.empty() && token.size() <= kMaxBearer &&
         std::all_of(token.begin(), token.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  absl::StrContains("-._~+/=", c);
         });
}

absl::StatusOr<identity::Secret> ReadToken(const http::ClientResponse& response) {
  if (IsOutage(response.status)) {
    return Outage("STS", "UNAVAILABLE",
                  absl::StrCat("the token service answered ", response.status));
  }
  if (response.status >= 400) return RefusesUs("STS");
  if (response.status != 200) {
    return Outage("STS", "MALFORMED", absl::StrCat("the token service answered ", response.status));
  }
  const absl::StatusOr<json> object = ReadObject("STS", response);
  if (!object.ok()) return object.status();
  const json* const data = Member(*object, "data");
  std::optional<std::string> token;
  if (data != nullptr && data->is_object()) token = TextMember(*data, "access_token");
  if (!token || !IsBearer(*token)) {
    return Outage("STS", "MALFORMED", "the token service answered without a token");
  }
  return identity::Secret::FromWire(*std::move(token));
}

// mpi_mhv.md 2.11: the acceptance as it stands on record, e-mail left out when there is none.
std::string AccountBody(const AccountRequest& request) {
  json body = {
      {"icn", request.icn.Reveal()},
      {"vaTermsOfUseDateTime",
       absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", request.terms.accepted_at, absl::UTCTimeZone())},
      {"vaTermsOfUseStatus", "accepted"},
      {"vaTermsOfUseRevision", request.terms.revision},
      {"vaTermsOfUseLegalVersion", request.terms.legal_version},
      {"vaTermsOfUseDocTitle", request.terms.title},
  };
  if (!request.email.empty()) body["email"] = request.email.Reveal();
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

HttpAccountApi::HttpAccountApi(const Deps& deps, AccountApiSettings settings)
    : deps_(deps),
      settings_(std::move(settings)),
      api_key_(settings_.api_key),
      account_url_(absl::StrCat(settings_.url, kAccountPath)),
      token_url_(absl::StrCat(settings_.sts_url, kTokenPath)) {}

absl::StatusOr<AccountAnswer> HttpAccountApi::Ensure(const AccountRequest& request,
                                                     absl::Time deadline) {
  const absl::StatusOr<identity::Secret> token = FetchToken(request.icn, deadline);
  if (!token.ok()) return token.status();
  const absl::StatusOr<http::ClientResponse> response =
      Post({Party::kMhv,
            account_url_,
            AccountBody(request),
            {{"Authorization", absl::StrCat("Bearer ", token->Reveal())},
             {"x-api-key", api_key_.Get()->Reveal()}}},
           deadline);
  if (!response.ok()) return response.status();
  return ReadAnswer(*response);
}

absl::StatusOr<std::string> HttpAccountApi::Assertion(const identity::Icn& icn) const {
  const int64_t now = absl::ToUnixSeconds(deps_.clock.Now());
  const json claims = {
      {"iss", settings_.client_id},
      {"sub", icn.Reveal()},
      {"aud", token_url_},
      {"iat", now},
      {"exp", now + absl::ToInt64Seconds(kAssertionLife)},
      {"jti", base::HexEncode(deps_.ids.RandomBytes(kJtiBytes))},
      {"scopes", json::array({account_url_})},
      {"service_account_id", settings_.service_account_id},
      {"user_attributes", {{"icn", icn.Reveal()}}},
  };
  const auto key = deps_.sts_key.Get();
  return jose::SignJwt(*key, {"JWT", key->id()},
                       claims.dump(-1, ' ', false, json::error_handler_t::replace));
}

absl::StatusOr<identity::Secret> HttpAccountApi::FetchToken(const identity::Icn& icn,
                                                            absl::Time deadline) const {
  const absl::StatusOr<std::string> assertion = Assertion(icn);
  if (!assertion.ok()) return assertion.status();
  const json body = {{"grant_type", kJwtBearer}, {"assertion", *assertion}};
  const absl::StatusOr<http::ClientResponse> response =
      Post({Party::kSts, token_url_, body.dump(), {}}, deadline);
  if (!response.ok()) return response.status();
  return ReadToken(*response);
}

absl::StatusOr<http::ClientResponse> HttpAccountApi::Post(Call call, absl::Time deadline) const {
  const absl::string_view party = call.party == Party::kSts ? "STS" : "MHV";
  const absl::Duration timeout = std::min(deadline - deps_.clock.Now(), settings_.timeout);
  if (timeout <= absl::ZeroDuration()) {
    return Outage(party, "TIMEOUT", "no time was left for the call");
  }
  http::ClientRequest request;
  request.method = "POST";
  request.url = call.url;
  request.headers = std::move(call.headers);
  request.headers.Add("Accept", "application/json");
  request.headers.Add("Content-Type", "application/json");
  request.body = std::move(call.body);
  request.timeout = timeout;
  request.max_response = kMaxMhvAnswer;
  // Neither may be heard twice: MHV would make a second account, and STS takes an assertion (its
  // jti) once.
  request.repeatable = false;
  absl::StatusOr<http::ClientResponse> response =
      (call.party == Party::kSts ? deps_.sts_http : deps_.http).Send(request);
  if (response.ok()) return response;
  if (absl::IsDeadlineExceeded(response.status())) {
    return Outage(party, "TIMEOUT", "no answer in time");
  }
  if (absl::IsResourceExhausted(response.status())) {
    return Outage(party, "MALFORMED", "the answer is too large");
  }
  return Outage(party, "UNAVAILABLE",
                absl::StrCat("no answer: ", base::ReasonOf(response.status())));
}

}  // namespace va::mhv
