#include "tests/simulators/mpi/request_check.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace va::simulators {
namespace {

constexpr absl::string_view kInteraction = "PRPA_IN201305UV02";
constexpr absl::string_view kVa = "2.16.840.1.113883.4.349";
constexpr absl::string_view kDod = "2.16.840.1.113883.3.42.10001.100001.12";

using Problems = std::vector<std::string>;
using Attributes = std::initializer_list<std::pair<absl::string_view, absl::string_view>>;

bool AllOf(absl::string_view text, bool (*test)(unsigned char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [test](char c) {
    return test(static_cast<unsigned char>(c));
  });
}

bool IsDigits(absl::string_view text, size_t length) {
  return text.size() == length && AllOf(text, absl::ascii_isdigit);
}

// 8-4-4-4-12 lower-case hex, version 4.
bool IsUuid4(absl::string_view text) {
  const std::vector<absl::string_view> groups = absl::StrSplit(text, '-');
  const size_t sizes[] = {8, 4, 4, 4, 12};
  if (groups.size() != 5) return false;
  for (size_t i = 0; i < 5; ++i) {
    const bool hex = std::all_of(groups[i].begin(), groups[i].end(), [](char c) {
      return absl::ascii_isxdigit(static_cast<unsigned char>(c)) &&
             !absl::ascii_isupper(static_cast<unsigned char>(c));
    });
    if (groups[i].size() != sizes[i] || !hex) return false;
  }
  return groups[2][0] == '4';
}

// Takes the children of one element in order and notes what is not as it must be.
class Sequence {
 public:
  Sequence(const xml::Element& parent, std::string path, Problems& problems)
      : path_(std::move(path)), problems_(problems) {
    for (const xml::Element child : parent.Children()) children_.push_back(child);
    if (!absl::StripAsciiWhitespace(parent.Text()).empty()) Note("text between elements");
  }

  // The next child if it is called so; taken then.
  std::optional<xml::Element> Optional(absl::string_view name, absl::string_view ns = kV3) {
    if (at_ == children_.size() || !children_[at_].Is(ns, name)) return std::nullopt;
    return children_[at_++];
  }

  // The next child, which must be called so and carry these attributes.
  std::optional<xml::Element> Required(absl::string_view name, Attributes attributes = {},
                                       absl::string_view ns = kV3) {
    std::optional<xml::Element> child = Optional(name, ns);
    if (!child) {
      Note(absl::StrCat("no ", name, " where it belongs"));
      return child;
    }
    for (const auto& [attribute, value] : attributes) {
      if (child->Attr(attribute) != std::string(value)) {
        Note(absl::StrCat(name, "/@", attribute, " is wrong"));
      }
    }
    return child;
  }

  // An attribute that must be there; "" when it is not.
  std::string Value(const std::optional<xml::Element>& child, absl::string_view attribute) {
    if (!child) return "";
    const std::string value = child->Attr(attribute).value_or("");
    if (value.empty()) Note(absl::StrCat(child->local_name(), "/@", attribute, " is missing"));
    return value;
  }

  // Nothing may follow.
  void End() {
    if (at_ < children_.size()) {
      Note(absl::StrCat("unexpected ", children_[at_].local_name()));
    }
  }

  void Note(absl::string_view what) { problems_.push_back(absl::StrCat(path_, ": ", what)); }

