#include "lib/http/client_address.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace va::http {
namespace {

constexpr auto kXff = ForwardedBy::kXForwardedFor;
constexpr auto kForwarded = ForwardedBy::kForwarded;

// As seen from a house whose proxies are 10.0.0.0/8 and 2001:db8:ff::/48.
std::string ClientOf(absl::string_view peer, const std::vector<std::string>& chain,
                     ForwardedBy by = kXff) {
  const auto proxies = TrustedProxies::Parse({"10.0.0.0/8", "2001:db8:ff::/48"});
  return proxies.value().ClientOf(IpAddress::Parse(peer).value(), chain, by).ToString();
}

}  // namespace

TEST_CASE("W7 TrustedProxies: nobody's word counts unless he is listed", "[http][attack]") {
  const TrustedProxies nobody;
  const auto peer = IpAddress::Parse("10.0.0.1").value();
  CHECK(nobody.ClientOf(peer, {"9.9.9.9"}, kXff).ToString() == "10.0.0.1");
  CHECK(ClientOf("192.0.2.1", {"9.9.9.9"}) == "192.0.2.1");
  CHECK(ClientOf("10.0.0.1", {"9.9.9.9"}) == "9.9.9.9");
  CHECK(ClientOf("10.0.0.1", {}) == "10.0.0.1");
}

TEST_CASE("W7 TrustedProxies: the rightmost address that is not ours is the client",
          "[http][attack]") {
  // What the client wrote itself stands on the left and is never looked at.
  CHECK(ClientOf("10.0.0.1", {"1.1.1.1, 9.9.9.9"}) == "9.9.9.9");
  CHECK(ClientOf("10.0.0.1", {"10.0.0.9, 9.9.9.9"}) == "9.9.9.9");
  CHECK(ClientOf("10.0.0.1", {"garbage;;, 9.9.9.9"}) == "9.9.9.9");
  CHECK(ClientOf("10.0.0.1", {"1.1.1.1, 9.9.9.9, 10.2.2.2, 10.3.3.3"}) == "9.9.9.9");
  CHECK(ClientOf("10.0.0.1", {"1.1.1.1", "9.9.9.9", "10.2.2.2"}) == "9.9.9.9");
  CHECK(ClientOf("2001:db8:ff::1", {"2001:db8:1::1,2001:db8:ff:2::3"}) == "2001:db8:1::1");
  // A client inside the house.
  CHECK(ClientOf("10.0.0.1", {"10.7.7.7, 10.2.2.2"}) == "10.7.7.7");
  CHECK(ClientOf("10.0.0.1", {"::ffff:10.2.2.2, ::ffff:9.9.9.9"}) == "9.9.9.9");
}

TEST_CASE("W7 TrustedProxies: ports and brackets are understood", "[http][attack]") {
  CHECK(ClientOf("10.0.0.1", {"9.9.9.9:1234"}) == "9.9.9.9");
  CHECK(ClientOf("10.0.0.1", {"[2001:db8::9]:1234"}) == "2001:db8::9");
  CHECK(ClientOf("10.0.0.1", {"[2001:db8::9]"}) == "2001:db8::9");
  CHECK(ClientOf("10.0.0.1", {"2001:db8::9"}) == "2001:db8::9");
}

TEST_CASE("W7 TrustedProxies: a malformed hop leaves the peer", "[http][attack]") {
  for (const absl::string_view bad :
       {"", "unknown", "_hidden", "9.9.9.9:", "9.9.9.9:x", "9.9.9.9:123456", "[2001:db8::9",
        "[9.9.9.9]", "[2001:db8::9]x", "9.9.9", "9.9.9.9,", "9.9.9.9, ,", "\"9.9.9.9\"",
        "for=9.9.9.9", "9.9.9.9 10.0.0.1", "fe80::1%lo", "localhost"}) {
    INFO(bad);
    CHECK(ClientOf("10.0.0.1", {std::string(bad)}) == "10.0.0.1");
    CHECK(ClientOf("10.0.0.1", {absl::StrCat("9.9.9.9, ", bad)}) == "10.0.0.1");
  }
}

TEST_CASE("W7 TrustedProxies: a chain longer than any real one leaves the peer", "[http][attack]") {
  std::string chain = "9.9.9.9";
  for (int i = 0; i < 20; ++i) absl::StrAppend(&chain, ", 10.0.0.2");
  CHECK(ClientOf("10.0.0.1", {chain}) == "9.9.9.9");
  for (int i = 0; i < 5000; ++i) absl::StrAppend(&chain, ",10.0.0.2");
  CHECK(ClientOf("10.0.0.1", {chain}) == "10.0.0.1");
}

