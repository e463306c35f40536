#include <algorithm>
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/base/clock.h"
#include "lib/testing/test_pki.h"
#include "services/mpi-adapter/hl7/answer_samples.h"
#include "services/user-attributes/domain/derive.h"
#include "services/user-attributes/domain/rule_fixture.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

using attributes::Statement;

constexpr char kLoa3[] = "http://idmanagement.gov/ns/assurance/loa/3";

// A statement of the rules' own fixture as a file.
std::string FileOf(const Statement& statement) {
  const attributes::SsoeAssertion assertion = statement.Build();
  Json json = {{"authn_context", std::string(assertion.authn_context)},
               {"saml_attributes", Json::object()}};
  for (const attributes::Attribute& attribute : assertion.attributes) {
    Json& values = json["saml_attributes"][std::string(attribute.name)] = Json::array();
    for (const absl::string_view value : attribute.values) values.push_back(std::string(value));
  }
  return json.dump();
}

Ran Explain(const std::string& file, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"attributes", "explain", "-"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return RunWith(arguments, file);
}

// MPI's answer about the fixture's person, with one thing exchanged.
std::string MpiFile(const testing::TempDir& dir, const std::string& ssn = "666010001",
                    const std::string& icn = "1000000001V100001") {
  mpi::hl7::AnswerParts parts;
  parts.ids = "<id root=\"2.16.840.1.113883.4.349\" extension=\"" + icn + "^NI^200M^USVHA^P\"/>";
  parts.names = "<name use=\"L\"><given>IDA</given><family>FERNBROOK</family></name>";
  parts.person =
      "<administrativeGenderCode code=\"F\"/><birthTime value=\"19710302\"/>"
      "<asOtherIDs classCode=\"SSN\"><id root=\"2.16.840.1.113883.4.1\" extension=\"" +
      ssn + "\"/></asOtherIDs>";
  return dir.Write("mpi.xml", mpi::hl7::MatchAnswer(parts));
}

// Names of the rules that fired, in order.
std::vector<std::string> RulesOf(const Ran& ran) {
  std::vector<std::string> names;
  for (const Json& rule : ran.json["rules"]) names.push_back(rule["rule"].get<std::string>());
  return names;
}

// Below LOA3, and never above it.
Statement NeverProofed() { return attributes::IdmeLoa1().With("ial_idme_highest", "1"); }

}  // namespace

TEST_CASE("attributes explain: R9 who was above it before is told what is missing",
          "[signinctl][R9]") {
  const Ran ran = Explain(FileOf(attributes::IdmeLoa1()));
  CHECK(ran.exit == 1);
  CHECK(ran.json["decision"]["verdict"] == "step_up");
  CHECK(ran.json["decided_by"] == Json({"step_up_highest"}));
  CHECK(ran.json["decision"]["tag"] == "step_up_highest");
  CHECK(absl::StrContains(ran.err, "step_up_highest"));
  CHECK(absl::StrContains(ran.err, "--second-leg"));
  const Ran second = Explain(FileOf(attributes::IdmeLoa1()), {"--second-leg"});
  CHECK(second.exit == 0);
  CHECK(second.json["findings"][0]["tag"] == "below_highest");
}

TEST_CASE("attributes explain: below LOA3 a person is admitted without MPI (R6)",
          "[signinctl][R6]") {
  const Ran ran = Explain(FileOf(NeverProofed()));
  CHECK(ran.exit == 0);
  CHECK(ran.json["decision"]["verdict"] == "admit");
  CHECK(ran.json["mpi_question"].is_null());
  CHECK(ran.json["assurance"]["loa_current"] == 1);
  CHECK(ran.json["decided_by"] == Json({"below_loa3_email_only"}));
  CHECK(ran.json["policy"]["application"] == "vaweb");
}

TEST_CASE("attributes explain: at LOA3 the question is named, and MPI's answer decides",
          "[signinctl]") {
  const testing::TempDir dir;
  const std::string file = FileOf(attributes::IdmeLoa3());
  const Ran alone = Explain(file);
  CHECK(alone.exit == 1);
  CHECK(alone.json["decision"] ==
        Json{{"verdict", "try_later"}, {"code", "007"}, {"tag", "mpi_unavailable"}});
  CHECK(alone.json["mpi_question"] == "icn");
  CHECK(absl::StrContains(alone.err, "--mpi"));
  CHECK(Explain(file, {"--mpi", "none"}).json == alone.json);

  const Ran matched = Explain(file, {"--mpi", MpiFile(dir)});
  CHECK(matched.exit == 0);
  CHECK(matched.json["decision"]["verdict"] == "admit");
  CHECK(matched.json["mpi_outcome"] == "OK");

  const Ran differs = Explain(file, {"--mpi", MpiFile(dir, "666019999")});
  CHECK(differs.exit == 1);
  CHECK(differs.json["decision"] ==
        Json{{"verdict", "deny"}, {"code", "113"}, {"tag", "ssn_mismatch"}});
}