 private:
  std::vector<xml::Element> children_;
  size_t at_ = 0;
  std::string path_;
  Problems& problems_;
};

void CheckSemantics(const xml::Element& element, absl::string_view text, absl::string_view path,
                    Sequence& sequence, Problems& problems) {
  const std::optional<xml::Element> semantics = sequence.Required("semanticsText");
  if (semantics && semantics->Text() != text) {
    problems.push_back(absl::StrCat(path, "/", element.local_name(), ": semanticsText is wrong"));
  }
  sequence.End();
}

void CheckDevice(const std::optional<xml::Element>& role, absl::string_view root,
                 absl::string_view extension, Problems& problems) {
  if (!role) return;
  const std::string path(role->local_name());
  Sequence inner(*role, path, problems);
  const auto device =
      inner.Required("device", {{"classCode", "DEV"}, {"determinerCode", "INSTANCE"}});
  inner.End();
  if (!device) return;
  Sequence ids(*device, absl::StrCat(path, "/device"), problems);
  ids.Required("id", {{"root", root}, {"extension", extension}});
  ids.End();
}

// given+ and family.
void ReadName(const xml::Element& name, absl::string_view path, MpiTraits& traits,
              Problems& problems) {
  Sequence parts(name, std::string(path), problems);
  const auto given = parts.Required("given");
  if (given) traits.given = given->Text();
  if (const auto middle = parts.Optional("given")) traits.middle = middle->Text();
  while (parts.Optional("given")) {
  }
  const auto family = parts.Required("family");
  if (family) traits.family = family->Text();
  parts.End();
  if (traits.given.empty() || traits.family.empty()) parts.Note("an empty name");
}

bool CheckOrchestration(Sequence& parameters, Problems& problems) {
  const auto element = parameters.Optional("otherIDsScopingOrganization");
  if (!element) return false;
  Sequence inner(*element, "otherIDsScopingOrganization", problems);
  inner.Required("value", {{"extension", "VBA"}, {"root", kVa}});
  CheckSemantics(*element, "MVI.ORCHESTRATION", "parameterList", inner, problems);
  return true;
}

// `{uuid}^PN^200VIDM^USDVA^A` and its like, in the spelling each issuer has.
bool IsCorrelated(absl::string_view extension) {
  const std::vector<absl::string_view> parts = absl::StrSplit(extension, '^');
  if (parts.size() != 5 || parts[0].empty() || parts[4] != "A") return false;
  const std::string kind = absl::StrCat(parts[1], "^", parts[2], "^", parts[3]);
  return kind == "PN^200VIDM^USDVA" || kind == "PN^200VLGN^USDVA" || kind == "PI^200MH^USVHA";
}

void ReadIdentifier(const xml::Element& id, Sequence& parameters, MpiQuery& query,
                    Problems& problems) {
  const std::string root = id.Attr("root").value_or("");
  const std::string extension = id.Attr("extension").value_or("");
  if (root == kDod) {
    if (!IsDigits(extension, 10)) parameters.Note("an EDIPI has ten digits");
    if (!CheckOrchestration(parameters, problems)) parameters.Note("EDIPI without orchestration");
    query.edipi = extension;
    return;
  }
  if (root != kVa) parameters.Note("id/@root is unknown");
  const bool icn = AllOf(extension, absl::ascii_isalnum);
  if (!icn && !IsCorrelated(extension)) parameters.Note("id/@extension is no known identifier");
  (icn ? query.icn : query.correlated) = extension;
}

void ReadGender(const std::optional<xml::Element>& element, MpiTraits& traits, Problems& problems) {
  if (!element) return;
  Sequence inner(*element, "livingSubjectAdministrativeGender", problems);
  traits.gender = inner.Value(inner.Required("value"), "code");
  if (traits.gender != "M" && traits.gender != "F") inner.Note("neither M nor F");
  CheckSemantics(*element, "Gender", "parameterList", inner, problems);
}

void ReadBirthDate(const std::optional<xml::Element>& element, MpiTraits& traits,
                   Problems& problems) {
  if (!element) return;
  Sequence inner(*element, "livingSubjectBirthTime", problems);
  traits.birth_date = inner.Value(inner.Required("value"), "value");
  if (!IsDigits(traits.birth_date, 8)) inner.Note("not yyyyMMdd");
  CheckSemantics(*element, "Date of Birth", "parameterList", inner, problems);
}

void ReadSsn(const std::optional<xml::Element>& element, MpiTraits& traits, Problems& problems) {
  if (!element) return;
  Sequence inner(*element, "livingSubjectId", problems);
  traits.ssn =
      inner.Value(inner.Required("value", {{"root", "2.16.840.1.113883.4.1"}}), "extension");
  if (!IsDigits(traits.ssn, 9)) inner.Note("not nine digits");
  CheckSemantics(*element, "SSN", "parameterList", inner, problems);
}

void ReadLegalName(const std::optional<xml::Element>& element, MpiTraits& traits,
                   Problems& problems) {
  if (!element) return;
  Sequence inner(*element, "livingSubjectName", problems);
  const auto value = inner.Required("value", {{"use", "L"}});
  if (value) ReadName(*value, "livingSubjectName/value", traits, problems);
  CheckSemantics(*element, "Legal Name", "parameterList", inner, problems);
}

void ReadParameters(const xml::Element& list, MpiQuery& query, Problems& problems) {
  Sequence parameters(list, "parameterList", problems);
  if (const auto id = parameters.Optional("id")) {
    ReadIdentifier(*id, parameters, query, problems);
    parameters.End();
    return;
  }
  MpiTraits traits;
  ReadGender(parameters.Optional("livingSubjectAdministrativeGender"), traits, problems);
  ReadBirthDate(parameters.Required("livingSubjectBirthTime"), traits, problems);
  ReadSsn(parameters.Required("livingSubjectId"), traits, problems);
  ReadLegalName(parameters.Required("livingSubjectName"), traits, problems);
  if (!CheckOrchestration(parameters, problems)) {
    parameters.Note("no otherIDsScopingOrganization where it belongs");
  }
  parameters.End();
  query.traits = std::move(traits);
}

// The person asked about, once more; must be the one in parameterList.
struct DataEnterer {
  std::string ssn;
  MpiTraits name;
};

DataEnterer ReadDataEnterer(const xml::Element& element, Problems& problems) {
  DataEnterer enterer;
  Sequence outer(element, "dataEnterer", problems);
  const auto assigned = outer.Required("assignedPerson", {{"classCode", "ASSIGNED"}});
  outer.End();
  if (!assigned) return enterer;
  Sequence inner(*assigned, "dataEnterer/assignedPerson", problems);
  enterer.ssn =
      inner.Value(inner.Required("id", {{"root", "2.16.840.1.113883.777.999"}}), "extension");
  const auto person =
      inner.Required("assignedPerson", {{"classCode", "PSN"}, {"determinerCode", "INSTANCE"}});
  inner.End();
  if (!person) return enterer;
  Sequence parts(*person, "dataEnterer/assignedPerson/assignedPerson", problems);
  const auto name = parts.Required("name");
  parts.End();
  if (name) ReadName(*name, "dataEnterer name", enterer.name, problems);
  return enterer;
}

void ReadQuery(const xml::Element& query, CheckedRequest& checked) {
  Sequence parts(query, "queryByParameter", checked.problems);
  const auto id = parts.Required("queryId", {{"root", "1.2.840.114350.1.13.28.1.18.5.999"}});
  checked.query_id = parts.Value(id, "extension");
  parts.Required("statusCode", {{"code", "new"}});
  const std::string search = parts.Value(parts.Required("modifyCode"), "code");
  if (search != "MVI.COMP1" && search != "MVI.COMP2" && search != "MVI.COMP1.RMS") {
    parts.Note("modifyCode/@code is unknown");
  }
  parts.Required("initialQuantity", {{"value", "1"}});
  const std::string view =
      parts.Value(parts.Required("responseElementGroupId", {{"root", kVa}}), "extension");
  if (view != "PV" && view != "COR") parts.Note("responseElementGroupId/@extension is unknown");
  const auto list = parts.Required("parameterList");
  parts.End();
  if (list) ReadParameters(*list, checked.query, checked.problems);
}

void ReadControlAct(const xml::Element& control_act, CheckedRequest& checked) {
  Sequence parts(control_act, "controlActProcess", checked.problems);
  parts.Required("code", {{"code", "PRPA_TE201305UV02"}, {"codeSystem", "2.16.840.1.113883.1.6"}});
  const auto enterer_element = parts.Optional("dataEnterer");
  checked.query_by_parameter = parts.Required("queryByParameter");
  parts.End();
  if (checked.query_by_parameter) ReadQuery(*checked.query_by_parameter, checked);
  if (checked.query.traits.has_value() != enterer_element.has_value()) {
    parts.Note("dataEnterer belongs to trait searches, and to them only");
    return;
  }
  if (!enterer_element) return;
  const DataEnterer enterer = ReadDataEnterer(*enterer_element, checked.problems);
  const MpiTraits& traits = *checked.query.traits;
  if (enterer.ssn != traits.ssn || enterer.name.given != traits.given ||
      enterer.name.family != traits.family) {
    parts.Note("dataEnterer and parameterList differ");
  }
}

void CheckTime(const std::string& time, Sequence& parts) {
  if (!IsDigits(time, 14)) parts.Note("creationTime/@value is not yyyyMMddHHmmss");
}

void ReadMessage(const xml::Element& message, CheckedRequest& checked) {
  Problems& problems = checked.problems;
  Sequence parts(message, std::string(kInteraction), problems);
  if (message.Attr("ITSVersion") != "XML_1.0") parts.Note("@ITSVersion is wrong");
  checked.message_id =
      parts.Value(parts.Required("id", {{"root", "1.2.840.114350.1.13.0.1.7.1.1"}}), "extension");
  constexpr absl::string_view kPrefix = "200VGOV-";
  if (!absl::StartsWith(checked.message_id, kPrefix) ||
      !IsUuid4(absl::string_view(checked.message_id).substr(kPrefix.size()))) {
    parts.Note("id/@extension is not 200VGOV- and a UUID");
  }
  CheckTime(parts.Value(parts.Required("creationTime"), "value"), parts);
  parts.Required("versionCode", {{"code", "4.1"}});
  parts.Required("interactionId", {{"root", "2.16.840.1.113883.1.6"}, {"extension", kInteraction}});
  parts.Required("processingCode", {{"code", "T"}});
  parts.Required("processingModeCode", {{"code", "T"}});
  parts.Required("acceptAckCode", {{"code", "AL"}});
  CheckDevice(parts.Required("receiver", {{"typeCode", "RCV"}}), "1.2.840.114350.1.13.999.234",
              "200M", problems);
  CheckDevice(parts.Required("sender", {{"typeCode", "SND"}}), kVa, "200VGOV", problems);
  const auto control_act =
      parts.Required("controlActProcess", {{"classCode", "CACT"}, {"moodCode", "EVN"}});
  parts.End();
  if (control_act) ReadControlAct(*control_act, checked);
}

void CheckHeaders(const http::Request& request, Problems& problems) {
  const auto expect = [&](absl::string_view name, absl::string_view value) {
    if (request.headers.GetAll(name) != std::vector<absl::string_view>{value}) {
      problems.push_back(absl::StrCat("header ", name, " is wrong"));
    }
  };
  if (request.method != "POST") problems.push_back("method is not POST");
  expect("Accept", "text/xml;charset=UTF-8");
  expect("Content-Type", "text/xml;charset=UTF-8");
  expect("User-Agent", "Vets.gov Agent");
  expect("soapaction", kInteraction);
  if (!absl::EndsWith(request.headers.Get("Date").value_or(""), " GMT")) {
    problems.push_back("header Date is wrong");
  }
}

// The two namespace names that MPI accepts with U+2010 too.
std::string Respelt(absl::string_view body) {
  return absl::StrReplaceAll(body, {{"\"urn:hl7\xE2\x80\x90org:v3\"", "\"urn:hl7-org:v3\""},
                                    {"\"http://www.w3.org/2001/XMLSchema\xE2\x80\x90instance\"",
                                     "\"http://www.w3.org/2001/XMLSchema-instance\""}});
}

}  // namespace

CheckedRequest CheckFindRequest(const http::Request& request) {
  CheckedRequest checked;
  CheckHeaders(request, checked.problems);
  absl::StatusOr<xml::Document> document = xml::Document::Parse(Respelt(request.body));
  if (!document.ok()) {
    checked.problems.push_back("the body is not XML");
    return checked;
  }
  checked.document = *std::move(document);
  const xml::Element envelope = checked.document->root();
  if (!envelope.Is(kSoap, "Envelope")) checked.problems.push_back("not a SOAP 1.1 envelope");
  Sequence parts(envelope, "Envelope", checked.problems);
  const auto header = parts.Required("Header", {}, kSoap);
  if (header && !header->Children().empty()) parts.Note("Header is not empty");
  const auto body = parts.Required("Body", {}, kSoap);
  parts.End();
  if (!body) return checked;
  Sequence payload(*body, "Body", checked.problems);
  const auto message = payload.Required(kInteraction, {}, kIdm);
  payload.End();
  if (message) ReadMessage(*message, checked);
  return checked;
}

}  // namespace va::simulators
