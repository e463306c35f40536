#include "services/auth-gateway/idp_refresher.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lib/base/status.h"
#include "services/auth-gateway/adapters/metadata_files.h"

namespace va::gateway {
namespace {

using telemetry::AuditEvent;

constexpr absl::Duration kRoundPause = absl::Seconds(1);
constexpr absl::Duration kFirstRetry = absl::Seconds(5);
constexpr int kMostDoublings = 10;
// Gateways that were started together do not ask together: up to a tenth sooner.
constexpr double kJitter = 0.1;

// The closed set of the counter's outcomes.
std::vector<std::string> FetchOutcomes() {
  return {"ok", "unreachable", "timeout", "too_large", "redirected", "http_status", "refused"};
}

constexpr char kIdp[] = "idp";

absl::string_view OutcomeOf(const absl::Status& status) {
  if (status.ok()) return "ok";
  if (MetadataRejectOf(status)) return "refused";
  const std::string reason = base::ReasonOf(status);
  if (reason == "TIMEOUT") return "timeout";
  if (reason == "RESPONSE_TOO_LARGE" || reason == "FILE_TOO_LARGE") return "too_large";
  if (reason == "REDIRECTED") return "redirected";
  if (reason == "HTTP_STATUS") return "http_status";
  return "unreachable";
}

double Seconds(absl::Time time) { return static_cast<double>(absl::ToUnixSeconds(time)); }

bool SameWhence(const MetadataSource& a, const MetadataSource& b) {
  return a.file == b.file && a.url == b.url;
}

const std::vector<crypto::Certificate>& CertificatesOf(const IdpRow& row,
                                                       const IdpDirectory::Known* known) {
  return known != nullptr ? known->metadata.signing_certificates : row.certificates;
}

bool AnyOutOfDate(const std::vector<crypto::Certificate>& certificates, absl::Time now) {
  return std::any_of(certificates.begin(), certificates.end(),
                     [now](const crypto::Certificate& certificate) {
                       return now < certificate.not_before() || certificate.not_after() < now;
                     });
}

}  // namespace

// Shared with the metrics, which may be read for longer than there are providers.
struct IdpMetrics::State {
  // NaN, which is not shown, while the row or what is asked of it does not exist.
  template <typename F>
  double Read(const std::string& name, F&& value_of) {
    const std::lock_guard<std::mutex> lock(mutex);
    const auto found = idps.find(name);
    const std::optional<double> value =
        found == idps.end() ? std::nullopt : std::optional<double>(value_of(found->second));
    return value.value_or(std::nan(""));
  }

  std::mutex mutex;
  std::map<std::string, Values> idps;
  std::map<std::string, std::map<std::string, double, std::less<>>> fetches;
  std::set<std::string> added;  // names that have their readings
};

IdpMetrics::IdpMetrics(telemetry::Metrics& metrics)
    : metrics_(&metrics), state_(std::make_shared<State>()) {}

void IdpMetrics::AddReadings(const std::string& name) const {
  const auto add = [&](const char* metric, const char* help, auto value_of) {
    metrics_->AddReading(metric, help, {{kIdp, name}},
                         [state = state_, name, value_of] { return state->Read(name, value_of); });
  };
  add("va_saml_idp_open", "1 while people can sign in through the identity provider.",
      [](const Values& idp) { return idp.open ? 1.0 : 0.0; });
  add("va_saml_metadata_age_seconds",
      "Since the source of the metadata that serves was last read well.",
      [](const Values& idp) { return idp.age; });
  add("va_saml_metadata_valid_until_seconds", "When the metadata that serves ends, Unix time.",
      [](const Values& idp) { return idp.valid_until; });
  add("va_saml_idp_certificate_not_after_seconds",
      "When the last of its signing certificates ends, Unix time.",
      [](const Values& idp) { return idp.certificate_not_after; });
  // From the first scrape on with every outcome: a rate needs the step from 0, too.
  for (const std::string& outcome : FetchOutcomes()) {
    metrics_->AddReading(
        "va_saml_metadata_fetch_total", "Readings of a source of metadata, by how they ended.",
        {{kIdp, name}, {"outcome", outcome}}, [state = state_, name, outcome] {
          return state->Read(name, [&](const Values& idp) {
            return idp.has_source ? std::optional(state->fetches[name][outcome]) : std::nullopt;
          });
        });
  }
}

void IdpMetrics::Show(std::map<std::string, Values> idps) const {
  if (state_ == nullptr) return;
  std::vector<std::string> fresh;
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->idps = std::move(idps);
    for (const auto& [name, values] : state_->idps) {
      if (state_->added.insert(name).second) fresh.push_back(name);
    }
  }
  // A scrape holds the lock of the metrics while it reads: never the other way round.
  for (const std::string& name : fresh) AddReadings(name);
}

