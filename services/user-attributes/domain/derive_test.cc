#include "services/user-attributes/domain/derive.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "services/user-attributes/domain/rule_fixture.h"

namespace va::attributes {
namespace {

template <typename T>
std::string Show(const std::optional<T>& value) {
  return value ? value->Reveal() : "(none)";
}

std::string Show(const std::optional<Gender>& gender) {
  if (!gender) return "(none)";
  return *gender == Gender::kMale ? "M" : "F";
}

Derivation Run(const Statement& statement, const Attempt& attempt = AttemptAt("vaweb")) {
  return Derive(statement.Build(), attempt, ShippedPolicy());
}

using Alter = std::function<void(Statement&)>;

// One row per line of ssoe_saml.md 2 and 4: what is altered in an ID.me LOA3 statement, and what
// one claim must become.
struct ClaimRow {
  const char* rule;
  Alter alter;
  std::function<std::string(const Derivation&)> claim;
  const char* expected;
};

TEST_CASE("Derive: each claim is read by its rule (ssoe_saml 2)", "[attributes][rule]") {
  const auto first_name = [](const Derivation& d) { return Show(d.claims.first_name); };
  const auto middle_name = [](const Derivation& d) { return Show(d.claims.middle_name); };
  const auto gender = [](const Derivation& d) { return Show(d.claims.gender); };
  const auto birth = [](const Derivation& d) { return Show(d.claims.birth_date); };
  const auto ssn = [](const Derivation& d) { return Show(d.claims.ssn); };
  const auto idme = [](const Derivation& d) { return Show(d.claims.idme_uuid); };
  const auto logingov = [](const Derivation& d) { return Show(d.claims.logingov_uuid); };
  const auto uuid = [](const Derivation& d) { return Show(d.claims.uuid); };
  const auto icn = [](const Derivation& d) { return Show(d.claims.icn); };
  const auto mhv_icn = [](const Derivation& d) { return Show(d.claims.mhv_icn); };
  const auto edipi = [](const Derivation& d) { return Show(d.claims.edipi); };
  const auto mhv_id = [](const Derivation& d) { return Show(d.claims.mhv_id); };
  const auto sec_id = [](const Derivation& d) { return Show(d.claims.sec_id); };
  const auto account_type = [](const Derivation& d) {
    return std::string(d.claims.account_type());
  };
  const auto row = GENERATE_COPY(values<ClaimRow>({
      {"a name is taken as it is", [](Statement& s) { s.With("firstname", "O'Brien-Smith"); },
       first_name, "O'Brien-Smith"},
      {"NOT_FOUND is absent", [](Statement& s) { s.With("firstname", "NOT_FOUND"); }, first_name,
       "(none)"},
      {"NOT_FOUND counts in this spelling only",
       [](Statement& s) { s.With("firstname", "Not_Found"); }, first_name, "Not_Found"},
      {"blank is absent (25.7)", [](Statement& s) { s.With("middlename", "  "); }, middle_name,
       "(none)"},
      {"names are case-sensitive",
       [](Statement& s) { s.Without("firstname").With("FirstName", "X"); }, first_name, "(none)"},
      {"an attribute without values is absent", [](Statement& s) { s.WithValues("firstname", {}); },
       first_name, "(none)"},

      {"gender male is M", [](Statement& s) { s.With("gender", "male"); }, gender, "M"},
      {"gender f is F", [](Statement& s) { s.With("gender", "f"); }, gender, "F"},
      {"any other gender is none", [](Statement& s) { s.With("gender", "unknown"); }, gender,
       "(none)"},

      {"YYYYMMDD becomes YYYY-MM-DD", [](Statement& s) { s.With("birthDate_v1", "19690407"); },
       birth, "1969-04-07"},
      {"YYYY-MM-DD is a date too", [](Statement& s) { s.With("birthDate_v1", "1969-04-07"); },
       birth, "1969-04-07"},
      {"a year alone is no date", [](Statement& s) { s.With("birthDate_v1", "1980"); }, birth,
       "(none)"},
      {"an impossible day is no date", [](Statement& s) { s.With("birthDate_v1", "19810229"); },
       birth, "(none)"},
      {"a time is no date", [](Statement& s) { s.With("birthDate_v1", "1969-04-07T00:00:00"); },
       birth, "(none)"},

      {"hyphens leave the SSN", [](Statement& s) { s.With("pnid", "666-27-1152"); }, ssn,
       "666271152"},
      {"a number of another type is no SSN", [](Statement& s) { s.With("pnidtype", "ssn"); }, ssn,
       "(none)"},
      {"without a type there is no SSN", [](Statement& s) { s.Without("pnidtype"); }, ssn,
       "(none)"},

      {"csid idme: the uuid is uid", [](Statement& s) { s.With("uid", "abc"); }, idme, "abc"},
      {"csid idme: no fallback to gcIds", [](Statement& s) { s.Without("uid"); }, idme, "(none)"},
      {"csid is compared without case",
       [](Statement& s) { s.With("csid", "IDme").With("uid", "abc"); }, idme, "abc"},
      {"another csid: the first active ID.me id of gcIds",
       [](Statement& s) {
         s.With("csid", "mhv")
             .With("gcIds",
                   "a1^PN^200VIDM^USDVA^D|b2^PN^200VIDM^USDVA^A|"
                   "c3^PN^200VIDM^USDVA^A");
       },
       idme, "b2"},
      {"csid logingov: the uuid is uid",
       [](Statement& s) { s.With("csid", "LOGINGOV").With("uid", "u-1"); }, logingov, "u-1"},
      {"another csid: the first active Login.gov id of gcIds",
       [](Statement& s) { s.With("gcIds", "a-1^PN^200VLGN^USDVA^A"); }, logingov, "a-1"},
      {"the subject is ID.me's uuid before Login.gov's",
       [](Statement& s) { s.With("uid", "abc").With("gcIds", "a-1^PN^200VLGN^USDVA^A"); }, uuid,
       "abc"},
      {"the subject is Login.gov's uuid when there is no other",
       [](Statement& s) { s.Without("uid").With("gcIds", "a-1^PN^200VLGN^USDVA^A"); }, uuid, "a-1"},

      {"the ICN is the first permanent one of gcIds (seed 002)",
       [](Statement& s) { s.With("gcIds", "1V1^NI^200M^USVHA^T|2V2^NI^200M^USVHA^P"); }, icn,
       "2V2"},
      {"va_eauth_icn is kept apart", [](Statement& s) { s.With("icn", "9V9"); }, mhv_icn, "9V9"},
      {"the EDIPI is the first active one of gcIds",
       [](Statement& s) {
         s.With("gcIds", "1111111111^NI^200DOD^USDOD^H|2222222222^NI^200DOD^USDOD^A");
       },
       edipi, "2222222222"},
      {"the MHV id of the credential wins over the person index",
       [](Statement& s) { s.With("mhvuuid", "7").With("gcIds", "8^PI^200MHS^USVHA^A"); }, mhv_id,
       "7"},
      {"without one the active IEN is taken",
       [](Statement& s) { s.With("gcIds", "8^PI^200MHS^USVHA^D|9^PI^200MHS^USVHA^A"); }, mhv_id,
       "9"},
      {"sec_id is taken as it is, a list too", [](Statement& s) { s.With("secid", "1,2"); }, sec_id,
       "1,2"},

      {"the account type is MHV's", [](Statement& s) { s.With("mhvassurance", "Advanced"); },
       account_type, "Advanced"},
      {"else DS Logon's", [](Statement& s) { s.With("dslogonassurance", "2"); }, account_type, "2"},
      {"else N/A", [](Statement&) {}, account_type, "N/A"},
  }));
  INFO(row.rule);
  Statement statement = IdmeLoa3();
  row.alter(statement);
  CHECK(row.claim(Run(statement)) == row.expected);
}

TEST_CASE("Derive: LOA comes from the attributes (ssoe_saml 4, R14)", "[attributes][rule]") {
  struct Row {
    const char* rule;
    Alter alter;
    int current;
    int highest;
  };
  const auto row = GENERATE(values<Row>({
      {"level 3 is LOA3", [](Statement& s) { s.With("credentialassurancelevel", "3"); }, 3, 3},
      {"level 2 is as good as LOA3 (seed 004)",
       [](Statement& s) { s.With("credentialassurancelevel", "2"); }, 3, 3},
      {"level 1 is LOA1", [](Statement& s) { s.With("credentialassurancelevel", "1"); }, 1, 1},
      {"no level is LOA1", [](Statement& s) { s.Without("credentialassurancelevel"); }, 1, 1},
      {"a level that is no number is LOA1",
       [](Statement& s) { s.With("credentialassurancelevel", "3abc"); }, 1, 1},
      {"Login.gov is read from ial",
       [](Statement& s) {
         s.With("csid", "logingov").With("ial", "2").Without("credentialassurancelevel");
       },
       3, 3},
      {"Login.gov's credential level does not count",
       [](Statement& s) { s.With("csid", "logingov").With("ial", "1"); }, 1, 1},
      {"everybody else's ial does not count",
       [](Statement& s) { s.With("credentialassurancelevel", "1").With("ial", "2"); }, 1, 1},
      {"MHV Premium can reach LOA3",
       [](Statement& s) {
         s.With("credentialassurancelevel", "1").With("mhvassurance", "Premium");
       },
       1, 3},
      {"MHV Advanced cannot by itself",
       [](Statement& s) {
         s.With("credentialassurancelevel", "1").With("mhvassurance", "Advanced");
       },
       1, 1},
      {"DS Logon 2 can reach LOA3 (seed 004)",
       [](Statement& s) { s.With("credentialassurancelevel", "1").With("dslogonassurance", "2"); },
       1, 3},
      {"DS Logon 3 can",
       [](Statement& s) { s.With("credentialassurancelevel", "1").With("dslogonassurance", "3"); },
       1, 3},
      {"DS Logon 1 needs verification first (seed 004)",
       [](Statement& s) { s.With("credentialassurancelevel", "1").With("dslogonassurance", "1"); },
       1, 1},
      {"ID.me was at classic_loa3 before",
       [](Statement& s) {
         s.With("credentialassurancelevel", "1").With("ial_idme_highest", "classic_loa3");
       },
       1, 3},
      {"ID.me was at IAL2 before",
       [](Statement& s) { s.With("credentialassurancelevel", "1").With("ial_idme_highest", "2"); },
       1, 3},
      {"ID.me never was",
       [](Statement& s) { s.With("credentialassurancelevel", "1").With("ial_idme_highest", "1"); },
       1, 1},
  }));
  INFO(row.rule);
  Statement statement = IdmeLoa3().Without("ial_idme_highest");
  row.alter(statement);
  const identity::Assurance assurance = Run(statement).assurance;
  CHECK(assurance.loa_current == row.current);
  CHECK(assurance.loa_highest == row.highest);
  CHECK(assurance.ial == (row.current == 3 ? 2 : 1));
}

TEST_CASE("Derive: the second factor and AAL (ssoe_saml 4, R18)", "[attributes][rule]") {
  struct Row {
    const char* rule;
    Alter alter;
    bool multifactor;
    int aal;
  };
  const auto row = GENERATE(values<Row>({
      {"multifactor true in any case",
       [](Statement& s) { s.With("multifactor", "TRUE").Without("aal"); }, true, 2},
      {"multifactor false", [](Statement& s) { s.With("multifactor", "false").Without("aal"); },
       false, 1},
      {"multifactor missing", [](Statement& s) { s.Without("multifactor").Without("aal"); }, false,
       1},
      {"what the broker says about the authentication counts for AAL",
       [](Statement& s) { s.With("multifactor", "true").With("aal", "1"); }, true, 1},
      {"Login.gov: aal 2 is multifactor",
       [](Statement& s) {
         s.With("csid", "LOGINGOV").With("aal", "2").With("multifactor", "false");
       },
       true, 2},
      {"Login.gov: aal 1 is not",
       [](Statement& s) {
         s.With("csid", "LOGINGOV").With("aal", "1").With("multifactor", "true");
       },
       false, 1},
  }));
  INFO(row.rule);
  Statement statement = IdmeLoa3();
  row.alter(statement);
  const Derivation derived = Run(statement);
  CHECK(derived.claims.multifactor == row.multifactor);
  CHECK(derived.assurance.aal == row.aal);
}

TEST_CASE("Derive: the context names the sign-in service (ssoe_saml 1.4)", "[attributes][rule]") {
  struct Row {
    const char* context;
    const char* csid;
    const char* service;
  };
  const auto row = GENERATE(values<Row>({
      {"http://idmanagement.gov/ns/assurance/loa/3", "idme", "idme"},
      {"http://idmanagement.gov/ns/assurance/ial/1", "logingov", "logingov"},
      {"myhealthevet", "idme", "mhv"},
      {"dslogon", "idme", "dslogon"},
      {"urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "DSLogon", "dslogon"},
      {"urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "mhv", "mhv"},
  }));
  CAPTURE(row.context, row.csid);
  const Derivation derived = Run(IdmeLoa3().Context(row.context).With("csid", row.csid));
  REQUIRE(derived.claims.service.has_value());
  CHECK(identity::ToString(*derived.claims.service) == row.service);
  CHECK(derived.assurance.pathway == "ssoe");
}

TEST_CASE("Derive: an unknown context ends in 007 (ssoe_saml 1.4)", "[attributes][rule]") {
  CHECK(Lines(Run(IdmeLoa3().Context("http://example.com/other")).findings) ==
        std::vector<std::string>{"007 unknown_context blocks"});
  CHECK(Lines(Run(IdmeLoa3()
                      .Context("urn:oasis:names:tc:SAML:2.0:ac:classes:Password")
                      .With("csid", "elsewhere"))
                  .findings)
            .front() == "007 unknown_context blocks");
}

TEST_CASE("Derive: several values where one is defined are refused, never the first (R11)",
          "[attributes][rule]") {
  const std::string name = GENERATE(as<std::string>(), "uid", "gcIds", "icn", "mhvuuid", "pnid",
                                    "credentialassurancelevel", "csid", "emailaddress");
  CAPTURE(name);
  Statement statement = IdmeLoa3();
  statement.WithValues(name, {"1", "2"});
  const Derivation derived = Run(statement);
  REQUIRE(FirstBlocking(derived.findings) != nullptr);
  CHECK(FirstBlocking(derived.findings)->tag == "ambiguous_attribute");
  CHECK(FirstBlocking(derived.findings)->subject == "va_eauth_" + name);
  CHECK_FALSE(derived.question.has_value());
}

TEST_CASE("Derive: two equal values are two values (R11)", "[attributes][rule]") {
  CHECK(Lines(Run(IdmeLoa3().WithValues("secid", {"1", "1"})).findings) ==
        std::vector<std::string>{"007 ambiguous_attribute blocks"});
}

TEST_CASE("Derive: the same name in two elements is two values (R11)", "[attributes][rule]") {
  const Statement statement = IdmeLoa3();
  SsoeAssertion assertion = statement.Build();
  assertion.attributes.push_back(assertion.attributes.front());
  const Derivation derived = Derive(assertion, AttemptAt("vaweb"), ShippedPolicy());
  CHECK(Lines(derived.findings).front() == "007 ambiguous_attribute blocks");
}

TEST_CASE("Derive: control characters and endless values are refused", "[attributes][rule]") {
  const std::string value = GENERATE(as<std::string>(), "a\nb", "a\rb", std::string("a\0b", 3),
                                     "a\x7f", std::string(1 << 20, 'x'));
  Statement statement = IdmeLoa3();
  statement.With("firstname", value);
  const Derivation derived = Run(statement);
  CHECK(Lines(derived.findings) == std::vector<std::string>{"007 malformed_attribute blocks"});
  CHECK_FALSE(derived.claims.first_name.has_value());
}

TEST_CASE("Derive: a newline smuggles no identifier into gcIds (25.8)", "[attributes][rule]") {
  const Derivation derived = Run(IdmeLoa3().With(
      "gcIds", "x\n2222222222^NI^200DOD^USDOD^A|1000000001V100001^NI^200M^USVHA^P"));
  CHECK_FALSE(derived.claims.edipi.has_value());
  CHECK(Lines(derived.findings) == std::vector<std::string>{"malformed_gcids noted"});
}

TEST_CASE("Derive: which question MPI is asked (R17)", "[attributes][rule]") {
  SECTION("by the asserted ICN first") {
    const Derivation derived = Run(IdmeLoa3().With("icn", "1000000009V100009"));
    REQUIRE(derived.question.has_value());
    CHECK(std::get<identity::Icn>(*derived.question).Reveal() == "1000000009V100009");
  }
  SECTION("else by the ICN of gcIds") {
    const Derivation derived = Run(IdmeLoa3().Without("icn"));
    CHECK(std::get<identity::Icn>(*derived.question).Reveal() == "1000000001V100001");
  }
  SECTION("else by traits with gender (seed 004: four to five components)") {
    const Derivation derived = Run(IdmeLoa3().Without("icn").With(
        "gcIds", "11d0e4a1f0b24c55a1de6f1b6c2f7a01^PN^200VIDM^USDVA^A"));
    const Traits& traits = std::get<Traits>(*derived.question);
    CHECK(traits.first_name.Reveal() == "IDA");
    CHECK(traits.middle_name.empty());
    CHECK(traits.last_name.Reveal() == "FERNBROOK");
    CHECK(traits.birth_date.Reveal() == "1971-03-02");
    CHECK(traits.ssn.Reveal() == "666010001");
    CHECK(traits.gender == Gender::kFemale);
  }
  SECTION("nothing without an ICN and without the traits a search needs") {
    const std::string missing =
        GENERATE(as<std::string>(), "firstname", "lastname", "birthDate_v1", "pnid");
    CAPTURE(missing);
    CHECK_FALSE(Run(IdmeLoa3().Without("icn").Without("gcIds").Without(missing)).question);
  }
  SECTION("gender alone may be missing") {
    CHECK(Run(IdmeLoa3().Without("icn").Without("gcIds").Without("gender")).question);
  }
}

TEST_CASE("Derive: below LOA3 MPI is not asked (R6, seed 004)", "[attributes][rule]") {
  CHECK_FALSE(Run(IdmeLoa3().With("credentialassurancelevel", "1")).question.has_value());
  CHECK_FALSE(Run(MhvBasic()).question.has_value());
  CHECK(Run(DslogonLevel2()).question.has_value());
}

TEST_CASE("Derive: MPI is not asked about somebody who is refused anyway", "[attributes][rule]") {
  CHECK_FALSE(Run(IdmeLoa3().With("mhvicn", "2000000002V200002")).question.has_value());
}

TEST_CASE("Derive: the returned context must satisfy the requested one (R14)",
          "[attributes][rule]") {
  struct Row {
    const char* rule;
    const char* type;
    std::vector<std::string> requested;
    const char* comparison;
    Statement statement;
    bool met;
  };
  const std::string loa1 = "http://idmanagement.gov/ns/assurance/loa/1/vets";
  const std::string loa3 = "http://idmanagement.gov/ns/assurance/loa/3";
  const std::string selector = "https://eauth.va.gov/csp?Select=idme3";
  const auto row = GENERATE_COPY(values<Row>({
      {"LOA1 asked, LOA1 held", "idme", {loa1, selector}, "minimum", IdmeLoa1(), true},
      {"LOA1 asked, LOA3 held", "idme", {loa1, selector}, "minimum", IdmeLoa3(), true},
      {"LOA3 asked, LOA3 held", "idme_verified", {loa3, selector}, "minimum", IdmeLoa3(), true},
      {"LOA3 asked, LOA1 returned",
       "idme_verified",
       {loa3, selector},
       "minimum",
       IdmeLoa1(),
       false},
      {"LOA3 asked and returned, but the attributes say LOA1",
       "idme_verified",
       {loa3, selector},
       "minimum",
       IdmeLoa3().With("credentialassurancelevel", "1"),
       false},
      {"LOA1 asked, LOA3 returned, the attributes say LOA1: nobody lost anything",
       "idme",
       {loa1, selector},
       "minimum",
       IdmeLoa3().With("credentialassurancelevel", "1"),
       true},
      {"ID.me asked, DS Logon returned",
       "idme",
       {loa1, selector},
       "minimum",
       DslogonLevel2(),
       false},
  }));
  INFO(row.rule);
  Attempt attempt = AttemptAt("vaweb", row.type);
  attempt.requested_contexts = row.requested;
  attempt.comparison = row.comparison;
  const Finding* blocking = FirstBlocking(Run(row.statement, attempt).findings);
  const std::vector<std::string> lines = Lines(Run(row.statement, attempt).findings);
  CHECK((blocking == nullptr) == row.met);
  if (!row.met) CHECK(lines.front() == "007 assurance_not_met blocks");
}

TEST_CASE("Derive: mhv_verified needs a proofed person, else 108 (ssoe_saml 12.6, R15)",
          "[attributes][rule]") {
  CHECK(Lines(Run(MhvBasic(), AttemptAt("vaweb", "mhv_verified")).findings) ==
        std::vector<std::string>{"108 mhv_unverified_blocked blocks"});
  CHECK(Lines(Run(MhvBasic(), AttemptAt("vaweb", "mhv")).findings).empty());
  CHECK(Lines(Run(MhvPremium(), AttemptAt("vaweb", "mhv_verified")).findings).empty());
}

TEST_CASE("Derive: MPI must learn an ID.me uuid that gcIds do not know (ssoe_saml 4)",
          "[attributes][rule]") {
  CHECK_FALSE(Run(IdmeLoa3()).claims.needs_csp_id_update);
  CHECK(Run(IdmeLoa3().With("gcIds", "1000000001V100001^NI^200M^USVHA^P"))
            .claims.needs_csp_id_update);
  CHECK_FALSE(Run(LogingovIal2()).claims.needs_csp_id_update);
}

TEST_CASE("Derive: a context with multifactor in it changes the factor (ssoe_saml 4)",
          "[attributes][rule]") {
  CHECK(Run(IdmeLoa1().Context("multifactor")).claims.changing_multifactor);
  CHECK(Run(DslogonLevel2().Context("dslogon_multifactor")).claims.changing_multifactor);
  CHECK_FALSE(Run(IdmeLoa1()).claims.changing_multifactor);
}

TEST_CASE("Derive: an ICN of the wrong form is noted, not corrected and not asked with",
          "[attributes][rule]") {
  const Derivation derived = Run(IdmeLoa3().With("icn", "123V456").Without("gcIds"));
  CHECK(Lines(derived.findings) == std::vector<std::string>{"malformed_icn noted"});
  CHECK(Show(derived.claims.mhv_icn) == "123V456");
  CHECK_FALSE(derived.question.has_value());
}

TEST_CASE("Derive: the trace tells where an id was taken from, and nothing of one that is absent",
          "[attributes][rule]") {
  const auto chosen = [](Statement statement, absl::string_view rule) {
    Trace trace;
    const SsoeAssertion assertion = statement.Build();
    Derive(assertion, AttemptAt("vaweb", "idme"), ShippedPolicy(), &trace);
    std::vector<std::string> subjects;
    for (const RuleStep& step : trace) {
      if (step.rule == rule) subjects.push_back(step.subject);
    }
    return subjects;
  };
  using Subjects = std::vector<std::string>;
  CHECK(chosen(MhvPremium(), "mhv_id") == Subjects{"va_eauth_mhvuuid"});
  CHECK(chosen(MhvPremium().Without("mhvuuid"), "mhv_id") == Subjects{"va_eauth_gcIds"});
  CHECK(chosen(IdmeLoa3(), "mhv_id").empty());
  CHECK(chosen(IdmeLoa3(), "uuid") == Subjects{"va_eauth_uid"});
  CHECK(chosen(IdmeLoa3().Without("uid").Without("gcIds"), "uuid").empty());
}

}  // namespace
}  // namespace va::attributes
