#include "services/mpi-adapter/domain/profile.h"

#include <algorithm>

namespace va::mpi {

const Name* LegalName(const Profile& profile) {
  const auto legal = std::find_if(profile.names.begin(), profile.names.end(),
                                  [](const Name& name) { return name.use == "L"; });
  return legal == profile.names.end() ? nullptr : &*legal;
}

}  // namespace va::mpi
