#include "services/user-attributes/load.h"

#include <utility>

namespace va::attributes {

std::optional<Loaded> Load(const Config& config, service::FileLoader& files) {
  auto policy = files.Take("policy.file", FilePolicySource::Open(config.policy_file));
  auto sealed_box =
      files.Take("keys.sealed_box_file", crypto::SealedBox::FromKeyFile(config.sealed_box_file));
  auto hasher =
      files.Take("keys.lookup_file", crypto::LookupHasher::FromKeyFile(config.lookup_file));
  if (!policy || !sealed_box || !hasher) return std::nullopt;
  return Loaded{*std::move(policy), *std::move(sealed_box), *std::move(hasher)};
}

}  // namespace va::attributes
