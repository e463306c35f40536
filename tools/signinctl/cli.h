// The command line: finds the verb, reads its flags, runs it and prints what comes of it. The one
// place of this program that knows the library for flags, and the one that writes.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tools/signinctl/verb.h"

namespace va::signinctl {

// `arguments` without the program's name; the answer is the exit code.
int Run(const std::vector<std::string>& arguments, const std::vector<Verb>& verbs,
        const World& world, std::ostream& out, std::ostream& err);

}  // namespace va::signinctl
