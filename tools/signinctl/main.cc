// signinctl, the operator's tool.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "tools/signinctl/cli.h"
#include "tools/signinctl/verbs.h"

int main(int argc, char** argv) try {
  const va::base::SystemClock clock;
  const va::signinctl::World world{std::cin, clock, [](const std::string& name) {
                                     const char* const value = std::getenv(name.c_str());
                                     return std::string(value == nullptr ? "" : value);
                                   }};
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return va::signinctl::Run(arguments, va::signinctl::Verbs(), world, std::cout, std::cerr);
} catch (const std::exception& error) {
  std::fprintf(stderr, "signinctl: %s\n", error.what());
  return 1;
}
