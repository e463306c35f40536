// The one compiled main of every test program: Catch2's runner costs 16 s and 540 MiB to compile.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
