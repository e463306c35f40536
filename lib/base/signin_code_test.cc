#include "lib/base/signin_code.h"

#include <catch2/catch.hpp>
#include <string>

namespace va::base {
namespace {

TEST_CASE("SignInCatalogue: every entry stands at the place of its id", "[base]") {
  size_t place = 0;
  for (const CodeEntry& entry : SignInCatalogue()) {
    CHECK(static_cast<size_t>(entry.id) == place++);
    CHECK(&Describe(entry.id) == &entry);
  }
}

TEST_CASE("SignInCatalogue: codes are unique and found by their string", "[base]") {
  for (const CodeEntry& entry : SignInCatalogue()) {
    CHECK(CodeFromString(entry.code) == entry.id);
  }
  CHECK_FALSE(CodeFromString("999").has_value());
}

TEST_CASE("SignInCatalogue: nobody is left without words or a next step", "[base]") {
  for (const CodeEntry& entry : SignInCatalogue()) {
    CAPTURE(std::string(entry.code));
    CHECK_FALSE(entry.headline.empty());
    CHECK_FALSE(entry.what_happened.empty());
    CHECK_FALSE(entry.what_to_do.empty());
    CHECK_FALSE(entry.cause.empty());
    CHECK_FALSE(entry.support_text.empty());
  }
}

TEST_CASE("SignInCatalogue: 107 never tells the person about death or theft (R7)", "[base][R7]") {
  const CodeEntry& entry = Describe(SignInCode::kAccountLocked);
  for (const absl::string_view text : {entry.headline, entry.what_happened, entry.what_to_do}) {
    CHECK(text.find("dece") == absl::string_view::npos);
    CHECK(text.find("theft") == absl::string_view::npos);
  }
}

}  // namespace
}  // namespace va::base
