#include "lib/rpc/server.h"

#include <atomic>
#include <mutex>
#include <thread>

#include <catch2/catch.hpp>

#include "lib/base/status.h"
#include "lib/rpc/house_testing.h"
#include "lib/rpc/status.h"

namespace va::rpc {

TEST_CASE("Server: a listed caller is answered, and the handler knows who asks", "[rpc]") {
  CallContext seen;
  const auto handler = [&seen](const CallContext& context, const GetProfileRequest& request) {
    seen = context;
    return Echo(context, request);
  };
  for (const Dispatch dispatch : {Dispatch::kInline, Dispatch::kPool}) {
    House house(handler, dispatch);
    GetProfileRequest request;
    request.set_request_id("r-1");
    const CallOptions options = Soon("attempt-7");
    const auto answer = Call<GetProfileResponse>(house.As("gateway"), kGet, request, options);
    REQUIRE(answer.ok());
    CHECK(answer->message_id() == "r-1");
    CHECK(seen.caller == "gateway.va.internal");
    CHECK(seen.request_id == "attempt-7");
    CHECK(absl::AbsDuration(seen.deadline - options.deadline) < absl::Seconds(2));
  }
}

TEST_CASE("Server: an empty message is a message", "[rpc]") {
  House house;
  CHECK(Call<GetProfileResponse>(house.As("gateway"), kGet, GetProfileRequest(), Soon()).ok());
}

TEST_CASE("Server: calls in parallel over several threads all come back", "[rpc]") {
  ServerOptions options;
  options.threads = 2;
  options.pending_per_thread = 2;
  House house(&Echo, Dispatch::kPool, options, 4, 1000);
  const Channel channel = house.As("gateway");
  std::atomic<int> good{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        if (Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), Soon()).ok()) ++good;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(good == 400);
}

TEST_CASE("Server G1: without a client certificate there is no handshake", "[rpc][G1]") {
  House house;
  const auto channel = house.Foreign(std::nullopt);
  CHECK(RawSoon(*channel, std::string("/") + kGet).error_code() == grpc::UNAVAILABLE);
  CHECK(house.calls() == 0);
}

TEST_CASE("Server G1: a certificate of another authority gets no handshake", "[rpc][G1]") {
  House house;
  TestPki other;
  const auto channel = house.Foreign(other.IssueService("gateway"));
  CHECK(RawSoon(*channel, std::string("/") + kGet).error_code() == grpc::UNAVAILABLE);
  CHECK(house.calls() == 0);
}

TEST_CASE("Server G1: an expired certificate gets no handshake", "[rpc][G1]") {
  House house;
  const absl::Time now = house.clock().Now();
  const auto channel = house.Foreign(house.pki().IssueValid(
      {"gateway.va.internal"}, now - absl::Hours(48), now - absl::Hours(24)));
  CHECK(RawSoon(*channel, std::string("/") + kGet).error_code() == grpc::UNAVAILABLE);
}

TEST_CASE("Server G1: the right authority with an unlisted name is refused on every method",
          "[rpc][G1]") {
  House house;
  const auto channel = house.Foreign(house.pki().IssueService("stranger"));
  for (const char* method : {kGet, kOther, kHealthCheckMethod}) {
    const grpc::Status status = RawSoon(*channel, std::string("/") + method);
    CHECK(status.error_code() == grpc::PERMISSION_DENIED);
    CHECK(base::ReasonOf(FromGrpc(status)) == "NOT_ALLOWED");
  }
  CHECK(house.calls() == 0);
}

TEST_CASE("Server G1: a listed name as common name or among other SANs", "[rpc][G1]") {
  House house;
  // Only what the SAN says counts, and any of its DNS names may be the listed one.
  const auto several = house.Foreign(house.pki().Issue({"elsewhere.test", "gateway.va.internal"}));
  CHECK(RawSoon(*several, std::string("/") + kGet).ok());
  const auto longer = house.Foreign(house.pki().Issue({"gateway.va.internal.elsewhere.test"}));
  CHECK(RawSoon(*longer, std::string("/") + kGet).error_code() == grpc::PERMISSION_DENIED);
  const auto other_case = house.Foreign(house.pki().Issue({"Gateway.va.internal"}));
  CHECK(RawSoon(*other_case, std::string("/") + kGet).error_code() == grpc::PERMISSION_DENIED);
}

