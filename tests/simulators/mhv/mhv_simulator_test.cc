#include "tests/simulators/mhv/mhv_simulator.h"

#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/clock.h"
#include "lib/base/encoding.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/hash.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "tests/simulators/mhv/token.h"

namespace va::simulators {
namespace {

using nlohmann::json;
using testing::MhvAccount;
using testing::Persona;

constexpr char kUrl[] = "https://127.0.0.1:8463";
constexpr char kScope[] = "https://127.0.0.1:8463/v1/usermgmt/account-service/account";
constexpr char kIcn[] = "1019900417V557122";
constexpr char kMhvId[] = "73001122";

crypto::PrivateKey NewKey() {
  return crypto::PrivateKey::FromPem(crypto::GenerateKeyPem(crypto::NewKey::kRsa2048).value())
      .value();
}

// Made once: RSA keys take their time.
const crypto::PrivateKey& TheClientKey() {
  static const crypto::PrivateKey key = NewKey();
  return key;
}
crypto::PrivateKey TokenKey() {
  static const std::string pem = crypto::GenerateKeyPem(crypto::NewKey::kRsa2048).value();
  return crypto::PrivateKey::FromPem(pem).value();
}

Persona Somebody(MhvAccount account = MhvAccount::kExisting) {
  Persona persona;
  persona.id = "somebody";
  persona.mpi.outcome = testing::MpiOutcome::kMatch;
  persona.mpi.person.emplace();
  persona.mpi.person->icn = kIcn;
  persona.mpi.person->icns = {"1000000001V000001"};
  testing::PersonaMhv mhv;
  mhv.account = account;
  mhv.user_profile_id = kMhvId;
  mhv.premium = true;
  mhv.patient = true;
  mhv.sm_account_created = true;
  persona.mhv = mhv;
  return persona;
}

Persona Proofed() {
  Persona persona = Somebody();
  persona.mhv->proofing = testing::PersonaProofing{"IPA",           "2020-12-14",    "XY7770001",
                                                   "StateIssuedId", "United States", "2031-03-30"};
  return persona;
}

http::Request Request(const char* method, const std::string& path, http::Headers headers,
                      std::string body = "") {
  http::Request request;
  request.method = method;
  request.target = path;
  request.path = path;
  request.headers = std::move(headers);
  request.body = std::move(body);
  return request;
}

struct Bench {
  explicit Bench(Persona persona = Somebody())
      : simulator({{std::move(persona)},
                   kUrl,
                   "the-api-key",
                   "the-app-token",
                   {"the-client", "the-account", [this] { return client_keys; }},
                   TokenKey(),
                   clock,
                   ids,
                   [this](const std::vector<std::string>& list) {
                     problems = absl::StrJoin(list, "; ");
                   }}) {}

  // What a good client asserts.
  json Claims(const std::string& icn = kIcn) const {
    return {{"iss", "the-client"},
            {"sub", icn},
            {"aud", absl::StrCat(kUrl, kStsPath)},
            {"iat", absl::ToUnixSeconds(clock.Now())},
            {"exp", absl::ToUnixSeconds(clock.Now()) + 300},
            {"jti", base::HexEncode(crypto::Sha256(icn)).substr(0, 32)},
            {"scopes", {kScope}},
            {"service_account_id", "the-account"},
            {"user_attributes", {{"icn", icn}}}};
  }

