#include "lib/xml/enc.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/xml/test_encrypter.h"

namespace va::xml {
namespace {

using namespace testing;  // NOLINT: the kit of this folder's tests

constexpr char kHidden[] = "<a:Secret ID=\"_secret\">said in private</a:Secret>";

// A holder as SAML has them; `a` is declared outside of it.
std::string Holder(const std::string& content) {
  return absl::StrCat("<a:Root xmlns:a=\"urn:a\"><a:Holder>", content, "</a:Holder></a:Root>");
}

absl::Span<const crypto::PrivateKey> Ours() { return absl::MakeConstSpan(&SpKey(), 1); }

DecryptOptions UnderSignature() { return {.allow_cbc = true}; }
DecryptOptions Legacy() { return {.allow_legacy = true}; }

// "OPENED" when the secret stands where its ciphertext stood, or the reason.
std::string Outcome(const std::string& text, const DecryptOptions& options = DecryptOptions(),
                    absl::Span<const crypto::PrivateKey> keys = Ours()) {
  Document document = OrDie(Document::Parse(text));
  const std::string before = document.Serialize();
  const Element holder = *document.root().Child("urn:a", "Holder");
  const absl::StatusOr<Element> opened = DecryptInPlace(document, holder, keys, options);
  if (!opened.ok()) {
    CHECK(document.Serialize() == before);
    return base::ReasonOf(opened.status());
  }
  CHECK(opened->Is("urn:a", "Secret"));
  CHECK(opened->Text() == "said in private");
  CHECK(opened->Parent() == holder);
  CHECK_FALSE(holder.Child(kXencNs, "EncryptedData").has_value());
  return "OPENED";
}

std::string OutcomeOf(const Encrypter& how, const DecryptOptions& options = DecryptOptions()) {
  return Outcome(Holder(Encrypted(kHidden, how)), options);
}

std::string Changed(const std::string& text, absl::string_view from, absl::string_view to) {
  std::string out = absl::StrReplaceAll(text, {{from, to}});
  REQUIRE(out != text);
  return out;
}

std::string Digest(absl::string_view uri) {
  return absl::StrCat(
      "<ds:DigestMethod xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" "
      "Algorithm=\"",
      uri, "\"/>");
}
std::string Mask(absl::string_view uri) {
  return absl::StrCat("<e:MGF xmlns:e=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"", uri,
                      "\"/>");
}

}  // namespace

TEST_CASE("DecryptInPlace: P4 AES-GCM under every OAEP that identity providers use",
          "[xml][enc][P4]") {
  for (const char* const content : {kAes128Gcm, kAes192Gcm, kAes256Gcm}) {
    Encrypter how;
    how.content = content;
    CHECK(OutcomeOf(how) == "OPENED");
  }
  struct Row {
    const char* transport;
    std::string parts;
    const EVP_MD* digest;
    const EVP_MD* mask;
    const char* outcome = "OPENED";
  };
  const std::string sha1 = Digest("http://www.w3.org/2000/09/xmldsig#sha1");
  const std::string sha256 = Digest("http://www.w3.org/2001/04/xmlenc#sha256");
  const std::string sha512 = Digest("http://www.w3.org/2001/04/xmlenc#sha512");
  const std::string mgf1 = Mask("http://www.w3.org/2009/xmlenc11#mgf1sha1");
  const std::string mgf256 = Mask("http://www.w3.org/2009/xmlenc11#mgf1sha256");
  const Row kRows[] = {
      {kOaepMgf1p, "", EVP_sha1(), EVP_sha1()},
      {kOaepMgf1p, sha1, EVP_sha1(), EVP_sha1()},
      {kOaepMgf1p, sha256, EVP_sha256(), EVP_sha1()},
      {kOaepMgf1p, sha256 + mgf1, EVP_sha256(), EVP_sha1()},
      {kOaep11, "", EVP_sha1(), EVP_sha1()},
      {kOaep11, sha256 + mgf256, EVP_sha256(), EVP_sha256()},
      {kOaep11, mgf1 + sha512, EVP_sha512(), EVP_sha1()},
      {kOaepMgf1p, sha256 + mgf256, EVP_sha256(), EVP_sha256(), "ENCRYPTION_ALGORITHM"},
      {kOaep11, sha1 + sha1, EVP_sha1(), EVP_sha1(), "ENCRYPTION_ALGORITHM"},
      {kOaep11, Digest("http://www.w3.org/2001/04/xmldsig-more#md5"), EVP_sha1(), EVP_sha1(),
       "ENCRYPTION_ALGORITHM"},
      {kOaep11,
       "<xenc:OAEPparams xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\">AA==</xenc:OAEPparams>",
       EVP_sha1(), EVP_sha1(), "ENCRYPTION_ALGORITHM"},
      {"http://www.w3.org/2001/04/xmlenc#kw-aes256", "", EVP_sha1(), EVP_sha1(),
       "ENCRYPTION_ALGORITHM"},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.transport, row.parts);
    Encrypter how;
    how.transport = row.transport;
    how.transport_parts = row.parts;
    how.digest = row.digest;
    how.mask = row.mask;
    CHECK(OutcomeOf(how) == row.outcome);
  }
}