TEST_CASE("Server G2: a method not allowed to this caller is refused", "[rpc][G2]") {
  House house;
  const auto answer =
      Call<GetProfileResponse>(house.As("batch"), kGet, GetProfileRequest(), Soon());
  CHECK(answer.status().code() == absl::StatusCode::kPermissionDenied);
  CHECK(CheckHealth(house.As("batch"), Soon().deadline).ok());
  CHECK(house.calls() == 0);
}

TEST_CASE("Server G2: only the exact path of a method reaches it", "[rpc][G2]") {
  House house;
  const auto channel = house.Foreign(house.pki().IssueService("gateway"));
  REQUIRE(RawSoon(*channel, "/va.mpi.v1.MpiService/GetProfile").ok());
  for (const char* path :
       {"/va.mpi.v1.MpiService/GetProfile.", "/va.mpi.v1.MpiService/getprofile",
        "/VA.mpi.v1.MpiService/GetProfile", "/va.mpi.v1.MpiService/GetProfile/",
        "//va.mpi.v1.MpiService/GetProfile", "/va.mpi.v1.MpiService//GetProfile",
        "/va.mpi.v1.MpiService.GetProfile", "/va.mpi.v1.MpiService/", "/", "/GetProfile",
        "/va.mpi.v1.MpiService/GetProfile?x", "/va.mpi.v1.MpiService/Unknown",
        "/va.mpi.v1.MpiService/%47etProfile", "/grpc.health.v1.Health/List",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
    CAPTURE(path);
    CHECK(RawSoon(*channel, path).error_code() == grpc::PERMISSION_DENIED);
  }
  CHECK(house.calls() == 1);
}

TEST_CASE("Server G2: a path without its slash never reaches a method", "[rpc][G2]") {
  House house;
  const auto channel = house.Foreign(house.pki().IssueService("gateway"));
  CHECK_FALSE(RawSoon(*channel, "va.mpi.v1.MpiService/GetProfile").ok());
  CHECK(house.calls() == 0);
}

TEST_CASE("ServerBuilder G2: an allow-list that names an unknown method stops the start",
          "[rpc][G2]") {
  TestPki pki;
  base::WorkerPool pool(1, 1);
  const base::SystemClock clock;
  ServerBuilder builder;
  builder.Unary<GetProfileRequest, GetProfileResponse>(kGet, &Echo);
  builder.Allow("gateway.va.internal", {"va.mpi.v1.MpiService/GetProfiles"});
  ServerOptions options;
  const PemFiles files = pki.IssueService("server");
  options.tls = {files.certificate_file, files.private_key_file, pki.ca_file()};
  const auto server = builder.Start(options, pool, clock);
  CHECK(server.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(base::ReasonOf(server.status()) == "UNKNOWN_METHOD");
}

TEST_CASE("Server G3: a message above the limit is RESOURCE_EXHAUSTED", "[rpc][G3]") {
  House house;
  const auto channel = house.Foreign(house.pki().IssueService("gateway"));
  GetProfileRequest request;
  request.set_request_id(std::string((1 << 20) + 100, 'x'));
  const grpc::Status status = RawSoon(*channel, std::string("/") + kGet, request);
  CHECK(status.error_code() == grpc::RESOURCE_EXHAUSTED);
  CHECK(house.calls() == 0);
  request.set_request_id(std::string((1 << 20) - 100, 'x'));
  CHECK(RawSoon(*channel, std::string("/") + kGet, request).error_code() !=
        grpc::PERMISSION_DENIED);
  CHECK(house.calls() == 1);
}

TEST_CASE("Server G3: a compressed message is not inflated", "[rpc][G3]") {
  House house;
  const auto channel = house.Foreign(house.pki().IssueService("gateway"));
  GetProfileRequest bomb;
  bomb.set_request_id(std::string(64 << 20, 'x'));
  const grpc::Status status =
      RawBytes(*channel, std::string("/") + kGet, bomb.SerializeAsString(), GRPC_COMPRESS_GZIP);
  CHECK(status.error_code() == grpc::UNIMPLEMENTED);
  CHECK(house.calls() == 0);
}

TEST_CASE("Server G4: a call without a deadline gets the server's default", "[rpc][G4]") {
  ServerOptions options;
  options.default_deadline = absl::Milliseconds(200);
  Gate gate;
  std::atomic<bool> cancelled{false};
  absl::Time deadline;
  {
    House house(
        [&](const CallContext& context,
            const GetProfileRequest&) -> absl::StatusOr<GetProfileResponse> {
          deadline = context.deadline;
          gate.Pass();
          cancelled = context.IsCancelled();
          return GetProfileResponse();
        },
        Dispatch::kPool, options);
    const auto channel = house.Foreign(house.pki().IssueService("gateway"));
    grpc::ClientContext context;
    const absl::Time before = house.clock().Now();
    const grpc::Status status =
        Raw(*channel, std::string("/") + kGet, GetProfileRequest(), context);
    CHECK(status.error_code() == grpc::DEADLINE_EXCEEDED);
    CHECK(deadline - before < absl::Seconds(5));
    CHECK(house.clock().Now() >= deadline);
    gate.Open();
  }
  // The server waited for its handler, which had been told to stop.
  CHECK(cancelled);
}

TEST_CASE("Server G4: a deadline of a hundred years is capped", "[rpc][G4]") {
  ServerOptions options;
  options.max_deadline = absl::Seconds(30);
  absl::Time deadline;
  House house(
      [&deadline](const CallContext& context,
                  const GetProfileRequest& request) -> absl::StatusOr<GetProfileResponse> {
        deadline = context.deadline;
        return Echo(context, request);
      },
      Dispatch::kInline, options);
  CallOptions call = Soon();
  call.deadline += absl::Hours(24 * 365 * 100);
  REQUIRE(Call<GetProfileResponse>(house.As("gateway"), kGet, GetProfileRequest(), call).ok());
  CHECK(deadline < house.clock().Now() + absl::Seconds(31));
}

TEST_CASE("Server G4: a deadline already past never reaches the handler", "[rpc][G4]") {
  House house;
  const Channel channel = house.As("gateway");
  REQUIRE(CheckHealth(channel, Soon().deadline).ok());
  CallOptions call;
  call.deadline = house.clock().Now() - absl::Seconds(1);
  const auto answer = Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), call);
  CHECK(answer.status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(base::IsRetryable(answer.status()));
  CHECK(house.calls() == 0);
}

TEST_CASE("Server G4: what nobody waits for any more is not started", "[rpc][G4]") {
  Gate gate;
  std::atomic<int> started{0};
  {
    House house(
        [&](const CallContext&, const GetProfileRequest&) -> absl::StatusOr<GetProfileResponse> {
          ++started;
          gate.Pass();
          return GetProfileResponse();
        },
        Dispatch::kPool, ServerOptions(), 1, 1);
    const Channel channel = house.As("gateway");
    std::thread first([&channel] {
      CHECK(Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), Soon()).ok());
    });
    gate.AwaitArrivals(1);
    // The only worker is busy: this one waits in the queue until its deadline has passed.
    CallOptions call;
    call.deadline = house.clock().Now() + absl::Milliseconds(50);
    const auto answer = Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), call);
    CHECK(answer.status().code() == absl::StatusCode::kDeadlineExceeded);
    // On the wire a deadline is a time left, rounded up: the server's is a little later.
    while (house.clock().Now() < call.deadline + absl::Milliseconds(50)) std::this_thread::yield();
    gate.Open();
    first.join();
  }
  CHECK(started == 1);
}

