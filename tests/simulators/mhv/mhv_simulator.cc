#include "tests/simulators/mhv/mhv_simulator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/simulators/mhv/account_check.h"
#include "tests/simulators/mhv/token.h"

namespace va::simulators {
namespace {

using nlohmann::json;
using testing::MhvAccount;
using testing::Persona;
using testing::PersonaMhv;
using testing::PersonaMpiRecord;

constexpr size_t kMostSeenIds = 200000;
constexpr int kDeactivated = 805;
constexpr int kNoPerson = 811;
constexpr int kUnknownError = 99;
constexpr int kAppNotAuthenticated = 901;

http::Response JsonOf(int status, const json& body) { return http::Json(status, body.dump()); }

http::Response Refusal(const AccountRefusal& refusal) {
  json body = {{"message", refusal.message}};
  if (refusal.code != 0) body["errorCode"] = refusal.code;
  return JsonOf(refusal.status, body);
}

// Errors of the proofing API come with status 200 too (inherited_proofing.md 4).
http::Response ProofingError(int status, int code, const char* message) {
  return JsonOf(status, {{"errorCode", code}, {"developerMessage", ""}, {"message", message}});
}

http::Response NothingKnown() {
  return ProofingError(200, kUnknownError, "Unknown application error occurred");
}

bool HasIcn(const PersonaMpiRecord& person, const std::string& icn) {
  return person.icn == icn ||
         std::find(person.icns.begin(), person.icns.end(), icn) != person.icns.end();
}

// MHV ids are numbers on this API's wire.
json MhvNumber(const PersonaMhv& mhv) {
  int64_t number = 0;
  return absl::SimpleAtoi(mhv.user_profile_id, &number) ? json(number) : json(mhv.user_profile_id);
}

json DocumentOf(const testing::PersonaProofing& proofing) {
  return {{"primaryIdentityDocumentNumber", proofing.document},
          {"primaryIdentityDocumentType", proofing.document_type},
          {"primaryIdentityDocumentCountry", proofing.document_country},
          {"primaryIdentityDocumentExpirationDate", proofing.document_expires}};
}

json ProofingOf(const PersonaMhv& mhv) {
  json info = {{"mhvId", MhvNumber(mhv)}, {"identityDocumentExist", false}};
  if (!mhv.proofing) return info;
  info["identityProofedMethod"] = mhv.proofing->method;
  info["identityProofingDate"] = mhv.proofing->date;
  if (mhv.proofing->document.empty()) return info;
  info["identityDocumentExist"] = true;
  info["identityDocumentInfo"] = DocumentOf(*mhv.proofing);
  return info;
}

const char* MessageOf(const PersonaMhv& mhv, bool created) {
  if (!created) return "Existing MHV Account Found for ICN";
  return mhv.sm_account_created ? "MHV Account Created"
                                : "MHV Account Created but SM Account not created";
}

}  // namespace

MhvSimulator::MhvSimulator(MhvDeps deps)
    : deps_(std::move(deps)),
      scope_(absl::StrCat(deps_.url, kAccountPath)),
      router_([](const http::Request&, int status) {
        return http::Text(status, "there is nothing at this address\n");
      }) {
  router_.Add("POST", kStsPath, [this](http::Request& request) {
    return Count(kStsPath, &MhvSimulator::Token, request);
  });
  router_.Add("POST", kAccountPath, [this](http::Request& request) {
    return Count(kAccountPath, &MhvSimulator::Account, request);
  });
  router_.Add("GET", absl::StrCat(kValidMhvIdPath, "/{icn}"), [this](http::Request& request) {
    return Count(kValidMhvIdPath, &MhvSimulator::ValidMhvId, request);
  });
  router_.Add("GET", absl::StrCat(kAccountInfoPath, "/{id}"), [this](http::Request& request) {
    return Count(kAccountInfoPath, &MhvSimulator::AccountInfo, request);
  });
  router_.Add("POST", "/_sim/faults", [this](http::Request& request) { return SetFault(request); });
  router_.AddSafe("/_sim/calls", [this](http::Request&) { return Calls(); });
  router_.AddSafe("/_sim/assertions", [this](http::Request&) { return Assertions(); });
  router_.AddSafe("/livez", [](http::Request&) { return http::Json(200, "{\"status\":\"ok\"}"); });
}

http::Response MhvSimulator::Handle(http::Request& request) { return router_.Route(request); }

http::Response MhvSimulator::Count(const char* path, Answer answer, const http::Request& request) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++calls_[path];
  }
  return faults_.Answer(path, [&] { return (this->*answer)(request); });
}

http::Response MhvSimulator::SetFault(const http::Request& request) {
  auto fault = ParseFault(request.body);
  if (!fault.ok())
    return http::Text(400, absl::StrCat(std::string(fault.status().message()), "\n"));
  faults_.Set(*std::move(fault));
  return http::Json(200, "{}");
}

http::Response MhvSimulator::Calls() {
  json counts = json::object();
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const char* path : {kStsPath, kAccountPath, kValidMhvIdPath, kAccountInfoPath}) {
    counts[path] = calls_[path];
  }
  return JsonOf(200, counts);
}

http::Response MhvSimulator::Assertions() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return JsonOf(200, json(assertions_));
}