TEST_CASE("DecryptInPlace: P4 CBC only under a verified signature, 3DES and RSA-1.5 never here",
          "[xml][enc][P4]") {
  for (const char* const content : {kAes128Cbc, kAes192Cbc, kAes256Cbc}) {
    Encrypter how;
    how.content = content;
    CHECK(OutcomeOf(how) == "ENCRYPTION_ALGORITHM");
    CHECK(OutcomeOf(how, UnderSignature()) == "OPENED");
    CHECK(OutcomeOf(how, Legacy()) == "OPENED");
  }
  Encrypter triple;
  triple.content = kTripleDes;
  CHECK(OutcomeOf(triple, UnderSignature()) == "ENCRYPTION_ALGORITHM");
  CHECK(OutcomeOf(triple, Legacy()) == "OPENED");
}

TEST_CASE("DecryptInPlace: S118 RSA-1.5 is refused, and rejected implicitly for old messages",
          "[xml][enc][S118]") {
  Encrypter how;
  how.transport = kRsa15;
  CHECK(OutcomeOf(how, UnderSignature()) == "ENCRYPTION_ALGORITHM");
  CHECK(OutcomeOf(how, Legacy()) == "OPENED");
  // Whatever the block holds, the content is what fails: with the same reason as a wrong tag.
  for (size_t at : {size_t{1}, size_t{100}, size_t{255}}) {
    how.alter_key = [at](std::string& key) { key[at] = static_cast<char>(key[at] ^ 1); };
    CHECK(OutcomeOf(how, Legacy()) == "DECRYPTION_FAILED");
  }
  // A block that is well padded and holds a key of another length.
  Encrypter longer;
  longer.transport = kRsa15;
  longer.alter_key = [](std::string& key) {
    Encrypter inner;
    inner.transport = kRsa15;
    key = WrapSessionKey(inner, std::string(16, 'k'));
  };
  CHECK(OutcomeOf(longer, Legacy()) == "DECRYPTION_FAILED");
}

TEST_CASE("DecryptInPlace: S117 every flipped byte ends in one reason", "[xml][enc][S117]") {
  const auto flip = [](size_t at) {
    return [at](std::string& bytes) {
      bytes[at % bytes.size()] = static_cast<char>(bytes[at % bytes.size()] ^ 0x20);
    };
  };
  for (size_t at = 0; at < 100; ++at) {
    Encrypter gcm;
    gcm.alter_content = flip(at);
    CHECK(OutcomeOf(gcm) == "DECRYPTION_FAILED");
    Encrypter key;
    key.alter_key = flip(at);
    CHECK(OutcomeOf(key) == "DECRYPTION_FAILED");
  }
  // With CBC a flip may leave the text well-formed, or break the padding: no reason says which.
  for (size_t at = 0; at < 2000; ++at) {
    Encrypter cbc;
    cbc.content = kAes128Cbc;
    cbc.session_key = std::string(16, 'k');
    cbc.alter_content = flip(at);
    const std::string text = Holder(Encrypted(kHidden, cbc));
    Document document = OrDie(Document::Parse(text));
    const auto opened = DecryptInPlace(document, *document.root().Child("urn:a", "Holder"), Ours(),
                                       UnderSignature());
    if (!opened.ok()) CHECK(base::ReasonOf(opened.status()) == "DECRYPTION_FAILED");
  }
}

TEST_CASE("DecryptInPlace: S117 a key of another cipher's length is no key, and no other reason",
          "[xml][enc][S117]") {
  struct Row {
    const char* content;
    size_t wrapped;
  };
  for (const Row& row :
       {Row{kAes256Gcm, 16}, Row{kAes256Gcm, 24}, Row{kAes256Gcm, 33}, Row{kAes128Gcm, 32},
        Row{kAes128Gcm, 15}, Row{kAes128Gcm, 0}, Row{kAes128Cbc, 32}, Row{kAes256Cbc, 16}}) {
    CAPTURE(row.content, row.wrapped);
    Encrypter how;
    how.content = row.content;
    how.alter_key = [&](std::string& key) {
      key = WrapSessionKey(Encrypter(), std::string(row.wrapped, 'k'));
    };
    CHECK(OutcomeOf(how, UnderSignature()) == "DECRYPTION_FAILED");
  }
  // A good key under the name of another cipher of the same family.
  const std::string gcm = Holder(Encrypted(kHidden));
  CHECK(Outcome(Changed(gcm, kAes256Gcm, kAes128Gcm)) == "DECRYPTION_FAILED");
  CHECK(Outcome(Changed(gcm, kAes256Gcm, kAes256Cbc), UnderSignature()) == "DECRYPTION_FAILED");
}

