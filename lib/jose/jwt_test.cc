#include "lib/jose/jwt.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/keys_testing.h"

namespace va::jose {
namespace {

using testing::EcKey;

const absl::Time kNow = absl::FromUnixSeconds(1768478400);

// Everything is asked for.
ClaimsRules Strict() {
  ClaimsRules rules;
  rules.type = "test+jwt";
  rules.issuer = "us";
  rules.audience = "them";
  rules.require_subject = true;
  rules.require_id = true;
  rules.require_issued_at = true;
  rules.max_life = absl::Minutes(5);
  return rules;
}

std::string Sign(absl::string_view claims, absl::string_view typ = "test+jwt") {
  return SignJwt(testing::Signing(EcKey(), Algorithm::kEs256), {std::string(typ), ""}, claims)
      .value();
}

std::string Outcome(absl::string_view token, const ClaimsRules& rules = Strict(),
                    absl::Time now = kNow) {
  const auto verified =
      VerifyJwt(token, testing::Verifying(EcKey(), Algorithm::kEs256), rules, now);
  return verified.ok() ? "verified" : base::ReasonOf(verified.status());
}

// A token with the claims of a good one, times relative to kNow in seconds.
std::string Timed(absl::string_view exp, absl::string_view iat, absl::string_view nbf = "") {
  std::string claims = R"({"iss":"us","sub":"x","jti":"1","aud":"them")";
  if (!exp.empty()) absl::StrAppend(&claims, R"(,"exp":)", exp);
  if (!iat.empty()) absl::StrAppend(&claims, R"(,"iat":)", iat);
  if (!nbf.empty()) absl::StrAppend(&claims, R"(,"nbf":)", nbf);
  return absl::StrCat(claims, "}");
}

TEST_CASE("VerifyJwt: a verified token says what it carries", "[jose]") {
  const std::string claims =
      R"({"iss":"us","sub":"x","jti":"1","aud":["them","others"],"exp":1768478460,)"
      R"("iat":1768478390,"nbf":1768478395.5,"own":[1]})";
  const auto verified =
      VerifyJwt(Sign(claims), testing::Verifying(EcKey(), Algorithm::kEs256), Strict(), kNow);
  REQUIRE(verified.ok());
  CHECK(verified->payload == claims);
  CHECK(verified->header.typ == "test+jwt");
  CHECK(verified->claims.issuer == "us");
  CHECK(verified->claims.subject == "x");
  CHECK(verified->claims.id == "1");
  CHECK(verified->claims.audience == std::vector<std::string>{"them", "others"});
  CHECK(verified->claims.expires == kNow + absl::Seconds(60));
  CHECK(verified->claims.issued_at == kNow - absl::Seconds(10));
  CHECK(verified->claims.not_before == kNow - absl::Milliseconds(4500));
}

TEST_CASE("VerifyJwt: every rule about who and what", "[jose][rule]") {
  struct Row {
    const char* rule;
    const char* claims;  // beside exp and iat
    const char* outcome;
  };
  const auto row = GENERATE(values<Row>({
      {"all in order", R"("iss":"us","aud":"them","sub":"x","jti":"1")", "verified"},
      {"O14 ours among others", R"("iss":"us","aud":["a","them"],"sub":"x","jti":"1")", "verified"},
      {"no issuer", R"("aud":"them","sub":"x","jti":"1")", "ISSUER_MISSING"},
      {"another issuer", R"("iss":"US","aud":"them","sub":"x","jti":"1")", "ISSUER_MISMATCH"},
      {"an issuer with a tail", R"("iss":"us ","aud":"them","sub":"x","jti":"1")",
       "ISSUER_MISMATCH"},
      {"an issuer that is no text", R"("iss":["us"],"aud":"them","sub":"x","jti":"1")",
       "CLAIM_MALFORMED"},
      {"O14 no audience", R"("iss":"us","sub":"x","jti":"1")", "AUDIENCE_MISSING"},
      {"O14 another audience", R"("iss":"us","aud":"others","sub":"x","jti":"1")",
       "AUDIENCE_MISMATCH"},
      {"O14 other audiences", R"("iss":"us","aud":["a","them2"],"sub":"x","jti":"1")",
       "AUDIENCE_MISMATCH"},
      {"O14 an empty list", R"("iss":"us","aud":[],"sub":"x","jti":"1")", "CLAIM_MALFORMED"},
      {"O14 a nested list", R"("iss":"us","aud":[["them"]],"sub":"x","jti":"1")",
       "CLAIM_MALFORMED"},
      {"O14 an object", R"("iss":"us","aud":{"them":1},"sub":"x","jti":"1")", "CLAIM_MALFORMED"},
      {"O14 ours beside a number", R"("iss":"us","aud":["them",1],"sub":"x","jti":"1")",
       "CLAIM_MALFORMED"},
      {"no subject", R"("iss":"us","aud":"them","jti":"1")", "SUBJECT_MISSING"},
      {"an empty subject", R"("iss":"us","aud":"them","sub":"","jti":"1")", "SUBJECT_MISSING"},
      {"no id", R"("iss":"us","aud":"them","sub":"x")", "ID_MISSING"},
      {"an id that is a number", R"("iss":"us","aud":"them","sub":"x","jti":1)", "CLAIM_MALFORMED"},
  }));
  INFO(row.rule);
  CHECK(Outcome(Sign(absl::StrCat("{\"exp\":1768478460,\"iat\":1768478400,", row.claims, "}"))) ==
        row.outcome);
}

TEST_CASE("VerifyJwt: every rule about time", "[jose][rule]") {
  struct Row {
    const char* rule;
    const char* exp;
    const char* iat;
    const char* nbf;
    const char* outcome;
  };
  // kNow is 1768478400.
  const auto row = GENERATE(values<Row>({
      {"the longest life", "1768478700", "1768478400", "1768478400", "verified"},
      {"one second to live", "1768478401", "1768478400", "", "verified"},
      {"a fraction of a second to live", "1768478400.25", "1768478390", "", "verified"},
      {"an exponent is a number too", "1.768478460e9", "1768478400", "", "verified"},
      {"O13 no end", "", "1768478400", "", "EXPIRY_MISSING"},
      {"O13 over this second", "1768478400", "1768478390", "", "EXPIRED"},
      {"O13 over a second ago", "1768478399", "1768478390", "", "EXPIRED"},
      {"O13 an end in text", R"("1768478460")", "1768478400", "", "CLAIM_MALFORMED"},
      {"O13 an end that is true", "true", "1768478400", "", "CLAIM_MALFORMED"},
      {"O13 an end that is null", "null", "1768478400", "", "CLAIM_MALFORMED"},
      {"O13 an end beyond all times", "1e308", "1768478400", "", "CLAIM_MALFORMED"},
      {"O13 an end beyond all numbers", "18446744073709551617", "1768478400", "",
       "CLAIM_MALFORMED"},
      {"O13 a negative end", "-1", "1768478400", "", "CLAIM_MALFORMED"},
      {"O13 begins in a second", "1768478460", "1768478400", "1768478401", "NOT_YET_VALID"},
      {"O13 a beginning in text", "1768478460", "1768478400", R"("0")", "CLAIM_MALFORMED"},
      {"O13 issued in a second", "1768478460", "1768478401", "", "ISSUED_IN_FUTURE"},
      {"O13 issued nobody knows when", "1768478460", "", "", "ISSUED_AT_MISSING"},
      {"issued at no number", "1768478460", "[]", "", "CLAIM_MALFORMED"},
      {"a longer life than allowed", "1768478701", "1768478400", "", "LIFETIME"},
      {"a longer life than allowed, begun long ago", "1768478460", "1768470000", "", "LIFETIME"},
  }));
  INFO(row.rule);
  CHECK(Outcome(Sign(Timed(row.exp, row.iat, row.nbf))) == row.outcome);
}

TEST_CASE("VerifyJwt: O13 the leeway counts once and on both sides", "[jose][rule]") {
  ClaimsRules rules = Strict();
  rules.start_leeway = absl::Seconds(10);
  rules.end_leeway = absl::Seconds(20);
  CHECK(Outcome(Sign(Timed("1768478500", "1768478410", "1768478410")), rules) == "verified");
  CHECK(Outcome(Sign(Timed("1768478500", "1768478411")), rules) == "ISSUED_IN_FUTURE");
  CHECK(Outcome(Sign(Timed("1768478500", "1768478410", "1768478411")), rules) == "NOT_YET_VALID");
  CHECK(Outcome(Sign(Timed("1768478381", "1768478370")), rules) == "verified");
  CHECK(Outcome(Sign(Timed("1768478380", "1768478370")), rules) == "EXPIRED");
  // With a leeway on both sides, a token could live although it ends before it began.
  CHECK(Outcome(Sign(Timed("1768478390", "1768478405")), rules) == "LIFETIME");
  CHECK(Outcome(Sign(Timed("1768478405", "1768478405")), rules) == "LIFETIME");
}

TEST_CASE("VerifyJwt: rules that are not asked for are not applied, the end always is", "[jose]") {
  CHECK(Outcome(Sign(R"({"exp":1768478401})", ""), ClaimsRules()) == "verified");
  CHECK(Outcome(Sign("{}", ""), ClaimsRules()) == "EXPIRY_MISSING");
  CHECK(Outcome(Sign(R"({"exp":1768478400})", ""), ClaimsRules()) == "EXPIRED");
  ClaimsRules life;
  life.max_life = absl::Hours(1);
  CHECK(Outcome(Sign(R"({"exp":1768478401})", ""), life) == "ISSUED_AT_MISSING");
}

TEST_CASE("VerifyJwt: A17 a token of another type is refused", "[jose][security]") {
  const std::string claims = Timed("1768478460", "1768478400");
  CHECK(Outcome(Sign(claims, "test+jwt")) == "verified");
  CHECK(Outcome(Sign(claims, "TEST+JWT")) == "verified");
  CHECK(Outcome(Sign(claims, "application/test+jwt")) == "verified");
  CHECK(Outcome(Sign(claims, "")) == "TYPE_MISSING");
  for (const char* typ : {"JWT", "at+jwt", "test+jwt ", "text/test+jwt", "application/"}) {
    INFO(typ);
    CHECK(Outcome(Sign(claims, typ)) == "TYPE_MISMATCH");
  }
}

TEST_CASE("VerifyJwt: J11 a token within a token is refused", "[jose][security]") {
  const SigningKey key = testing::Signing(EcKey(), Algorithm::kEs256);
  const std::string text =
      absl::StrCat(base::Base64UrlEncode(R"({"alg":"ES256","typ":"test+jwt","cty":"JWT"})"), ".",
                   base::Base64UrlEncode(Timed("1768478460", "1768478400")));
  CHECK(Outcome(absl::StrCat(text, ".", base::Base64UrlEncode(key.Sign(text).value()))) ==
        "NESTED");
  const std::string inner = Sign(Timed("1768478460", "1768478400"));
  CHECK(Outcome(SignCompact(key, {"test+jwt", ""}, inner).value()) == "CLAIMS_NOT_JSON");
}

TEST_CASE("VerifyJwt: J8 claims that two readers would read differently", "[jose][security]") {
  const SigningKey key = testing::Signing(EcKey(), Algorithm::kEs256);
  const auto outcome = [&](absl::string_view payload) {
    return Outcome(SignCompact(key, {"test+jwt", ""}, payload).value());
  };
  CHECK(outcome(R"({"exp":1,"exp":1768478460})") == "CLAIMS_DUPLICATE_NAME");
  CHECK(outcome(R"({"x":{"y":1,"y":1}})") == "CLAIMS_DUPLICATE_NAME");
  CHECK(outcome(R"({"x":{"y":1},"z":{"y":1}})") == "ISSUER_MISSING");
  CHECK(outcome("[]") == "CLAIMS_NOT_JSON");
  CHECK(outcome("") == "CLAIMS_NOT_JSON");
  CHECK(outcome("\xef\xbb\xbf{}") == "CLAIMS_NOT_JSON");
  CHECK(outcome(absl::StrCat("{\"x\":", std::string(20000, '['), std::string(20000, ']'), "}")) ==
        "CLAIMS_NOT_JSON");
}

TEST_CASE("VerifyJwt: the signature is asked before the claims", "[jose][security]") {
  const std::string stranger = SignJwt(testing::Signing(testing::OtherEcKey(), Algorithm::kEs256),
                                       {"test+jwt", ""}, Timed("1", "1"))
                                   .value();
  CHECK(Outcome(stranger) == "SIGNATURE_INVALID");
}

TEST_CASE("SignJwt: signs objects only", "[jose]") {
  const SigningKey key = testing::Signing(EcKey(), Algorithm::kEs256);
  for (const char* claims : {"", "[]", "null", "{", R"({"a":1,"a":2})", R"({"a":1} x)"}) {
    INFO(claims);
    CHECK(SignJwt(key, {}, claims).status().code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK(SignJwt(key, {}, "{}").ok());
}

TEST_CASE("CheckClaims: the layer stands alone", "[jose]") {
  Claims claims;
  claims.issuer = "us";
  claims.audience = {"them"};
  claims.subject = "x";
  claims.id = "1";
  claims.issued_at = kNow;
  claims.expires = kNow + absl::Minutes(5);
  JwsHeader header;
  header.typ = "test+jwt";
  CHECK(CheckClaims(header, claims, Strict(), kNow).ok());
  CHECK(RejectOf(CheckClaims(header, claims, Strict(), kNow + absl::Minutes(5))) ==
        JoseReject::kExpired);
  claims.expires.reset();
  CHECK(RejectOf(CheckClaims(header, claims, Strict(), kNow)) == JoseReject::kExpiryMissing);
}

}  // namespace
}  // namespace va::jose
