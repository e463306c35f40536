#include "lib/base/uuid.h"

#include <string>

#include <catch2/catch.hpp>

namespace va::base {
namespace {

TEST_CASE("IsUuid: lower-case hex with hyphens at their places, and nothing else", "[base]") {
  const std::string good = "0c3d9b5e-8d0f-4f0e-9a55-3f6c1a7b2c01";
  CHECK(IsUuid(good));
  CHECK_FALSE(IsUuid(""));
  CHECK_FALSE(IsUuid(good.substr(1)));
  CHECK_FALSE(IsUuid(good + "0"));
  CHECK_FALSE(IsUuid("0C3D9B5E-8D0F-4F0E-9A55-3F6C1A7B2C01"));
  CHECK_FALSE(IsUuid("0c3d9b5e08d0f-4f0e-9a55-3f6c1a7b2c01"));
  CHECK_FALSE(IsUuid("0c3d9b5e-8d0f-4f0e-9a55-3f6c1a7b2c0g"));
  CHECK_FALSE(IsUuid("-c3d9b5e-8d0f-4f0e-9a55-3f6c1a7b2c01"));
}

}  // namespace
}  // namespace va::base