  http::Response AskToken(const json& body, const std::string& type = "application/json") {
    auto request = Request("POST", kStsPath, {{"Content-Type", type}}, body.dump());
    return simulator.Handle(request);
  }
  http::Response AskTokenWith(const std::string& assertion) {
    return AskToken(
        {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", assertion}});
  }
  // An access token for this person.
  std::string Bearer(const std::string& icn = kIcn) {
    const http::Response response = AskTokenWith(MakeToken(TheClientKey(), Claims(icn)));
    REQUIRE(response.status == 200);
    return json::parse(response.body)["data"]["access_token"];
  }

  json AccountBody(const std::string& icn = kIcn) const {
    return {{"icn", icn},
            {"email", "somebody@example.com"},
            {"vaTermsOfUseDateTime", "2026-01-15T11:59:00Z"},
            {"vaTermsOfUseStatus", "accepted"},
            {"vaTermsOfUseRevision", "3"},
            {"vaTermsOfUseLegalVersion", "1.0"},
            {"vaTermsOfUseDocTitle", "VA Enterprise Terms of Use"}};
  }
  static http::Headers AccountHeaders(const std::string& bearer) {
    return {{"Content-Type", "application/json"},
            {"x-api-key", "the-api-key"},
            {"Authorization", absl::StrCat("Bearer ", bearer)}};
  }
  http::Response AskAccount(http::Headers headers, const json& body) {
    auto request = Request("POST", kAccountPath, std::move(headers), body.dump());
    return simulator.Handle(request);
  }
  http::Response AskAccount() { return AskAccount(AccountHeaders(Bearer()), AccountBody()); }

  static http::Headers ProofingHeaders() {
    return {{"appToken", "the-app-token"},
            {"Content-Type", "application/json"},
            {"Accept", "application/json"}};
  }
  http::Response Get(const std::string& path, http::Headers headers = ProofingHeaders()) {
    auto request = Request("GET", path, std::move(headers));
    return simulator.Handle(request);
  }
  int SetFault(const json& fault) {
    auto request = Request("POST", "/_sim/faults", {}, fault.dump());
    return simulator.Handle(request).status;
  }

  testing::FakeClock clock;
  testing::FixedIds ids;
  std::string problems;
  std::vector<ClientKey> client_keys = {{"now", TheClientKey().Public()}};
  MhvSimulator simulator;
};

TEST_CASE("MhvSimulator: a good assertion gets an access token of 300 s for the same person",
          "[simulators][mhv]") {
  Bench bench;
  const auto token = ReadToken(bench.Bearer());
  REQUIRE(token.has_value());
  CHECK(IsSignedBy(*token, TokenKey().Public()));
  CHECK(token->claims["iss"] == "va.gov sign in");
  CHECK(token->claims["sub"] == kIcn);
  CHECK(token->claims["scopes"] == json::array({kScope}));
  CHECK(token->claims["version"] == "V0");
  CHECK(token->claims["exp"] == absl::ToUnixSeconds(bench.clock.Now()) + 300);
  CHECK(bench.problems.empty());
}

TEST_CASE("MhvSimulator: every claim of an assertion is checked", "[simulators][mhv]") {
  struct Row {
    const char* claim;
    json value;  // null: left out
    const char* error;
    const char* problem;
  };
  const int64_t now = 1768478400;
  const Row row = GENERATE_COPY(values<Row>({
      {"iss", "another-client", "Invalid issuer", "iss"},
      {"aud", "https://127.0.0.1:8463/v0/sign_in/other", "Assertion is malformed", "aud"},
      {"aud", nullptr, "Assertion is malformed", "aud"},
      {"sub", "1019900417", "Assertion is malformed", "sub"},
      {"sub", nullptr, "Assertion is malformed", "sub"},
      {"exp", now, "Assertion has expired", "exp is past"},
      {"exp", now + 301, "Assertion is malformed", "more than 300 s"},
      {"exp", nullptr, "Assertion is malformed", "iat or exp"},
      {"exp", "soon", "Assertion is malformed", "iat or exp"},
      {"iat", now + 60, "Assertion is malformed", "iat is to come"},
      {"iat", nullptr, "Assertion is malformed", "iat or exp"},
      {"jti", "ABCDEF0123456789ABCDEF0123456789", "Assertion is malformed", "jti"},
      {"jti", nullptr, "Assertion is malformed", "jti"},
      {"scopes", json::array(), "Invalid scopes", "scopes"},
      {"scopes", kScope, "Invalid scopes", "scopes"},
      {"scopes", json::array({"https://elsewhere/account"}), "Invalid scopes", "scopes"},
      {"service_account_id", "other", "Service account config not found", "service_account_id"},
      {"service_account_id", nullptr, "Service account config not found", "service_account_id"},
      {"user_attributes", {{"icn", "1000000001V000001"}}, "Invalid user attributes", "user_attr"},
      {"user_attributes", {{"icn", kIcn}, {"ssn", "1"}}, "Invalid user attributes", "user_attr"},
      {"admin", true, "Assertion is malformed", "unexpected admin"},
  }));
  CAPTURE(row.claim, row.value.dump());
  Bench bench;
  json claims = bench.Claims();
  if (row.value.is_null()) {
    claims.erase(row.claim);
  } else {
    claims[row.claim] = row.value;
  }
  const http::Response response = bench.AskTokenWith(MakeToken(TheClientKey(), claims));
  CHECK(response.status == 400);
  CHECK(json::parse(response.body)["errors"] == row.error);
  CHECK_THAT(bench.problems, Catch::Contains(row.problem));
  CHECK_FALSE(absl::StrContains(bench.problems, "1019900417"));
}

TEST_CASE("MhvSimulator: an assertion must be signed by the client, by RS256",
          "[simulators][mhv]") {
  Bench bench;
  const json claims = bench.Claims();
  const std::string good = MakeToken(TheClientKey(), claims);
  const std::string unsigned_part = absl::StrCat(base::Base64UrlEncode(R"({"alg":"none"})"), ".",
                                                 base::Base64UrlEncode(claims.dump()));
  const std::string hs256 = absl::StrCat(base::Base64UrlEncode(R"({"alg":"HS256"})"), ".",
                                         base::Base64UrlEncode(claims.dump()));
  const auto refused = [&](const std::string& assertion, const char* error) {
    INFO(assertion.substr(0, 40));
    const http::Response response = bench.AskTokenWith(assertion);
    CHECK(response.status == 400);
    CHECK(json::parse(response.body)["errors"] == error);
  };
  refused(absl::StrCat(unsigned_part, "."), "Assertion body does not match signature");
  refused(absl::StrCat(unsigned_part, ".", base::Base64UrlEncode("x")),
          "Assertion body does not match signature");
  refused(
      absl::StrCat(hs256, ".",
                   base::Base64UrlEncode(crypto::HmacSha256(TheClientKey().Public().Pem(), hs256))),
      "Assertion body does not match signature");
  refused(MakeToken(TokenKey(), claims), "Assertion body does not match signature");
  // The right signature under a header that claims another algorithm or type.
  refused(MakeToken(TheClientKey(), claims, {{"alg", "RS512"}}),
          "Assertion body does not match signature");
  refused(MakeToken(TheClientKey(), claims, {{"alg", "RS256"}, {"typ", "at+jwt"}}),
          "Assertion body does not match signature");
  refused(unsigned_part, "Assertion is malformed");
  refused("", "Assertion is malformed");
  refused(absl::StrCat(good, ".x"), "Assertion is malformed");
  CHECK(bench.AskTokenWith(good).status == 200);
}

TEST_CASE(
    "MhvSimulator: A22 while keys are exchanged an assertion of either is good, and only then",
    "[simulators][mhv]") {
  Bench bench;
  const json claims = bench.Claims();
  const auto status = [&bench](const std::string& assertion) {
    return bench.AskTokenWith(assertion).status;
  };
  const std::string from_old =
      MakeToken(TheClientKey(), claims, {{"alg", "RS256"}, {"kid", "now"}});
  const std::string from_next =
      MakeToken(TokenKey(), bench.Claims("1000000001V000001"), {{"alg", "RS256"}, {"kid", "next"}});
  CHECK(status(from_old) == 200);
  CHECK(status(from_next) == 400);
  bench.client_keys.push_back({"next", TokenKey().Public()});
  CHECK(status(from_old) == 200);
  CHECK(status(from_next) == 200);
  // Under the name of the other it is nobody's.
  CHECK(status(MakeToken(TheClientKey(), claims, {{"alg", "RS256"}, {"kid", "next"}})) == 400);
  CHECK(status(MakeToken(TheClientKey(), claims, {{"alg", "RS256"}, {"kid", 1}})) == 400);
  bench.client_keys.erase(bench.client_keys.begin());
  CHECK(status(from_old) == 400);
  CHECK(status(from_next) == 200);
  CHECK(json::parse(bench.Get("/_sim/assertions").body) == json({{"now", 2}, {"next", 2}}));
}

TEST_CASE("MhvSimulator: a registered key set holds public RSA keys for RS256 and nothing else",
          "[simulators][mhv]") {
  // SubjectPublicKeyInfo ends in the modulus and the five bytes of 65537.
  const std::string der = TheClientKey().Public().Der();
  const std::string n = base::Base64UrlEncode(der.substr(der.size() - 5 - 256, 256));
  const json good = {{"kty", "RSA"}, {"alg", "RS256"}, {"use", "sig"},
                     {"kid", "k"},   {"n", n},         {"e", "AQAB"}};
  const auto read = [](const json& key) {
    return ReadClientKeys(json({{"keys", json::array({key})}}).dump());
  };
  const auto keys = read(good);
  REQUIRE(keys.ok());
  REQUIRE(keys->size() == 1);
  CHECK(keys->front().id == "k");
  CHECK(keys->front().key.Der() == der);
  struct Row {
    const char* name;
    json value;
  };
  const Row row = GENERATE(values<Row>({{"kty", "EC"},
                                        {"alg", "RS512"},
                                        {"alg", nullptr},
                                        {"use", "enc"},
                                        {"kid", nullptr},
                                        {"n", "="},
                                        {"n", ""},
                                        {"e", nullptr},
                                        {"d", "AQAB"}}));
  CAPTURE(row.name);
  json bad = good;
  bad[row.name] = row.value;
  CHECK_FALSE(read(bad).ok());
  CHECK_FALSE(ReadClientKeys("").ok());
  CHECK_FALSE(ReadClientKeys(R"({"keys":[]})").ok());
  CHECK_FALSE(ReadClientKeys(R"({"keys":[1]})").ok());
}

TEST_CASE("MhvSimulator: the token request is JSON with one grant", "[simulators][mhv]") {
  Bench bench;
  const std::string assertion = MakeToken(TheClientKey(), bench.Claims());
  const json good = {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                     {"assertion", assertion}};
  CHECK(bench.AskToken(good, "application/x-www-form-urlencoded").status == 400);
  CHECK(bench.problems == "header Content-Type");
  CHECK(bench.AskToken(json::array({good})).status == 400);
  json other = good;
  other["grant_type"] = "password";
  CHECK(bench.AskToken(other).status == 400);
  CHECK(bench.problems == "grant_type");
  other = good;
  other["client_secret"] = "x";
  CHECK(bench.AskToken(other).status == 400);
  CHECK(bench.problems == "unexpected client_secret");
  CHECK(bench.AskToken(good, "application/json; charset=utf-8").status == 200);
}

TEST_CASE("MhvSimulator: a jti is good for one assertion, which may be resent",
          "[simulators][mhv]") {
  Bench bench;
  json claims = bench.Claims();
  CHECK(bench.AskTokenWith(MakeToken(TheClientKey(), claims)).status == 200);
  CHECK(bench.AskTokenWith(MakeToken(TheClientKey(), claims)).status == 200);
  claims["exp"] = absl::ToUnixSeconds(bench.clock.Now()) + 299;
  CHECK(bench.AskTokenWith(MakeToken(TheClientKey(), claims)).status == 400);
  CHECK(bench.problems == "jti stood on another assertion");
}

TEST_CASE("MhvSimulator: an account that exists is told with its facts", "[simulators][mhv]") {
  Bench bench;
  const http::Response response = bench.AskAccount();
  CHECK(response.status == 200);
  CHECK(response.headers.Get("Content-Type") == "application/json; charset=utf-8");
  CHECK(json::parse(response.body) == json({{"mhv_userProfileId", kMhvId},
                                            {"isPremium", true},
                                            {"isChampVABeneficiary", false},
                                            {"isPatient", true},
                                            {"isSMAccountCreated", true},
                                            {"message", "Existing MHV Account Found for ICN"}}));
  CHECK(bench.problems.empty());
}

TEST_CASE("MhvSimulator: an account that is absent is created once", "[simulators][mhv]") {
  Persona persona = Somebody(MhvAccount::kNone);
  persona.mhv->sm_account_created = GENERATE(true, false);
  Bench bench(persona);
  const std::string bearer = bench.Bearer();
  const std::string by_icn = absl::StrCat(kValidMhvIdPath, "/", kIcn);
  CHECK(json::parse(bench.Get(by_icn).body)["errorCode"] == 99);
  const json first =
      json::parse(bench.AskAccount(Bench::AccountHeaders(bearer), bench.AccountBody()).body);
  CHECK(first["message"] == (persona.mhv->sm_account_created
                                 ? "MHV Account Created"
                                 : "MHV Account Created but SM Account not created"));
  CHECK(first["mhv_userProfileId"] == kMhvId);
  const json second =
      json::parse(bench.AskAccount(Bench::AccountHeaders(bearer), bench.AccountBody()).body);
  CHECK(second["message"] == "Existing MHV Account Found for ICN");
  CHECK(json::parse(bench.Get(by_icn).body)["correlationId"] == 73001122);
}

TEST_CASE("MhvSimulator: a deactivated account is 400 with 805", "[simulators][mhv]") {
  Bench bench(Somebody(MhvAccount::kDeactivated));
  const http::Response response = bench.AskAccount();
  CHECK(response.status == 400);
  CHECK(json::parse(response.body) ==
        json({{"errorCode", 805}, {"message", "Deactivated Account found in MHV for ICN"}}));
  CHECK(bench.problems.empty());
}

TEST_CASE("MhvSimulator: a person it does not know has no account, and asking is told when wrong",
          "[simulators][mhv]") {
  Bench unknown;
  const std::string other = "1999999999V999999";
  CHECK(unknown.AskAccount(Bench::AccountHeaders(unknown.Bearer(other)), unknown.AccountBody(other))
            .status == 400);
  CHECK(unknown.problems.empty());
  Persona persona = Somebody();
  persona.mhv.reset();
  Bench bench(persona);
  CHECK(bench.AskAccount().status == 400);
  CHECK_THAT(bench.problems, Catch::Contains("must not be asked about"));
}

TEST_CASE("MhvSimulator: the account API refuses each wrong header", "[simulators][mhv]") {
  struct Row {
    const char* name;
    std::string value;  // empty: left out
    int status;
    int code;
    const char* problem;
  };
  Bench bench;
  const std::string bearer = bench.Bearer();
  const Row row = GENERATE_COPY(values<Row>({
      {"x-api-key", "", 403, 808, "header x-api-key"},
      {"x-api-key", "the-app-token", 403, 808, "header x-api-key"},
      {"Authorization", "", 401, 0, "no bearer token"},
      {"Authorization", "Basic abc", 401, 0, "no bearer token"},
      {"Authorization", "Bearer abc", 401, 0, "not a token of the token service"},
      {"Content-Type", "", 415, 0, "header Content-Type"},
      {"Content-Type", "text/plain", 415, 0, "header Content-Type"},
  }));
  CAPTURE(row.name, row.value);
  http::Headers headers = Bench::AccountHeaders(bearer);
  headers.Remove(row.name);
  if (!row.value.empty()) headers.Add(row.name, row.value);
  const http::Response response = bench.AskAccount(headers, bench.AccountBody());
  CHECK(response.status == row.status);
  CHECK(json::parse(response.body).value("errorCode", 0) == row.code);
  CHECK(bench.problems == row.problem);
}

TEST_CASE(
    "MhvSimulator: the account API takes its token service's tokens only, and while they live",
    "[simulators][mhv]") {
  Bench bench;
  const std::string bearer = bench.Bearer();
  const json claims = ReadToken(bearer)->claims;
  const auto asks = [&](const std::string& token) {
    return bench.AskAccount(Bench::AccountHeaders(token), bench.AccountBody()).status;
  };
  CHECK(asks(MakeToken(TokenKey(), claims)) == 200);
  // The client's own assertion, or our claims under its key, are no access tokens.
  CHECK(asks(MakeToken(TheClientKey(), claims)) == 401);
  CHECK(asks(MakeToken(TheClientKey(), bench.Claims())) == 401);
  json other = claims;
  other["scopes"] = {absl::StrCat(kUrl, "/v1/usermgmt/account-service/other")};
  CHECK(asks(MakeToken(TokenKey(), other)) == 401);
  CHECK(bench.problems == "the token is for another scope");
  other = claims;
  other["iss"] = "somebody else";
  CHECK(asks(MakeToken(TokenKey(), other)) == 401);
  bench.clock.Advance(absl::Seconds(299));
  CHECK(asks(bearer) == 200);
  bench.clock.Advance(absl::Seconds(1));
  CHECK(asks(bearer) == 401);
  CHECK(bench.problems == "the token has expired");
}

TEST_CASE("MhvSimulator: a token of another person is 400 with 812", "[simulators][mhv]") {
  Bench bench;
  const http::Response response = bench.AskAccount(
      Bench::AccountHeaders(bench.Bearer("1999999999V999999")), bench.AccountBody());
  CHECK(response.status == 400);
  CHECK(json::parse(response.body) ==
        json({{"errorCode", 812},
              {"message", "Required ICN field is missing or invalid in the JWT"}}));
}

TEST_CASE("MhvSimulator: every field of an account request is checked", "[simulators][mhv]") {
  struct Row {
    const char* field;
    json value;  // null: left out
    int code;
    const char* problem;
  };
  const Row row = GENERATE(values<Row>({
      {"icn", nullptr, 812, "icn is not the token's"},
      {"icn", 5, 812, "icn is not the token's"},
      {"email", "nobody", 802, "email"},
      {"email", json::array(), 802, "email"},
      {"vaTermsOfUseDateTime", nullptr, 802, "vaTermsOfUseDateTime"},
      {"vaTermsOfUseDateTime", "15.01.2026", 802, "vaTermsOfUseDateTime"},
      {"vaTermsOfUseDateTime", "2026-01-15T12:01:00Z", 802, "vaTermsOfUseDateTime"},
      {"vaTermsOfUseStatus", "declined", 802, "vaTermsOfUseStatus"},
      {"vaTermsOfUseRevision", "2", 802, "vaTermsOfUseRevision"},
      {"vaTermsOfUseRevision", 3, 802, "vaTermsOfUseRevision"},
      {"vaTermsOfUseLegalVersion", nullptr, 802, "vaTermsOfUseLegalVersion"},
      {"vaTermsOfUseDocTitle", "Terms", 802, "vaTermsOfUseDocTitle"},
      {"ssn", "987001234", 802, "unexpected ssn"},
  }));
  CAPTURE(row.field, row.value.dump());
  Bench bench;
  json body = bench.AccountBody();
  if (row.value.is_null()) {
    body.erase(row.field);
  } else {
    body[row.field] = row.value;
  }
  const http::Response response = bench.AskAccount(Bench::AccountHeaders(bench.Bearer()), body);
  CHECK(response.status == 400);
  CHECK(json::parse(response.body)["errorCode"] == row.code);
  CHECK(bench.problems == row.problem);
}

TEST_CASE("MhvSimulator: a credential without an e-mail address is no mistake",
          "[simulators][mhv]") {
  Bench bench;
  json body = bench.AccountBody();
  body["email"] = nullptr;
  CHECK(bench.AskAccount(Bench::AccountHeaders(bench.Bearer()), body).status == 200);
  body.erase("email");
  CHECK(bench.AskAccount(Bench::AccountHeaders(bench.Bearer()), body).status == 200);
}

TEST_CASE("MhvSimulator: the correlation id is found by any ICN of the person",
          "[simulators][mhv]") {
  Bench bench;
  for (const char* icn : {kIcn, "1000000001V000001"}) {
    CHECK(json::parse(bench.Get(absl::StrCat(kValidMhvIdPath, "/", icn)).body) ==
          json({{"correlationId", 73001122},
                {"accountStatus", "Premium"},
                {"apiCompletionStatus", "Successful"}}));
  }
  const http::Response unknown = bench.Get(absl::StrCat(kValidMhvIdPath, "/1999999999V999999"));
  CHECK(unknown.status == 200);
  CHECK(json::parse(unknown.body)["errorCode"] == 99);
  Persona persona = Somebody();
  persona.mhv->premium = false;
  CHECK(json::parse(
            Bench(persona).Get(absl::StrCat(kValidMhvIdPath, "/", kIcn)).body)["accountStatus"] ==
        "Advanced");
  const Persona gone = Somebody(MhvAccount::kDeactivated);
  CHECK(json::parse(Bench(gone).Get(absl::StrCat(kValidMhvIdPath, "/", kIcn)).body)["errorCode"] ==
        99);
}

TEST_CASE("MhvSimulator: account info tells the proofing, and plainly when there is none",
          "[simulators][mhv]") {
  const std::string path = absl::StrCat(kAccountInfoPath, "/", kMhvId);
  CHECK(json::parse(Bench(Proofed()).Get(path).body) ==
        json({{"mhvId", 73001122},
              {"identityProofedMethod", "IPA"},
              {"identityProofingDate", "2020-12-14"},
              {"identityDocumentExist", true},
              {"identityDocumentInfo",
               {{"primaryIdentityDocumentNumber", "XY7770001"},
                {"primaryIdentityDocumentType", "StateIssuedId"},
                {"primaryIdentityDocumentCountry", "United States"},
                {"primaryIdentityDocumentExpirationDate", "2031-03-30"}}}}));
  CHECK(json::parse(Bench().Get(path).body) ==
        json({{"mhvId", 73001122}, {"identityDocumentExist", false}}));
  Persona without = Proofed();
  without.mhv->proofing->document.clear();
  CHECK(json::parse(Bench(without).Get(path).body)["identityDocumentExist"] == false);
  CHECK(json::parse(Bench().Get(absl::StrCat(kAccountInfoPath, "/99")).body)["errorCode"] == 99);
}

TEST_CASE("MhvSimulator: the proofing API refuses each wrong header", "[simulators][mhv]") {
  const auto path = GENERATE_COPY(values<std::string>(
      {absl::StrCat(kValidMhvIdPath, "/", kIcn), absl::StrCat(kAccountInfoPath, "/", kMhvId)}));
  const std::string name = GENERATE("appToken", "Content-Type", "Accept");
  const bool present = GENERATE(true, false);
  CAPTURE(path, name, present);
  Bench bench(Proofed());
  http::Headers headers = Bench::ProofingHeaders();
  headers.Remove(name);
  if (present) headers.Add(name, "other");
  const http::Response response = bench.Get(path, headers);
  CHECK(response.status == (name == "appToken" ? 403 : 415));
  CHECK(bench.problems == absl::StrCat("header ", name));
  CHECK_FALSE(absl::StrContains(response.body, "XY7770001"));
}

TEST_CASE("MhvSimulator: each fault shows on every path, and only until it is lifted",
          "[simulators][mhv]") {
  Bench bench(Proofed());
  const std::string info = absl::StrCat(kAccountInfoPath, "/", kMhvId);
  const std::string right = bench.Get(info).body;
  SECTION("down") {
    REQUIRE(bench.SetFault({{"mode", "down"}}) == 200);
    CHECK(bench.Get(info).status == http::kNoAnswer);
    CHECK(bench.AskTokenWith("x").status == http::kNoAnswer);
    CHECK(bench.AskAccount({}, json()).status == http::kNoAnswer);
    CHECK(bench.Get(absl::StrCat(kValidMhvIdPath, "/", kIcn)).status == http::kNoAnswer);
  }
  SECTION("html") {
    REQUIRE(bench.SetFault({{"mode", "html"}}) == 200);
    CHECK(bench.Get(info).status == 200);
    CHECK(bench.Get(info).headers.Get("Content-Type") == "text/html; charset=utf-8");
    CHECK(absl::StrContains(bench.Get(info).body, "<h1>"));
  }
  SECTION("malformed") {
    REQUIRE(bench.SetFault({{"mode", "malformed"}}) == 200);
    CHECK(json::parse(bench.Get(info).body, nullptr, false).is_discarded());
    CHECK(bench.Get(info).headers.Get("Content-Type") == "application/json; charset=utf-8");
  }
  SECTION("wrong content type") {
    REQUIRE(bench.SetFault({{"mode", "wrong_type"}}) == 200);
    CHECK(bench.Get(info).body == right);
    CHECK(bench.Get(info).headers.Get("Content-Type") == "text/plain; charset=utf-8");
  }
  SECTION("wrong shape") {
    REQUIRE(bench.SetFault({{"mode", "wrong_shape"}}) == 200);
    const json body = json::parse(bench.Get(info).body);
    CHECK(body["mhvId"].is_array());
    CHECK(body["identityDocumentExist"] == "yes");
    CHECK(body["identityDocumentInfo"] == "object");
  }
  SECTION("error with a code") {
    REQUIRE(bench.SetFault({{"mode", "error"}, {"status", 400}, {"code", 801}}) == 200);
    CHECK(bench.Get(info).status == 400);
    CHECK(json::parse(bench.Get(info).body)["errorCode"] == 801);
  }
  SECTION("error in plain text") {
    REQUIRE(bench.SetFault({{"mode", "error"}}) == 200);
    CHECK(bench.Get(info).status == 503);
    CHECK(json::parse(bench.Get(info).body, nullptr, false).is_discarded());
  }
  REQUIRE(bench.SetFault({{"mode", "none"}}) == 200);
  CHECK(bench.Get(info).body == right);
}

TEST_CASE("MhvSimulator: a slow answer is the right one, and lifting the fault ends the wait",
          "[simulators][mhv]") {
  Bench bench;
  const base::Stopwatch watch;
  REQUIRE(bench.SetFault({{"mode", "slow"}, {"ms", 30}}) == 200);
  CHECK(bench.AskAccount().status == 200);  // two calls: for the token, for the account
  CHECK(watch.Elapsed() >= absl::Milliseconds(60));
  REQUIRE(bench.SetFault({{"mode", "slow"}, {"ms", 10000}}) == 200);
  const std::string path = absl::StrCat(kValidMhvIdPath, "/", kIcn);
  auto waiting = std::async(std::launch::async, [&] { return bench.Get(path).status; });
  while (waiting.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    bench.SetFault({{"mode", "none"}});
  }
  CHECK(waiting.get() == 200);
  CHECK(watch.Elapsed() < absl::Seconds(9));
}

TEST_CASE("MhvSimulator: a fault may be for one path", "[simulators][mhv]") {
  Bench bench;
  REQUIRE(bench.SetFault({{"mode", "down"}, {"path", "validmhvid"}}) == 200);
  CHECK(bench.Get(absl::StrCat(kValidMhvIdPath, "/", kIcn)).status == http::kNoAnswer);
  CHECK(bench.AskAccount().status == 200);
}

TEST_CASE("MhvSimulator: a fault that makes no sense is refused and changes nothing",
          "[simulators][mhv]") {
  Bench bench;
  for (const char* fault :
       {"{}", "[]", "down", R"({"mode":"explode"})", R"({"mode":"slow","ms":-1})",
        R"({"mode":"slow","ms":60000})", R"({"mode":"slow","ms":"5"})",
        R"({"mode":"error","status":99})", R"({"mode":"down","colour":"red"})"}) {
    INFO(fault);
    auto request = Request("POST", "/_sim/faults", {}, fault);
    CHECK(bench.simulator.Handle(request).status == 400);
  }
  CHECK(bench.AskAccount().status == 200);
}

TEST_CASE("MhvSimulator: calls are counted by path, also those that fail", "[simulators][mhv]") {
  Bench bench(Proofed());
  bench.AskAccount();
  bench.AskAccount({}, json());
  bench.Get(absl::StrCat(kAccountInfoPath, "/", kMhvId));
  bench.SetFault({{"mode", "down"}});
  bench.Get(absl::StrCat(kAccountInfoPath, "/", kMhvId));
  CHECK(json::parse(bench.Get("/_sim/calls").body) ==
        json({{kStsPath, 1}, {kAccountPath, 2}, {kValidMhvIdPath, 0}, {kAccountInfoPath, 2}}));
}

}  // namespace
}  // namespace va::simulators
