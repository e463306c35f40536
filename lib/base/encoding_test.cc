#include "lib/base/encoding.h"

#include <catch2/catch.hpp>
#include <string>

namespace va::base {
namespace {

TEST_CASE("Base64: the RFC 4648 section 10 examples hold both ways", "[base]") {
  const std::pair<const char*, const char*> rows[] = {{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : rows) {
    CHECK(Base64Encode(plain) == text);
    CHECK(Base64DecodeStrict(text).value() == plain);
  }
}

TEST_CASE("Base64: S78 url-safe alphabet, missing padding, junk and spare bits are refused",
          "[base][attack]") {
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "Z", "Zh==", "Zm9=", "-_-_", "Zm 9v", "Zm9v\n", "=Zg=", "Zg==Zg=="}) {
    CAPTURE(text);
    CHECK_FALSE(Base64DecodeStrict(text).ok());
  }
}

TEST_CASE("Base64: every length and every last character, canonical or refused", "[base]") {
  std::string bytes;
  for (int length = 0; length < 70; ++length) {
    CHECK(Base64DecodeStrict(Base64Encode(bytes)).value() == bytes);
    CHECK(Base64UrlDecode(Base64UrlEncode(bytes)).value() == bytes);
    bytes.push_back(static_cast<char>(251 * length + 3));
  }
  int accepted = 0;
  for (int c = 0; c < 256; ++c) {
    const std::string last(1, static_cast<char>(c));
    accepted += Base64DecodeStrict("Zm9vZ" + last + "==").ok();  // four bits unused
    accepted += Base64DecodeStrict("Zm9vZm" + last + "=").ok();  // two bits unused
    accepted += Base64DecodeStrict("Zm9vZm9" + last).ok();
  }
  CHECK(accepted == 4 + 16 + 64);
}

TEST_CASE("Base64: S78 whitespace alone is forgiven where a form field may be folded",
          "[base][attack]") {
  CHECK(Base64DecodeLenientWhitespace("Zm9v\r\n YmFy\t").value() == "foobar");
  CHECK_FALSE(Base64DecodeLenientWhitespace("Zm9v_").ok());
  CHECK_FALSE(Base64DecodeLenientWhitespace(std::string("Zm9v\0YmF", 8)).ok());
}

TEST_CASE("Base64Url: J9 padding, whitespace and non-canonical trailing bits are refused",
          "[base][attack]") {
  CHECK(Base64UrlEncode("\xfb\xff") == "-_8");
  CHECK(Base64UrlDecode("-_8").value() == "\xfb\xff");
  for (const char* text : {"-_8=", "-_9", "+/8", "- _8", "A"}) {
    CAPTURE(text);
    CHECK_FALSE(Base64UrlDecode(text).ok());
  }
}

TEST_CASE("Hex: both cases are read, lower case is written", "[base]") {
  CHECK(HexEncode("\x01\xab") == "01ab");
  CHECK(HexDecode("01aB").value() == "\x01\xab");
  CHECK_FALSE(HexDecode("0").ok());
  CHECK_FALSE(HexDecode("0g").ok());
}

}  // namespace
}  // namespace va::base
