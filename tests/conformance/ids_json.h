// The identifiers of one person in the words of the vectors (ssoe_saml.md 3.2, mpi_mhv.md 1.10).
#pragma once

#include "lib/identity/gc_ids.h"
#include "tests/conformance/json.h"

namespace va::conformance {

// Adds every name that the vectors know to `out`.
void AddIds(const identity::GcIds& ids, Json& out);

// Personal text, or null.
template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(value->Reveal()) : Json();
}

template <typename T>
Json ListOf(const std::vector<T>& values) {
  Json out = Json::array();
  for (const T& value : values) out.push_back(value.Reveal());
  return out;
}

}  // namespace va::conformance
