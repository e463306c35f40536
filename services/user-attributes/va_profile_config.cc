#include "services/user-attributes/va_profile_config.h"

#include "absl/strings/match.h"
#include "lib/base/url.h"

namespace va::attributes {
namespace {

// A path is appended to it.
std::string WrongBase(const VaProfileConfig& config) {
  if (config.base_url.empty()) return "";
  const auto parsed = base::ParseUrl(config.base_url);
  const bool good = parsed.ok() && parsed->scheme == "https" && parsed->query.empty() &&
                    parsed->fragment.empty() && !absl::EndsWith(config.base_url, "/") &&
                    !absl::StrContains(config.base_url, "?") &&
                    !absl::StrContains(config.base_url, "#");
  return good ? "" : "must be an https URL without a slash, query or fragment at its end";
}

std::string MissingRoots(const VaProfileConfig& config) {
  if (config.base_url.empty() || !config.ca_file.empty()) return "";
  return "is required with va_profile.base_url";
}

}  // namespace

void BindVaProfile(config::Table& table, VaProfileConfig& config) {
  table.String("va_profile.base_url", &config.base_url,
               "Base of VA Profile; /contact-information-hub/... is appended. Empty: contact "
               "information is not available, and says so");
  table
      .Duration("va_profile.timeout", &config.timeout,
                "For a question to VA Profile, a second try included; a caller's deadline may be "
                "nearer")
      .Range(absl::Milliseconds(100), absl::Seconds(30));
  table
      .Duration("va_profile.cache_for", &config.cache_for,
                "How long an answer is kept, sealed; it also goes with the session. 0: not at all")
      .Range(absl::ZeroDuration(), absl::Hours(23));
  table
      .FilePath("va_profile.tls.ca_file", &config.ca_file,
                "The only roots VA Profile may chain to (PEM)")
      .Live();
  table
      .FilePath("va_profile.tls.certificate_file", &config.certificate_file,
                "Our client certificate (PEM), where VA Profile asks for one")
      .Live();
  table
      .SecretFile("va_profile.tls.private_key_file", &config.private_key_file,
                  "Its private key (PEM)")
      .Live();
  table.Rule("va_profile.base_url", [&config] { return WrongBase(config); });
  table.Rule("va_profile.tls.ca_file", [&config] { return MissingRoots(config); });
}

service::FileLoader::TlsFiles VaProfileTlsFiles(const VaProfileConfig& config) {
  return {config.certificate_file, config.private_key_file, config.ca_file};
}

void CheckVaProfileTls(const VaProfileConfig& config, service::FileLoader& files) {
  if (!config.base_url.empty()) files.CheckTls(kVaProfileTls, VaProfileTlsFiles(config));
}

}  // namespace va::attributes