void IdpMetrics::CountFetch(const std::string& name, absl::string_view outcome) const {
  if (state_ == nullptr) return;
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->fetches[name][std::string(outcome)] += 1;
}

IdpRefresher::IdpRefresher(Deps deps, IdpDirectory directory)
    : deps_(std::move(deps)), directory_(std::move(directory)) {
  const absl::Time now = deps_.clock.Now();
  // What is so from the beginning is shown, and is no change.
  for (SamlIdp& idp : directory_.At(now)) {
    const std::string name = idp.name;
    if (!idp.IsOpen()) {
      deps_.log.Warn("saml.idp_switched_off", {{"idp", name}, {"reason", idp.switched_off}});
    }
    told_.insert_or_assign(name, std::move(idp));
  }
  ShowMetrics(now);
}

void IdpRefresher::Start() {
  rounds_ = std::make_unique<base::Periodic>(kRoundPause, [this] { Round(); });
}

void IdpRefresher::Stop() {
  NoMoreRounds();
  rounds_.reset();
}

void IdpRefresher::Use(IdpDirectory next) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::Time now = deps_.clock.Now();
  next.Inherit(directory_, now);
  directory_ = std::move(next);
  // Each source is asked soon: it may be another one.
  turns_.clear();
  ForgetRowsThatWent();
  ShowMetrics(now);
}

// One that comes back later is told about like a new one.
void IdpRefresher::ForgetRowsThatWent() {
  std::set<std::string> names;
  for (const IdpRow& row : directory_.rows()) names.insert(row.name);
  const auto went = [&names](const auto& entry) { return !names.contains(entry.first); };
  std::erase_if(told_, went);
  std::erase_if(told_failures_, went);
  std::erase_if(told_dates_, [&names](const auto& name) { return !names.contains(name); });
}

std::vector<IdpRow> IdpRefresher::Due() const {
  const absl::Time now = deps_.clock.Now();
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<IdpRow> due;
  for (const IdpRow& row : directory_.rows()) {
    const auto turn = turns_.find(row.name);
    if (row.source && (turn == turns_.end() || turn->second.at <= now)) due.push_back(row);
  }
  return due;
}

void IdpRefresher::Round() {
  for (const IdpRow& row : Due()) {
    if (stopping_) return;
    Refresh(row);
  }
  const absl::Time now = deps_.clock.Now();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    TellStates(now);
    TellDates(now);
    ShowMetrics(now);
  }
  if (deps_.after_round) deps_.after_round();
}

void IdpRefresher::Refresh(const IdpRow& row) {
  auto fetched = deps_.fetch(*row.source);
  const absl::Time now = deps_.clock.Now();
  const std::lock_guard<std::mutex> lock(mutex_);
  // Meanwhile the rows were read anew, and this one is another: it has a turn of its own, now.
  if (!IsServing(row)) return;
  const absl::Status status = Take(row, std::move(fetched), now);
  deps_.metrics.CountFetch(row.name, OutcomeOf(status));
  Report(row, status);
  PlanNext(row, status.ok(), now);
}

bool IdpRefresher::IsServing(const IdpRow& row) const {
  const auto& rows = directory_.rows();
  const auto current = std::find_if(rows.begin(), rows.end(),
                                    [&](const IdpRow& one) { return one.name == row.name; });
  return current != rows.end() && current->source && SameWhence(*current->source, *row.source);
}

absl::Status IdpRefresher::Take(const IdpRow& row, absl::StatusOr<std::string> fetched,
                                absl::Time now) {
  if (!fetched.ok()) return fetched.status();
  absl::Status taken = directory_.Accept(row.name, *fetched, now, now);
  if (!taken.ok() || deps_.folder.empty()) return taken;
  const absl::Status kept = KeepMetadataCopy(deps_.folder, row.name, *fetched);
  // It serves all the same; only a restart would miss it.
  if (!kept.ok()) {
    deps_.log.Error("saml.metadata_not_kept",
                    {{"idp", row.name}, {"reason", base::ReasonOf(kept)}});
  }
  return taken;
}

