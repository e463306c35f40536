#include "lib/crypto/ed25519_point.h"

#include <openssl/evp.h>

#include <catch2/catch.hpp>
#include <string>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"

namespace va::crypto {
namespace {

std::string Point(absl::string_view hex) { return base::HexDecode(hex).value(); }

std::string Reason(const std::string& point) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(point.data());
  const auto key =
      PublicKey::Adopt(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes, point.size()));
  return key.ok() ? "read" : base::ReasonOf(key.status());
}

TEST_CASE("IsEd25519KeyPoint: J13 a key of small order, under which anybody signs, is not read",
          "[crypto][security]") {
  // All points whose order divides 8, by y; the highest bit is the sign of x.
  for (const char* hex : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       }) {
    std::string point = Point(hex);
    CHECK_FALSE(IsEd25519KeyPoint(point));
    CHECK(Reason(point) == "KEY_WEAK");
    point.back() = static_cast<char>(point.back() | '\x80');
    CHECK_FALSE(IsEd25519KeyPoint(point));
    CHECK(Reason(point) == "KEY_WEAK");
  }
}

TEST_CASE("IsEd25519KeyPoint: J12 a coordinate at or above the prime is a second spelling",
          "[crypto][security]") {
  for (const char* hex : {
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p, which is 0
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p + 1
           "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
       }) {
    INFO(hex);
    CHECK_FALSE(IsEd25519KeyPoint(Point(hex)));
    CHECK(Reason(Point(hex)) == "KEY_WEAK");
  }
  // The largest coordinates that are none, and a key as good as any: RFC 8032 7.1, test 1.
  CHECK(
      IsEd25519KeyPoint(Point("ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")));
  CHECK(Reason(Point("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")) ==
        "read");
}

TEST_CASE("IsEd25519KeyPoint: 32 bytes and no other number of them", "[crypto]") {
  CHECK_FALSE(IsEd25519KeyPoint(""));
  CHECK_FALSE(IsEd25519KeyPoint(std::string(31, '\x02')));
  CHECK_FALSE(IsEd25519KeyPoint(std::string(33, '\x02')));
  CHECK(IsEd25519KeyPoint(std::string(32, '\x02')));
}

}  // namespace
}  // namespace va::crypto
