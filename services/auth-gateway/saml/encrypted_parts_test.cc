// Encrypted assertions and name ids. Each row changes one thing of a message that is accepted.
#include "services/auth-gateway/saml/encrypted_parts.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "lib/xml/test_encrypter.h"
#include "services/auth-gateway/saml/response_for_test.h"

namespace va::gateway {
namespace {

using namespace testing;  // NOLINT: the kit of this folder's tests
using xml::testing::Encrypted;
using xml::testing::Encrypter;
using xml::testing::SpKey;

constexpr char kCbc[] = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";

std::string InEncryptedAssertion(const std::string& content) {
  return absl::StrCat("<saml:EncryptedAssertion>", content, "</saml:EncryptedAssertion>");
}

// The assertion of a rendered response; its namespaces are declared on the Response.
std::string AssertionOf(const std::string& response) {
  return Span(response, "<saml:Assertion ", "</saml:Assertion>");
}

// Which signatures an encrypted message has.
struct Signed {
  bool assertion = true;
  bool response = false;
};

// The response with its assertion encrypted, signed inside before and outside after.
std::string Render(ResponseParts parts, const Signed& how, const Encrypter& encrypter = {},
                   const std::function<std::string(std::string)>& hide = nullptr) {
  parts.sign_assertion = how.assertion;
  parts.sign_response = false;
  const std::string plain = testing::Render(parts);
  const std::string assertion = AssertionOf(plain);
  const std::string hidden = hide ? hide(assertion) : assertion;
  const std::string message =
      Replaced(plain, assertion, InEncryptedAssertion(Encrypted(hidden, encrypter)));
  return how.response ? SignById(message, "_response", IdpKey()) : message;
}

ExpectedResponse Ours(SignatureWanted want = SignatureWanted::kAssertion) {
  ExpectedResponse expected = Expected();
  expected.decryption_keys = absl::MakeConstSpan(&SpKey(), 1);
  expected.want = want;
  return expected;
}

ExpectedResponse LegacyToo(SignatureWanted want = SignatureWanted::kAssertion) {
  ExpectedResponse expected = Ours(want);
  expected.algorithms = Algorithms::kLegacyToo;
  return expected;
}

std::string EncryptedId(const std::string& name_id, const Encrypter& how = Encrypter()) {
  return absl::StrCat("<saml:EncryptedID>", Encrypted(name_id, how), "</saml:EncryptedID>");
}

}  // namespace

TEST_CASE("ValidateResponse: an encrypted assertion reads like a plain one", "[gateway][saml]") {
  const std::string message = Render(ResponseParts(), Signed());
  const absl::StatusOr<VerifiedAssertion> verified = ValidateResponseXml(message, Ours());
  REQUIRE(verified.ok());
  CHECK(verified->encrypted);
  CHECK(verified->name_id == "alice");
  CHECK(verified->attributes.size() == 2);
  const absl::StatusOr<VerifiedAssertion> plain =
      ValidateResponseXml(testing::Render(ResponseParts()), Ours());
  REQUIRE(plain.ok());
  CHECK_FALSE(plain->encrypted);
  CHECK(Outcome(message, Expected()) == "ENCRYPTED_ASSERTION");
}

TEST_CASE("ValidateResponse: P5 S115 what must be signed holds for encrypted assertions, too",
          "[gateway][saml][P5]") {
  using enum SignatureWanted;
  const std::string inner = Render(ResponseParts(), {.assertion = true, .response = false});
  const std::string outer = Render(ResponseParts(), {.assertion = false, .response = true});
  const std::string both = Render(ResponseParts(), {.assertion = true, .response = true});
  const std::string none = Render(ResponseParts(), {.assertion = false, .response = false});
  CHECK(Outcome(inner, Ours(kAssertion)) == "ACCEPTED");
  CHECK(Outcome(inner, Ours(kResponse)) == "RESPONSE_NOT_SIGNED");
  CHECK(Outcome(inner, Ours(kBoth)) == "RESPONSE_NOT_SIGNED");
  CHECK(Outcome(inner, Ours(kEncrypted)) == "ACCEPTED");
  CHECK(Outcome(outer, Ours(kAssertion)) == "ASSERTION_NOT_SIGNED");
  CHECK(Outcome(outer, Ours(kResponse)) == "ACCEPTED");
  CHECK(Outcome(outer, Ours(kBoth)) == "ASSERTION_NOT_SIGNED");
  CHECK(Outcome(outer, Ours(kEncrypted)) == "ACCEPTED");
  CHECK(Outcome(both, Ours(kBoth)) == "ACCEPTED");
  for (const SignatureWanted want : {kAssertion, kEncrypted}) {
    CHECK(Outcome(none, Ours(want)) == "UNSIGNED");
  }
  for (const SignatureWanted want : {kResponse, kBoth}) {
    CHECK(Outcome(none, Ours(want)) == "RESPONSE_NOT_SIGNED");
  }
  CHECK(Outcome(ResponseParts(), Ours(kEncrypted)) == "ASSERTION_NOT_ENCRYPTED");
}

TEST_CASE("ValidateResponse: S115 a stranger can encrypt to us and is refused all the same",
          "[gateway][saml]") {
  ResponseParts forged;
  forged.name_id = "<saml:NameID>mallory</saml:NameID>";
  forged.assertion_key = &AttackerKey();
  CHECK(Outcome(Render(forged, Signed()), Ours()) == "SIGNATURE_INVALID");
  // Put into a Response that the provider signed: the outer signature is judged first.
  const std::string outer = Render(ResponseParts(), {.assertion = true, .response = true});
  const std::string genuine =
      Span(outer, "<saml:EncryptedAssertion>", "</saml:EncryptedAssertion>");
  const std::string replaced = Replaced(
      outer, genuine, InEncryptedAssertion(Encrypted(AssertionOf(testing::Render(forged)))));
  CHECK(Outcome(replaced, Ours()) == "SIGNATURE_DIGEST");
}

TEST_CASE("ValidateResponse: S14 S15 S116 one assertion, counted over both kinds, each genuine",
          "[gateway][saml]") {
  const std::string message = Render(ResponseParts(), Signed());
  REQUIRE(Outcome(message, Ours()) == "ACCEPTED");
  const std::string genuine =
      Span(message, "<saml:EncryptedAssertion>", "</saml:EncryptedAssertion>");
  ResponseParts parts;
  parts.name_id = "<saml:NameID>mallory</saml:NameID>";
  parts.assertion_attributes = Replaced(parts.assertion_attributes, "_assertion", "_forged");
  const std::string forged = parts.Assertion();
  const std::string hidden = InEncryptedAssertion(Encrypted(forged));
  for (const std::string& beside : {forged + genuine, genuine + forged, hidden + genuine,
                                    genuine + hidden, genuine + genuine}) {
    CHECK(Outcome(Replaced(message, genuine, beside), Ours()) == "SEVERAL_ASSERTIONS");
  }
  // Two inside of one.
  const auto both = [&](const std::string& assertion) { return assertion + forged; };
  CHECK(Outcome(Render(ResponseParts(), Signed(), {}, both), Ours()) == "DECRYPTED_CONTENT");
  // A plain one inside, beside the ciphertext.
  CHECK(
      Outcome(Replaced(message, "<saml:EncryptedAssertion>", "<saml:EncryptedAssertion>" + forged),
              Ours()) == "MISPLACED_ASSERTION");
}

TEST_CASE("ValidateResponse: P4 S117 CBC is opened under the verified signature of the Response",
          "[gateway][saml][P4]") {
  Encrypter cbc;
  cbc.content = kCbc;
  const std::string inner = Render(ResponseParts(), {.assertion = true, .response = false}, cbc);
  const std::string both = Render(ResponseParts(), {.assertion = true, .response = true}, cbc);
  CHECK(Outcome(inner, Ours()) == "ENCRYPTION_ALGORITHM");
  CHECK(Outcome(inner, LegacyToo()) == "ACCEPTED");
  CHECK(Outcome(both, Ours()) == "ACCEPTED");
}

TEST_CASE("ValidateResponse: S117 ten thousand changed bytes of CBC, one reason, nothing decrypted",
          "[gateway][saml]") {
  Encrypter cbc;
  cbc.content = kCbc;
  std::string message = Render(ResponseParts(), {.assertion = true, .response = true}, cbc);
  const size_t begin = message.rfind("<xenc:CipherValue>") + 18;
  const size_t length = message.rfind("</xenc:CipherValue>") - 8 - begin;
  // Without a key that fits, whoever decrypts first has another reason.
  ExpectedResponse without = Ours();
  without.decryption_keys = absl::MakeConstSpan(&AttackerKey(), 1);
  REQUIRE(Outcome(message, Ours()) == "ACCEPTED");
  REQUIRE(Outcome(message, without) == "DECRYPTION_FAILED");
  // The outer signature is judged first: it has been the same answer 10,000 times, key or no key.
  int other_reasons = 0;
  for (size_t i = 0; i < 10'000; ++i) {
    char& byte = message[begin + (i * 7919) % length];
    const char kept = byte;
    byte = kept == 'Q' ? 'g' : 'Q';
    other_reasons += Outcome(message, i % 2 == 0 ? Ours() : without) != "SIGNATURE_DIGEST";
    byte = kept;
  }
  CHECK(other_reasons == 0);
}

TEST_CASE("ValidateResponse: S117 an outer signature that is wrong costs no RSA operation of ours",
          "[gateway][saml]") {
  // Encryption that cannot be right has its own reason only where somebody looked at it.
  Encrypter odd;
  odd.transport = "http://www.w3.org/2001/04/xmlenc#kw-aes256";
  CHECK(Outcome(Render(ResponseParts(), Signed(), odd), Ours()) == "ENCRYPTION_ALGORITHM");
  const std::string both = Render(ResponseParts(), {.assertion = true, .response = true}, odd);
  CHECK(Outcome(both, Ours()) == "ENCRYPTION_ALGORITHM");
  CHECK(Outcome(Replaced(both, "ID=\"_response\"", "ID=\"_response\" Consent=\"urn:x\""), Ours()) ==
        "SIGNATURE_DIGEST");
}

TEST_CASE("ValidateResponse: S117 a thousand changed ciphertexts, one reason", "[gateway][saml]") {
  std::string message = Render(ResponseParts(), Signed());
  const size_t begin = message.rfind("<xenc:CipherValue>") + 18;
  const size_t length = message.rfind("</xenc:CipherValue>") - 8 - begin;
  // Every place is hit, often by a character that decodes to other bits.
  for (size_t i = 0; i < 1000; ++i) {
    char& byte = message[begin + (i * 7919) % length];
    const char kept = byte;
    byte = kept == 'Q' ? 'g' : 'Q';
    CHECK(Outcome(message, Ours()) == "DECRYPTION_FAILED");
    byte = kept;
  }
  CHECK(Outcome(message, Ours()) == "ACCEPTED");
}

TEST_CASE("ValidateResponse: S118 RSA-1.5 and 3DES are for old messages in the operator's tool",
          "[gateway][saml]") {
  Encrypter rsa15;
  rsa15.transport = xml::testing::kRsa15;
  Encrypter triple;
  triple.content = xml::testing::kTripleDes;
  for (const Encrypter& how : {rsa15, triple}) {
    const std::string both = Render(ResponseParts(), {.assertion = true, .response = true}, how);
    CHECK(Outcome(both, Ours()) == "ENCRYPTION_ALGORITHM");
    CHECK(Outcome(both, LegacyToo()) == "ACCEPTED");
  }
  rsa15.alter_key = [](std::string& key) { key[17] = static_cast<char>(key[17] ^ 1); };
  CHECK(Outcome(Render(ResponseParts(), Signed(), rsa15), LegacyToo()) == "DECRYPTION_FAILED");
}

TEST_CASE("ValidateResponse: S119 a short tag and a short IV are refused", "[gateway][saml]") {
  Encrypter tag;
  tag.alter_content = [](std::string& sealed) { sealed.resize(sealed.size() - 4); };
  CHECK(Outcome(Render(ResponseParts(), Signed(), tag), Ours()) == "DECRYPTION_FAILED");
  Encrypter iv;
  iv.alter_content = [](std::string& sealed) { sealed.erase(0, 4); };
  CHECK(Outcome(Render(ResponseParts(), Signed(), iv), Ours()) == "DECRYPTION_FAILED");
}

TEST_CASE("ValidateResponse: S120 what was hidden is exactly one Assertion", "[gateway][saml]") {
  const auto outcome = [](const std::function<std::string(std::string)>& hide) {
    return Outcome(Render(ResponseParts(), {.assertion = true, .response = true}, {}, hide),
                   Ours());
  };
  REQUIRE(outcome(nullptr) == "ACCEPTED");
  CHECK(outcome([](const std::string& assertion) { return ResponseParts().Unsigned(assertion); }) ==
        "DECRYPTED_CONTENT");
  CHECK(outcome([](const std::string& assertion) {
          return InEncryptedAssertion(Encrypted(assertion));
        }) == "DECRYPTED_CONTENT");
  CHECK(outcome([](const std::string& assertion) { return "<!DOCTYPE a>" + assertion; }) ==
        "DECRYPTED_CONTENT");
  CHECK(outcome([](const std::string&) { return "alice"; }) == "DECRYPTED_CONTENT");
  CHECK(outcome([](const std::string&) { return "<saml:NameID>alice</saml:NameID>"; }) ==
        "DECRYPTED_CONTENT");
  // Somebody else's element of that name.
  CHECK(outcome([](const std::string& assertion) {
          return Replaced(assertion, "<saml:Assertion ", "<saml:Assertion xmlns:saml=\"urn:x\" ");
        }) == "DECRYPTED_CONTENT");
  CHECK(outcome([](const std::string& assertion) {
          return Replaced(assertion, "</saml:Subject>",
                          "</saml:Subject>" + InEncryptedAssertion(""));
        }) == "MISPLACED_ASSERTION");
}

TEST_CASE("ValidateResponse: S72 S21 IDs and places are checked over the one tree",
          "[gateway][saml]") {
  // The ID of the hidden assertion is that of something outside.
  ResponseParts twice;
  twice.response_attributes = Replaced(twice.response_attributes, "_response", "_assertion");
  twice.sign_assertion = false;
  const std::string plain = twice.Unsigned(AssertionOf(testing::Render(ResponseParts())));
  const std::string message =
      Replaced(plain, AssertionOf(plain), InEncryptedAssertion(Encrypted(AssertionOf(plain))));
  CHECK(Outcome(message, Ours()) == "XML_DUPLICATE_ID");
  // The genuine, signed original stands in Extensions; a forged one with its ID was encrypted.
  const std::string genuine = AssertionOf(testing::Render(ResponseParts()));
  ResponseParts forged;
  forged.sign_assertion = false;
  forged.name_id = "<saml:NameID>mallory</saml:NameID>";
  forged.extensions = absl::StrCat("<samlp:Extensions>", genuine, "</samlp:Extensions>");
  const std::string wrapped = forged.Unsigned(InEncryptedAssertion(Encrypted(forged.Assertion())));
  CHECK(AnySignatureVerifies(wrapped));
  CHECK(Outcome(wrapped, Ours()) == "MISPLACED_ASSERTION");
  // A signature hidden deeper inside.
  const std::string signature = Span(genuine, "<ds:Signature ", "</ds:Signature>");
  const auto deeper = [&](const std::string& assertion) {
    return Replaced(Replaced(assertion, signature, ""), "<saml:Subject>",
                    "<saml:Subject>" + signature);
  };
  ResponseParts parts;
  parts.sign_assertion = false;
  const std::string misplaced = parts.Unsigned(InEncryptedAssertion(Encrypted(deeper(genuine))));
  CHECK(Outcome(misplaced, Ours()) == "SIGNATURE_MISPLACED");
}

TEST_CASE("ValidateResponse: S121 an EncryptedID is decrypted under the assertion's signature",
          "[gateway][saml]") {
  const std::string name_id = "<saml:NameID>alice</saml:NameID>";
  ResponseParts parts;
  parts.name_id = EncryptedId(name_id);
  const absl::StatusOr<VerifiedAssertion> verified =
      ValidateResponseXml(testing::Render(parts), Ours());
  REQUIRE(verified.ok());
  CHECK(verified->name_id == "alice");
  CHECK_FALSE(verified->encrypted);
  CHECK(Outcome(Render(parts, Signed()), Ours()) == "ACCEPTED");
  CHECK(Outcome(parts, Expected()) == "NAME_ID_ENCRYPTED");

  const auto outcome = [](const std::string& subject_id) {
    ResponseParts changed;
    changed.name_id = subject_id;
    return Outcome(changed, Ours());
  };
  Encrypter stranger;
  stranger.recipient = &AttackerKey();
  CHECK(outcome(EncryptedId(name_id, stranger)) == "DECRYPTION_FAILED");
  const std::string method =
      absl::StrCat("<xenc:EncryptionMethod Algorithm=\"", xml::testing::kAes256Gcm, "\"/>");
  CHECK(outcome(Replaced(EncryptedId(name_id), method, "")) == "ENCRYPTION_ALGORITHM");
  CHECK(outcome("<saml:EncryptedID/>") == "ENCRYPTION_MALFORMED");
  CHECK(outcome(EncryptedId("<saml:BaseID/>")) == "DECRYPTED_CONTENT");
  CHECK(outcome(EncryptedId("<saml:NameID>al<!-- x -->ice</saml:NameID>")) == "MARKUP_IN_TEXT");
  CHECK(outcome(EncryptedId("<saml:NameID ID=\"_assertion\">alice</saml:NameID>")) ==
        "XML_DUPLICATE_ID");
  CHECK(outcome(EncryptedId("<saml:NameID> </saml:NameID>")) == "NAME_ID_MISSING");
  CHECK(outcome(name_id + EncryptedId(name_id)) == "MALFORMED_ASSERTION");
  CHECK(outcome(EncryptedId(name_id) + EncryptedId(name_id)) == "NAME_ID_ENCRYPTED");
}

TEST_CASE("ValidateResponse: S121 an EncryptedAttribute is refused", "[gateway][saml]") {
  ResponseParts parts;
  parts.attributes +=
      absl::StrCat("<saml:EncryptedAttribute>", Encrypted("<saml:Attribute Name=\"x\"/>"),
                   "</saml:EncryptedAttribute>");
  CHECK(Outcome(parts, Ours()) == "ATTRIBUTE_ENCRYPTED");
}

TEST_CASE("ValidateResponse: S122 S123 keys without end and ciphertext elsewhere are refused",
          "[gateway][saml]") {
  Encrypter how;
  how.place = xml::testing::KeyPlace::kBeside;
  how.session_key = std::string(32, 'k');
  const std::string message = Render(ResponseParts(), Signed(), how);
  REQUIRE(Outcome(message, Ours()) == "ACCEPTED");
  const std::string key = xml::testing::EncryptedKeyElement(how, how.session_key);
  std::string keys;
  for (int i = 0; i < 300; ++i) keys += key;
  CHECK(Outcome(Replaced(message, "<saml:EncryptedAssertion>", "<saml:EncryptedAssertion>" + keys),
                Ours()) == "ENCRYPTION_KEY");
  CHECK(Outcome(Replaced(message, "<xenc:CipherData>",
                         "<xenc:CipherData><xenc:CipherReference URI=\"http://127.0.0.1:9/\"/>"),
                Ours()) == "ENCRYPTION_REFERENCE");
  const std::string huge = std::string(250 * 1024, 'A');
  const std::string value = Span(message, "<xenc:CipherValue>", "</xenc:CipherValue>");
  CHECK(Outcome(Replaced(message, value, "<xenc:CipherValue>" + huge + "</xenc:CipherValue>"),
                Ours()) == "DECRYPTION_FAILED");
}

TEST_CASE("ValidateResponse: the roll-over of our decryption key keeps the previous one",
          "[gateway][saml]") {
  std::vector<crypto::PrivateKey> keys;
  keys.push_back(xml::testing::NewPrivateKey(crypto::NewKey::kRsa2048));
  keys.push_back(xml::testing::NewPrivateKey(crypto::NewKey::kRsa2048));
  ExpectedResponse expected = Ours();
  for (const crypto::PrivateKey& key : keys) {
    Encrypter how;
    how.recipient = &key;
    const std::string message = Render(ResponseParts(), Signed(), how);
    expected.decryption_keys = keys;
    CHECK(Outcome(message, expected) == "ACCEPTED");
    expected.decryption_keys = absl::MakeConstSpan(&SpKey(), 1);
    CHECK(Outcome(message, expected) == "DECRYPTION_FAILED");
  }
}

TEST_CASE("ValidateResponse: S117 with several keys of ours a changed message has the same reason",
          "[gateway][saml]") {
  std::vector<crypto::PrivateKey> keys;
  keys.push_back(xml::testing::NewPrivateKey(crypto::NewKey::kRsa2048));
  keys.push_back(xml::testing::NewPrivateKey(crypto::NewKey::kRsa2048));
  const auto flip = [](size_t at) {
    return [at](std::string& bytes) { bytes[at] = static_cast<char>(bytes[at] ^ 1); };
  };
  ExpectedResponse expected = Ours();
  expected.decryption_keys = keys;
  for (const crypto::PrivateKey& key : keys) {
    for (const size_t at : {size_t{0}, size_t{13}, size_t{200}}) {
      Encrypter content;
      content.recipient = &key;
      content.alter_content = flip(at);
      CHECK(Outcome(Render(ResponseParts(), Signed(), content), expected) == "DECRYPTION_FAILED");
      Encrypter wrapped;
      wrapped.recipient = &key;
      wrapped.alter_key = flip(at);
      CHECK(Outcome(Render(ResponseParts(), Signed(), wrapped), expected) == "DECRYPTION_FAILED");
    }
  }
}

}  // namespace va::gateway
