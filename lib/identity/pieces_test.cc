#include "lib/identity/pieces.h"

#include <catch2/catch.hpp>

namespace va::identity {

TEST_CASE("Pieces: other pieces are another text, wherever they part", "[identity][rule]") {
  const auto joined = [](const char* a, const char* b) {
    return Pieces().Add(PersonText::FromWire(a)).Add(Ssn::FromWire(b)).Joined();
  };
  CHECK(joined("ab", "c") == joined("ab", "c"));
  CHECK_FALSE(joined("ab", "c") == joined("a", "bc"));
  CHECK_FALSE(joined("", "abc") == joined("abc", ""));
  // What looks like a length is a piece like any other.
  CHECK_FALSE(joined("1:a", "") == joined("1", "a"));
}

TEST_CASE("Pieces: folded ones differ neither by case nor by blanks around them", "[identity]") {
  const auto folded = [](const char* text) {
    return Pieces().AddFolded(PersonText::FromWire(text)).Joined();
  };
  CHECK(folded(" O'Brien ") == folded("o'brien"));
  CHECK_FALSE(folded("O Brien") == folded("OBrien"));
}

}  // namespace va::identity
