#include "services/mpi-adapter/hl7/compatible.h"

#include <catch2/catch.hpp>
#include <string>

namespace va::mpi::hl7 {
namespace {

using identity::BirthDate;
using identity::PersonText;

CompatibleOutcome OutcomeOf(Outcome outcome, const char* reason, const char* ack,
                            ReadBy read_by = ReadBy::kClient, bool mpi_compat = false) {
  Answer answer;
  answer.outcome = outcome;
  answer.reason = reason;
  answer.ack_code = ack;
  return CompatibleOutcomeOf(answer, read_by, mpi_compat);
}

TEST_CASE("CompatibleOutcomeOf: the reference's words for a find", "[mpi][hl7][rule]") {
  struct Row {
    Outcome outcome;
    const char* reason;
    const char* ack;
    const char* status;
    const char* error;
  };
  const auto row = GENERATE(values<Row>({
      {Outcome::kOk, "MATCH", "AA", "ok", ""},
      {Outcome::kNoMatch, "NO_RESULT", "AA", "not_found", "RecordNotFound"},
      {Outcome::kMultipleMatches, "MULTIPLE_MATCHES", "AE", "not_found", "DuplicateRecords"},
      {Outcome::kSenderRejected, "UNKNOWN_SENDER", "AE", "not_found", "RecordNotFound"},
      {Outcome::kMpiFailed, "APPLICATION_ERROR", "AE", "not_found", "RecordNotFound"},
      {Outcome::kMpiFailed, "REJECTED", "AR", "server_error", "FailedRequestError"},
      {Outcome::kMpiFailed, "REJECTED_MULTIPLE_MATCHES", "AR", "server_error", "DuplicateRecords"},
      {Outcome::kMpiFailed, "SOAP_FAULT", "", "server_error", "HTTPError"},
      {Outcome::kMpiFailed, "HTTP_404", "", "server_error", "HTTPError"},
      {Outcome::kUnparseable, "NO_ACKNOWLEDGEMENT", "", "server_error", ""},
      {Outcome::kUnparseable, "NO_PERMANENT_ICN", "AA", "server_error", ""},
      {Outcome::kTimeout, "TIMEOUT", "", "server_error", ""},
  }));
  CAPTURE(row.reason);
  const CompatibleOutcome out = OutcomeOf(row.outcome, row.reason, row.ack);
  CHECK(out.status == row.status);
  CHECK(out.error == row.error);
}

TEST_CASE("CompatibleOutcomeOf: a transport error carries its status, a fault always 500",
          "[mpi][hl7][rule]") {
  CHECK(OutcomeOf(Outcome::kMpiFailed, "HTTP_404", "").http_status == 404);
  CHECK(OutcomeOf(Outcome::kMpiFailed, "HTTP_404", "").message == "MVI HTTP call failed");
  CHECK(OutcomeOf(Outcome::kMpiFailed, "SOAP_FAULT", "").http_status == 500);
  CHECK(OutcomeOf(Outcome::kMpiFailed, "SOAP_FAULT", "").message == "MVI internal server error");
  CHECK_FALSE(OutcomeOf(Outcome::kMpiFailed, "REJECTED", "AR").http_status.has_value());
}

TEST_CASE("CompatibleOutcomeOf: only mpi_compat takes an unknown body for nobody",
          "[mpi][hl7][rule]") {
  const auto status = [](Outcome outcome, const char* reason, ReadBy read_by, bool mpi_compat) {
    return OutcomeOf(outcome, reason, "", read_by, mpi_compat).status;
  };
  const Outcome odd = Outcome::kUnparseable;
  CHECK(status(odd, "OTHER_INTERACTION", ReadBy::kClient, true) == "not_found");
  CHECK(status(odd, "OTHER_INTERACTION", ReadBy::kClient, false) == "server_error");
  CHECK(status(Outcome::kMpiFailed, "SOAP_FAULT", ReadBy::kParserAlone, true) == "not_found");
  CHECK(status(Outcome::kMpiFailed, "SOAP_FAULT", ReadBy::kParserAlone, false) == "server_error");
  CHECK(status(Outcome::kMpiFailed, "SOAP_FAULT", ReadBy::kClient, true) == "server_error");
}

TEST_CASE(
    "CompatibleOutcomeOf: under mpi_compat nobody is no error, and a record without patient one",
    "[mpi][hl7][rule]") {
  const auto read = [](Outcome outcome, const char* reason, bool mpi_compat) {
    return OutcomeOf(outcome, reason, "AA", ReadBy::kClient, mpi_compat);
  };
  CHECK(read(Outcome::kNoMatch, "NO_RESULT", true).status == "not_found");
  CHECK(read(Outcome::kNoMatch, "NO_RESULT", true).error.empty());
  CHECK(read(Outcome::kNoMatch, "NO_RESULT", false).error == "RecordNotFound");
  CHECK(read(Outcome::kUnparseable, "NO_PATIENT", true).status == "ok");
  CHECK(read(Outcome::kUnparseable, "NO_PATIENT", false).status == "server_error");
  Answer answer;
  answer.outcome = Outcome::kUnparseable;
  answer.reason = "NO_PATIENT";
  CHECK(CompatibleProfileOf(answer, true).has_value());
  CHECK_FALSE(CompatibleProfileOf(answer, false).has_value());
  answer.reason = "NO_PERSON";
  CHECK_FALSE(CompatibleProfileOf(answer, true).has_value());
}

TEST_CASE("CompatiblePersonOf: under mpi_compat an SSN counts in the first of the other ids alone",
          "[mpi][hl7][rule]") {
  Profile profile;
  profile.ssn = identity::Ssn::FromWire("900000001");
  CHECK(CompatiblePersonOf(profile, false).ssn.has_value());
  CHECK_FALSE(CompatiblePersonOf(profile, true).ssn.has_value());
  profile.ssn_in_first_other_id = true;
  CHECK(CompatiblePersonOf(profile, true).ssn.has_value());
}

TEST_CASE("CompatibleOutcomeOf: only mpi_compat takes an add without acknowledgement for success",
          "[mpi][hl7][rule]") {
  ChangeAnswer answer;
  answer.outcome = Outcome::kUnparseable;
  answer.reason = "NO_ACKNOWLEDGEMENT";
  CHECK(CompatibleOutcomeOf(answer, true).status == "ok");
  CHECK(CompatibleOutcomeOf(answer, false).status == "server_error");
  answer.ack_code = "AA";
  answer.reason = "OTHER_MESSAGE";
  CHECK(CompatibleOutcomeOf(answer, true).status == "server_error");
  answer.ack_code = "AE";
  answer.outcome = Outcome::kDuplicateKey;
  answer.reason = "DUPLICATE_KEY";
  CHECK(CompatibleOutcomeOf(answer, true).error == "InvalidRequestError");
}

TEST_CASE("DisplayName: as people write it, and as the reference spoils it", "[mpi][hl7][rule]") {
  struct Row {
    const char* raw;
    const char* shown;
    const char* compatible;
  };
  const auto row = GENERATE(values<Row>({
      {"MITCHELL", "Mitchell", "Mitchell"},
      {"mitchell", "Mitchell", "Mitchell"},
      {"MARY ANN", "Mary Ann", "Mary ann"},
      {"O'BRIEN", "O'Brien", "O'brien"},
      {"MCDONALD", "McDonald", "Mcdonald"},
      {"SMITH-JONES", "Smith-Jones", "Smith-jones"},
      {"van der Berg", "van der Berg", "Van der berg"},
      {"McDonald", "McDonald", "Mcdonald"},
      {"G", "G", "G"},
      {"MC", "Mc", "Mc"},
      {"", "", ""},
      {"JOS\xC3\x89", "Jos\xC3\xA9", "Jos\xC3\xA9"},
      {"\xC3\x89MILE", "\xC3\x89mile", "\xC3\x89mile"},
      {"\xD7\x90\xD7\x91", "\xD7\x90\xD7\x91", "\xD7\x90\xD7\x91"},
      {"\xF0\x9F\x90\xA6X", "\xF0\x9F\x90\xA6x", "\xF0\x9F\x90\xA6x"},
      {"\xC3", "\xC3", "\xC3"},
  }));
  CHECK(DisplayName(row.raw, false) == row.shown);
  CHECK(DisplayName(row.raw, true) == row.compatible);
}

TEST_CASE("DisplayedName: given names, family name, the suffix in its usual form; no prefix",
          "[mpi][hl7][rule]") {
  const Name name{{PersonText::FromWire("MARY ANN"), PersonText::FromWire("Q")},
                  PersonText::FromWire("O'BRIEN"),
                  PersonText::FromWire("DR"),
                  PersonText::FromWire("JR"),
                  "L"};
  CHECK(DisplayedName(name).Reveal() == "Mary Ann Q O'Brien Jr.");
  CHECK(DisplayedName(Name{}).Reveal().empty());
}

TEST_CASE("CompatiblePersonOf: the legal name, the first address, the first telephone",
          "[mpi][hl7][rule]") {
  Profile profile;
  profile.names.push_back(
      {{PersonText::FromWire("ZEB")}, PersonText::FromWire("NICK"), {}, {}, "P"});
  profile.names.push_back({{PersonText::FromWire("ZEBULON"), PersonText::FromWire("Q")},
                           PersonText::FromWire("TESTWELL"),
                           {},
                           PersonText::FromWire("JR"),
                           "L"});
  profile.addresses.resize(2);
  profile.addresses[0].street = {PersonText::FromWire("1 A St"), PersonText::FromWire("Apt 2")};
  profile.telecoms = {{PersonText::FromWire("1112223333 p1"), "HP"},
                      {PersonText::FromWire("other"), ""}};
  const CompatiblePerson person = CompatiblePersonOf(profile, false);
  REQUIRE(person.given_names.has_value());
  CHECK(person.given_names->size() == 2);
  CHECK(person.given_names->front().Reveal() == "Zebulon");
  CHECK(person.family_name->Reveal() == "Testwell");
  CHECK(person.suffix->Reveal() == "Jr");
  CHECK(person.address->street->Reveal() == "1 A St");
  CHECK_FALSE(person.address->city.has_value());
  CHECK(person.home_phone->Reveal() == "1112223333 p1");
}

TEST_CASE("CompatiblePersonOf: without a legal name there is none, and nothing else is lost",
          "[mpi][hl7][rule]") {
  Profile profile;
  profile.names.push_back(
      {{PersonText::FromWire("ZEB")}, PersonText::FromWire("NICK"), {}, {}, "P"});
  profile.gender = PersonText::FromWire("M");
  const CompatiblePerson person = CompatiblePersonOf(profile, false);
  CHECK_FALSE(person.given_names.has_value());
  CHECK_FALSE(person.family_name.has_value());
  CHECK(person.gender->Reveal() == "M");
  CHECK_FALSE(person.address.has_value());
  CHECK_FALSE(person.home_phone.has_value());
}

TEST_CASE("CompatiblePersonOf: a date is kept as it came when it is one", "[mpi][hl7][rule]") {
  struct Row {
    const char* raw;
    bool kept;
  };
  const auto row = GENERATE(values<Row>({{"19800101", true},
                                         {"1980-01-01", true},
                                         {"19800101120000", true},
                                         {"19800101120000-0600", true},
                                         {"198003", false},
                                         {"19800230", false},
                                         {"19800230120000", false},
                                         {"unknown", false},
                                         {"", false}}));
  Profile profile;
  profile.birth_date = BirthDate::FromWire(row.raw);
  profile.deceased_date = BirthDate::FromWire(row.raw);
  const CompatiblePerson person = CompatiblePersonOf(profile, false);
  CAPTURE(row.raw);
  CHECK(person.birth_date.has_value() == row.kept);
  CHECK(person.deceased_date.has_value() == row.kept);
  if (row.kept) CHECK(person.birth_date->Reveal() == row.raw);
}

TEST_CASE("CompatiblePersonOf: an e-mail address is no telephone; to the reference it is one",
          "[mpi][hl7][rule]") {
  Profile profile;
  profile.telecoms = {{PersonText::FromWire("mailto:zeb@example.test"), "H", "mailto"},
                      {PersonText::FromWire("zeb@example.test"), "H"},
                      {PersonText::FromWire("fax:5550103"), "WP", "fax"},
                      {PersonText::FromWire("tel:5550101"), "MC", "tel"},
                      {PersonText::FromWire("5550102"), "HP"}};
  CHECK(CompatiblePersonOf(profile, false).home_phone->Reveal() == "tel:5550101");
  CHECK(CompatiblePersonOf(profile, true).home_phone->Reveal() == "mailto:zeb@example.test");
  profile.telecoms.resize(1);
  CHECK_FALSE(CompatiblePersonOf(profile, false).home_phone.has_value());
}

TEST_CASE("CompatiblePersonOf: the second street line is filled; the reference never does",
          "[mpi][hl7][rule]") {
  Profile profile;
  profile.addresses.emplace_back();
  profile.addresses[0].street = {PersonText::FromWire("1 Nowhere Rd"),
                                 PersonText::FromWire("Apt 9"), PersonText::FromWire("c/o")};
  CHECK(CompatiblePersonOf(profile, false).address->street2->Reveal() == "Apt 9");
  CHECK_FALSE(CompatiblePersonOf(profile, true).address->street2.has_value());
}

TEST_CASE("NormalizedSuffix: five forms, looked for in their order", "[mpi][hl7][rule]") {
  struct Row {
    const char* suffix;
    const char* normalized;
  };
  const auto row = GENERATE(values<Row>({{"JR", "Jr."},
                                         {"jr.", "Jr."},
                                         {"Sr", "Sr."},
                                         {"III", "III"},
                                         {"Iii", "III"},
                                         {"ii", "II"},
                                         {"IV", "IV"},
                                         {"JR III", "Jr."},
                                         {"Esq", nullptr},
                                         {"I", nullptr},
                                         {"", nullptr}}));
  CAPTURE(row.suffix);
  const std::optional<std::string> normalized = NormalizedSuffix(row.suffix);
  CHECK(normalized.has_value() == (row.normalized != nullptr));
  if (row.normalized != nullptr) CHECK(normalized == row.normalized);
}

}  // namespace
}  // namespace va::mpi::hl7
