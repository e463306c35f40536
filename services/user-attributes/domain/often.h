// For laws that hold of few random cases: enough of them that the law was really put to the test,
// whatever the seed.
#pragma once

namespace va::attributes {

// Ten cases for each that the property runner counts.
template <typename Once>
void Often(const Once& once) {
  constexpr int kCases = 10;
  for (int i = 0; i < kCases; ++i) once();
}

}  // namespace va::attributes