TEST_CASE("Server G4: a client that gives up is noticed by the handler", "[rpc][G4]") {
  Gate gate;
  std::atomic<bool> noticed{false};
  {
    House house([&](const CallContext& context,
                    const GetProfileRequest&) -> absl::StatusOr<GetProfileResponse> {
      gate.Pass();
      while (!context.IsCancelled() && base::SystemClock().Now() < context.deadline) {
        std::this_thread::yield();
      }
      noticed = context.IsCancelled();
      return GetProfileResponse();
    });
    const auto channel = house.Foreign(house.pki().IssueService("gateway"));
    grpc::ClientContext context;
    std::thread client([&] {
      CHECK(Raw(*channel, std::string("/") + kGet, GetProfileRequest(), context).error_code() ==
            grpc::CANCELLED);
    });
    gate.AwaitArrivals(1);
    context.TryCancel();
    gate.Open();
    client.join();
  }
  CHECK(noticed);
}

TEST_CASE("Channel G4: a call without a deadline does not exist", "[rpc][G4]") {
  House house;
  const auto answer =
      Call<GetProfileResponse>(house.As("gateway"), kGet, GetProfileRequest(), CallOptions());
  CHECK(base::ReasonOf(answer.status()) == "DEADLINE_MISSING");
  CHECK(house.calls() == 0);
}

