// The command line every service understands.
#pragma once

#include <optional>
#include <string>

namespace va::service {

struct ServiceSpec;

struct Flags {
  std::string config_file;
  bool check_config = false;
  bool print_example_config = false;
  std::optional<std::string> explain;           // a key, a section, or nothing for all keys
  std::optional<std::string> config_reference;  // "common" or "own"
  bool migrate = false;
};

// Fills `flags`; or answers the exit code when there is nothing left to do (help: 0, misuse: 2).
std::optional<int> ParseFlags(int argc, char** argv, const ServiceSpec& spec, Flags& flags);

}  // namespace va::service
