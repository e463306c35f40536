// PRPA_IN201305UV02 (mpi_mhv.md 1.5).
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/simulators/mpi/message_parts.h"

namespace va::simulators {
namespace {

void CheckSemantics(const xml::Element& element, absl::string_view text, Sequence& sequence,
                    Problems& problems) {
  const std::optional<xml::Element> semantics = sequence.Required("semanticsText");
  if (semantics && semantics->Text() != text) {
    problems.push_back(
        absl::StrCat("parameterList/", element.local_name(), ": semanticsText is wrong"));
  }
  sequence.End();
}

bool CheckOrchestration(Sequence& parameters, Problems& problems) {
  const auto element = parameters.Optional("otherIDsScopingOrganization");
  if (!element) return false;
  Sequence inner(*element, "otherIDsScopingOrganization", problems);
  inner.Required("value", {{"extension", "VBA"}, {"root", kVaRoot}});
  CheckSemantics(*element, "MVI.ORCHESTRATION", inner, problems);
  return true;
}

// `{mhv id}^PI^200MH^USVHA^A` and `{vista id}^PI^{facility}^USVHA^A`.
bool IsFacilityId(absl::string_view extension) {
  const std::vector<absl::string_view> parts = absl::StrSplit(extension, '^');
  return parts.size() == 5 && IsWord(parts[0], true) && parts[1] == "PI" &&
         IsWord(parts[2], false) && parts[3] == "USVHA" && parts[4] == "A";
}

void ReadIdentifier(const xml::Element& id, Sequence& parameters, CheckedRequest& checked) {
  const std::string root = id.Attr("root").value_or("");
  const std::string extension = id.Attr("extension").value_or("");
  MpiQuery& query = checked.query;
  if (root == kDodRoot) {
    if (!IsDigits(extension, 10)) parameters.Note("an EDIPI has ten digits");
    if (!CheckOrchestration(parameters, checked.problems)) {
      parameters.Note("EDIPI without orchestration");
    }
    query.edipi = extension;
    return;
  }
  if (root != kVaRoot) parameters.Note("id/@root is unknown");
  const bool icn = IsWord(extension, false);
  if (!icn && !IsCredential(extension) && !IsFacilityId(extension)) {
    parameters.Note("id/@extension is no known identifier");
  }
  (icn ? query.icn : query.correlated) = extension;
}

void ReadGender(const std::optional<xml::Element>& element, MpiTraits& traits, Problems& problems) {
  if (!element) return;
  Sequence inner(*element, "livingSubjectAdministrativeGender", problems);
  traits.gender = inner.Value(inner.Required("value"), "code");
  if (traits.gender != "M" && traits.gender != "F") inner.Note("neither M nor F");
  CheckSemantics(*element, "Gender", inner, problems);
}

void ReadBirthDate(const std::optional<xml::Element>& element, MpiTraits& traits,
                   Problems& problems) {
  if (!element) return;
  Sequence inner(*element, "livingSubjectBirthTime", problems);
  traits.birth_date = inner.Value(inner.Required("value"), "value");
  if (!IsDigits(traits.birth_date, 8)) inner.Note("not yyyyMMdd");
  CheckSemantics(*element, "Date of Birth", inner, problems);
}

void ReadSsn(const std::optional<xml::Element>& element, MpiTraits& traits, Problems& problems) {
  if (!element) return;
  Sequence inner(*element, "livingSubjectId", problems);
  traits.ssn = inner.Value(inner.Required("value", {{"root", kSsnRoot}}), "extension");
  if (!IsDigits(traits.ssn, 9)) inner.Note("not nine digits");
  CheckSemantics(*element, "SSN", inner, problems);
}

void ReadLegalName(const std::optional<xml::Element>& element, MpiTraits& traits,
                   Problems& problems) {
  if (!element) return;
  Sequence inner(*element, "livingSubjectName", problems);
  const auto value = inner.Required("value", {{"use", "L"}});
  if (value) ReadName(*value, "livingSubjectName/value", false, traits, problems);
  CheckSemantics(*element, "Legal Name", inner, problems);
}

void ReadParameters(const xml::Element& list, CheckedRequest& checked) {
  Problems& problems = checked.problems;
  Sequence parameters(list, "parameterList", problems);
  if (const auto id = parameters.Optional("id")) {
    ReadIdentifier(*id, parameters, checked);
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
  checked.query.traits = std::move(traits);
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
  checked.query.search = search;
  parts.Required("initialQuantity", {{"value", "1"}});
  const std::string view =
      parts.Value(parts.Required("responseElementGroupId", {{"root", kVaRoot}}), "extension");
  if (view != "PV" && view != "COR") parts.Note("responseElementGroupId/@extension is unknown");
  const auto list = parts.Required("parameterList");
  parts.End();
  if (list) ReadParameters(*list, checked);
  if (view == "COR" && !checked.query.icn.empty()) {
    parts.Note("responseElementGroupId/@extension: an ICN has the primary view alone");
  }
}

// The person of dataEnterer must be the one asked about.
void CheckEnterer(const xml::Element& element, MpiTraits& traits, Sequence& parts,
                  Problems& problems) {
  const DataEnterer enterer = ReadDataEnterer(element, problems);
  if (enterer.id_root != "2.16.840.1.113883.777.999") {
    parts.Note("dataEnterer id/@root is wrong");
  }
  traits.edipi = enterer.edipi;
  if (enterer.id != traits.ssn || enterer.name.given != traits.given ||
      enterer.name.family != traits.family) {
    parts.Note("dataEnterer and parameterList differ");
  }
}

}  // namespace

void ReadFindAct(const xml::Element& control_act, CheckedRequest& checked) {
  Sequence parts(control_act, "controlActProcess", checked.problems);
  parts.Required("code", {{"code", "PRPA_TE201305UV02"}, {"codeSystem", "2.16.840.1.113883.1.6"}});
  const auto enterer =
      parts.OptionalWith("dataEnterer", {{"typeCode", "ENT"}, {"contextControlCode", "AP"}});
  checked.query_by_parameter = parts.Required("queryByParameter");
  parts.End();
  if (checked.query_by_parameter) ReadQuery(*checked.query_by_parameter, checked);
  if (checked.query.traits.has_value() != enterer.has_value()) {
    parts.Note("dataEnterer belongs to trait searches, and to them only");
  } else if (enterer) {
    CheckEnterer(*enterer, *checked.query.traits, parts, checked.problems);
  }
}

}  // namespace va::simulators
