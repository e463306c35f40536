#include "services/auth-gateway/store/pg_flow_store.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lib/base/status.h"
#include "services/auth-gateway/store/session_row.h"

namespace va::gateway {
namespace {

using store::Bytes;
using store::Param;
using store::Row;
using store::Rows;
using store::Statement;

// Longer than any id that means well, and short enough for an index.
constexpr size_t kMaxAssertionId = 1024;

// Keeps the four youngest open attempts of the browser beside the new one. `dropped` sees the table
// as it was before the insert.
//
// `lazy`, here and in kClaim, lets the commit not wait for the disk. An attempt that a crash loses
// in that instant is started again. A claim cannot be lost once it matters: the session is stored
// by a later statement that does wait, and what waits brings everything before it to the disk as
// well.
constexpr Statement kStart{"flow_start", R"sql(
WITH dropped AS (
  DELETE FROM flows WHERE id IN (
    SELECT id FROM flows WHERE browser_hash = $3 AND stage = 'started'
    ORDER BY created_at DESC, id OFFSET 4)
), lazy AS (
  SELECT set_config('synchronous_commit', 'off', true)
)
INSERT INTO flows (id, handle_hash, browser_hash, authn_request_id, idp, sign_in_type, application,
  csp, contexts, comparison, force_authn, target, restart, policy_version, on_refusal, had_session,
  created_at, expires_at, skip_dupe, operation, lap, parent, session_hash, session_account,
  session_signed_in, stay_at_level, lap_for)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
  $21, $22, $23, $24, $25, $26, $27
FROM lazy)sql"};

#define VA_FLOW_COLUMNS                                                                           \
  "id, handle_hash, browser_hash, authn_request_id, idp, sign_in_type, application, csp, "        \
  "contexts, comparison, force_authn, target, restart, policy_version, on_refusal, had_session, " \
  "created_at, expires_at, skip_dupe, operation, lap, parent, session_hash, session_account, "    \
  "session_signed_in, stay_at_level, lap_for, terms_first, stage, mhv_account, proofing, "        \
  "outcome, code, tag, loa, "                                                                     \
  "findings, "                                                                                    \
  "waived, stations, effects, rules, decided_under"

constexpr Statement kFindByHandle{"flow_by_handle",
                                  "SELECT " VA_FLOW_COLUMNS " FROM flows WHERE handle_hash = $1"};
constexpr Statement kFindById{"flow_by_id", "SELECT " VA_FLOW_COLUMNS " FROM flows WHERE id = $1"};

#undef VA_FLOW_COLUMNS

// One statement decides (decision P2). `used` records the assertion if the flow is open for it; of
// parallel callers one inserts, the others wait for it and meet its row: the update that changes
// nothing is there to read that row, which this statement's own snapshot does not show. xmax is 0
// only in a row that was inserted. `won` then takes the flow, once for all assertions. A caller
// that comes after the winner finds the flow closed and asks whose assertion it is.
constexpr Statement kClaim{"flow_claim", R"sql(
WITH lazy AS (
  SELECT set_config('synchronous_commit', 'off', true)
), used AS (
  INSERT INTO used_assertions AS u (issuer, assertion_id, flow_id, expires_at)
  SELECT $3, $4, f.id, $5 FROM flows f, lazy
  WHERE f.id = $1 AND f.browser_hash = $2 AND f.stage = 'started' AND f.expires_at > $6
  ON CONFLICT (issuer, assertion_id) DO UPDATE SET issuer = u.issuer
  RETURNING u.flow_id, (u.xmax = 0) AS inserted
), won AS (
  UPDATE flows f SET stage = 'claimed' FROM used
  WHERE f.id = used.flow_id AND used.inserted AND f.stage = 'started'
  RETURNING f.id
)
SELECT EXISTS (SELECT 1 FROM won),
       EXISTS (SELECT 1 FROM used WHERE flow_id = $1 AND NOT inserted)
       OR EXISTS (SELECT 1 FROM used_assertions u JOIN flows f ON f.id = u.flow_id
                  WHERE u.issuer = $3 AND u.assertion_id = $4 AND u.flow_id = $1
                    AND f.browser_hash = $2))sql"};

constexpr Statement kFinish{"flow_finish", R"sql(
UPDATE flows SET stage = 'done', outcome = $2, code = $3, tag = $4, loa = $5, findings = $6,
  waived = $7, stations = $8, effects = $9, rules = $10, decided_under = $11
WHERE id = $1 AND stage <> 'done')sql"};

// The end of the attempt and the session it ends in: both or neither, and once. The session that
// stood when the attempt began ends with it, so that no token outlives the rise (ssoe_saml.md
// 25.35).
constexpr Statement kFinishWithSession{"flow_finish_session", R"sql(
WITH done AS (
  UPDATE flows SET stage = 'done', outcome = $2, code = $3, tag = $4, loa = $5, findings = $6,
    waived = $7, stations = $8, mhv_account = $34, proofing = $35, terms_first = $36,
    effects = $43, rules = $44, decided_under = $45
  WHERE id = $1 AND stage = 'claimed'
  RETURNING id, session_hash
), replaced AS (
  DELETE FROM sessions WHERE token_hash IN (SELECT session_hash FROM done)
)
INSERT INTO sessions (flow_id, token_hash, account_id, verification_id, person, name_id,
  session_index, transaction_id, authn_context, service_name, account_type, multifactor, ial, aal,
  auth_time, csp, pathway, loa_current, loa_highest, application, waived, policy_version,
  created_at, last_seen_at, expires_at, absolute_expires_at, last_signed_in, idp,
  name_id_hash, name_id_format, name_qualifier, sp_name_qualifier)
SELECT done.id, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
  $26, $27, $28, $29, $30, $31, $32, $33, $37,
  $38, $39, $40, $41, $42
FROM done)sql"};

// Lazy as kStart: a state that a crash loses stays pending and is asked for at the next sign-in.
constexpr Statement kRecordProvisioning{"flow_provisioning", R"sql(
WITH lazy AS (
  SELECT set_config('synchronous_commit', 'off', true)
)
UPDATE flows SET
  mhv_account = CASE WHEN mhv_account = 'ensured' THEN mhv_account
                     ELSE COALESCE($2, mhv_account) END,
  proofing = COALESCE($3, proofing)
FROM lazy WHERE id = $1)sql"};

absl::string_view ToText(identity::OnRefusal on_refusal) {
  switch (on_refusal) {
    case identity::OnRefusal::kPage:
      return "page";
    case identity::OnRefusal::kRedirect:
      return "redirect";
  }
  return "page";
}

FlowStage StageFromText(absl::string_view text) {
  if (text == "started") return FlowStage::kStarted;
  if (text == "claimed") return FlowStage::kClaimed;
  return FlowStage::kDone;
}

std::vector<std::string> PackStations(const std::vector<Station>& stations) {
  std::vector<std::string> packed;
  packed.reserve(stations.size());
  for (const Station& station : stations) {
    packed.push_back(absl::StrCat(station.name, "=", station.milliseconds));
  }
  return packed;
}

std::vector<Station> UnpackStations(const std::vector<std::string>& packed) {
  std::vector<Station> stations;
  stations.reserve(packed.size());
  for (const std::string& text : packed) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(text, absl::MaxSplits('=', 1));
    Station station{.name = std::string(parts.first), .milliseconds = 0};
    if (!absl::SimpleAtod(parts.second, &station.milliseconds)) station.milliseconds = 0;
    stations.push_back(std::move(station));
  }
  return stations;
}

constexpr char kFieldMark = '\t';  // in no tag, code, attribute name or name of a policy row

std::vector<std::string> PackEffects(const std::vector<FindingEffect>& effects) {
  std::vector<std::string> packed;
  packed.reserve(effects.size());
  for (const FindingEffect& one : effects) {
    packed.push_back(absl::StrJoin({one.effect, one.code, one.waived_by, one.subject},
                                   std::string(1, kFieldMark)));
  }
  return packed;
}

std::vector<FindingEffect> UnpackEffects(const std::vector<std::string>& packed) {
  std::vector<FindingEffect> effects;
  effects.reserve(packed.size());
  for (const std::string& text : packed) {
    std::vector<std::string> parts = absl::StrSplit(text, kFieldMark);
    parts.resize(4);
    effects.push_back(
        {std::move(parts[0]), std::move(parts[1]), std::move(parts[2]), std::move(parts[3])});
  }
  return effects;
}

absl::Status Unreadable() {
  return base::MakeError(absl::StatusCode::kDataLoss, "FLOW_UNREADABLE",
                         "an attempt holds a value this program does not know");
}

// Reads columns in the order of the SELECT, so that adding one cannot shift the others unseen.
class Columns {
 public:
  explicit Columns(const Row& row) : row_(row) {}
  std::string Text() { return row_.Text(next_++); }
  std::string Octets() { return row_.Bytes(next_++); }
  bool Bool() { return row_.Bool(next_++); }
  int Int() { return static_cast<int>(row_.Int(next_++)); }
  absl::Time Time() { return row_.Time(next_++); }
  // What is absent reads as the infinite past.
  absl::Time TimeOrPast() {
    const int at = next_++;
    return row_.IsNull(at) ? absl::InfinitePast() : row_.Time(at);
  }
  std::vector<std::string> Texts() { return row_.Texts(next_++); }

