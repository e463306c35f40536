#include "services/mhv-account/adapters/grpc_person_cache.h"

#include <string>

#include "va/mpi/v1/mpi.pb.h"

namespace va::mhv {
namespace {

constexpr char kInvalidate[] = "va.mpi.v1.MpiService/Invalidate";

}  // namespace

absl::Status GrpcPersonCache::Forget(const identity::Icn& icn, absl::string_view request_id,
                                     absl::Time deadline) {
  mpi::v1::InvalidateRequest request;
  request.set_request_id(std::string(request_id));
  request.mutable_identifier()->set_type(mpi::v1::IDENTIFIER_TYPE_ICN);
  request.mutable_identifier()->set_value(icn.Reveal());
  // Forgotten twice is forgotten.
  return rpc::Call<mpi::v1::InvalidateResponse>(
             mpi_adapter_, kInvalidate, request,
             {.deadline = deadline, .request_id = std::string(request_id), .repeatable = true})
      .status();
}

}  // namespace va::mhv
