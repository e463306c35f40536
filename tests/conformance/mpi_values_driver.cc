#include "tests/conformance/mpi_values_driver.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/mpi-adapter/hl7/add_answer.h"
#include "services/mpi-adapter/hl7/answer_samples.h"
#include "services/mpi-adapter/hl7/compatible.h"
#include "services/mpi-adapter/hl7/find_answer.h"
#include "tests/conformance/mpi_driver.h"

namespace va::conformance {
namespace {

absl::Status Odd(absl::string_view what) {
  return absl::InvalidArgumentError(std::string(what.data(), what.size()));
}

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {"\"", "&quot;"}});
}

// ---- names ----

Facts ShowNames(const Json& input, bool mpi_compat) {
  Facts facts;
  for (const char* part : {"given", "family"}) {
    if (!input.contains(part)) continue;
    facts.result[part] = mpi::hl7::DisplayName(TextMember(input, part), mpi_compat);
  }
  return facts;
}

Facts ShowSuffix(const Json& input) {
  const std::optional<std::string> suffix = mpi::hl7::NormalizedSuffix(TextMember(input, "suffix"));
  Facts facts;
  facts.result["normalized_suffix"] = suffix ? Json(*suffix) : Json();
  return facts;
}

// ---- one element of the patient ----

// `name@attribute='value'`, or a bare name, with `content` inside.
absl::StatusOr<std::string> ElementOf(absl::string_view item, absl::string_view content) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(item, absl::MaxSplits('@', 1));
  std::string attribute;
  if (!parts.second.empty()) {
    std::pair<absl::string_view, absl::string_view> value =
        absl::StrSplit(parts.second, absl::MaxSplits('=', 1));
    if (!absl::ConsumePrefix(&value.second, "'") || !absl::ConsumeSuffix(&value.second, "'")) {
      return Odd("input.xml: an attribute's value stands between apostrophes");
    }
    attribute = absl::StrCat(" ", value.first, "=\"", Escaped(value.second), "\"");
  }
  return absl::StrCat("<", parts.first, attribute, ">", content, "</", parts.first, ">");
}

// The XML of a path. Children of its last step follow it behind spaces.
absl::StatusOr<std::string> XmlOf(absl::string_view text) {
  std::vector<absl::string_view> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  if (words.empty()) return Odd("input.xml is empty");
  std::string content;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const absl::StatusOr<std::string> child = ElementOf(words[i], "");
    if (!child.ok()) return child.status();
    content += *child;
  }
  absl::string_view path = words.front();
  absl::ConsumePrefix(&path, "patient/");
  const std::vector<absl::string_view> steps = absl::StrSplit(path, '/');
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    absl::StatusOr<std::string> element = ElementOf(*step, content);
    if (!element.ok()) return element.status();
    content = *std::move(element);
  }
  return content;
}

absl::StatusOr<Facts> ReadElement(const Json& input) {
  const absl::StatusOr<std::string> xml = XmlOf(TextMember(input, "xml"));
  if (!xml.ok()) return xml.status();
  mpi::hl7::AnswerParts parts;
  parts.before_person = *xml;
  mpi::hl7::Expected expected;
  expected.require_echo = false;
  expected.question = mpi::ByTraits{};
  const mpi::Answer answer = mpi::hl7::ParseFindAnswer(mpi::hl7::MatchAnswer(parts), expected);
  if (!answer.profile) return Odd(absl::StrCat("input.xml makes no answer: ", answer.reason));
  Facts facts;
  facts.result["id_theft_flag"] = answer.profile->id_theft;
  facts.result["person_types"] = answer.profile->person_types;
  return facts;
}

// ---- the answer to an add ----

absl::StatusOr<std::string> DetailsOf(const Json& codes) {
  std::string out;
  if (codes.is_null()) return out;
  if (!codes.is_array()) return Odd("input.codes is no list");
  for (const Json& pair : codes) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
      return Odd("input.codes holds something else than a code with its name");
    }
    absl::StrAppend(&out, "<acknowledgementDetail><code code=\"",
                    Escaped(pair[0].get<std::string>()), "\" displayName=\"",
                    Escaped(pair[1].get<std::string>()), "\"/></acknowledgementDetail>");
  }
  return out;
}

absl::StatusOr<std::string> AcknowledgementOf(const Json& input) {
  absl::StatusOr<std::string> details = DetailsOf(Member(input, "codes"));
  if (!details.ok()) return details.status();
  if (input.contains("ack") && input["ack"].is_null()) return std::string();
  const std::string code = input.contains("ack") ? TextMember(input, "ack") : "AA";
  return absl::StrCat("<acknowledgement><typeCode code=\"", Escaped(code), "\"/>", *details,
                      "</acknowledgement>");
}

absl::StatusOr<Facts> ReadAdd(const Json& input, bool mpi_compat) {
  const absl::StatusOr<std::string> acknowledgement = AcknowledgementOf(input);
  if (!acknowledgement.ok()) return acknowledgement.status();
  const std::string body = mpi::hl7::SoapEnvelope(absl::StrCat(
      "<MCCI_IN000002UV01 xmlns=\"urn:hl7-org:v3\">", *acknowledgement, "</MCCI_IN000002UV01>"));
  const mpi::ChangeAnswer answer = mpi::hl7::ParseAddAnswer(body, {"", false});
  const mpi::hl7::CompatibleOutcome outcome = mpi::hl7::CompatibleOutcomeOf(answer, mpi_compat);
  Facts facts;
  // A row about codes names them beside each other, one about the outcome under `codes`.
  const Json codes = CodesJson(answer.codes);
  if (input.contains("codes")) facts.result = codes;
  facts.result["codes"] = codes;
  facts.result["status"] = outcome.status;
  facts.result["outcome"] = std::string(mpi::OutcomeName(answer.outcome));
  facts.result["reason"] = answer.reason;
  if (outcome.status != "ok") facts.error = facts.result;
  return facts;
}

}  // namespace

absl::StatusOr<Facts> RunMpiValues(const Row& row, const Mode& mode, const Environment&) {
  const Json& input = Member(row.body, "input");
  const bool mpi_compat = mode.compatible || mode.switches.count("mpi_compat") > 0;
  if (input.contains("xml")) return ReadElement(input);
  if (input.contains("codes") || input.contains("ack")) return ReadAdd(input, mpi_compat);
  if (input.contains("suffix")) return ShowSuffix(input);
  return ShowNames(input, mpi_compat);
}

}  // namespace va::conformance
