#include "lib/jose/compact.h"

#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"

namespace va::jose {
namespace {

std::string Header(const std::string& text) {
  const auto read = ReadProtected(base::Base64UrlEncode(text));
  return read.ok() ? read->dump() : base::ReasonOf(read.status());
}

// The parts with "|" between them, or the reject.
std::string Split(absl::string_view token, size_t count) {
  std::vector<absl::string_view> parts(count);
  const absl::Status split = SplitCompact(token, absl::MakeSpan(parts));
  return split.ok() ? absl::StrJoin(parts, "|") : base::ReasonOf(split);
}

TEST_CASE("SplitCompact: J9 exactly as many parts as were asked for", "[jose][security]") {
  CHECK(Split("a.b.c", 3) == "a|b|c");
  CHECK(Split("a.b.c.d.e", 5) == "a|b|c|d|e");
  CHECK(Split("..", 3) == "||");
  CHECK(Split("....", 5) == "||||");
  for (const char* token : {"", "a", "a.b", "a.b.c.d", "a.b.c.", ".a.b.c", "a.b.c.d.e.f"}) {
    INFO(token);
    CHECK(Split(token, 3) == "NOT_COMPACT");
    CHECK(Split(token, 5) == "NOT_COMPACT");
  }
  CHECK(Split("a.b.c", 5) == "NOT_COMPACT");
  CHECK(Split("a.b.c.d.e", 3) == "NOT_COMPACT");
}

TEST_CASE("SplitCompact: a token has at most 64 KiB", "[jose][security]") {
  CHECK(Split(std::string(kMaxToken, 'a'), 3) == "NOT_COMPACT");
  CHECK(Split(std::string(kMaxToken + 1, '.'), 3) == "TOKEN_TOO_LARGE");
}

TEST_CASE("SplitCompact: parts put together are the token", "[jose][prop]") {
  CHECK(rc::check([](const std::string& token) {
    std::array<absl::string_view, 3> parts;
    const bool split = SplitCompact(token, absl::MakeSpan(parts)).ok();
    RC_ASSERT(split == (std::count(token.begin(), token.end(), '.') == 2));
    if (split) RC_ASSERT(absl::StrJoin(parts, ".") == token);
  }));
}

TEST_CASE("DecodePart: J9 one spelling only", "[jose][security]") {
  CHECK(DecodePart("_-8").value() == "\xff\xef");
  for (const char* part : {"/+8", "_-8=", "_-9", "_-8 ", "\n_-8", "_", "_-8.", "_-8_-"}) {
    INFO(part);
    CHECK(base::ReasonOf(DecodePart(part).status()) == "BAD_BASE64");
  }
}

TEST_CASE("ReadProtected: J8 O9 O12 nothing that changes what a token means", "[jose][security]") {
  CHECK(Header(R"({"alg":"ES256","x5t":"a"})") == R"({"alg":"ES256","x5t":"a"})");
  CHECK(Header("{}") == "{}");
  CHECK(Header(R"({"crit":[]})") == "HEADER_CRITICAL");
  CHECK(Header(R"({"zip":"DEF"})") == "HEADER_COMPRESSED");
  CHECK(Header(R"({"b64":true})") == "HEADER_UNENCODED");
  for (const char* name : {"jwk", "jku", "x5u", "x5c"}) {
    INFO(name);
    CHECK(Header(absl::StrCat("{\"", name, "\":null}")) == "HEADER_EMBEDDED_KEY");
  }
  CHECK(Header(R"({"alg":"a","alg":"a"})") == "HEADER_DUPLICATE_NAME");
  CHECK(Header("[]") == "HEADER_NOT_JSON");
  CHECK(Header("") == "HEADER_NOT_JSON");
}

TEST_CASE("ReadProtected: J8 a megabyte is refused before it is decoded", "[jose][security]") {
  const std::string encoded(size_t{1} << 20, '!');
  CHECK(base::ReasonOf(ReadProtected(encoded).status()) == "HEADER_TOO_LARGE");
  CHECK(base::ReasonOf(ReadProtected(encoded.substr(0, kMaxEncodedHeader)).status()) ==
        "BAD_BASE64");
}

TEST_CASE("AppendJsonText: any text comes back from it, and what is no text is told",
          "[jose][prop]") {
  std::string out = "x";
  CHECK(AppendJsonText("plain", out));
  CHECK(out == "x\"plain\"");
  std::string ignored;
  CHECK_FALSE(AppendJsonText("\xff", ignored));
  CHECK(rc::check([] {
    const auto text = *rc::gen::container<std::string>(rc::gen::inRange('\0', '\x7f'));
    std::string json;
    RC_ASSERT(AppendJsonText(text, json));
    RC_ASSERT(nlohmann::json::parse(json) == text);
  }));
}

}  // namespace
}  // namespace va::jose
