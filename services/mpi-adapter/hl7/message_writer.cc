#include "services/mpi-adapter/hl7/message_writer.h"

#include "absl/strings/str_cat.h"
#include "lib/identity/gc_ids.h"
#include "lib/identity/text.h"
#include "services/mpi-adapter/hl7/constants.h"
#include "services/mpi-adapter/hl7/field_rules.h"

namespace va::mpi::hl7 {
namespace {

using identity::kVaRoot;

void WriteDevice(Writer& out, absl::string_view role, absl::string_view type,
                 absl::string_view root, absl::string_view extension) {
  out.Open(role).Attr("typeCode", type);
  out.Open("device").Attr("classCode", "DEV").Attr("determinerCode", "INSTANCE");
  out.Instance("id", root, extension);
  out.Close().Close();
}

void WriteOrganization(Writer& out, absl::string_view edipi, const MessageStamp& stamp,
                       const MessageSettings& settings) {
  out.Open("representedOrganization").Attr("determinerCode", "INSTANCE").Attr("classCode", "ORG");
  out.Instance("id", kVaRoot, absl::StrCat(settings.organization_prefix, edipi));
  out.Mark("code", "code",
           absl::FormatTime("%Y-%m-%d %H:%M:%S", stamp.created, absl::UTCTimeZone()));
  out.Leaf("desc", settings.organization_description);
  if (!settings.organization_telecom.empty()) {
    out.Mark("telecom", "value", settings.organization_telecom);
  }
  out.Close();
}

}  // namespace

Writer::Writer(bool u2010)
    : hl7_(u2010 ? kHl7NsU2010 : kHl7Ns),
      xsi_(u2010 ? kXsiNsU2010 : kXsiNs),
      out_(kSoapNs, "env", "Envelope") {}

Writer& Writer::TypedLeaf(absl::string_view name, absl::string_view text) {
  out_.Open(hl7_, name).AttrNs(xsi_, "type", "ST").Text(text).Close();
  return *this;
}

Writer& Writer::OpenInteraction(absl::string_view interaction) {
  out_.DeclareNs("xsi", kXsiNs).Open(kSoapNs, "Header").Close().Open(kSoapNs, "Body");
  out_.DeclareNs("idm", kIdmNs).Open(kIdmNs, interaction).DeclareNs("", hl7_);
  if (xsi_ != kXsiNs) out_.DeclareNs("xsi", xsi_);
  out_.Attr("ITSVersion", "XML_1.0");
  out_.AttrNs(xsi_, "schemaLocation", absl::StrCat(hl7_, " ", kSchemaFolder, interaction, ".xsd"));
  return *this;
}

void WriteHeader(Writer& out, absl::string_view interaction, const MessageStamp& stamp,
                 const MessageSettings& settings) {
  out.Instance("id", kMessageRoot, stamp.message_id);
  out.Mark("creationTime", "value",
           absl::FormatTime("%Y%m%d%H%M%S", stamp.created, absl::UTCTimeZone()));
  out.Mark("versionCode", "code", "4.1");
  out.Instance("interactionId", kInteractionRoot, interaction);
  out.Mark("processingCode", "code", settings.processing_code);
  out.Mark("processingModeCode", "code", "T");
  out.Mark("acceptAckCode", "code", "AL");
  WriteDevice(out, "receiver", "RCV", kReceiverRoot, kReceiver);
  WriteDevice(out, "sender", "SND", kVaRoot, settings.sender);
}

void WriteNameParts(Writer& out, absl::string_view first_name, absl::string_view middle_name,
                    absl::string_view last_name) {
  if (!IsBlank(first_name)) out.Leaf("given", first_name);
  if (!IsBlank(middle_name)) out.Leaf("given", middle_name);
  out.Leaf("family", last_name);
}

void WriteDataEnterer(Writer& out, const DataEnterer& enterer, const MessageStamp& stamp,
                      const MessageSettings& settings) {
  out.Open("dataEnterer").Attr("typeCode", "ENT").Attr("contextControlCode", "AP");
  out.Open("assignedPerson").Attr("classCode", "ASSIGNED");
  out.Instance("id", enterer.id.root, enterer.id.extension);
  out.Open("assignedPerson").Attr("classCode", "PSN").Attr("determinerCode", "INSTANCE");
  out.Open("name");
  WriteNameParts(out, enterer.first_name, enterer.middle_name, enterer.last_name);
  out.Close().Close();
  if (!IsBlank(enterer.edipi)) WriteOrganization(out, enterer.edipi, stamp, settings);
  out.Close().Close();
}

std::string IdmeExtension(const identity::CspId& uuid) {
  return absl::StrCat(identity::IdmeSpelling(uuid).Reveal(), "^PN^200VIDM^USDVA^A");
}

std::string LogingovExtension(const identity::CspId& uuid) {
  return absl::StrCat(identity::LogingovSpelling(uuid).Reveal(), "^PN^200VLGN^USDVA^A");
}

std::string MhvExtension(const identity::CspId& id) {
  return absl::StrCat(id.Reveal(), "^PI^200MH^USVHA^A");
}

std::string EdipiExtension(const identity::CspId& edipi) {
  return absl::StrCat(edipi.Reveal(), "^NI^200DOD^USDOD^A");
}

std::string IcnExtension(const identity::Icn& icn) {
  return absl::StrCat(icn.Reveal(), "^NI^200M^USVHA^P");
}

}  // namespace va::mpi::hl7
