// The published attribute sets of synthetic people that the conformance vectors carry, as plain
// text: for property tests that alter real statements instead of inventing some.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace va::testing {

struct SampleSet {
  std::string row;      // name of the row it was taken from
  std::string fixture;  // name of the set, where the row has one
  std::string kind;     // ssoe_attributes, ssoe_attributes_2021, legacy_attributes
  std::string context;
  std::vector<std::pair<std::string, std::vector<std::string>>> attributes;
};

// Every row of `kind` in tests/conformance/vectors/ssoe_saml.json, below the working directory.
// Aborts when the file is not there or holds none: a test without samples would prove nothing.
std::vector<SampleSet> SampleSets(absl::string_view kind);

// The first of them that was taken from `fixture`.
SampleSet SampleSetOf(absl::string_view kind, absl::string_view fixture);

}  // namespace va::testing
