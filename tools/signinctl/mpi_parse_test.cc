#include <filesystem>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/mpi-adapter/hl7/answer_samples.h"
#include "tools/signinctl/mpi_answer.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

using mpi::hl7::AnswerParts;
using mpi::hl7::ErrorAnswer;
using mpi::hl7::MatchAnswer;
using mpi::hl7::NoMatchAnswer;

Ran Parse(const std::string& xml, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"mpi", "parse", "-"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return RunWith(arguments, xml);
}

}  // namespace

TEST_CASE("mpi parse: one match is OK with the profile and every id", "[signinctl]") {
  const Ran ran = Parse(MatchAnswer());
  CHECK(ran.exit == 0);
  CHECK(ran.json["outcome"] == "OK");
  CHECK(ran.json["ack"] == "AA");
  CHECK(ran.json["match_score"] == 158);
  CHECK(ran.json["identity_match_threshold"] == 131);
  CHECK(ran.json["profile"]["icn"] == mpi::hl7::kSampleIcn);
  CHECK(ran.json["profile"]["names"][0]["given"] == Json({"ZEBULON", "QUINCY"}));
  CHECK(ran.json["profile"]["ssn"] == "987001234");
  CHECK(ran.json["profile"]["deceased_date"].is_null());
  CHECK(ran.json["ids"][0]["facility"] == "200M");
  CHECK(ran.json["ids"][0]["id"] == mpi::hl7::kSampleIcn);
}

TEST_CASE("mpi parse: with --mask nothing of the person is printed", "[signinctl]") {
  const Ran ran = Parse(MatchAnswer(), {"--mask"});
  CHECK(ran.json["profile"]["names"][0]["family"] == "***");
  for (const char* personal :
       {"ZEBULON", "QUINCY", "TESTWELL", "19510409", "987001234", mpi::hl7::kSampleIcn}) {
    CAPTURE(personal);
    CHECK_FALSE(absl::StrContains(ran.out + ran.err, personal));
  }
}

TEST_CASE("mpi parse: any outcome but OK is exit 1 and names itself", "[signinctl]") {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {NoMatchAnswer(), "NO_MATCH"},
      {ErrorAnswer("AE", "NS260", "x"), "SENDER_REJECTED"},
      {ErrorAnswer("AE", "INTERR", "INVALID REQUEST"), "INVALID_REQUEST"},
      {ErrorAnswer("AE", "INTERR", "Multiple Matches Found"), "MULTIPLE_MATCHES"},
      {ErrorAnswer("AR", "INTERR", "x"), "MPI_FAILED"},
      {"<a/>", "UNPARSEABLE"},
  };
  for (const auto& [xml, outcome] : rows) {
    const Ran ran = Parse(xml);
    CHECK(ran.exit == 1);
    CHECK(ran.json["outcome"] == outcome);
    CHECK(ran.json["profile"].is_null());
  }
}

TEST_CASE("mpi parse H3: an answer to another message than the one named is not believed",
          "[signinctl][H3]") {
  CHECK(Parse(MatchAnswer(), {"--message-id", mpi::hl7::kSampleMessageId}).exit == 0);
  const Ran other = Parse(MatchAnswer(), {"--message-id", "200VGOV-other"});
  CHECK(other.exit == 1);
  CHECK(other.json["reason"] == "OTHER_MESSAGE");
}

TEST_CASE("mpi parse: hostile input is a reject, never a crash", "[signinctl]") {
  for (const std::string& input : HostileInputs(MatchAnswer())) {
    const Ran ran = Parse(input);
    CAPTURE(input.substr(0, 80), ran.err);
    CHECK((ran.exit == 0 || ran.exit == 1));
    CHECK(ran.json.is_object());
    if (ran.exit == 0) CHECK(ran.json["outcome"] == "OK");
  }
  CHECK(Parse(std::string(5 * 1024 * 1024, 'A')).json["reason"] == "INPUT_TOO_LARGE");
}

TEST_CASE("mpi parse: every public sample answer gets an outcome of the closed list",
          "[signinctl]") {
  const char* folder = std::getenv("VA_SHARED");
  const std::filesystem::path samples =
      std::filesystem::path(folder == nullptr ? "../shared" : folder) / "fixtures/mpi";
  if (!std::filesystem::exists(samples)) {
    WARN("skipped: no sample answers beside this checkout");
    return;
  }
  int ok = 0;
  for (const auto& file : std::filesystem::directory_iterator(samples)) {
    CAPTURE(file.path().string());
    const Ran ran = RunWith({"mpi", "parse", "--json", file.path().string()});
    CHECK(ran.json["outcome"].is_string());
    CHECK((ran.exit == 0) == (ran.json["outcome"] == "OK"));
    if (ran.exit == 0) ++ok;
  }
  CHECK(ok > 0);
}

TEST_CASE("ForRules: the legal name, the dashed birth date, the flags", "[signinctl]") {
  AnswerParts parts;
  parts.names =
      "<name use=\"P\"><given>ZEB</given><family>ELSE</family></name>"
      "<name use=\"L\"><given>ZEBULON</given><given>QUINCY</given><given>XAVIER</given>"
      "<family>TESTWELL</family></name>";
  parts.person += "<deceasedTime value=\"20200101\"/>";
  const attributes::MpiAnswer answer = ForRules(ReadMpiAnswer(MatchAnswer(parts), ""));
  REQUIRE(answer.profile);
  CHECK(answer.outcome == attributes::MpiOutcome::kOk);
  CHECK(answer.profile->first_name == identity::PersonText::FromWire("ZEBULON"));
  CHECK(answer.profile->middle_name == identity::PersonText::FromWire("QUINCY XAVIER"));
  CHECK(answer.profile->last_name == identity::PersonText::FromWire("TESTWELL"));
  CHECK(answer.profile->birth_date == identity::BirthDate::FromWire("1951-04-09"));
  CHECK(answer.profile->gender == attributes::Gender::kMale);
  CHECK(answer.profile->deceased);
  CHECK_FALSE(answer.profile->id_theft);
  CHECK_FALSE(ForRules(ReadMpiAnswer(NoMatchAnswer(), "")).profile);
}

}  // namespace va::signinctl
