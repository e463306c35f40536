#include "lib/rpc/wire.h"

#include <catch2/catch.hpp>

namespace va::rpc {
namespace {

TEST_CASE("PackAssurance: what is packed comes back the same", "[rpc][wire]") {
  identity::Assurance in;
  in.ial = 2;
  in.aal = 2;
  in.auth_time = absl::FromUnixSeconds(1700000000) + absl::Milliseconds(250);
  in.csp = identity::Csp::kDslogon;
  in.pathway = "ssoe";
  in.loa_current = 3;
  in.loa_highest = 3;
  common::v1::Assurance wire;
  PackAssurance(in, wire);
  const identity::Assurance out = UnpackAssurance(wire);
  CHECK(out.ial == 2);
  CHECK(out.aal == 2);
  CHECK(out.auth_time == in.auth_time);
  CHECK(out.csp == in.csp);
  CHECK(out.pathway == "ssoe");
  CHECK(out.loa_current == 3);
  CHECK(out.loa_highest == 3);
}

TEST_CASE("PackAssurance: an unknown time of authentication is absent and stays unknown",
          "[rpc][wire]") {
  const identity::Assurance in;
  common::v1::Assurance wire;
  PackAssurance(in, wire);
  CHECK_FALSE(wire.has_auth_time());
  CHECK(UnpackAssurance(wire).auth_time == identity::Assurance().auth_time);
}

TEST_CASE("UnpackAssurance: a time that is none is an unknown one", "[rpc][wire]") {
  common::v1::Assurance wire;
  wire.mutable_auth_time()->set_nanos(-1);
  CHECK(UnpackAssurance(wire).auth_time == identity::Assurance().auth_time);
}

TEST_CASE("UnpackCsp: every provider comes back, a foreign number is nobody", "[rpc][wire]") {
  for (const identity::Csp csp : {identity::Csp::kIdme, identity::Csp::kLogingov,
                                  identity::Csp::kMhv, identity::Csp::kDslogon}) {
    CHECK(UnpackCsp(PackCsp(csp)) == csp);
  }
  CHECK_FALSE(UnpackCsp(common::v1::CSP_UNSPECIFIED).has_value());
  CHECK_FALSE(UnpackCsp(static_cast<common::v1::Csp>(99)).has_value());
  CHECK(PackCsp(std::nullopt) == common::v1::CSP_UNSPECIFIED);
}

TEST_CASE("PackTime: nanoseconds count up also before 1970", "[rpc][wire]") {
  google::protobuf::Timestamp wire;
  PackTime(absl::UnixEpoch() - absl::Milliseconds(250), wire);
  CHECK(wire.seconds() == -1);
  CHECK(wire.nanos() == 750000000);
  CHECK_FALSE(IsTime(wire));
}

}  // namespace
}  // namespace va::rpc
