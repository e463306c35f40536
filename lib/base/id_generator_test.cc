#include "lib/base/id_generator.h"

#include <catch2/catch.hpp>

namespace va::base {
namespace {

class Ones final : public IdGenerator {
 public:
  std::string RandomBytes(size_t count) override { return std::string(count, '\xff'); }
};

TEST_CASE("IdGenerator: uuids carry version 4 and the RFC 4122 variant", "[base]") {
  CHECK(Ones().Uuid() == "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

TEST_CASE("IdGenerator: XML ids are NCNames of 128 bits", "[base]") {
  CHECK(Ones().XmlId() == "_ffffffffffffffffffffffffffffffff");
}

}  // namespace
}  // namespace va::base
