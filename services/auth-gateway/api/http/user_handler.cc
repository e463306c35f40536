#include "services/auth-gateway/api/http/user_handler.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/status.h"
#include "services/auth-gateway/api/http/aside.h"
#include "services/auth-gateway/api/http/provisioner.h"
#include "services/auth-gateway/api/http/provisioning_view.h"
#include "services/auth-gateway/api/http/session_handlers.h"
#include "services/auth-gateway/api/http/user_view.h"
#include "services/auth-gateway/domain/user_profile.h"

namespace va::gateway {
namespace {

constexpr int kAnswered = 200;
// The reference's own status: the person is known, an outside source failed.
constexpr int kSomeSourceFailed = 296;

// What is asked while the answer is made.
class Sources {
 public:
  Sources(const GatewayDeps& deps, const http::Request& request, const SessionRecord& session)
      : deps_(deps),
        session_(session),
        scope_{request.request_id, deps.clock.Now() + deps.limits.user_deadline} {}

  // Asks all that are to be asked. False: the rules admit this person no longer.
  bool Ask(UserSources& out) {
    if (!AsksMpi(session_)) {
      out.provisioning = ProvisioningOf(deps_, session_).value_or(Provisioning{});
      out.contact_known = true;  // there is nobody to ask about
      return true;
    }
    const absl::Time began = deps_.clock.Now();
    std::optional<absl::StatusOr<PersonRecord>> record;
    Aside mpi(deps_.aside, [&] { record = deps_.records.FindByIcn(session_.person.icn, scope_); });
    const auto renewed = deps_.rules.RenewDecision(session_, deps_.policy.version, scope_);
    out.provisioning = ProvisioningOf(deps_, session_).value_or(Provisioning{});
    mpi.Join();
    if (renewed.ok() && !renewed->admitted) return Refuse(renewed->code, renewed->tag);
    // The account is forgotten, or the credential is another's by now; the session ends by that.
    if (absl::IsNotFound(renewed.status())) return Refuse("", "account_unknown");
    if (!record->ok()) {
      // By which id VA Profile knows the person is MPI's word: nobody can say.
      Fail(kMpiSource, record->status(), began, out);
      return true;
    }
    out.record = **std::move(record);
    AskContact(renewed, out);
    return true;
  }

 private:
  void AskContact(const absl::StatusOr<RenewedDecision>& renewed, UserSources& out) {
    const auto vet360_id = Vet360IdOf(session_, *out.record);
    out.contact_known = true;
    if (!vet360_id.has_value()) return;
    const absl::Time began = deps_.clock.Now();
    const auto contact =
        renewed.ok() ? deps_.contacts.Find(AdmittedPersonOf(session_, renewed->decision_token),
                                           *vet360_id, scope_)
                     : renewed.status();
    if (contact.ok()) {
      out.contact = *contact;
    } else {
      out.contact_known = false;
      Fail(kVaProfileSource, contact.status(), began, out);
    }
  }

  bool Refuse(absl::string_view code, absl::string_view tag) const {
    Record(deps_, telemetry::AuditEvent::kRequestRefused,
           {.request_id = scope_.request_id,
            .application = session_.application,
            .code = code,
            .tag = tag,
            .account_id = session_.account_id});
    return false;
  }

  void Fail(absl::string_view source, const absl::Status& status, absl::Time began,
            UserSources& out) const {
    out.failures.push_back(FailureOf(source, status, began));
    deps_.log.Warn("user.source_failed", {{"req", scope_.request_id},
                                          {"source", source},
                                          {"status", absl::StatusCodeToString(status.code())},
                                          {"reason", base::ReasonOf(status)}});
  }

  const GatewayDeps& deps_;
  const SessionRecord& session_;
  const CallScope scope_;
};

}  // namespace

http::Response HandleUser(const GatewayDeps& deps, http::Request& request) {
  const auto session = SessionOf(deps, request);
  if (!session.ok()) return UnavailableJson();
  if (!session->has_value()) return NotAuthorizedJson();
  UserSources sources;
  if (!Sources(deps, request, **session).Ask(sources)) return NotAuthorizedJson();
  http::Response response = http::Json(sources.failures.empty() ? kAnswered : kSomeSourceFailed,
                                       UserJson(**session, sources));
  response.headers.Set(
      "X-Session-Expiration",
      absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", (*session)->expires_at, absl::UTCTimeZone()));
  return response;
}

void DropContact(const GatewayDeps& deps, const std::string& account_id,
                 const std::string& request_id) {
  // The handlers' dependencies are exchanged while serving; these three live as long as the pool.
  const auto drop = [&contacts = deps.contacts, &clock = deps.clock, &log = deps.log,
                     within = deps.limits.finish_deadline, account_id, request_id] {
    const absl::Status dropped = contacts.Drop(account_id, {request_id, clock.Now() + within});
    if (dropped.ok()) return;
    log.Warn("contact.drop_failed", {{"req", request_id}, {"reason", base::ReasonOf(dropped)}});
  };
  if (deps.provisioner.Later(drop)) return;
  deps.log.Warn("contact.drop_failed", {{"req", request_id}, {"reason", "QUEUE_FULL"}});
}

}  // namespace va::gateway
