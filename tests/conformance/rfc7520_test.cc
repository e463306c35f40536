// Every file of the JOSE cookbook by its name, with what becomes of it: which of its outputs come
// out again, and the reason why the rest is refused. A file that stands here and is not there
// fails, and so does one that is there and not here.
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "lib/identity/policy.h"
#include "tests/conformance/cookbook.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/rfc7520_driver.h"
#include "tests/conformance/vector_file.h"

namespace va::conformance {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  const char* file;
  const char* comes_out;  // names of the results, in the order of the alphabet
  const char* refused;    // what=REASON, likewise
};

constexpr char kJsonForms[] = "json=NOT_COMPACT json_flat=NOT_COMPACT";

const Outcome kExamples[] = {
    {"6.nesting_signatures_and_encryption",
     "encrypt ciphertext, encrypt payload, encrypt tag, nested payload, sign payload",
     "encrypt json=NOT_COMPACT encrypt json_flat=NOT_COMPACT"},
    {"curve25519__ecdh-es", "",
     "compact=KEY_UNKNOWN json=NOT_COMPACT json_flat=NOT_COMPACT"},  // X25519
    {"curve25519__jws", "compact, payload", kJsonForms},
    {"jwe__5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2", "",
     "compact=KEY_MANAGEMENT_UNKNOWN json=NOT_COMPACT json_flat=NOT_COMPACT"},  // RSA1_5
    {"jwe__5_10.including_additional_authentication_data", "", kJsonForms},
    {"jwe__5_11.protecting_specific_header_fields", "", kJsonForms},
    {"jwe__5_12.protecting_content_only", "", kJsonForms},
    // As many dots as a token has, in the name of a receiver.
    {"jwe__5_13.encrypting_to_multiple_recipients", "", "json=BAD_BASE64"},
    {"jwe__5_2.key_encryption_using_rsa-oaep_with_aes-gcm", "ciphertext, payload, tag", kJsonForms},
    {"jwe__5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2", "",
     "compact=PASSWORD_BASED json=NOT_COMPACT json_flat=NOT_COMPACT"},
    {"jwe__5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_with_aes-gcm", "",
     "compact=KEY_MANAGEMENT_UNKNOWN json=NOT_COMPACT json_flat=NOT_COMPACT"},  // ECDH-ES+A128KW
    {"jwe__5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2", "ciphertext, payload, tag",
     kJsonForms},
    {"jwe__5_6.direct_encryption_using_aes-gcm", "",
     "compact=KEY_MANAGEMENT_UNKNOWN json=NOT_COMPACT json_flat=NOT_COMPACT"},  // dir
    {"jwe__5_7.key_wrap_using_aes-gcm_keywrap_with_aes-cbc-hmac-sha2", "",
     "compact=KEY_MANAGEMENT_UNKNOWN json=NOT_COMPACT json_flat=NOT_COMPACT"},  // A256GCMKW
    {"jwe__5_8.key_wrap_using_aes-keywrap_with_aes-gcm", "",
     "compact=KEY_MANAGEMENT_UNKNOWN json=NOT_COMPACT json_flat=NOT_COMPACT"},  // A128KW
    {"jwe__5_9.compressed_content", "",
     "compact=HEADER_COMPRESSED json=NOT_COMPACT json_flat=NOT_COMPACT"},
    {"jwk__3_1.ec_public_key", "", "key=CURVE_UNKNOWN"},   // P-521
    {"jwk__3_2.ec_private_key", "", "key=CURVE_UNKNOWN"},  // P-521
    {"jwk__3_3.rsa_public_key", "key", ""},
    {"jwk__3_4.rsa_private_key", "key", ""},
    {"jwk__3_5.symmetric_key_mac_computation", "", "key=SYMMETRIC"},
    {"jwk__3_6.symmetric_key_encryption", "", "key=SYMMETRIC"},
    {"jws__4_1.rsa_v15_signature", "compact, payload", kJsonForms},
    {"jws__4_2.rsa-pss_signature", "",
     "compact=ALGORITHM_UNKNOWN json=NOT_COMPACT json_flat=NOT_COMPACT"},  // PS384
    {"jws__4_3.ecdsa_signature", "",
     "compact=ALGORITHM_UNKNOWN json=NOT_COMPACT json_flat=NOT_COMPACT"},  // ES512
    {"jws__4_4.hmac-sha2_integrity_protection", "",
     "compact=ALGORITHM_UNKNOWN json=NOT_COMPACT json_flat=NOT_COMPACT"},  // HS256
    {"jws__4_5.signature_with_detached_content", "",
     "compact=ALGORITHM_UNKNOWN json=NOT_COMPACT json_flat=NOT_COMPACT"},
    {"jws__4_6.protecting_specific_header_fields", "", kJsonForms},
    {"jws__4_7.protecting_content_only", "", kJsonForms},
    {"jws__4_8.multiple_signatures", "", "json=NOT_COMPACT"},
    {"rfc7797__4.2.hmac-sha2_b64_false", "", kJsonForms},
    {"rfc7797__hmac-sha2_b64_false", "",
     "compact=HEADER_CRITICAL json=NOT_COMPACT json_flat=NOT_COMPACT"},  // crit comes first
};

