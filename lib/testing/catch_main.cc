// The one compiled main of every test program: Catch2's runner costs 16 s and 540 MiB to compile.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#if defined(__SANITIZE_ADDRESS__)
// libpqxx 6.4 loses the result of the statement during which its connection broke.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:pqxx::connection_base::exec_prepared\n";
}
#endif
