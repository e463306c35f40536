// What every fuzz target shares: how a finding is reported, and the bounds that hold for any
// message of an unknown sender: memory in proportion to its size, time, and the same verdict every
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace va::fuzz {

// Ends the program: libFuzzer keeps the input, the replay names the file.
[[noreturn]] void Finding(absl::string_view what);

inline void Require(bool holds, absl::string_view what) {
  if (!holds) Finding(what);
}

// Calls `judge` twice on the same input of `size` bytes and gives its verdict, one word. A finding
// when the two differ, when a call takes more than a mebibyte and 40 times the size in extra memory
// (only AddressSanitizer can tell), or when both take more processor time than
// VA_FUZZ_MILLISECONDS.
std::string Judge(size_t size, absl::FunctionRef<std::string()> judge);

// How often each verdict came, for the replay: a corpus that never reaches "ACCEPTED" tests little.
void CountVerdict(absl::string_view verdict);
size_t VerdictCount(absl::string_view verdict);
std::string VerdictTable();

// The bytes of an input as text.
inline absl::string_view TextOf(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace va::fuzz

// A target is one file of targets/ that defines this, and the verdict its corpus must reach.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
namespace va::fuzz {
extern const char kMustReach[];
}  // namespace va::fuzz