TEST_CASE("attributes explain H3: an answer about somebody else is no answer, as in the service",
          "[signinctl][H3]") {
  const testing::TempDir dir;
  const Ran ran = Explain(FileOf(attributes::IdmeLoa3()),
                          {"--mpi", MpiFile(dir, "666010001", "1000000002V200002")});
  CHECK(ran.exit == 1);
  CHECK(ran.json["mpi_outcome"] == "UNPARSEABLE");
  CHECK(ran.json["decision"]["verdict"] == "try_later");
}

TEST_CASE("attributes explain R2: every finding with its effect, and who waives it",
          "[signinctl][R2]") {
  const std::string file = FileOf(attributes::MhvPremium().With(
      "gcIds",
      "1000000001V100001^NI^200M^USVHA^P|30001^PI^200MHS^USVHA^A|30002^PI^200MHS^USVHA^A|"
      "11d0e4a1f0b24c55a1de6f1b6c2f7a01^PN^200VIDM^USDVA^A"));
  const Ran denied = Explain(file);
  CHECK(denied.exit == 1);
  CHECK(denied.json["decision"]["code"] == "101");
  CHECK(denied.json["findings"][0]["effect"] == "blocks");
  CHECK(denied.json["decided_by"] == Json({"assertion_findings"}));

  const Ran waived = Explain(file, {"--application", "mhv"});
  CHECK(waived.json["findings"][0]["tag"] == "multiple_mhv_ids");
  CHECK(waived.json["findings"][0]["effect"] == "waived");
  CHECK(waived.json["findings"][0]["waived_by"] == "application mhv");

  const Ran noted = Explain(file, {"--profile", "ssoe-2025"});
  CHECK(noted.json["findings"][0]["effect"] == "noted");
  CHECK(noted.json["policy"]["profile"] == "ssoe-2025");
}

TEST_CASE("attributes explain: a row of a vector file is read as it stands", "[signinctl]") {
  const Json row = {{"name", "a row"},
                    {"saml_attributes", Json::parse(FileOf(NeverProofed()))["saml_attributes"]},
                    {"options",
                     {{"kind", "ssoe_attributes"},
                      {"application", "mhv"},
                      {"authn_context", "http://idmanagement.gov/ns/assurance/loa/1/vets"}}}};
  const Ran ran = Explain(row.dump());
  CHECK(ran.exit == 0);
  CHECK(ran.json["policy"]["application"] == "mhv");
  // A flag wins over the file.
  CHECK(Explain(row.dump(), {"--application", "vaweb"}).json["policy"]["application"] == "vaweb");
}

TEST_CASE("attributes explain: with --mask nothing of the person is printed", "[signinctl]") {
  const testing::TempDir dir;
  const std::string file = FileOf(attributes::IdmeLoa3());
  for (const bool human : {false, true}) {
    std::vector<std::string> more = {"--mpi", MpiFile(dir), "--mask"};
    if (human) more.emplace_back("--human");
    const Ran ran = Explain(file, more);
    for (const char* personal : {"FERNBROOK", "ida.", "1971", "666", "1000000001", "11d0e4a1"}) {
      CAPTURE(personal, human);
      CHECK_FALSE(absl::StrContains(ran.out + ran.err, personal));
    }
  }
  const Ran shown = Explain(file, {"--mpi", MpiFile(dir)});
  CHECK(shown.json["identity"]["last_name"] == "FERNBROOK");
  CHECK(shown.json["identity"]["birth_date"] == "1971-03-02");
  CHECK(shown.json["identity"]["ssn"] == "666010001");
  CHECK(shown.json["identity"]["gender"] == "F");
  CHECK(shown.json["identity"]["icn"] == "1000000001V100001");
}

TEST_CASE("attributes explain: --human says the same in lines", "[signinctl]") {
  const Ran ran = Explain(FileOf(attributes::IdmeLoa3()), {"--human"});
  CHECK(ran.exit == 1);
  CHECK(absl::StartsWith(ran.out, "decision: try_later, code 007, tag mpi_unavailable\n"));
  CHECK(absl::StrContains(ran.out, "who: IDA FERNBROOK\n"));
  CHECK(absl::StrContains(ran.out, "how sure: LOA3 (highest LOA3), ial 2, aal 2"));
  CHECK(absl::StrContains(ran.out, "MPI: asked by icn, answer none given\n"));
  CHECK(absl::StrContains(ran.out, "noticed:\n  nothing out of the ordinary\n"));
  CHECK(absl::StrContains(ran.out, "rules, in order:\n  1. "));
  CHECK(absl::StrContains(ran.out, "the person sees:\n  our page"));
  // What a refusal looks like to the person is said in the words of the page.
  const Ran denied =
      Explain(FileOf(attributes::IdmeLoa3().With("uid", "NOT_FOUND").With("gcIds", "NOT_FOUND")),
              {"--human", "--mpi", "match"});
  CHECK(absl::StrContains(denied.out, "decision: deny, code 104, tag uuid_missing\n"));
  CHECK(absl::StrContains(denied.out, "Your account is not fully set up"));
}

