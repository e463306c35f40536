#include "services/auth-gateway/web/consent_text.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"

namespace va::gateway {
namespace {

TEST_CASE("ConsentText: the words of version 2026-11 are these, and others need a new version",
          "[web][consent]") {
  const ConsentText& text = CurrentConsentText();
  REQUIRE(text.version == "2026-11");
  CHECK(Sha256OfText(text) == "a76eed130ae532df82b1aebe03ed46c9fd55421140ae33f325b7b571536b7450");
}

TEST_CASE("ConsentText: the hash is of every word a person reads, in order", "[web][consent]") {
  ConsentText text = CurrentConsentText();
  const std::string before = Sha256OfText(text);
  CHECK(before.size() == 64);
  CHECK(before.find_first_not_of("0123456789abcdef") == std::string::npos);
  text.sections.back().paragraphs.back() += ".";
  CHECK(Sha256OfText(text) != before);
  text = CurrentConsentText();
  text.sections.front().heading += ".";
  CHECK(Sha256OfText(text) != before);
  text = CurrentConsentText();
  text.lead += ".";
  CHECK(Sha256OfText(text) != before);
  text = CurrentConsentText();
  text.title += ".";
  CHECK(Sha256OfText(text) != before);
  text = CurrentConsentText();
  std::swap(text.sections[0], text.sections[1]);
  CHECK(Sha256OfText(text) != before);
}

}  // namespace
}  // namespace va::gateway
