#include "tests/conformance/mpi_facade_driver.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/identity/gc_ids.h"
#include "services/mpi-adapter/api/grpc/mpi_service.h"
#include "services/mpi-adapter/domain/changes_testing.h"
#include "services/mpi-adapter/hl7/compatible.h"
#include "tests/conformance/ssoe_attributes_driver.h"

namespace va::conformance {
namespace {

using mpi::Answer;
using mpi::Outcome;
using mpi::testing::SearchAnswer;

absl::Status Odd(const std::string& what) { return absl::InvalidArgumentError(what); }

class NoLog final : public telemetry::Sink {
 public:
  bool Write(absl::string_view /*line*/) override { return true; }
};

class NoAudit final : public telemetry::Audit {
 public:
  absl::Status Write(telemetry::AuditEvent /*event*/,
                     const telemetry::AuditFacts& /*facts*/) override {
    return absl::OkStatus();
  }
};

class NoObserver final : public mpi::CacheObserver {
 public:
  void Looked(mpi::CacheResult /*result*/) override {}
  void ServedAt(absl::Duration /*age*/) override {}
  void StoreFailed() override {}
};

// Lifetimes are shortened by a random share: here by nothing.
class NoChance final : public base::IdGenerator {
 public:
  std::string RandomBytes(size_t count) override { return std::string(count, '\0'); }
};

// The service, with an MPI that answers as the row says.
struct Site : mpi::testing::ChangeBench {
  rpc::CallContext Context() const {
    rpc::CallContext context;
    context.caller = "auth-gateway.va.internal";
    context.deadline = clock.Now() + absl::Seconds(5);
    return context;
  }