void IdpRefresher::PlanNext(const IdpRow& row, bool good, absl::Time now) {
  Turn& turn = turns_[row.name];
  turn.failures = good ? 0 : std::min(turn.failures + 1, kMostDoublings);
  const absl::Duration usual = directory_.RefreshOf(row);
  const absl::Duration retry = kFirstRetry * (int64_t{1} << std::max(turn.failures - 1, 0));
  const absl::Duration pause = good ? usual : std::min(retry, usual);
  const double random = static_cast<unsigned char>(deps_.ids.RandomBytes(1)[0]) / 255.0;
  turn.at = now + pause * (1.0 - kJitter * random);
}

// A failure that lasts is one line, not one for each try.
void IdpRefresher::Report(const IdpRow& row, const absl::Status& status) {
  std::string& told = told_failures_[row.name];
  const std::string reason = status.ok() ? "" : base::ReasonOf(status);
  if (reason == told) return;
  told = reason;
  if (status.ok()) {
    deps_.log.Info("saml.metadata_good_again", {{"idp", row.name}});
    return;
  }
  deps_.log.Error("saml.metadata_failed",
                  {{"idp", row.name}, {"reason", reason}, {"error", status.message()}});
}

void IdpRefresher::TellStates(absl::Time now) {
  for (SamlIdp& idp : directory_.At(now)) {
    const std::string name = idp.name;
    const auto before = told_.find(name);
    if (before != told_.end() && SameIdps({before->second}, {idp})) continue;
    const bool was_open = before != told_.end() && before->second.IsOpen();
    if (!idp.IsOpen()) {
      Record(name, "switched_off", idp.switched_off);
    } else {
      Record(name, was_open ? "changed" : "opened", "");
    }
    told_.insert_or_assign(name, std::move(idp));
  }
}

void IdpRefresher::TellDates(absl::Time now) {
  for (const IdpRow& row : directory_.rows()) {
    const auto& certificates = CertificatesOf(row, directory_.Find(row.name));
    if (!AnyOutOfDate(certificates, now)) {
      told_dates_.erase(row.name);
    } else if (told_dates_.insert(row.name).second) {
      // Which of the two it is, the row decides (attack S54); either way it is on record.
      Record(row.name, row.check_certificate_dates ? "certificate_left_out" : "certificate_kept",
             kCertificatesOutOfDate);
    }
  }
}

void IdpRefresher::ShowMetrics(absl::Time now) const {
  std::map<std::string, IdpMetrics::Values> all;
  for (const SamlIdp& idp : directory_.At(now)) all[idp.name].open = idp.IsOpen();
  for (const IdpRow& row : directory_.rows()) {
    IdpMetrics::Values& values = all[row.name];
    values.has_source = row.source.has_value();
    const IdpDirectory::Known* const known = directory_.Find(row.name);
    if (known != nullptr) {
      values.age = absl::ToDoubleSeconds(now - known->read_at);
      if (known->metadata.valid_until) values.valid_until = Seconds(*known->metadata.valid_until);
    }
    for (const auto& certificate : CertificatesOf(row, known)) {
      const double end = Seconds(certificate.not_after());
      values.certificate_not_after = std::max(values.certificate_not_after.value_or(end), end);
    }
  }
  deps_.metrics.Show(std::move(all));
}

void IdpRefresher::Record(const std::string& name, absl::string_view outcome,
                          absl::string_view code) const {
  deps_.log.Warn("saml.idp_changed", {{"idp", name}, {"outcome", outcome}, {"reason", code}});
  const absl::Status recorded = deps_.audit.Write(AuditEvent::kMetadataChanged,
                                                  {.outcome = outcome, .code = code, .tag = name});
  if (!recorded.ok()) deps_.log.Error("audit.failed", {{"reason", base::ReasonOf(recorded)}});
}

std::vector<SamlIdp> IdpRefresher::Idps() const {
  const absl::Time now = deps_.clock.Now();
  const std::lock_guard<std::mutex> lock(mutex_);
  return directory_.At(now);
}

std::vector<IdpRow> IdpRefresher::Rows() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return directory_.rows();
}

absl::Status IdpRefresher::Check() const {
  for (const SamlIdp& idp : Idps()) {
    if (idp.IsOpen()) continue;
    return base::MakeError(absl::StatusCode::kUnavailable, idp.switched_off, idp.name);
  }
  return absl::OkStatus();
}

}  // namespace va::gateway
