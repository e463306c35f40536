// The stream of locks as the gateway reads it, against a server of it over mutual TLS.
#include "services/auth-gateway/adapters/grpc_lock_feed.h"

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/rpc/server.h"
#include "lib/testing/test_pki.h"
#include "va/attributes/v1/accounts.pb.h"

namespace va::gateway {
namespace {

namespace attributes = ::va::attributes::v1;
using Writer = rpc::StreamWriter<attributes::WatchLocksResponse>;

constexpr char kWatch[] = "va.attributes.v1.AccountsService/WatchLocks";
constexpr char kList[] = "va.attributes.v1.AccountsService/ListAccounts";

class Neighbour {
 public:
  explicit Neighbour(std::function<absl::Status(const attributes::WatchLocksRequest&, Writer&)> say)
      : say_(std::move(say)) {
    rpc::ServerBuilder builder;
    builder.Stream<attributes::WatchLocksRequest, attributes::WatchLocksResponse>(
        kWatch, [this](const rpc::CallContext&, const attributes::WatchLocksRequest& request,
                       Writer& writer) { return say_(request, writer); });
    builder.Unary<attributes::ListAccountsRequest, attributes::ListAccountsResponse>(
        kList,
        [this](const rpc::CallContext&, const attributes::ListAccountsRequest& request)
            -> absl::StatusOr<attributes::ListAccountsResponse> {
          asked = request;
          return page;
        });
    builder.Allow("auth-gateway.va.internal", {kWatch, kList});
    const testing::PemFiles mine = pki_.IssueService("neighbour");
    rpc::ServerOptions options;
    options.tls = {mine.certificate_file, mine.private_key_file, pki_.ca_file()};
    server_ = builder.Start(options, pool_, clock_).value();
  }
  ~Neighbour() {
    server_->Stop(absl::Seconds(1));
    pool_.Shutdown();
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

  rpc::Channel Channel() {
    const testing::PemFiles caller = pki_.IssueService("auth-gateway");
    return rpc::Connect(absl::StrCat("127.0.0.1:", server_->port()),
                        {caller.certificate_file, caller.private_key_file, pki_.ca_file()},
                        "neighbour.va.internal")
        .value();
  }
  absl::Time Soon() const { return clock_.Now() + absl::Seconds(10); }

  attributes::ListAccountsRequest asked;
  attributes::ListAccountsResponse page;

 private:
  std::function<absl::Status(const attributes::WatchLocksRequest&, Writer&)> say_;
  base::SystemClock clock_;
  testing::TestPki pki_;
  base::WorkerPool pool_{1, 4};
  std::unique_ptr<rpc::Server> server_;
};

attributes::WatchLocksResponse Event(std::int64_t sequence, int kind) {
  attributes::WatchLocksResponse event;
  event.set_sequence(sequence);
  event.set_kind(static_cast<attributes::AccountEventKind>(kind));
  event.set_account_id("a");
  event.set_verification_id("v");
  event.mutable_happened_at()->set_seconds(1'700'000'000);
  return event;
}

TEST_CASE("GrpcLockFeed: what is streamed arrives as events, an unknown kind as such") {
  std::int64_t asked = 0;
  Neighbour neighbour([&](const attributes::WatchLocksRequest& request, Writer& writer) {
    asked = request.after_sequence();
    for (const int kind : {1, 2, 3, 4, 99}) writer.Write(Event(10 + kind, kind));
    attributes::WatchLocksResponse undated = Event(200, 1);
    undated.clear_happened_at();
    writer.Write(undated);
    attributes::WatchLocksResponse sign;
    sign.set_heartbeat(true);
    sign.set_sequence(201);
    writer.Write(sign);
    return absl::OkStatus();
  });
  GrpcLockFeed feed(neighbour.Channel());
  std::vector<LockEvent> events;
  const absl::Status end = feed.Watch(9, neighbour.Soon(), [&](const LockEvent& event) {
    events.push_back(event);
    return true;
  });
  CHECK(end.ok());
  CHECK(asked == 9);
  REQUIRE(events.size() == 7);
  const std::vector<LockEventKind> kinds = {LockEventKind::kLocked,    LockEventKind::kUnlocked,
                                            LockEventKind::kMoved,     LockEventKind::kForgotten,
                                            LockEventKind::kUnknown,   LockEventKind::kLocked,
                                            LockEventKind::kSignOfLife};
  for (size_t i = 0; i < kinds.size(); ++i) CHECK(events[i].kind == kinds[i]);
  CHECK(events[0].sequence == 11);
  CHECK(events[0].account_id == "a");
  CHECK(events[0].verification_id == "v");
  CHECK(events[0].happened_at == absl::FromUnixSeconds(1'700'000'000));
  CHECK(events[5].happened_at == absl::InfiniteFuture());
  CHECK(events[6].sequence == 201);
}

TEST_CASE("GrpcLockFeed: why a stream ended is told, and a reader who has enough ends it") {
  Neighbour neighbour([&](const attributes::WatchLocksRequest& request, Writer& writer) {
    if (request.after_sequence() == 7) {
      return base::MakeError(absl::StatusCode::kOutOfRange, "EVENTS_FORGOTTEN", "gone");
    }
    while (writer.Write(Event(8, 1))) {
    }
    return absl::OkStatus();
  });
  GrpcLockFeed feed(neighbour.Channel());
  const auto listen = [](const LockEvent&) { return true; };
  const absl::Status forgotten = feed.Watch(7, neighbour.Soon(), listen);
  CHECK(absl::IsOutOfRange(forgotten));
  CHECK(base::ReasonOf(forgotten) == "EVENTS_FORGOTTEN");
  int heard = 0;
  const absl::Status enough =
      feed.Watch(0, neighbour.Soon(), [&](const LockEvent&) { return ++heard < 3; });
  CHECK(base::ReasonOf(enough) == "WATCH_STOPPED");
  CHECK(heard == 3);
}

TEST_CASE("GrpcLockFeed: stopping ends the stream that runs and every later one") {
  Neighbour neighbour([&](const attributes::WatchLocksRequest&, Writer& writer) {
    writer.Write(Event(1, 1));
    while (writer.WaitUntil(absl::InfiniteFuture())) {
    }
    return absl::OkStatus();
  });
  GrpcLockFeed feed(neighbour.Channel());
  std::thread stopping;
  const absl::Status end = feed.Watch(0, neighbour.Soon() + absl::Hours(1), [&](const LockEvent&) {
    stopping = std::thread([&] { feed.Stop(); });
    return true;
  });
  stopping.join();
  CHECK(absl::IsCancelled(end));
  CHECK(absl::IsCancelled(feed.Watch(0, neighbour.Soon(), [](const LockEvent&) { return true; })));
}

TEST_CASE("GrpcLockFeed: locked accounts come a page at a time, with what of them is locked") {
  Neighbour neighbour(
      [](const attributes::WatchLocksRequest&, Writer&) { return absl::OkStatus(); });
  attributes::Account& whole = *neighbour.page.add_accounts();
  whole.set_account_id("a");
  whole.set_locked(true);
  attributes::Account& part = *neighbour.page.add_accounts();
  part.set_account_id("b");
  for (const bool locked : {false, true}) {
    attributes::Verification& verification = *part.add_verifications();
    verification.set_verification_id(locked ? "locked" : "free");
    verification.set_locked(locked);
  }
  neighbour.page.set_next_page_token("next");
  GrpcLockFeed feed(neighbour.Channel());
  const auto page = feed.ListLocked("token", neighbour.Soon());
  REQUIRE(page.ok());
  CHECK(neighbour.asked.locked_only());
  CHECK(neighbour.asked.page_token() == "token");
  REQUIRE(page->accounts.size() == 2);
  CHECK(page->accounts[0].whole);
  CHECK_FALSE(page->accounts[1].whole);
  CHECK(page->accounts[1].verification_ids == std::vector<std::string>{"locked"});
  CHECK(page->next == "next");
}

}  // namespace
}  // namespace va::gateway