TEST_CASE("Server G5: what is no such message never reaches the handler", "[rpc][G5]") {
  House house;
  const auto channel = house.Foreign(house.pki().IssueService("gateway"));
  const std::string path = std::string("/") + kGet;

  SECTION("a number outside its enumeration") {
    GetProfileRequest request;
    request.mutable_by_identifier()->set_type(static_cast<mpi::v1::IdentifierType>(77));
    const grpc::Status status = RawSoon(*channel, path, request);
    CHECK(status.error_code() == grpc::INVALID_ARGUMENT);
    CHECK(base::ReasonOf(FromGrpc(status)) == "MALFORMED_MESSAGE");
  }
  SECTION("text that is no UTF-8") {
    CHECK(RawBytes(*channel, path, std::string("\x0a\x02\xff\xfe", 4)).error_code() ==
          grpc::INVALID_ARGUMENT);
  }
  SECTION("a depth of ten thousand") {
    CHECK(RawBytes(*channel, path, std::string(10'000, '\x7b')).error_code() ==
          grpc::INVALID_ARGUMENT);
  }
  SECTION("a length beyond the end") {
    CHECK(RawBytes(*channel, path, std::string("\x0a\x7f\x41", 3)).error_code() ==
          grpc::INVALID_ARGUMENT);
  }
  CHECK(house.calls() == 0);
}

TEST_CASE("Server G5: unknown fields are ignored", "[rpc][G5]") {
  House house;
  const auto channel = house.Foreign(house.pki().IssueService("gateway"));
  // Field 1000, a text.
  CHECK(RawBytes(*channel, std::string("/") + kGet, std::string("\xc2\x3e\x01\x41", 4)).ok());
  CHECK(house.calls() == 1);
}

TEST_CASE("Server G7: metadata never says who calls, and too much of it is refused", "[rpc][G7]") {
  CallContext seen;
  House house([&seen](const CallContext& context, const GetProfileRequest& request) {
    seen = context;
    return Echo(context, request);
  });
  const auto channel = house.Foreign(house.pki().IssueService("gateway"));
  const std::string path = std::string("/") + kGet;
  {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(Soon().deadline));
    context.AddMetadata("x-forwarded-client-cert", "root.va.internal");
    context.AddMetadata("va-caller", "root.va.internal");
    context.AddMetadata("va-request-id", "two words\"}");
    REQUIRE(Raw(*channel, path, GetProfileRequest(), context).ok());
    CHECK(seen.caller == "gateway.va.internal");
    CHECK(seen.request_id.empty());
  }
  {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(Soon().deadline));
    context.AddMetadata("x-much", std::string(1 << 20, 'a'));
    CHECK_FALSE(Raw(*channel, path, GetProfileRequest(), context).ok());
  }
  CHECK(house.calls() == 1);
}

TEST_CASE("Server G9: plaintext on the port is refused", "[rpc][G9]") {
  House house;
  const auto channel = grpc::CreateChannel(house.target(), grpc::InsecureChannelCredentials());
  CHECK(RawSoon(*channel, std::string("/") + kGet).error_code() == grpc::UNAVAILABLE);
  CHECK(house.calls() == 0);
}

TEST_CASE("Server: a failure keeps code, reason, message and retryability across the wire",
          "[rpc]") {
  House house([](const CallContext&,
                 const GetProfileRequest& request) -> absl::StatusOr<GetProfileResponse> {
    if (request.request_id() == "foreign") {
      return absl::InternalError("a library quoting 123-45-6789");
    }
    return base::MakeError(absl::StatusCode::kUnavailable, "MPI_TIMEOUT", "MPI did not answer",
                           request.request_id() == "retry");
  });
  const Channel channel = house.As("gateway");
  const auto ask = [&channel](const std::string& id) {
    GetProfileRequest request;
    request.set_request_id(id);
    return Call<GetProfileResponse>(channel, kGet, request, Soon()).status();
  };
  CHECK(ask("retry").code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(ask("retry")) == "MPI_TIMEOUT");
  CHECK(ask("retry").message() == "MPI did not answer");
  CHECK(base::IsRetryable(ask("retry")));
  CHECK_FALSE(base::IsRetryable(ask("once")));
  // Words that are not our own stay behind.
  CHECK(ask("foreign").code() == absl::StatusCode::kInternal);
  CHECK(ask("foreign").message() == "INTERNAL");
}

