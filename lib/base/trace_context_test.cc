#include "lib/base/trace_context.h"

#include <thread>

#include <catch2/catch.hpp>

namespace va::base {
namespace {

constexpr char kTraceparent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kUuid[] = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736";

TEST_CASE("ParseTraceparent: what it reads it writes the same", "[base][trace]") {
  const auto context = ParseTraceparent(kTraceparent);
  REQUIRE(context.has_value());
  CHECK(context->sampled);
  CHECK(TraceIdOf(*context) == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(SpanIdOf(*context) == "00f067aa0ba902b7");
  CHECK(ToTraceparent(*context) == kTraceparent);
}

TEST_CASE("ParseTraceparent: nothing but version 00 in its one spelling is read", "[base][trace]") {
  const auto* const text =
      GENERATE("", "00", "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
               "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
               "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
               "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
               "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
               "00-4bf92f3577b34da6a3ce929d0e0e473\n-00f067aa0ba902b7-01",
               "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01");
  CAPTURE(text);
  CHECK_FALSE(ParseTraceparent(text).has_value());
}

TEST_CASE("RootOf: the id of an attempt is the trace id, for whoever asks", "[base][trace]") {
  const TraceContext root = RootOf(kUuid, true);
  REQUIRE(root.valid());
  CHECK(TraceIdOf(root) == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(root == RootOf(kUuid, true));
  CHECK_FALSE(RootOf("4bf92f35", true).valid());
  CHECK_FALSE(RootOf("", true).valid());
}

TEST_CASE("ChildOf: same trace and sampling, another span; nothing inside of nothing",
          "[base][trace]") {
  const TraceContext root = RootOf(kUuid, true);
  const TraceContext child = ChildOf(root);
  CHECK(TraceIdOf(child) == TraceIdOf(root));
  CHECK(child.span != root.span);
  CHECK(child.span != ChildOf(root).span);
  CHECK(child.sampled);
  CHECK_FALSE(ChildOf({}).valid());
  CHECK(ToTraceparent(ChildOf({})).empty());
}

TEST_CASE("SampleOf: the trace alone decides, evenly", "[base][trace]") {
  TraceContext context = RootOf(kUuid, false);
  CHECK(SampleOf(context) == SampleOf(ChildOf(context)));
  context.trace_low = 0;
  CHECK(SampleOf(context) == 0.0);
  context.trace_low = ~uint64_t{0};
  CHECK(SampleOf(context) < 1.0);
  CHECK(SampleOf(context) > 0.999);
}

TEST_CASE("TraceScope: holds for its thread and its block alone", "[base][trace]") {
  CHECK_FALSE(CurrentTrace().valid());
  const TraceContext root = RootOf(kUuid, true);
  {
    const TraceScope outer(root);
    CHECK(CurrentTrace() == root);
    {
      const TraceScope inner(ChildOf(root));
      CHECK(CurrentTrace() != root);
    }
    CHECK(CurrentTrace() == root);
    bool elsewhere = true;
    std::thread([&] { elsewhere = CurrentTrace().valid(); }).join();
    CHECK_FALSE(elsewhere);
  }
  CHECK_FALSE(CurrentTrace().valid());
}

}  // namespace
}  // namespace va::base
