// From the values of domain/ onto the wire. Nothing is decided here.
#pragma once

#include "lib/identity/gc_ids.h"
#include "services/mpi-adapter/domain/cached_mpi.h"
#include "services/mpi-adapter/domain/person_changes.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::mpi {

common::v1::MpiOutcome PackOutcome(Outcome outcome);

// A profile goes out under OK only, identifiers of a change likewise.
v1::GetProfileResponse PackAnswer(const CachedAnswer& answer);
v1::AddPersonImplicitResponse PackAdd(const ImplicitAdd& add);
v1::AddPersonProxyResponse PackProxyAdd(const ProxyAdd& add);
v1::UpdateProfileResponse PackUpdate(const Update& update);
v1::ParseGcIdsResponse PackGcIds(const identity::GcIds& ids);

}  // namespace va::mpi
