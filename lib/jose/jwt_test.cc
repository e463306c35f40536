#include "lib/jose/jwt.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/keys_testing.h"
#include "lib/testing/fake_clock.h"

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
      R"({"iss":"us","sub":"x","jti":"1","aud":["them","others"],"azp":"them","exp":1768478460,)"
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
  CHECK(verified->claims.authorized_party == "them");
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
      {"O14 ours alone in a list", R"("iss":"us","aud":["them"],"sub":"x","jti":"1")", "verified"},
      {"O14 ours among others, issued to us",
       R"("iss":"us","aud":["a","them"],"azp":"them","sub":"x","jti":"1")", "verified"},
      {"O14 ours alone, issued to us",
       R"("iss":"us","aud":"them","azp":"them","sub":"x","jti":"1")", "verified"},
      {"O14 ours among others, issued to nobody knows whom",
       R"("iss":"us","aud":["a","them"],"sub":"x","jti":"1")", "AUTHORIZED_PARTY_MISSING"},
      {"O14 ours twice", R"("iss":"us","aud":["them","them"],"sub":"x","jti":"1")",
       "AUTHORIZED_PARTY_MISSING"},
      {"O14 ours among others, issued to one of these",
       R"("iss":"us","aud":["a","them"],"azp":"a","sub":"x","jti":"1")",
       "AUTHORIZED_PARTY_MISMATCH"},
      {"O14 ours alone, issued to another",
       R"("iss":"us","aud":"them","azp":"a","sub":"x","jti":"1")", "AUTHORIZED_PARTY_MISMATCH"},
      {"O14 issued to us in another case",
       R"("iss":"us","aud":"them","azp":"Them","sub":"x","jti":"1")", "AUTHORIZED_PARTY_MISMATCH"},
      {"O14 issued to nobody", R"("iss":"us","aud":"them","azp":"","sub":"x","jti":"1")",
       "AUTHORIZED_PARTY_MISMATCH"},
      {"O14 issued to a list", R"("iss":"us","aud":"them","azp":["them"],"sub":"x","jti":"1")",
       "CLAIM_MALFORMED"},
      {"O14 issued to us, but for others",
       R"("iss":"us","aud":["a","b"],"azp":"them","sub":"x","jti":"1")", "AUDIENCE_MISMATCH"},
      {"O14 an audience that is null", R"("iss":"us","aud":null,"sub":"x","jti":"1")",
       "CLAIM_MALFORMED"},
      {"O14 ours in another case", R"("iss":"us","aud":"Them","sub":"x","jti":"1")",
       "AUDIENCE_MISMATCH"},
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

TEST_CASE("VerifyJwt: O13 a second before, at and behind the end of each skew", "[jose][rule]") {
  struct Row {
    const char* rule;
    const char* exp;
    const char* iat;
    const char* nbf;
    const char* outcome;
  };
  ClaimsRules rules = Strict();
  rules.start_leeway = absl::Seconds(10);
  rules.end_leeway = absl::Seconds(20);
  // kNow is 1768478400; 381 to 499 are its last three digits.
  const auto row = GENERATE(values<Row>({
      {"O13 exp: over 19 s ago", "1768478381", "1768478370", "", "verified"},
      {"O13 exp: over 20 s ago, which is on and no longer before", "1768478380", "1768478370", "",
       "EXPIRED"},
      {"O13 exp: over a hair less than 20 s ago", "1768478380.001", "1768478370", "", "verified"},
      {"O13 exp: over 21 s ago", "1768478379", "1768478370", "", "EXPIRED"},
      {"O13 nbf: begins in 9 s", "1768478500", "1768478400", "1768478409", "verified"},
      {"O13 nbf: begins in 10 s", "1768478500", "1768478400", "1768478410", "verified"},
      {"O13 nbf: begins in a hair more than 10 s", "1768478500", "1768478400", "1768478410.001",
       "NOT_YET_VALID"},
      {"O13 nbf: begins in 11 s", "1768478500", "1768478400", "1768478411", "NOT_YET_VALID"},
      {"O13 iat: issued in 9 s", "1768478500", "1768478409", "", "verified"},
      {"O13 iat: issued in 10 s", "1768478500", "1768478410", "", "verified"},
      {"O13 iat: issued in 11 s", "1768478500", "1768478411", "", "ISSUED_IN_FUTURE"},
      {"the longest life but one second", "1768478699", "1768478400", "", "verified"},
      {"the longest life, to which no skew is added", "1768478700", "1768478400", "", "verified"},
      {"a second more than the longest life", "1768478701", "1768478400", "", "LIFETIME"},
      // With a skew on both sides a token could live although it ends before it began.
      {"ends before it was issued", "1768478390", "1768478405", "", "LIFETIME"},
      {"ends when it was issued", "1768478405", "1768478405", "", "LIFETIME"},
      {"ends a second after it was issued", "1768478406", "1768478405", "", "verified"},
  }));
  INFO(row.rule);
  CHECK(Outcome(Sign(Timed(row.exp, row.iat, row.nbf)), rules) == row.outcome);
}

