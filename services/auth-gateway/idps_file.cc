#include "services/auth-gateway/idps_file.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/url.h"
#include "lib/config/yaml_section.h"

namespace va::gateway {
namespace {

using config::Problems;
using config::Section;

constexpr size_t kSha256HexDigits = 64;
constexpr absl::Duration kShortestRefresh = absl::Minutes(1);

// Also the name of a file (the copy that is kept) and of a metric's label.
bool IsName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return absl::ascii_islower(u) || absl::ascii_isdigit(u) || c == '_' || c == '-';
  });
}

std::string HttpsUrl(Section& section, const std::string& key, bool required) {
  std::string url = section.String(key, required);
  const auto parsed = base::ParseUrl(url);
  if (!url.empty() && (!parsed.ok() || parsed->scheme != "https")) {
    section.ProblemAt(key, "must be an absolute https URL");
  }
  return url;
}

SamlBinding Binding(Section& section, const std::string& key) {
  return section.Word<SamlBinding>(
      key, {{"post", SamlBinding::kPost}, {"redirect", SamlBinding::kRedirect}},
      SamlBinding::kPost);
}

std::vector<crypto::Certificate> Certificates(Section& section, const std::string& key,
                                              const std::vector<std::string>& paths) {
  std::vector<crypto::Certificate> certificates;
  for (const std::string& path : paths) {
    auto certificate = crypto::Certificate::FromPemFile(path);
    if (certificate.ok()) {
      certificates.push_back(*std::move(certificate));
    } else {
      section.ProblemAt(key, absl::StrCat(path, ": ", certificate.status().message()));
    }
  }
  return certificates;
}

// By hand: what metadata would say.
void ReadPinned(Section& section, IdpRow& row) {
  row.sso = {HttpsUrl(section, "sso_url", true), Binding(section, "sso_binding")};
  const SamlBinding slo_binding = Binding(section, "slo_binding");
  const std::string slo_url = HttpsUrl(section, "slo_url", false);
  row.slo_response_url = HttpsUrl(section, "slo_response_url", false);
  if (!slo_url.empty()) row.slo = SamlEndpoint{slo_url, slo_binding};
  if (slo_url.empty() && !row.slo_response_url.empty()) {
    section.ProblemAt("slo_response_url", "needs slo_url");
  }
  row.certificates =
      Certificates(section, "certificate_files", section.Strings("certificate_files"));
}

std::string Sha256Pin(Section& section) {
  std::string pin = absl::AsciiStrToLower(section.String("sha256", false));
  const auto bytes = base::HexDecode(pin);
  if (!pin.empty() && (pin.size() != kSha256HexDigits || !bytes.ok())) {
    section.ProblemAt("sha256", "must be 64 hexadecimal digits");
  }
  return pin;
}

absl::Duration AgeOf(Section& section, const std::string& key, absl::Duration fallback) {
  const absl::Duration age = section.Age(key).value_or(fallback);
  if (age < kShortestRefresh) section.ProblemAt(key, "must be at least 1m");
  return age;
}

void CheckWhence(Section& section, const MetadataSource& source) {
  if (source.file.empty() == source.url.empty()) section.Problem("needs either file or url");
  if (!source.url.empty() && source.ca_file.empty()) {
    section.Problem("needs ca_file: the roots the server at the url is known by");
  }
  if (source.url.empty() && !source.ca_file.empty()) section.ProblemAt("ca_file", "needs url");
  if (source.max_age < source.refresh) {
    section.ProblemAt("max_age", "must not be shorter than refresh");
  }
}

MetadataSource ReadSource(Section section, const std::string& entity_id) {
  MetadataSource source;
  source.file = section.String("file", false);
  source.url = HttpsUrl(section, "url", false);
  source.ca_file = section.String("ca_file", false);
  source.refresh = AgeOf(section, "refresh", source.refresh);
  source.max_age = AgeOf(section, "max_age", source.max_age);
  source.trust.entity_id = entity_id;
  source.trust.sha256 = Sha256Pin(section);
  const std::vector<std::string> signers = section.Strings("signing_certificate_files");
  for (const auto& signer : Certificates(section, "signing_certificate_files", signers)) {
    source.trust.signers.push_back(signer.public_key());
  }
  // An address that anybody on the way could answer for is no source of trust.
  if (signers.empty() && source.trust.sha256.empty()) {
    section.Problem("needs signing_certificate_files or sha256: metadata is believed under a pin");
  }
  CheckWhence(section, source);
  section.RefuseUnknownKeys();
  return source;
}

