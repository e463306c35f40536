#include "lib/base/deflate.h"

#include <catch2/catch.hpp>

#include "lib/base/encoding.h"
#include "lib/base/status.h"

namespace va::base {
namespace {

constexpr size_t kLimit = 256 * 1024;

std::string ReasonFor(absl::string_view packed, size_t limit = kLimit) {
  return ReasonOf(Inflate(packed, limit).status());
}

TEST_CASE("Deflate: what it packs inflates to the same bytes", "[base][deflate]") {
  for (const std::string& plain :
       {std::string(), std::string("a"), std::string("\0\xff\n", 3), std::string(kLimit, 'x')}) {
    CHECK(*Inflate(Deflate(plain), kLimit) == plain);
  }
}

TEST_CASE("Inflate: reads the stream that other software made", "[base][deflate]") {
  // python3: zlib.compressobj(9, zlib.DEFLATED, -15)
  CHECK(*Inflate(*Base64DecodeStrict("sylOzM0psPLJT88vLQlKLSxNLS5R8HSxVYo3VNK3AwA="), kLimit) ==
        "<samlp:LogoutRequest ID=\"_1\"/>");
}

TEST_CASE("Inflate: the limit itself is allowed and one byte more is not", "[base][deflate]") {
  CHECK(Inflate(Deflate(std::string(1000, 'a')), 1000).ok());
  CHECK(ReasonFor(Deflate(std::string(1001, 'a')), 1000) == "INFLATE_TOO_LARGE");
}

TEST_CASE("S130 Inflate: a bomb stops at the limit", "[base][deflate][attack]") {
  const std::string bomb = Deflate(std::string(64 * 1024 * 1024, '\0'));
  REQUIRE(bomb.size() < 70 * 1024);
  CHECK(ReasonFor(bomb) == "INFLATE_TOO_LARGE");
}

TEST_CASE("S130 Inflate: a stream that is cut off anywhere is refused", "[base][deflate][attack]") {
  const std::string whole = Deflate("<samlp:LogoutRequest/><samlp:LogoutRequest/>");
  for (size_t size = 0; size < whole.size(); ++size) {
    CHECK(ReasonFor(absl::string_view(whole).substr(0, size)) == "INFLATE_MALFORMED");
  }
}

TEST_CASE("S130 Inflate: bytes behind the stream, a second stream among them, are refused",
          "[base][deflate][attack]") {
  const std::string one = Deflate("<a/>");
  CHECK(ReasonFor(one + "x") == "INFLATE_TRAILING");
  CHECK(ReasonFor(one + std::string(1, '\0')) == "INFLATE_TRAILING");
  CHECK(ReasonFor(one + one) == "INFLATE_TRAILING");
}

TEST_CASE("S130 Inflate: streams with a zlib or gzip header are not raw deflate",
          "[base][deflate][attack]") {
  CHECK(ReasonFor(*Base64DecodeStrict("eNqzSdS3AwACswEL")) == "INFLATE_MALFORMED");
  CHECK(ReasonFor(std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10)) ==
        "INFLATE_MALFORMED");
  CHECK(ReasonFor("<samlp:LogoutRequest/>") == "INFLATE_MALFORMED");
}

TEST_CASE("S130 Inflate: endless empty blocks write nothing and end as cut off",
          "[base][deflate][attack]") {
  std::string blocks;
  for (int i = 0; i < 50000; ++i) blocks += std::string("\x00\x00\x00\xff\xff", 5);
  CHECK(ReasonFor(blocks) == "INFLATE_MALFORMED");
}

}  // namespace
}  // namespace va::base
