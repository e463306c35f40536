#include "services/user-attributes/wiring.h"

#include <utility>

#include "lib/base/periodic.h"
#include "lib/base/status.h"
#include "lib/config/policy_file.h"
#include "lib/service/reload_units.h"
#include "lib/service/ring_gauges.h"
#include "services/user-attributes/api/grpc/accounts_service.h"
#include "services/user-attributes/api/grpc/attributes_service.h"
#include "services/user-attributes/api/grpc/explain_service.h"
#include "services/user-attributes/api/grpc/terms_service.h"
#include "services/user-attributes/api/grpc/watch_locks.h"
#include "services/user-attributes/contact_wiring.h"
#include "services/user-attributes/store/janitor.h"
#include "services/user-attributes/store/pg_account_directory.h"
#include "services/user-attributes/store/pg_account_events.h"
#include "services/user-attributes/store/pg_account_store.h"
#include "services/user-attributes/store/pg_terms_store.h"

namespace va::attributes {
namespace {

constexpr absl::Duration kSweepPause = absl::Minutes(1);
constexpr absl::Duration kSweepDeadline = absl::Minutes(1);
// Operators are told by an alert that waits longer than this.
constexpr absl::Duration kCountPause = absl::Seconds(15);
constexpr absl::Duration kCountDeadline = absl::Seconds(5);

void SweepOnce(const service::Runtime& runtime, const telemetry::Counter& expired) {
  const absl::Time now = runtime.clock.Now();
  const auto swept = Sweep(runtime.database, {}, now, now + kSweepDeadline);
  if (!swept.ok()) {
    runtime.log.Warn("janitor.failed", {{"reason", base::ReasonOf(swept.status())}});
  } else if (*swept > 0) {
    expired.Add({}, static_cast<double>(*swept));
    runtime.log.Info("janitor.swept", {{"rows", *swept}});
  }
}

// How many merges wait for operators, and how long the oldest has (decision R12). Every process
// shows the same numbers: they are those of the database. While that is down the last ones stand.
class MergeGauges {
 public:
  MergeGauges(const service::Runtime& runtime, AccountDirectory& accounts)
      : runtime_(runtime),
        accounts_(accounts),
        pending_(runtime.metrics.AddGauge("va_attributes_merges_pending",
                                          "Merges that wait for an operator.")),
        oldest_(runtime.metrics.AddGauge("va_attributes_merge_oldest_seconds",
                                         "How long the oldest of them has waited.")) {}

  void Show() const {
    const absl::Time now = runtime_.clock.Now();
    const absl::StatusOr<WaitingMerges> waiting =
        accounts_.CountWaitingMerges(now + kCountDeadline);
    if (!waiting.ok()) {
      runtime_.log.Warn("merges.not_counted", {{"reason", base::ReasonOf(waiting.status())}});
      return;
    }
    pending_.Set({}, static_cast<double>(waiting->count));
    oldest_.Set({}, waiting->oldest ? absl::ToDoubleSeconds(now - *waiting->oldest) : 0);
  }

 private:
  const service::Runtime runtime_;
  AccountDirectory& accounts_;
  const telemetry::Gauge pending_;
  const telemetry::Gauge oldest_;
};

// Owns what the RPC handlers use, in the order it was built.
class UserAttributes final : public service::RunningService {
 public:
  UserAttributes(const Config& config, Loaded loaded, service::Runtime& runtime)
      : loaded_(std::move(loaded)),
        current_terms_(config.terms),
        accounts_(runtime.database, loaded_.sealed_box, loaded_.hasher, runtime.ids),
        terms_(runtime.database),
        directory_(runtime.database, loaded_.sealed_box, loaded_.hasher, runtime.ids),
        digests_(loaded_.hasher),
        decisions_api_({*loaded_.policy, accounts_, loaded_.decisions.signer, runtime.clock,
                        runtime.ids, runtime.log, runtime.audit, digests_}),
        terms_api_({current_terms_, terms_, loaded_.decisions.verifier, runtime.clock, runtime.log,
                    runtime.audit}),
        explain_api_({*loaded_.policy, runtime.clock, runtime.log, runtime.audit}),
        accounts_api_({directory_, runtime.clock, runtime.log, runtime.audit}),
        events_(runtime.database),
        lock_watches_(events_, runtime.clock),
        merges_(runtime, directory_),
        merges_shown_(kCountPause, [this] { merges_.Show(); }),
        janitor_(kSweepPause, [runtime, expired = runtime.metrics.AddCounter(
                                            "va_attributes_rows_expired_total",
                                            "Events of accounts and contact answers forgotten.")] {
          SweepOnce(runtime, expired);
        }) {
    merges_.Show();
  }

