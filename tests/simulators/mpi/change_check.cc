// PRPA_IN201301UV02 and PRPA_IN201302UV02 (mpi_mhv.md 1.6 to 1.8).
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/simulators/mpi/message_parts.h"

namespace va::simulators {
namespace {

// The provider organization that the messages name.
constexpr absl::string_view kProvider = "2.16.840.1.113883.3.933";
constexpr absl::string_view kIcnSuffix = "^NI^200M^USVHA^P";

// `{icn}^NI^200M^USVHA^P`; "" when it is not that.
std::string IcnOf(absl::string_view extension) {
  if (!absl::EndsWith(extension, kIcnSuffix)) return "";
  extension.remove_suffix(kIcnSuffix.size());
  return IsWord(extension, false) ? std::string(extension) : "";
}

bool IsDodId(absl::string_view extension) {
  constexpr absl::string_view kSuffix = "^NI^200DOD^USDOD^A";
  return absl::EndsWith(extension, kSuffix) &&
         IsDigits(extension.substr(0, extension.size() - kSuffix.size()), 10);
}

class ChangeReader {
 public:
  explicit ChangeReader(CheckedRequest& checked)
      : checked_(checked), change_(checked.change), problems_(checked.problems) {}

  void ReadEvent(const xml::Element& event) {
    Sequence parts(event, "registrationEvent", problems_);
    parts.Required("id", {{"nullFlavor", IsAdd() ? "UNK" : "NA"}});
    parts.Required("statusCode", {{"code", "active"}});
    const auto subject = parts.Required("subject1", {{"typeCode", "SBJ"}});
    const auto custodian = parts.Required("custodian", {{"typeCode", "CST"}});
    parts.End();
    if (subject) ReadSubject(*subject);
    if (custodian) ReadCustodian(*custodian);
  }

 private:
  bool IsAdd() const { return checked_.interaction == Interaction::kAdd; }

  void ReadSubject(const xml::Element& subject) {
    Sequence outer(subject, "subject1", problems_);
    const auto patient = outer.Required("patient", {{"classCode", "PAT"}});
    outer.End();
    if (!patient) return;
    Sequence parts(*patient, "patient", problems_);
    ReadPatientId(parts);
    parts.Required("statusCode", {{"code", "active"}});
    const auto person = parts.Required("patientPerson");
    const auto organization = parts.Required(
        "providerOrganization", {{"determinerCode", "INSTANCE"}, {"classCode", "ORG"}});
    parts.End();
    if (person) ReadPerson(*person);
    if (organization) ReadOrganization(*organization);
  }

  // MPI is to find out who it is, or is told.
  void ReadPatientId(Sequence& parts) {
    if (IsAdd()) {
      parts.Required("id", {{"nullFlavor", "UNK"}});
      return;
    }
    change_.icn = IcnOf(parts.Value(parts.Required("id", {{"root", kVaRoot}}), "extension"));
    if (change_.icn.empty()) parts.Note("id/@extension is no ICN with its suffix");
  }

  void ReadPerson(const xml::Element& person) {
    Sequence parts(person, "patientPerson", problems_);
    const auto name = parts.Required("name", {{"use", "L"}});
    const bool proxy = checked_.interaction == Interaction::kProxy;
    if (name) ReadName(*name, "patientPerson/name", !proxy, change_.who, problems_);
    change_.who.birth_date = parts.Value(parts.Required("birthTime"), "value");
    if (!IsDigits(change_.who.birth_date, 8)) parts.Note("birthTime/@value is not yyyyMMdd");
    // The one thing in which the order of an add differs from that of an update.
    if (IsAdd()) ReadTelecom(parts.OptionalWith("telecom", {{"use", "H"}}), parts);
    if (!proxy) ReadAddress(parts.OptionalWith("addr", {{"use", "HP"}}));
    if (!proxy) ReadCredential(parts);
    if (checked_.interaction == Interaction::kUpdate) {
      ReadTelecom(parts.Required("telecom", {{"use", "H"}}), parts);
    }
    ReadOtherIds(parts, proxy);
    parts.End();
  }

  static void ReadTelecom(const std::optional<xml::Element>& telecom, Sequence& parts) {
    parts.Value(telecom, "value");
  }

  void ReadAddress(const std::optional<xml::Element>& element) {
    if (!element) return;
    Sequence parts(*element, "addr", problems_);
    testing::PersonaAddress address;
    bool any = false;
    const auto take = [&](absl::string_view name, std::string& value) {
      const auto part = parts.Optional(name);
      if (!part) return;
      any = true;
      value = part->Text();
      if (value.empty()) parts.Note(absl::StrCat(name, " is empty"));
    };
    take("streetAddressLine", address.street);
    take("city", address.city);
    take("state", address.state);
    take("postalCode", address.postal_code);
    take("country", address.country);
    parts.End();
    if (!any) parts.Note("nothing in it");
    change_.address = address;
  }

