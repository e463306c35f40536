#include "services/mpi-adapter/hl7/namespaces.h"

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "services/mpi-adapter/hl7/constants.h"

namespace va::mpi::hl7 {

absl::string_view WithAsciiNamespaces(absl::string_view xml, std::string& storage) {
  if (!absl::StrContains(xml, kHl7NsU2010) && !absl::StrContains(xml, kXsiNsU2010)) return xml;
  storage = absl::StrReplaceAll(xml, {{kHl7NsU2010, kHl7Ns}, {kXsiNsU2010, kXsiNs}});
  return storage;
}

}  // namespace va::mpi::hl7
