#include "tools/signinctl/pii_mask.h"

#include <catch2/catch.hpp>

#include "google/protobuf/wrappers.pb.h"
#include "va/common/v1/error.pb.h"
#include "va/mhv/v1/mhv.pb.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::signinctl {

TEST_CASE("MaskPersonalData: marked texts are masked at every depth, PII_NONE stays",
          "[signinctl]") {
  mpi::v1::GetProfileResponse message;
  message.set_message_id("m-1");
  message.mutable_profile()->set_ssn("666010001");
  message.mutable_profile()->set_id_theft(true);
  auto& name = *message.mutable_profile()->add_names();
  name.add_given("IDA");
  name.add_given("ROSE");
  name.set_use("L");
  auto& id = *message.mutable_profile()->add_ids();
  id.set_id("1000000001");
  id.set_id_type("PN");
  id.set_facility("516");
  MaskPersonalData(message);
  CHECK(message.message_id() == "m-1");
  CHECK(message.profile().ssn() == "***");
  CHECK(message.profile().id_theft());
  CHECK(message.profile().names(0).given_size() == 2);
  CHECK(message.profile().names(0).given(1) == "***");
  CHECK(message.profile().names(0).use() == "L");
  CHECK(message.profile().names(0).family().empty());
  CHECK(message.profile().ids(0).id() == "***");
  CHECK(message.profile().ids(0).id_type() == "PN");
  CHECK(message.profile().ids(0).facility() == "***");
}

TEST_CASE("MaskPersonalData: facts that are no text are left out", "[signinctl]") {
  mhv::v1::EnsureAccountResponse message;
  message.set_state(mhv::v1::ACCOUNT_STATE_ENSURED);
  message.set_mhv_id("30001");
  message.set_patient(true);
  message.set_champ_va(true);
  MaskPersonalData(message);
  CHECK(message.state() == mhv::v1::ACCOUNT_STATE_ENSURED);
  CHECK(message.mhv_id() == "***");
  CHECK_FALSE(message.has_patient());
  CHECK_FALSE(message.has_champ_va());
}

TEST_CASE("MaskPersonalData: a map follows its own mark", "[signinctl]") {
  common::v1::ErrorDetail detail;
  (*detail.mutable_safe())["method"] = "GetProfile";
  MaskPersonalData(detail);
  CHECK(detail.safe().at("method") == "GetProfile");
}

TEST_CASE("MaskPersonalData: a text without any mark is treated as the worst", "[signinctl]") {
  google::protobuf::StringValue unmarked;
  unmarked.set_value("somebody");
  MaskPersonalData(unmarked);
  CHECK(unmarked.value() == "***");
  google::protobuf::BytesValue bytes;
  bytes.set_value("somebody");
  MaskPersonalData(bytes);
  CHECK(bytes.value().empty());
}

}  // namespace va::signinctl