TEST_CASE("attributes explain: unknown names and unusable files are rejects with a reason",
          "[signinctl]") {
  const std::string good = FileOf(attributes::IdmeLoa1());
  const auto reason = [](const Ran& ran) {
    CHECK(ran.exit == 1);
    CHECK(ran.json["verdict"] == "reject");
    return ran.json["reason"].get<std::string>();
  };
  CHECK(reason(Explain(good, {"--application", "nowhere"})) == "UNKNOWN_APPLICATION");
  CHECK(reason(Explain(good, {"--profile", "nothing"})) == "UNKNOWN_PROFILE");
  CHECK(reason(Explain("{\"saml_attributes\":{}}")) == "AUTHN_CONTEXT_MISSING");
  CHECK(reason(Explain("{\"saml_attributes\":[]}")) == "NO_ATTRIBUTES");
  CHECK(reason(Explain("[]")) == "NO_ATTRIBUTES");
  CHECK(reason(Explain("not json")) == "NOT_JSON");
  CHECK(reason(Explain("{\"saml_attributes\":{\"a\":{\"b\":1}}}")) == "BAD_ATTRIBUTE");
  CHECK(reason(Explain("{\"saml_attributes\":{\"a\":\"1\",\"a\":\"2\"}}")) == "DUPLICATE_KEY");
  CHECK(reason(Explain("{\"saml_attributes\":{},\"saml_attributes\":{}}")) == "DUPLICATE_KEY");
  CHECK(reason(Explain("{\"saml_attributes\":{\"a\":[[\"b\"]]}}")) == "BAD_ATTRIBUTE");
  Json many = {{"saml_attributes", Json::object()}};
  for (int i = 0; i < 513; ++i) many["saml_attributes"][std::to_string(i)] = "x";
  CHECK(reason(Explain(many.dump())) == "TOO_MANY_ATTRIBUTES");
  CHECK(Explain(good, {"--policy", "/nonexistent"}).exit == 2);
  CHECK(Explain(good, {"--policy", "tools/signinctl"}).exit == 2);
  CHECK(Explain(good, {"--now", "infinite-future"}).exit == 2);
  // An unreadable file is misuse, whatever else is wrong.
  CHECK(Explain("not json", {"--mpi", "/nonexistent"}).exit == 2);
  CHECK(Explain(good, {"--mpi", "/nonexistent"}).exit == 2);
  CHECK(Explain(good, {"--now", "noon"}).exit == 2);
}

TEST_CASE("attributes explain: a sign-in type that does not exist is refused, with those that do",
          "[signinctl]") {
  const std::string file = FileOf(NeverProofed());
  Json row = Json::parse(file);
  row["type"] = "nonsense";
  for (const Ran& ran : {Explain(file, {"--type", "nonsense"}), Explain(row.dump())}) {
    CHECK(ran.exit == 1);
    CHECK(ran.json["verdict"] == "reject");
    CHECK(ran.json["reason"] == "UNKNOWN_TYPE");
    for (const absl::string_view type : attributes::SignInTypes()) {
      CHECK(absl::StrContains(ran.out + ran.err, type));
    }
  }
  CHECK(Explain(file, {"--type", "Idme"}).json["reason"] == "UNKNOWN_TYPE");
  // The file's is overruled before it counts, and each of the list is one.
  CHECK(Explain(row.dump(), {"--type", "idme"}).exit == 0);
  for (const absl::string_view type : attributes::SignInTypes()) {
    CAPTURE(type);
    CHECK(Explain(file, {"--type", std::string(type)}).json.contains("decision"));
  }
}

TEST_CASE("attributes explain: an unknown context is a refusal of the rules, not a guess",
          "[signinctl]") {
  const Ran ran = Explain(FileOf(attributes::IdmeLoa3()), {"--authn-context", "urn:nowhere"});
  CHECK(ran.exit == 1);
  CHECK(ran.json["decision"]["code"] == "007");
  CHECK(Explain(FileOf(attributes::IdmeLoa1()), {"--authn-context", kLoa3}).json.is_object());
}

