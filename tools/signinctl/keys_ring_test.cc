// keys list, create, rotate, retire and publish on rings in a folder of their own.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/key_ring.h"
#include "lib/crypto/private_key_ring.h"
#include "lib/jose/jwks.h"
#include "lib/testing/test_pki.h"
#include "tools/signinctl/ring_change.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

using crypto::KeyState;
using crypto::PrivateKeyRing;

// A ring, and somebody who has signinctl and a clock.
struct Desk {
  testing::TempDir dir;
  mutable testing::FakeClock clock;
  std::string ring = absl::StrCat(dir.path(), "/decision.ring");
  std::string set = absl::StrCat(dir.path(), "/decision.jwks");

  Ran Keys(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "keys");
    return RunWith(arguments, "", {}, &clock);
  }
  Ran Create(const std::string& purpose, const std::string& algorithm) const {
    return Keys({"create", ring, "--purpose", purpose, "--algorithm", algorithm, "--overlap", "15m",
                 "--yes"});
  }
  Ran Rotate() const { return Keys({"rotate", ring, "--yes"}); }
  std::string Text() const { return Read(ring); }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  crypto::RingFile Ring() const { return *crypto::RingFile::Parse(Text()); }
  size_t Published() const { return jose::Jwks::Parse(Read(set))->keys().size(); }
};

TEST_CASE("keys: a ring for tokens goes from create over rotate to retire, dry-run first",
          "[signinctl][keys]") {
  const Desk desk;
  CHECK(desk.Keys({"create", desk.ring, "--purpose", "signing", "--algorithm", "ES256"})
            .json["verdict"] == "dry_run");
  CHECK_FALSE(std::filesystem::exists(desk.ring));
  REQUIRE(desk.Create("signing", "ES256").exit == 0);
  CHECK(desk.Published() == 1);
  const std::string first = desk.Ring().current().id;

  const std::string before = desk.Text();
  const Ran dry = desk.Keys({"rotate", desk.ring});
  CHECK(dry.exit == 0);
  CHECK(dry.json["verdict"] == "dry_run");
  CHECK(dry.json["does"] == "add");
  CHECK(desk.Text() == before);

  CHECK(desk.Rotate().json["does"] == "add");
  CHECK(desk.Ring().current().id == first);
  CHECK(desk.Published() == 2);

  const Ran early = desk.Rotate();
  CHECK(early.exit == 1);
  CHECK(early.json["reason"] == "TOO_EARLY");
  CHECK(early.json["from"] == "2026-01-15T13:00:00Z");

  desk.clock.Advance(absl::Hours(1));
  CHECK(desk.Rotate().json["does"] == "promote");
  CHECK(desk.Ring().current().id != first);
  CHECK(desk.Published() == 2);
  CHECK(desk.Keys({"retire", desk.ring, first, "--yes"}).json["reason"] == "TOO_EARLY");

  desk.clock.Advance(absl::Minutes(15));
  const std::string pem = absl::StrCat(desk.dir.path(), "/", desk.Ring().Find(first)->material);
  CHECK(std::filesystem::exists(pem));
  CHECK(desk.Keys({"retire", desk.ring, first, "--yes"}).exit == 0);
  CHECK(desk.Published() == 1);
  CHECK(desk.Ring().keys().size() == 1);
  CHECK_FALSE(std::filesystem::exists(pem));
  CHECK(PrivateKeyRing::FromFile(desk.ring).ok());
}

