#include "lib/identity/gc_ids.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace va::identity {
namespace {

std::vector<std::string> Plain(const std::vector<CspId>& ids) {
  std::vector<std::string> out;
  for (const CspId& id : ids) out.push_back(id.Reveal());
  return out;
}

std::string Plain(const std::optional<CspId>& id) { return id ? id->Reveal() : "(none)"; }

using Strings = std::vector<std::string>;

// ssoe_saml.md 3.2 and mpi_mhv.md 1.10: one row per pattern, and what misses it by one field.
TEST_CASE("GcIds: every pattern matches its own token and nothing near it", "[identity][rule]") {
  struct Row {
    const char* rule;
    const char* token;
    GcIdKind kind;
    bool matches;
  };
  const auto row = GENERATE(values<Row>({
      {"permanent ICN", "1008830476V316605^NI^200M^USVHA^P", GcIdKind::kIcn, true},
      {"a temporary ICN is no ICN", "1008830476V316605^NI^200M^USVHA^T", GcIdKind::kIcn, false},
      {"any status is a historical ICN", "1^NI^200M^USVHA^H", GcIdKind::kAnyIcn, true},
      {"an ICN has id type NI", "1^PI^200M^USVHA^P", GcIdKind::kIcn, false},
      {"active EDIPI", "2107307560^NI^200DOD^USDOD^A", GcIdKind::kEdipi, true},
      {"a deprecated EDIPI does not count", "2107307560^NI^200DOD^USDOD^H", GcIdKind::kEdipi,
       false},
      {"active corp id", "600043180^PI^200CORP^USVBA^A", GcIdKind::kCorpId, true},
      {"a corp id of type AN is none", "796123607^AN^200CORP^USVBA^A", GcIdKind::kCorpId, false},
      {"a corp id without status is none", "796123607^PI^200CORP^USVBA^", GcIdKind::kCorpId, false},
      {"a corp id of VHA is none", "600043180^PI^200CORP^USVHA^A", GcIdKind::kCorpId, false},
      {"BIRLS id", "796122306^PI^200BRLS^USVBA^A", GcIdKind::kBirlsId, true},
      {"sec_id", "1008714701^PN^200PROV^USDVA^A", GcIdKind::kSecId, true},
      {"an inactive sec_id is none", "1008714701^PN^200PROV^USDVA^D", GcIdKind::kSecId, false},
      {"ID.me id", "54e78de6140d473f87960f211be49c08^PN^200VIDM^USDVA^A", GcIdKind::kIdme, true},
      {"an ID.me id has no hyphen", "54e78de6-140d^PN^200VIDM^USDVA^A", GcIdKind::kIdme, false},
      {"a Login.gov id has hyphens", "aa478abc-e494-4af1-9f87-d002f8fe1cda^PN^200VLGN^USDVA^A",
       GcIdKind::kLogingov, true},
      {"a Login.gov id without hyphens counts too", "aa478abc^PN^200VLGN^USDVA^A",
       GcIdKind::kLogingov, true},
      {"active IEN", "15001594^PI^200MHS^USVHA^A", GcIdKind::kMhvIen, true},
      {"an inactive IEN is none", "15001594^PI^200MHS^USVHA^D", GcIdKind::kMhvIen, false},
      {"200MH is no IEN", "12345748^PI^200MH^USVHA^A", GcIdKind::kMhvIen, false},
      {"200MH is an MHV id", "12345748^PI^200MH^USVHA^A", GcIdKind::kActiveMhvId, true},
      {"200MHV is an MHV id", "123456^PI^200MHV^USVHA^A", GcIdKind::kActiveMhvId, true},
      {"an IEN is an MHV id as well", "1^PI^200MHS^USVHA^A", GcIdKind::kActiveMhvId, true},
      {"at most one more character", "1^PI^200MHVX^USVHA^A", GcIdKind::kMhvId, false},
      {"an unlinked MHV id is listed", "1^PI^200MH^USVHA^U", GcIdKind::kMhvId, true},
      {"but is not active", "1^PI^200MH^USVHA^U", GcIdKind::kActiveMhvId, false},
      {"VA Profile id", "7909^PI^200VETS^USDVA^A", GcIdKind::kVet360Id, true},
      {"Cerner id", "123456^PI^200CRNR^USVHA^A", GcIdKind::kCernerId, true},
      {"Cerner id of any US authority", "1^PI^200CRNR^USDOD^A", GcIdKind::kCernerId, true},
      {"Cerner facility has status C", "123456^PI^200MHV^USVHA^C", GcIdKind::kCernerFacility, true},
      {"Cerner facility is not status A", "1^PI^516^USVHA^A", GcIdKind::kCernerFacility, false},
      {"VHA facility of any status", "1^PI^516^USVHA^D", GcIdKind::kVhaFacility, true},
      {"a DoD row is no VHA facility", "1^NI^200DOD^USDOD^A", GcIdKind::kVhaFacility, false},
  }));
  INFO(row.rule);
  CHECK(ParseGcIds(row.token).Has(row.kind) == row.matches);
  // The whole token is matched, so neighbours on other lines lend it nothing.
  if (row.matches) CHECK_FALSE(ParseGcIds(absl::StrCat("x\n", row.token)).Has(row.kind));
  if (row.matches) CHECK_FALSE(ParseGcIds(absl::StrCat(row.token, "\nx")).Has(row.kind));
}

TEST_CASE("GcIds: a token that is no identifier is counted, not dropped silently (25.8)",
          "[identity][rule]") {
  CHECK(ParseGcIds("nothing").malformed() == 1);
  CHECK(ParseGcIds("").malformed() == 0);
  CHECK(ParseGcIds("1^PI^516^USVHA^A|").malformed() == 0);
  CHECK(ParseGcIds("1^PI^516^USVHA^A2^PI^517^USVHA^A").malformed() == 1);
  CHECK(ParseGcIds("1^PI^516^USVHA").malformed() == 1);
  CHECK(ParseGcIds("^PI^516^USVHA^A").malformed() == 1);
  CHECK(ParseGcIds("1^PI^516^USVHA^A\n").malformed() == 1);
  CHECK(ParseGcIds("1 2^PI^516^USVHA^A").malformed() == 1);
}

TEST_CASE("GcIds: reads the largest sample set", "[identity]") {
  const GcIds ids = ParseGcIds(
      "1012853550V207686^NI^200M^USVHA^P|552151510^PI^989^USVHA^A|943571^PI^979^USVHA^A|"
      "12345748^PI^200MH^USVHA^A|1012853550^PN^200PROV^USDVA^A|7219295^PI^983^USVHA^A|"
      "552161765^PI^984^USVHA^A|2107307560^NI^200DOD^USDOD^A|"
      "7b9b5861203244f0b99b02b771159044^PN^200VIDM^USDVA^A|"
      "0e1bb5723d7c4f0686f46ca4505642ad^PN^200VIDM^USDVA^A|12345748^PI^200MHS^USVHA^A|");
  CHECK(ids.icn()->Reveal() == "1012853550V207686");
  CHECK(ids.icn_with_aaid()->Reveal() == "1012853550V207686^NI^200M^USVHA");
  CHECK(Plain(ids.edipi()) == "2107307560");
  CHECK(Plain(ids.idme_id()) == "7b9b5861203244f0b99b02b771159044");
  CHECK(Plain(ids.mhv_ien()) == "12345748");
  CHECK(Plain(ids.active_mhv_ids()) == Strings{"12345748", "12345748"});
  CHECK(ids.vha_facility_ids() == Strings{"989", "979", "200MH", "983", "984", "200MHS"});
  CHECK(ids.vha_facility_hash().at("989").front().Reveal() == "552151510");
  CHECK(Plain(ids.sec_id()) == "1012853550");
  CHECK(Plain(ids.logingov_id()) == "(none)");
}

TEST_CASE("GcIds: the MHV correlation id is the first active one (mpi_mhv 1.10)",
          "[identity][rule]") {
  const GcIds ids =
      ParseGcIds("5^PI^200MH^USVHA^D|6^PI^200MHV^USVHA^A|7^PI^200MHS^USVHA^A|8^PI^516^USVHA^A");
  CHECK(Plain(ids.mhv_correlation_id()) == "6");
  CHECK(Plain(ParseGcIds("5^PI^200MH^USVHA^D").mhv_correlation_id()) == "(none)");
}

TEST_CASE("GcIds: one EDIPI is ten digits, the list takes any run of digits (mpi_mhv 1.10)",
          "[identity][rule]") {
  const GcIds short_id = ParseGcIds("1234^NI^200DOD^USDOD^A");
  CHECK_FALSE(short_id.edipi().has_value());
  CHECK(Plain(short_id.edipis()) == Strings{"1234"});
  CHECK(Plain(ParseGcIds("UNK^NI^200DOD^USDOD^A").edipis()).empty());
  CHECK_FALSE(ParseGcIds("12345678901^NI^200DOD^USDOD^A").edipi().has_value());
}

TEST_CASE("GcIds: a valid EDIPI is ten digits, in the list as alone (mpi_mhv 3.1.5)",
          "[identity][rule]") {
  const GcIds ids = ParseGcIds(
      "1234^NI^200DOD^USDOD^A|2109990001^NI^200DOD^USDOD^A|2109990002^NI^200DOD^USDOD^H|"
      "UNK^NI^200DOD^USDOD^A|21099900031^NI^200DOD^USDOD^A");
  CHECK(Plain(ids.valid_edipis()) == Strings{"2109990001"});
  CHECK(Plain(ids.edipis()) == Strings{"1234", "2109990001", "21099900031"});
}

TEST_CASE("GcIds: a facility is active, moved to Cerner, or deprecated (mpi_mhv 3.1.4)",
          "[identity][rule]") {
  const GcIds ids = ParseGcIds(
      "1^PI^516^USVHA^A|2^PI^517^USVHA^H|3^PI^518^USVHA^D|4^PI^519^USVHA^M|5^PI^520^USVHA^U|"
      "6^PI^521^USVHA^L|7^PI^522^USVHA^PCE|8^PI^668^USVHA^C|9^PI^200HD^USVHA^A|"
      "10^PI^523^USVHA^ZZ|11^PI^524^USVHA^|12^NI^525^USVHA^A|13^PI^200CORP^USVBA^A");
  CHECK(ids.active_facility_ids() == Strings{"516", "200HD"});
  CHECK(ids.cerner_facility_ids() == Strings{"668"});
  CHECK(ids.deprecated_facility_ids() == Strings{"517", "518", "519", "520", "521", "522", "523"});
  // The three lists are the one of the reference, taken apart.
  CHECK(ids.vha_facility_ids().size() == ids.active_facility_ids().size() +
                                             ids.cerner_facility_ids().size() +
                                             ids.deprecated_facility_ids().size());
}

TEST_CASE("GcIds: a status can be seen whatever its row stands for (mpi_mhv 3.1.4)",
          "[identity][rule]") {
  CHECK(ParseGcIds("1^PI^516^USVHA^A|7^PI^522^USVHA^PCE").HasStatus("PCE"));
  CHECK(ParseGcIds("7^NI^200M^USVHA^PCE").HasStatus("PCE"));
  CHECK_FALSE(ParseGcIds("1^PI^516^USVHA^A|PCE^PI^PCE^PCE^P").HasStatus("PCE"));
  CHECK_FALSE(ParseGcIds("").HasStatus("PCE"));
}

TEST_CASE("GcIds: participant, BIRLS and IEN are the first run of digits", "[identity][rule]") {
  const GcIds ids =
      ParseGcIds("A12B34^PI^200CORP^USVBA^A|x9^PI^200BRLS^USVBA^A|77_8^PI^200MHS^USVHA^A");
  CHECK(Plain(ids.participant_id()) == "12");
  CHECK(Plain(ids.birls_id()) == "9");
  CHECK(Plain(ids.mhv_ien()) == "77");
}

TEST_CASE("GcIds: in an MPI answer a pattern counts only under its own root", "[identity][rule]") {
  const std::string edipi = "2107307560^NI^200DOD^USDOD^A";
  const std::string icn = "1008830476V316605^NI^200M^USVHA^P";
  const std::vector<CorrelatedId> right = {*ParseCorrelatedId(edipi, kDodRoot),
                                           *ParseCorrelatedId(icn, kVaRoot)};
  CHECK(FromCorrelatedIds(right).edipi().has_value());
  CHECK(FromCorrelatedIds(right).icn().has_value());
  const std::vector<CorrelatedId> wrong = {*ParseCorrelatedId(edipi, kVaRoot),
                                           *ParseCorrelatedId(icn, kDodRoot)};
  CHECK_FALSE(FromCorrelatedIds(wrong).edipi().has_value());
  CHECK_FALSE(FromCorrelatedIds(wrong).icn().has_value());
}

TEST_CASE("ParseCorrelatedId: splits what was joined", "[identity][prop]") {
  CHECK(rc::check([]() {
    const auto word = rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::inRange('a', 'z'), rc::gen::inRange('0', '9')));
    const auto field = rc::gen::nonEmpty(word);
    const std::vector<std::string> fields = {*field, *field, *field, *field, *word};
    const std::optional<CorrelatedId> row = ParseCorrelatedId(absl::StrJoin(fields, "^"));
    RC_ASSERT(row.has_value());
    RC_ASSERT(row->id.Reveal() == fields[0]);
    RC_ASSERT(row->facility == fields[2]);
    RC_ASSERT(row->status == fields[4]);
  }));
}

TEST_CASE("ParseGcIds: any text is read without harm", "[identity][prop]") {
  CHECK(rc::check([](const std::string& text) {
    const GcIds ids = ParseGcIds(text);
    RC_ASSERT(ids.rows().size() + ids.malformed() <= text.size() + 1);
  }));
}

}  // namespace
}  // namespace va::identity
