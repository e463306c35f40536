#include "lib/testing/sample_sets.h"

#include <yaml-cpp/yaml.h>

#include <cstdio>
#include <cstdlib>

namespace va::testing {
namespace {

constexpr char kVectors[] = "tests/conformance/vectors/ssoe_saml.json";

[[noreturn]] void GiveUp(const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", kVectors, why.c_str());
  std::abort();
}

std::string Text(const YAML::Node& node) { return node.IsScalar() ? node.Scalar() : ""; }

SampleSet ReadRow(const YAML::Node& row) {
  SampleSet out;
  out.row = Text(row["name"]);
  out.fixture = row["fixture"] ? Text(row["fixture"]) : "";
  out.kind = Text(row["options"]["kind"]);
  if (row["options"]["authn_context"]) out.context = Text(row["options"]["authn_context"]);
  for (const auto& attribute : row["saml_attributes"]) {
    auto& [name, values] = out.attributes.emplace_back();
    name = Text(attribute.first);
    for (const auto& value : attribute.second) values.push_back(Text(value));
  }
  return out;
}

}  // namespace

std::vector<SampleSet> SampleSets(absl::string_view kind) {
  std::vector<SampleSet> out;
  try {
    // JSON is YAML.
    for (const auto& row : YAML::LoadFile(kVectors)) {
      const YAML::Node options = row["options"];
      if (!options || !options["kind"] || Text(options["kind"]) != std::string(kind)) continue;
      if (row["saml_attributes"] && row["saml_attributes"].IsMap()) out.push_back(ReadRow(row));
    }
  } catch (const YAML::Exception& e) {
    GiveUp(e.what());
  }
  if (out.empty()) GiveUp("holds no row of kind " + std::string(kind));
  return out;
}

SampleSet SampleSetOf(absl::string_view kind, absl::string_view fixture) {
  for (SampleSet& set : SampleSets(kind)) {
    if (set.fixture == fixture) return std::move(set);
  }
  GiveUp("holds no set " + std::string(fixture));
}

}  // namespace va::testing