TEST_CASE("W7 TrustedProxies: Forwarded is read as RFC 7239 says", "[http][attack]") {
  CHECK(ClientOf("10.0.0.1", {"for=9.9.9.9"}, kForwarded) == "9.9.9.9");
  CHECK(ClientOf("10.0.0.1", {"For=\"9.9.9.9:80\";proto=http;by=10.0.0.3"}, kForwarded) ==
        "9.9.9.9");
  CHECK(ClientOf("10.0.0.1", {"for=1.1.1.1, proto=https ; for=\"[2001:db8::9]:4711\""},
                 kForwarded) == "2001:db8::9");
  CHECK(ClientOf("10.0.0.1", {"for=9.9.9.9", "for=10.0.0.2"}, kForwarded) == "9.9.9.9");
  for (const absl::string_view bad :
       {"for=unknown", "for=_SEVKISEK", "for=\"_gazonk\"", "proto=https", "9.9.9.9", "for",
        "for=9.9.9.9;for=8.8.8.8", "for=\"9.9.9.9", "for = 9.9.9.9", "for=", "for=\"a\\\"b\""}) {
    INFO(bad);
    CHECK(ClientOf("10.0.0.1", {std::string(bad)}, kForwarded) == "10.0.0.1");
  }
}

TEST_CASE("TrustedProxies: a range that is none is refused", "[http]") {
  CHECK(absl::IsInvalidArgument(TrustedProxies::Parse({"10.0.0.0/8", "proxy"}).status()));
}

TEST_CASE("W7 W8 IsUntrustedHeader: addresses, hosts, methods and identities of others",
          "[http][attack]") {
  for (const absl::string_view name : {"X-Forwarded-For",
                                       "x-forwarded-proto",
                                       "X-Forwarded-Host",
                                       "X-FORWARDED-URI",
                                       "X-Forwarded-Port",
                                       "X-Forwarded-Prefix",
                                       "X-Forwarded-User",
                                       "X-Forwarded-Email",
                                       "X-Forwarded-Client-Cert",
                                       "X-Forwarded",
                                       "X-Forward-For",
                                       "Forwarded",
                                       "Forwarded-For",
                                       "X-Real-IP",
                                       "X-Real-Port",
                                       "True-Client-IP",
                                       "X-Client-IP",
                                       "X-Client-Cert",
                                       "X-Client-Verify",
                                       "Client-IP",
                                       "X-Cluster-Client-IP",
                                       "CF-Connecting-IP",
                                       "CF-IPCountry",
                                       "Fastly-Client-IP",
                                       "X-Original-URL",
                                       "X-Original-URI",
                                       "X-Original-Host",
                                       "X-Original-Forwarded-For",
                                       "X-Rewrite-URL",
                                       "X-HTTP-Method-Override",
                                       "X-HTTP-Method",
                                       "X-Method-Override",
                                       "X-Host",
                                       "X-Forwarded-Server",
                                       "X-Scheme",
                                       "Front-End-Https",
                                       "Remote-User",
                                       "Remote-Email",
                                       "Remote-Groups",
                                       "Remote-Addr",
                                       "X-Remote-User",
                                       "X-Remote-Groups",
                                       "X-Auth-Request-User",
                                       "X-Auth-User",
                                       "X-User",
                                       "X-User-Id",
                                       "X-UserName",
                                       "X-Authenticated-User",
                                       "X-SSL-Client-DN",
                                       "X-SSL-Client-Verify",
                                       "SSL-Client-Cert",
                                       "X-VA-Icn",
                                       "VA-EAUTH-Gcids",
                                       "X-Webauth-User",
                                       "X-Amzn-Oidc-Identity",
                                       "X-Goog-Authenticated-User-Email",
                                       "X-MS-Client-Principal-Name",
                                       "Client-Cert",
                                       "iv-user",
                                       "SM-User",
                                       "Proxy"}) {
    INFO(name);
    CHECK(IsUntrustedHeader(name));
  }
}

TEST_CASE("W7 W8 IsUntrustedHeader: every name with an underscore", "[http][attack]") {
  for (const absl::string_view name : {"X_Forwarded_For", "X-Forwarded_For", "va_eauth_gcids",
                                       "REMOTE_USER", "Host_", "_", "Content_Length"}) {
    INFO(name);
    CHECK(IsUntrustedHeader(name));
  }
}

TEST_CASE("IsUntrustedHeader: what browsers and clients send stays", "[http]") {
  for (const absl::string_view name : {"Host",
                                       "User-Agent",
                                       "Accept",
                                       "Accept-Language",
                                       "Accept-Encoding",
                                       "Referer",
                                       "Origin",
                                       "Cookie",
                                       "Content-Type",
                                       "Content-Length",
                                       "Connection",
                                       "Cache-Control",
                                       "Pragma",
                                       "Upgrade-Insecure-Requests",
                                       "Sec-Fetch-Site",
                                       "Sec-Fetch-Mode",
                                       "Sec-Fetch-Dest",
                                       "If-None-Match",
                                       "Authorization",
                                       "SOAPAction",
                                       "x-api-key",
                                       "appToken",
                                       "Traceparent",
                                       "X-Requested-With",
                                       "X-CSRF-Token",
                                       "Via",
                                       "Transfer-Encoding",
                                       "TE",
                                       "Priority",
                                       "Range",
                                       "x-global-transaction-id",
                                       ""}) {
    INFO(name);
    CHECK_FALSE(IsUntrustedHeader(name));
  }
}

}  // namespace va::http