TEST_CASE("VerifyJwt: O13 without a skew the clocks must agree to the second", "[jose][rule]") {
  CHECK(Outcome(Sign(Timed("1768478401", "1768478400", "1768478400"))) == "verified");
  CHECK(Outcome(Sign(Timed("1768478400", "1768478399"))) == "EXPIRED");
  CHECK(Outcome(Sign(Timed("1768478401", "1768478400", "1768478401"))) == "NOT_YET_VALID");
  CHECK(Outcome(Sign(Timed("1768478402", "1768478401"))) == "ISSUED_IN_FUTURE");
}

TEST_CASE("VerifyJwt: O13 a claim of time is a number within the years of men", "[jose][rule]") {
  const char* value = GENERATE("\"1768478460\"", "1e308", "-1", "-1e308", "1e400", "null", "true",
                               "[1768478460]", "{}", "\"\"", "253402300800", "NaN", "Infinity",
                               "01768478460", "0x6968d000", "18446744073709551617");
  INFO(value);
  const auto refused = [](const std::string& outcome) {
    // What is no number of JSON makes the whole text no JSON.
    return outcome == "CLAIM_MALFORMED" || outcome == "CLAIMS_NOT_JSON";
  };
  const SigningKey key = testing::Signing(EcKey(), Algorithm::kEs256);
  for (const std::string& claims : {Timed(value, "1768478400"), Timed("1768478460", value),
                                    Timed("1768478460", "1768478400", value)}) {
    CHECK(refused(Outcome(SignCompact(key, {"test+jwt", ""}, claims).value())));
  }
  CHECK(Outcome(Sign(Timed("0", "1768478400"))) == "EXPIRED");
  CHECK(Outcome(Sign(Timed("1768478460", "1768478400", "0"))) == "verified");
}

