#include "services/mpi-adapter/hl7/find_request.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status.h"
#include "lib/identity/gc_ids.h"
#include "lib/xml/builder.h"
#include "services/mpi-adapter/hl7/constants.h"
#include "services/mpi-adapter/hl7/field_rules.h"

namespace va::mpi::hl7 {
namespace {

using identity::kDodRoot;
using identity::kVaRoot;

// A builder that knows which spelling of the HL7 namespace this message uses.
class Writer {
 public:
  explicit Writer(bool u2010)
      : hl7_(u2010 ? kHl7NsU2010 : kHl7Ns),
        xsi_(u2010 ? kXsiNsU2010 : kXsiNs),
        out_(kSoapNs, "env", "Envelope") {}

  Writer& Open(absl::string_view name) {
    out_.Open(hl7_, name);
    return *this;
  }
  Writer& Close() {
    out_.Close();
    return *this;
  }
  Writer& Attr(absl::string_view name, absl::string_view value) {
    out_.Attr(name, value);
    return *this;
  }
  Writer& Leaf(absl::string_view name, absl::string_view text) {
    out_.Leaf(hl7_, name, text);
    return *this;
  }
  // <name attribute="value"/>
  Writer& Mark(absl::string_view name, absl::string_view attribute, absl::string_view value) {
    return Open(name).Attr(attribute, value).Close();
  }
  // <name root="" extension=""/>
  Writer& Instance(absl::string_view name, absl::string_view root, absl::string_view extension) {
    return Open(name).Attr("root", root).Attr("extension", extension).Close();
  }

  // Envelope, empty header, body, and the interaction's own element with its namespaces.
  Writer& OpenInteraction(absl::string_view interaction) {
    out_.DeclareNs("xsi", kXsiNs).Open(kSoapNs, "Header").Close().Open(kSoapNs, "Body");
    out_.DeclareNs("idm", kIdmNs).Open(kIdmNs, interaction).DeclareNs("", hl7_);
    if (xsi_ != kXsiNs) out_.DeclareNs("xsi", xsi_);
    out_.Attr("ITSVersion", "XML_1.0");
    out_.AttrNs(xsi_, "schemaLocation",
                absl::StrCat(hl7_, " ", kSchemaFolder, interaction, ".xsd"));
    return *this;
  }

  absl::StatusOr<xml::Document> Finish() { return out_.Finish(); }