  const AttributesServiceImpl& decisions_api() const { return decisions_api_; }
  const TermsServiceImpl& terms_api() const { return terms_api_; }
  const AccountsServiceImpl& accounts_api() const { return accounts_api_; }
  const ExplainServiceImpl& explain_api() const { return explain_api_; }
  LockWatches& lock_watches() { return lock_watches_; }
  void AddReloads(const Config& config, service::Reloads& reloads);
  void WatchRings(service::RingGauges rings) const;
  absl::Status BeginContact(const Config& config, service::Runtime& runtime) {
    auto contact = Contact::Create(config.va_profile,
                                   {loaded_.sealed_box, loaded_.decisions.verifier}, runtime);
    if (!contact.ok()) return contact.status();
    contact_ = *std::move(contact);
    return absl::OkStatus();
  }

 private:
  void ReloadDecisions(const Config& config, service::FileLoader& files);

  Loaded loaded_;
  const TermsDocument current_terms_;
  PgAccountStore accounts_;
  PgTermsStore terms_;
  PgAccountDirectory directory_;
  const CredentialDigester digests_;
  const AttributesServiceImpl decisions_api_;
  const TermsServiceImpl terms_api_;
  const ExplainServiceImpl explain_api_;
  const AccountsServiceImpl accounts_api_;
  PgAccountEvents events_;
  LockWatches lock_watches_;
  std::unique_ptr<const Contact> contact_;
  const MergeGauges merges_;
  const base::Periodic merges_shown_;
  const base::Periodic janitor_;
};

void UserAttributes::WatchRings(service::RingGauges rings) const {
  rings.Watch("keys.sealed_box_file", loaded_.sealed_box);
  rings.Watch("keys.lookup_file", loaded_.hasher);
  rings.Watch("decision.icn_keys_file", [this] { return loaded_.decisions.verifier.IcnKeyAges(); });
  rings.Watch("decision.signing_ring_file",
              [this] { return loaded_.decisions.ring->Get()->Ages(); });
}

void UserAttributes::AddReloads(const Config& config, service::Reloads& reloads) {
  using service::FileLoader;
  reloads.Add({"policy",
               {{"policy.file", config.policy_file}},
               [this, &config](FileLoader& files) {
                 auto policy =
                     files.Take("policy.file", config::LoadPolicyFile(config.policy_file));
                 if (policy) loaded_.policy->Install(*std::move(policy));
               },
               telemetry::AuditEvent::kConfigReloaded});
  reloads.Add(service::RingUnit("sealed_box", {"keys.sealed_box_file", config.sealed_box_file},
                                loaded_.sealed_box));
  reloads.Add(
      service::RingUnit("lookup", {"keys.lookup_file", config.lookup_file}, loaded_.hasher));
  const service::FileSetting ring = {"decision.signing_ring_file", config.signing_ring_file};
  reloads.Add({"decision_keys",
               {ring, {"decision.icn_keys_file", config.icn_keys_file}},
               [this, &config](FileLoader& files) { ReloadDecisions(config, files); },
               telemetry::AuditEvent::kKeyRotated,
               service::FilesOfRing(ring)});
}

void UserAttributes::ReloadDecisions(const Config& config, service::FileLoader& files) {
  Decisions& serving = loaded_.decisions;
  auto next = LoadDecisions(config, files);
  if (!next || !files.problems().empty()) return;
  if (const absl::Status replaces = next->ring->Get()->Replaces(*serving.ring->Get());
      !replaces.ok()) {
    files.Report("decision.signing_ring_file", replaces.message());
    return;
  }
  // What the new key signs can be verified before anything is signed with it.
  serving.verifier.Exchange(next->verifier);
  serving.signer.Exchange(next->signer);
  serving.ring->Swap(next->ring->Get());
}

}  // namespace

std::vector<std::string> Methods() {
  return {kDeriveMethod,
          kAdmitMethod,
          kRenewDecisionMethod,
          kExplainMethod,
          kRecordTermsMethod,
          kGetTermsAcceptanceMethod,
          kGetAccountMethod,
          kListAccountsMethod,
          kLockMethod,
          kUnlockMethod,
          kListMergesMethod,
          kGetMergeMethod,
          kDecideMergeMethod,
          kRevertMergeMethod,
          kForgetAccountMethod,
          kWatchLocksMethod,
          kGetContactInformationMethod,
          kDropContactInformationMethod};
}

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config, Loaded loaded,
                                                              service::Runtime& runtime) {
  auto service = std::make_unique<UserAttributes>(config, std::move(loaded), runtime);
  RegisterAttributesService(service->decisions_api(), runtime.rpc);
  RegisterTermsService(service->terms_api(), runtime.rpc);
  if (absl::Status begun = service->BeginContact(config, runtime); !begun.ok()) return begun;
  RegisterAccountsService(service->accounts_api(), runtime.rpc);
  RegisterExplainService(service->explain_api(), runtime.rpc);
  RegisterWatchLocks(service->lock_watches(), runtime.rpc);
  runtime.metrics.AddReading("va_attributes_lock_watches", "Streams that are told of locks now.",
                             {}, [service = service.get()] {
                               return static_cast<double>(service->lock_watches().watchers());
                             });
  service->AddReloads(config, runtime.reloads);
  service->WatchRings({runtime.metrics, runtime.clock});
  runtime.log.Info("policy.loaded", {{"file", config.policy_file}});
  return service;
}

}  // namespace va::attributes
