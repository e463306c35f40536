#include "lib/rpc/metadata.h"

#include <string>

#include <catch2/catch.hpp>

namespace va::rpc {

TEST_CASE("IsRequestId: a plain token of bounded length", "[rpc]") {
  CHECK(IsRequestId("6f1c2d9e-0000-4000-8000-000000000001"));
  CHECK(IsRequestId(std::string(64, 'a')));
  CHECK_FALSE(IsRequestId(""));
  CHECK_FALSE(IsRequestId(std::string(65, 'a')));
  CHECK_FALSE(IsRequestId("two words"));
  CHECK_FALSE(IsRequestId("line\nend"));
  CHECK_FALSE(IsRequestId(std::string("a\0b", 3)));
}

TEST_CASE("IsTraceparent: version 00 of W3C trace context and nothing else", "[rpc]") {
  const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  CHECK(IsTraceparent(good));
  CHECK_FALSE(IsTraceparent(""));
  CHECK_FALSE(IsTraceparent(good + "0"));
  CHECK_FALSE(IsTraceparent("01" + good.substr(2)));
  CHECK_FALSE(IsTraceparent("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"));
  CHECK_FALSE(IsTraceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
  CHECK_FALSE(IsTraceparent("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
  CHECK_FALSE(IsTraceparent("00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01"));
  CHECK_FALSE(IsTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g"));
}

}  // namespace va::rpc
