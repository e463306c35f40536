// What must come of an example of the JOSE cookbook (RFC 7520 and its relatives), which states no
// expectation of its own: reproduced where its algorithms are ours, refused for its reason where
// they are not. The lists here are those of the issue, not the product's: an algorithm that the
// product loses or gains shows.
#pragma once

#include "tests/conformance/json.h"

namespace va::conformance {

// Whether this is the shape of one: a key, a token with the steps to it, or one within another.
bool IsCookbookExample(const Json& object);

// The members "expected" and "expected_error" of the row that `example` becomes; see
// rfc7520_driver.h for the facts in them.
Json CookbookExpectations(const Json& example);

}  // namespace va::conformance
