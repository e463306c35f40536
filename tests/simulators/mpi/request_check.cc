#include "tests/simulators/mpi/request_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/simulators/mpi/message_parts.h"

namespace va::simulators {
namespace {

constexpr absl::string_view kFind = "PRPA_IN201305UV02";
constexpr absl::string_view kAdd = "PRPA_IN201301UV02";
constexpr absl::string_view kUpdate = "PRPA_IN201302UV02";

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

// Proxy add: the answer it refers to.
void ReadAttentionLine(const xml::Element& line, CheckedRequest& checked) {
  Sequence parts(line, "attentionLine", checked.problems);
  if (parts.Text("keyWordText") != "Search.Token") parts.Note("keyWordText is wrong");
  const auto value = parts.Required("value");
  parts.End();
  if (!value) return;
  if (value->AttrNs(kSchemaInstance, "type") != "ST") parts.Note("value/@type is not ST");
  checked.change.token = value->Text();
  if (checked.change.token.empty()) parts.Note("value holds no text");
}

void CheckMessageId(const std::string& id, Sequence& parts) {
  constexpr absl::string_view kPrefix = "200VGOV-";
  if (!absl::StartsWith(id, kPrefix) || !IsUuid4(absl::string_view(id).substr(kPrefix.size()))) {
    parts.Note("id/@extension is not 200VGOV- and a UUID");
  }
}

void ReadMessage(const xml::Element& message, CheckedRequest& checked) {
  Problems& problems = checked.problems;
  const std::string name(message.local_name());
  Sequence parts(message, name, problems);
  if (message.Attr("ITSVersion") != "XML_1.0") parts.Note("@ITSVersion is wrong");
  checked.message_id =
      parts.Value(parts.Required("id", {{"root", "1.2.840.114350.1.13.0.1.7.1.1"}}), "extension");
  CheckMessageId(checked.message_id, parts);
  if (!IsDigits(parts.Value(parts.Required("creationTime"), "value"), 14)) {
    parts.Note("creationTime/@value is not yyyyMMddHHmmss");
  }
  parts.Required("versionCode", {{"code", "4.1"}});
  parts.Required("interactionId", {{"root", "2.16.840.1.113883.1.6"}, {"extension", name}});
  parts.Required("processingCode", {{"code", "T"}});
  parts.Required("processingModeCode", {{"code", "T"}});
  parts.Required("acceptAckCode", {{"code", "AL"}});
  CheckDevice(parts.Required("receiver", {{"typeCode", "RCV"}}), "1.2.840.114350.1.13.999.234",
              "200M", problems);
  const size_t before = problems.size();
  CheckDevice(parts.Required("sender", {{"typeCode", "SND"}}), kVaRoot, "200VGOV", problems);
  checked.unknown_sender = problems.size() > before;
  const auto attention =
      name == kAdd ? parts.Optional("attentionLine") : std::optional<xml::Element>();
  if (attention) {
    checked.interaction = Interaction::kProxy;
    ReadAttentionLine(*attention, checked);
  }
  const auto act =
      parts.Required("controlActProcess", {{"classCode", "CACT"}, {"moodCode", "EVN"}});
  parts.End();
  if (act) name == kFind ? ReadFindAct(*act, checked) : ReadChangeAct(*act, checked);
}

void CheckHeaders(const http::Request& request, absl::string_view interaction, Problems& problems) {
  const auto expect = [&](absl::string_view name, absl::string_view value) {
    if (request.headers.GetAll(name) != std::vector<absl::string_view>{value}) {
      problems.push_back(absl::StrCat("header ", name, " is wrong"));
    }
  };
  if (request.method != "POST") problems.push_back("method is not POST");
  expect("Accept", "text/xml;charset=UTF-8");
  expect("Content-Type", "text/xml;charset=UTF-8");
  expect("User-Agent", "Vets.gov Agent");
  expect("soapaction", interaction);
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

// The one message of the body, whichever of the three it is; sets what it asks for.
std::optional<xml::Element> TakeMessage(const xml::Element& envelope, CheckedRequest& checked) {
  if (!envelope.Is(kSoap, "Envelope")) checked.problems.push_back("not a SOAP 1.1 envelope");
  Sequence parts(envelope, "Envelope", checked.problems);
  const auto header = parts.Required("Header", {}, kSoap);
  if (header && !header->Children().empty()) parts.Note("Header is not empty");
  const auto body = parts.Required("Body", {}, kSoap);
  parts.End();
  if (!body) return std::nullopt;
  Sequence payload(*body, "Body", checked.problems);
  const std::pair<absl::string_view, Interaction> known[] = {
      {kFind, Interaction::kFind}, {kAdd, Interaction::kAdd}, {kUpdate, Interaction::kUpdate}};
  for (const auto& [name, interaction] : known) {
    auto message = payload.Optional(name, kIdm);
    if (!message) continue;
    checked.interaction = interaction;
    payload.End();
    return message;
  }
  payload.Note("no message that is known");
  return std::nullopt;
}

}  // namespace

absl::string_view WordOf(Interaction interaction) {
  switch (interaction) {
    case Interaction::kFind:
      return "find";
    case Interaction::kAdd:
      return "add";
    case Interaction::kProxy:
      return "proxy";
    case Interaction::kUpdate:
      return "update";
    case Interaction::kNone:
      break;
  }
  return "";
}

CheckedRequest CheckRequest(const http::Request& request) {
  CheckedRequest checked;
  absl::StatusOr<xml::Document> document = xml::Document::Parse(Respelt(request.body));
  if (!document.ok()) {
    checked.problems.push_back("the body is not XML");
    return checked;
  }
  checked.document = *std::move(document);
  const auto message = TakeMessage(checked.document->root(), checked);
  CheckHeaders(request, message ? message->local_name() : kFind, checked.problems);
  if (message) ReadMessage(*message, checked);
  return checked;
}

}  // namespace va::simulators
