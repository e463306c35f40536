// The form in which a kept answer stands inside its seal: one version byte, then every field in one
// fixed order. The question and the times go in too, because what stands beside the seal can be
// changed by whoever can write to the database. Read back whole or not at all.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/mpi-adapter/domain/answer_cache.h"

namespace va::mpi {

struct KeptForm {
  CacheKey key;  // kind, value and search
  KeptAnswer kept;
};

// Texts of the acknowledgement are left out: they may repeat what was asked, and nobody reads them
// later.
std::string WriteKept(const CacheKey& key, const KeptAnswer& kept);
// Nothing for another version, for bytes that are cut off, and for bytes that are left over.
std::optional<KeptForm> ReadKept(absl::string_view bytes);

// An ICN and the one that MPI replaced it by, as of the question whose answer said so.
struct IcnLink {
  identity::CspId icn;
  identity::CspId successor;
  absl::Time learned_at;
};

std::string WriteLink(const IcnLink& link);
std::optional<IcnLink> ReadLink(absl::string_view bytes);

}  // namespace va::mpi