std::string Names(const Json& result) {
  std::string out;
  for (const auto& [name, value] : result.items()) {
    absl::StrAppend(&out, out.empty() ? "" : ", ", name);
  }
  return out;
}

std::string Reasons(const Json& error) {
  std::string out;
  for (const auto& [name, value] : error.items()) {
    absl::StrAppend(&out, out.empty() ? "" : " ", name, "=", value.get<std::string>());
  }
  return out;
}

fs::path Folder() { return fs::path("..") / "shared" / "vectors" / "rfc7520"; }

bool IsAbsent() {
  if (fs::is_directory(fs::path("..") / "shared")) return false;
  std::puts("SKIP the examples of RFC 7520: ../shared is absent");
  return true;
}

}  // namespace

TEST_CASE("Cookbook: E4 every example of RFC 7520 comes out again, or is refused for its reason",
          "[conformance][rule]") {
  if (IsAbsent()) return;
  const identity::Policy policy;
  const Fixtures fixtures{fs::path(".")};
  for (const Outcome& expected : kExamples) {
    CAPTURE(expected.file);
    const auto file = LoadVectorFile(Folder() / absl::StrCat(expected.file, ".json"));
    REQUIRE(file.ok());
    REQUIRE(file->rows.size() == 1);
    const Row& row = file->rows[0];
    CHECK(row.kind == "rfc7520");
    const auto facts = RunRfc7520(row, {}, {policy, fixtures});
    REQUIRE(facts.ok());
    CHECK(Names(facts->result) == expected.comes_out);
    CHECK(Reasons(facts->error) == expected.refused);
    // And with the very bytes of the example.
    for (const auto& [name, value] : Member(row.body, "expected").items()) {
      CAPTURE(name);
      CHECK(facts->result.at(name) == value);
    }
    CHECK(Names(Member(row.body, "expected")) == expected.comes_out);
    CHECK(Reasons(Member(row.body, "expected_error")) == expected.refused);
  }
}

TEST_CASE("Cookbook: E4 every file of the folder is named here", "[conformance][rule]") {
  if (IsAbsent()) return;
  std::set<std::string> named;
  for (const Outcome& expected : kExamples) named.insert(absl::StrCat(expected.file, ".json"));
  std::set<std::string> there;
  for (const fs::directory_entry& entry : fs::directory_iterator(Folder())) {
    there.insert(entry.path().filename().string());
  }
  CHECK(there == named);
  CHECK(named.size() == std::size(kExamples));
}

TEST_CASE("Cookbook: what is no example is no row", "[conformance]") {
  CHECK(IsCookbookExample({{"kty", "oct"}}));
  CHECK_FALSE(IsCookbookExample({{"title", "x"}, {"sign", 1}}));
  CHECK_FALSE(IsCookbookExample(Json::array()));
  // An example that changes is expected to change its outcome.
  CHECK(CookbookExpectations({{"kty", "EC"}, {"crv", "P-521"}})["expected_error"]["key"] ==
        "CURVE_UNKNOWN");
  CHECK(CookbookExpectations({{"kty", "EC"}, {"crv", "P-384"}}).contains("expected"));
}

}  // namespace va::conformance