TEST_CASE("keys: every kind of private key is made, SAML keys with a certificate",
          "[signinctl][keys]") {
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"signing", "ES256"},           {"signing", "RS256"},      {"signing", "PS256"},
      {"signing", "EdDSA"},           {"saml-signing", "ES256"}, {"saml-signing", "RS256"},
      {"saml-decryption", "RSA-3072"}};
  for (const auto& [purpose, algorithm] : kinds) {
    INFO(purpose << " " << algorithm);
    const Desk desk;
    REQUIRE(desk.Create(purpose, algorithm).exit == 0);
    REQUIRE(desk.Rotate().exit == 0);
    const auto ring = PrivateKeyRing::FromFile(desk.ring);
    REQUIRE(ring.ok());
    CHECK(ring->keys().size() == 2);
    CHECK(ring->current().certificate.has_value() == (purpose != "signing"));
    if (algorithm == "RSA-3072") CHECK(ring->current().key.bits() == 3072);
    CHECK(std::filesystem::exists(desk.set) == (purpose == "signing"));
    struct stat info {};
    ::stat(desk.ring.c_str(), &info);
    CHECK((info.st_mode & 0777) == 0600);
  }
}

TEST_CASE("keys create: without durations a ring has those that its purpose needs",
          "[signinctl][keys]") {
  for (const auto& [purpose, algorithm, hours] :
       {std::tuple("signing", "ES256", 1), std::tuple("saml-signing", "RSA-2048", 24),
        std::tuple("saml-decryption", "RSA-2048", 24), std::tuple("sealing", "AES-256-GCM", 1),
        std::tuple("lookup", "HMAC-SHA256", 1)}) {
    const Desk desk;
    const std::vector<std::string> create = {"create", desk.ring,     "--purpose",
                                             purpose,  "--algorithm", algorithm};
    CHECK(desk.Keys(create).json["overlap"] == absl::FormatDuration(absl::Hours(hours)));
    std::vector<std::string> yes = create;
    yes.emplace_back("--yes");
    REQUIRE(desk.Keys(yes).exit == 0);
    CHECK(desk.Ring().policy().publish == absl::Hours(hours));
    CHECK(desk.Ring().policy().overlap == absl::Hours(hours));
  }
}

TEST_CASE("keys: a clock behind what the ring knows writes nothing down, but in an emergency",
          "[signinctl][keys]") {
  const Desk desk;
  REQUIRE(desk.Create("signing", "ES256").exit == 0);
  REQUIRE(desk.Rotate().exit == 0);
  const std::string next = desk.Ring().Next()->id;
  const std::string before = desk.Text();
  desk.clock.Advance(-absl::Hours(1));
  // Retired an hour ago, its overlap would be over as soon as the clock is right again.
  CHECK(desk.Keys({"retire", desk.ring, next, "--yes"}).json["reason"] == "CLOCK_BEHIND");
  CHECK(desk.Rotate().json["reason"] == "CLOCK_BEHIND");
  CHECK(desk.Text() == before);
  CHECK(desk.Keys({"rotate", desk.ring, "--yes", "--force"}).json["does"] == "promote");
}

TEST_CASE("keys: neither publish nor retire writes over the ring or its keys",
          "[signinctl][keys][security]") {
  const Desk desk;
  REQUIRE(desk.Create("signing", "ES256").exit == 0);
  const std::string text = desk.Text();
  const std::string pem = absl::StrCat(desk.dir.path(), "/", desk.Ring().current().material);
  for (const std::string& out : {desk.ring, pem, desk.dir.path() + "/./decision.ring"}) {
    CHECK(desk.Keys({"publish", desk.ring, "--out", out}).json["reason"] == "OUT_IS_KEY");
  }
  CHECK(desk.Text() == text);
  CHECK(PrivateKeyRing::FromFile(desk.ring).ok());
  const std::string data =
      absl::StrCat("ring sealing AES-256-GCM publish=0 kept-by=none\nk1:", std::string(64, 'a'),
                   ":retired\nk2:", std::string(64, 'b'), ":current\n");
  desk.dir.Write("decision.ring", data, 0600);
  CHECK(desk.Keys({"retire", desk.ring, "k1", "--yes", "--archive", desk.ring}).json["reason"] ==
        "ARCHIVE_IS_RING");
  CHECK(desk.Text() == data);
}