TEST_CASE("Server: a handler that throws is an internal failure, not the end", "[rpc]") {
  House house(
      [](const CallContext&, const GetProfileRequest&) -> absl::StatusOr<GetProfileResponse> {
        throw std::runtime_error("secret");
      });
  const auto answer =
      Call<GetProfileResponse>(house.As("gateway"), kGet, GetProfileRequest(), Soon());
  CHECK(base::ReasonOf(answer.status()) == "HANDLER_THREW");
  CHECK(answer.status().message() == "the handler failed");
}

TEST_CASE("Server: a full pool answers UNAVAILABLE and says that a retry may help", "[rpc]") {
  Gate gate;
  House house(
      [&gate](const CallContext&, const GetProfileRequest&) -> absl::StatusOr<GetProfileResponse> {
        gate.Pass();
        return GetProfileResponse();
      },
      Dispatch::kPool, ServerOptions(), 1, 0);
  const Channel channel = house.As("gateway");
  std::thread first([&channel] {
    CHECK(Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), Soon()).ok());
  });
  gate.AwaitArrivals(1);
  const auto second = Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), Soon());
  CHECK(second.status().code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(second.status()) == "OVERLOADED");
  CHECK(base::IsRetryable(second.status()));
  // Health needs no worker.
  CHECK(CheckHealth(channel, Soon().deadline).ok());
  gate.Open();
  first.join();
}

// Where a handler ran and what it was told.
struct Visit {
  std::thread::id thread;
  bool may_block;
  std::string request_id;
  std::string traceparent;
  std::string text;
};

// Keeps the visits; says NeedsPool() to a request "block" where it may not.
class InlineFirst {
 public:
  GetHandler Handler() {
    return [this](const CallContext& context,
                  const GetProfileRequest& request) -> absl::StatusOr<GetProfileResponse> {
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        visits_.push_back({std::this_thread::get_id(), context.may_block, context.request_id,
                           context.traceparent, request.SerializeAsString()});
      }
      if (request.request_id() == "block" && !context.may_block) return NeedsPool();
      if (context.may_block) gate_.Pass();
      return Echo(context, request);
    };
  }
  Gate& gate() { return gate_; }
  std::vector<Visit> visits() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return visits_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Visit> visits_;
  Gate gate_;  // of those who may block
};

GetProfileRequest Asking(const std::string& id) {
  GetProfileRequest request;
  request.set_request_id(id);
  return request;
}

TEST_CASE("Server: a handler of kInlineFirst runs where the call came in, without a worker",
          "[rpc]") {
  InlineFirst first;
  ServerOptions options;
  options.threads = 1;
  House house(first.Handler(), Dispatch::kInlineFirst, options, 1, 0);
  const Channel channel = house.As("gateway");
  first.gate().Open();
  REQUIRE(Call<GetProfileResponse>(channel, kGet, Asking("block"), Soon()).ok());
  REQUIRE(Call<GetProfileResponse>(channel, kGet, Asking("one"), Soon()).ok());
  const auto visits = first.visits();
  REQUIRE(visits.size() == 3);
  CHECK_FALSE(visits[2].may_block);
  // The thread that receives, and not the one of the pool.
  CHECK(visits[2].thread == visits[0].thread);
  CHECK(visits[1].thread != visits[0].thread);
}

