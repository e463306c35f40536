#include "services/mpi-adapter/hl7/change_request.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/identity/gc_ids.h"
#include "services/mpi-adapter/hl7/constants.h"
#include "services/mpi-adapter/hl7/field_rules.h"
#include "services/mpi-adapter/hl7/message_writer.h"

namespace va::mpi::hl7 {
namespace {

using identity::kDodRoot;
using identity::kVaRoot;

// What proxy adds say instead of a credential (mpi_mhv.md 1.7).
constexpr absl::string_view kProxyAdd = "PROXY_ADD^PI^200VBA^USVBA";

// ---- the credential by which MPI is to know the person ----

RootedId CredentialOf(const AddPerson& add) {
  return {kVaRoot, IsBlank(add.idme_uuid.Reveal()) ? LogingovExtension(add.logingov_uuid)
                                                   : IdmeExtension(add.idme_uuid)};
}

RootedId CredentialOf(const UpdatePerson& update) {
  if (!IsBlank(update.edipi.Reveal())) return {kDodRoot, EdipiExtension(update.edipi)};
  return {kVaRoot, IsBlank(update.logingov_uuid.Reveal())
                       ? IdmeExtension(update.idme_uuid)
                       : LogingovExtension(update.logingov_uuid)};
}

// ---- parts of patientPerson ----

void WriteLegalName(Writer& out, const identity::PersonText& first,
                    const identity::PersonText& last) {
  out.Open("name").Attr("use", "L");
  WriteNameParts(out, first.Reveal(), "", last.Reveal());
  out.Close();
}

void WriteBirthTime(Writer& out, const identity::BirthDate& date) {
  out.Mark("birthTime", "value", WireDay(date)->Reveal());
}

// The reference writes the element without an address too, which says nothing (mpi_mhv.md 1.6).
void WriteEmail(Writer& out, const identity::PersonText& email) {
  if (IsBlank(email.Reveal())) return;
  out.Open("telecom").Attr("use", "H").Attr("value", email.Reveal()).Close();
}

std::string StreetOf(const PostalAddress& address) {
  std::vector<absl::string_view> lines;
  for (const identity::PersonText& line : address.street) {
    if (!IsBlank(line.Reveal())) lines.push_back(line.Reveal());
  }
  return absl::StrJoin(lines, " ");
}

// One street line, as the reference sends it. A part that is not known is left out.
void WriteAddress(Writer& out, const std::optional<PostalAddress>& address) {
  if (!address) return;
  const std::string street = StreetOf(*address);
  const std::pair<absl::string_view, const std::string&> parts[] = {
      {"streetAddressLine", street},
      {"city", address->city.Reveal()},
      {"state", address->state.Reveal()},
      {"postalCode", address->postal_code.Reveal()},
      {"country", address->country.Reveal()}};
  const auto blank = [](const auto& part) { return IsBlank(part.second); };
  if (std::all_of(std::begin(parts), std::end(parts), blank)) return;
  out.Open("addr").Attr("use", "HP");
  for (const auto& part : parts) {
    if (!blank(part)) out.Leaf(part.first, part.second);
  }
  out.Close();
}

void OpenOtherId(Writer& out, absl::string_view class_code, absl::string_view root,
                 absl::string_view extension, absl::string_view scope_root) {
  out.Open("asOtherIDs").Attr("classCode", class_code).Instance("id", root, extension);
  out.Open("scopingOrganization").Attr("determinerCode", "INSTANCE").Attr("classCode", "ORG");
  out.Mark("id", "root", scope_root);
}

void WriteSsn(Writer& out, const identity::Ssn& ssn) {
  if (IsBlank(ssn.Reveal())) return;
  OpenOtherId(out, "SSN", kSsnRoot, ssn.WithoutHyphens().Reveal(), kSsnRoot);
  out.Close().Close();
}

void WriteCredential(Writer& out, const RootedId& credential) {
  OpenOtherId(out, "PAT", credential.root, credential.extension, credential.root);
  out.Close().Close();
}

// ---- patientPerson, in the order of its kind of message ----

void WritePerson(Writer& out, const AddPerson& add) {
  const RootedId credential = CredentialOf(add);
  WriteLegalName(out, add.first_name, add.last_name);
  WriteBirthTime(out, add.birth_date);
  WriteEmail(out, add.email);
  WriteAddress(out, add.address);
  out.Instance("id", credential.root, credential.extension);
  WriteSsn(out, add.ssn);
  WriteCredential(out, credential);
}

void WritePerson(Writer& out, const AddByProxy& add) {
  WriteLegalName(out, add.first_name, add.last_name);
  WriteBirthTime(out, add.birth_date);
  WriteSsn(out, add.ssn);
  OpenOtherId(out, "PAT", kVaRoot, kProxyAdd, kVaRoot);
  out.Leaf("name", kOrchestration).Close().Close();
}

void WritePerson(Writer& out, const UpdatePerson& update) {
  const RootedId credential = CredentialOf(update);
  WriteLegalName(out, update.first_name, update.last_name);
  WriteBirthTime(out, update.birth_date);
  WriteAddress(out, update.address);
  out.Instance("id", credential.root, credential.extension);
  WriteEmail(out, update.email);
  WriteSsn(out, update.ssn);
  WriteCredential(out, credential);
}

// ---- what stands around patientPerson ----

// Nobody knows yet under which id MPI will file a person who is added.
void WriteEventId(Writer& out, const AddPerson&) { out.Mark("id", "nullFlavor", "UNK"); }
void WriteEventId(Writer& out, const AddByProxy&) { out.Mark("id", "nullFlavor", "NA"); }
void WriteEventId(Writer& out, const UpdatePerson&) { out.Mark("id", "nullFlavor", "NA"); }

void WritePatientId(Writer& out, const AddPerson&) { out.Mark("id", "nullFlavor", "UNK"); }
template <typename Known>
void WritePatientId(Writer& out, const Known& change) {
  out.Instance("id", kVaRoot, IcnExtension(change.icn));
}

void WriteProvider(Writer& out, const MessageSettings& settings) {
  out.Open("providerOrganization").Attr("determinerCode", "INSTANCE").Attr("classCode", "ORG");
  out.Mark("id", "root", settings.clinic_root).Leaf("name", settings.clinic_name);
  out.Open("contactParty").Attr("classCode", "CON");
  out.Mark("telecom", "value", settings.clinic_telephone);
  out.Close().Close();
}

void WriteCustodian(Writer& out, const MessageSettings& settings) {
  out.Open("custodian").Attr("typeCode", "CST");
  out.Open("assignedEntity").Attr("classCode", "ASSIGNED");
  out.Mark("id", "root", settings.clinic_root);
  out.Open("assignedOrganization").Attr("determinerCode", "INSTANCE").Attr("classCode", "ORG");
  out.Leaf("name", settings.clinic_name);
  out.Close().Close().Close();
}

template <typename Some>
void WriteSubject(Writer& out, const Some& change, const MessageSettings& settings) {
  out.Open("subject").Attr("typeCode", "SUBJ");
  out.Open("registrationEvent").Attr("classCode", "REG").Attr("moodCode", "EVN");
  WriteEventId(out, change);
  out.Mark("statusCode", "code", "active");
  out.Open("subject1").Attr("typeCode", "SBJ").Open("patient").Attr("classCode", "PAT");
  WritePatientId(out, change);
  out.Mark("statusCode", "code", "active");
  out.Open("patientPerson");
  WritePerson(out, change);
  out.Close();
  WriteProvider(out, settings);
  out.Close().Close();
  WriteCustodian(out, settings);
  out.Close().Close();
}

// ---- what only a proxy add has ----

void WriteAttentionLine(Writer&, const AddPerson&) {}
void WriteAttentionLine(Writer&, const UpdatePerson&) {}
void WriteAttentionLine(Writer& out, const AddByProxy& add) {
  out.Open("attentionLine").Leaf("keyWordText", "Search.Token");
  out.TypedLeaf("value", add.search_token).Close();
}

void WriteEnterer(Writer&, const AddPerson&, const MessageStamp&, const MessageSettings&) {}
void WriteEnterer(Writer&, const UpdatePerson&, const MessageStamp&, const MessageSettings&) {}
void WriteEnterer(Writer& out, const AddByProxy& add, const MessageStamp& stamp,
                  const MessageSettings& settings) {
  WriteDataEnterer(out,
                   {{kVaRoot, IcnExtension(add.icn)},
                    add.first_name.Reveal(),
                    "",
                    add.last_name.Reveal(),
                    add.edipi.Reveal()},
                   stamp, settings);
}

// ---- what may stand in a message ----

absl::Status CheckAddress(const std::optional<PostalAddress>& address) {
  if (!address) return absl::OkStatus();
  FieldCheck check;
  for (const identity::PersonText& line : address->street) {
    check.Text("address.street", line.Reveal());
  }
  check.Text("address.street", StreetOf(*address))
      .Text("address.city", address->city.Reveal())
      .Text("address.state", address->state.Reveal())
      .Text("address.postal_code", address->postal_code.Reveal())
      .Text("address.country", address->country.Reveal());
  return check.status();
}

absl::Status Check(const AddPerson& add) {
  return FieldCheck()
      .Need("last_name", add.last_name.Reveal())
      .Need("birth_date", add.birth_date.Reveal())
      .Need("credential_identifier", {add.idme_uuid.Reveal(), add.logingov_uuid.Reveal()})
      .Text("first_name", add.first_name.Reveal())
      .Text("last_name", add.last_name.Reveal())
      .Day("birth_date", add.birth_date)
      .Ssn("ssn", add.ssn)
      .Text("email", add.email.Reveal())
      .Identifier("idme_uuid", add.idme_uuid)
      .Identifier("logingov_uuid", add.logingov_uuid)
      .Also(CheckAddress(add.address))
      .status();
}

absl::Status Check(const AddByProxy& add) {
  return FieldCheck()
      .Need("first_name", add.first_name.Reveal())
      .Need("last_name", add.last_name.Reveal())
      .Need("ssn", add.ssn.Reveal())
      .Need("birth_date", add.birth_date.Reveal())
      .Need("icn", add.icn.Reveal())
      .Need("edipi", add.edipi.Reveal())
      .Need("search_token", add.search_token)
      .Text("first_name", add.first_name.Reveal())
      .Text("last_name", add.last_name.Reveal())
      .Ssn("ssn", add.ssn)
      .Day("birth_date", add.birth_date)
      .Icn("icn", add.icn)
      .Edipi("edipi", add.edipi)
      .Text("search_token", add.search_token)
      .status();
}

absl::Status Check(const UpdatePerson& update) {
  return FieldCheck()
      .Need("last_name", update.last_name.Reveal())
      .Need("email", update.email.Reveal())
      .Need("birth_date", update.birth_date.Reveal())
      .Need("icn", update.icn.Reveal())
      .Need("uuid",
            {update.edipi.Reveal(), update.logingov_uuid.Reveal(), update.idme_uuid.Reveal()})
      .Text("first_name", update.first_name.Reveal())
      .Text("last_name", update.last_name.Reveal())
      .Text("email", update.email.Reveal())
      .Day("birth_date", update.birth_date)
      .Ssn("ssn", update.ssn)
      .Icn("icn", update.icn)
      .Edipi("edipi", update.edipi)
      .Identifier("logingov_uuid", update.logingov_uuid)
      .Identifier("idme_uuid", update.idme_uuid)
      .Also(CheckAddress(update.address))
      .status();
}

template <typename Some>
absl::StatusOr<xml::Document> Build(const Some& change, absl::string_view interaction,
                                    const MessageStamp& stamp, const MessageSettings& settings) {
  if (absl::Status status = Check(change); !status.ok()) return status;
  Writer out(settings.u2010_namespaces);
  out.OpenInteraction(interaction);
  WriteHeader(out, interaction, stamp, settings);
  WriteAttentionLine(out, change);
  out.Open("controlActProcess").Attr("classCode", "CACT").Attr("moodCode", "EVN");
  WriteEnterer(out, change, stamp, settings);
  WriteSubject(out, change, settings);
  out.Close();
  return out.Finish();
}

}  // namespace

absl::string_view InteractionOf(const Change& change) {
  return std::holds_alternative<UpdatePerson>(change) ? kUpdateRequest : kAddRequest;
}

absl::StatusOr<xml::Document> BuildChangeRequest(const Change& change, const MessageStamp& stamp,
                                                 const MessageSettings& settings) {
  return std::visit(
      [&](const auto& some) { return Build(some, InteractionOf(change), stamp, settings); },
      change);
}

}  // namespace va::mpi::hl7
