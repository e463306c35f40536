#include "services/user-attributes/load.h"

#include <utility>
#include <vector>

namespace va::attributes {
namespace {

constexpr char kSigningKey[] = "decision.signing_key_file";
constexpr char kIcnKeys[] = "decision.icn_keys_file";

}  // namespace

std::optional<Decisions> LoadDecisions(const Config& config,
                                       const std::optional<crypto::PublicKey>& previous,
                                       service::FileLoader& files) {
  auto key = files.Take(kSigningKey, crypto::PrivateKey::FromPemFile(config.signing_key_file));
  // A ring for each: a hasher owns its keys.
  auto signing = files.Take(kIcnKeys, crypto::LookupHasher::FromKeyFile(config.icn_keys_file));
  if (!key || !signing) return std::nullopt;
  auto verifying = files.Take(kIcnKeys, crypto::LookupHasher::FromKeyFile(config.icn_keys_file));
  if (!verifying) return std::nullopt;
  crypto::PublicKey own = key->Public();
  std::vector<crypto::PublicKey> verifiable = {own};
  if (previous) verifiable.push_back(*previous);
  auto signer =
      files.Take(kSigningKey, jose::DecisionSigner::Create(*std::move(key), *std::move(signing)));
  if (!signer) return std::nullopt;
  auto verifier = files.Take(
      kSigningKey, jose::DecisionVerifier::Create(std::move(verifiable), *std::move(verifying),
                                                  jose::kAttributesAudience));
  if (!verifier) return std::nullopt;
  return Decisions{*std::move(signer), *std::move(verifier), std::move(own)};
}

std::optional<Loaded> Load(const Config& config, service::FileLoader& files) {
  auto policy = files.Take("policy.file", FilePolicySource::Open(config.policy_file));
  auto sealed_box =
      files.Take("keys.sealed_box_file", crypto::SealedBox::FromKeyFile(config.sealed_box_file));
  auto hasher =
      files.Take("keys.lookup_file", crypto::LookupHasher::FromKeyFile(config.lookup_file));
  std::optional<Decisions> decisions = LoadDecisions(config, std::nullopt, files);
  CheckVaProfileTls(config.va_profile, files);
  if (!files.problems().empty()) return std::nullopt;
  if (!policy || !sealed_box || !hasher || !decisions) return std::nullopt;
  return Loaded{*std::move(policy), *std::move(sealed_box), *std::move(hasher),
                *std::move(decisions)};
}

}  // namespace va::attributes
