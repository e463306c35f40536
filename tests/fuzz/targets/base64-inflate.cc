// fuzz: base64 and DEFLATE, as the form field and the redirect query carry them
// parser: lib/base/encoding.cc
// parser: lib/base/deflate.cc
#include <string>

#include "absl/strings/str_replace.h"
#include "lib/base/deflate.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "tests/fuzz/harness.h"

namespace va::fuzz {

const char kMustReach[] = "ACCEPTED";

namespace {

constexpr size_t kMostInflated = 256 * 1024;

std::string Unpacked(absl::string_view packed) {
  const absl::StatusOr<std::string> plain = base::Inflate(packed, kMostInflated);
  if (!plain.ok()) return base::ReasonOf(plain.status());
  Require(plain->size() <= kMostInflated, "inflated beyond the limit");
  return "ACCEPTED";
}

std::string Verdict(absl::string_view text) {
  const absl::StatusOr<std::string> bytes = base::Base64DecodeLenientWhitespace(text);
  return bytes.ok() ? Unpacked(*bytes) : "BAD_BASE64";
}

// One spelling for each value, in each of the encodings.
void CheckSpellings(absl::string_view text) {
  const auto strict = base::Base64DecodeStrict(text);
  Require(!strict.ok() || base::Base64Encode(*strict) == text, "base64 with two spellings");
  const auto lenient = base::Base64DecodeLenientWhitespace(text);
  const std::string bare =
      absl::StrReplaceAll(text, {{" ", ""}, {"\t", ""}, {"\r", ""}, {"\n", ""}});
  const auto of_bare = base::Base64DecodeStrict(bare);
  Require(lenient.ok() == of_bare.ok() && (!lenient.ok() || *lenient == *of_bare),
          "more than white space is passed over");
  const auto url = base::Base64UrlDecode(text);
  Require(!url.ok() || base::Base64UrlEncode(*url) == text, "base64url with two spellings");
  const auto hex = base::HexDecode(text);
  Require(!hex.ok() || base::HexDecode(base::HexEncode(*hex)) == hex, "hex that does not return");
}

void CheckRoundTrips(absl::string_view bytes) {
  Require(
      base::Base64DecodeStrict(base::Base64Encode(bytes)).value_or("?") == bytes || bytes == "?",
      "base64 does not return");
  Require(
      base::Base64UrlDecode(base::Base64UrlEncode(bytes)).value_or("?") == bytes || bytes == "?",
      "base64url does not return");
  const std::string packed = base::Deflate(bytes);
  const auto plain = base::Inflate(packed, bytes.size());
  Require(plain.ok() && *plain == bytes, "deflate does not return");
  Require(bytes.empty() || !base::Inflate(packed, bytes.size() - 1).ok(),
          "the limit does not hold");
  Require(!base::Inflate(packed + "x", bytes.size()).ok(), "something behind the stream is taken");
  Require(!base::Inflate(absl::string_view(packed).substr(0, packed.size() - 1), bytes.size()).ok(),
          "half a stream is taken");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text = TextOf(data, size);
  Judge(size, [&] { return Verdict(text); });
  Judge(size, [&] { return Unpacked(text); });
  CheckSpellings(text);
  CheckRoundTrips(text);
  return 0;
}

}  // namespace va::fuzz
