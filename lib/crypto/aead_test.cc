#include "lib/crypto/aead.h"

#include <catch2/catch.hpp>
#include <string>

#include "lib/base/encoding.h"

namespace va::crypto {
namespace {

constexpr Aead kAll[] = {Aead::kAes128Gcm, Aead::kAes192Gcm, Aead::kAes256Gcm,
                         Aead::kAes128CbcHmacSha256};

std::string Hex(absl::string_view digits) { return base::HexDecode(digits).value(); }

struct Sealed {
  std::string ciphertext;
  std::string tag;
};

Sealed Seal(Aead aead, const std::string& key, const std::string& iv, absl::string_view aad,
            absl::string_view plaintext) {
  Sealed sealed{std::string(CiphertextBytes(aead, plaintext.size()), '\0'),
                std::string(kAeadTagBytes, '\0')};
  REQUIRE(SealAead(aead, key, iv, aad, plaintext, sealed.ciphertext.data(), sealed.tag.data()));
  return sealed;
}

std::string KeyOf(Aead aead) { return std::string(KeyBytes(aead), 'k'); }
std::string IvOf(Aead aead) { return std::string(IvBytes(aead), 'i'); }

TEST_CASE("Aead: the A128CBC-HS256 example of RFC 7518 appendix B.1", "[crypto][rule]") {
  const std::string key = Hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  const std::string iv = Hex("1af38c2dc2b96ffdd86694092341bc04");
  const std::string plaintext =
      "A cipher system must not be required to be secret, and it must be able to fall into the "
      "hands of the enemy without inconvenience";
  const std::string aad = "The second principle of Auguste Kerckhoffs";
  const Sealed sealed = Seal(Aead::kAes128CbcHmacSha256, key, iv, aad, plaintext);
  CHECK(base::HexEncode(sealed.ciphertext) ==
        "c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9"
        "a94ac9b47ad2655c5f10f9aef71427e2fc6f9b3f399a221489f16362c7032336"
        "09d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b"
        "384c486f3a54c51078158ee5d79de59fbd34d848b3d69550a67646344427ade5"
        "4b8851ffb598f7f80074b9473c82e2db");
  CHECK(base::HexEncode(sealed.tag) == "652c3fa36b0a7c5b3219fab3a30bc1c4");
  std::string opened;
  REQUIRE(
      OpenAead(Aead::kAes128CbcHmacSha256, key, iv, aad, sealed.ciphertext, sealed.tag, opened));
  CHECK(opened == plaintext);
}

TEST_CASE("Aead: the AES-GCM examples 4 and 16 of its authors", "[crypto][rule]") {
  const std::string iv = Hex("cafebabefacedbaddecaf888");
  const std::string aad = Hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const std::string plaintext =
      Hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
          "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  const Sealed small =
      Seal(Aead::kAes128Gcm, Hex("feffe9928665731c6d6a8f9467308308"), iv, aad, plaintext);
  CHECK(base::HexEncode(small.ciphertext) ==
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
        "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091");
  CHECK(base::HexEncode(small.tag) == "5bc94fbc3221a5db94fae95ae7121a47");
  const Sealed large = Seal(Aead::kAes256Gcm,
                            Hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
                            iv, aad, plaintext);
  CHECK(base::HexEncode(large.ciphertext) ==
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662");
  CHECK(base::HexEncode(large.tag) == "76fc6ece0f4e1768cddf8853bb2d551b");
}

TEST_CASE("Aead: what was sealed opens, of any size, also nothing", "[crypto]") {
  for (const Aead aead : kAll) {
    for (const size_t size : {0U, 1U, 15U, 16U, 17U, 1000U}) {
      const std::string plaintext(size, 'p');
      const Sealed sealed = Seal(aead, KeyOf(aead), IvOf(aead), "aad", plaintext);
      std::string opened = "something old";
      REQUIRE(
          OpenAead(aead, KeyOf(aead), IvOf(aead), "aad", sealed.ciphertext, sealed.tag, opened));
      CHECK(opened == plaintext);
    }
  }
}

TEST_CASE("Aead: S119 J6 J7 a tag is sixteen bytes, every other length is refused",
          "[crypto][security]") {
  for (const Aead aead : kAll) {
    const Sealed sealed = Seal(aead, KeyOf(aead), IvOf(aead), "aad", "plaintext");
    for (size_t length = 0; length < kAeadTagBytes; ++length) {
      std::string opened;
      CHECK_FALSE(OpenAead(aead, KeyOf(aead), IvOf(aead), "aad", sealed.ciphertext,
                           absl::string_view(sealed.tag).substr(0, length), opened));
    }
    std::string opened;
    CHECK_FALSE(OpenAead(aead, KeyOf(aead), IvOf(aead), "aad", sealed.ciphertext, sealed.tag + "x",
                         opened));
  }
}

TEST_CASE("Aead: J6 an initialisation vector and a key have one length each",
          "[crypto][security]") {
  for (const Aead aead : kAll) {
    const Sealed sealed = Seal(aead, KeyOf(aead), IvOf(aead), "", "plaintext");
    for (size_t length = 0; length <= 33; ++length) {
      std::string opened;
      std::string room(64, '\0');
      const std::string text(length, 'i');
      if (length != IvBytes(aead)) {
        CHECK_FALSE(OpenAead(aead, KeyOf(aead), text, "", sealed.ciphertext, sealed.tag, opened));
        CHECK_FALSE(SealAead(aead, KeyOf(aead), text, "", "p", room.data(), room.data() + 32));
      }
      if (length != KeyBytes(aead)) {
        CHECK_FALSE(OpenAead(aead, text, IvOf(aead), "", sealed.ciphertext, sealed.tag, opened));
        CHECK_FALSE(SealAead(aead, text, IvOf(aead), "", "p", room.data(), room.data() + 32));
      }
    }
  }
}

TEST_CASE("Aead: whatever is changed, nothing opens and nothing is left of it",
          "[crypto][security]") {
  for (const Aead aead : kAll) {
    const Sealed sealed = Seal(aead, KeyOf(aead), IvOf(aead), "aad", "a plaintext of some length");
    std::string opened;
    const auto refuses = [&](absl::string_view key, absl::string_view iv, absl::string_view aad,
                             absl::string_view ciphertext, absl::string_view tag) {
      opened = "old";
      return !OpenAead(aead, key, iv, aad, ciphertext, tag, opened) && opened.empty();
    };
    for (size_t at = 0; at < sealed.ciphertext.size(); ++at) {
      std::string changed = sealed.ciphertext;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      CHECK(refuses(KeyOf(aead), IvOf(aead), "aad", changed, sealed.tag));
    }
    for (size_t at = 0; at < sealed.tag.size(); ++at) {
      std::string changed = sealed.tag;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      CHECK(refuses(KeyOf(aead), IvOf(aead), "aad", sealed.ciphertext, changed));
    }
    std::string other_iv = IvOf(aead);
    other_iv.back() = 'j';
    CHECK(refuses(KeyOf(aead), other_iv, "aad", sealed.ciphertext, sealed.tag));
    CHECK(refuses(KeyOf(aead), IvOf(aead), "AAD", sealed.ciphertext, sealed.tag));
    // Bytes that move from what is authenticated into what is encrypted.
    CHECK(refuses(KeyOf(aead), IvOf(aead), "aa", "d" + sealed.ciphertext, sealed.tag));
    CHECK(refuses(KeyOf(aead), IvOf(aead), "aad", "", sealed.tag));
  }
}

TEST_CASE("Aead: J7 the halves of the key are not to be swapped", "[crypto][security]") {
  const std::string key = std::string(16, 'm') + std::string(16, 'e');
  const std::string swapped = std::string(16, 'e') + std::string(16, 'm');
  const std::string iv(16, 'i');
  const Sealed sealed = Seal(Aead::kAes128CbcHmacSha256, key, iv, "", "plaintext");
  std::string opened;
  CHECK_FALSE(
      OpenAead(Aead::kAes128CbcHmacSha256, swapped, iv, "", sealed.ciphertext, sealed.tag, opened));
}

TEST_CASE("Aead: J7 a ciphertext that is not whole blocks is refused", "[crypto][security]") {
  const std::string key(32, 'k');
  const std::string iv(16, 'i');
  const Sealed sealed = Seal(Aead::kAes128CbcHmacSha256, key, iv, "", std::string(40, 'p'));
  for (size_t length = 0; length < sealed.ciphertext.size(); ++length) {
    std::string opened;
    CHECK_FALSE(OpenAead(Aead::kAes128CbcHmacSha256, key, iv, "",
                         absl::string_view(sealed.ciphertext).substr(0, length), sealed.tag,
                         opened));
  }
}

}  // namespace
}  // namespace va::crypto
