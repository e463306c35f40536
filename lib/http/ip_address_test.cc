#include "lib/http/ip_address.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>

namespace va::http {
namespace {

std::string Canonical(absl::string_view text) {
  const auto address = IpAddress::Parse(text);
  return address.has_value() ? address->ToString() : "none";
}

bool InRange(absl::string_view range, absl::string_view address) {
  return IpRange::Parse(range).value().Contains(IpAddress::Parse(address).value());
}

}  // namespace

TEST_CASE("IpAddress: one address has one spelling", "[http][address]") {
  CHECK(Canonical("192.0.2.1") == "192.0.2.1");
  CHECK(Canonical("2001:DB8:0:0::1") == "2001:db8::1");
  CHECK(Canonical("::ffff:192.0.2.1") == "192.0.2.1");
  CHECK(Canonical("::ffff:c000:201") == "192.0.2.1");
}

TEST_CASE("W7 IpAddress: what is no plain address is none", "[http][address][attack]") {
  for (const absl::string_view bad :
       {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "0x7f.0.0.1", "2130706433", "1.2.3.256", " 1.2.3.4",
        "1.2.3.4 ", "1.2.3.4:80", "[::1]", "fe80::1%eth0", "::ffff:1.2.3", "localhost", "unknown",
        "_hidden", ":::1", "12345::", "1.2.3.4\n"}) {
    INFO(bad);
    CHECK(Canonical(bad) == "none");
  }
  CHECK(Canonical(absl::string_view("1.2.3.4\0", 8)) == "none");
  CHECK(Canonical(std::string(5000, ':')) == "none");
}

TEST_CASE("IpAddress: from a socket, also an IPv4 peer of an IPv6 socket", "[http][address]") {
  sockaddr_storage storage = {};
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  v6.sin6_family = AF_INET6;
  v6.sin6_addr.s6_addr[10] = 0xff;
  v6.sin6_addr.s6_addr[11] = 0xff;
  v6.sin6_addr.s6_addr[12] = 10;
  v6.sin6_addr.s6_addr[15] = 7;
  CHECK(IpAddress::FromSocket(storage).value().ToString() == "10.0.0.7");
  storage.ss_family = AF_UNIX;
  CHECK_FALSE(IpAddress::FromSocket(storage).has_value());
}

TEST_CASE("IpAddress: limits count an IPv4 address, and of IPv6 the /64", "[http][address]") {
  CHECK(LimitKeyOf("192.0.2.1") == "192.0.2.1");
  CHECK(LimitKeyOf("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
  CHECK(LimitKeyOf("2001:db8:1:2::9") == LimitKeyOf("2001:db8:1:2:ffff::1"));
  CHECK(LimitKeyOf("2001:db8:1:3::9") != LimitKeyOf("2001:db8:1:2::9"));
  CHECK(LimitKeyOf("whatever") == "whatever");
}

TEST_CASE("IpRange: contains what its prefix says", "[http][address]") {
  CHECK(InRange("10.0.0.0/8", "10.255.255.255"));
  CHECK_FALSE(InRange("10.0.0.0/8", "11.0.0.0"));
  CHECK(InRange("192.0.2.128/25", "192.0.2.200"));
  CHECK_FALSE(InRange("192.0.2.128/25", "192.0.2.127"));
  CHECK(InRange("192.0.2.7", "192.0.2.7"));
  CHECK_FALSE(InRange("192.0.2.7", "192.0.2.6"));
  CHECK(InRange("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(InRange("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(InRange("0.0.0.0/0", "203.0.113.9"));
  CHECK(InRange("::/0", "2001:db8::1"));
  // An IPv4 peer is an IPv4 peer; "::/0" is no way to say everybody.
  CHECK_FALSE(InRange("::/0", "203.0.113.9"));
  CHECK(InRange("10.0.0.0/8", "::ffff:10.1.2.3"));
}

TEST_CASE("IpRange: a line that means something else than it says is refused", "[http][address]") {
  for (const absl::string_view bad :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
        "10.0.0.1/8", "2001:db8::1/64", "::/129", "proxy.example", "10.0.0.0/ 8", "*"}) {
    INFO(bad);
    CHECK(absl::IsInvalidArgument(IpRange::Parse(bad).status()));
  }
}

}  // namespace va::http
