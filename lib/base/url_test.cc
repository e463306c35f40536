#include "lib/base/url.h"

#include <catch2/catch.hpp>

namespace va::base {
namespace {

TEST_CASE("ParseUrl: an absolute URL is cut at its delimiters", "[base]") {
  const Url url = ParseUrl("HTTPS://Eauth.va.gov:8443/mhv?x=1#top").value();
  CHECK(url.scheme == "https");
  CHECK(url.host == "eauth.va.gov");
  CHECK(url.port == 8443);
  CHECK(url.path == "/mhv");
  CHECK(url.query == "x=1");
  CHECK(url.fragment == "top");
  CHECK(url.Origin() == "https://eauth.va.gov:8443");
  CHECK(ParseUrl("https://a.b:443/").value().Origin() == "https://a.b");
}

TEST_CASE("ParseUrl: S141 whatever could hide another host is refused", "[base][attack]") {
  for (const char* text :
       {"//evil", "///evil", "/\\evil", "\\\\evil", "https:evil", "javascript:alert(1)",
        "data:text/html,x", "https://good@evil/", "https://evil\t/", "https://ev\nil/",
        "https://b\303\274cher/", "https://", "https:///path", "ftp://host/", "https://a:0/",
        "https://a:99999/", "https://a:8o/", "https://a b/"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseUrl(text).ok());
  }
}

TEST_CASE("ParseForm: order is kept and both spellings of a space are read", "[base]") {
  const FormPairs pairs = ParseForm("b=1+2&a=%2Fx&b=").value();
  REQUIRE(pairs.size() == 3);
  CHECK(pairs[0] == std::pair<std::string, std::string>("b", "1 2"));
  CHECK(pairs[1].second == "/x");
  CHECK(pairs[2].second.empty());
}

TEST_CASE("ParseForm: W16 invalid percent codes and too many fields are refused",
          "[base][attack]") {
  CHECK_FALSE(ParseForm("a=%").ok());
  CHECK_FALSE(ParseForm("a=%2").ok());
  CHECK_FALSE(ParseForm("a=%zz").ok());
  std::string many;
  for (int i = 0; i < 65; ++i) many += "a=1&";
  CHECK_FALSE(ParseForm(many).ok());
}

TEST_CASE("OnlyValue: S79 a parameter given twice is refused", "[base][attack]") {
  const FormPairs pairs = ParseForm("SAMLResponse=a&SAMLResponse=b&RelayState=c").value();
  CHECK_FALSE(OnlyValue(pairs, "SAMLResponse").ok());
  CHECK(OnlyValue(pairs, "RelayState").value() == "c");
  CHECK(OnlyValue(pairs, "absent").value().empty());
}

TEST_CASE("BuildQuery: everything but unreserved characters is encoded", "[base]") {
  CHECK(BuildQuery({{"to", "a b&c=d/\r\n"}, {"x", "~-._"}}) == "to=a%20b%26c%3Dd%2F%0D%0A&x=~-._");
}

}  // namespace
}  // namespace va::base
