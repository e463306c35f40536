#include "services/user-attributes/contact_wiring.h"

#include <utility>

#include "absl/time/clock.h"
#include "lib/http/client.h"
#include "lib/service/breakers.h"
#include "lib/service/reload_units.h"
#include "lib/service/upstream.h"

namespace va::attributes {
namespace {

constexpr char kParty[] = "va_profile";

std::unique_ptr<http::GuardedClient> Guard(http::Client* client, service::Runtime& runtime) {
  if (client == nullptr) return nullptr;
  return std::make_unique<http::GuardedClient>(kParty, *client, runtime.clock, runtime.ids);
}

std::unique_ptr<VaProfile> MakeVaProfile(const VaProfileConfig& config, http::Client* client,
                                         service::Runtime& runtime) {
  // Also where nobody is asked: a metric that comes and goes with a setting is no metric.
  telemetry::Counter outcomes = VaProfileCounter(runtime.metrics);
  if (client == nullptr) return std::make_unique<NoVaProfile>();
  return std::make_unique<HttpVaProfile>(
      HttpVaProfile::Deps{*client, runtime.clock, runtime.ids, runtime.log, outcomes,
                          [](absl::Duration pause) { absl::SleepFor(pause); }},
      HttpVaProfile::Settings{config.base_url, config.timeout});
}

}  // namespace

Contact::Contact(const VaProfileConfig& config, Keys keys, std::unique_ptr<http::Client> client,
                 service::Runtime& runtime)
    : client_(std::move(client)),
      guarded_(Guard(client_.get(), runtime)),
      va_profile_(MakeVaProfile(config, guarded_.get(), runtime)),
      cache_(runtime.database, keys.sealed_box, runtime.ids),
      api_({*va_profile_, cache_, keys.verifier, runtime.clock, runtime.log, config.cache_for}) {
  RegisterContactService(api_, runtime.rpc);
  if (guarded_) service::ShowBreaker(*guarded_, runtime.health, runtime.metrics);
}

absl::StatusOr<std::unique_ptr<Contact>> Contact::Create(const VaProfileConfig& config, Keys keys,
                                                         service::Runtime& runtime) {
  std::unique_ptr<http::Client> client;
  if (!config.base_url.empty()) {
    http::TlsClientOptions tls;
    tls.ca_file = config.ca_file;
    tls.certificate_file = config.certificate_file;
    tls.private_key_file = config.private_key_file;
    auto curl = http::CurlClient::Create(tls);
    if (!curl.ok()) return curl.status();
    runtime.reloads.Add(service::HttpTlsUnit(kVaProfileTls, VaProfileTlsFiles(config), **curl));
    client = service::Metered(*std::move(curl), kParty, runtime);
  } else {
    // Live in the table, and nobody reads them while VA Profile is not asked.
    service::ReloadUnit unused;
    unused.name = "http_tls";
    unused.files = service::FileLoader::SettingsOf(kVaProfileTls, VaProfileTlsFiles(config));
    unused.reload = [](service::FileLoader&) {};
    runtime.reloads.Add(std::move(unused));
  }
  return std::unique_ptr<Contact>(new Contact(config, keys, std::move(client), runtime));
}

}  // namespace va::attributes
