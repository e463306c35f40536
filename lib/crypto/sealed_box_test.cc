#include "lib/crypto/sealed_box.h"

#include <catch2/catch.hpp>
#include <set>

#include "absl/strings/match.h"
#include "lib/base/status.h"
#include "lib/crypto/random.h"
#include "lib/testing/fixed_ids.h"
#include "lib/testing/test_pki.h"

namespace va::crypto {
namespace {

const std::string kKeyA(64, 'a');
const std::string kKeyB(64, 'b');
constexpr char kAad[] = "gateway.sessions:1";

KeyRing Ring(const std::string& text) { return *KeyRing::FromText(text); }
SealedBox BoxA() { return SealedBox::FromRing(Ring("k1:" + kKeyA)); }

std::string ReasonOfOpen(const SealedBox& box, const std::string& sealed, const std::string& aad) {
  return base::ReasonOf(box.Open(sealed, aad).status());
}

TEST_CASE("SealedBox: what was sealed opens again", "[crypto]") {
  testing::FixedIds ids;
  const SealedBox box = BoxA();
  for (const std::string& plain :
       {std::string(), std::string("x"), std::string("a\0b", 3), std::string(100000, 'z')}) {
    CHECK(*box.Open(box.Seal(plain, kAad, ids), kAad) == plain);
  }
}

TEST_CASE("SealedBox: the sealed value shows nothing of the plain one", "[crypto]") {
  testing::FixedIds ids;
  CHECK(BoxA().Seal("666-12-3456", kAad, ids).find("666-12-3456") == std::string::npos);
}

TEST_CASE("SealedBox: any altered byte is noticed", "[crypto][security]") {
  testing::FixedIds ids;
  const SealedBox box = BoxA();
  const std::string sealed = box.Seal("secret", kAad, ids);
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string altered = sealed;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    INFO("byte " << i);
    CHECK_FALSE(box.Open(altered, kAad).ok());
  }
}

TEST_CASE("SealedBox: any cut is noticed, S119 a truncated tag included", "[crypto][security]") {
  testing::FixedIds ids;
  const SealedBox box = BoxA();
  const std::string sealed = box.Seal("secret", kAad, ids);
  for (size_t length = 0; length < sealed.size(); ++length) {
    CHECK_FALSE(box.Open(sealed.substr(0, length), kAad).ok());
  }
}

TEST_CASE("SealedBox: a value moved to another row does not open", "[crypto][security]") {
  testing::FixedIds ids;
  const SealedBox box = BoxA();
  CHECK(ReasonOfOpen(box, box.Seal("secret", kAad, ids), "gateway.sessions:2") == "SEAL_BROKEN");
}

TEST_CASE("SealedBox: another key, and a key the ring lacks, are told apart", "[crypto]") {
  testing::FixedIds ids;
  const std::string sealed = BoxA().Seal("secret", kAad, ids);
  CHECK(ReasonOfOpen(SealedBox::FromRing(Ring("k1:" + kKeyB)), sealed, kAad) == "SEAL_BROKEN");
  CHECK(ReasonOfOpen(SealedBox::FromRing(Ring("k2:" + kKeyA)), sealed, kAad) == "SEAL_UNKNOWN_KEY");
}

TEST_CASE("SealedBox: the same key under another id does not open", "[crypto][security]") {
  testing::FixedIds ids;
  const SealedBox box = SealedBox::FromRing(Ring("k1:" + kKeyA + "\nk2:" + kKeyA));
  std::string sealed = box.Seal("secret", kAad, ids);
  sealed[3] = '2';
  CHECK(ReasonOfOpen(box, sealed, kAad) == "SEAL_BROKEN");
}

TEST_CASE("SealedBox: after a rotation the previous key still reads and the new one writes",
          "[crypto]") {
  testing::FixedIds ids;
  const std::string old_value = BoxA().Seal("secret", kAad, ids);
  const SealedBox rotated =
      SealedBox::FromRing(Ring("k1:" + kKeyA + "\nk2:" + kKeyB + ":current\n"));
  CHECK(*rotated.Open(old_value, kAad) == "secret");
  CHECK(*SealedBox::KeyIdOf(old_value) == "k1");
  CHECK(*SealedBox::KeyIdOf(rotated.Seal("new", kAad, ids)) == "k2");
}

TEST_CASE("SealedBox: nonces never repeat", "[crypto][security]") {
  SystemIdGenerator ids;
  const SealedBox box = BoxA();
  std::set<std::string> nonces;
  for (int i = 0; i < 20000; ++i) {
    nonces.insert(box.Seal("same", kAad, ids).substr(4, 12));
  }
  CHECK(nonces.size() == 20000);
}

// Gives what it is told to, and counts how much was asked for.
class ToldIds final : public base::IdGenerator {
 public:
  std::string RandomBytes(size_t count) override {
    asked.push_back(count);
    return std::string(count, static_cast<char>(asked.size()));
  }
  std::vector<size_t> asked;
};

TEST_CASE("SealedBox: a nonce comes from the random source alone, 96 bits for every value",
          "[crypto][security]") {
  ToldIds ids;
  const SealedBox box = BoxA();
  // The same value at the same place: nothing of the nonce is theirs.
  const std::string first = box.Seal("same", kAad, ids);
  const std::string second = box.Seal("same", kAad, ids);
  CHECK(ids.asked == std::vector<size_t>{12, 12});
  CHECK(first.substr(4, 12) == std::string(12, '\1'));
  CHECK(second.substr(4, 12) == std::string(12, '\2'));
}

TEST_CASE(
    "SealedBox E7: what is sealed again takes a new nonce, under the same key and under the next",
    "[crypto][security][E7]") {
  SystemIdGenerator ids;
  const SealedBox before = BoxA();
  const std::string sealed = before.Seal("secret", kAad, ids);
  const std::string plain = *before.Open(sealed, kAad);
  const SealedBox after = SealedBox::FromRing(Ring("k1:" + kKeyA + "\nk2:" + kKeyB + ":current"));
  CHECK(before.Seal(plain, kAad, ids).substr(4, 12) != sealed.substr(4, 12));
  CHECK(after.Seal(plain, kAad, ids).substr(4, 12) != sealed.substr(4, 12));
}

TEST_CASE("SealedBox: every value sealed is counted, through an exchange of the ring as well",
          "[crypto]") {
  SystemIdGenerator ids;
  SealedBox box = BoxA();
  for (int i = 0; i < 5; ++i) box.Seal("x", kAad, ids);
  CHECK(box.seals() == 5);
  REQUIRE(
      box.Exchange(SealedBox::FromRing(Ring("k1:" + kKeyA + "\nk2:" + kKeyB + ":current"))).ok());
  box.Seal("x", kAad, ids);
  CHECK(box.seals() == 6);
  // To open and to hash wears nothing out.
  static_cast<void>(box.Open(box.Seal("x", kAad, ids), kAad));
  static_cast<void>(box.LookupHash("icn", "1"));
  CHECK(box.seals() == 7);
}

TEST_CASE("KeyRing: lines that do not fit are refused with their number", "[crypto]") {
  for (const std::string& text :
       {std::string(), std::string("# only words\n"), std::string("k1"), "k1:" + kKeyA + "00",
        "k1:" + std::string(64, 'g'), ":" + kKeyA, "k 1:" + kKeyA, "k1:" + kKeyA + ":old",
        "k1:" + kKeyA + "\nk1:" + kKeyB, "a:" + kKeyA + ":current\nb:" + kKeyB + ":current"}) {
    INFO(text);
    CHECK(base::ReasonOf(KeyRing::FromText(text).status()) == "KEY_RING");
  }
  const absl::StatusOr<KeyRing> second = KeyRing::FromText("k1:" + kKeyA + "\nnonsense");
  CHECK(second.status().message() == "key ring line 2: expected key_id:hex[:state[:since]]");
  // A message never repeats the key.
  CHECK_FALSE(absl::StrContains(KeyRing::FromText("k1:" + kKeyA + "0").status().message(), "aaaa"));
}

TEST_CASE("KeyRing: without the word `current` the first line writes", "[crypto]") {
  const KeyRing ring = Ring("# ring\n\nk1:" + kKeyA + "\r\nk2:" + kKeyB + "\n");
  CHECK(ring.current_id() == "k1");
  CHECK(ring.ids() == std::vector<std::string>{"k1", "k2"});
}

TEST_CASE("KeyRing: a file open to others is refused", "[crypto]") {
  const testing::TempDir dir;
  CHECK(SealedBox::FromKeyFile(dir.Write("good", "k1:" + kKeyA, 0600)).ok());
  CHECK(base::ReasonOf(SealedBox::FromKeyFile(dir.Write("bad", "k1:" + kKeyA, 0644)).status()) ==
        "SECRET_FILE_OPEN");
}

TEST_CASE("LookupHasher: the same value hashes alike, purposes and keys apart", "[crypto]") {
  const LookupHasher hasher = LookupHasher::FromRing(Ring("k1:" + kKeyA));
  CHECK(hasher.Hash("icn", "1") == hasher.Hash("icn", "1"));
  CHECK(hasher.Hash("icn", "1") != hasher.Hash("ssn", "1"));
  CHECK(hasher.Hash("icn", "1") != hasher.Hash("icn", "2"));
  CHECK(hasher.Hash("ab", "c") != hasher.Hash("a", "bc"));
  CHECK(hasher.Hash("icn", "1") != LookupHasher::FromRing(Ring("k1:" + kKeyB)).Hash("icn", "1"));
  CHECK(hasher.Hash("icn", "1").substr(0, 3) == "k1:");
}

TEST_CASE("LookupHasher: after a rotation candidates cover both keys, current first", "[crypto]") {
  const std::string before = LookupHasher::FromRing(Ring("k1:" + kKeyA)).Hash("icn", "1");
  const LookupHasher rotated =
      LookupHasher::FromRing(Ring("k1:" + kKeyA + "\nk2:" + kKeyB + ":current"));
  const std::vector<std::string> candidates = rotated.Candidates("icn", "1");
  REQUIRE(candidates.size() == 2);
  CHECK(candidates[0] == rotated.Hash("icn", "1"));
  CHECK(candidates[1] == before);
}

TEST_CASE("SealedBox K2: a ring is exchanged in place when it holds the key in use, and only then",
          "[crypto][reload][K2]") {
  SystemIdGenerator ids;
  SealedBox box = SealedBox::FromRing(Ring("k1:" + kKeyA));
  const std::string before = box.Seal("plain", "aad", ids);
  for (const std::string& foreign : {"k1:" + kKeyB, "k2:" + kKeyB}) {
    CHECK(base::ReasonOf(box.Exchange(SealedBox::FromRing(Ring(foreign)))) == "KEY_RING");
    CHECK(box.current_key_id() == "k1");
    CHECK(*box.Open(before, "aad") == "plain");
  }
  CHECK(box.Exchange(SealedBox::FromRing(Ring("k1:" + kKeyA + "\nk2:" + kKeyB + ":current"))).ok());
  CHECK(box.current_key_id() == "k2");
  CHECK(*box.Open(before, "aad") == "plain");
  // Now the first key may go.
  CHECK(box.Exchange(SealedBox::FromRing(Ring("k2:" + kKeyB))).ok());
  CHECK(base::ReasonOf(box.Open(before, "aad").status()) == "SEAL_UNKNOWN_KEY");
}

TEST_CASE("SealedBox: look-ups hash alike, purposes and keys apart, not as LookupHasher does",
          "[crypto]") {
  const SealedBox box = BoxA();
  CHECK(box.LookupHash("name", "1") == box.LookupHash("name", "1"));
  CHECK(box.LookupHash("name", "1") != box.LookupHash("other", "1"));
  CHECK(box.LookupHash("name", "1") != box.LookupHash("name", "2"));
  CHECK(box.LookupHash("name", "1").substr(0, 3) == "k1:");
  CHECK(box.LookupHash("name", "1") !=
        SealedBox::FromRing(Ring("k1:" + kKeyB)).LookupHash("name", "1"));
  // The derived key is another than the ring's.
  CHECK(box.LookupHash("name", "1") !=
        LookupHasher::FromRing(Ring("k1:" + kKeyA)).Hash("name", "1"));
}

TEST_CASE("SealedBox: after a rotation look-ups cover both keys, current first", "[crypto]") {
  const SealedBox rotated = SealedBox::FromRing(Ring("k1:" + kKeyA + "\nk2:" + kKeyB + ":current"));
  const std::vector<std::string> candidates = rotated.LookupCandidates("name", "1");
  REQUIRE(candidates.size() == 2);
  CHECK(candidates[0] == rotated.LookupHash("name", "1"));
  CHECK(candidates[1] == BoxA().LookupHash("name", "1"));
}

TEST_CASE("LookupHasher K2: a ring is exchanged in place when it holds the key in use",
          "[crypto][reload][K2]") {
  LookupHasher hasher = LookupHasher::FromRing(Ring("k1:" + kKeyA));
  CHECK_FALSE(hasher.Exchange(LookupHasher::FromRing(Ring("k1:" + kKeyB))).ok());
  CHECK(hasher.Candidates("icn", "1").size() == 1);
  CHECK(hasher.Exchange(LookupHasher::FromRing(Ring("k1:" + kKeyA + "\nk2:" + kKeyB))).ok());
  CHECK(hasher.Candidates("icn", "1").size() == 2);
}

}  // namespace
}  // namespace va::crypto
