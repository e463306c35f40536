#include "tests/simulators/mpi/message_parts.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace va::simulators {
namespace {

// yyyy-MM-dd HH:mm:ss
bool IsTimestamp(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, absl::ByAnyChar("- :"));
  return text.size() == 19 && parts.size() == 6 && IsDigits(parts[0], 4) && text[10] == ' ';
}

// Only an orchestrated search and a proxy add name one.
std::string ReadOrganization(const xml::Element& organization, Problems& problems) {
  Sequence parts(organization, "representedOrganization", problems);
  const std::string id = parts.Value(parts.Required("id", {{"root", kVaRoot}}), "extension");
  constexpr absl::string_view kPrefix = "dslogon.";
  const bool known = absl::StartsWith(id, kPrefix);
  std::string edipi = known ? id.substr(kPrefix.size()) : "";
  if (!IsDigits(edipi, 10)) parts.Note("id/@extension is not dslogon. and an EDIPI");
  if (!IsTimestamp(parts.Value(parts.Required("code"), "code"))) {
    parts.Note("code/@code is not yyyy-MM-dd HH:mm:ss");
  }
  if (parts.Text("desc") != "vagov") parts.Note("desc is wrong");
  parts.Value(parts.Optional("telecom"), "value");  // the host's address: nothing MPI needs
  parts.End();
  return edipi.empty() ? "?" : edipi;
}

}  // namespace

void ReadName(const xml::Element& name, absl::string_view path, bool given_optional,
              MpiTraits& traits, Problems& problems) {
  Sequence parts(name, std::string(path), problems);
  const auto given = given_optional ? parts.Optional("given") : parts.Required("given");
  if (given) traits.given = given->Text();
  if (const auto middle = parts.Optional("given")) traits.middle = middle->Text();
  while (parts.Optional("given")) {
  }
  const auto family = parts.Required("family");
  if (family) traits.family = family->Text();
  parts.End();
  if ((given && traits.given.empty()) || traits.family.empty()) parts.Note("an empty name");
}

DataEnterer ReadDataEnterer(const xml::Element& element, Problems& problems) {
  DataEnterer enterer;
  Sequence outer(element, "dataEnterer", problems);
  const auto assigned = outer.Required("assignedPerson", {{"classCode", "ASSIGNED"}});
  outer.End();
  if (!assigned) return enterer;
  Sequence inner(*assigned, "dataEnterer/assignedPerson", problems);
  const auto id = inner.Required("id");
  enterer.id_root = inner.Value(id, "root");
  enterer.id = inner.Value(id, "extension");
  const auto person =
      inner.Required("assignedPerson", {{"classCode", "PSN"}, {"determinerCode", "INSTANCE"}});
  const auto organization = inner.OptionalWith(
      "representedOrganization", {{"determinerCode", "INSTANCE"}, {"classCode", "ORG"}});
  inner.End();
  if (organization) enterer.edipi = ReadOrganization(*organization, problems);
  if (!person) return enterer;
  Sequence parts(*person, "dataEnterer/assignedPerson/assignedPerson", problems);
  const auto name = parts.Required("name");
  parts.End();
  if (name) ReadName(*name, "dataEnterer name", false, enterer.name, problems);
  return enterer;
}

bool IsCredential(absl::string_view extension) {
  const std::vector<absl::string_view> parts = absl::StrSplit(extension, '^');
  if (parts.size() != 5 || parts[1] != "PN" || parts[3] != "USDVA" || parts[4] != "A") return false;
  if (parts[2] == "200VIDM") return IsWord(parts[0], false);
  return parts[2] == "200VLGN" && IsWord(parts[0], true);
}

}  // namespace va::simulators
