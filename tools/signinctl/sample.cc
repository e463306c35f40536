#include "tools/signinctl/sample.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::signinctl {
namespace {

constexpr size_t kMostAttributes = 512;  // as the service takes
constexpr int kDeepest = 4;              // of members of members

absl::Status Bad(absl::string_view reason, absl::string_view words) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, words);
}

std::string TextIn(const Sorted& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// A text, or a list of texts; numbers and booleans as they are written. Null is no value.
bool ReadValues(const Sorted& json, std::vector<std::string>& out) {
  if (json.is_null()) return true;
  if (json.is_string()) {
    out.push_back(json.get<std::string>());
    return true;
  }
  if (json.is_boolean() || json.is_number()) {
    out.push_back(json.dump());
    return true;
  }
  if (!json.is_array()) return false;
  for (const Sorted& element : json) {
    if (element.is_array() || !ReadValues(element, out)) return false;
  }
  return true;
}

// Members of an object stand under dotted names, as the gateway hands claims on.
absl::Status ReadStatement(const Sorted& object, const std::string& prefix, bool nested, int depth,
                           Sample::Values& out) {
  for (const auto& [name, value] : object.items()) {
    const std::string full = prefix.empty() ? name : absl::StrCat(prefix, ".", name);
    if (nested && value.is_object() && depth < kDeepest) {
      absl::Status inner = ReadStatement(value, full, nested, depth + 1, out);
      if (!inner.ok()) return inner;
      continue;
    }
    out.emplace_back(full, std::vector<std::string>());
    if (out.size() > kMostAttributes) {
      return Bad("TOO_MANY_ATTRIBUTES", "more attributes than any assertion has");
    }
    if (!ReadValues(value, out.back().second)) {
      return Bad("BAD_ATTRIBUTE", "an attribute's value is neither text nor a list of texts");
    }
  }
  return absl::OkStatus();
}

absl::Status ReadCsp(const std::string& text, identity::Csp& out) {
  const std::optional<identity::Csp> csp = identity::CspFromString(text);
  if (!csp) return Bad("UNKNOWN_CSP", "issuer and service are idme, logingov, mhv or dslogon");
  out = *csp;
  return absl::OkStatus();
}

// Who answered, and with whom the person signed in.
absl::Status ReadProvider(const Sorted& row, Sample& sample) {
  const std::string issuer = TextIn(row, "issuer");
  if (issuer.empty()) return Bad("ISSUER_MISSING", "oidc_claims needs an issuer beside it");
  if (absl::Status known = ReadCsp(issuer, sample.issuer); !known.ok()) return known;
  if (sample.issuer != identity::Csp::kIdme && sample.issuer != identity::Csp::kLogingov) {
    return Bad("UNKNOWN_CSP", "the issuer is idme or logingov");
  }
  const std::string service = TextIn(row, "service");
  sample.service = sample.issuer;
  if (!service.empty()) {
    if (absl::Status known = ReadCsp(service, sample.service); !known.ok()) return known;
  }
  sample.acr = TextIn(row, "acr");
  sample.requested_acr = TextIn(row, "requested_acr");
  return absl::OkStatus();
}

void ReadAttempt(const Sorted& place, Sample& sample) {
  for (const auto& [key, field] :
       {std::pair("authn_context", &sample.authn_context), std::pair("type", &sample.type),
        std::pair("application", &sample.application),
        std::pair("comparison", &sample.comparison)}) {
    if (field->empty()) *field = TextIn(place, key);
  }
  // The tracker's name for it, else the request's.
  for (const char* key : {"skip_dupe", "skip_dupe_id_validation"}) {
    const auto found = place.find(key);
    if (found == place.end()) continue;
    if (found->is_boolean()) sample.skip_dupe = found->get<bool>() ? "true" : "false";
    if (found->is_string()) sample.skip_dupe = found->get<std::string>();
  }
  const auto contexts = place.find("requested_contexts");
  if (contexts == place.end() || !contexts->is_array()) return;
  for (const Sorted& one : *contexts) {
    if (one.is_string()) sample.requested_contexts.push_back(one.get<std::string>());
  }
}

const Sorted* StatementOf(const Sorted& row, const char* key) {
  if (!row.is_object()) return nullptr;
  const auto found = row.find(key);
  return found != row.end() && found->is_object() ? &*found : nullptr;
}

template <typename Out>
void PointInto(const Sample::Values& values, Out& out) {
  for (const auto& [name, texts] : values) {
    attributes::Attribute& attribute = out.emplace_back();
    attribute.name = name;
    for (const std::string& text : texts) attribute.values.emplace_back(text);
  }
}

}  // namespace

absl::StatusOr<Sorted> ParseOnce(const std::string& bytes) {
  std::vector<std::set<std::string>> open;
  bool twice = false;
  const auto watch = [&](int /*depth*/, Sorted::parse_event_t event, Sorted& parsed) {
    if (event == Sorted::parse_event_t::object_start) open.emplace_back();
    if (event == Sorted::parse_event_t::object_end) open.pop_back();
    if (event == Sorted::parse_event_t::key) {
      twice = twice || !open.back().insert(parsed.get<std::string>()).second;
    }
    return true;
  };
  Sorted json = Sorted::parse(bytes, watch, false);
  if (json.is_discarded()) return Bad("NOT_JSON", "the file is not JSON");
  if (twice) return Bad("DUPLICATE_KEY", "a name stands twice in one object");
  return json;
}

attributes::Assertion Sample::View(absl::Time now) const {
  if (!oidc) {
    attributes::SsoeAssertion out;
    out.authn_context = authn_context;
    out.auth_time = now;
    PointInto(values, out.attributes);
    return out;
  }
  attributes::OidcAssertion out;
  out.issuer = issuer;
  out.service = service;
  out.requested_acr = requested_acr;
  out.acr = acr;
  out.auth_time = now;
  PointInto(values, out.claims);
  return out;
}

attributes::Attempt Sample::Planned() const {
  attributes::Attempt out;
  out.type = type;
  out.application = application;
  out.requested_contexts = requested_contexts;
  out.comparison = comparison;
  out.skip_dupe = skip_dupe;
  return out;
}

bool HasStatement(const Sorted& row) {
  return StatementOf(row, "saml_attributes") != nullptr ||
         StatementOf(row, "oidc_claims") != nullptr;
}

absl::StatusOr<Sample> ReadSample(const Sorted& row) {
  const Sorted* const saml = StatementOf(row, "saml_attributes");
  const Sorted* const oidc = StatementOf(row, "oidc_claims");
  if (saml == nullptr && oidc == nullptr) {
    return Bad("NO_ATTRIBUTES", "the file has no object saml_attributes, and no oidc_claims");
  }
  if (saml != nullptr && oidc != nullptr) {
    return Bad("TWO_STATEMENTS", "saml_attributes and oidc_claims: which one counts?");
  }
  Sample sample;
  sample.name = TextIn(row, "name");
  sample.oidc = oidc != nullptr;
  if (absl::Status read =
          ReadStatement(sample.oidc ? *oidc : *saml, "", sample.oidc, 0, sample.values);
      !read.ok()) {
    return read;
  }
  if (sample.oidc) {
    if (absl::Status provider = ReadProvider(row, sample); !provider.ok()) return provider;
  }
  ReadAttempt(row, sample);
  if (const Sorted* const options = StatementOf(row, "options")) ReadAttempt(*options, sample);
  return sample;
}

}  // namespace va::signinctl
