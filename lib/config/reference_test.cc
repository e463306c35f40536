#include "lib/config/reference.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"

namespace va::config {
namespace {

std::vector<FieldInfo> Sample() {
  static std::string url;
  static std::string level = "info";
  static int threads = 4;
  static absl::Duration timeout = absl::Seconds(5);
  static std::vector<std::string> hosts;
  Table table("VA_SAMPLE__");
  table.String("mpi.http.url", &url, "Where MPI answers.")
      .Required()
      .HttpUrl()
      .Example("https://m");
  table.Duration("mpi.http.timeout", &timeout, "Longest wait | for MPI.")
      .Range(absl::ZeroDuration(), absl::Minutes(1));
  table.String("log.level", &level, "Least severity.").OneOf({"info", "debug"}).Live();
  table.Int("workers.threads", &threads, "Threads.").Unit("threads").Range(1, 64);
  table.StringList("hosts", &hosts, "Names <we> answer to.").Live();
  return table.Describe();
}

}  // namespace

TEST_CASE("Explain: says all about a key", "[config]") {
  CHECK(Explain(Sample(), "mpi.http.url") ==
        "mpi.http.url\n"
        "  Where MPI answers.\n"
        "  type         text; required\n"
        "  may be       an absolute http or https URL\n"
        "  default      none: it must be set\n"
        "  example      https://m\n"
        "  environment  VA_SAMPLE__MPI__HTTP__URL\n"
        "  on reload    needs a restart\n");
  CHECK(Explain(Sample(), "log.level") ==
        "log.level\n"
        "  Least severity.\n"
        "  type         text\n"
        "  may be       info, debug\n"
        "  default      info\n"
        "  environment  VA_SAMPLE__LOG__LEVEL\n"
        "  on reload    takes effect\n");
  CHECK(Explain(Sample(), "workers.threads") ==
        "workers.threads\n"
        "  Threads.\n"
        "  type         number, threads\n"
        "  may be       1 to 64\n"
        "  default      4\n"
        "  environment  VA_SAMPLE__WORKERS__THREADS\n"
        "  on reload    needs a restart\n");
  CHECK(absl::StrContains(*Explain(Sample(), "mpi.http.timeout"), "0s to 1m\n"));
}

TEST_CASE("Explain: a key is found by its variable, and a section lists its keys", "[config]") {
  CHECK(Explain(Sample(), "VA_SAMPLE__LOG__LEVEL") == Explain(Sample(), "log.level"));
  const std::string section = *Explain(Sample(), "mpi");
  CHECK(absl::StrContains(section, "mpi.http.url\n"));
  CHECK(absl::StrContains(section, "mpi.http.timeout\n"));
  CHECK_FALSE(absl::StrContains(section, "log.level"));
  CHECK(Explain(Sample(), "mpi.http") == section);
  // Only whole words of the path.
  CHECK_FALSE(Explain(Sample(), "mp").has_value());
  CHECK_FALSE(Explain(Sample(), "mpi.http.").has_value());
  CHECK_FALSE(Explain(Sample(), "").has_value());
}

TEST_CASE("NearestKey: what was meant", "[config]") {
  CHECK(NearestKey(Sample(), "log.levle") == "log.level");
  CHECK(NearestKey(Sample(), "wrokers") == "workers");
  CHECK(NearestKey(Sample(), "VA_SAMPLE__LOG__LEVLE") == "VA_SAMPLE__LOG__LEVEL");
  CHECK(NearestKey(Sample(), "timeout") == "mpi.http.timeout");
  CHECK(NearestKey(Sample(), "zzzzzzzzzzzzzzzz").empty());
}

TEST_CASE("ReferenceMarkdown: a table per section, a row per key, bars and brackets tamed",
          "[config]") {
  const std::string page = ReferenceMarkdown(Sample());
  CHECK(absl::StrContains(page, "### mpi\n\n| Key |"));
  CHECK(absl::StrContains(page,
                          "| `mpi.http.url` | Where MPI answers. Example: `https://m` | text: an "
                          "absolute http or https URL | **required** | no |\n"));
  CHECK(absl::StrContains(page, "Longest wait \\| for MPI."));
  CHECK(absl::StrContains(page, "Names &lt;we> answer to."));
  CHECK(absl::StrContains(
      page, "| `log.level` | Least severity. | text: info, debug | `info` | yes |\n"));
  for (const FieldInfo& field : Sample()) {
    CAPTURE(field.key);
    CHECK(absl::StrContains(page, "| `" + field.key + "` |"));
  }
}

TEST_CASE("KeyOverview: every key, a line each", "[config]") {
  const std::string all = KeyOverview(Sample());
  for (const FieldInfo& field : Sample()) CHECK(absl::StrContains(all, field.key + " "));
}

}  // namespace va::config
