// Against a server of the method over mutual TLS: what goes over the wire.
#include "services/mhv-account/adapters/grpc_person_cache.h"

#include <catch2/catch.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/rpc/server.h"
#include "lib/testing/test_pki.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::mhv {
namespace {

constexpr char kInvalidate[] = "va.mpi.v1.MpiService/Invalidate";

TEST_CASE("GrpcPersonCache: names the person by a typed key, the ICN", "[mhv][adapter]") {
  mpi::v1::InvalidateRequest asked;
  std::string request_id;
  absl::StatusOr<mpi::v1::InvalidateResponse> answer = mpi::v1::InvalidateResponse();
  rpc::ServerBuilder builder;
  builder.Unary<mpi::v1::InvalidateRequest, mpi::v1::InvalidateResponse>(
      kInvalidate, [&](const rpc::CallContext& context, const mpi::v1::InvalidateRequest& request) {
        asked = request;
        request_id = context.request_id;
        return answer;
      });
  builder.Allow("mhv-account.va.internal", {kInvalidate});
  testing::TestPki pki;
  const base::SystemClock clock;
  base::WorkerPool pool(1, 4);
  const testing::PemFiles theirs = pki.IssueService("mpi-adapter");
  rpc::ServerOptions options;
  options.tls = {theirs.certificate_file, theirs.private_key_file, pki.ca_file()};
  const std::unique_ptr<rpc::Server> server = builder.Start(options, pool, clock).value();
  const testing::PemFiles ours = pki.IssueService("mhv-account");
  GrpcPersonCache cache(rpc::Connect(absl::StrCat("127.0.0.1:", server->port()),
                                     {ours.certificate_file, ours.private_key_file, pki.ca_file()},
                                     "mpi-adapter.va.internal")
                            .value());
  const auto icn = identity::Icn::FromWire("1000000001V100001");
  CHECK(cache.Forget(icn, "request-1", clock.Now() + absl::Seconds(10)).ok());
  CHECK(asked.identifier().type() == mpi::v1::IDENTIFIER_TYPE_ICN);
  CHECK(asked.identifier().value() == "1000000001V100001");
  CHECK(asked.identifier().facility().empty());
  CHECK(asked.request_id() == "request-1");
  CHECK(request_id == "request-1");

  answer = base::MakeError(absl::StatusCode::kInternal, "CACHE", "no");
  CHECK(base::ReasonOf(cache.Forget(icn, "request-1", clock.Now() + absl::Seconds(10))) == "CACHE");
  server->Stop(absl::Seconds(1));
  pool.Shutdown();
}

}  // namespace
}  // namespace va::mhv
