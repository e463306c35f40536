#include "lib/identity/as_id.h"

#include <catch2/catch.hpp>

namespace va::identity {
namespace {

TEST_CASE("AsId: the same text", "[identity]") {
  CHECK(AsId(Icn::FromWire("1000000001V100001")) == CspId::FromWire("1000000001V100001"));
}

}  // namespace
}  // namespace va::identity