TEST_CASE("DecryptInPlace: S119 AES-GCM has 12 bytes of IV and 16 of tag, never less",
          "[xml][enc][S119]") {
  for (const size_t cut : {size_t{1}, size_t{4}, size_t{12}, size_t{15}}) {
    CAPTURE(cut);
    Encrypter tag;
    tag.alter_content = [cut](std::string& sealed) { sealed.resize(sealed.size() - cut); };
    CHECK(OutcomeOf(tag) == "DECRYPTION_FAILED");
    Encrypter iv;
    iv.alter_content = [cut](std::string& sealed) { sealed.erase(0, cut); };
    CHECK(OutcomeOf(iv) == "DECRYPTION_FAILED");
    Encrypter little;
    little.alter_content = [cut](std::string& sealed) { sealed.resize(cut); };
    CHECK(OutcomeOf(little) == "DECRYPTION_FAILED");
  }
}

TEST_CASE("DecryptInPlace: P15 an EncryptedKey counts in three places and nowhere else",
          "[xml][enc][P15]") {
  for (const KeyPlace place : {KeyPlace::kInKeyInfo, KeyPlace::kBeside, KeyPlace::kPointedAt}) {
    Encrypter how;
    how.place = place;
    CHECK(OutcomeOf(how) == "OPENED");
  }
  Encrypter how;
  how.place = KeyPlace::kNowhere;
  how.session_key = std::string(32, 'k');
  CHECK(OutcomeOf(how) == "ENCRYPTION_KEY");
  // Outside of the holder, wherever it is pointed at from.
  const std::string key = EncryptedKeyElement(how, how.session_key);
  const std::string outside = absl::StrCat("<a:Other>", key, "</a:Other></a:Root>");
  CHECK(Outcome(Changed(Holder(Encrypted(kHidden, how)), "</a:Root>", outside)) ==
        "ENCRYPTION_KEY");
  how.place = KeyPlace::kPointedAt;
  const std::string pointed = Changed(Holder(Encrypted(kHidden, how)), "</xenc:EncryptedData><xenc",
                                      "</xenc:EncryptedData></a:Holder><a:Other><xenc");
  CHECK(Outcome(Changed(pointed, "</a:Holder></a:Root>", "</a:Other></a:Root>")) ==
        "ENCRYPTION_REFERENCE");
  const std::string good = Holder(Encrypted(kHidden, how));
  for (const char* const uri : {"", "#", "_key", "#_other", "http://127.0.0.1:9/key",
                                "file:///etc/passwd", "#xpointer(id('_key'))"}) {
    CAPTURE(uri);
    CHECK(Outcome(Changed(good, "URI=\"#_key\"", absl::StrCat("URI=\"", uri, "\""))) ==
          "ENCRYPTION_REFERENCE");
  }
  CHECK(Outcome(Changed(good, "xmlenc#EncryptedKey\" URI", "xmlenc#DerivedKey\" URI")) ==
        "ENCRYPTION_REFERENCE");
  // Deeper inside of the holder is another place, too.
  Encrypter inside;
  CHECK(Outcome(Changed(Changed(Holder(Encrypted(kHidden, inside)), "<ds:KeyInfo>",
                                "<ds:KeyInfo><ds:X509Data>"),
                        "</ds:KeyInfo>", "</ds:X509Data></ds:KeyInfo>")) == "ENCRYPTION_KEY");
}

