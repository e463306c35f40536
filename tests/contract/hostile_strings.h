// Texts that end up as SQL, markup or control sequences wherever a program mistakes data for code.
// Shared by the contract tests of all stores.
#pragma once

#include <string>
#include <vector>

namespace va::testing {

inline const std::vector<std::string>& HostileStrings() {
  static const std::vector<std::string> strings = {
      "'",
      "''; DROP TABLE flows; --",
      "\"; DELETE FROM sessions; --",
      "x' OR '1'='1",
      "$1",
      "$$; SELECT 1; $$",
      "\\'; SELECT pg_sleep(10); --",
      "\\",
      "\\x41",
      "{a,\"b\",NULL}",
      "NULL",
      "",
      " ",
      "%00%27",
      "line\r\nSet-Cookie: a=b",
      "\x01\x02\x7f",
      "\u202Egnp.exe",
      "\U0001F600 caf\u00e9",
      "<script>alert(1)</script>",
      "${jndi:ldap://x}",
      std::string(10000, '\''),
  };
  return strings;
}

}  // namespace va::testing
