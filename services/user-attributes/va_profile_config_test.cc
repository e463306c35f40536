#include "services/user-attributes/va_profile_config.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "lib/testing/test_pki.h"

namespace va::attributes {
namespace {

std::vector<std::string> WrongKeys(const std::string& yaml, VaProfileConfig& config) {
  config::Table table("VA_USER_ATTRIBUTES__");
  BindVaProfile(table, config);
  std::vector<std::string> keys;
  for (const config::Problem& problem : table.LoadText(yaml, {})) keys.push_back(problem.key);
  return keys;
}

std::vector<std::string> WrongKeys(const std::string& yaml) {
  VaProfileConfig config;
  return WrongKeys(yaml, config);
}

}  // namespace

TEST_CASE("VaProfileConfig: not configured unless told; two seconds, ten minutes",
          "[attributes][config][contact]") {
  VaProfileConfig config;
  CHECK(WrongKeys("", config).empty());
  CHECK(config.base_url.empty());
  CHECK(config.timeout == absl::Seconds(2));
  CHECK(config.cache_for == absl::Minutes(10));
}

TEST_CASE("VaProfileConfig: an answer is kept for less than a day",
          "[attributes][config][contact]") {
  CHECK(WrongKeys("va_profile: {cache_for: 23h}").empty());
  CHECK(WrongKeys("va_profile: {cache_for: 0s}").empty());
  CHECK(WrongKeys("va_profile: {cache_for: 24h}") ==
        std::vector<std::string>{"va_profile.cache_for"});
}

TEST_CASE("VaProfileConfig: the address is https, ends without a slash, and comes with its roots",
          "[attributes][config][contact][security]") {
  const testing::TempDir dir;
  const std::string roots = dir.Write("roots.pem", "x");
  const auto wrong = [&roots](const std::string& url) {
    return WrongKeys(
        absl::StrCat("va_profile: {base_url: '", url, "', tls: {ca_file: ", roots, "}}"));
  };
  CHECK(wrong("https://vap.example.test").empty());
  CHECK(wrong("https://vap.example.test/base").empty());
  for (const char* const url :
       {"http://vap.example.test", "https://vap.example.test/", "https://vap.example.test?a=b",
        "https://vap.example.test#x", "vap.example.test", "https://"}) {
    CAPTURE(url);
    CHECK(wrong(url) == std::vector<std::string>{"va_profile.base_url"});
  }
  CHECK(WrongKeys("va_profile: {base_url: 'https://vap.example.test'}") ==
        std::vector<std::string>{"va_profile.tls.ca_file"});
}

TEST_CASE("CheckVaProfileTls: files that cannot be used stop the start, where they are used",
          "[attributes][config][contact]") {
  const testing::TempDir dir;
  VaProfileConfig config;
  config.ca_file = dir.Write("roots.pem", "no certificate");
  service::FileLoader unused{absl::FromUnixSeconds(1)};
  CheckVaProfileTls(config, unused);
  CHECK(unused.problems().empty());
  config.base_url = "https://vap.example.test";
  service::FileLoader used{absl::FromUnixSeconds(1)};
  CheckVaProfileTls(config, used);
  CHECK_FALSE(used.problems().empty());
}

}  // namespace va::attributes