  NoLog sink;
  telemetry::Log log{"mpi-adapter", telemetry::Severity::kError, clock, sink};
  NoAudit audit;
  NoObserver observer;
  NoChance chance;
  mpi::CachedMpi cached{{cache, mpi, mpi, clock, chance, observer}, mpi::CacheSettings()};
  mpi::MpiServiceImpl service{{cached, mpi, changes, log, audit}};
};

constexpr char kIcn[] = "1019900417V557122";

// Everybody the rows speak of: they name nobody.
Answer Found() {
  mpi::Profile profile;
  mpi::Name name;
  name.use = "L";
  name.given = {identity::PersonText::FromWire("ZEBULON")};
  name.family = identity::PersonText::FromWire("TESTWELL");
  profile.names = {name};
  profile.birth_date = identity::BirthDate::FromWire("19510409");
  profile.ssn = identity::Ssn::FromWire("987001234");
  profile.ids = identity::GcIds(
      {*identity::ParseCorrelatedId(absl::StrCat(kIcn, "^NI^200M^USVHA^P"), identity::kVaRoot),
       *identity::ParseCorrelatedId("1500600700^NI^200DOD^USDOD^A", identity::kDodRoot)});
  profile.search_token = "WSDOC1";
  Answer answer = SearchAnswer(Outcome::kOk, "MATCH");
  answer.profile = std::move(profile);
  return answer;
}

// The reference's words for what MPI answered, and our own.
absl::StatusOr<Answer> AnswerOf(const std::string& word) {
  static const std::map<std::string, Outcome>& words =
      *new std::map<std::string, Outcome>{{"not_found", Outcome::kNoMatch},
                                          {"server_error", Outcome::kMpiFailed},
                                          {"MULTIPLE_MATCHES", Outcome::kMultipleMatches},
                                          {"INVALID_REQUEST", Outcome::kInvalidRequest},
                                          {"SENDER_REJECTED", Outcome::kSenderRejected},
                                          {"UNPARSEABLE", Outcome::kUnparseable},
                                          {"TIMEOUT", Outcome::kTimeout},
                                          {"TRANSPORT", Outcome::kTransport},
                                          {"BREAKER_OPEN", Outcome::kBreakerOpen}};
  if (word == "ok") return Found();
  const auto found = words.find(word);
  if (found == words.end()) return Odd(absl::StrCat("input.status is ", OneLine(word)));
  return SearchAnswer(found->second);
}

mpi::v1::GetProfileRequest Question(int loa) {
  mpi::v1::GetProfileRequest request;
  request.set_loa_current(loa);
  request.mutable_by_identifier()->set_type(mpi::v1::IDENTIFIER_TYPE_ICN);
  request.mutable_by_identifier()->set_value(kIcn);
  return request;
}

absl::StatusOr<Facts> RunLock(int loa) {
  Site site;
  site.mpi.answers = {Found()};
  const auto response = site.service.GetProfile(site.Context(), Question(loa));
  if (!response.ok()) return response.status();
  Answer answer;
  answer.outcome =
      response->outcome() == common::v1::MPI_OUTCOME_BLOCKED ? Outcome::kBlocked : Outcome::kOk;
  answer.reason = response->reason();
  const mpi::hl7::CompatibleOutcome outcome =
      mpi::hl7::CompatibleOutcomeOf(answer, mpi::hl7::ReadBy::kClient, false);
  Facts facts;
  facts.result = {{"profile", response->has_profile() ? Json("some") : Json()},
                  {"status", outcome.status},
                  {"error", outcome.error.empty() ? Json() : Json(outcome.error)},
                  {"mpi_calls", site.mpi.asked.size()}};
  return facts;
}

absl::StatusOr<Facts> RunCache(const std::string& status) {
  absl::StatusOr<Answer> answer = AnswerOf(status);
  if (!answer.ok()) return answer.status();
  Site site;
  site.mpi.answers = {*std::move(answer)};
  const auto response = site.service.GetProfile(site.Context(), Question(3));
  if (!response.ok()) return response.status();
  Facts facts;
  facts.result["cached"] = !site.cache.kept.empty();
  facts.result["ttl_s"] = Json();
  if (!site.cache.kept.empty()) {
    const mpi::KeptAnswer& kept = site.cache.kept.front().second;
    facts.result["ttl_s"] = absl::ToInt64Seconds(kept.expires_at - kept.asked_at);
  }
  return facts;
}

std::optional<identity::CspId> Code(const Json& codes, const char* name) {
  if (!Member(codes, name).is_string()) return std::nullopt;
  return identity::CspId::FromWire(TextMember(codes, name));
}

absl::StatusOr<Facts> RunProxyAdd(const Json& input) {
  Site site;
  // Something is kept, or there would be nothing to delete.
  site.mpi.answers = {Found()};
  const auto kept = site.service.GetProfile(site.Context(), Question(3));
  if (!kept.ok()) return kept.status();
  const std::string searched = TextMember(input, "orch_search");
  const absl::StatusOr<Answer> second = AnswerOf(searched.empty() ? "ok" : searched);
  if (!second.ok()) return second.status();
  site.mpi.answers = {Found(), *second};
  site.mpi.change_answer = mpi::testing::AddAnswer(Outcome::kOk);
  const Json& codes = Member(input, "add_codes");
  site.mpi.change_answer->codes.birls_id = Code(codes, "birls_id");
  site.mpi.change_answer->codes.participant_id = Code(codes, "participant_id");

  mpi::v1::AddPersonProxyRequest request;
  request.set_loa_current(3);
  request.set_icn(kIcn);
  const auto response = site.service.AddPersonProxy(site.Context(), request);
  if (!response.ok()) return response.status();
  const bool of_search = response->step() == mpi::v1::AddPersonProxyResponse::STEP_SEARCH;
  const mpi::v1::ChangedIds& ids = response->change().ids();
  Facts facts;
  facts.result = {
      {"birls_id", ids.birls_id().empty() ? Json() : Json(ids.birls_id())},
      {"participant_id", ids.participant_id().empty() ? Json() : Json(ids.participant_id())},
      {"cached_entry", site.cache.kept.empty() ? "deleted" : "kept"},
      {"add_called", !site.mpi.sent.empty()},
      {"returned", of_search ? "the failed search response" : "the add response"}};
  return facts;
}

// ---- SSOe ----

void AddToken(const Json& value, const char* suffix, std::string& gc_ids) {
  if (value.is_string()) absl::StrAppend(&gc_ids, value.get<std::string>(), suffix, "|");
}

// A proofed ID.me statement with what the row says in it.
Json StatementOf(const Json& input) {
  Json out = {{"va_eauth_csid", {"idme"}},
              {"va_eauth_credentialassurancelevel", {"3"}},
              {"va_eauth_ial", {"3"}},
              {"va_eauth_aal", {"2"}},
              {"va_eauth_multifactor", {"true"}},
              {"va_eauth_emailaddress", {"ida.fernbrook@example.com"}},
              {"va_eauth_firstname", {"IDA"}},
              {"va_eauth_lastname", {"FERNBROOK"}},
              {"va_eauth_gender", {"female"}},
              {"va_eauth_birthDate_v1", {"19710302"}},
              {"va_eauth_pnidtype", {"SSN"}},
              {"va_eauth_pnid", {"666010001"}}};
  const Json idme =
      input.contains("idme") ? input["idme"] : Json("11d0e4a1f0b24c55a1de6f1b6c2f7a01");
  std::string gc_ids;
  if (idme.is_string()) out["va_eauth_uid"] = Json::array({idme});
  AddToken(idme, "^PN^200VIDM^USDVA^A", gc_ids);
  AddToken(Member(input, "logingov"), "^PN^200VLGN^USDVA^A", gc_ids);
  const Json& edipis = Member(input, "edipis");
  for (const Json& edipi : edipis.is_array() ? edipis : Json::array()) {
    AddToken(edipi, "^NI^200DOD^USDOD^A", gc_ids);
  }
  out["va_eauth_gcIds"] = Json::array({gc_ids});
  for (const auto& [name, value] : input.items()) {
    if (name.rfind("va_eauth_", 0) == 0) out[name] = Json::array({value});
  }
  return out;
}

}  // namespace

absl::StatusOr<Facts> RunMpiFacade(const Row& row, const Mode& /*mode*/,
                                   const Environment& /*environment*/) {
  const Json& input = Member(row.body, "input");
  if (input.size() != 1) return Odd("input is not one fact");
  if (Member(input, "loa").is_number_integer()) return RunLock(input["loa"].get<int>());
  if (Member(input, "status").is_string()) return RunCache(TextMember(input, "status"));
  if (input.contains("add_codes") || input.contains("orch_search")) return RunProxyAdd(input);
  return Odd(absl::StrCat("input is not understood: ", Shown(input)));
}

absl::StatusOr<Facts> RunMpiSsoe(const Row& row, const Mode& mode, const Environment& environment) {
  const Json& input = Member(row.body, "input");
  for (const auto& [name, value] : input.items()) {
    if (name != "application" && name != "edipis" && name != "idme" && name != "logingov" &&
        name != "va_eauth_icn" && name != "va_eauth_mhvicn") {
      return Odd(absl::StrCat("input.", OneLine(name), " is not understood"));
    }
  }
  Row statement = row;
  statement.body = {{"saml_attributes", StatementOf(input)},
                    {"options",
                     {{"authn_context", "http://idmanagement.gov/ns/assurance/loa/3"},
                      {"application", Member(input, "application")}}}};
  return RunSsoeAttributes(statement, mode, environment);
}

}  // namespace va::conformance
