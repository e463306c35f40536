#include "tests/bench/mpi_crowd.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lib/base/clock.h"
#include "lib/testing/test_pki.h"
#include "tests/bench/process_meter.h"
#include "tests/bench/rounds.h"
#include "tests/bench/second_process.h"
#include "tests/bench/stack.h"
#include "va/mpi/v1/mpi.grpc.pb.h"

namespace va::bench {
namespace {

constexpr double kSeconds = 3;
constexpr double kPeakMib = 128;
constexpr int kPatienceSeconds = 20;
constexpr int kWarmCrowds = 2;

// All questions are asked before the first answer is waited for.
class Crowd {
 public:
  Crowd(const std::vector<rpc::Channel>& channels, const std::vector<std::string>& icns, int finds)
      : icns_(icns), finds_(finds) {
    for (const rpc::Channel& channel : channels) {
      stubs_.push_back(mpi::v1::MpiService::NewStub(channel.shared()));
    }
  }

  // From the first question to the last answer.
  absl::StatusOr<absl::Duration> Ask() {
    grpc::CompletionQueue queue;
    std::vector<std::unique_ptr<Call>> calls;
    const base::Stopwatch watch;
    for (int n = 0; n < finds_; ++n) {
      auto call = std::make_unique<Call>();
      call->context.set_deadline(absl::ToChronoTime(InSeconds(kPatienceSeconds)));
      const auto question = ProfileQuestion(icns_[static_cast<size_t>(n)], mpi::v1::FRESHNESS_ASK);
      auto& stub = *stubs_[static_cast<size_t>(n) % stubs_.size()];
      call->reader = stub.AsyncGetProfile(&call->context, question, &queue);
      call->reader->Finish(&call->answer, &call->status, call.get());
      calls.push_back(std::move(call));
    }
    void* tag = nullptr;
    bool ok = false;
    for (int n = 0; n < finds_; ++n) queue.Next(&tag, &ok);
    const absl::Duration took = watch.Elapsed();
    queue.Shutdown();
    for (const auto& call : calls) {
      if (!call->status.ok()) {
        return absl::UnavailableError(
            absl::StrCat("a find failed: ", call->status.error_message()));
      }
      if (absl::Status good = CheckPerson(call->answer, /*from_cache=*/false); !good.ok()) {
        return good;
      }
    }
    return took;
  }

 private:
  struct Call {
    grpc::ClientContext context;
    mpi::v1::GetProfileResponse answer;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<mpi::v1::GetProfileResponse>> reader;
  };

  const std::vector<std::string>& icns_;
  const int finds_;
  std::vector<std::unique_ptr<mpi::v1::MpiService::Stub>> stubs_;
};

// The same questions without the adapter, each on a thread and a connection of its own.
absl::StatusOr<absl::Duration> AskBare(BareMpi& mpi, const std::vector<std::string>& icns,
                                       int finds) {
  std::mutex mutex;
  absl::Status fault;
  std::atomic<bool> go{false};
  std::vector<std::thread> askers;
  for (int n = 0; n < finds; ++n) {
    askers.emplace_back([&, n] {
      go.wait(false);
      const absl::Status asked = mpi.Find(icns[static_cast<size_t>(n)]);
      const std::lock_guard<std::mutex> lock(mutex);
      fault.Update(asked);
    });
  }
  const base::Stopwatch watch;
  go = true;
  go.notify_all();
  for (std::thread& asker : askers) asker.join();
  if (!fault.ok()) return fault;
  return watch.Elapsed();
}

// Of one process of mpi-adapter.
struct Seen {
  double cold_mib = 0;         // the most it had resident by the end of the cold crowd
  double peak_mib = 0;         // and by the end of all
  absl::Duration adapter_cpu;  // for the cold crowd
  absl::Duration simulator_cpu;
};

class Round {
 public:
  Round(const CrowdRounds& how, MpiPlace& place, const std::vector<std::string>& icns)
      : how_(how), place_(place), icns_(icns) {}

  absl::Status Run(Measured& measured) {
    const testing::TempDir audit;
    const auto ops = FreePort();
    const auto grpc = FreePort();
    if (!ops.ok() || !grpc.ok()) return absl::InternalError("no free port");
    const auto client = http::CurlClient::Create({.allow_plain_http = true});
    if (!client.ok()) return client.status();
    // The stack's adapter waits for MPI shorter than the service's defaults, which these are.
    SecondProcess process(
        ProgramBeside("mpi-adapter"), absl::StrCat(place_.dev_dir(), "/config/mpi-adapter.yaml"),
        {absl::StrCat("VA_MPI_ADAPTER__OPS__LISTEN=127.0.0.1:", *ops),
         absl::StrCat("VA_MPI_ADAPTER__GRPC__LISTEN=127.0.0.1:", *grpc),
         absl::StrCat("VA_MPI_ADAPTER__AUDIT__FILE=", audit.path(), "/audit.jsonl"),
         "VA_MPI_ADAPTER__MPI__HTTP__TIMEOUT=6s", "VA_MPI_ADAPTER__MPI__HTTP__CONNECT_TIMEOUT=3s"});
    if (absl::Status ready = process.AwaitReady(*ops, **client); !ready.ok()) return ready;
    std::vector<rpc::Channel> channels;
    for (int n = 0; n < how_.channels; ++n) {
      auto channel = place_.Connect(absl::StrCat("127.0.0.1:", *grpc));
      if (!channel.ok()) return channel.status();
      channels.push_back(*std::move(channel));
    }
    Crowd crowd(channels, icns_, how_.finds);
    if (absl::Status cold = RunCold(crowd, process.pid(), measured); !cold.ok()) return cold;
    for (int n = 0; n < kWarmCrowds; ++n) {
      const auto ask = [&crowd] { return crowd.Ask(); };
      if (absl::Status warm = Counted(ask, "warm", measured); !warm.ok()) return warm;
    }
    const auto cost = MeasureProcess(process.pid());
    if (!cost.ok()) return cost.status();
    seen_.peak_mib = cost->peak_mib;
    return RunBare(measured);
  }