TEST_CASE(
    "DecryptInPlace: S121 S123 what is missing, elsewhere or too much is refused by its shape",
    "[xml][enc][S121][S123]") {
  Encrypter how;
  how.place = KeyPlace::kBeside;
  const std::string good = Holder(Encrypted(kHidden, how));
  REQUIRE(Outcome(good) == "OPENED");
  const std::string method =
      absl::StrCat("<xenc:EncryptionMethod Algorithm=\"", kAes256Gcm, "\"/>");
  const std::string key_method = absl::StrCat("<xenc:EncryptionMethod Algorithm=\"", kOaepMgf1p,
                                              "\"></xenc:EncryptionMethod>");
  struct Row {
    const char* name;
    std::string text;
    const char* reason;
  };
  const std::string size =
      absl::StrCat("<xenc:EncryptionMethod Algorithm=\"", kAes256Gcm,
                   "\"><xenc:KeySize>256</xenc:KeySize></xenc:EncryptionMethod>");
  const Row kRows[] = {
      {"S121 no EncryptionMethod", Changed(good, method, ""), "ENCRYPTION_ALGORITHM"},
      {"S121 none for the key", Changed(good, key_method, ""), "ENCRYPTION_ALGORITHM"},
      {"S121 an unknown one", Changed(good, "aes256-gcm", "aes257-gcm"), "ENCRYPTION_ALGORITHM"},
      {"the size that the algorithm has", Changed(good, method, size), "OPENED"},
      {"another size", Changed(good, method, Changed(size, "256<", "128<")),
       "ENCRYPTION_ALGORITHM"},
      {"S123 CipherReference",
       Changed(good, "<xenc:CipherData>",
               "<xenc:CipherData><xenc:CipherReference URI=\"http://127.0.0.1:9/x\"/>"),
       "ENCRYPTION_REFERENCE"},
      {"two EncryptedData",
       Changed(good, "<a:Holder>",
               "<a:Holder><xenc:EncryptedData "
               "xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"/>"),
       "ENCRYPTION_MALFORMED"},
      {"something beside", Changed(good, "<a:Holder>", "<a:Holder><a:Secret/>"),
       "ENCRYPTION_MALFORMED"},
      {"text beside", Changed(good, "<a:Holder>", "<a:Holder>x"), "ENCRYPTION_MALFORMED"},
      {"content and not an element", Changed(good, "xmlenc#Element\"", "xmlenc#Content\""),
       "ENCRYPTION_MALFORMED"},
      {"no Type", Changed(good, " Type=\"http://www.w3.org/2001/04/xmlenc#Element\"", ""),
       "OPENED"},
      {"an Encoding", Changed(good, " Type=", " Encoding=\"urn:gzip\" Type="),
       "ENCRYPTION_MALFORMED"},
      {"no base64", Changed(good, "<xenc:CipherValue>", "<xenc:CipherValue>*"),
       "ENCRYPTION_MALFORMED"},
      {"a comment in it", Changed(good, "<xenc:CipherValue>", "<xenc:CipherValue><!-- x -->"),
       "ENCRYPTION_MALFORMED"},
      {"white space in it", Changed(good, "<xenc:CipherValue>", "<xenc:CipherValue>\n  "),
       "OPENED"},
      {"nothing at all", Holder(""), "ENCRYPTION_MALFORMED"},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    CHECK(Outcome(row.text) == row.reason);
  }
}

TEST_CASE("DecryptInPlace: S122 a thousand EncryptedKeys are not tried", "[xml][enc][S122]") {
  Encrypter how;
  how.place = KeyPlace::kBeside;
  how.session_key = std::string(32, 'k');
  const std::string key = EncryptedKeyElement(how, how.session_key);
  const auto with = [&](int foreign) {
    Encrypter stranger = how;
    stranger.recipient = &AttackerKey();
    const std::string other = EncryptedKeyElement(stranger, how.session_key);
    std::string keys;
    for (int i = 0; i < foreign; ++i) keys += other;
    return Changed(Holder(Encrypted(kHidden, how)), "<a:Holder>", "<a:Holder>" + keys);
  };
  CHECK(Outcome(with(1)) == "OPENED");
  CHECK(Outcome(with(3)) == "OPENED");
  // Only the first four are opened, so that a message costs no more.
  CHECK(Outcome(with(4)) == "DECRYPTION_FAILED");
  CHECK(Outcome(with(100)) == "ENCRYPTION_KEY");
}

TEST_CASE("DecryptInPlace: fifty decryptions cost less than the key managers they do without",
          "[xml][enc]") {
  const std::string good = Holder(Encrypted(kHidden));
  const base::Stopwatch stopwatch;
  for (int i = 0; i < 50; ++i) REQUIRE(Outcome(good) == "OPENED");
  // One manager reads some 140 authorities and takes 50 ms.
  CHECK(stopwatch.Elapsed() < absl::Seconds(2));
}

TEST_CASE("DecryptInPlace: any of our keys opens, another's never", "[xml][enc]") {
  const std::string good = Holder(Encrypted(kHidden));
  std::vector<crypto::PrivateKey> keys;
  keys.push_back(NewPrivateKey(crypto::NewKey::kEcP256));
  keys.push_back(NewPrivateKey(crypto::NewKey::kEd25519));
  CHECK(Outcome(good, DecryptOptions(), keys) == "ENCRYPTION_KEY");
  CHECK(Outcome(good, DecryptOptions(), {}) == "ENCRYPTION_KEY");
  CHECK(Outcome(good, DecryptOptions(), absl::MakeConstSpan(&AttackerKey(), 1)) ==
        "DECRYPTION_FAILED");
  Encrypter both;
  keys.push_back(NewPrivateKey(crypto::NewKey::kRsa2048));
  keys.push_back(NewPrivateKey(crypto::NewKey::kRsa2048));
  both.recipient = &keys.back();
  CHECK(Outcome(Holder(Encrypted(kHidden, both)), DecryptOptions(), keys) == "OPENED");
}

TEST_CASE("DecryptInPlace: S120 what was hidden is exactly one element, under the same limits",
          "[xml][enc][S120]") {
  const std::string deep = [] {
    std::string text = "x";
    for (int i = 0; i < 100; ++i) text = absl::StrCat("<d>", text, "</d>");
    return text;
  }();
  for (const std::string& hidden :
       {std::string("<!DOCTYPE a><a:Secret/>"), std::string("<a:Secret/><a:Secret/>"),
        std::string("text"), std::string("<a:Secret/>text"), std::string("<!-- x --><a:Secret/>"),
        std::string("<a:Secret>"), std::string("<b:Secret/>"), std::string("</in-place><x/>"),
        std::string("<a:Secret/></in-place><in-place>"), std::string("\xff\xfe<a:Secret/>"),
        std::string("<a:Secret>&x;</a:Secret>"), deep, std::string("<?xml version=\"1.0\"?><a/>"),
        std::string(" ")}) {
    CAPTURE(hidden);
    CHECK(Outcome(Holder(Encrypted(hidden))) == "DECRYPTED_CONTENT");
  }
  CHECK(Outcome(Holder(Encrypted(absl::StrCat("\n ", kHidden, "\n")))) == "OPENED");
}

TEST_CASE("DecryptInPlace: S72 what was hidden lives in the one tree, in the scope of its place",
          "[xml][enc][S72]") {
  // Signed inside a root that declares the namespaces, one of them for a value alone.
  const std::string text =
      "<a:Root xmlns:a=\"urn:a\" xmlns:t=\"urn:t?a=1&amp;b=2\" xmlns=\"urn:d\"><a:Holder>"
      "<a:Secret ID=\"_secret\"><a:First/><Plain xmlns:u=\"urn:u\" u:kind=\"t:x\"/></a:Secret>"
      "</a:Holder></a:Root>";
  Document before = OrDie(Document::Parse(text));
  Recipe recipe;
  recipe.adjust = [](xmlNode* signature) {
    xmlNode* method = xmlFirstElementChild(xmlFirstElementChild(signature));
    xmlNode* list = xmlNewChild(method, nullptr, X("InclusiveNamespaces"), nullptr);
    xmlSetNs(list, xmlNewNs(list, X("http://www.w3.org/2001/10/xml-exc-c14n#"), nullptr));
    xmlSetProp(list, X("PrefixList"), X("t"));
  };
  SignAs(before, ById(before.root(), "_secret"), IdpKey(), recipe);
  const std::string is_signed = before.Serialize();
  const size_t begin = is_signed.find("<a:Secret");
  const size_t end = is_signed.find("</a:Holder>");
  const std::string encrypted =
      absl::StrCat(is_signed.substr(0, begin), Encrypted(is_signed.substr(begin, end - begin)),
                   is_signed.substr(end));
  Document document = OrDie(Document::Parse(encrypted));
  const absl::StatusOr<Element> opened =
      DecryptInPlace(document, *document.root().Child("urn:a", "Holder"), Ours());
  CAPTURE(encrypted, opened.status().ToString());
  REQUIRE(opened.ok());
  CHECK(opened->Child("urn:d", "Plain").has_value());
  const std::vector<crypto::PublicKey> keys = {IdpKey().Public()};
  CHECK(VerifyEnveloped(document, *opened, keys).ok());
  // One document now holds all IDs.
  CHECK(CheckIds(document).ok());
  Document twice =
      OrDie(Document::Parse(Changed(encrypted, "<a:Root ", "<a:Root ID=\"_secret\" ")));
  REQUIRE(CheckIds(twice).ok());
  REQUIRE(DecryptInPlace(twice, *twice.root().Child("urn:a", "Holder"), Ours()).ok());
  CHECK(base::ReasonOf(CheckIds(twice)) == "XML_DUPLICATE_ID");
}

}  // namespace va::xml