 private:
  absl::string_view hl7_;
  absl::string_view xsi_;
  xml::Builder out_;
};

void WriteDevice(Writer& out, absl::string_view role, absl::string_view type,
                 absl::string_view root, absl::string_view extension) {
  out.Open(role).Attr("typeCode", type);
  out.Open("device").Attr("classCode", "DEV").Attr("determinerCode", "INSTANCE");
  out.Instance("id", root, extension);
  out.Close().Close();
}

// The order of these elements is part of the contract.
void WriteHeader(Writer& out, const MessageStamp& stamp, const MessageSettings& settings) {
  out.Instance("id", kMessageRoot, stamp.message_id);
  out.Mark("creationTime", "value",
           absl::FormatTime("%Y%m%d%H%M%S", stamp.created, absl::UTCTimeZone()));
  out.Mark("versionCode", "code", "4.1");
  out.Instance("interactionId", kInteractionRoot, kFindRequest);
  out.Mark("processingCode", "code", settings.processing_code);
  out.Mark("processingModeCode", "code", "T");
  out.Mark("acceptAckCode", "code", "AL");
  WriteDevice(out, "receiver", "RCV", kReceiverRoot, kReceiver);
  WriteDevice(out, "sender", "SND", kVaRoot, settings.sender);
}

// Lets MPI correlate with VBA. Trait questions always carry it (not only the orchestrated search,
// which differs by naming the asker in dataEnterer), identifier questions only for EDIPI.
void WriteOrchestration(Writer& out) {
  out.Open("otherIDsScopingOrganization");
  out.Open("value").Attr("extension", "VBA").Attr("root", kVaRoot).Close();
  out.Leaf("semanticsText", kOrchestration).Close();
}

// `{id}^{type}^{facility}^{authority}^{status}` for the identifiers MPI stores that way.
absl::string_view SuffixOf(IdentifierType type) {
  switch (type) {
    case IdentifierType::kIdme:
      return "^PN^200VIDM^USDVA^A";
    case IdentifierType::kLogingov:
      return "^PN^200VLGN^USDVA^A";
    case IdentifierType::kMhv:
      return "^PI^200MH^USVHA^A";
    case IdentifierType::kIcn:
    case IdentifierType::kEdipi:
      return "";
  }
  return "";
}

void WriteName(Writer& out, const ByTraits& traits) {
  out.Leaf("given", traits.first_name.Reveal());
  if (!IsBlank(traits.middle_name.Reveal())) out.Leaf("given", traits.middle_name.Reveal());
  out.Leaf("family", traits.last_name.Reveal());
}

std::string SsnDigits(const ByTraits& traits) { return traits.ssn.WithoutHyphens().Reveal(); }

// Identifier questions have no data enterer; trait questions name the person asked about there.
void WriteDataEnterer(Writer&, const ByIdentifier&) {}
void WriteDataEnterer(Writer&, const ByFacility&) {}

void WriteDataEnterer(Writer& out, const ByTraits& traits) {
  out.Open("dataEnterer").Attr("typeCode", "ENT").Attr("contextControlCode", "AP");
  out.Open("assignedPerson").Attr("classCode", "ASSIGNED");
  out.Instance("id", kDataEntererSsnRoot, SsnDigits(traits));
  out.Open("assignedPerson").Attr("classCode", "PSN").Attr("determinerCode", "INSTANCE");
  out.Open("name");
  WriteName(out, traits);
  out.Close().Close().Close().Close();
}

void WriteParameters(Writer& out, const ByIdentifier& by) {
  const std::string& value = by.value.Reveal();
  if (by.type == IdentifierType::kEdipi) {
    out.Instance("id", kDodRoot, value);
    WriteOrchestration(out);
    return;
  }
  out.Instance("id", kVaRoot, absl::StrCat(value, SuffixOf(by.type)));
}

void WriteParameters(Writer& out, const ByFacility& by) {
  out.Instance("id", kVaRoot, absl::StrCat(by.vista_id.Reveal(), "^PI^", by.facility, "^USVHA^A"));
}

void WriteParameters(Writer& out, const ByTraits& traits) {
  const std::string& gender = traits.gender.Reveal();
  if (gender == "M" || gender == "F") {
    out.Open("livingSubjectAdministrativeGender").Mark("value", "code", gender);
    out.Leaf("semanticsText", "Gender").Close();
  }
  out.Open("livingSubjectBirthTime");
  out.Mark("value", "value", traits.birth_date.Compact()->Reveal());
  out.Leaf("semanticsText", "Date of Birth").Close();
  out.Open("livingSubjectId").Instance("value", kSsnRoot, SsnDigits(traits));
  out.Leaf("semanticsText", "SSN").Close();
  out.Open("livingSubjectName").Open("value").Attr("use", "L");
  WriteName(out, traits);
  out.Close().Leaf("semanticsText", "Legal Name").Close();
  WriteOrchestration(out);
}

template <typename Ask>
void WriteControlAct(Writer& out, const Ask& ask, const MessageStamp& stamp) {
  out.Open("controlActProcess").Attr("classCode", "CACT").Attr("moodCode", "EVN");
  out.Open("code").Attr("code", kFindTrigger).Attr("codeSystem", kInteractionRoot).Close();
  WriteDataEnterer(out, ask);
  out.Open("queryByParameter");
  out.Instance("queryId", kQueryRoot, stamp.query_id);
  out.Mark("statusCode", "code", "new");
  out.Mark("modifyCode", "code", kSearchType);
  out.Mark("initialQuantity", "value", "1");
  out.Open("responseElementGroupId").Attr("extension", kView).Attr("root", kVaRoot).Close();
  out.Open("parameterList");
  WriteParameters(out, ask);
  out.Close().Close().Close();
}

absl::Status Missing(const std::vector<absl::string_view>& fields) {
  return base::MakeError(
      absl::StatusCode::kInvalidArgument, "FIELD_MISSING",
      absl::StrCat("Required values missing: [", absl::StrJoin(fields, ", "), "]"));
}

absl::Status Check(const ByIdentifier& by) {
  const std::string& value = by.value.Reveal();
  if (IsBlank(value)) return Missing({"identifier"});
  const absl::Status status = CheckIdentifier("identifier", value);
  if (!status.ok() || by.type != IdentifierType::kEdipi) return status;
  const bool ten_digits = value.size() == 10 && std::all_of(value.begin(), value.end(), [](char c) {
                            return absl::ascii_isdigit(static_cast<unsigned char>(c));
                          });
  return ten_digits ? absl::OkStatus() : Malformed("identifier");
}

absl::Status Check(const ByFacility& by) {
  if (IsBlank(by.vista_id.Reveal())) return Missing({"identifier"});
  if (IsBlank(by.facility)) return Missing({"facility"});
  const absl::Status status = CheckIdentifier("identifier", by.vista_id.Reveal());
  return status.ok() ? CheckIdentifier("facility", by.facility) : status;
}

absl::Status Check(const ByTraits& traits) {
  const std::pair<absl::string_view, const std::string&> required[] = {
      {"first_name", traits.first_name.Reveal()},
      {"last_name", traits.last_name.Reveal()},
      {"birth_date", traits.birth_date.Reveal()},
      {"ssn", traits.ssn.Reveal()}};
  std::vector<absl::string_view> missing;
  for (const auto& [field, value] : required) {
    if (IsBlank(value)) missing.push_back(field);
  }
  if (!missing.empty()) return Missing(missing);
  for (const auto& [field, value] : required) {
    if (absl::Status status = CheckText(field, value); !status.ok()) return status;
  }
  if (absl::Status status = CheckText("middle_name", traits.middle_name.Reveal()); !status.ok()) {
    return status;
  }
  if (!traits.birth_date.IsWellFormed()) return Malformed("birth_date");
  if (!traits.ssn.IsWellFormed()) return Malformed("ssn");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<xml::Document> BuildFindRequest(const Question& question, const MessageStamp& stamp,
                                               const MessageSettings& settings) {
  const absl::Status status = std::visit([](const auto& ask) { return Check(ask); }, question.by);
  if (!status.ok()) return status;
  Writer out(settings.u2010_namespaces);
  out.OpenInteraction(kFindRequest);
  WriteHeader(out, stamp, settings);
  std::visit([&](const auto& ask) { WriteControlAct(out, ask, stamp); }, question.by);
  return out.Finish();
}

}  // namespace va::mpi::hl7
