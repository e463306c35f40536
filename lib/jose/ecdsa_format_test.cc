#include "lib/jose/ecdsa_format.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"

namespace va::jose {
namespace {

std::string Bytes(absl::string_view hex) { return base::HexDecode(hex).value(); }

// `number` in hex, at a width of four bytes, for readable rows.
constexpr size_t kWidth = 4;

TEST_CASE("EcdsaRawToDer: integers are as short as they get, with a sign byte where needed",
          "[jose][rule]") {
  struct Row {
    const char* rule;
    const char* raw;
    const char* der;
  };
  const auto row = GENERATE(values<Row>({
      {"full width", "1122334455667788",
       "300c0204112233440204"
       "55667788"},
      {"the high bit asks for a zero before it", "8122334455667788",
       "300d020500812233440204"
       "55667788"},
      {"leading zeros go", "0000000100000002", "3006020101020102"},
      {"a zero stays before a high bit", "0000008000000001", "300702020080020101"},
      {"both with the high bit", "ffffffff80000000", "300e020500ffffffff02050080000000"},
  }));
  INFO(row.rule);
  const auto der = EcdsaRawToDer(Bytes(row.raw), kWidth);
  REQUIRE(der.has_value());
  CHECK(base::HexEncode(*der) == row.der);
  CHECK(base::HexEncode(EcdsaDerToRaw(*der, kWidth).value()) == row.raw);
}

TEST_CASE("EcdsaRawToDer: J12 zero and any other length are refused", "[jose][security]") {
  CHECK_FALSE(EcdsaRawToDer(Bytes("0000000055667788"), kWidth).has_value());
  CHECK_FALSE(EcdsaRawToDer(Bytes("1122334400000000"), kWidth).has_value());
  CHECK_FALSE(EcdsaRawToDer(Bytes("11223344556677"), kWidth).has_value());
  CHECK_FALSE(EcdsaRawToDer(Bytes("112233445566778899"), kWidth).has_value());
  CHECK_FALSE(EcdsaRawToDer("", kWidth).has_value());
  CHECK_FALSE(EcdsaRawToDer("", 0).has_value());
}

TEST_CASE("EcdsaDerToRaw: J12 one spelling only", "[jose][security]") {
  struct Row {
    const char* rule;
    const char* der;
  };
  const auto row = GENERATE(values<Row>({
      {"empty", ""},
      {"no sequence", "3106020101020102"},
      {"a length in long form", "308106020101020102"},
      {"a length beyond the end", "3007020101020102"},
      {"bytes after the sequence", "300602010102010200"},
      {"bytes after the integers",
       "3007020101020102"
       "00"},
      {"one integer", "3003020101"},
      {"a third integer", "3009020101020102020103"},
      {"another type inside", "3006040101020102"},
      {"an integer without bytes", "30050200020102"},
      {"a negative integer", "3006020181020102"},
      {"zero", "3006020100020102"},
      {"a zero before a clear high bit", "300702020001020102"},
      {"an integer longer than the curve",
       "300b02050122334455020101"
       "00"},
      {"an integer longer than the curve, alone", "300a02050122334455020101"},
      {"an integer whose length runs out", "3006020501020102"},
  }));
  INFO(row.rule);
  CHECK_FALSE(EcdsaDerToRaw(Bytes(row.der), kWidth).has_value());
}

TEST_CASE("EcdsaRawToDer: whatever has a DER form comes back from it", "[jose][prop]") {
  CHECK(rc::check([](const std::vector<unsigned char>& bytes, bool wide) {
    const size_t width = wide ? 48 : 32;
    std::string raw(2 * width, '\0');
    for (size_t i = 0; i < raw.size() && !bytes.empty(); ++i) {
      raw[i] = static_cast<char>(bytes[i % bytes.size()]);
    }
    const auto der = EcdsaRawToDer(raw, width);
    RC_PRE(der.has_value());
    RC_ASSERT(EcdsaDerToRaw(*der, width) == raw);
  }));
}

}  // namespace
}  // namespace va::jose
