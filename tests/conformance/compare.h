// Rule 2 of the vectors: every key of an expectation is compared with what the product did, and
// only those. Exact for everything but `level`, `log_*` and `warnings`, of which only the fact
// counts that a finding or event of that meaning was produced.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/conformance/json.h"

namespace va::conformance {

// The first difference, in words; nothing when `actual` is as expected.
std::optional<std::string> FirstDifference(const Json& expected, const Json& actual);

// One way to make an expectation wrong.
struct Mutation {
  std::string what;  // e.g. "loa.current is 4"
  Json expectation;
};

// For the self-test: the expectation with one exactly compared fact changed, once for every such
// fact; where only a fact's presence is compared, with that fact dropped or an absent one demanded.
// Never empty.
std::vector<Mutation> Mutations(const Json& expectation);

}  // namespace va::conformance
