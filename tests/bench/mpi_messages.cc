#include "tests/bench/mpi_messages.h"

#include <libxml/parser.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/mpi-adapter/hl7/change_request.h"
#include "services/mpi-adapter/hl7/find_answer.h"
#include "services/mpi-adapter/hl7/find_request.h"
#include "tests/bench/rounds.h"

namespace va::bench {
namespace {

using identity::BirthDate;
using identity::CspId;
using identity::Icn;
using identity::PersonText;
using identity::Ssn;

constexpr double kParseRatio = 3;
constexpr double kBuildUs = 60;

// The message that the fixture answers.
constexpr char kAnswered[] = "200VGOV-5f0c8a52-0f0e-4a9e-9d3b-6b1f2d1c7e01";

// ---- reading

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  std::ifstream file(path);
  if (!file.is_open()) return absl::NotFoundError(absl::StrCat(path, " cannot be read"));
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

bool ParseBare(const std::string& bytes) {
  struct Free {
    void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
  };
  // What our own parser asks of libxml2 as well.
  constexpr int kOptions = XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_COMPACT;
  const std::unique_ptr<xmlDoc, Free> document(
      xmlReadMemory(bytes.data(), static_cast<int>(bytes.size()), nullptr, nullptr, kOptions));
  return document != nullptr;
}

absl::Status MeasureParse(const MessageRounds& how, Report& report) {
  const auto bytes = ReadWhole(how.answer);
  if (!bytes.ok()) return bytes.status();
  mpi::hl7::Expected expected;
  expected.message_id = kAnswered;
  expected.question = mpi::ByTraits{};
  const auto ours = [&] {
    const mpi::Answer answer = mpi::hl7::ParseFindAnswer(*bytes, expected);
    return answer.outcome == mpi::Outcome::kOk && answer.profile.has_value();
  };
  const auto measured =
      RunRounds({{"parse", [&] { return CpuOfOne(how.times, ours); }},
                 {"bare", [&] { return CpuOfOne(how.times, [&] { return ParseBare(*bytes); }); }}},
                how.rounds);
  if (!measured.ok()) return measured.status();
  report.Cost(*measured, "parse",
              absl::StrFormat("a full answer of %d bytes into a person", bytes->size()));
  report.Cost(*measured, "bare", "a bare libxml2 parse of the same bytes");
  report.AtMost("parse_ratio", measured->RatioOf("parse", "bare"), kParseRatio);
  return absl::OkStatus();
}

// ---- writing

PersonText Text(const char* text) { return PersonText::FromWire(text); }

mpi::PostalAddress Address() {
  mpi::PostalAddress address;
  address.street = {Text("12 Sample Street"), Text("Building \"C\" & D"), Text("Apt 3")};
  address.city = Text("Testville");
  address.state = Text("NY");
  address.postal_code = Text("10001-0001");
  address.country = Text("USA");
  return address;
}

mpi::ByTraits Traits() {
  mpi::ByTraits traits;
  traits.first_name = Text("Zebulon");
  traits.middle_name = Text("Bartholomew");
  traits.last_name = Text("O'Testwell-Ñandú");
  traits.birth_date = BirthDate::FromWire("1951-04-09");
  traits.ssn = Ssn::FromWire("987001234");
  traits.gender = Text("M");
  return traits;
}

template <typename T>
void SetPerson(T& change) {
  change.first_name = Text("Zebulon");
  change.last_name = Text("O'Testwell-Ñandú");
  change.birth_date = BirthDate::FromWire("1951-04-09");
  change.ssn = Ssn::FromWire("987001234");
}

mpi::AddPerson Add() {
  mpi::AddPerson add;
  SetPerson(add);
  add.idme_uuid = CspId::FromWire("54e78de6140d473f87960f211be49c08");
  add.email = Text("zebulon@example.test");
  add.address = Address();
  return add;
}

mpi::AddByProxy Proxy() {
  mpi::AddByProxy add;
  SetPerson(add);
  add.icn = Icn::FromWire("1019900417V557122");
  add.edipi = CspId::FromWire("1500600700");
  add.search_token = "WSDOC2601151200000000000000001";
  return add;
}

mpi::UpdatePerson Update() {
  mpi::UpdatePerson update;
  SetPerson(update);
  update.icn = Icn::FromWire("1019900417V557122");
  update.edipi = CspId::FromWire("1500600700");
  update.email = Text("zebulon@example.test");
  update.address = Address();
  return update;
}

mpi::Question ByIdentifier(mpi::IdentifierType type, const char* value) {
  return mpi::ByIdentifier{type, CspId::FromWire(value)};
}

mpi::Question Orchestrated() {
  mpi::ByTraits traits = Traits();
  traits.edipi = CspId::FromWire("1500600700");
  return traits;
}

// Every operation with everything that may stand in it.
struct Message {
  std::string name;
  std::variant<mpi::Question, mpi::Change> content;
};

std::vector<Message> Messages() {
  using mpi::IdentifierType;
  return {
      {"find_icn", ByIdentifier(IdentifierType::kIcn, "1019900417V557122")},
      {"find_idme", ByIdentifier(IdentifierType::kIdme, "54e78de6140d473f87960f211be49c08")},
      {"find_logingov",
       ByIdentifier(IdentifierType::kLogingov, "aa478abc-e494-4af1-9f87-d002f8fe1cda")},
      {"find_mhv", ByIdentifier(IdentifierType::kMhv, "1234567890")},
      {"find_edipi", ByIdentifier(IdentifierType::kEdipi, "1500600700")},
      {"find_facility", mpi::Question(mpi::ByFacility{"516", CspId::FromWire("7216691")})},
      {"find_traits", mpi::Question(Traits())},
      {"find_orchestrated", Orchestrated()},
      {"add_implicit", mpi::Change(Add())},
      {"add_proxy", mpi::Change(Proxy())},
      {"update_profile", mpi::Change(Update())},
  };
}

// As it goes on the wire; empty when it cannot be built.
std::string Written(const Message& message) {
  static const auto* const stamp = new mpi::hl7::MessageStamp{
      kAnswered, "9a7d1c44-6a55-4f0e-8a0b-33b8c7f3a902", absl::FromUnixSeconds(1768478400)};
  static const auto* const settings = new mpi::hl7::MessageSettings;
  const auto* const question = std::get_if<mpi::Question>(&message.content);
  const auto document =
      question != nullptr
          ? mpi::hl7::BuildFindRequest(*question, *stamp, *settings)
          : mpi::hl7::BuildChangeRequest(std::get<mpi::Change>(message.content), *stamp, *settings);
  return document.ok() ? document->SerializeWithDeclaration() : "";
}

absl::Status MeasureBuild(const MessageRounds& how, Report& report) {
  const std::vector<Message> messages = Messages();
  std::vector<Candidate> candidates;
  candidates.reserve(messages.size());
  for (const Message& message : messages) {
    candidates.push_back({message.name, [&message, &how] {
                            return CpuOfOne(how.times, [&] { return !Written(message).empty(); });
                          }});
  }
  const auto measured = RunRounds(candidates, how.rounds);
  if (!measured.ok()) return measured.status();
  absl::Duration longest;
  for (const Message& message : messages) {
    report.Cost(*measured, message.name,
                absl::StrFormat("building and writing %d bytes", Written(message).size()));
    longest = std::max(longest, measured->MedianOf(message.name));
  }
  report.AtMost("build_us", absl::ToDoubleMicroseconds(longest), kBuildUs);
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasureMessages(const MessageRounds& how, Report& report) {
  if (absl::Status done = MeasureParse(how, report); !done.ok()) return done;
  return MeasureBuild(how, report);
}

}  // namespace va::bench
