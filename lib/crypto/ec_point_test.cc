#include "lib/crypto/ec_point.h"

#include <catch2/catch.hpp>
#include <string>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"

namespace va::crypto {
namespace {

PublicKey Fresh(NewKey kind) {
  return PrivateKey::FromPem(GenerateKeyPem(kind).value()).value().Public();
}

std::string Outcome(KeyType curve, absl::string_view x, absl::string_view y) {
  const auto key = EcKeyFromPoint(curve, x, y);
  return key.ok() ? "accepted" : base::ReasonOf(key.status());
}

std::string Hex(absl::string_view digits) { return base::HexDecode(digits).value(); }

// The prime of P-256, most significant byte first.
std::string Prime() {
  return Hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
}

TEST_CASE("EcPoint: the point of a key makes the same key again", "[crypto]") {
  for (const NewKey kind : {NewKey::kEcP256, NewKey::kEcP384}) {
    const PublicKey key = Fresh(kind);
    const EcPoint point = EcPointOf(key).value();
    CHECK(point.x.size() == CoordinateBytes(key.type()));
    CHECK(point.y.size() == CoordinateBytes(key.type()));
    const auto again = EcKeyFromPoint(key.type(), point.x, point.y);
    REQUIRE(again.ok());
    CHECK(again->type() == key.type());
    CHECK(EcPointOf(*again)->x == point.x);
    CHECK(EcPointOf(*again)->y == point.y);
  }
  CHECK_FALSE(EcPointOf(Fresh(NewKey::kRsa2048)).ok());
}

TEST_CASE("EcPoint: J1 a point beside the curve is refused", "[crypto][security]") {
  const EcPoint point = EcPointOf(Fresh(NewKey::kEcP256)).value();
  std::string beside = point.y;
  beside.back() = static_cast<char>(beside.back() ^ 1);
  CHECK(Outcome(KeyType::kEcP256, point.x, point.y) == "accepted");
  CHECK(Outcome(KeyType::kEcP256, point.x, beside) == "KEY_POINT");
  CHECK(Outcome(KeyType::kEcP256, point.y, point.x) == "KEY_POINT");
  CHECK(Outcome(KeyType::kEcP256, std::string(32, '\x01'), std::string(32, '\x01')) == "KEY_POINT");
}

TEST_CASE("EcPoint: J1 the point at infinity is refused in every spelling", "[crypto][security]") {
  for (const KeyType curve : {KeyType::kEcP256, KeyType::kEcP384}) {
    const std::string zeros(CoordinateBytes(curve), '\0');
    CHECK(Outcome(curve, zeros, zeros) == "KEY_POINT");
    CHECK(Outcome(curve, "", "") == "KEY_POINT");
    CHECK(Outcome(curve, absl::string_view("\0", 1), absl::string_view("\0", 1)) == "KEY_POINT");
  }
}

TEST_CASE("EcPoint: J1 a coordinate at or above the prime is refused", "[crypto][security]") {
  // x = 5 has a point on P-256: 5 + p is the same number to whoever reduces first.
  const std::string y = Hex("459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
  std::string five(32, '\0');
  five.back() = 5;
  CHECK(Outcome(KeyType::kEcP256, five, y) == "accepted");
  std::string five_and_prime =
      Hex("ffffffff00000001000000000000000000000001000000000000000000000004");
  CHECK(Outcome(KeyType::kEcP256, five_and_prime, y) == "KEY_POINT");
  CHECK(Outcome(KeyType::kEcP256, Prime(), y) == "KEY_POINT");
  CHECK(Outcome(KeyType::kEcP256, std::string(32, '\xff'), y) == "KEY_POINT");
}

TEST_CASE("EcPoint: J1 a point of the other curve, or of another width, is refused",
          "[crypto][security]") {
  const EcPoint small = EcPointOf(Fresh(NewKey::kEcP256)).value();
  const EcPoint large = EcPointOf(Fresh(NewKey::kEcP384)).value();
  CHECK(Outcome(KeyType::kEcP384, small.x, small.y) == "KEY_POINT");
  CHECK(Outcome(KeyType::kEcP256, large.x, large.y) == "KEY_POINT");
  const std::string zeros(16, '\0');
  CHECK(Outcome(KeyType::kEcP384, zeros + small.x, zeros + small.y) == "KEY_POINT");
  CHECK(Outcome(KeyType::kEcP256, std::string(1, '\0') + small.x, std::string(1, '\0') + small.y) ==
        "KEY_POINT");
  CHECK(Outcome(KeyType::kEcP256, small.x.substr(0, 31), small.y) == "KEY_POINT");
  CHECK(Outcome(KeyType::kRsa, small.x, small.y) == "KEY_POINT");
  CHECK(Outcome(KeyType::kRsa, "", "") == "KEY_POINT");
}

}  // namespace
}  // namespace va::crypto
