#include "tests/bench/process_meter.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace va::bench {
namespace {

std::string ReadProc(int pid, const char* name) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/", name));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

absl::Duration Ticks(long long ticks) {
  return absl::Seconds(static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK)));
}

std::vector<int> Children(int parent) {
  std::vector<int> children;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    int pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    const auto stat = ParseStat(ReadProc(pid, "stat"));
    if (stat.ok() && stat->parent == parent) children.push_back(pid);
  }
  return children;
}

// `field` of /proc/PID/status, e.g. "VmRSS:".
double StatusMib(int pid, absl::string_view field) {
  for (absl::string_view line : absl::StrSplit(ReadProc(pid, "status"), '\n')) {
    double kib = 0;
    if (absl::ConsumePrefix(&line, field) && absl::ConsumeSuffix(&line, "kB") &&
        absl::SimpleAtod(absl::StripAsciiWhitespace(line), &kib)) {
      return kib / 1024;
    }
  }
  return 0;
}

}  // namespace

absl::StatusOr<StatLine> ParseStat(const std::string& line) {
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return absl::NotFoundError("no such process");
  const std::vector<std::string> fields =
      absl::StrSplit(line.substr(name_end + 1), ' ', absl::SkipEmpty());
  // proc(5) counts from 1 and the state, field 3, is first here.
  constexpr size_t kParent = 4 - 3;
  constexpr size_t kUtime = 14 - 3;
  if (fields.size() <= kUtime + 3) return absl::InvalidArgumentError("stat line too short");
  StatLine stat;
  long long user = 0;
  long long system = 0;
  long long waited_user = 0;
  long long waited_system = 0;
  if (!absl::SimpleAtoi(fields[kParent], &stat.parent) ||
      !absl::SimpleAtoi(fields[kUtime], &user) || !absl::SimpleAtoi(fields[kUtime + 1], &system) ||
      !absl::SimpleAtoi(fields[kUtime + 2], &waited_user) ||
      !absl::SimpleAtoi(fields[kUtime + 3], &waited_system)) {
    return absl::InvalidArgumentError("stat line without numbers");
  }
  stat.ticks_own = user + system;
  stat.ticks_waited = waited_user + waited_system;
  return stat;
}

absl::StatusOr<ProcessCost> MeasureProcess(int pid) {
  const auto stat = ParseStat(ReadProc(pid, "stat"));
  if (!stat.ok()) return absl::NotFoundError(absl::StrCat("process ", pid, " does not run"));
  ProcessCost cost;
  cost.cpu = Ticks(stat->ticks_own + stat->ticks_waited);
  for (const int child : Children(pid)) {
    const auto child_stat = ParseStat(ReadProc(child, "stat"));
    if (child_stat.ok()) cost.cpu += Ticks(child_stat->ticks_own + child_stat->ticks_waited);
  }
  cost.resident_mib = StatusMib(pid, "VmRSS:");
  cost.peak_mib = StatusMib(pid, "VmHWM:");
  return cost;
}

}  // namespace va::bench