 private:
  Row row_;
  int next_ = 0;
};

// False for a CSP this program does not know.
bool ReadPlan(Columns& columns, SignInPlan& plan) {
  plan.type = columns.Text();
  plan.application = columns.Text();
  const std::optional<identity::Csp> csp = identity::CspFromString(columns.Text());
  plan.contexts = columns.Texts();
  plan.comparison = columns.Text();
  plan.force_authn = columns.Bool();
  plan.target = columns.Text();
  plan.restart = columns.Text();
  plan.policy_version = columns.Text();
  plan.on_refusal =
      columns.Text() == "redirect" ? identity::OnRefusal::kRedirect : identity::OnRefusal::kPage;
  if (!csp.has_value()) return false;
  plan.csp = *csp;
  return true;
}

std::optional<Outcome> ReadOutcome(Columns& columns) {
  const std::optional<OutcomeKind> kind = OutcomeKindFromString(columns.Text());
  if (!kind.has_value()) return std::nullopt;
  Outcome outcome;
  outcome.kind = *kind;
  outcome.code = columns.Text();
  outcome.tag = columns.Text();
  outcome.loa = columns.Int();
  outcome.findings = columns.Texts();
  outcome.waived = columns.Texts();
  outcome.stations = UnpackStations(columns.Texts());
  outcome.effects = UnpackEffects(columns.Texts());
  outcome.rules = columns.Texts();
  outcome.decided_under = columns.Text();
  return outcome;
}

// Columns of a state by its name; a name this program does not know reads as no state.
Provisioning ReadProvisioning(Columns& columns) {
  Provisioning provisioning;
  provisioning.mhv_account = MhvAccountStateFromString(columns.Text());
  provisioning.proofing = ProofingStateFromString(columns.Text());
  return provisioning;
}

template <typename State>
Param StateParam(const std::optional<State>& state) {
  return state.has_value() ? Param(ToString(*state)) : Param(nullptr);
}

Param TextOrNull(const std::string& text) { return text.empty() ? Param(nullptr) : Param(text); }

Param TimeOrNull(absl::Time time) {
  return time == absl::InfinitePast() ? Param(nullptr) : Param(time);
}

absl::StatusOr<std::optional<FlowRecord>> ReadFlow(const absl::StatusOr<Rows>& rows) {
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::nullopt;
  Columns columns((*rows)[0]);
  FlowRecord flow;
  flow.id = columns.Text();
  flow.handle_hash = columns.Octets();
  flow.browser_hash = columns.Octets();
  flow.authn_request_id = columns.Text();
  flow.idp = columns.Text();
  const bool known = ReadPlan(columns, flow.plan);
  flow.had_session = columns.Bool();
  flow.created_at = columns.Time();
  flow.expires_at = columns.Time();
  flow.plan.skip_dupe = columns.Bool();
  flow.plan.operation = columns.Text();
  flow.lap = columns.Int();
  flow.parent = columns.Text();
  flow.session_hash = columns.Octets();
  flow.session_account = columns.Text();
  flow.session_signed_in = columns.TimeOrPast();
  flow.plan.stay_at_level = columns.Bool();
  flow.lap_for = columns.Text();
  const bool terms_first = columns.Bool();
  flow.stage = StageFromText(columns.Text());
  flow.provisioning = ReadProvisioning(columns);
  flow.outcome = ReadOutcome(columns);
  if (flow.outcome.has_value()) flow.outcome->terms_first = terms_first;
  if (!known || (flow.stage == FlowStage::kDone) != flow.outcome.has_value()) return Unreadable();
  return flow;
}

absl::Status FinishedOnce(const absl::StatusOr<Rows>& rows) {
  if (!rows.ok()) return rows.status();
  if (rows->affected() == 1) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "FLOW_NOT_OPEN",
                         "the attempt ended before, or was never claimed");
}

}  // namespace

