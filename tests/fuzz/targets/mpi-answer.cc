// fuzz: an answer of the Master Person Index to a find or an add, with its Content-Type
// parser: services/mpi-adapter/hl7/acknowledgement.cc
// parser: services/mpi-adapter/hl7/add_answer.cc
// parser: services/mpi-adapter/hl7/find_answer.cc
// parser: services/mpi-adapter/hl7/profile_reader.cc
//
// In front of the first '<': one letter, then the Content-Type. f: a find by traits; i: a find by
// the ICN of the samples; o: by another ICN; n: a find that may go without an ICN; a: an add.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "lib/xml/document.h"
#include "services/mpi-adapter/hl7/acknowledgement.h"
#include "services/mpi-adapter/hl7/add_answer.h"
#include "services/mpi-adapter/hl7/answer_samples.h"
#include "services/mpi-adapter/hl7/find_answer.h"
#include "tests/fuzz/harness.h"

namespace va::fuzz {

const char kMustReach[] = "MATCH";

namespace {

using mpi::Answer;
using mpi::ChangeAnswer;
using mpi::Outcome;

constexpr char kOtherIcn[] = "1000000001V000001";

// ---- the independent look: every element by its path, nothing walked twice ----

struct Seen {
  std::string path;  // s: SOAP, h: HL7, a: WS-Addressing, ?: anything else
  xml::Element element;
};

std::string Step(const xml::Element& element) {
  const absl::string_view ns = element.ns();
  const char* mark = "?:";
  if (ns == "http://schemas.xmlsoap.org/soap/envelope/" ||
      ns == "http://www.w3.org/2003/05/soap-envelope") {
    mark = "s:";
  } else if (ns == "urn:hl7-org:v3") {
    mark = "h:";
  } else if (ns == "http://www.w3.org/2005/08/addressing" ||
             ns == "http://schemas.xmlsoap.org/ws/2004/08/addressing") {
    mark = "a:";
  }
  return absl::StrCat("/", mark, element.local_name());
}

void Collect(const xml::Element& element, const std::string& above, std::vector<Seen>& out) {
  // The root of the message counts by its name alone.
  const std::string path =
      absl::StrCat(above, above == "/s:Envelope/s:Body" ? absl::StrCat("/", element.local_name())
                                                        : Step(element));
  out.push_back({path, element});
  for (const xml::Element child : element.Children()) Collect(child, path, out);
}

class Look {
 public:
  explicit Look(absl::string_view body)
      : body_(absl::StrReplaceAll(body, {{"\xE2\x80\x90org:v3", "-org:v3"},
                                         {"XMLSchema\xE2\x80\x90instance", "XMLSchema-instance"}})),
        document_(xml::Document::Parse(body_, Limits())) {
    if (document_.ok()) Collect(document_->root(), "", seen_);
  }

  bool ok() const { return document_.ok(); }

  std::vector<xml::Element> At(absl::string_view path) const {
    std::vector<xml::Element> out;
    for (const Seen& one : seen_) {
      if (one.path == path) out.push_back(one.element);
    }
    return out;
  }

  // The stripped attribute of each element there that has it.
  std::vector<std::string> Values(absl::string_view path, absl::string_view attribute) const {
    std::vector<std::string> out;
    for (const xml::Element& element : At(path)) {
      const auto value = element.Attr(attribute);
      if (value) out.emplace_back(absl::StripAsciiWhitespace(*value));
    }
    return out;
  }

 private:
  static xml::ParseLimits Limits() {
    xml::ParseLimits limits;
    limits.max_bytes = mpi::hl7::kMaxAnswerBytes;
    limits.max_elements = 20000;
    limits.max_attributes = 20000;
    return limits;
  }

