#include "lib/identity/user_info_ids.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>

namespace va::identity {
namespace {

TEST_CASE("AreApprovedForUserInfo: a station of digits and the listed systems, nobody else",
          "[identity]") {
  struct Row {
    const char* ids;
    bool approved;
  };
  const auto row = GENERATE(values<Row>({
      {"", true},
      {"1000000001V100001^NI^200M^USVHA^P", true},
      {"12345^PI^516^USVHA^PCE", true},
      {"1^NI^200M^USVHA^P|2^PN^200PROV^USDVA^A|", true},
      {"1^PI^200MHV^USVHA^A", true},
      {"1^PN^200VLGN^USDVA^A", false},
      {"1^PN^200VIDM^USDVA^A", false},
      {"1^NI^200M^USVHA^P|2^PN^200VLGN^USDVA^A", false},
      // Neither a prefix nor a suffix of a listed name is one, and letters are as they are.
      {"1^PI^200MH^USVHA^A", false},
      {"1^PI^200M1^USVHA^A", false},
      {"1^PI^200m^USVHA^A", false},
      {"1^PI^516A^USVHA^A", false},
      {"1^PI^^USVHA^A", false},
      {"1^PI", false},
      {"516", false},
      {"1^PI^516\n200VLGN^USVHA^A", false},
  }));
  CAPTURE(row.ids);
  CHECK(AreApprovedForUserInfo(row.ids) == row.approved);
}

TEST_CASE("ApprovedForUserInfo: what may not be shown is left out, the rest keeps its order",
          "[identity]") {
  CHECK(ApprovedForUserInfo("3^PI^516^USVHA^A|2^PN^200VLGN^USDVA^A|1^NI^200M^USVHA^P") ==
        "3^PI^516^USVHA^A|1^NI^200M^USVHA^P");
  CHECK(ApprovedForUserInfo("2^PN^200VLGN^USDVA^A").empty());
}

TEST_CASE("ApprovedForUserInfo: what is left is approved, whatever came in", "[identity][prop]") {
  CHECK(rc::check([](const std::string& joined) {
    RC_ASSERT(AreApprovedForUserInfo(ApprovedForUserInfo(joined)));
  }));
}

}  // namespace
}  // namespace va::identity
