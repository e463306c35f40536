// For tests: signinctl inside the test program, with everything it reads and prints in hand.
#pragma once

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "lib/testing/fake_clock.h"
#include "tools/signinctl/cli.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {

// NOLINTNEXTLINE(bugprone-exception-escape): moving json asserts, it does not throw
struct Ran {
  int exit = -1;
  std::string out;
  std::string err;
  Json json;  // of stdout; discarded when that is no JSON
};

inline Ran RunWith(const std::vector<std::string>& arguments, const std::string& in = "",
                   const std::map<std::string, std::string>& env = {},
                   const base::Clock* clock = nullptr) {
  const testing::FakeClock fake(absl::FromUnixSeconds(1772625600));  // 2026-03-04T12:00:00Z
  std::istringstream input(in);
  std::ostringstream out;
  std::ostringstream err;
  const World world{input, clock == nullptr ? fake : *clock, [&env](const std::string& name) {
                      const auto found = env.find(name);
                      return found == env.end() ? std::string() : found->second;
                    }};
  Ran ran;
  ran.exit = Run(arguments, Verbs(), world, out, err);
  ran.out = out.str();
  ran.err = err.str();
  ran.json = Json::parse(ran.out, nullptr, false);
  return ran;
}

// What no verb may trip over: nothing, noise, half a message, too much of everything.
inline std::vector<std::string> HostileInputs(const std::string& good) {
  std::vector<std::string> inputs = {
      "",
      " \n",
      std::string(1, '\0'),
      std::string("\xff\xfe\x00\x80<", 5),
      "null",
      "[]",
      "{",
      "\"text\"",
      std::string(100'000, '['),
      std::string(100'000, '{'),
      std::string(5 * 1024 * 1024, 'A'),
      "<" + std::string(300'000, 'a') + ">",
      "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
  };
  for (size_t cut = 0; cut < good.size(); cut += good.size() / 23 + 1) {
    inputs.push_back(good.substr(0, cut));
    std::string flipped = good;
    flipped[cut] = static_cast<char>(flipped[cut] ^ 0x41);
    inputs.push_back(flipped);
  }
  return inputs;
}

inline constexpr char kExamples[] = "tools/signinctl/examples/";

}  // namespace va::signinctl