IdpRow ReadRow(Section section, const std::string& name) {
  IdpRow row;
  row.name = name;
  if (!IsName(name)) section.Problem("must be named with a-z, 0-9, - and _");
  row.entity_id = section.String("entity_id", true);
  row.check_certificate_dates = section.Bool("check_certificate_dates", false);
  const YAML::Node source = section.Get("metadata");
  const bool by_hand = section.Get("certificate_files").IsDefined();
  if (source.IsDefined()) {
    row.source =
        ReadSource(Section(source, absl::StrCat(section.name(), ".metadata"), section.problems()),
                   row.entity_id);
  }
  if (source.IsDefined() && by_hand) {
    section.ProblemAt("certificate_files", "and metadata exclude each other");
  } else if (!source.IsDefined()) {
    ReadPinned(section, row);
    if (section.Strings("certificate_files").empty()) {
      section.Problem(
          "needs certificate_files or metadata: a provider without a key cannot be verified");
    }
  }
  section.RefuseUnknownKeys();
  return row;
}

std::vector<IdpRow> ReadIdps(const YAML::Node& root, Problems& problems) {
  std::vector<IdpRow> rows;
  Section top(root, "the file", problems);
  const YAML::Node idps = top.Get("idps");
  top.RefuseUnknownKeys();
  if (!idps.IsDefined() || !idps.IsMap() || idps.size() == 0) {
    top.ProblemAt("idps", "must hold at least one identity provider");
    return rows;
  }
  // Two rows with one entity id: which one a response comes from would be a guess (attack S107).
  std::set<std::string> entity_ids;
  Section(idps, "idps", problems).ForEach([&](const std::string& name, const YAML::Node& node) {
    Section section(node, absl::StrCat("idps.", name), problems);
    rows.push_back(ReadRow(section, name));
    if (!entity_ids.insert(rows.back().entity_id).second) {
      section.ProblemAt("entity_id", "stands in another row, too");
    }
  });
  return rows;
}

absl::Status Invalid(absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "IDPS_INVALID", message);
}

bool Leads(const identity::Policy& policy, const std::string& name) {
  return std::any_of(policy.csps.begin(), policy.csps.end(),
                     [&](const identity::CspRow& csp) { return csp.idp == name; });
}

}  // namespace

absl::StatusOr<std::vector<IdpRow>> ParseIdps(const std::string& text, absl::string_view source) {
  Problems problems(source);
  std::vector<IdpRow> rows;
  try {
    rows = ReadIdps(YAML::Load(text), problems);
  } catch (const YAML::Exception& e) {
    const int line = e.mark.line < 0 ? 1 : e.mark.line + 1;
    return Invalid(absl::StrCat(source, ":", line, ": ", e.msg));
  }
  if (!problems.empty()) return Invalid(problems.Joined());
  return rows;
}

absl::StatusOr<std::vector<IdpRow>> LoadIdpsFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return base::MakeError(absl::StatusCode::kNotFound, "IDPS_FILE",
                           absl::StrCat("cannot read the file of identity providers ", path));
  }
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return ParseIdps(text, path);
}

std::vector<std::string> FilesNamedIn(const std::string& path) {
  std::vector<std::string> files;
  const auto add = [&files](const YAML::Node& node) {
    if (!node.IsDefined()) return;
    if (node.IsScalar() && !node.Scalar().empty()) files.push_back(node.Scalar());
    if (!node.IsSequence()) return;
    for (const auto& one : node) {
      if (one.IsScalar()) files.push_back(one.Scalar());
    }
  };
  try {
    const YAML::Node root = YAML::LoadFile(path);
    if (!root.IsMap() || !root["idps"] || !root["idps"].IsMap()) return files;
    for (const auto& entry : root["idps"]) {
      if (!entry.second.IsMap()) continue;
      add(entry.second["certificate_files"]);
      const YAML::Node source = entry.second["metadata"];
      if (!source || !source.IsMap()) continue;
      for (const char* const key : {"file", "ca_file", "signing_certificate_files"}) {
        add(source[key]);
      }
    }
  } catch (const YAML::Exception&) {
    return {};
  }
  return files;
}

std::string MissingIdps(const identity::Policy& policy, const std::vector<IdpRow>& rows) {
  std::string missing;
  for (const identity::CspRow& csp : policy.csps) {
    const bool there = std::any_of(rows.begin(), rows.end(),
                                   [&](const IdpRow& row) { return row.name == csp.idp; });
    if (there) continue;
    absl::StrAppend(&missing, missing.empty() ? "" : "\n", "the policy's csp ", csp.id,
                    " leads to the identity provider ", csp.idp, ", which has no row");
  }
  return missing;
}

std::vector<std::string> UnusedIdps(const identity::Policy& policy,
                                    const std::vector<IdpRow>& rows) {
  std::vector<std::string> unused;
  for (const IdpRow& row : rows) {
    if (!Leads(policy, row.name)) unused.push_back(row.name);
  }
  return unused;
}

}  // namespace va::gateway