TEST_CASE("Server: what has to block comes once more on the pool, the very same call", "[rpc]") {
  InlineFirst first;
  first.gate().Open();
  House house(first.Handler(), Dispatch::kInlineFirst);
  const Channel channel = house.As("gateway");
  GetProfileRequest request = Asking("block");
  // Several slices on the wire, and nested messages.
  request.mutable_by_identifier()->set_value(std::string(200'000, 'x'));
  const auto answer = Call<GetProfileResponse>(channel, kGet, request, Soon("attempt-9"));
  REQUIRE(answer.ok());
  CHECK(answer->message_id() == "block");
  const auto visits = first.visits();
  REQUIRE(visits.size() == 2);
  CHECK_FALSE(visits[0].may_block);
  CHECK(visits[1].may_block);
  CHECK(visits[1].thread != visits[0].thread);
  for (const Visit& visit : visits) {
    CHECK(visit.text == request.SerializeAsString());
    CHECK(visit.request_id == "attempt-9");
    CHECK(visit.traceparent == visits[0].traceparent);
  }
}

TEST_CASE("Server: many calls that stay and that go to the pool keep apart", "[rpc]") {
  InlineFirst first;
  first.gate().Open();
  House house(first.Handler(), Dispatch::kInlineFirst, ServerOptions(), 4, 1000);
  const Channel channel = house.As("gateway");
  std::atomic<int> good{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      for (int n = 0; n < 50; ++n) {
        const std::string id = (i + n) % 2 == 0 ? "block" : std::to_string(i * 100 + n);
        const auto answer = Call<GetProfileResponse>(channel, kGet, Asking(id), Soon());
        if (answer.ok() && answer->message_id() == id) ++good;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(good == 400);
  CHECK(house.calls() == 600);
}

TEST_CASE(
    "Server: what has to block is OVERLOADED when the pool is full, what need not is answered",
    "[rpc]") {
  InlineFirst first;
  House house(first.Handler(), Dispatch::kInlineFirst, ServerOptions(), 1, 0);
  const Channel channel = house.As("gateway");
  std::thread busy(
      [&channel] { CHECK(Call<GetProfileResponse>(channel, kGet, Asking("block"), Soon()).ok()); });
  first.gate().AwaitArrivals(1);
  const auto second = Call<GetProfileResponse>(channel, kGet, Asking("block"), Soon());
  CHECK(second.status().code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(second.status()) == "OVERLOADED");
  CHECK(base::IsRetryable(second.status()));
  CHECK(Call<GetProfileResponse>(channel, kGet, Asking("one"), Soon()).ok());
  first.gate().Open();
  busy.join();
}

TEST_CASE("Server: NEEDS_POOL never leaves the server", "[rpc]") {
  const Dispatch dispatch = GENERATE(Dispatch::kInline, Dispatch::kPool, Dispatch::kInlineFirst);
  std::atomic<int> blocking{0};
  House house(
      [&blocking](const CallContext& context,
                  const GetProfileRequest&) -> absl::StatusOr<GetProfileResponse> {
        if (context.may_block) ++blocking;
        return NeedsPool();
      },
      dispatch);
  const auto answer =
      Call<GetProfileResponse>(house.As("gateway"), kGet, GetProfileRequest(), Soon());
  CHECK(answer.status().code() == absl::StatusCode::kInternal);
  CHECK(base::ReasonOf(answer.status()) == "HANDLER_BLOCKS");
  CHECK_FALSE(base::IsRetryable(answer.status()));
  // Who is on the receiving thread is told so, whatever the method was registered as.
  CHECK(blocking == (dispatch == Dispatch::kInline ? 0 : 1));
  CHECK(house.calls() == (dispatch == Dispatch::kInlineFirst ? 2 : 1));
}

TEST_CASE("Server: a call that went on to the pool is recorded and counted once", "[rpc]") {
  std::mutex mutex;
  std::vector<std::string> records;
  ServerOptions options;
  options.max_calls_per_caller = 1;
  options.on_done = [&](const CallRecord& record) {
    const std::lock_guard<std::mutex> lock(mutex);
    records.push_back(std::string(record.method) + " " + std::string(record.request_id) + " " +
                      record.reason);
  };
  InlineFirst first;
  first.gate().Open();
  {
    House house(first.Handler(), Dispatch::kInlineFirst, options);
    REQUIRE(Call<GetProfileResponse>(house.As("gateway"), kGet, Asking("block"), Soon("r-1")).ok());
  }
  CHECK(records == std::vector<std::string>{std::string(kGet) + " r-1 "});
}

TEST_CASE("Server G4: what waits for a worker longer than its caller is not started again",
          "[rpc][G4]") {
  InlineFirst first;
  {
    House house(first.Handler(), Dispatch::kInlineFirst, ServerOptions(), 1, 1);
    const Channel channel = house.As("gateway");
    std::thread busy([&channel] {
      CHECK(Call<GetProfileResponse>(channel, kGet, Asking("block"), Soon()).ok());
    });
    first.gate().AwaitArrivals(1);
    CallOptions call;
    call.deadline = house.clock().Now() + absl::Milliseconds(50);
    const auto late = Call<GetProfileResponse>(channel, kGet, Asking("block"), call);
    CHECK(late.status().code() == absl::StatusCode::kDeadlineExceeded);
    while (house.clock().Now() < call.deadline + absl::Milliseconds(50)) std::this_thread::yield();
    first.gate().Open();
    busy.join();
  }
  // Of the late one only the first look, if it came in time for that.
  int on_pool = 0;
  for (const Visit& visit : first.visits()) on_pool += visit.may_block ? 1 : 0;
  CHECK(on_pool == 1);
}

TEST_CASE("Server G5: of kInlineFirst, what is no such message never reaches the handler",
          "[rpc][G5]") {
  InlineFirst first;
  House house(first.Handler(), Dispatch::kInlineFirst);
  const auto channel = house.Foreign(house.pki().IssueService("gateway"));
  const std::string path = std::string("/") + kGet;
  CHECK(RawBytes(*channel, path, std::string("\x0a\x7f\x41", 3)).error_code() ==
        grpc::INVALID_ARGUMENT);
  GetProfileRequest unknown;
  unknown.mutable_by_identifier()->set_type(static_cast<mpi::v1::IdentifierType>(77));
  CHECK(base::ReasonOf(FromGrpc(RawSoon(*channel, path, unknown))) == "MALFORMED_MESSAGE");
  CHECK(house.calls() == 0);
  // And an empty one is a message.
  CHECK(RawSoon(*channel, path).ok());
}

TEST_CASE("Server: a handler of kInlineFirst that throws, here or there, fails its call alone",
          "[rpc]") {
  const bool on_pool = GENERATE(false, true);
  House house(
      [on_pool](const CallContext& context,
                const GetProfileRequest& request) -> absl::StatusOr<GetProfileResponse> {
        if (request.request_id() == "fine") return Echo(context, request);
        if (on_pool && !context.may_block) return NeedsPool();
        throw std::runtime_error("secret");
      },
      Dispatch::kInlineFirst);
  const Channel channel = house.As("gateway");
  const auto answer = Call<GetProfileResponse>(channel, kGet, Asking("throw"), Soon());
  CHECK(base::ReasonOf(answer.status()) == "HANDLER_THREW");
  CHECK(house.calls() == (on_pool ? 2 : 1));
  CHECK(Call<GetProfileResponse>(channel, kGet, Asking("fine"), Soon()).ok());
}

TEST_CASE("Server: stopping lets a call that went on to the pool finish", "[rpc]") {
  InlineFirst first;
  House house(first.Handler(), Dispatch::kInlineFirst);
  const Channel channel = house.As("gateway");
  std::thread client(
      [&channel] { CHECK(Call<GetProfileResponse>(channel, kGet, Asking("block"), Soon()).ok()); });
  first.gate().AwaitArrivals(1);
  std::thread stopper([&house] { house.server().Stop(absl::Seconds(10)); });
  first.gate().Open();
  client.join();
  stopper.join();
}

TEST_CASE("Server: health follows what the service says of itself", "[rpc]") {
  House house;
  const Channel channel = house.As("gateway");
  CHECK(CheckHealth(channel, Soon().deadline).ok());
  house.server().SetServing(false);
  CHECK(base::ReasonOf(CheckHealth(channel, Soon().deadline)) == "NOT_SERVING");
}

TEST_CASE("Server: stopping lets a running call finish and takes no other", "[rpc]") {
  Gate gate;
  House house([&gate](const CallContext& context, const GetProfileRequest& request) {
    gate.Pass();
    return Echo(context, request);
  });
  const Channel channel = house.As("gateway");
  std::thread client([&channel] {
    CHECK(Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), Soon()).ok());
  });
  gate.AwaitArrivals(1);
  std::thread stopper([&house] { house.server().Stop(absl::Seconds(10)); });
  gate.Open();
  client.join();
  stopper.join();
  const auto late = Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), Soon());
  CHECK(late.status().code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(late.status()) == "RPC_UNAVAILABLE");
  CHECK(base::IsRetryable(late.status()));
}

