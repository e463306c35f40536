#include "services/mpi-adapter/load.h"

#include <utility>

namespace va::mpi {

std::optional<Loaded> Load(const Config& config, service::FileLoader& files) {
  files.CheckTls("mpi.http.tls",
                 {config.certificate_file, config.private_key_file, config.ca_file});
  auto sealed_box =
      files.Take("keys.sealed_box_file", crypto::SealedBox::FromKeyFile(config.sealed_box_file));
  auto hasher =
      files.Take("keys.lookup_file", crypto::LookupHasher::FromKeyFile(config.lookup_file));
  if (!files.problems().empty() || !sealed_box || !hasher) return std::nullopt;
  return Loaded{*std::move(sealed_box), *std::move(hasher)};
}

}  // namespace va::mpi
