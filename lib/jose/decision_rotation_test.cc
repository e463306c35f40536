// The key of decision tokens goes round while tokens are signed and checked (attack A22), on a
// simulated clock: several processes sign, several check, and each reads what stands on the disk at
// a moment of its own. The times are those of the rules of rotation (lib/crypto/rotation.h).
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/private_key_ring.h"
#include "lib/crypto/rotation.h"
#include "lib/jose/decision_token.h"
#include "lib/jose/keys_testing.h"
#include "lib/jose/thumbprint.h"
#include "lib/testing/fixed_ids.h"
#include "lib/testing/test_pki.h"

namespace va::jose {
namespace {

using crypto::RingFile;

const absl::Time kStart = absl::FromUnixSeconds(1768478400);
constexpr absl::Duration kSlowest = absl::Minutes(3);  // until everybody has read what was written
constexpr size_t kSigners = 2;
constexpr size_t kCheckers = 3;
constexpr int kTokens = 150;

// The disk: four keys made once, rings of some of them, and the set published of each ring.
class Disk {
 public:
  Disk() {
    for (int i = 0; i < 4; ++i) {
      dir_.Write(absl::StrCat("k", i, ".key"),
                 crypto::GenerateKeyPem(crypto::NewKey::kEcP256).value());
    }
  }

  crypto::PrivateKeyRing Ring(const RingFile& ring) const {
    return crypto::PrivateKeyRing::FromFile(dir_.Write("test.ring", ring.Print())).value();
  }
  static Jwks SetOf(const crypto::PrivateKeyRing& ring) {
    std::vector<PublishedKey> keys;
    for (const auto& key : ring.keys()) {
      keys.push_back({key.key.Public(), {"", "ES256", KeyUse::kSignature}});
    }
    return Jwks::Parse(WriteJwks(keys).value()).value();
  }

 private:
  const va::testing::TempDir dir_;
};

std::string KeyOf(const std::string& token) {
  const auto header = base::Base64UrlDecode(token.substr(0, token.find('.')));
  return nlohmann::json::parse(*header)["kid"];
}

// One house, one schedule.
class House {
 public:
  House(const Disk& disk, absl::Duration publish, absl::Duration overlap, unsigned seed)
      : disk_(disk),
        random_(seed),
        file_(RingFile::Parse(
                  absl::StrCat("ring signing ES256 publish=", absl::FormatDuration(publish),
                               " overlap=", absl::FormatDuration(overlap),
                               "\nk0:k0.key:current:2026-01-01T00:00:00Z\n"))
                  .value()) {
    const crypto::PrivateKeyRing ring = disk_.Ring(file_);
    for (size_t i = 0; i < kSigners; ++i) {
      signers_.push_back(DecisionSigner::FromRing(ring, testing::Hasher()).value());
      own_.push_back(
          DecisionVerifier::FromRing(ring, testing::Hasher(), kMhvAccountAudience).value());
    }
    for (size_t i = 0; i < kCheckers; ++i) checkers_.push_back(CheckerOf(ring));
    Note(ring, kStart);
  }

  // Three rotations, each step as early as it may be done or a little later.
  void Rotate() {
    absl::Time now = kStart;
    for (int key = 1; key <= 3; ++key) {
      now = Step(now, crypto::PlanRotate(file_, true).value(), absl::StrCat("k", key));
      now = Step(now, crypto::PlanRotate(file_, true).value());
      now = Step(now, crypto::PlanRetire(file_, absl::StrCat("k", key - 1)).value());
    }
    end_ = now + kSlowest;
  }

  // Tokens all the time; whoever shows one is anywhere in its life.
  void Sign(int tokens) {
    for (int i = 0; i < tokens; ++i) {
      const absl::Time at = kStart + Part(end_ - kStart);
      const size_t signer = random_() % kSigners;
      At(at, [this, at, signer] {
        const std::string token = signers_[signer].Sign(facts_, at, ids_).value();
        ++signed_;
        // Never before its time, by whichever process.
        if (at < current_from_.at(KeyOf(token))) ++early_;
        const absl::Time shown = at + Part(kDecisionLifetime - absl::Seconds(1));
        const size_t place = random_() % (kCheckers + kSigners);
        At(shown, [this, token, shown, place] { Show(token, shown, place); });
      });
    }
  }

  void Run() {
    while (!events_.empty()) {
      const auto event = events_.extract(events_.begin());
      event.mapped()();
    }
  }

  int signed_tokens() const { return signed_; }
  int refused() const { return refused_; }
  int early() const { return early_; }
  size_t keys_seen() const { return current_from_.size(); }

