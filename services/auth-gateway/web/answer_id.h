// The id of an answer as a form carries it: a UUID, and the proof that this very session was shown
// this question with this button. A form that somebody else made up, or that stands open in a
// window while another person signs in, does not carry it (A11). The session token is the key: no
// other page can read it, and there is nothing to keep.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace va::gateway {

// What one button of a form stands for.
struct AnswerButton {
  absl::string_view path;      // of the question
  absl::string_view decision;  // what the button says
};

std::string SealAnswerId(absl::string_view uuid, const AnswerButton& button,
                         absl::string_view session_token);

// The UUID; nothing when `sealed` was not made for this button and this session.
std::optional<std::string> OpenAnswerId(absl::string_view sealed, const AnswerButton& button,
                                        absl::string_view session_token);

}  // namespace va::gateway
