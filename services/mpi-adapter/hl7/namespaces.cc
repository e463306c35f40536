#include "services/mpi-adapter/hl7/namespaces.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/mpi-adapter/hl7/constants.h"

namespace va::mpi::hl7 {

absl::string_view WithAsciiNamespaces(absl::string_view xml, std::string& storage) {
  if (!absl::StrContains(xml, kHl7NsU2010) && !absl::StrContains(xml, kXsiNsU2010)) return xml;
  // With its quotes: only a whole attribute value is a namespace name.
  std::vector<std::pair<std::string, std::string>> respellings;
  for (const char* quote : {"\"", "'"}) {
    respellings.emplace_back(absl::StrCat(quote, kHl7NsU2010, quote),
                             absl::StrCat(quote, kHl7Ns, quote));
    respellings.emplace_back(absl::StrCat(quote, kXsiNsU2010, quote),
                             absl::StrCat(quote, kXsiNs, quote));
  }
  storage = absl::StrReplaceAll(xml, respellings);
  return storage;
}

}  // namespace va::mpi::hl7
