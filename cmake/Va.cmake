# How this house declares its libraries, programs and tests.

add_library(va_warnings INTERFACE)
target_compile_options(va_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # GCC builds what ships and is the gate; clang only fuzzes.
  target_compile_options(va_warnings INTERFACE -Wno-error)
endif()
# Includes are written from the repository root; generated protobuf code is somebody else's style.
target_include_directories(va_warnings INTERFACE ${CMAKE_SOURCE_DIR})

set(VA_SANITIZE "" CACHE STRING "Comma-separated sanitizers: address,undefined or thread")
if(VA_SANITIZE)
  add_compile_options(-fsanitize=${VA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${VA_SANITIZE})
  # GCC 12 sees uninitialised values inside its own <regex> once a sanitizer instruments it.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()

# Debian's hardening, which a service at the edge must not be without.
add_compile_options(-fstack-protector-strong -fPIE)
add_link_options(-Wl,-z,relro,-z,now)
if(NOT VA_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_definitions(_FORTIFY_SOURCE=2)
endif()

# va_library(NAME DEPS ...): every .cc of this folder but tests and mains is the library NAME; every
# *_test.cc of it, and the support for tests in *_testing.cc, goes into the program NAME_test,
# labelled TEST_LABEL (default: unit).
function(va_library name)
  cmake_parse_arguments(ARG "" "TEST_LABEL" "DEPS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc
       ${CMAKE_CURRENT_SOURCE_DIR}/*_testing.cc)
  list(FILTER sources EXCLUDE REGEX "(_test|_testing|/main)\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE va_warnings)
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARG_DEPS})
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR})
  endif()
  if(tests)
    va_test(${name}_test SOURCES ${tests} DEPS ${name} ${ARG_TEST_DEPS} LABEL ${ARG_TEST_LABEL})
  endif()
endfunction()

# va_test(NAME SOURCES ... DEPS ... [LABEL unit]): one Catch2 program, one CTest entry.
function(va_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} va_catch_main va_warnings)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  # Ends what hangs. A busy machine takes ten times as long as one that has nothing else to do.
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 900)
endfunction()

# va_program(NAME SOURCES ... DEPS ...): a binary in build/<preset>/bin.
function(va_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} va_warnings)
endfunction()

# va_migrations(TARGET FOLDER NAMESPACE): compiles FOLDER/NNNN_name.sql into TARGET as
# `absl::Span<const va::store::Migration> NAMESPACE::Migrations()`. The folder's files are numbered
# from 0001 without gaps. TARGET declares the function in a header of its own.
function(va_migrations target folder namespace)
  get_filename_component(folder ${folder} ABSOLUTE)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*.sql)
  list(SORT files)
  set(rows "")
  set(expected 1)
  foreach(file ${files})
    get_filename_component(stem ${file} NAME_WE)
    if(NOT stem MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
      message(FATAL_ERROR "${file}: a migration is named NNNN_name.sql")
    endif()
    set(name ${CMAKE_MATCH_2})
    math(EXPR number "1${CMAKE_MATCH_1} - 10000")
    if(NOT number EQUAL expected)
      message(FATAL_ERROR "${file}: expected number ${expected}")
    endif()
    math(EXPR expected "${expected} + 1")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} sql)
    string(APPEND rows "    {${number}, \"${name}\", R\"va_sql(${sql})va_sql\"},\n")
  endforeach()
  set(body "  return {};")
  if(rows)
    set(body "  static constexpr va::store::Migration kMigrations[] = {\n${rows}  };\n")
    string(APPEND body "  return kMigrations;")
  endif()
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${target}_migrations.cc)
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT
"// Generated from the migrations folder. Do not edit.
#include \"lib/store/migrator.h\"

namespace @namespace@ {

absl::Span<const va::store::Migration> Migrations() {
@body@
}

}  // namespace @namespace@
")
  target_sources(${target} PRIVATE ${generated})
endfunction()

# va_migrations_library(NAME FOLDER NAMESPACE): the same as a library of its own, for the program
# that serves and for the operator's tool alike.
function(va_migrations_library name folder namespace)
  add_library(${name} STATIC)
  va_migrations(${name} ${folder} ${namespace})
  target_link_libraries(${name} PUBLIC va_store PRIVATE va_warnings)
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
endfunction()
