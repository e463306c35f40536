#include "services/mpi-adapter/hl7/find_request.h"

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/identity/gc_ids.h"
#include "services/mpi-adapter/hl7/constants.h"
#include "services/mpi-adapter/hl7/field_rules.h"
#include "services/mpi-adapter/hl7/message_writer.h"

namespace va::mpi::hl7 {
namespace {

using identity::kDodRoot;
using identity::kVaRoot;

// Lets MPI correlate with VBA. Trait questions always carry it (not only the orchestrated search,
// which differs by naming the asker in dataEnterer), identifier questions only for EDIPI.
void WriteOrchestration(Writer& out) {
  out.Open("otherIDsScopingOrganization");
  out.Open("value").Attr("extension", "VBA").Attr("root", kVaRoot).Close();
  out.Leaf("semanticsText", kOrchestration).Close();
}

std::string SsnDigits(const ByTraits& traits) { return traits.ssn.WithoutHyphens().Reveal(); }

// Identifier questions have no data enterer; trait questions name the person asked about there, and
// the orchestrated one who asks (mpi_mhv.md 1.5.4).
void WriteEnterer(Writer&, const ByIdentifier&, const MessageStamp&, const MessageSettings&) {}
void WriteEnterer(Writer&, const ByFacility&, const MessageStamp&, const MessageSettings&) {}
void WriteEnterer(Writer& out, const ByTraits& traits, const MessageStamp& stamp,
                  const MessageSettings& settings) {
  WriteDataEnterer(out,
                   {{kDataEntererSsnRoot, SsnDigits(traits)},
                    traits.first_name.Reveal(),
                    traits.middle_name.Reveal(),
                    traits.last_name.Reveal(),
                    traits.edipi.Reveal()},
                   stamp, settings);
}

std::string ExtensionOf(const ByIdentifier& by) {
  switch (by.type) {
    case IdentifierType::kIdme:
      return IdmeExtension(by.value);
    case IdentifierType::kLogingov:
      return LogingovExtension(by.value);
    case IdentifierType::kMhv:
      return MhvExtension(by.value);
    case IdentifierType::kIcn:
    case IdentifierType::kEdipi:
      break;
  }
  return by.value.Reveal();
}

void WriteParameters(Writer& out, const ByIdentifier& by) {
  const bool edipi = by.type == IdentifierType::kEdipi;
  out.Instance("id", edipi ? kDodRoot : kVaRoot, ExtensionOf(by));
  if (edipi) WriteOrchestration(out);
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
  out.Mark("value", "value", WireDay(traits.birth_date)->Reveal());
  out.Leaf("semanticsText", "Date of Birth").Close();
  out.Open("livingSubjectId").Instance("value", kSsnRoot, SsnDigits(traits));
  out.Leaf("semanticsText", "SSN").Close();
  out.Open("livingSubjectName").Open("value").Attr("use", "L");
  WriteNameParts(out, traits.first_name.Reveal(), traits.middle_name.Reveal(),
                 traits.last_name.Reveal());
  out.Close().Leaf("semanticsText", "Legal Name").Close();
  WriteOrchestration(out);
}

absl::string_view CodeOf(SearchType type) {
  switch (type) {
    case SearchType::kCorrelations:
      return "MVI.COMP1";
    case SearchType::kIcnHistory:
      return "MVI.COMP2";
    case SearchType::kRelationships:
      break;
  }
  return "MVI.COMP1.RMS";
}

absl::string_view CodeOf(View view) { return view == View::kCorrelation ? "COR" : "PV"; }

template <typename Ask>
void WriteControlAct(Writer& out, const Ask& ask, const Question& question,
                     const MessageStamp& stamp, const MessageSettings& settings) {
  out.Open("controlActProcess").Attr("classCode", "CACT").Attr("moodCode", "EVN");
  out.Open("code").Attr("code", kFindTrigger).Attr("codeSystem", kInteractionRoot).Close();
  WriteEnterer(out, ask, stamp, settings);
  out.Open("queryByParameter");
  out.Instance("queryId", kQueryRoot, stamp.query_id);
  out.Mark("statusCode", "code", "new");
  out.Mark("modifyCode", "code", CodeOf(question.search));
  out.Mark("initialQuantity", "value", "1");
  out.Open("responseElementGroupId").Attr("extension", CodeOf(question.view));
  out.Attr("root", kVaRoot).Close();
  out.Open("parameterList");
  WriteParameters(out, ask);
  out.Close().Close().Close();
}

absl::Status Check(const ByIdentifier& by, View view) {
  FieldCheck check;
  check.Need("identifier", by.value.Reveal());
  if (by.type == IdentifierType::kEdipi) return check.Edipi("identifier", by.value).status();
  if (by.type != IdentifierType::kIcn) return check.Identifier("identifier", by.value).status();
  check.Icn("identifier", identity::Icn::FromWire(by.value.Reveal()));
  if (view == View::kCorrelation) {
    check.Also(base::MakeError(absl::StatusCode::kInvalidArgument, "VIEW_NOT_SUPPORTED",
                               "view: ICN searches only support the primary view, view=COR"));
  }
  return check.status();
}

absl::Status Check(const ByFacility& by, View /*view*/) {
  FieldCheck check;
  check.Need("identifier", by.vista_id.Reveal()).Need("facility", by.facility);
  check.Identifier("identifier", by.vista_id);
  check.Also(CheckIdentifier("facility", by.facility));
  return check.status();
}

absl::Status Check(const ByTraits& traits, View /*view*/) {
  return FieldCheck()
      .Need("first_name", traits.first_name.Reveal())
      .Need("last_name", traits.last_name.Reveal())
      .Need("birth_date", traits.birth_date.Reveal())
      .Need("ssn", traits.ssn.Reveal())
      .Text("first_name", traits.first_name.Reveal())
      .Text("middle_name", traits.middle_name.Reveal())
      .Text("last_name", traits.last_name.Reveal())
      .Day("birth_date", traits.birth_date)
      .Ssn("ssn", traits.ssn)
      .Edipi("edipi", traits.edipi)
      .status();
}

}  // namespace

absl::StatusOr<xml::Document> BuildFindRequest(const Question& question, const MessageStamp& stamp,
                                               const MessageSettings& settings) {
  const absl::Status status =
      std::visit([&](const auto& ask) { return Check(ask, question.view); }, question.by);
  if (!status.ok()) return status;
  Writer out(settings.u2010_namespaces);
  out.OpenInteraction(kFindRequest);
  WriteHeader(out, kFindRequest, stamp, settings);
  std::visit([&](const auto& ask) { WriteControlAct(out, ask, question, stamp, settings); },
             question.by);
  return out.Finish();
}

}  // namespace va::mpi::hl7