TEST_CASE("keys publish: beside the ring it waits for nobody who changes it", "[signinctl][keys]") {
  const Desk desk;
  REQUIRE(desk.Create("signing", "ES256").exit == 0);
  const int lock = ::open((desk.ring + ".lock").c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(::flock(lock, LOCK_EX | LOCK_NB) == 0);
  CHECK(desk.Keys({"publish", desk.ring, "--out", desk.set}).json["reason"] == "RING_LOCKED");
  CHECK(desk.Keys({"publish", desk.ring, "--out", desk.dir.path() + "/other"}).exit == 0);
  ::close(lock);
  CHECK(desk.Keys({"publish", desk.ring, "--out", desk.set}).exit == 0);
}

// What a line `printf 'TEXT' >NAME` of a page writes, by name.
std::map<std::string, std::string> FilesOfPage(const std::string& page) {
  std::map<std::string, std::string> files;
  for (const absl::string_view line : absl::StrSplit(Desk::Read(page), '\n')) {
    const std::vector<std::string> parts = absl::StrSplit(line, '\'');
    if (parts.size() != 3 || parts[0] != "printf " || !absl::StartsWith(parts[2], " >")) continue;
    files[parts[2].substr(2)] = absl::StrReplaceAll(parts[1], {{"\\n", "\n"}});
  }
  return files;
}

TEST_CASE("keys: the rings that the runbook lays over keys of before are read as they stand",
          "[signinctl][keys]") {
  const auto rings = FilesOfPage("docs/runbooks/key-rotation.md");
  REQUIRE(rings.size() == 3);
  testing::TestPki pki;
  const testing::PemFiles sp = pki.SelfSignedRsa("sp");
  const testing::TempDir dir;
  dir.Write("decision.key", crypto::GenerateKeyPem(crypto::NewKey::kEcP256).value(), 0600);
  dir.Write("mhv-sts.key", crypto::GenerateKeyPem(crypto::NewKey::kRsa2048).value(), 0600);
  dir.Write("sp.key", Desk::Read(sp.private_key_file), 0600);
  dir.Write("sp.crt", Desk::Read(sp.certificate_file), 0644);
  for (const auto& [name, text] : rings) {
    INFO(name);
    const std::string ring = dir.Write(name, text, 0600);
    CHECK(crypto::PrivateKeyRing::FromFile(ring).ok());
    if (name == "sp.ring") continue;
    const std::string set = absl::StrCat(dir.path(), "/", name, ".jwks");
    CHECK(RunWith({"keys", "publish", ring, "--out", set}).exit == 0);
    CHECK(jose::Jwks::Parse(Desk::Read(set))->keys().size() == 1);
  }
}

TEST_CASE("keys: what does not go together is refused, and nothing is made", "[signinctl][keys]") {
  const Desk desk;
  CHECK(desk.Create("saml-signing", "EdDSA").exit == 2);  // decision P4
  CHECK(desk.Create("sealing", "ES256").exit == 2);
  CHECK(desk.Create("signing", "HS256").exit == 2);
  CHECK_FALSE(std::filesystem::exists(desk.ring));
  REQUIRE(desk.Create("signing", "ES256").exit == 0);
  CHECK(desk.Create("signing", "ES256").json["reason"] == "RING_EXISTS");
}

TEST_CASE("keys: the mode and the owner of a ring stay, and new keys get them",
          "[signinctl][keys]") {
  const Desk desk;
  REQUIRE(desk.Create("signing", "ES256").exit == 0);
  ::chmod(desk.ring.c_str(), 0440);
  REQUIRE(desk.Rotate().exit == 0);
  struct stat info {};
  ::stat(desk.ring.c_str(), &info);
  CHECK((info.st_mode & 0777) == 0440);
  ::stat(absl::StrCat(desk.dir.path(), "/", desk.Ring().Next()->material).c_str(), &info);
  CHECK((info.st_mode & 0777) == 0440);
}

TEST_CASE("keys: a link is not written through, as Kubernetes mounts a ring", "[signinctl][keys]") {
  const Desk desk;
  REQUIRE(desk.Create("sealing", "AES-256-GCM").exit == 0);
  const testing::TempDir mount;
  const std::string link = mount.path() + "/decision.ring";
  std::filesystem::create_symlink(desk.ring, link);
  CHECK(desk.Keys({"rotate", link, "--yes"}).json["reason"] == "RING_IS_LINK");
  CHECK(desk.Ring().keys().size() == 1);
}

TEST_CASE("keys: a set that was lost is published anew, and its time begins then",
          "[signinctl][keys]") {
  const Desk desk;
  REQUIRE(desk.Create("signing", "ES256").exit == 0);
  REQUIRE(desk.Rotate().exit == 0);
  std::filesystem::remove(desk.set);
  desk.clock.Advance(absl::Hours(2));
  // Not by the way of publish, as if nothing had been.
  CHECK(desk.Keys({"publish", desk.ring, "--out", desk.set}).json["reason"] == "NOT_PUBLISHED");
  CHECK(desk.Rotate().json["does"] == "restart");
  CHECK(desk.Published() == 2);
  CHECK(desk.Rotate().json["reason"] == "TOO_EARLY");
  CHECK(desk.Keys({"publish", desk.ring, "--out", desk.set}).exit == 0);
}

TEST_CASE("keys publish: prints public keys, named by thumbprint and bound to their algorithm",
          "[signinctl][keys][security]") {
  const Desk desk;
  REQUIRE(desk.Create("signing", "PS256").exit == 0);
  const Ran ran = desk.Keys({"publish", desk.ring});
  CHECK(ran.exit == 0);
  CHECK(ran.json["keys"][0]["alg"] == "PS256");
  CHECK(ran.json["keys"][0]["use"] == "sig");
  CHECK_FALSE(ran.json["keys"][0].contains("d"));
  const Ran list = desk.Keys({"list", desk.ring});
  CHECK(list.json["rings"][0]["keys"][0]["kid"] == ran.json["keys"][0]["kid"]);
  const Desk other;
  REQUIRE(other.Create("lookup", "HMAC-SHA256").exit == 0);
  CHECK(other.Keys({"publish", other.ring}).exit == 1);
}

TEST_CASE("keys list: tells ages and the next step with its time, and never a key",
          "[signinctl][keys][security]") {
  const Desk desk;
  REQUIRE(desk.Create("sealing", "AES-256-GCM").exit == 0);
  REQUIRE(desk.Rotate().exit == 0);
  desk.clock.Advance(absl::Minutes(10));
  const Ran list = desk.Keys({"list", desk.ring});
  const Json& ring = list.json["rings"][0];
  CHECK(ring["keys"][0]["age_seconds"] == 600);
  CHECK(ring["next_steps"][0]["does"] == "promote");
  CHECK(ring["next_steps"][0]["from"] == "2026-01-15T13:00:00Z");
  CHECK(ring["next_steps"][0]["due"] == false);
  const Ran table = desk.Keys({"list", "--human", desk.ring});
  CHECK(absl::StrContains(table.out, "next step from 2026-01-15T13:00:00Z: keys rotate"));
  const crypto::RingFile held = desk.Ring();
  for (const crypto::RingKey& key : held.keys()) {
    CHECK_FALSE(absl::StrContains(list.out + list.err + table.out + table.err, key.material));
  }
}

TEST_CASE("keys list: one ring that cannot be read does not hide the others", "[signinctl][keys]") {
  const Desk desk;
  REQUIRE(desk.Create("sealing", "AES-256-GCM").exit == 0);
  const std::string open = desk.dir.Write("open.ring", desk.Text(), 0644);
  const Ran list = desk.Keys({"list", open, desk.ring});
  CHECK(list.exit == 1);
  CHECK(list.json["rings"][0]["reason"] == "SECRET_FILE_OPEN");
  CHECK(list.json["rings"][1]["keys"].size() == 1);
}

TEST_CASE(
    "keys retire E7: a key of data is dropped on proof only, and kept for old backups or "
    "destroyed on purpose",
    "[signinctl][keys][E7]") {
  const Desk desk;
  const std::string old_ring =
      absl::StrCat("k1:", std::string(64, 'a'), "\nk2:", std::string(64, 'b'), ":current\n");
  desk.dir.Write("decision.ring", old_ring, 0600);
  const std::vector<std::string> drop = {"retire", desk.ring, "k1", "--yes"};
  // A process that has not read the ring yet still writes under it.
  CHECK(desk.Keys(drop).json["does"] == "date");
  desk.clock.Advance(absl::Minutes(59));
  CHECK(desk.Keys(drop).json["reason"] == "TOO_EARLY");
  desk.clock.Advance(absl::Minutes(1));
  const std::string dated = desk.Text();
  CHECK(desk.Keys(drop).json["reason"] == "PROOF_MISSING");
  // Haste waives no proof: what was sealed under the key would be gone.
  CHECK(desk.Keys({"retire", desk.ring, "k1", "--yes", "--force"}).json["reason"] ==
        "PROOF_MISSING");
  CHECK(desk.Keys({"retire", desk.ring, "k1", "--yes", "--nothing-kept"}).json["reason"] ==
        "ARCHIVE_OR_DESTROY");
  CHECK(desk.Text() == dated);
  const std::string archive = desk.dir.path() + "/old.keys";
  CHECK(desk.Keys({"retire", desk.ring, "k1", "--yes", "--nothing-kept", "--archive", archive})
            .exit == 0);
  CHECK(desk.Ring().keys().size() == 1);
  CHECK(absl::StartsWith(Desk::Read(archive), absl::StrCat("k1:", std::string(64, 'a'))));
  struct stat info {};
  ::stat(archive.c_str(), &info);
  CHECK((info.st_mode & 077) == 0);
}

TEST_CASE("keys retire E7: a ring that says who keeps values under it is asked for each of them",
          "[signinctl][keys][E7]") {
  const Desk desk;
  const auto text = [](const std::string& kept_by) {
    return absl::StrCat("ring lookup HMAC-SHA256 publish=0 overlap=0 kept-by=", kept_by,
                        "\nk1:", std::string(64, 'a'), ":retired\nk2:", std::string(64, 'b'),
                        ":current\n");
  };
  desk.dir.Write("decision.ring", text("mhv-account,user-attributes"), 0600);
  const Ran ran = desk.Keys({"retire", desk.ring, "k1", "--yes", "--nothing-kept", "--destroy"});
  CHECK(ran.json["reason"] == "PROOF_MISSING");
  CHECK(absl::StrContains(std::string(ran.json["detail"]), "mhv-account, user-attributes"));
  desk.dir.Write("decision.ring", text("none"), 0600);
  CHECK(desk.Keys({"retire", desk.ring, "k1", "--yes", "--destroy"}).exit == 0);
}

// Runs `work` in a process of its own; how it ended.
template <typename Work>
int InChild(const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_CASE("keys rotate: of many rotators at once exactly one changes the ring",
          "[signinctl][keys]") {
  for (const char* purpose : {"sealing", "signing"}) {
    const Desk desk;
    REQUIRE(desk.Create(purpose, purpose[1] == 'e' ? "AES-256-GCM" : "ES256").exit == 0);
    constexpr int kRotators = 24;
    std::vector<pid_t> children;
    int gate[2];
    REQUIRE(::pipe(gate) == 0);
    for (int i = 0; i < kRotators; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        ::close(gate[1]);
        char byte = 0;
        // Ends when all are there.
        if (::read(gate[0], &byte, 1) != 0) ::_exit(99);
        ::_exit(desk.Rotate().exit);
      }
      children.push_back(child);
    }
    ::close(gate[0]);
    ::close(gate[1]);
    int changed = 0;
    for (const pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      REQUIRE(WIFEXITED(status));
      changed += WEXITSTATUS(status) == 0 ? 1 : 0;
    }
    CHECK(changed == 1);
    CHECK(desk.Ring().keys().size() == 2);
    CHECK(desk.Ring().Next() != nullptr);
  }
}

TEST_CASE(
    "keys: killed at any step, the ring that is left loads, no key works that is not "
    "published, and the same command goes on",
    "[signinctl][keys]") {
  for (const std::string& purpose : {std::string("signing"), std::string("saml-signing")}) {
    // 0: add, 1: promote, 2: drop.
    for (int stage = 0; stage < 3; ++stage) {
      int killed = 0;
      for (int kill_at = 1; kill_at < 12; ++kill_at) {
        INFO(purpose << " stage " << stage << " step " << kill_at);
        const Desk desk;
        testing::FakeClock& clock = desk.clock;
        REQUIRE(desk.Create(purpose, "ES256").exit == 0);
        const std::string first = desk.Ring().current().id;
        for (int done = 0; done < stage; ++done) {
          REQUIRE(desk.Rotate().exit == 0);
          clock.Advance(absl::Hours(24));
        }
        const PlanStep plan = [&](const RingOnDisk& disk) {
          return stage == 2 ? crypto::PlanRetire(disk.ring, first)
                            : crypto::PlanRotate(disk.ring, disk.published);
        };
        const int end = InChild([&] {
          int step = 0;
          ChangeOptions options;
          options.before_each = [&] {
            if (++step == kill_at) ::raise(SIGKILL);
          };
          return ChangeRing(*ReadRing(desk.ring), plan, clock.Now(), options).ok() ? 0 : 1;
        });
        if (end == -SIGKILL) ++killed;
        const auto ring = PrivateKeyRing::FromFile(desk.ring);
        REQUIRE(ring.ok());
        if (purpose == "signing") {
          const std::string set = Desk::Read(desk.set);
          const std::string kid = ring->current().key.Public().Der();
          bool there = false;
          const auto published = jose::Jwks::Parse(set);
          for (const jose::Jwk& key : published->keys()) there |= key.key.Der() == kid;
          CHECK(there);
        }
        // What had not been done is done now; what had, is not done twice.
        const bool before = stage == 0   ? ring->next() == nullptr
                            : stage == 1 ? ring->current().id == first
                                         : desk.Ring().Find(first) != nullptr;
        if (before) CHECK(ChangeRing(*ReadRing(desk.ring), plan, clock.Now(), {}).ok());
        CHECK(PrivateKeyRing::FromFile(desk.ring)->keys().size() == (stage == 2 ? 1 : 2));
      }
      CHECK(killed >= 1);
    }
  }
}

TEST_CASE("keys: somebody who has the lock is not waited for, and nothing is changed",
          "[signinctl][keys]") {
  const Desk desk;
  REQUIRE(desk.Create("sealing", "AES-256-GCM").exit == 0);
  const auto seen = ReadRing(desk.ring);
  REQUIRE(desk.Rotate().exit == 0);
  const PlanStep plan = [](const RingOnDisk& disk) {
    return crypto::PlanRotate(disk.ring, disk.published);
  };
  // Read before somebody else changed it.
  const auto late = ChangeRing(*seen, plan, desk.clock.Now(), {});
  CHECK(base::ReasonOf(late.status()) == "RING_CHANGED");
  CHECK(desk.Ring().keys().size() == 2);
}

TEST_CASE("keys: no ring, however broken, makes a verb fall", "[signinctl][keys][security]") {
  const Desk desk;
  REQUIRE(desk.Create("signing", "ES256").exit == 0);
  for (const std::string& text : HostileInputs(desk.Text())) {
    desk.dir.Write("decision.ring", text, 0600);
    for (const char* verb : {"list", "rotate", "publish"}) {
      const int exit = desk.Keys({verb, desk.ring}).exit;
      CHECK((exit == 0 || exit == 1));
    }
    CHECK(desk.Keys({"retire", desk.ring, "x"}).exit == 1);
  }
}

}  // namespace
}  // namespace va::signinctl
