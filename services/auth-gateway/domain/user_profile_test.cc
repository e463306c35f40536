#include "services/auth-gateway/domain/user_profile.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "lib/base/status.h"

namespace va::gateway {
namespace {

using identity::CspId;
using Texts = std::vector<std::string>;

SessionRecord Verified() {
  SessionRecord session;
  session.assurance.loa_current = 3;
  session.person.icn = identity::Icn::FromWire("1000000001V000001");
  return session;
}

PersonRecord Known(const Texts& ids) {
  PersonRecord record;
  std::vector<identity::CorrelatedId> rows;
  for (const std::string& id : ids) {
    rows.push_back(*identity::ParseCorrelatedId({id.data(), id.size()}, identity::kVaRoot));
  }
  record.ids = identity::FromCorrelatedIds(rows);
  return record;
}

identity::PersonText Text(const char* text) { return identity::PersonText::FromWire(text); }

MpiPart PartOf(const Texts& ids) { return MpiPartOf(Verified(), Known(ids)); }

}  // namespace

TEST_CASE("AsksMpi R6: below LOA3 MPI is not asked", "[gateway][user][R6]") {
  SessionRecord session = Verified();
  CHECK(AsksMpi(session));
  session.assurance.loa_current = 1;
  CHECK_FALSE(AsksMpi(session));
}

TEST_CASE("AsksMpi R3: nobody is asked about by an ICN in conflict", "[gateway][user][R3]") {
  SessionRecord session = Verified();
  session.person.icn = {};  // what a waived 103 leaves
  session.waived_findings = {"103"};
  CHECK_FALSE(AsksMpi(session));
}

TEST_CASE("Vet360IdOf: only an active 200VETS id of somebody at LOA3 leads to VA Profile",
          "[gateway][user][rule]") {
  const SessionRecord session = Verified();
  CHECK(Vet360IdOf(session, Known({"77^PI^200VETS^USDVA^A"})) == CspId::FromWire("77"));
  for (const char* const row : {"77^PI^200VETS^USDVA^H", "77^PI^200VETS^USVHA^A",
                                "77^PN^200VETS^USDVA^A", "77^PI^200VET^USDVA^A"}) {
    CAPTURE(row);
    CHECK_FALSE(Vet360IdOf(session, Known({row})).has_value());
  }
  SessionRecord known_by_email = session;
  known_by_email.assurance.loa_current = 1;
  CHECK_FALSE(Vet360IdOf(known_by_email, Known({"77^PI^200VETS^USDVA^A"})).has_value());
}

TEST_CASE("MpiPartOf: the legal name, the preferred one, and what else MPI says of the person",
          "[gateway][user]") {
  PersonRecord record = Known({"796122306^PI^200BRLS^USVBA^A"});
  record.names = {{{Text("Addie")}, {}, "P"},
                  {{Text("Ada"), Text("M")}, Text("Lovelace"), "L"},
                  {{Text("Augusta")}, Text("Byron"), "L"}};
  record.gender = Text("F");
  record.birth_date = identity::BirthDate::FromWire("19610214");
  record.postal_code = Text("05099");
  record.id_theft = true;
  const MpiPart part = MpiPartOf(Verified(), record);
  CHECK(part.family_name == Text("Lovelace"));
  CHECK(part.given_names == std::vector{Text("Ada"), Text("M")});
  CHECK(part.preferred_name == Text("Addie"));
  CHECK(part.gender == Text("F"));
  CHECK(part.birth_date == identity::BirthDate::FromWire("1961-02-14"));
  CHECK(part.zip == Text("05099"));
  CHECK(part.birls_id == CspId::FromWire("796122306"));
  CHECK(part.id_theft);
}

TEST_CASE("MpiPartOf: a birth date that is none is shown as it came", "[gateway][user]") {
  PersonRecord record = Known({});
  record.birth_date = identity::BirthDate::FromWire("1961");
  CHECK(MpiPartOf(Verified(), record).birth_date == identity::BirthDate::FromWire("1961"));
}

TEST_CASE("MpiPartOf: facilities are stations where the person is known today, each once",
          "[gateway][user][rule]") {
  const MpiPart part = PartOf({"1^PI^516^USVHA^A", "2^PI^516^USVHA^A", "3^PI^741MM^USVHA^A",
                               "4^PI^553^USVHA^H", "5^PI^668^USVHA^C", "6^PI^200MHV^USVHA^A",
                               "7^PI^200HD^USVHA^A", "8^PI^200CORP^USVBA^A"});
  CHECK(part.facilities == std::vector<Facility>{{"516", false}, {"741MM", false}, {"668", true}});
  CHECK(part.cerner_facility_ids == Texts{"668"});
  CHECK(part.va_patient);
}

TEST_CASE("MpiPartOf: nobody is a VA patient by a deprecated record or by a system's code",
          "[gateway][user][rule]") {
  CHECK_FALSE(PartOf({"4^PI^553^USVHA^D", "6^PI^200MHV^USVHA^A"}).va_patient);
  CHECK_FALSE(PartOf({}).va_patient);
}

TEST_CASE("MpiPartOf: a Cerner patient is who has a Cerner id", "[gateway][user][rule]") {
  CHECK(PartOf({"11^PI^200CRNR^USVHA^A"}).cerner_id == CspId::FromWire("11"));
  CHECK_FALSE(PartOf({"5^PI^668^USVHA^C"}).cerner_id.has_value());
}

TEST_CASE("MpiPartOf: the state of the My HealtheVet account as MPI has it",
          "[gateway][user][rule]") {
  struct Row {
    Texts ids;
    const char* state;
    size_t active;
  };
  const std::vector<Row> rows = {
      {{}, "NONE", 0},
      {{"1^PI^200MH^USVHA^A"}, "OK", 1},
      {{"1^PI^200MH^USVHA^A", "1^PI^200MHS^USVHA^A"}, "OK", 1},
      {{"1^PI^200MH^USVHA^A", "2^PI^200MHV^USVHA^A"}, "MULTIPLE", 2},
      {{"1^PI^200MH^USVHA^A", "2^PI^200MH^USVHA^U"}, "DEACTIVATED", 1},
      {{"2^PI^200MH^USVHA^H"}, "DEACTIVATED", 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.ids);
    const MpiPart part = PartOf(row.ids);
    CHECK(part.mhv_account_state == row.state);
    REQUIRE(part.active_mhv_ids.has_value());
    CHECK(part.active_mhv_ids->size() == row.active);
  }
}

TEST_CASE("MpiPartOf R3: MHV ids in conflict are not shown where the conflict was waived",
          "[gateway][user][R3][security]") {
  SessionRecord session = Verified();
  session.waived_findings = {"101"};
  const MpiPart part = MpiPartOf(session, Known({"1^PI^200MH^USVHA^A", "2^PI^200MH^USVHA^A"}));
  CHECK_FALSE(part.active_mhv_ids.has_value());
  CHECK(part.mhv_account_state == "MULTIPLE");
}

TEST_CASE("MhvTierOf M6: asserted before inferred, and it says by whom", "[gateway][user][M6]") {
  SessionRecord session = Verified();
  session.assurance.csp = identity::Csp::kMhv;
  const PersonRecord with = Known({"1^PI^200MH^USVHA^A"});
  const PersonRecord without = Known({});
  for (const char* const tier : {"Basic", "Advanced", "Premium"}) {
    session.account_type = tier;
    CHECK(MhvTierOf(session, &without) == MhvTier{tier, "credential"});
  }
  session.account_type = "N/A";
  CHECK(MhvTierOf(session, &without) == MhvTier{"Basic", "absent_from_mpi"});
  CHECK_FALSE(MhvTierOf(session, &with).has_value());
  // That MPI could not be asked tells nothing.
  CHECK_FALSE(MhvTierOf(session, nullptr).has_value());
  session.account_type = "Premium";
  session.assurance.csp = identity::Csp::kIdme;
  CHECK_FALSE(MhvTierOf(session, &without).has_value());
}

TEST_CASE("FailureOf: what failed, when, and a status; in words of ours", "[gateway][user]") {
  using absl::StatusCode;
  const absl::Time began = absl::FromUnixSeconds(1'700'000'000);
  struct Row {
    absl::Status status;
    int http;
    const char* words;
  };
  const std::vector<Row> rows = {
      {base::MakeError(StatusCode::kUnavailable, "MPI_TRANSPORT", "secret"), 503,
       "could not be asked"},
      {base::MakeError(StatusCode::kDeadlineExceeded, "RPC_DEADLINE", "secret"), 504,
       "did not answer in time"},
      {base::MakeError(StatusCode::kNotFound, "MPI_NO_MATCH", "secret"), 404,
       "does not know this person"},
      {base::MakeError(StatusCode::kInternal, "VA_PROFILE_ANSWER", "secret"), 502,
       "gave no usable answer"},
      {base::WithFact(base::MakeError(StatusCode::kUnavailable, "VA_PROFILE_UNAVAILABLE", "secret"),
                      "status", "500"),
       500, "could not be asked"},
      {base::WithFact(base::MakeError(StatusCode::kUnavailable, "X", "secret"), "status", "9000"),
       503, "could not be asked"},
      // A 200 that cannot be read is no success.
      {base::WithFact(base::MakeError(StatusCode::kInternal, "VA_PROFILE_ANSWER", "secret"),
                      "status", "200"),
       502, "gave no usable answer"},
      {absl::InternalError("secret of a library"), 502, "gave no usable answer"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    const SourceFailure failure = FailureOf(kMpiSource, row.status, began);
    CHECK(failure.external_service == "MVI");
    CHECK(failure.start_time == began);
    CHECK(failure.status == row.http);
    CHECK(absl::StrContains(failure.description, row.words));
    CHECK(absl::StrContains(failure.description, base::ReasonOf(row.status)));
    CHECK_FALSE(absl::StrContains(failure.description, "secret"));
  }
}

}  // namespace va::gateway