http::Response MhvSimulator::Token(const http::Request& request) {
  const absl::Time now = deps_.clock.Now();
  CheckedAssertion checked =
      CheckTokenRequest(request, deps_.client, absl::StrCat(deps_.url, kStsPath), scope_, now);
  if (checked.problems.empty() && IsUsedOtherwise(checked)) {
    checked.error = "Assertion is malformed";
    checked.problems.push_back("jti stood on another assertion");
  }
  if (!checked.problems.empty()) {
    Report(checked.problems);
    return JsonOf(400, {{"errors", checked.error}});
  }
  CountAssertion(checked.key_id);
  const json claims = {{"iss", kTokenIssuer},
                       {"aud", deps_.url},
                       {"jti", deps_.ids.Uuid()},
                       {"sub", checked.sub},
                       {"iat", absl::ToUnixSeconds(now)},
                       {"exp", absl::ToUnixSeconds(now + kTokenLifetime)},
                       {"version", "V0"},
                       {"scopes", json::array({scope_})},
                       {"service_account_id", checked.service_account_id},
                       {"user_attributes", {{"icn", checked.sub}}}};
  return JsonOf(200, {{"data", {{"access_token", MakeToken(deps_.token_key, claims)}}}});
}

http::Response MhvSimulator::Account(const http::Request& request) {
  const CheckedAccountRequest checked = CheckAccountRequest(
      request, deps_.api_key, deps_.token_key.Public(), scope_, deps_.clock.Now());
  if (!checked.problems.empty()) {
    Report(checked.problems);
    return Refusal(checked.refusal);
  }
  const Persona* const persona = FindByIcn(checked.icn);
  if (persona == nullptr) return Refusal({400, kNoPerson, "No person found for ICN"});
  if (!persona->mhv) {
    Report({"a request about somebody MHV must not be asked about"});
    return Refusal({400, kNoPerson, "No person found for ICN"});
  }
  const PersonaMhv& mhv = *persona->mhv;
  if (mhv.account == MhvAccount::kDeactivated) {
    return Refusal({400, kDeactivated, "Deactivated Account found in MHV for ICN"});
  }
  const bool created = Create(mhv);
  return JsonOf(200, {{"mhv_userProfileId", mhv.user_profile_id},
                      {"isPremium", mhv.premium},
                      {"isChampVABeneficiary", mhv.champ_va},
                      {"isPatient", mhv.patient},
                      {"isSMAccountCreated", mhv.sm_account_created},
                      {"message", MessageOf(mhv, created)}});
}

http::Response MhvSimulator::ValidMhvId(const http::Request& request) {
  if (auto refused = RefuseProofingCaller(request)) return *std::move(refused);
  const Persona* const persona = FindByIcn(request.Param("icn"));
  if (persona == nullptr || !persona->mhv || !Exists(*persona->mhv)) return NothingKnown();
  return JsonOf(200, {{"correlationId", MhvNumber(*persona->mhv)},
                      {"accountStatus", persona->mhv->premium ? "Premium" : "Advanced"},
                      {"apiCompletionStatus", "Successful"}});
}

http::Response MhvSimulator::AccountInfo(const http::Request& request) {
  if (auto refused = RefuseProofingCaller(request)) return *std::move(refused);
  const Persona* const persona = FindByMhvId(request.Param("id"));
  if (persona == nullptr || !Exists(*persona->mhv)) return NothingKnown();
  return JsonOf(200, ProofingOf(*persona->mhv));
}

std::optional<http::Response> MhvSimulator::RefuseProofingCaller(const http::Request& request) {
  std::vector<std::string> problems;
  const bool known = request.headers.Get("appToken").value_or("") == deps_.app_token;
  if (!known) problems.push_back("header appToken");
  if (!IsJson(request)) problems.push_back("header Content-Type");
  if (request.headers.Get("Accept").value_or("") != "application/json") {
    problems.push_back("header Accept");
  }
  if (problems.empty()) return std::nullopt;
  Report(problems);
  if (!known) return ProofingError(403, kAppNotAuthenticated, "Application authentication failed");
  return ProofingError(415, kUnknownError, "Unsupported media type");
}

void MhvSimulator::CountAssertion(const std::string& key_id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++assertions_[key_id];
}

void MhvSimulator::Report(const std::vector<std::string>& problems) const {
  if (deps_.on_refused) deps_.on_refused(problems);
}

bool MhvSimulator::IsUsedOtherwise(const CheckedAssertion& checked) {
  // The same assertion again is a resent one: an HTTP client does that when a kept connection dies.
  const size_t hash = std::hash<std::string>()(checked.assertion);
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto [seen, is_new] = seen_.emplace(checked.jti, hash);
  if (!is_new) return seen->second != hash;
  seen_order_.push_back(checked.jti);
  if (seen_order_.size() > kMostSeenIds) {
    seen_.erase(seen_order_.front());
    seen_order_.pop_front();
  }
  return false;
}

bool MhvSimulator::Create(const PersonaMhv& mhv) {
  if (mhv.account == MhvAccount::kExisting) return false;
  const std::lock_guard<std::mutex> lock(mutex_);
  return created_.insert(mhv.user_profile_id).second;
}

bool MhvSimulator::Exists(const PersonaMhv& mhv) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return mhv.account == MhvAccount::kExisting || created_.count(mhv.user_profile_id) > 0;
}

const Persona* MhvSimulator::FindByIcn(const std::string& icn) const {
  for (const Persona& persona : deps_.personas) {
    if (persona.mpi.person && HasIcn(*persona.mpi.person, icn)) return &persona;
  }
  return nullptr;
}

const Persona* MhvSimulator::FindByMhvId(const std::string& mhv_id) const {
  for (const Persona& persona : deps_.personas) {
    if (persona.mhv && persona.mhv->user_profile_id == mhv_id) return &persona;
  }
  return nullptr;
}

}  // namespace va::simulators