  void ReadCredential(Sequence& parts) {
    const auto id = parts.Required("id");
    const std::string root = parts.Value(id, "root");
    change_.credential = parts.Value(id, "extension");
    const bool dod = checked_.interaction == Interaction::kUpdate && IsDodId(change_.credential);
    if (!dod && !IsCredential(change_.credential)) parts.Note("id/@extension is no credential");
    if (root != (dod ? kDodRoot : kVaRoot)) parts.Note("id/@root is wrong");
  }

  // The SSN, when there is one, then the credential or what a proxy add asks for.
  void ReadOtherIds(Sequence& parts, bool proxy) {
    auto other = parts.Required("asOtherIDs");
    if (other && other->Attr("classCode") == "SSN") {
      change_.who.ssn = ReadOtherId(*other, "asOtherIDs SSN", kSsnRoot, "");
      if (!IsDigits(change_.who.ssn, 9)) parts.Note("asOtherIDs SSN: not nine digits");
      other = parts.Required("asOtherIDs");
    } else if (proxy) {
      parts.Note("no asOtherIDs with the SSN");
    }
    if (!other) return;
    if (other->Attr("classCode") != "PAT") parts.Note("asOtherIDs/@classCode is wrong");
    const bool dod = IsDodId(change_.credential);
    const std::string id = ReadOtherId(*other, "asOtherIDs PAT", dod ? kDodRoot : kVaRoot,
                                       proxy ? "MVI.ORCHESTRATION" : "");
    if (id != (proxy ? "PROXY_ADD^PI^200VBA^USVBA" : change_.credential)) {
      parts.Note("asOtherIDs PAT: id/@extension is wrong");
    }
  }

  std::string ReadOtherId(const xml::Element& element, const char* path, absl::string_view root,
                          absl::string_view name) {
    Sequence parts(element, path, problems_);
    std::string id = parts.Value(parts.Required("id", {{"root", root}}), "extension");
    const auto scope = parts.Required("scopingOrganization",
                                      {{"determinerCode", "INSTANCE"}, {"classCode", "ORG"}});
    parts.End();
    if (!scope) return id;
    Sequence inner(*scope, absl::StrCat(path, "/scopingOrganization"), problems_);
    inner.Required("id", {{"root", root}});
    if (!name.empty() && inner.Text("name") != name) inner.Note("name is wrong");
    inner.End();
    return id;
  }

  void ReadOrganization(const xml::Element& organization) {
    Sequence parts(organization, "providerOrganization", problems_);
    parts.Required("id", {{"root", kProvider}});
    parts.Text("name");
    const auto contact = parts.Required("contactParty", {{"classCode", "CON"}});
    parts.End();
    if (!contact) return;
    Sequence inner(*contact, "contactParty", problems_);
    inner.Value(inner.Required("telecom"), "value");
    inner.End();
  }

  void ReadCustodian(const xml::Element& custodian) {
    Sequence outer(custodian, "custodian", problems_);
    const auto assigned = outer.Required("assignedEntity", {{"classCode", "ASSIGNED"}});
    outer.End();
    if (!assigned) return;
    Sequence parts(*assigned, "custodian/assignedEntity", problems_);
    parts.Required("id", {{"root", kProvider}});
    const auto organization = parts.Required(
        "assignedOrganization", {{"determinerCode", "INSTANCE"}, {"classCode", "ORG"}});
    parts.End();
    if (!organization) return;
    Sequence inner(*organization, "assignedOrganization", problems_);
    inner.Text("name");
    inner.End();
  }

  CheckedRequest& checked_;
  MpiChange& change_;
  Problems& problems_;
};

// Who wants the ids created: the person, known by ICN.
void CheckEnterer(const xml::Element& element, CheckedRequest& checked, Sequence& parts) {
  const DataEnterer enterer = ReadDataEnterer(element, checked.problems);
  const MpiChange& change = checked.change;
  checked.change.who.edipi = enterer.edipi;
  if (enterer.id_root != kVaRoot) parts.Note("dataEnterer id/@root is wrong");
  if (enterer.edipi.empty()) parts.Note("dataEnterer without representedOrganization");
  if (IcnOf(enterer.id) != change.icn || enterer.name.given != change.who.given ||
      enterer.name.family != change.who.family) {
    parts.Note("dataEnterer and patient differ");
  }
}

}  // namespace

void ReadChangeAct(const xml::Element& control_act, CheckedRequest& checked) {
  Sequence parts(control_act, "controlActProcess", checked.problems);
  const bool proxy = checked.interaction == Interaction::kProxy;
  const Attributes attributes = {{"typeCode", "ENT"}, {"contextControlCode", "AP"}};
  const auto enterer = proxy ? parts.Required("dataEnterer", attributes) : std::nullopt;
  const auto subject = parts.Required("subject", {{"typeCode", "SUBJ"}});
  parts.End();
  if (subject) {
    Sequence inner(*subject, "subject", checked.problems);
    const auto event =
        inner.Required("registrationEvent", {{"classCode", "REG"}, {"moodCode", "EVN"}});
    inner.End();
    if (event) ChangeReader(checked).ReadEvent(*event);
  }
  if (enterer) CheckEnterer(*enterer, checked, parts);
}

}  // namespace va::simulators
