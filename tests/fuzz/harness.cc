#include "tests/fuzz/harness.h"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

// Of the sanitizer's runtime; absent without one.
extern "C" {
__attribute__((weak)) int __sanitizer_install_malloc_and_free_hooks(
    void (*on_malloc)(const volatile void*, size_t), void (*on_free)(const volatile void*));
__attribute__((weak)) size_t __sanitizer_get_allocated_size(const volatile void*);
}

namespace va::fuzz {
namespace {

constexpr int64_t kExtraBytes = 1024 * 1024;
constexpr int64_t kExtraPerByte = 40;

// Heap bytes since the measurement began, and the most there were.
struct Heap {
  bool measured = false;
  int64_t now = 0;
  int64_t most = 0;
};
Heap g_heap;

void OnMalloc(const volatile void* /*block*/, size_t size) {
  if (!g_heap.measured) return;
  g_heap.now += static_cast<int64_t>(size);
  g_heap.most = std::max(g_heap.most, g_heap.now);
}

void OnFree(const volatile void* block) {
  if (!g_heap.measured || block == nullptr) return;
  g_heap.now -= static_cast<int64_t>(__sanitizer_get_allocated_size(block));
}

void WatchHeap() {
  static const bool installed = [] {
    if (__sanitizer_install_malloc_and_free_hooks == nullptr) return false;
    return __sanitizer_install_malloc_and_free_hooks(OnMalloc, OnFree) != 0;
  }();
  g_heap = {.measured = installed};
}

double ProcessorMilliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// No limit unless told: sanitizers take their time.
double MillisecondLimit() {
  static const double limit = [] {
    const char* const text = std::getenv("VA_FUZZ_MILLISECONDS");
    double value = 0;
    if (text != nullptr && !absl::SimpleAtod(text, &value)) Finding("VA_FUZZ_MILLISECONDS");
    return value;
  }();
  return limit;
}

struct Measured {
  std::string verdict;
  double milliseconds = 0;
  int64_t bytes = 0;
};

Measured Measure(absl::FunctionRef<std::string()> judge) {
  Measured out;
  WatchHeap();
  const double before = ProcessorMilliseconds();
  out.verdict = judge();
  out.milliseconds = ProcessorMilliseconds() - before;
  out.bytes = g_heap.most;
  g_heap.measured = false;
  return out;
}

std::map<std::string, size_t, std::less<>>& Verdicts() {
  static auto* const verdicts = new std::map<std::string, size_t, std::less<>>();
  return *verdicts;
}

}  // namespace

void Finding(absl::string_view what) {
  std::fprintf(stderr, "FINDING %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

std::string Judge(size_t size, absl::FunctionRef<std::string()> judge) {
  const Measured first = Measure(judge);
  const Measured second = Measure(judge);
  if (first.verdict != second.verdict) {
    Finding(absl::StrCat("two verdicts on one input: ", first.verdict, ", ", second.verdict));
  }
  // The lesser of both: what is set up once per process is no cost of the message.
  const int64_t bytes = std::min(first.bytes, second.bytes);
  if (bytes > kExtraBytes + kExtraPerByte * static_cast<int64_t>(size)) {
    Finding(absl::StrCat("memory: ", bytes, " bytes for an input of ", size));
  }
  const double milliseconds = std::min(first.milliseconds, second.milliseconds);
  if (MillisecondLimit() > 0 && milliseconds > MillisecondLimit()) {
    Finding(absl::StrCat("time: ", milliseconds, " ms"));
  }
  CountVerdict(first.verdict);
  return first.verdict;
}

void CountVerdict(absl::string_view verdict) { ++Verdicts()[std::string(verdict)]; }

size_t VerdictCount(absl::string_view verdict) {
  const auto found = Verdicts().find(verdict);
  return found == Verdicts().end() ? 0 : found->second;
}

std::string VerdictTable() {
  std::string out;
  for (const auto& [verdict, count] : Verdicts()) {
    absl::StrAppend(&out, "  ", verdict, " ", count, "\n");
  }
  return out;
}

}  // namespace va::fuzz
