// What nobody sends by accident: every row ends in a finding, never in a crash or a guess.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

std::string Outcome(const Statement& said) {
  const Decision d = Admit(said.Build(), AttemptAt("vaweb"), Found(), ShippedPolicy(), TestNow());
  if (d.verdict == Verdict::kAdmit) return "admit";
  if (d.verdict == Verdict::kStepUp) return "step_up";
  return std::string(base::Describe(d.refusal->code).code) + " " + d.refusal->tag;
}

bool Holds(const std::vector<std::string>& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

TEST_CASE("Bad input: a value that no broker sends is refused by the name of its attribute",
          "[attributes][bad][attack]") {
  struct Row {
    std::string what;
    std::vector<std::string> values;
    std::string outcome;
  };
  const std::vector<Row> rows = {
      {"doubled", {"A", "B"}, "007 ambiguous_attribute"},
      {"doubled with the same value", {"A", "A"}, "007 ambiguous_attribute"},
      {"doubled with a blank", {"A", ""}, "007 ambiguous_attribute"},
      {"doubled with NOT_FOUND", {"A", "NOT_FOUND"}, "007 ambiguous_attribute"},
      {"1 MB", {std::string(1 << 20, 'A')}, "007 malformed_attribute"},
      {"1 MB of blanks", {std::string(1 << 20, ' ')}, "007 malformed_attribute"},
      {"a control character", {std::string("A\x01") + "B"}, "007 malformed_attribute"},
      {"a NUL", {std::string("A\0B", 3)}, "007 malformed_attribute"},
      {"a smuggled newline", {"A\nB"}, "007 malformed_attribute"},
      {"a next-line of Latin-1",
       {"A\xC2\x85"
        "B"},
       "007 malformed_attribute"},
      {"a byte that is no UTF-8", {"A\xFF"}, "007 malformed_attribute"},
      {"a sequence cut short", {"A\xE2\x82"}, "007 malformed_attribute"},
      {"an overlong form", {"A\xC0\xAF"}, "007 malformed_attribute"},
      {"half of a surrogate", {"A\xED\xA0\x80"}, "007 malformed_attribute"},
  };
  for (const std::string name : {"firstname", "emailaddress", "pnid", "uid", "icn", "mhvuuid",
                                 "csid", "credentialassurancelevel", "secid"}) {
    for (const Row& row : rows) {
      CAPTURE(name, row.what);
      const Statement said = IdmeLoa3().WithValues(name, row.values);
      CHECK(Outcome(said) == row.outcome);
      const Derivation d = Derive(said.Build(), AttemptAt("vaweb"), ShippedPolicy());
      REQUIRE(FirstBlocking(d.findings) != nullptr);
      CHECK(FirstBlocking(d.findings)->subject == "va_eauth_" + name);
      CHECK_FALSE(d.question.has_value());
    }
  }
}

TEST_CASE("Bad input: missing and blank read as absent", "[attributes][bad]") {
  for (const std::string value : {"", " ", "\t", "NOT_FOUND"}) {
    CAPTURE(value);
    CHECK(Outcome(IdmeLoa3().With("uid", value)) == "104 uuid_missing");
    CHECK(Outcome(IdmeLoa3().With("firstname", value)) == "admit");
  }
  CHECK(Outcome(IdmeLoa3().Without("uid")) == "104 uuid_missing");
}

TEST_CASE("Bad input: what is in no token of gcIds is counted and never an identifier",
          "[attributes][bad][attack]") {
  const std::string good = "1000000001V100001^NI^200M^USVHA^P";
  for (const std::string token :
       {"nothing", "7^PI^200MHS^USVHA", "7^PI^200MHS^USVHA^A^A", "^PI^200MHS^USVHA^A",
        "7^PI^200MHS^USVHA^A\n8^PI^200MHS^USVHA^A", "x\n7^PI^200MHS^USVHA^A",
        "7^PI^200MHS^USVHA^A7^PI^200CORP^USVBA^A", "7 ^PI^200MHS^USVHA^A",
        "7^P\xC3\x28^200MHS^USVHA^A"}) {
    CAPTURE(token);
    const Derivation d = Derive(IdmeLoa3().With("gcIds", good + "|" + token).Build(),
                                AttemptAt("vaweb"), ShippedPolicy());
    CHECK_FALSE(d.claims.mhv_id.has_value());
    const bool told = Holds(Lines(d.findings), "malformed_gcids noted") ||
                      Holds(Lines(d.findings), "007 malformed_attribute blocks");
    CHECK(told);
  }
  // A megabyte of them is no list at all.
  std::string huge;
  while (huge.size() < (1U << 20)) huge += "7^PI^200MHS^USVHA^A|";
  CHECK(Outcome(IdmeLoa3().With("gcIds", huge)) == "007 malformed_attribute");
}

TEST_CASE("Bad input: a birth date that is no day is told and not guessed", "[attributes][bad]") {
  for (const std::string day : {"20230230", "19711302", "1971", "2-3-1971", "1971-02-30",
                                "00000000", "71-03-02", "19710302x"}) {
    CAPTURE(day);
    const Derivation d =
        Derive(IdmeLoa3().With("birthDate_v1", day).Build(), AttemptAt("vaweb"), ShippedPolicy());
    CHECK_FALSE(d.claims.birth_date.has_value());
    CHECK(Holds(Lines(d.findings), "malformed_birth_date noted"));
    // Without it nobody can be searched.
    CHECK(Outcome(IdmeLoa3().Without("icn").With("gcIds", "").With("birthDate_v1", day)) ==
          "004 insufficient_traits");
  }
}

TEST_CASE("Bad input: a level that is no number counts as the lowest, and is told",
          "[attributes][bad]") {
  for (const std::string level : {"three", "3abc", "-3", "99999", "3.0"}) {
    CAPTURE(level);
    const Derivation d = Derive(IdmeLoa3().With("credentialassurancelevel", level).Build(),
                                AttemptAt("vaweb"), ShippedPolicy());
    CHECK(d.assurance.loa_current == 1);
    CHECK(Holds(Lines(d.findings), "loa_unreadable noted"));
  }
}

TEST_CASE("Bad input: a context that is in no table admits nobody", "[attributes][bad]") {
  for (const std::string context : {"", "myhealthevet ", "MYHEALTHEVET", "loa3", "\n", "urn:x"}) {
    CAPTURE(context);
    CHECK(Outcome(IdmeLoa3().Context(context)) == "007 unknown_context");
  }
  // Behind the inbound context, a service that nobody knows.
  CHECK(Outcome(IdmeLoa3()
                    .Context("urn:oasis:names:tc:SAML:2.0:ac:classes:Password")
                    .With("csid", "clear")) == "007 unknown_context");
}

TEST_CASE("Bad input: a malformed ICN or SSN is a refusal and not a question",
          "[attributes][bad]") {
  CHECK(Outcome(IdmeLoa3().With("icn", "1000000001V10000")) == "004 malformed_icn");
  CHECK(Outcome(IdmeLoa3().With("icn", "1000000001V100001; DROP")) == "004 malformed_icn");
  CHECK(Outcome(IdmeLoa3().With("pnid", "66601000")) == "004 malformed_ssn");
  CHECK(Outcome(IdmeLoa3().With("pnid", "66601000x")) == "004 malformed_ssn");
}

}  // namespace
}  // namespace va::attributes