absl::Status PgFlowStore::Start(const FlowRecord& flow, absl::Time deadline) {
  const SignInPlan& plan = flow.plan;
  return pool_
      .Exec(deadline, kStart,
            {flow.id,
             Bytes{flow.handle_hash},
             Bytes{flow.browser_hash},
             flow.authn_request_id,
             flow.idp,
             plan.type,
             plan.application,
             identity::ToString(plan.csp),
             plan.contexts,
             plan.comparison,
             plan.force_authn,
             plan.target,
             plan.restart,
             plan.policy_version,
             ToText(plan.on_refusal),
             flow.had_session,
             flow.created_at,
             flow.expires_at,
             plan.skip_dupe,
             plan.operation,
             flow.lap,
             TextOrNull(flow.parent),
             flow.session_hash.empty() ? Param(nullptr) : Param(Bytes{flow.session_hash}),
             TextOrNull(flow.session_account),
             TimeOrNull(flow.session_signed_in),
             plan.stay_at_level,
             flow.lap_for})
      .status();
}

absl::StatusOr<std::optional<FlowRecord>> PgFlowStore::FindByHandle(absl::string_view handle_hash,
                                                                    absl::Time deadline) {
  return ReadFlow(pool_.Exec(deadline, kFindByHandle, {Bytes{handle_hash}}));
}

