#include "services/auth-gateway/domain/next_context.h"

#include <catch2/catch.hpp>

namespace va::gateway {
namespace {

using identity::Csp;
using Contexts = std::vector<std::string>;

const std::string kPassword = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";
const std::string kNs = "http://idmanagement.gov/ns/assurance/";
const std::string kSelect = "https://eauth.va.gov/csp/";

const Contexts kNone;
const Contexts kIdmeLoa3 = {kNs + "loa/3", kSelect + "IDME"};
const Contexts kIdmeMfa = {"multifactor", kSelect + "IDME"};
const Contexts kIal2 = {kNs + "ial/2", kNs + "aal/2", kSelect + "LOGINGOV"};
const Contexts kMhvLoa3 = {"myhealthevet_loa3", kSelect + "IDME_MHV"};
const Contexts kMhvMfa = {"myhealthevet_multifactor", kSelect + "IDME_MHV"};
const Contexts kDslLoa3 = {"dslogon_loa3", kSelect + "IDME_DSL"};
const Contexts kDslMfa = {"dslogon_multifactor", kSelect + "IDME_DSL"};

Contexts Asked(const std::optional<NextContext>& next) { return next ? next->contexts : kNone; }

TEST_CASE("NextContextOf: every row of the table of the verify and mfa legs (ssoe_saml.md 9.2)",
          "[context][rule]") {
  struct Row {
    std::string current;
    Csp csp;
    Contexts verify;
    Contexts mfa;
  };
  const Row rows[] = {
      {kNs + "loa/1/vets", Csp::kIdme, kIdmeLoa3, kIdmeMfa},
      {"multifactor", Csp::kIdme, kIdmeLoa3, kNone},
      {kNs + "loa/3/vets", Csp::kIdme, kNone, kIdmeMfa},
      {kNs + "loa/3", Csp::kIdme, kNone, kIdmeMfa},
      {kNs + "ial/1", Csp::kLogingov, kIal2, kNone},
      {"myhealthevet", Csp::kMhv, kMhvLoa3, kMhvMfa},
      {"myhealthevet_multifactor", Csp::kMhv, kMhvLoa3, kNone},
      {"myhealthevet_loa3", Csp::kMhv, kNone, kMhvMfa},
      {"dslogon", Csp::kDslogon, kDslLoa3, kDslMfa},
      {"dslogon_multifactor", Csp::kDslogon, kDslLoa3, kNone},
      {"dslogon_loa3", Csp::kDslogon, kNone, kDslMfa},
  };
  for (const Row& row : rows) {
    CAPTURE(row.current);
    const auto verify = NextContextOf(Leg::kVerify, {row.current, ""});
    const auto mfa = NextContextOf(Leg::kMfa, {row.current, ""});
    CHECK(Asked(verify) == row.verify);
    CHECK(Asked(mfa) == row.mfa);
    for (const auto& next : {verify, mfa}) {
      if (next) CHECK(next->csp == row.csp);
    }
    if (verify) CHECK(verify->relay_type == "verify");
    if (mfa) CHECK(mfa->relay_type == "mfa");
  }
}

TEST_CASE("NextContextOf: the LOA3 context is the caller's", "[context][rule]") {
  const std::string vets = kNs + "loa/3/vets";
  for (const std::string& current : {kNs + "loa/1/vets", std::string("multifactor")}) {
    CHECK(Asked(NextContextOf(Leg::kVerify, {current, ""}, vets)) ==
          Contexts{vets, kSelect + "IDME"});
  }
  CHECK(Asked(NextContextOf(Leg::kVerify, {"myhealthevet", ""}, vets)) == kMhvLoa3);
}

TEST_CASE("NextContextOf: an inbound session goes on with one context of its service",
          "[context][rule]") {
  const std::pair<std::string, Contexts> verify[] = {
      {"myhealthevet", {"myhealthevet_loa3"}},
      {"mhv", {"myhealthevet_loa3"}},
      {"dslogon", {"dslogon_loa3"}},
      {"idme", kIdmeLoa3},
      {"logingov", kIal2},
      {"", kNone},
      {"clear", kNone},
      {"dslogon_loa3\n", kNone},
  };
  for (const auto& [service, contexts] : verify) {
    CAPTURE(service);
    CHECK(Asked(NextContextOf(Leg::kVerify, {kPassword, service})) == contexts);
  }
  const std::pair<std::string, Contexts> mfa[] = {
      {"myhealthevet", {"myhealthevet_multifactor"}},
      {"mhv", {"myhealthevet_multifactor"}},
      {"dslogon", {"dslogon_multifactor"}},
      {"idme", kIdmeMfa},
      {"logingov", kNone},
  };
  for (const auto& [service, contexts] : mfa) {
    CAPTURE(service);
    CHECK(Asked(NextContextOf(Leg::kMfa, {kPassword, service})) == contexts);
  }
}

TEST_CASE("NextContextOf: an unlisted context is refused, never asked about with nothing (25.15)",
          "[context][rule]") {
  for (const std::string& context :
       {std::string(), std::string("unknown"), kNs + "ial/2", kNs + "ial/2/aal/2",
        kNs + "loa/1/vets/mfa", std::string("myhealthevet "), std::string("DSLOGON")}) {
    CAPTURE(context);
    // The service of a session counts for inbound ones only.
    CHECK_FALSE(NextContextOf(Leg::kVerify, {context, "dslogon"}).has_value());
    CHECK_FALSE(NextContextOf(Leg::kMfa, {context, "dslogon"}).has_value());
  }
}

TEST_CASE("SecondLap: R9 types logingov and mhv name the next context themselves",
          "[context][rule]") {
  CHECK(Asked(SecondLap("logingov", {"", ""})) == kIal2);
  CHECK(Asked(SecondLap("mhv", {kNs + "loa/1/vets", ""})) == kMhvLoa3);
  CHECK(Asked(SecondLap("idme", {kNs + "loa/1/vets", ""})) == kIdmeLoa3);
  CHECK(Asked(SecondLap("dslogon", {"dslogon", ""})) == kDslLoa3);
  CHECK(Asked(SecondLap("custom", {kPassword, "dslogon"})) == Contexts{"dslogon_loa3"});
  CHECK_FALSE(SecondLap("idme", {kNs + "loa/3", ""}).has_value());
  CHECK_FALSE(SecondLap("idme", {"", ""}).has_value());
}

}  // namespace
}  // namespace va::gateway
