// What a decision costs: Derive and Admit run for every sign-in, and what they allocate is what
// they wait for (issue of performance: at most 40 allocations for both together).
#include <time.h>

#include <cstdlib>
#include <iostream>
#include <new>
#include <string>

#include <catch2/catch.hpp>

#include "lib/testing/sample_sets.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/rule_fixture.h"

namespace {

thread_local long allocations = 0;

void* Take(std::size_t size) {
  ++allocations;
  void* const out = std::malloc(size == 0 ? 1 : size);
  if (out == nullptr) std::abort();
  return out;
}

}  // namespace

// The whole test program counts; the other tests do not look.
void* operator new(std::size_t size) { return Take(size); }
void* operator new[](std::size_t size) { return Take(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t /*size*/) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t /*size*/) noexcept { std::free(p); }

namespace va::attributes {
namespace {

constexpr long kMostAllocations = 40;

// Of this thread, in microseconds: what others do on the machine does not count.
double CpuMicros() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// MPI's answer about the person of a statement, as rich as MPI's answers are.
MpiAnswer AnswerAbout(const Derivation& derived, const std::string& gc_ids) {
  MpiProfile profile = SamePerson();
  if (AskedIcn(derived.claims)) profile.icn = *AskedIcn(derived.claims);
  profile.ssn = derived.claims.ssn;
  profile.ids = identity::ParseGcIds(gc_ids);
  return Found(std::move(profile));
}

TEST_CASE("Cost: Derive and Admit of the largest sets take 40 allocations at most, together",
          "[attributes][cost]") {
  const std::string fixture = GENERATE("ssoe_idme_dslogon_level2", "ssoe_idme_mhv_premium");
  CAPTURE(fixture);
  const testing::SampleSet sample = testing::SampleSetOf("ssoe_attributes", fixture);
  Statement statement(sample.context);
  std::string gc_ids;
  for (const auto& [name, values] : sample.attributes) {
    statement.WithForeign(name, values);
    if (name == "va_eauth_gcIds" && !values.empty()) gc_ids = values.front();
  }
  const SsoeAssertion assertion = statement.Build();
  const Attempt attempt = AttemptAt("vaweb", "mhv");
  const Derivation once = Derive(assertion, attempt, ShippedPolicy());
  const MpiAnswer answer = AnswerAbout(once, gc_ids);

  const long before = allocations;
  const Derivation derived = Derive(assertion, attempt, ShippedPolicy());
  const Decision decision = Admit(assertion, attempt, answer, ShippedPolicy(), TestNow());
  const long used = allocations - before;
  INFO("allocations: " << used);
  CHECK(derived.question.has_value());
  REQUIRE(decision.verdict == Verdict::kAdmit);
  CHECK(used <= kMostAllocations);

  constexpr int kRounds = 2000;
  const double start = CpuMicros();
  for (int i = 0; i < kRounds; ++i) {
    const Derivation d = Derive(assertion, attempt, ShippedPolicy());
    const Decision a = Admit(assertion, attempt, answer, ShippedPolicy(), TestNow());
    if (!d.question || a.verdict != Verdict::kAdmit) FAIL("an answer changed");
  }
  const double spent = CpuMicros() - start;
  // The time is told, not judged: a test machine proves nothing about it (./dev bench rules does).
  std::cout << fixture << ": " << used << " allocations, " << spent / kRounds
            << " us for Derive and Admit\n";
}

}  // namespace
}  // namespace va::attributes
