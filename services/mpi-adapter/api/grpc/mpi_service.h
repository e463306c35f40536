// The published RPCs of mpi-adapter: unpack, ask, pack, and one log line a call with nothing
// personal in it. An outcome is an answer, never an error; errors are for requests that cannot be
// put to MPI. Whoever is not proofed is not asked about (decision M3), and every change that was
// sent to MPI is on record in the audit trail.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/rpc/server.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"
#include "services/mpi-adapter/domain/cached_mpi.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"
#include "services/mpi-adapter/domain/person_changes.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::mpi {

inline constexpr char kGetProfileMethod[] = "va.mpi.v1.MpiService/GetProfile";
inline constexpr char kFindByIdentifierMethod[] = "va.mpi.v1.MpiService/FindByIdentifier";
inline constexpr char kFindByAttributesMethod[] = "va.mpi.v1.MpiService/FindByAttributes";
inline constexpr char kAddPersonImplicitMethod[] = "va.mpi.v1.MpiService/AddPersonImplicit";
inline constexpr char kAddPersonProxyMethod[] = "va.mpi.v1.MpiService/AddPersonProxy";
inline constexpr char kUpdateProfileMethod[] = "va.mpi.v1.MpiService/UpdateProfile";
inline constexpr char kParseGcIdsMethod[] = "va.mpi.v1.MpiService/ParseGcIds";
inline constexpr char kInvalidateMethod[] = "va.mpi.v1.MpiService/Invalidate";

// All of them.
std::vector<std::string> MpiServiceMethods();

class MpiServiceImpl {
 public:
  // All outlive the service.
  struct Deps {
    const CachedMpi& cached;
    MpiGateway& mpi;  // past what is kept
    const PersonChanges& changes;
    const telemetry::Log& log;
    telemetry::Audit& audit;
  };

  explicit MpiServiceImpl(Deps deps) : deps_(deps) {}

  // Unless the person is at LOA3 nothing is asked and the outcome is BLOCKED: the second lock of
  // decision M3. The same in all that follow, but for ParseGcIds and Invalidate, which ask nobody.
  absl::StatusOr<v1::GetProfileResponse> GetProfile(const rpc::CallContext& context,
                                                    const v1::GetProfileRequest& request) const;
  absl::StatusOr<v1::FindByIdentifierResponse> FindByIdentifier(
      const rpc::CallContext& context, const v1::FindByIdentifierRequest& request) const;
  absl::StatusOr<v1::FindByAttributesResponse> FindByAttributes(
      const rpc::CallContext& context, const v1::FindByAttributesRequest& request) const;
  // UNAVAILABLE (AUDIT_WRITE) in these three: what was sent was sent, but is not on record.
  absl::StatusOr<v1::AddPersonImplicitResponse> AddPersonImplicit(
      const rpc::CallContext& context, const v1::AddPersonImplicitRequest& request) const;
  absl::StatusOr<v1::AddPersonProxyResponse> AddPersonProxy(
      const rpc::CallContext& context, const v1::AddPersonProxyRequest& request) const;
  absl::StatusOr<v1::UpdateProfileResponse> UpdateProfile(
      const rpc::CallContext& context, const v1::UpdateProfileRequest& request) const;
  // Pure, and answered on the thread that received the call.
  absl::StatusOr<v1::ParseGcIdsResponse> ParseGcIds(const rpc::CallContext& context,
                                                    const v1::ParseGcIdsRequest& request) const;
  // UNAVAILABLE (CACHE_STORE): what is kept may be served on.
  absl::StatusOr<v1::InvalidateResponse> Invalidate(const rpc::CallContext& context,
                                                    const v1::InvalidateRequest& request) const;

 private:
  // MPI itself is asked, past the cache.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Find(absl::string_view operation, const rpc::CallContext& context,
                                const Request& request) const;

  const Deps deps_;
};

// `service` outlives the server that is built.
void RegisterMpiService(const MpiServiceImpl& service, rpc::ServerBuilder& builder);

}  // namespace va::mpi
