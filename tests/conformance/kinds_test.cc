#include "tests/conformance/kinds.h"

#include <catch2/catch.hpp>
#include <string>

namespace va::conformance {
namespace {

TEST_CASE("KindOf: by options, by area and shape, by the first two parts of the name",
          "[conformance][rule]") {
  struct KindRow {
    const char* row;
    const char* kind;
  };
  const auto row = GENERATE(values<KindRow>({
      {R"({"name":"x","options":{"kind":"ssoe_attributes"}})", "ssoe_attributes"},
      {R"({"name":"x","options":{"kind":"never heard of"}})", "never heard of"},
      {R"({"name":"x","area":"mpi","input":{"fixture":"a.xml","http_status":200}})", "mpi.parse"},
      {R"({"name":"x","area":"mpi","input":{"http_status":500,"body":"any"}})", "mpi.parse"},
      {R"({"name":"x","area":"mpi","input":{"gcids":""}})", "mpi.ids"},
      {R"({"name":"x","area":"mpi","input":{"ids":[]}})", "mpi.ids"},
      {R"({"name":"sign-in: flag","area":"mpi","input":{"edipis":[]}})", "mpi.sign-in"},
      {R"({"name":"x","area":"mpi","input":{"identifier":"1","identifier_type":"ICN"}})",
       "mpi.build"},
      {R"({"name":"x","area":"mpi","input":{"given":"A","family":"B"}})", "mpi.values"},
      {R"({"name":"x","area":"mpi","input":{"ack":null}})", "mpi.values"},
      {R"({"name":"x","area":"mpi","input":{"add_codes":{}}})", "mpi.facade"},
      {R"({"name":"SSOe: x","area":"mpi","input":{"edipis":[]}})", "mpi.ssoe"},
      {R"({"name":"x","area":"mpi","input":{"loa":1}})", "mpi.facade"},
      {R"({"name":"x","area":"mhv","input":{"state":"upgraded"}})", "mhv.state"},
      {R"({"name":"x","area":"mhv","input":{"sts_http":401}})", "mhv.session"},
      {R"({"name":"x","area":"callback","input":{}})", "sign_in.callback"},
      {R"({"name":"va.auth.page"})", "va.auth"},
      {R"({"name":"jwe.decrypt"})", "jwe.decrypt"},
      {R"({"name":"a sentence. And another"})", ""},
      {R"({"name":"words"})", ""},
      {R"({"name":".x.y"})", ""},
      {R"({})", ""},
      {R"([1])", ""},
      {R"("text")", ""},
      {R"({"name":7,"area":{},"options":[],"input":3})", ""},
  }));
  CAPTURE(row.row);
  CHECK(KindOf(Json::parse(row.row)) == row.kind);
}

}  // namespace
}  // namespace va::conformance
