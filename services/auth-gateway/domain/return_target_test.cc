#include "services/auth-gateway/domain/return_target.h"

#include <catch2/catch.hpp>

namespace va::gateway {
namespace {

using identity::Application;
using identity::TargetStyle;

Application Mhv() {
  Application application;
  application.name = "mhv";
  application.return_base = "https://eauth.va.gov/mhv-portal-web/eauth";
  application.target_style = TargetStyle::kDeepLink;
  application.to_pattern = "[A-Za-z0-9/_-]+";
  application.return_hosts = {"eauth.va.gov", "127.0.0.1:8461"};
  return application;
}

std::string Target(const Application& application, const std::string& to) {
  const auto target = BuildReturnTarget(application, {to, "", "mhv"});
  REQUIRE(target.ok());
  return *target;
}

TEST_CASE("BuildReturnTarget: application=mhv&to=home lands on the deep link (seed 001)",
          "[target]") {
  CHECK(Target(Mhv(), "home") == "https://eauth.va.gov/mhv-portal-web/eauth?deeplinking=home");
  CHECK(Target(Mhv(), "") == "https://eauth.va.gov/mhv-portal-web/eauth");
}

TEST_CASE("BuildReturnTarget: each style builds its own shape (sign_in_page.md 2)", "[target]") {
  Application row = Mhv();
  row.return_base = "https://patientportal.myhealth.va.gov";
  row.to_pattern = ".*";
  row.target_style = TargetStyle::kPath;
  row.default_to = "/profilepostauth";
  CHECK(Target(row, "") == "https://patientportal.myhealth.va.gov/profilepostauth");
  CHECK(Target(row, "a/b c") == "https://patientportal.myhealth.va.gov/a/b%20c");
  row.target_style = TargetStyle::kPathAuthenticated;
  row.default_to = "";
  CHECK(Target(row, "") == "https://patientportal.myhealth.va.gov/?authenticated=true");
  CHECK(Target(row, "/x?y=1") == "https://patientportal.myhealth.va.gov/x?authenticated=true");
  row.target_style = TargetStyle::kNone;
  row.return_base = "https://www.va.gov/auth/login/callback";
  row.to_pattern = "";
  CHECK(Target(row, "ignored") == "https://www.va.gov/auth/login/callback?type=mhv");
}

TEST_CASE("BuildReturnTarget: S141 what no pattern may let through is refused",
          "[target][attack]") {
  Application row = Mhv();
  row.to_pattern = "[\\s\\S]*";
  for (const char* to :
       {"//evil", "a//b", "\\evil", "a@b", "a\r\nSet-Cookie: x", "a\tb", "../up", "caf\xc3\xa9"}) {
    CAPTURE(to);
    CHECK_FALSE(BuildReturnTarget(row, {to, "", "mhv"}).ok());
  }
  CHECK_FALSE(BuildReturnTarget(row, {std::string(513, 'a'), "", "mhv"}).ok());
}

TEST_CASE("BuildReturnTarget: `to` must match the row's pattern as a whole", "[target]") {
  CHECK_FALSE(BuildReturnTarget(Mhv(), {"home?x=1", "", "mhv"}).ok());
}

TEST_CASE("BuildReturnTarget: P14 `redirect` must lie under the row's hosts", "[target][P14]") {
  const auto target = [](const std::string& redirect) {
    return BuildReturnTarget(Mhv(), {"", redirect, "mhv"});
  };
  CHECK(target("https://eauth.va.gov/mhv-portal-web/eauth?deeplinking=x").ok());
  CHECK(target("https://127.0.0.1:8461/mhv-portal-web/eauth/inbox").ok());
  const std::string base = "https://eauth.va.gov/mhv-portal-web/eauth/";
  CHECK(target(base + std::string(kMaxRedirect - base.size(), 'a')).ok());
  CHECK_FALSE(target(base + std::string(kMaxRedirect + 1 - base.size(), 'a')).ok());
  for (const char* redirect :
       {"https://evil.example/", "http://eauth.va.gov/", "https://eauth.va.gov:444/",
        "https://eauth.va.gov.evil.example/", "https://x@eauth.va.gov/", "//eauth.va.gov/",
        "https://eauth.va.gov/", "https://eauth.va.gov/mhv-portal-web/eauth-evil",
        "https://eauth.va.gov/mhv-portal-web/eauth/../x",
        "https://eauth.va.gov/mhv-portal-web/eauth#x", "https://127.0.0.1/", "javascript:alert(1)",
        "https://eauth.va.gov\\@evil/"}) {
    CAPTURE(redirect);
    CHECK_FALSE(target(redirect).ok());
  }
}

TEST_CASE("UseFrontEnd: rows without a base land on the front end's result page", "[target]") {
  identity::Policy policy;
  policy.applications.resize(2);
  policy.applications[1] = Mhv();
  REQUIRE(UseFrontEnd("https://localhost:8443", policy).ok());
  const identity::Application& row = policy.applications[0];
  const auto target = BuildReturnTarget(row, {"", "", "idme"});
  REQUIRE(target.ok());
  CHECK(*target == "https://localhost:8443/auth/login/callback?type=idme");
  CHECK(IsRegisteredTarget(row, *target));
  CHECK_FALSE(IsRegisteredTarget(row, "https://localhost/auth/login/callback"));
  CHECK(policy.applications[1].return_base == Mhv().return_base);
  CHECK_FALSE(UseFrontEnd("http://localhost:8443", policy).ok());
  CHECK_FALSE(UseFrontEnd("localhost", policy).ok());
}

}  // namespace
}  // namespace va::gateway