TEST_CASE("attributes explain: as many names as fit into a file are told at once", "[signinctl]") {
  std::string file = "{\"saml_attributes\":{";
  for (int i = 0; i < 250'000; ++i) file += "\"a" + std::to_string(i) + "\":1,";
  file += "\"b\":1}}";
  const base::Stopwatch watch;
  CHECK(Explain(file).json["reason"] == "TOO_MANY_ATTRIBUTES");
  CHECK(watch.Elapsed() < absl::Seconds(20));
}

TEST_CASE("attributes explain: the shipped policy is the one in deploy", "[signinctl]") {
  const std::string good = FileOf(NeverProofed());
  const Ran shipped = Explain(good);
  CHECK(shipped.exit == 0);
  CHECK(shipped.json == Explain(good, {"--policy", "deploy/policy/policy.yaml"}).json);
}

TEST_CASE("attributes explain: hostile input is a reject or a decision, never a crash",
          "[signinctl]") {
  for (const std::string& input : HostileInputs(FileOf(attributes::IdmeLoa3()))) {
    const Ran ran = Explain(input);
    CAPTURE(input.substr(0, 80), ran.err);
    CHECK((ran.exit == 0 || ran.exit == 1));
    CHECK(ran.json.is_object());
  }
  // The same bytes as MPI's answer.
  const testing::TempDir dir;
  for (const std::string& input : HostileInputs(mpi::hl7::MatchAnswer())) {
    const Ran ran =
        Explain(FileOf(attributes::IdmeLoa3()), {"--mpi", dir.Write("hostile.xml", input)});
    CHECK(ran.exit == 1);
  }
}

TEST_CASE("attributes explain: the rules that fired stand in order, each with words and source",
          "[signinctl]") {
  const Ran ran = Explain(FileOf(attributes::IdmeLoa3()), {"--mpi", "match"});
  CHECK(ran.exit == 0);
  CHECK(ran.json["mpi_outcome"] == "OK");
  REQUIRE_FALSE(ran.json["rules"].empty());
  for (const Json& rule : ran.json["rules"]) {
    CAPTURE(rule.dump());
    CHECK(rule["outcome"] != "passed");
    CHECK(rule["words"].is_string());
    CHECK(rule["source"].is_string());
  }
  // What decided is among them, at its place.
  const std::vector<std::string> fired = RulesOf(ran);
  for (const Json& rule : ran.json["decided_by"]) {
    CAPTURE(rule.dump());
    CHECK(std::find(fired.begin(), fired.end(), rule.get<std::string>()) != fired.end());
  }
  const Ran every = Explain(FileOf(attributes::IdmeLoa3()), {"--mpi", "match", "--every-rule"});
  CHECK(every.json["rules"].size() > ran.json["rules"].size());
  CHECK(every.json["decision"] == ran.json["decision"]);
}

TEST_CASE("attributes explain: no rule and no finding tells a value of the person", "[signinctl]") {
  const std::string file = FileOf(attributes::MhvPremium().With(
      "gcIds",
      "1000000001V100001^NI^200M^USVHA^P|30001^PI^200MHS^USVHA^A|30002^PI^200MHS^USVHA^A|"
      "11d0e4a1f0b24c55a1de6f1b6c2f7a01^PN^200VIDM^USDVA^A"));
  const Ran ran = Explain(file, {"--mpi", "match", "--application", "mhv", "--every-rule"});
  const std::string told = ran.json["rules"].dump() + ran.json["findings"].dump() +
                           ran.json["decided_by"].dump() + ran.json["decision"].dump();
  for (const char* personal : {"30001", "30002", "1000000001V", "11d0e4a1", "FERNBROOK"}) {
    CAPTURE(personal);
    CHECK_FALSE(absl::StrContains(told, personal));
  }
}

TEST_CASE("attributes explain: the answer of an OpenID Connect provider is read the same way",
          "[signinctl]") {
  const Json good = {{"issuer", "logingov"},
                     {"acr", "http://idmanagement.gov/ns/assurance/ial/1"},
                     {"requested_acr", "ial1"},
                     {"oidc_claims",
                      {{"sub", "5cdc7ca0-1d2f-4d3b-8e36-2f0c3c7a7001"},
                       {"email", "ida.fernbrook@example.com"},
                       {"address", {{"locality", "Bayside"}}}}}};
  const Ran ran = Explain(good.dump());
  CHECK(ran.json.contains("decision"));
  CHECK(ran.json["assurance"]["csp"] == "logingov");
  CHECK(ran.json["policy"]["profile"] == "sis");
  const auto reason = [](Json row) {
    const Ran refused = Explain(row.dump());
    CHECK(refused.exit == 1);
    return refused.json.value("reason", "");
  };
  Json row = good;
  row.erase("issuer");
  CHECK(reason(row) == "ISSUER_MISSING");
  row["issuer"] = "mhv";
  CHECK(reason(row) == "UNKNOWN_CSP");
  row = good;
  row["service"] = "nobody";
  CHECK(reason(row) == "UNKNOWN_CSP");
  row = good;
  row["saml_attributes"] = Json::object();
  CHECK(reason(row) == "TWO_STATEMENTS");
}

}  // namespace va::signinctl