 private:
  absl::Duration Part(absl::Duration whole) {
    return whole * (static_cast<double>(random_() % 10000) / 10000);
  }
  void At(absl::Time when, std::function<void()> what) { events_.emplace(when, std::move(what)); }

  static DecisionVerifier CheckerOf(const crypto::PrivateKeyRing& ring) {
    return DecisionVerifier::FromJwks(Disk::SetOf(ring), testing::Hasher(), kMhvAccountAudience)
        .value();
  }

  void Note(const crypto::PrivateKeyRing& ring, absl::Time since) {
    current_from_.emplace(Thumbprint(ring.current().key.Public()).value(), since);
  }

  absl::Time Step(absl::Time now, const crypto::RotationStep& step, const std::string& fresh = "") {
    now = std::max(now, step.from) + Part(absl::Minutes(1));
    REQUIRE(crypto::CheckDue(step, now).ok());
    std::optional<crypto::RingKey> key;
    if (!fresh.empty()) key.emplace(fresh, fresh + ".key", crypto::KeyState::kNext, std::nullopt);
    file_ = crypto::Apply(file_, step, now, true, key).value();
    const auto ring = std::make_shared<const crypto::PrivateKeyRing>(disk_.Ring(file_));
    Note(*ring, now);
    At(now, [this, ring] { on_disk_ = ring; });
    for (size_t i = 0; i < kSigners; ++i) {
      At(now + Part(kSlowest), [this, i] { ReloadSigner(i); });
    }
    for (size_t i = 0; i < kCheckers; ++i) {
      At(now + Part(kSlowest), [this, i] { checkers_[i].Exchange(CheckerOf(*on_disk_)); });
    }
    return now;
  }

  void ReloadSigner(size_t i) {
    own_[i].Exchange(
        *DecisionVerifier::FromRing(*on_disk_, testing::Hasher(), kMhvAccountAudience));
    signers_[i].Exchange(*DecisionSigner::FromRing(*on_disk_, testing::Hasher()));
  }

  void Show(const std::string& token, absl::Time now, size_t place) {
    const DecisionVerifier& asked =
        place < checkers_.size() ? checkers_[place] : own_[place - checkers_.size()];
    const bool good = asked.Verify(token, {facts_.account_id, {}, facts_.flow_id}, now).ok();
    if (!good) ++refused_;
  }

  const Disk& disk_;
  std::shared_ptr<const crypto::PrivateKeyRing> on_disk_;
  std::minstd_rand random_;
  RingFile file_;
  absl::Time end_;
  va::testing::FixedIds ids_;
  const DecisionFacts facts_ = {"account-1", {}, 2, 2, "flow-1"};
  std::vector<DecisionSigner> signers_;
  std::vector<DecisionVerifier> own_;
  std::vector<DecisionVerifier> checkers_;
  std::map<std::string, absl::Time> current_from_;
  std::multimap<absl::Time, std::function<void()>> events_;
  int signed_ = 0;
  int refused_ = 0;
  int early_ = 0;
};

struct Outcome {
  int made;
  int refused;
  int early;
  size_t keys;
};

Outcome Lived(const Disk& disk, absl::Duration publish, absl::Duration overlap, unsigned seed) {
  House house(disk, publish, overlap, seed);
  house.Rotate();
  house.Sign(kTokens);
  house.Run();
  return {house.signed_tokens(), house.refused(), house.early(), house.keys_seen()};
}

}  // namespace

TEST_CASE(
    "DecisionToken: A22 a key published and kept for as long as the slowest reader needs loses no "
    "token, whoever reads when, and never signs before its time",
    "[jose][rotation][security]") {
  const Disk disk;
  for (unsigned seed = 1; seed <= 25; ++seed) {
    CAPTURE(seed);
    const Outcome outcome = Lived(disk, kSlowest, kSlowest + kDecisionLifetime, seed);
    CHECK(outcome.made == kTokens);
    CHECK(outcome.keys == 4);
    CHECK(outcome.refused == 0);
    CHECK(outcome.early == 0);
  }
}

TEST_CASE("DecisionToken: A22 without publication or without overlap tokens are lost",
          "[jose][rotation][security]") {
  const Disk disk;
  int unpublished = 0;
  int forgotten = 0;
  for (unsigned seed = 1; seed <= 10; ++seed) {
    unpublished += Lived(disk, absl::ZeroDuration(), kSlowest + kDecisionLifetime, seed).refused;
    forgotten += Lived(disk, kSlowest, absl::ZeroDuration(), seed).refused;
  }
  CHECK(unpublished > 0);
  CHECK(forgotten > 0);
}

}  // namespace va::jose