  const Seen& seen() const { return seen_; }

 private:
  absl::Status RunCold(Crowd& crowd, int adapter, Measured& measured) {
    const auto simulator = PidOf("mpi-simulator");
    if (!simulator.ok()) return simulator.status();
    const auto adapter_before = MeasureProcess(adapter);
    const auto simulator_before = MeasureProcess(*simulator);
    const auto ask = [&crowd] { return crowd.Ask(); };
    if (absl::Status cold = Counted(ask, "cold", measured); !cold.ok()) return cold;
    const auto adapter_after = MeasureProcess(adapter);
    const auto simulator_after = MeasureProcess(*simulator);
    for (const auto* cost :
         {&adapter_before, &simulator_before, &adapter_after, &simulator_after}) {
      if (!cost->ok()) return cost->status();
    }
    seen_.cold_mib = adapter_after->peak_mib;
    seen_.adapter_cpu = adapter_after->cpu - adapter_before->cpu;
    seen_.simulator_cpu = simulator_after->cpu - simulator_before->cpu;
    return absl::OkStatus();
  }

  absl::Status RunBare(Measured& measured) {
    const auto bare = place_.Bare(how_.finds);
    if (!bare.ok()) return bare.status();
    for (const char* name : {"bare_cold", "bare_warm"}) {
      const auto ask = [&] { return AskBare(**bare, icns_, how_.finds); };
      if (absl::Status asked = Counted(ask, name, measured); !asked.ok()) return asked;
    }
    return absl::OkStatus();
  }

  // MPI must have been asked for each, and about each once.
  template <typename Ask>
  absl::Status Counted(const Ask& ask, const char* name, Measured& measured) {
    const auto before = place_.knobs().Calls();
    if (!before.ok()) return before.status();
    const auto took = ask();
    if (!took.ok())
      return absl::Status(took.status().code(), absl::StrCat(name, ": ", took.status().message()));
    const auto after = place_.knobs().Calls();
    if (!after.ok()) return after.status();
    if (*after - *before != how_.finds) {
      return absl::InternalError(absl::StrCat(name, ": MPI was asked ", *after - *before,
                                              " times for ", how_.finds, " people"));
    }
    measured.Add(name, *took);
    return absl::OkStatus();
  }

  const CrowdRounds& how_;
  MpiPlace& place_;
  const std::vector<std::string>& icns_;
  Seen seen_;
};

}  // namespace

absl::Status MeasureCrowd(const CrowdRounds& how, MpiPlace& place,
                          const std::vector<std::string>& icns, Report& report) {
  if (static_cast<int>(icns.size()) < how.finds) {
    return absl::InvalidArgumentError("fewer people than finds");
  }
  if (absl::Status set =
          place.knobs().Set(absl::StrFormat(R"({"mode":"slow","ms":%d})", how.latency_ms));
      !set.ok()) {
    return set;
  }
  Measured measured;
  std::vector<double> cold;
  std::vector<double> peaks;
  std::vector<absl::Duration> adapter_cpu;
  std::vector<absl::Duration> simulator_cpu;
  for (int n = 0; n < how.rounds; ++n) {
    Round round(how, place, icns);
    if (absl::Status ran = round.Run(measured); !ran.ok()) return ran;
    cold.push_back(round.seen().cold_mib);
    peaks.push_back(round.seen().peak_mib);
    adapter_cpu.push_back(round.seen().adapter_cpu);
    simulator_cpu.push_back(round.seen().simulator_cpu);
  }
  if (absl::Status set = place.knobs().Set(R"({"mode":"none"})"); !set.ok()) return set;
  const std::string crowd =
      absl::StrFormat("%d finds at once, MPI at %d ms", how.finds, how.latency_ms);
  report.Cost(measured, "cold", absl::StrCat(crowd, ", no connection to MPI yet"));
  report.Cost(measured, "warm", "the same, connections kept");
  report.Cost(measured, "bare_cold", "straight to MPI, no connection yet");
  report.Cost(measured, "bare_warm", "straight to MPI, connections kept");
  const auto each = [&how](const std::vector<absl::Duration>& cpu) {
    return absl::ToDoubleMilliseconds(Median(cpu)) / how.finds;
  };
  report.Say(
      absl::StrFormat("CPU of one of the cold: %.2f ms in mpi-adapter, %.2f ms in the "
                      "simulator",
                      each(adapter_cpu), each(simulator_cpu)));
  report.Say(absl::StrFormat("mpi-adapter's peak: %.1f MiB after a cold crowd, %.1f after three",
                             Median(cold), Median(peaks)));
  report.AtMost("crowd_cold_s", absl::ToDoubleSeconds(measured.MedianOf("cold")), kSeconds);
  report.AtMost("crowd_peak_mib", *std::max_element(peaks.begin(), peaks.end()), kPeakMib);
  return absl::OkStatus();
}

}  // namespace va::bench
