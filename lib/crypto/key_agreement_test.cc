#include "lib/crypto/key_agreement.h"

#include <catch2/catch.hpp>
#include <string>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/hash.h"

namespace va::crypto {
namespace {

PrivateKey Fresh(NewKey kind) { return PrivateKey::FromPem(GenerateKeyPem(kind).value()).value(); }

std::string Hex(absl::string_view digits) { return base::HexDecode(digits).value(); }

TEST_CASE("ConcatKdf: the example of RFC 7518 appendix C", "[crypto][rule]") {
  const std::string secret =
      Hex("9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4");
  const std::string key = ConcatKdf(secret, {"A128GCM", "Alice", "Bob"}, 16);
  CHECK(base::Base64UrlEncode(key) == "VqqN6vgjbSBcIijNcacQGg");
}

TEST_CASE("ConcatKdf: algorithm, parties and length each go in, and nowhere else",
          "[crypto][rule]") {
  const std::string secret(32, 's');
  const std::string key = ConcatKdf(secret, {"A128GCM", "Alice", "Bob"}, 16);
  CHECK(key != ConcatKdf(secret, {"A256GCM", "Alice", "Bob"}, 16));
  CHECK(key != ConcatKdf(secret, {"A128GCM", "Bob", "Alice"}, 16));
  CHECK(key != ConcatKdf(secret, {"A128GCM", "AliceB", "ob"}, 16));
  CHECK(key != ConcatKdf(secret, {"A128GCMA", "lice", "Bob"}, 16));
  // Not merely the beginning of a longer one.
  CHECK(key != ConcatKdf(secret, {"A128GCM", "Alice", "Bob"}, 32).substr(0, 16));
}

TEST_CASE("ConcatKdf: a key of more than one digest counts its rounds", "[crypto][rule]") {
  const std::string secret(32, 's');
  const std::string key = ConcatKdf(secret, {"A256CBC-HS512", "", ""}, 64);
  const std::string other = Hex("0000000d") + "A256CBC-HS512" + Hex("000000000000000000000200");
  CHECK(key == Sha256(Hex("00000001") + secret + other) + Sha256(Hex("00000002") + secret + other));
  CHECK(ConcatKdf(secret, {"A256CBC-HS512", "", ""}, 40).size() == 40);
}

TEST_CASE("Agreement: both sides reach one secret, of the curve's width", "[crypto]") {
  for (const NewKey kind : {NewKey::kEcP256, NewKey::kEcP384}) {
    const PrivateKey receiver = Fresh(kind);
    const AgreementSender sender = AgreementSender::Create(receiver.Public()).value();
    const SenderAgreement agreed = sender.Agree().value();
    CHECK(agreed.secret.size() == CoordinateBytes(receiver.type()));
    const PublicKey ephemeral =
        EcKeyFromPoint(receiver.type(), agreed.ephemeral.x, agreed.ephemeral.y).value();
    CHECK(AgreeWith(receiver, ephemeral).value() == agreed.secret);
    CHECK(AgreeWith(Fresh(kind), ephemeral).value() != agreed.secret);
  }
}

TEST_CASE("Agreement: every message has a key pair of its own", "[crypto][security]") {
  const AgreementSender sender = AgreementSender::Create(Fresh(NewKey::kEcP256).Public()).value();
  const SenderAgreement one = sender.Agree().value();
  const SenderAgreement two = sender.Agree().value();
  CHECK(one.ephemeral.x != two.ephemeral.x);
  CHECK(one.secret != two.secret);
}

TEST_CASE("Agreement: J1 keys of two curves, or of another kind, agree on nothing",
          "[crypto][security]") {
  const PrivateKey small = Fresh(NewKey::kEcP256);
  const PrivateKey large = Fresh(NewKey::kEcP384);
  const PrivateKey rsa = Fresh(NewKey::kRsa2048);
  CHECK_FALSE(AgreeWith(small, large.Public()).ok());
  CHECK_FALSE(AgreeWith(large, small.Public()).ok());
  CHECK_FALSE(AgreeWith(rsa, small.Public()).ok());
  CHECK_FALSE(AgreeWith(small, rsa.Public()).ok());
  CHECK_FALSE(AgreeWith(rsa, rsa.Public()).ok());
  CHECK(base::ReasonOf(AgreementSender::Create(rsa.Public()).status()) == "KEY_ALGORITHM");
}

}  // namespace
}  // namespace va::crypto
