// Reads one `patient` of a find answer into a Profile. Nothing is judged here: whether the profile
// may be used is the business of find_answer.h, whether it is good enough that of Admit.
#pragma once

#include "lib/xml/element.h"
#include "services/mpi-adapter/domain/profile.h"

namespace va::mpi::hl7 {

// `registration_event` is the element that holds the one `patient` (and the ICNs it replaced),
// `person` is its `patientPerson`.
Profile ReadProfile(const xml::Element& registration_event, const xml::Element& patient,
                    const xml::Element& person);

}  // namespace va::mpi::hl7
