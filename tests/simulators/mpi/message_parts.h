// The parts of a message, each read from its element into what was asked; request_check.h puts them
// together.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "tests/simulators/mpi/request_check.h"

namespace va::simulators {

// given+ and family; with `given_optional` an empty list of given names will do.
void ReadName(const xml::Element& name, absl::string_view path, bool given_optional,
              MpiTraits& traits, Problems& problems);

// Who asks: by attributes the person asked about, with an organization when the search is an
// orchestrated one; in a proxy add the person by ICN.
struct DataEnterer {
  std::string id_root;
  std::string id;
  MpiTraits name;
  std::string edipi;  // "": no organization
};
DataEnterer ReadDataEnterer(const xml::Element& element, Problems& problems);

// `{uuid}^PN^200VIDM^USDVA^A` or `{uuid}^PN^200VLGN^USDVA^A`, each issuer in its spelling.
bool IsCredential(absl::string_view extension);

// controlActProcess of PRPA_IN201305UV02.
void ReadFindAct(const xml::Element& control_act, CheckedRequest& checked);
// controlActProcess of PRPA_IN201301UV02 and PRPA_IN201302UV02, after `interaction` is known.
void ReadChangeAct(const xml::Element& control_act, CheckedRequest& checked);

}  // namespace va::simulators
