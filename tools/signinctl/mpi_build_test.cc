#include <set>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/testing/test_pki.h"
#include "tools/signinctl/mpi_message.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

constexpr char kTraits[] =
    R"({"first_name":"Zebulon","middle_name":"Quincy","last_name":"O'Testwell <&>",)"
    R"("birth_date":"1951-04-09","ssn":"987-00-1234","gender":"M","edipi":"1500600700"})";

// One good file of every operation.
std::vector<std::pair<std::string, std::string>> GoodFiles() {
  const std::string person =
      R"("first_name":"Zebulon","last_name":"Testwell","birth_date":"19510409","ssn":"987001234")";
  return {
      {"find-by-icn", R"({"icn":"1019900417V557122"})"},
      {"find-by-idme", R"({"idme_uuid":"54e78de6-140d-473f-8796-0f211be49c08","view":"COR"})"},
      {"find-by-logingov", R"({"logingov_uuid":"aa478abc-e494-4af1-9f87-d002f8fe1cda"})"},
      {"find-by-mhv", R"({"mhv_id":"44556677","search_type":"MVI.COMP2"})"},
      {"find-by-edipi", R"({"edipi":"1500600700"})"},
      {"find-by-facility", R"({"facility":"648","vista_id":"7169"})"},
      {"find-by-attributes", kTraits},
      {"add-person",
       absl::StrCat("{", person,
                    R"(,"idme_uuid":"54e78de6140d473f87960f211be49c08","email":"z@example.test",)"
                    R"("address":{"street":["12 Sample Street","Apt 3"],"city":"Testville",)"
                    R"("state":"NY","postal_code":"90210","country":"USA"}})")},
      {"add-proxy", absl::StrCat("{", person,
                                 R"(,"icn":"1019900417V557122","edipi":"1500600700",)"
                                 R"("search_token":"WSDOC77"})")},
      {"update-profile", absl::StrCat("{", person,
                                      R"(,"icn":"1019900417V557122","edipi":"1500600700",)"
                                      R"("email":"z@example.test","address":null})")},
      {"find-by-identifier", R"({"identifier":"44556677","identifier_type":"mhv"})"},
      {"find-orchestrated", kTraits},
  };
}

Ran Build(const std::string& operation, const std::string& json,
          const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"mpi", "build", operation, "--json", "-"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return RunWith(arguments, json);
}

}  // namespace

