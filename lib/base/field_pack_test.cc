#include "lib/base/field_pack.h"

#include <catch2/catch.hpp>

namespace va::base {
namespace {

TEST_CASE("PackFields: what goes in comes out, in order and with doubles", "[base]") {
  const Fields fields = {{"a", ""}, {"b", std::string("x\0y", 3)}, {"a", "2"}, {"", "n"}};
  CHECK(UnpackFields(PackFields(fields)).value() == fields);
  CHECK(UnpackFields("").value().empty());
}

TEST_CASE("UnpackFields: every cut of a packed record is refused", "[base]") {
  const std::string bytes = PackFields({{"name", "value"}});
  for (size_t size = 1; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(UnpackFields(bytes.substr(0, size)).ok());
  }
}

}  // namespace
}  // namespace va::base
