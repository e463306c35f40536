// bench: what tokens cost beside the bare OpenSSL operation: signing, verifying, encrypting
// npm: tests/interop/jose
#include "tests/bench/benchmark.h"
#include "tests/bench/jose_encryption.h"
#include "tests/bench/jose_flags.h"
#include "tests/bench/jose_signatures.h"

int main(int argc, char** argv) {
  va::bench::JoseFlags flags;
  return va::bench::RunBenchmark(
      argc, argv, "Measures tokens beside the bare OpenSSL operation",
      [&flags](CLI::App& app) {
        app.add_option("--rounds", flags.rounds, "how many rounds")->check(CLI::Range(1, 1000));
        app.add_option("--times", flags.times, "operations in each round, of the quick ones")
            ->check(CLI::Range(1, 100000));
      },
      [&flags](va::bench::Report& report) {
        absl::Status measured = va::bench::MeasureSignatures(flags, report);
        return measured.ok() ? va::bench::MeasureEncryption(flags, report) : measured;
      });
}
