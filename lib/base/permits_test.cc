#include "lib/base/permits.h"

#include <catch2/catch.hpp>
#include <memory>

namespace va::base {
namespace {

TEST_CASE("Permits: as many as there are, then none, and one again when one is given back",
          "[base]") {
  Permits permits(2);
  auto first = std::make_unique<Permits::Hold>(permits);
  const Permits::Hold second(permits);
  CHECK(first->held());
  CHECK(second.held());
  CHECK_FALSE(Permits::Hold(permits).held());
  first.reset();
  CHECK(Permits::Hold(permits).held());
}

}  // namespace
}  // namespace va::base