TEST_CASE("Server: stopping does not wait for connections that have nothing to say", "[rpc]") {
  House house;
  const Channel channel = house.As("gateway");
  REQUIRE(CheckHealth(channel, Soon().deadline).ok());
  const base::Stopwatch watch;
  house.server().Stop(absl::Seconds(60));
  CHECK(watch.Elapsed() < absl::Seconds(30));
}

TEST_CASE("Server: a call that outlasts the drain is cancelled and waited for", "[rpc]") {
  Gate gate;
  std::atomic<bool> ended{false};
  House house([&](const CallContext& context,
                  const GetProfileRequest&) -> absl::StatusOr<GetProfileResponse> {
    gate.Pass();
    while (!context.IsCancelled()) std::this_thread::yield();
    ended = true;
    return GetProfileResponse();
  });
  const Channel channel = house.As("gateway");
  std::thread client([&channel] {
    CHECK_FALSE(Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), Soon()).ok());
  });
  gate.AwaitArrivals(1);
  gate.Open();
  house.server().Stop(absl::Milliseconds(20));
  CHECK(ended);
  client.join();
}

TEST_CASE("Server: every call is recorded once, unknown paths under one name", "[rpc]") {
  std::mutex mutex;
  std::vector<std::string> records;
  ServerOptions options;
  options.on_done = [&](const CallRecord& record) {
    const std::lock_guard<std::mutex> lock(mutex);
    records.push_back(std::string(record.method) + " " + std::string(record.caller) + " " +
                      record.reason);
  };
  {
    House house(&Echo, Dispatch::kPool, options);
    const auto channel = house.Foreign(house.pki().IssueService("gateway"));
    REQUIRE(RawSoon(*channel, std::string("/") + kGet).ok());
    REQUIRE_FALSE(RawSoon(*channel, "/secret/../path").ok());
  }
  CHECK(records == std::vector<std::string>{std::string(kGet) + " gateway.va.internal ",
                                            "unlisted  NOT_ALLOWED"});
}

