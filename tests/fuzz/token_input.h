// An input of the targets for compact tokens: what shall be made, and how it is changed on its way.
//
//     LETTERS and edits, one line
//     the protected header, one line
//     the content, all the rest
//
// The first letters belong to the target; behind them every four bytes are one edit.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace va::fuzz {

struct TokenInput {
  std::string letters;  // padded with '0' to as many as asked for
  std::string edits;
  std::string header;
  std::string content;
};

TokenInput TokenInputOf(absl::string_view input, size_t letters);

// Bytes replaced, removed, put in or doubled, parts left out, repeated or exchanged.
std::string Edited(std::string token, absl::string_view edits);

// A letter as one of so many choices: '0' is the first of up to sixteen.
size_t Choice(char letter, size_t choices);

}  // namespace va::fuzz
