#include "tests/bench/rule_samples.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/util/time_util.h"
#include "lib/identity/gc_ids.h"

namespace va::bench {
namespace {

using identity::BirthDate;
using identity::Icn;
using identity::PersonText;
using identity::Ssn;

constexpr char kIcn[] = "va_eauth_icn";
constexpr char kUid[] = "va_eauth_uid";
constexpr char kMhvUuid[] = "va_eauth_mhvuuid";

std::optional<RuleSample> ReadSample(const nlohmann::json& row) {
  const nlohmann::json options = row.value("options", nlohmann::json::object());
  const auto attributes = row.find("saml_attributes");
  if (options.value("kind", "") != "ssoe_attributes" || attributes == row.end()) return {};
  RuleSample sample;
  sample.name = row.value("name", "");
  sample.authn_context = options.value("authn_context", "");
  for (const auto& [name, values] : attributes->items()) {
    auto& [key, texts] = sample.attributes.emplace_back(name, std::vector<std::string>());
    if (!values.is_array()) return {};
    for (const nlohmann::json& value : values) {
      if (!value.is_string()) return {};
      texts.push_back(value.get<std::string>());
    }
  }
  return sample;
}

void SetContext(const std::string& policy_version, const std::string& request_id,
                attributes::v1::SignInContext& out) {
  out.set_type("idme");
  out.set_application("vaweb");
  out.set_policy_version(policy_version);
  out.set_request_id(request_id);
  out.set_stay_at_level(true);
}

void SetAssertion(const RuleSample& sample, attributes::v1::SsoeAssertion& out) {
  out.set_authn_context(sample.authn_context);
  for (const auto& [key, values] : sample.attributes) {
    auto& attribute = *out.add_attributes();
    attribute.set_name(key);
    for (const std::string& value : values) attribute.add_values(value);
  }
  *out.mutable_auth_time() = google::protobuf::util::TimeUtil::GetCurrentTime();
}

}  // namespace

std::size_t RuleSample::Bytes() const {
  std::size_t bytes = 0;
  for (const auto& [key, values] : attributes) {
    bytes += key.size();
    for (const std::string& value : values) bytes += value.size();
  }
  return bytes;
}

std::string RuleSample::Value(const std::string& attribute) const {
  for (const auto& [key, values] : attributes) {
    if (key == attribute && !values.empty() && values.front() != "NOT_FOUND") {
      return values.front();
    }
  }
  return "";
}

attributes::SsoeAssertion RuleSample::View(absl::Time auth_time) const {
  attributes::SsoeAssertion out;
  out.authn_context = authn_context;
  out.auth_time = auth_time;
  for (const auto& [key, values] : attributes) {
    attributes::Attribute& attribute = out.attributes.emplace_back();
    attribute.name = key;
    for (const std::string& value : values) attribute.values.emplace_back(value);
  }
  return out;
}

attributes::MpiAnswer RuleSample::MatchingAnswer() const {
  attributes::MpiAnswer answer;
  answer.outcome = attributes::MpiOutcome::kOk;
  attributes::MpiProfile& profile = answer.profile.emplace();
  profile.icn = Icn::FromWire(Value(kIcn));
  profile.first_name = PersonText::FromWire(Value("va_eauth_firstname"));
  profile.last_name = PersonText::FromWire(Value("va_eauth_lastname"));
  profile.birth_date = BirthDate::FromWire(Value("va_eauth_birthDate_v1")).Dashed();
  profile.ssn = Ssn::FromWire(Value("va_eauth_pnid")).WithoutHyphens();
  profile.ids = identity::ParseGcIds(Value("va_eauth_gcIds"));
  return answer;
}

RuleSample RuleSample::ForPerson(int n) const {
  RuleSample out = *this;
  const std::vector<std::pair<std::string, std::string>> ids = {
      {Value(kIcn), absl::StrFormat("%010dV%06d", 1900000000 + n, n % 1000000)},
      {Value(kUid), absl::StrFormat("%032x", 0x5eed0000 + n)},
      {Value(kMhvUuid), absl::StrFormat("%08d", 20000000 + n)},
  };
  for (auto& [key, values] : out.attributes) {
    for (std::string& value : values) {
      for (const auto& [from, to] : ids) {
        if (!from.empty()) value = absl::StrReplaceAll(value, {{from, to}});
      }
    }
  }
  return out;
}

attributes::v1::DeriveRequest RuleSample::ToDerive(const std::string& policy_version) const {
  attributes::v1::DeriveRequest out;
  SetContext(policy_version, "", *out.mutable_context());
  SetAssertion(*this, *out.mutable_ssoe());
  return out;
}

attributes::v1::AdmitRequest RuleSample::ToAdmit(const std::string& policy_version,
                                                 const std::string& request_id) const {
  attributes::v1::AdmitRequest out;
  SetContext(policy_version, request_id, *out.mutable_context());
  SetAssertion(*this, *out.mutable_ssoe());
  out.set_mpi_outcome(common::v1::MPI_OUTCOME_OK);
  common::v1::Profile& profile = *out.mutable_mpi_profile();
  profile.set_icn(Value(kIcn));
  profile.add_icns(Value(kIcn));
  common::v1::PersonName& legal = *profile.add_names();
  legal.add_given(Value("va_eauth_firstname"));
  legal.set_family(Value("va_eauth_lastname"));
  legal.set_use("L");
  profile.set_birth_date(Value("va_eauth_birthDate_v1"));
  profile.set_ssn(Value("va_eauth_pnid"));
  for (const identity::CorrelatedId& row : identity::ParseGcIds(Value("va_eauth_gcIds")).rows()) {
    common::v1::CorrelatedId& id = *profile.add_ids();
    id.set_id(std::string(row.id.Reveal()));
    id.set_id_type(std::string(row.id_type));
    id.set_facility(std::string(row.facility));
    id.set_authority(std::string(row.authority));
    id.set_status(std::string(row.status));
    id.set_root(std::string(row.facility == "200DOD" ? identity::kDodRoot : identity::kVaRoot));
  }
  return out;
}

absl::StatusOr<std::vector<RuleSample>> LoadRuleSamples(const std::string& vector_file) {
  std::ifstream file(vector_file);
  const nlohmann::json rows = nlohmann::json::parse(file, nullptr, false);
  if (!rows.is_array()) return absl::NotFoundError(absl::StrCat(vector_file, " holds no rows"));
  std::vector<RuleSample> samples;
  std::set<std::vector<std::pair<std::string, std::vector<std::string>>>> seen;
  for (const nlohmann::json& row : rows) {
    std::optional<RuleSample> sample = ReadSample(row);
    if (sample && seen.insert(sample->attributes).second) samples.push_back(*std::move(sample));
  }
  std::stable_sort(samples.begin(), samples.end(),
                   [](const RuleSample& a, const RuleSample& b) { return a.Bytes() > b.Bytes(); });
  return samples;
}

}  // namespace va::bench
