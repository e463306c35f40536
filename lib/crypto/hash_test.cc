#include "lib/crypto/hash.h"

#include <catch2/catch.hpp>
#include <set>

#include "lib/base/encoding.h"
#include "lib/crypto/random.h"

namespace va::crypto {
namespace {

TEST_CASE("Sha256: answers the vectors of FIPS 180-4", "[crypto]") {
  CHECK(base::HexEncode(Sha256("")) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(base::HexEncode(Sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("Md5: answers the vectors of RFC 1321", "[crypto]") {
  CHECK(base::HexEncode(Md5("")) == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(base::HexEncode(Md5("abc")) == "900150983cd24fb0d6963f7d28e17f72");
}

TEST_CASE("HmacSha256: answers the vectors of RFC 4231", "[crypto]") {
  CHECK(base::HexEncode(HmacSha256(std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(base::HexEncode(HmacSha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("HmacSha256: an empty key is a key of its own, not the one of the last call",
          "[crypto]") {
  const std::string before = HmacSha256("", "m");
  HmacSha256("another", "m");
  CHECK(HmacSha256("", "m") == before);
  CHECK(base::HexEncode(HmacSha256("", "")) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("ConstantTimeEqual K5: equal means same length and same bytes", "[crypto][K5]") {
  CHECK(ConstantTimeEqual("", ""));
  CHECK(ConstantTimeEqual("abc", "abc"));
  CHECK_FALSE(ConstantTimeEqual("abc", "abd"));
  CHECK_FALSE(ConstantTimeEqual("abc", "abcd"));
  CHECK_FALSE(ConstantTimeEqual(std::string("a\0b", 3), std::string("a\0c", 3)));
}

TEST_CASE("SystemIdGenerator: values do not repeat", "[crypto]") {
  SystemIdGenerator ids;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) CHECK(seen.insert(ids.RandomBytes(16)).second);
  CHECK(ids.RandomBytes(0).empty());
}

}  // namespace
}  // namespace va::crypto