absl::StatusOr<std::optional<FlowRecord>> PgFlowStore::FindById(absl::string_view request_id,
                                                                absl::Time deadline) {
  absl::StatusOr<Rows> rows = pool_.Exec(deadline, kFindById, {request_id});
  // What is not a uuid names no attempt.
  if (base::ReasonOf(rows.status()) == "BAD_VALUE") return std::nullopt;
  return ReadFlow(rows);
}

absl::StatusOr<Claim> PgFlowStore::ClaimOnce(const FlowRecord& flow, absl::string_view issuer,
                                             absl::string_view assertion_id,
                                             absl::Time usable_until, absl::Time now,
                                             absl::Time deadline) {
  if (issuer.empty() || assertion_id.empty() || issuer.size() > kMaxAssertionId ||
      assertion_id.size() > kMaxAssertionId) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "BAD_VALUE",
                           "an assertion without a usable id");
  }
  const absl::StatusOr<Rows> rows =
      pool_.Exec(deadline, kClaim,
                 {flow.id, Bytes{flow.browser_hash}, issuer, assertion_id, usable_until, now});
  if (!rows.ok()) return rows.status();
  const Row row = (*rows)[0];
  if (row.Bool(0)) return Claim::kWon;
  return row.Bool(1) ? Claim::kRepeat : Claim::kReplay;
}

absl::Status PgFlowStore::Finish(absl::string_view flow_id, const Outcome& outcome,
                                 const SessionRecord* session, const Provisioning& provisioning,
                                 absl::Time deadline) {
  const std::vector<std::string> stations = PackStations(outcome.stations);
  const std::vector<std::string> effects = PackEffects(outcome.effects);
  if (session == nullptr) {
    return FinishedOnce(pool_.Exec(
        deadline, kFinish,
        {flow_id, ToString(outcome.kind), outcome.code, outcome.tag, outcome.loa, outcome.findings,
         outcome.waived, stations, effects, outcome.rules, outcome.decided_under}));
  }
  const SealedSession sealed = Seal(*session, box_, ids_);
  const identity::Assurance& assurance = session->assurance;
  const Param csp =
      assurance.csp.has_value() ? Param(identity::ToString(*assurance.csp)) : Param(nullptr);
  return FinishedOnce(pool_.Exec(deadline, kFinishWithSession,
                                 {flow_id,
                                  ToString(outcome.kind),
                                  outcome.code,
                                  outcome.tag,
                                  outcome.loa,
                                  outcome.findings,
                                  outcome.waived,
                                  stations,
                                  Bytes{session->token_hash},
                                  session->account_id,
                                  session->verification_id,
                                  Bytes{sealed.person},
                                  Bytes{sealed.name_id},
                                  session->session_index,
                                  session->transaction_id,
                                  session->authn_context,
                                  session->service_name,
                                  session->account_type,
                                  session->multifactor,
                                  assurance.ial,
                                  assurance.aal,
                                  assurance.auth_time,
                                  csp,
                                  assurance.pathway,
                                  assurance.loa_current,
                                  assurance.loa_highest,
                                  session->application,
                                  session->waived_findings,
                                  session->policy_version,
                                  session->created_at,
                                  session->last_seen_at,
                                  session->expires_at,
                                  session->absolute_expires_at,
                                  StateParam(provisioning.mhv_account),
                                  StateParam(provisioning.proofing),
                                  outcome.terms_first,
                                  TimeOrNull(session->last_signed_in),
                                  session->idp.empty() ? Param(nullptr) : Param(session->idp),
                                  sealed.name_id_hash,
                                  session->name_id_format,
                                  session->name_qualifier,
                                  session->sp_name_qualifier,
                                  effects,
                                  outcome.rules,
                                  outcome.decided_under}));
}

absl::Status PgFlowStore::RecordProvisioning(absl::string_view flow_id,
                                             const Provisioning& provisioning,
                                             absl::Time deadline) {
  return pool_
      .Exec(deadline, kRecordProvisioning,
            {flow_id, StateParam(provisioning.mhv_account), StateParam(provisioning.proofing)})
      .status();
}

}  // namespace va::gateway
