#include "lib/crypto/ring_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/key_ring.h"
#include "lib/crypto/private_key_ring.h"
#include "lib/crypto/sealed_box.h"
#include "lib/testing/test_pki.h"

namespace va::crypto {
namespace {

const std::string kKeyA(64, 'a');
const std::string kKeyB(64, 'b');
constexpr char kHead[] = "ring sealing AES-256-GCM publish=1h overlap=15m\n";
constexpr char kSigning[] = "ring signing ES256 publish=1h overlap=15m\n";

std::string ReasonOf(const std::string& text) {
  return base::ReasonOf(RingFile::Parse(text).status());
}

TEST_CASE("RingFile: what is printed is what was read", "[crypto][ring]") {
  const std::string text = absl::StrCat(
      "# of the sign-in suite\nring sealing AES-256-GCM publish=1h30m overlap=0 "
      "kept-by=auth-gateway,mhv-account\nk1:",
      kKeyA, ":retired:2026-01-15T12:00:00Z\nk2:", kKeyB, ":current\n");
  const auto ring = RingFile::Parse(text);
  REQUIRE(ring.ok());
  CHECK(ring->Print() == text);
  CHECK(ring->policy().publish == absl::Minutes(90));
  CHECK(ring->policy().kept_by == std::vector<std::string>{"auth-gateway", "mhv-account"});
  CHECK(ring->current().id == "k2");
  CHECK(ring->Next() == nullptr);
}

TEST_CASE("RingFile: a ring of private keys that says no times never lets a key go at once",
          "[crypto][ring]") {
  for (const auto& [head, hours] :
       {std::pair("signing ES256", 1), std::pair("saml-signing RSA-2048", 24),
        std::pair("saml-decryption RSA-2048", 24)}) {
    const auto ring = RingFile::Parse(absl::StrCat("ring ", head, "\nk1:k1.pem:current\n"));
    REQUIRE(ring.ok());
    CHECK(ring->policy().publish == absl::Hours(hours));
    CHECK(ring->policy().overlap == absl::Hours(hours));
  }
}

TEST_CASE("RingFile: a ring of old without a first line is one of symmetric keys, as before",
          "[crypto][ring]") {
  const auto ring = RingFile::Parse(absl::StrCat("k1:", kKeyA, "\nk2:", kKeyB, "\n"));
  REQUIRE(ring.ok());
  CHECK(ring->policy().purpose == RingPurpose::kUnstated);
  CHECK(ring->current().id == "k1");
  CHECK(ring->Find("k2")->state == KeyState::kRetired);
  // What the verbs write of it says the states, and is the same ring.
  CHECK(RingFile::Parse(ring->Print())->current().id == "k1");
}

TEST_CASE("RingFile: whatever is not whole is refused", "[crypto][ring]") {
  const std::string one = absl::StrCat("k1:", kKeyA, ":current\n");
  for (const std::string& text : {
           std::string(kHead),                                    // no key
           absl::StrCat(kHead, "k1:", kKeyA, ":next\n"),          // none that works
           absl::StrCat("k1:", kKeyA, ":retired\n"),              //
           absl::StrCat(kHead, one, "k2:", kKeyB, ":current\n"),  // two
           absl::StrCat(kHead, one, "k1:", kKeyB, ":next\n"),     // an id twice
           absl::StrCat(kHead, one, "k2:", kKeyB, ":next\nk3:", kKeyA, ":next\n"),
           absl::StrCat(kHead, "k1:", kKeyA, "\n"),                    // a state is not said
           absl::StrCat(kHead, "k1:", kKeyA, ":working\n"),            //
           absl::StrCat(kHead, "k1:", kKeyA, ":current:yesterday\n"),  //
           absl::StrCat(kHead, "k1:", kKeyA, ":current:2026-01-15T12:00:00+00:00\n"),
           absl::StrCat(kHead, "k1:", kKeyA, ":current:infinite-future\n"),
           absl::StrCat(kHead, "k1:k1.pem:current\n"),                    // a file for a key
           absl::StrCat(kSigning, one),                                   // a key for a file
           absl::StrCat(kSigning, "k1:../k1.pem:current\n"),              // out of the folder
           absl::StrCat(kSigning, "k1:.hidden:current\n"),                //
           absl::StrCat("ring sealing ES256\n", one),                     // does not go together
           absl::StrCat("ring saml-signing EdDSA\nk1:a.pem:current\n"),   // decision P4
           absl::StrCat("ring sealing AES-256-GCM publish=-1h\n", one),   //
           absl::StrCat("ring sealing AES-256-GCM publish=inf\n", one),   //
           absl::StrCat("ring sealing AES-256-GCM publish=0.5s\n", one),  //
           absl::StrCat("ring sealing AES-256-GCM publish=1h publish=2h\n", one),
           absl::StrCat("ring sealing AES-256-GCM colour=red\n", one),  //
           absl::StrCat("ring sealing AES-256-GCM kept-by=\n", one),    //
           absl::StrCat("ring sealing\n", one),                         //
           absl::StrCat(one, kHead),                                    // not the first line
       }) {
    INFO(text);
    CHECK(ReasonOf(text) == "KEY_RING");
  }
  std::string many = one;
  for (size_t i = 0; i < kMostRingKeys; ++i) absl::StrAppend(&many, "x", i, ":", kKeyB, "\n");
  CHECK(ReasonOf(many) == "KEY_RING");
}

TEST_CASE("RingFile: a message never repeats a key", "[crypto][ring][security]") {
  for (const std::string& text :
       {absl::StrCat("k1:", kKeyA, "0"), absl::StrCat(kHead, "k1:", kKeyA, "0:current"),
        absl::StrCat(kHead, "k1:", kKeyA, ":", kKeyA), absl::StrCat(kHead, kKeyA)}) {
    CHECK_FALSE(absl::StrContains(RingFile::Parse(text).status().message(), "aaaa"));
  }
}

TEST_CASE("KeyRing: every state reads, the current one writes, and next comes before retired",
          "[crypto][ring]") {
  const auto ring =
      KeyRing::FromText(absl::StrCat(kHead, "k1:", kKeyA, ":retired\nk2:", kKeyB,
                                     ":current\nk3:", std::string(64, 'c'), ":next\n"));
  REQUIRE(ring.ok());
  CHECK(ring->current_id() == "k2");
  CHECK(ring->ids() == std::vector<std::string>{"k2", "k3", "k1"});
}

TEST_CASE("KeyRing: a key does one kind of work, so a ring for another purpose is refused",
          "[crypto][ring][security]") {
  const testing::TempDir dir;
  const std::string sealing = dir.Write("s.ring", absl::StrCat(kHead, "k:", kKeyA, ":current"));
  const std::string lookup =
      dir.Write("l.ring", absl::StrCat("ring lookup HMAC-SHA256\nk:", kKeyA, ":current"));
  CHECK(SealedBox::FromKeyFile(sealing).ok());
  CHECK(LookupHasher::FromKeyFile(lookup).ok());
  CHECK(base::ReasonOf(SealedBox::FromKeyFile(lookup).status()) == "KEY_RING");
  CHECK(base::ReasonOf(LookupHasher::FromKeyFile(sealing).status()) == "KEY_RING");
  CHECK(ReasonOf(absl::StrCat(kSigning, "k:k.pem:current")).empty());
  CHECK_FALSE(KeyRing::FromText(absl::StrCat(kSigning, "k:k.pem:current")).ok());
}

// --- Private keys ---

struct Folder {
  testing::TempDir dir;
  std::string ring = absl::StrCat(dir.path(), "/decision.ring");