  std::string body_;
  absl::StatusOr<xml::Document> document_;
  std::vector<Seen> seen_;
};

constexpr char kBody[] = "/s:Envelope/s:Body";

bool Only(const std::vector<std::string>& values, absl::string_view wanted) {
  return values.size() == 1 && values.front() == wanted;
}

// An acceptance of our message, and of no other.
void RequireAccepted(const Look& look, const std::string& message) {
  const std::string ack = message + "/h:acknowledgement";
  Require(look.ok(), "OK without a document");
  Require(look.At(kBody).size() == 1 && look.At(message).size() == 1, "OK with two messages");
  Require(look.At(ack).size() == 1, "OK without one acknowledgement");
  Require(Only(look.Values(ack + "/h:typeCode", "code"), "AA"), "OK without an acceptance");
  Require(Only(look.Values(ack + "/h:targetMessage/h:id", "extension"), mpi::hl7::kSampleMessageId),
          "OK for another message");
  for (const xml::Element& relates : look.At("/s:Envelope/s:Header/a:RelatesTo")) {
    Require(absl::StripAsciiWhitespace(relates.Text()) == mpi::hl7::kSampleMessageId,
            "OK though it relates to another message");
  }
}

bool IsWholeIcn(absl::string_view icn) {
  const auto digits = [](absl::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return icn.size() == 17 &&
         (digits(icn) || (digits(icn.substr(0, 10)) && icn[10] == 'V' && digits(icn.substr(11))));
}

// The first permanent ICN among elements; empty when there is none.
std::string PermanentIcn(const std::vector<xml::Element>& ids) {
  for (const xml::Element& id : ids) {
    const std::string extension = id.Attr("extension").value_or("");
    const std::vector<std::string> parts = absl::StrSplit(extension, '^');
    const std::string root(absl::StripAsciiWhitespace(id.Attr("root").value_or("")));
    if (parts.size() == 5 && root == "2.16.840.1.113883.4.349" &&
        absl::EndsWith(extension, "^NI^200M^USVHA^P") &&
        std::all_of(parts[0].begin(), parts[0].end(),
                    [](char c) {
                      return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
                    }) &&
        !parts[0].empty()) {
      return parts[0];
    }
  }
  return "";
}

// What decides about a person must not be lost, nor come from somebody else.
void RequirePerson(const Look& look, const std::string& patient, const mpi::Profile& profile) {
  const std::string person = patient + "/h:patientPerson";
  Require(profile.names.size() == look.At(person + "/h:name").size(), "names of somebody else");
  const std::vector<std::string> thefts = look.Values(patient + "/h:confidentialityCode", "code");
  Require(profile.id_theft == (std::count(thefts.begin(), thefts.end(), "ID_THEFT^TRUE") > 0),
          "the theft flag is not what it was");
  const std::vector<std::string> deaths = look.Values(person + "/h:deceasedTime", "value");
  Require(profile.deceased_date.has_value() ==
              std::any_of(deaths.begin(), deaths.end(),
                          [](const std::string& day) { return !day.empty(); }),
          "the date of death is not what it was");
  Require(profile.id_extensions.size() == look.Values(patient + "/h:id", "extension").size(),
          "identifiers of somebody else");
  if (!profile.ssn) return;
  bool found = false;
  for (const xml::Element& other : look.At(person + "/h:asOtherIDs")) {
    const bool tin = absl::StripAsciiWhitespace(other.Attr("classCode").value_or("")) == "TIN";
    for (const xml::Element child : other.Children()) {
      found = found || (!tin && child.local_name() == "id" &&
                        absl::StripAsciiWhitespace(child.Attr("extension").value_or("")) ==
                            profile.ssn->Reveal());
    }
  }
  Require(found, "an SSN that is nowhere");
}

void RequireFound(const Look& look, char mode, const Answer& answer) {
  const std::string message = absl::StrCat(kBody, "/PRPA_IN201306UV02");
  RequireAccepted(look, message);
  const std::string act = message + "/h:controlActProcess";
  Require(Only(look.Values(act + "/h:queryAck/h:queryResponseCode", "code"), "OK"),
          "OK without a result");
  for (const char* count : {"resultCurrentQuantity", "resultTotalQuantity"}) {
    for (const std::string& value :
         look.Values(absl::StrCat(act, "/h:queryAck/h:", count), "value")) {
      Require(absl::StripLeadingAsciiWhitespace(value) == value && value != "2",
              "OK with several results");
    }
  }
  const std::string patient = act + "/h:subject/h:registrationEvent/h:subject1/h:patient";
  Require(look.At(act + "/h:subject").size() == 1 && look.At(patient).size() == 1,
          "OK without exactly one patient");
  Require(look.At(patient + "/h:patientPerson").size() == 1, "OK without exactly one person");
  const std::string icn = PermanentIcn(look.At(patient + "/h:id"));
  const auto read = answer.profile->ids.icn();
  Require((read ? read->Reveal() : "") == icn, "another ICN than the first permanent one");
  Require(mode == 'n' || IsWholeIcn(icn), "OK without a permanent ICN");
  if (mode == 'i' || mode == 'o') {
    const std::string asked = mode == 'i' ? mpi::hl7::kSampleIcn : kOtherIcn;
    bool carried = false;
    const std::string prior = act +
                              "/h:subject/h:registrationEvent/h:replacementOf"
                              "/h:priorRegistration/h:id";
    for (const std::string& path : {patient + "/h:id", prior}) {
      for (const std::string& extension : look.Values(path, "extension")) {
        carried = carried || absl::StartsWith(extension, asked + "^NI^200M^USVHA^");
      }
    }
    Require(carried, "a person who never carried the ICN asked for");
  }
  RequirePerson(look, patient, *answer.profile);
}

bool IsPlain(absl::string_view text) {
  return text.size() <= 32 && text.find('^') == absl::string_view::npos && !IsWholeIcn(text);
}

// ---- the calls ----

struct Given {
  char mode = 'f';
  std::string type;
  absl::string_view body;
};

Given GivenOf(absl::string_view input) {
  Given given;
  const size_t open = input.find('<');
  const absl::string_view options = input.substr(0, open);
  if (open != absl::string_view::npos) given.body = input.substr(open);
  if (!options.empty()) given.mode = options.front();
  if (options.size() > 1) given.type = std::string(options.substr(1));
  return given;
}

mpi::hl7::Expected ExpectedOf(char mode) {
  mpi::hl7::Expected expected;
  expected.message_id = mpi::hl7::kSampleMessageId;
  expected.question = mpi::ByTraits{};
  if (mode == 'i' || mode == 'o') {
    expected.question = mpi::ByIdentifier{
        mpi::IdentifierType::kIcn,
        identity::CspId::FromWire(mode == 'i' ? mpi::hl7::kSampleIcn : kOtherIcn)};
  }
  expected.require_permanent_icn = mode != 'n';
  return expected;
}

void RequireXml(const Given& given) {
  const std::string type = absl::AsciiStrToLower(given.type);
  Require(!absl::StrContains(type.substr(0, type.find(';')), "multipart") &&
              !absl::StrContains(type.substr(0, type.find(';')), "html"),
          "parts or a page were read");
}

std::string Find(const Given& given, Answer& answer) {
  answer = mpi::hl7::ReadFindAnswer({200, given.type, "tx", given.body}, ExpectedOf(given.mode));
  return answer.reason;
}

std::string Add(const Given& given, ChangeAnswer& answer) {
  answer =
      mpi::hl7::ReadAddAnswer({200, given.type, "tx", given.body}, {mpi::hl7::kSampleMessageId});
  return answer.reason;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Given given = GivenOf(TextOf(data, size));
  if (given.mode == 'a') {
    ChangeAnswer answer;
    Judge(size, [&] { return Add(given, answer); });
    Require(!answer.reason.empty(), "an outcome that no rule chose");
    Require(IsPlain(answer.detail_code), "a detail code that is none");
    if (answer.outcome != Outcome::kOk) return 0;
    RequireXml(given);
    RequireAccepted(Look(given.body), absl::StrCat(kBody, "/MCCI_IN000002UV01"));
    return 0;
  }
  Answer answer;
  Judge(size, [&] { return Find(given, answer); });
  Require(!answer.reason.empty(), "an outcome that no rule chose");
  Require(IsPlain(answer.detail_code), "a detail code that is none");
  Require(answer.profile.has_value() == (answer.outcome == Outcome::kOk),
          "a profile without OK, or OK without one");
  if (answer.outcome != Outcome::kOk) return 0;
  RequireXml(given);
  RequireFound(Look(given.body), given.mode, answer);
  return 0;
}

}  // namespace va::fuzz