TEST_CASE("VerifyJwt: O14 whom azp must name may be told apart from the audience", "[jose][rule]") {
  ClaimsRules rules;
  rules.audience = "api";
  rules.authorized_party = "client";
  const auto outcome = [&rules](absl::string_view parties) {
    return Outcome(Sign(absl::StrCat("{\"exp\":1768478460,", parties, "}"), ""), rules);
  };
  CHECK(outcome(R"("aud":"api","azp":"client")") == "verified");
  CHECK(outcome(R"("aud":"api")") == "verified");
  CHECK(outcome(R"("aud":["api","b"],"azp":"client")") == "verified");
  CHECK(outcome(R"("aud":["api","b"],"azp":"api")") == "AUTHORIZED_PARTY_MISMATCH");
  CHECK(outcome(R"("aud":["api","b"])") == "AUTHORIZED_PARTY_MISSING");
  rules.several_audiences = true;
  CHECK(outcome(R"("aud":["api","b"])") == "verified");
  CHECK(outcome(R"("aud":["api","b"],"azp":"b")") == "AUTHORIZED_PARTY_MISMATCH");
  // Whoever asks for no audience asks for no party either.
  CHECK(Outcome(Sign(R"({"exp":1768478460,"aud":["a","b"]})", ""), ClaimsRules()) == "verified");
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

TEST_CASE("VerifyJwt: A17 an access token is no ID token and no handoff token, whoever signed it",
          "[jose][security]") {
  struct Use {
    const char* name;
    const char* typ;
    const char* audience;
  };
  const std::vector<Use> uses = {{"access token", "at+jwt", "https://api.example"},
                                 {"ID token", "JWT", "client-1"},
                                 {"handoff token", "handoff+jwt", "https://idp.example/handoff"}};
  for (const Use& made : uses) {
    for (const Use& asked : uses) {
      CAPTURE(made.name, asked.name);
      ClaimsRules rules;
      rules.type = asked.typ;
      rules.audience = asked.audience;
      const auto claims = [](const Use& use) {
        return absl::StrCat(R"({"exp":1768478460,"aud":")", use.audience, R"("})");
      };
      const bool same = &made == &asked;
      CHECK(Outcome(Sign(claims(made), made.typ), rules) == (same ? "verified" : "TYPE_MISMATCH"));
      // Each of the two locks holds alone.
      CHECK(Outcome(Sign(claims(asked), made.typ), rules) == (same ? "verified" : "TYPE_MISMATCH"));
      CHECK(Outcome(Sign(claims(made), asked.typ), rules) ==
            (same ? "verified" : "AUDIENCE_MISMATCH"));
    }
  }
}

TEST_CASE("UseOnce: the id of a token counts once, for its issuer, until its end", "[jose][rule]") {
  const va::testing::FakeClock clock(kNow);
  UsedTokenIdsInMemory used(clock);
  ClaimsRules rules;
  rules.end_leeway = absl::Seconds(20);
  const auto use = [&](absl::string_view claims) {
    const auto token =
        VerifyJwt(Sign(claims), testing::Verifying(EcKey(), Algorithm::kEs256), rules, clock.Now());
    REQUIRE(token.ok());
    const absl::Status status = UseOnce(*token, rules, used, absl::InfiniteFuture());
    return status.ok() ? "used" : base::ReasonOf(status);
  };
  CHECK(use(R"({"iss":"us","jti":"1","exp":1768478401})") == "used");
  CHECK(use(R"({"iss":"us","jti":"1","exp":1768478401})") == "ID_USED");
  // Another text of the same id is the same id; another issuer's is not.
  CHECK(use(R"({"iss":"us","jti":"1","exp":1768478499,"x":1})") == "ID_USED");
  CHECK(use(R"({"iss":"others","jti":"1","exp":1768478401})") == "used");
  CHECK(use(R"({"jti":"1","exp":1768478401})") == "used");
  CHECK(use(R"({"iss":"us","jti":"2","exp":1768478401})") == "used");
  CHECK(use(R"({"iss":"us","exp":1768478401})") == "ID_MISSING");
  CHECK(use(R"({"iss":"us","jti":"","exp":1768478401})") == "ID_MISSING");
}

TEST_CASE("UseOnce: O13 an id is kept to the end of the skew, as long as its token passes",
          "[jose][rule]") {
  va::testing::FakeClock clock(kNow);
  UsedTokenIdsInMemory used(clock);
  ClaimsRules rules;
  rules.end_leeway = absl::Seconds(20);
  const auto verified = [&] {
    return VerifyJwt(Sign(R"({"iss":"us","jti":"1","exp":1768478401})"),
                     testing::Verifying(EcKey(), Algorithm::kEs256), rules, clock.Now());
  };
  const auto token = verified();
  REQUIRE(token.ok());
  REQUIRE(UseOnce(*token, rules, used, absl::InfiniteFuture()).ok());
  clock.Advance(absl::Seconds(20));  // the last second in which the token passes
  REQUIRE(verified().ok());
  CHECK(RejectOf(UseOnce(*token, rules, used, absl::InfiniteFuture())) == JoseReject::kIdUsed);
  clock.Advance(absl::Seconds(1));
  CHECK(RejectOf(verified().status()) == JoseReject::kExpired);
  // A clock that ran on between the check and the claim gives the id to nobody.
  CHECK(RejectOf(UseOnce(*token, rules, used, absl::InfiniteFuture())) == JoseReject::kIdUsed);
}

TEST_CASE("UseOnce: when nobody can say, the token has not passed", "[jose][security]") {
  class Down final : public UsedTokenIds {
   public:
    absl::StatusOr<bool> Claim(absl::string_view /*issuer*/, absl::string_view /*id*/,
                               absl::Time /*until*/, absl::Time /*deadline*/) override {
      return absl::UnavailableError("the store is down");
    }
  };
  Down down;
  const auto token = VerifyJwt(Sign(R"({"jti":"1","exp":1768478401})"),
                               testing::Verifying(EcKey(), Algorithm::kEs256), ClaimsRules(), kNow);
  REQUIRE(token.ok());
  CHECK(absl::IsUnavailable(UseOnce(*token, ClaimsRules(), down, absl::InfiniteFuture())));
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