  void Key(const std::string& name, NewKey kind) const {
    dir.Write(name, *GenerateKeyPem(kind), 0600);
  }
  void Pair(const std::string& stem, NewKey kind) const {
    CertificateRequest request;
    request.common_name = stem;
    request.not_before = absl::FromUnixSeconds(1768478400);
    request.not_after = absl::FromUnixSeconds(1968478400);
    const auto pair = IssueSelfSigned(request, kind);
    dir.Write(stem + ".pem", pair->private_key_pem, 0600);
    dir.Write(stem + ".crt", pair->certificate_pem, 0644);
  }
  void Ring(const std::string& text, int mode = 0600) const {
    dir.Write("decision.ring", text, mode);
  }
  std::string Reason() const { return base::ReasonOf(PrivateKeyRing::FromFile(ring).status()); }
};

TEST_CASE("PrivateKeyRing: ring and PEM files are read as one, current first", "[crypto][ring]") {
  const Folder folder;
  folder.Key("a.pem", NewKey::kEcP256);
  folder.Key("b.pem", NewKey::kEcP256);
  folder.Ring(absl::StrCat(kSigning, "a:a.pem:next:2026-01-15T12:00:00Z\nb:b.pem:current\n"));
  const auto ring = PrivateKeyRing::FromFile(folder.ring);
  REQUIRE(ring.ok());
  CHECK(ring->current().id == "b");
  REQUIRE(ring->next() != nullptr);
  CHECK(ring->next()->id == "a");
  CHECK(ring->files().size() == 5);  // the ring, two keys, and where their certificates would be
  CHECK(ring->Ages().size() == 2);
  CHECK(PrivateKeyRing::FromFile(folder.ring, {RingPurpose::kSigning}).ok());
  CHECK_FALSE(PrivateKeyRing::FromFile(folder.ring, {RingPurpose::kSamlSigning}).ok());
}

TEST_CASE("PrivateKeyRing K2: a half-written ring is never taken", "[crypto][ring][K2]") {
  const Folder folder;
  folder.Key("a.pem", NewKey::kEcP256);
  const std::string text = absl::StrCat(kSigning, "a:a.pem:current\n");
  folder.Ring(text);
  CHECK(folder.Reason().empty());
  for (size_t cut = 0; cut + 1 < text.size(); ++cut) {
    folder.Ring(text.substr(0, cut));
    INFO(cut);
    CHECK_FALSE(folder.Reason().empty());
  }
  // The ring names a file that is not there yet, or that is there in part.
  folder.Ring(absl::StrCat(kSigning, "a:a.pem:current\nb:b.pem:next\n"));
  CHECK(folder.Reason() == "FILE_UNREADABLE");
  folder.dir.Write("b.pem", "-----BEGIN PRIVATE KEY-----\nMIG", 0600);
  CHECK(folder.Reason() == "KEY_UNREADABLE");
}

TEST_CASE(
    "PrivateKeyRing K2: while the files are exchanged again and again, a reading is one of the "
    "rings or none, never a mixture",
    "[crypto][ring][K2]") {
  const Folder folder;
  std::vector<std::string> kids;
  for (const char* version : {"v1", "v2"}) {
    const std::string sub = absl::StrCat(folder.dir.path(), "/", version);
    std::filesystem::create_directory(sub);
    // The same names, other keys: whoever takes one file from each folder is found out.
    folder.Key(absl::StrCat(version, "/a.pem"), NewKey::kEcP256);
    folder.Key(absl::StrCat(version, "/b.pem"), NewKey::kEcP256);
    folder.dir.Write(absl::StrCat(version, "/decision.ring"),
                     absl::StrCat(kSigning, "a:a.pem:current\nb:b.pem:next\n"), 0600);
    const auto ring = PrivateKeyRing::FromFile(sub + "/decision.ring");
    REQUIRE(ring.ok());
    kids.push_back(ring->current().key.Public().Der() + ring->next()->key.Public().Der());
  }
  // As Kubernetes mounts a secret: files are links through ..data, which is turned over.
  const std::string data = folder.dir.path() + "/..data";
  std::filesystem::create_symlink("v1", data);
  for (const char* name : {"decision.ring", "a.pem", "b.pem"}) {
    std::filesystem::create_symlink(absl::StrCat("..data/", name),
                                    absl::StrCat(folder.dir.path(), "/", name));
  }
  std::atomic<bool> stop{false};
  std::atomic<int> readings{0};
  std::thread turner([&] {
    for (int i = 0; !stop; ++i) {
      const std::string fresh = folder.dir.path() + "/..data_tmp";
      std::filesystem::create_symlink(i % 2 == 0 ? "v2" : "v1", fresh);
      std::filesystem::rename(fresh, data);
      // Once in every reading, wherever that stands.
      while (!stop && readings <= i) std::this_thread::yield();
    }
  });
  int whole = 0;
  for (int i = 0; i < 400; ++i) {
    ++readings;
    const auto ring = PrivateKeyRing::FromFile(folder.ring);
    if (!ring.ok()) continue;
    ++whole;
    const std::string seen = ring->current().key.Public().Der() + ring->next()->key.Public().Der();
    CHECK((seen == kids[0] || seen == kids[1]));
  }
  stop = true;
  turner.join();
  CHECK(whole > 0);
}

TEST_CASE("PrivateKeyRing: a ring or a key open to others is refused, through links as well",
          "[crypto][ring][security]") {
  const Folder folder;
  folder.Key("a.pem", NewKey::kEcP256);
  const std::string text = absl::StrCat(kSigning, "a:a.pem:current\n");
  folder.Ring(text, 0644);
  CHECK(folder.Reason() == "SECRET_FILE_OPEN");
  folder.Ring(text, 0660);
  CHECK(folder.Reason() == "SECRET_FILE_OPEN");
  folder.Ring(text, 0440);
  CHECK(folder.Reason().empty());
  ::chmod((folder.dir.path() + "/a.pem").c_str(), 0604);
  CHECK(folder.Reason() == "SECRET_FILE_OPEN");
  // The link's own mode is 0777 and means nothing; that of the file it leads to counts.
  const testing::TempDir other;
  std::filesystem::create_symlink(folder.ring, other.path() + "/decision.ring");
  std::filesystem::create_symlink(folder.dir.path() + "/a.pem", other.path() + "/a.pem");
  const std::string linked = other.path() + "/decision.ring";
  CHECK(base::ReasonOf(PrivateKeyRing::FromFile(linked).status()) == "SECRET_FILE_OPEN");
  ::chmod((folder.dir.path() + "/a.pem").c_str(), 0400);
  CHECK(PrivateKeyRing::FromFile(linked).ok());
}

TEST_CASE("PrivateKeyRing: a key of another kind than the ring's algorithm is refused",
          "[crypto][ring][security]") {
  const Folder folder;
  folder.Key("a.pem", NewKey::kEcP384);
  folder.Ring(absl::StrCat(kSigning, "a:a.pem:current\n"));
  CHECK(folder.Reason() == "KEY_RING");
  folder.Ring("ring signing EdDSA\na:a.pem:current\n");
  CHECK(folder.Reason() == "KEY_RING");
  folder.Ring("ring signing RS256\na:a.pem:current\n");
  CHECK(folder.Reason() == "KEY_RING");
  folder.Key("a.pem", NewKey::kEd25519);
  folder.Ring("ring signing EdDSA\na:a.pem:current\n");
  CHECK(folder.Reason().empty());
  folder.Key("a.pem", NewKey::kRsa1024ForTests);
  folder.Ring("ring signing RS256\na:a.pem:current\n");
  CHECK(folder.Reason() == "KEY_TOO_SHORT");
}

TEST_CASE("PrivateKeyRing: one key under two ids is refused", "[crypto][ring]") {
  const Folder folder;
  folder.Key("a.pem", NewKey::kEcP256);
  folder.Ring(absl::StrCat(kSigning, "a:a.pem:current\nb:a.pem:next\n"));
  CHECK(folder.Reason() == "KEY_RING");
}

TEST_CASE("PrivateKeyRing: a SAML key has its certificate beside it, and it is that key's",
          "[crypto][ring]") {
  const Folder folder;
  constexpr char kSaml[] = "ring saml-signing ES256\na:a.pem:current\n";
  folder.Key("a.pem", NewKey::kEcP256);
  folder.Ring(kSaml);
  CHECK(folder.Reason() == "KEY_RING");
  folder.Pair("a", NewKey::kEcP256);
  CHECK(folder.Reason().empty());
  CHECK(PrivateKeyRing::FromFile(folder.ring)->current().certificate.has_value());
  folder.Key("a.pem", NewKey::kEcP256);
  CHECK(folder.Reason() == "KEY_RING");
}

TEST_CASE("PrivateKeyRing K2: a ring that lacks the key in use does not take its place",
          "[crypto][ring][reload][K2]") {
  const Folder folder;
  folder.Key("a.pem", NewKey::kEcP256);
  folder.Key("b.pem", NewKey::kEcP256);
  folder.Ring(absl::StrCat(kSigning, "a:a.pem:current\n"));
  const auto before = PrivateKeyRing::FromFile(folder.ring);
  folder.Ring(absl::StrCat(kSigning, "x:a.pem:retired\nb:b.pem:current\n"));
  CHECK(PrivateKeyRing::FromFile(folder.ring)->Replaces(*before).ok());
  folder.Ring(absl::StrCat(kSigning, "a:b.pem:current\n"));
  CHECK(base::ReasonOf(PrivateKeyRing::FromFile(folder.ring)->Replaces(*before)) == "KEY_RING");
}

}  // namespace
}  // namespace va::crypto