TEST_CASE("mpi build: every operation prints its message as XML", "[signinctl]") {
  std::set<std::string> seen;
  for (const auto& [operation, json] : GoodFiles()) {
    CAPTURE(operation);
    const Ran ran = Build(operation, json);
    CHECK(ran.exit == 0);
    CHECK(absl::StartsWith(ran.out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
    CHECK(xml::Document::Parse(ran.out).ok());
    CHECK(absl::StrContains(ran.err, "nothing was sent"));
    seen.insert(operation);
  }
  const std::vector<std::string> all = MpiOperations(/*questions_only=*/false);
  CHECK(seen == std::set<std::string>(all.begin(), all.end()));
}

TEST_CASE("mpi build: the message says what the file says", "[signinctl]") {
  const Ran ran = Build(
      "find-by-attributes", kTraits,
      {"--message-id", "200VGOV-mine", "--query-id", "18204", "--now", "2026-01-15T12:00:00Z"});
  for (const char* part :
       {"extension=\"200VGOV-mine\"", "extension=\"18204\"",
        "creationTime value=\"20260115120000\"",
        "<given>Zebulon</given><given>Quincy</given><family>O'Testwell &lt;&amp;&gt;</family>",
        "value value=\"19510409\"", "extension=\"987001234\"", "dslogon.1500600700",
        "modifyCode code=\"MVI.COMP1.RMS\"", "processingCode code=\"T\""}) {
    CAPTURE(part);
    CHECK(absl::StrContains(ran.out, part));
  }
  CHECK(absl::StrContains(Build("find-by-mhv", GoodFiles()[3].second).out, "code=\"MVI.COMP2\""));
  CHECK(absl::StrContains(Build("find-by-idme", GoodFiles()[1].second).out, "extension=\"COR\""));
  const Ran added = Build("add-person", GoodFiles()[7].second);
  CHECK(absl::StrContains(added.out,
                          "<streetAddressLine>12 Sample Street Apt 3</streetAddressLine>"));
  CHECK(absl::StrContains(Build("add-proxy", GoodFiles()[8].second).out, ">WSDOC77</value>"));
}

TEST_CASE("mpi build: two messages never have the same ids", "[signinctl]") {
  const auto id = [](const std::string& root) {
    const std::string out = Build("find-by-icn", GoodFiles()[0].second).out;
    const size_t at = out.find(absl::StrCat("root=\"", root, "\" extension=\""));
    REQUIRE(at != std::string::npos);
    return out.substr(at, 110);
  };
  CHECK(id("1.2.840.114350.1.13.0.1.7.1.1") != id("1.2.840.114350.1.13.0.1.7.1.1"));
  CHECK(id("1.2.840.114350.1.13.28.1.18.5.999") != id("1.2.840.114350.1.13.28.1.18.5.999"));
}

TEST_CASE("mpi build: the adapter's own settings count", "[signinctl]") {
  testing::TestPki pki;
  const testing::PemFiles files = pki.Issue({"mpi-adapter.va.internal"});
  const std::string config = pki.dir().Write(
      "mpi-adapter.yaml",
      absl::StrCat(
          "grpc: {listen: nonsense}\nmpi:\n  http:\n    url: https://mpi.example.test/\n",
          "    tls: {ca_file: ", pki.ca_file(), ", certificate_file: ", files.certificate_file,
          ", private_key_file: ", files.private_key_file, "}\n  message: ",
          "{processing_code: P, sender: 200XSEND, id_prefix: MINE-, query_id: '18204'}\n"));
  const Ran ran = Build("find-by-icn", GoodFiles()[0].second, {"--config", config});
  CHECK(ran.exit == 0);
  for (const char* part : {"processingCode code=\"P\"", "extension=\"200XSEND\"",
                           "extension=\"MINE-", "extension=\"18204\""}) {
    CAPTURE(part);
    CHECK(absl::StrContains(ran.out, part));
  }
  const Ran wrong = Build("find-by-icn", GoodFiles()[0].second,
                          {"--config", pki.dir().Write("bad.yaml", "mpi: {http: {url: x}}\n")});
  CHECK(wrong.exit == 2);
  CHECK(absl::StrContains(wrong.err, "mpi.http.url"));
}

TEST_CASE("mpi build: with --mask nothing of the person is printed and the structure is",
          "[signinctl]") {
  for (const auto& [operation, json] : GoodFiles()) {
    CAPTURE(operation);
    const Ran ran = Build(operation, json, {"--mask"});
    const Ran bare = Build(operation, json);
    CHECK(ran.exit == 0);
    for (const char* personal :
         {"Zebulon", "Quincy", "Testwell", "19510409", "987001234", "1019900417V557122",
          "54e78de6140d473f87960f211be49c08", "aa478abc-e494-4af1-9f87-d002f8fe1cda", "44556677",
          "1500600700", "7169", "z@example.test", "Sample Street", "Testville", "90210", "WSDOC77",
          "code=\"M\""}) {
      CAPTURE(personal);
      CHECK_FALSE(absl::StrContains(ran.out + ran.err, personal));
    }
    const auto elements = [](const std::string& xml) {
      return std::count(xml.begin(), xml.end(), '<');
    };
    CHECK(elements(ran.out) == elements(bare.out));
    CHECK(absl::StrContains(ran.out, "***"));
  }
  CHECK(absl::StrContains(Build("find-by-idme", GoodFiles()[1].second, {"--mask"}).out,
                          "extension=\"***^PN^200VIDM^USDVA^A\""));
}

TEST_CASE("mpi build: an unknown key is refused and the nearest one told, never its value",
          "[signinctl]") {
  const Ran ran = Build("find-by-attributes", R"({"frist_name":"Zebulon"})");
  CHECK(ran.exit == 1);
  CHECK(ran.json["reason"] == "UNKNOWN_KEY");
  CHECK(absl::StrContains(ran.json["detail"].get<std::string>(), "did you mean first_name?"));
  CHECK_FALSE(absl::StrContains(ran.out + ran.err, "Zebulon"));
  const Ran inside = Build("add-person", R"({"address":{"cty":"Testville"}})");
  CHECK(absl::StrContains(inside.json["detail"].get<std::string>(), "did you mean city?"));
  // A key of another operation is none of this one's.
  CHECK(Build("find-by-icn", R"({"icn":"1019900417V557122","edipi":"1500600700"})").exit == 1);
}

TEST_CASE("mpi build: what the adapter would refuse is refused, by the key that was given",
          "[signinctl]") {
  struct Row {
    const char* operation;
    const char* json;
    const char* reason;
    const char* detail;
  };
  const Row rows[] = {
      {"find-by-icn", R"({"icn":"123V456"})", "FIELD_MALFORMED", "icn:"},
      {"find-by-icn", R"({})", "FIELD_MISSING", "Required values missing: [icn]"},
      {"find-by-icn", R"({"icn":"1019900417V557122","view":"COR"})", "VIEW_NOT_SUPPORTED",
       "view: ICN searches only support the primary view"},
      {"find-by-facility", R"({"facility":"648"})", "FIELD_MISSING",
       "Required values missing: [vista_id]"},
      {"find-by-mhv", R"({"mhv_id":"1^PI^200MH^USVHA^A"})", "FIELD_MALFORMED", "mhv_id:"},
      {"find-by-edipi", R"({"edipi":"150060070"})", "FIELD_MALFORMED", "edipi:"},
      {"find-by-mhv", R"({"mhv_id":"1","search_type":"MVI.COMP3"})", "BAD_VALUE", "search_type:"},
      {"find-by-mhv", R"({"mhv_id":44556677})", "BAD_VALUE", "mhv_id: must be a text"},
      {"find-by-mhv", R"({"mhv_id":"1","mhv_id":"2"})", "BAD_JSON", "mhv_id is given twice"},
      {"add-person", R"({"last_name":"Testwell","birth_date":"19510409"})", "FIELD_MISSING",
       "Required values missing: [credential_identifier]"},
      {"add-person", R"({"address":"12 Sample Street"})", "BAD_VALUE", "address:"},
      {"add-proxy", R"({})", "FIELD_MISSING", "Required values missing: [first_name, last_name,"},
      {"update-profile", R"({})", "FIELD_MISSING", "Required values missing: [last_name, email,"},
      {"find-orchestrated",
       R"({"first_name":"Zebulon","last_name":"Testwell","birth_date":"19510409",)"
       R"("ssn":"987001234","edipi":null})",
       "FIELD_MISSING", "Required values missing: [edipi]"},
      {"find-by-identifier", R"({"identifier":"1"})", "FIELD_MISSING",
       "Required values missing: [identifier_type]"},
      {"find-by-identifier", R"({"identifier":"1","identifier_type":"ssn"})", "BAD_VALUE",
       "identifier_type:"},
      {"find-by-facility", R"({"facility":"648","facility_id":"649","vista_id":"1"})", "BAD_JSON",
       "facility is given twice"},
      {"find-by-mhv", R"({"identifier":"1","mhv_id":"2"})", "BAD_JSON", "mhv_id is given twice"},
      {"find-by-icn", "[]", "BAD_JSON", "must be one JSON object"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.operation, row.json);
    const Ran ran = Build(row.operation, row.json);
    CHECK(ran.exit == 1);
    CHECK(ran.json["reason"] == row.reason);
    CHECK(absl::StartsWith(ran.json["detail"].get<std::string>(), row.detail));
  }
}

TEST_CASE("mpi build: names of the contract and of the specification do as well", "[signinctl]") {
  struct Row {
    const char* operation;
    std::string json;
    const char* own_operation;
    std::string own_json;
  };
  const auto by = [](const char* type, const char* value) {
    return absl::StrCat(R"({"identifier_type":")", type, R"(","identifier":")", value, R"("})");
  };
  const Row rows[] = {
      {"find_profile_by_identifier", by("ICN", "1019900417V557122"), "find-by-icn",
       R"({"icn":"1019900417V557122"})"},
      {"FindByIdentifier", by("idme", "54e78de6140d473f87960f211be49c08"), "find-by-idme",
       R"({"idme_uuid":"54e78de6140d473f87960f211be49c08"})"},
      {"find-by-identifier", by("LOGINGOV", "aa478abc-e494-4af1-9f87-d002f8fe1cda"),
       "find-by-logingov", R"({"logingov_uuid":"aa478abc-e494-4af1-9f87-d002f8fe1cda"})"},
      {"find-by-identifier", by("mhv", "44556677"), "find-by-mhv", R"({"mhv_id":"44556677"})"},
      {"find-by-identifier", by("EDIPI", "1500600700"), "find-by-edipi",
       R"({"edipi":"1500600700"})"},
      {"find_profile_by_edipi", R"({"edipi":"1500600700","view_type":"COR"})", "find-by-edipi",
       R"({"edipi":"1500600700","view":"COR"})"},
      {"find_profile_by_facility", R"({"facility_id":"648","vista_id":"7169"})", "find-by-facility",
       R"({"facility":"648","vista_id":"7169"})"},
      {"find_by_facility_id", R"({"facility_id":"648","vista_id":"7169"})", "find-by-facility",
       R"({"facility":"648","vista_id":"7169"})"},
      {"find_by_mhv_id", R"({"identifier":"44556677"})", "find-by-mhv", R"({"mhv_id":"44556677"})"},
      {"FindByAttributes", kTraits, "find-by-attributes", kTraits},
      {"find_profile_by_attributes_with_orch_search", kTraits, "find-by-attributes", kTraits},
      {"find-orchestrated", kTraits, "find-by-attributes", kTraits},
      {"AddPersonImplicit", GoodFiles()[7].second, "add-person", GoodFiles()[7].second},
      {"add_person_implicit_search",
       absl::StrReplaceAll(GoodFiles()[7].second,
                           {{R"("street":["12 Sample Street","Apt 3"])",
                             R"("street2":"Apt 3","street":"12 Sample Street")"}}),
       "add-person", GoodFiles()[7].second},
      {"add_person_proxy_add", GoodFiles()[8].second, "add-proxy", GoodFiles()[8].second},
      {"AddPersonProxy", GoodFiles()[8].second, "add-proxy", GoodFiles()[8].second},
      {"update_profile", GoodFiles()[9].second, "update-profile", GoodFiles()[9].second},
  };
  const std::vector<std::string> same = {"--message-id",        "m", "--query-id", "q", "--now",
                                         "2026-01-15T12:00:00Z"};
  for (const Row& row : rows) {
    CAPTURE(row.operation, row.json);
    const Ran ran = Build(row.operation, row.json, same);
    CHECK(ran.exit == 0);
    CHECK(ran.out == Build(row.own_operation, row.own_json, same).out);
  }
  CHECK(Build("find-orchestrated", kTraits).out.find("dslogon.1500600700") != std::string::npos);
}

TEST_CASE("mpi build: an unknown operation is misuse and tells the nearest one", "[signinctl]") {
  const Ran ran = Build("find-by-idm", "{}");
  CHECK(ran.exit == 2);
  CHECK(ran.out.empty());
  CHECK(absl::StrContains(ran.err, "did you mean find-by-idme?"));
  CHECK(RunWith({"mpi", "build", "find-by-icn"}).exit == 2);
  CHECK(RunWith({"mpi", "build", "find-by-icn", "--json", "/nonexistent"}).exit == 2);
  CHECK(Build("find-by-icn", GoodFiles()[0].second, {"--now", "noon"}).exit == 2);
}

TEST_CASE("mpi build: --help tells the keys of every operation", "[signinctl]") {
  const Ran help = RunWith({"mpi", "build", "--help"});
  CHECK(help.exit == 0);
  for (const std::string& operation : MpiOperations(/*questions_only=*/false)) {
    CHECK(absl::StrContains(help.out, operation));
  }
  for (const char* key : {"search_token", "vista_id", "address", "MVI.COMP1.RMS"}) {
    CAPTURE(key);
    CHECK(absl::StrContains(help.out, key));
  }
  const Ran find = RunWith({"mpi", "find", "--help"});
  CHECK(absl::StrContains(find.out, "find-by-attributes"));
  CHECK_FALSE(absl::StrContains(find.out, "add-proxy"));
}

TEST_CASE("mpi build: hostile input is a reject, never a crash", "[signinctl]") {
  for (const std::string& input : HostileInputs(kTraits)) {
    CAPTURE(input.substr(0, 80));
    const Ran ran = Build("find-by-attributes", input);
    CHECK((ran.exit == 0 || ran.exit == 1));
    if (ran.exit == 1) CHECK(ran.json.is_object());
    if (ran.exit == 0) CHECK(xml::Document::Parse(ran.out).ok());
  }
}

}  // namespace va::signinctl
