#include "services/user-attributes/load.h"

#include <utility>

#include "lib/service/ring_durations.h"

namespace va::attributes {
namespace {

constexpr char kRing[] = "decision.signing_ring_file";
constexpr char kIcnKeys[] = "decision.icn_keys_file";

absl::StatusOr<crypto::PrivateKeyRing> ReadRing(const Config& config) {
  return crypto::PrivateKeyRing::FromFile(config.signing_ring_file,
                                          {crypto::RingPurpose::kSigning});
}

}  // namespace

std::optional<Decisions> LoadDecisions(const Config& config, service::FileLoader& files) {
  auto ring = files.Take(kRing, ReadRing(config));
  if (ring) {
    service::CheckRingDurations(
        {kRing, config.signing_ring_file}, ring->policy(),
        service::ForTokens(jose::kDecisionLifetime,
                           "a decision token is believed for five minutes, and processes read "
                           "the ring and the set one after the other"),
        files);
  }
  // A ring for each: a hasher owns its keys.
  auto signing = files.Take(kIcnKeys, crypto::LookupHasher::FromKeyFile(config.icn_keys_file));
  if (!ring || !signing) return std::nullopt;
  auto verifying = files.Take(kIcnKeys, crypto::LookupHasher::FromKeyFile(config.icn_keys_file));
  if (!verifying) return std::nullopt;
  auto signer = files.Take(kRing, jose::DecisionSigner::FromRing(*ring, *std::move(signing)));
  if (!signer) return std::nullopt;
  auto verifier = files.Take(kRing, jose::DecisionVerifier::FromRing(*ring, *std::move(verifying),
                                                                     jose::kAttributesAudience));
  if (!verifier) return std::nullopt;
  return Decisions{*std::move(signer), *std::move(verifier),
                   std::make_unique<base::Reloadable<crypto::PrivateKeyRing>>(*std::move(ring))};
}

std::optional<Loaded> Load(const Config& config, service::FileLoader& files) {
  auto policy = files.Take("policy.file", FilePolicySource::Open(config.policy_file));
  auto sealed_box =
      files.Take("keys.sealed_box_file", crypto::SealedBox::FromKeyFile(config.sealed_box_file));
  auto hasher =
      files.Take("keys.lookup_file", crypto::LookupHasher::FromKeyFile(config.lookup_file));
  std::optional<Decisions> decisions = LoadDecisions(config, files);
  CheckVaProfileTls(config.va_profile, files);
  if (!files.problems().empty()) return std::nullopt;
  if (!policy || !sealed_box || !hasher || !decisions) return std::nullopt;
  return Loaded{*std::move(policy), *std::move(sealed_box), *std::move(hasher),
                *std::move(decisions)};
}

}  // namespace va::attributes
