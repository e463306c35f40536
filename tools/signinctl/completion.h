// Completion scripts, made from the table of verbs so that they cannot fall behind it.
#pragma once

#include <string>
#include <vector>

#include "tools/signinctl/verb.h"

namespace va::signinctl {

// The script for "bash" or "zsh"; empty for any other shell.
std::string CompletionScript(const std::string& shell, const std::vector<Verb>& verbs);

}  // namespace va::signinctl