TEST_CASE("Server: a port that is taken is an error", "[rpc]") {
  House house;
  base::WorkerPool pool(1, 1);
  ServerBuilder builder;
  ServerOptions options;
  options.listen = house.target();
  options.tls = house.Files(house.pki().IssueService("server"));
  const auto server = builder.Start(options, pool, house.clock());
  CHECK(base::ReasonOf(server.status()) == "PORT_UNAVAILABLE");
}

TEST_CASE("Connect: files that cannot be used are named", "[rpc]") {
  TestPki pki;
  const PemFiles mine = pki.IssueService("gateway");
  const PemFiles other = pki.IssueService("server");
  const auto reason = [&pki](const std::string& certificate, const std::string& key) {
    return base::ReasonOf(Connect("127.0.0.1:1", {certificate, key, pki.ca_file()}).status());
  };
  CHECK(reason(mine.certificate_file, mine.private_key_file).empty());
  CHECK(reason(mine.certificate_file, other.private_key_file) == "TLS_FILES");
  CHECK(reason("/nonexistent", mine.private_key_file) == "TLS_FILES");
}

TEST_CASE("Channel: a server with another name is not talked to", "[rpc]") {
  House house;
  const auto channel = Connect(house.target(), house.Files(house.pki().IssueService("gateway")),
                               "elsewhere.va.internal");
  REQUIRE(channel.ok());
  const auto answer = Call<GetProfileResponse>(*channel, kGet, GetProfileRequest(), Soon());
  CHECK(answer.status().code() == absl::StatusCode::kUnavailable);
  CHECK(house.calls() == 0);
}

TEST_CASE("Server G6: a caller has so many calls at once, and its health is asked all the same",
          "[rpc][G6]") {
  Gate gate;
  ServerOptions options;
  options.max_calls_per_caller = 1;
  House house(
      [&gate](const CallContext&, const GetProfileRequest&) -> absl::StatusOr<GetProfileResponse> {
        gate.Pass();
        return GetProfileResponse();
      },
      Dispatch::kPool, options);
  const Channel channel = house.As("gateway");
  absl::Status first;
  std::thread busy([&] {
    first = Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), Soon()).status();
  });
  gate.AwaitArrivals(1);
  const auto second = Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), Soon());
  CHECK(base::ReasonOf(second.status()) == "TOO_MANY_CALLS");
  CHECK(CheckHealth(channel, Soon().deadline).ok());
  gate.Open();
  busy.join();
  CHECK(first.ok());
  // Its place is free again, when the server has seen the end of the first.
  absl::Status third = absl::UnavailableError("");
  for (const absl::Time until = Soon().deadline; !third.ok() && house.clock().Now() < until;) {
    third = Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), Soon()).status();
  }
  CHECK(third.ok());
}

}  // namespace va::rpc
