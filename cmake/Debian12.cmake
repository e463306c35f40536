# The packages of Debian 12, and what is odd about each of them there.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(CCACHE ccache)
if(CCACHE)
  # Paths inside the checkout count from the build tree, all others as they are: two checkouts share
  # what they compile, however deep each of them lies.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
                                  CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(absl CONFIG REQUIRED)
# Protobuf ships no CMake config in Debian 12: module mode, before gRPC, which then accepts its targets.
find_package(Protobuf MODULE REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(CURL REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(XMLSEC REQUIRED IMPORTED_TARGET xmlsec1-openssl)
pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx)

# Its package config asks for the HTTP servers of libraries that are not used here: the core alone.
find_path(PROMETHEUS_INCLUDE prometheus/counter.h REQUIRED)
find_library(PROMETHEUS_CORE prometheus-cpp-core REQUIRED)
add_library(prometheus_core INTERFACE IMPORTED)
target_include_directories(prometheus_core SYSTEM INTERFACE ${PROMETHEUS_INCLUDE})
target_link_libraries(prometheus_core INTERFACE ${PROMETHEUS_CORE})

find_package(opentelemetry-cpp CONFIG REQUIRED)

find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
