#include "tools/signinctl/account_json.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lib/identity/disclosure.h"
#include "lib/rpc/wire.h"

namespace va::signinctl {
namespace {

namespace v1 = attributes::v1;

// null: never.
Json TimeOf(bool has, const google::protobuf::Timestamp& time) {
  if (!has || !rpc::IsTime(time)) return nullptr;
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", rpc::UnpackTime(time), absl::UTCTimeZone());
}

// What the service left shut is masked where there must be something.
std::string Shown(const std::string& value) { return value.empty() ? identity::kMask : value; }

std::string TypeName(common::v1::Csp type) {
  const auto csp = rpc::UnpackCsp(type);
  return csp ? std::string(identity::ToString(*csp)) : "unknown";
}

Json ToJson(const v1::Verification& verification) {
  Json json{
      {"verification_id", verification.verification_id()},
      {"type", TypeName(verification.type())},
      {"locked", verification.locked()},
      {"verified_at", TimeOf(verification.has_verified_at(), verification.verified_at())},
      {"backed_by_idme", verification.backed()},
      {"created_at", TimeOf(verification.has_created_at(), verification.created_at())},
      {"last_used_at", TimeOf(verification.has_last_used_at(), verification.last_used_at())},
      {"identifier", Shown(verification.identifier())},
  };
  if (!verification.email().empty()) json["email"] = verification.email();
  return json;
}

}  // namespace

Json ToJson(const v1::Account& account) {
  Json json{
      {"account_id", account.account_id()},
      {"verified", account.verified()},
      {"locked", account.locked()},
      {"created_at", TimeOf(account.has_created_at(), account.created_at())},
      {"icn", account.verified() ? Json(Shown(account.icn())) : Json(nullptr)},
      {"acceptable_verified_credential_at", TimeOf(account.has_acceptable_verified_credential_at(),
                                                   account.acceptable_verified_credential_at())},
      {"idme_verified_credential_at",
       TimeOf(account.has_idme_verified_credential_at(), account.idme_verified_credential_at())},
      {"merges_pending", account.merges_pending()},
      {"former_account_ids", Json::array()},
      {"verifications", Json::array()},
  };
  for (const std::string& id : account.former_account_ids())
    json["former_account_ids"].push_back(id);
  for (const v1::Verification& one : account.verifications()) {
    json["verifications"].push_back(ToJson(one));
  }
  return json;
}

Json ToJson(const v1::Merge& merge) {
  Json json{
      {"merge_id", merge.merge_id()},
      {"state", StateName(merge.state())},
      {"account_id", merge.account_id()},
      {"account_icn", Shown(merge.account_icn())},
      {"verification_id", merge.verification_id()},
      {"other_icn", Shown(merge.other_icn())},
      {"other_account_id",
       merge.other_account_id().empty() ? Json(nullptr) : Json(merge.other_account_id())},
      {"first_request_id", merge.first_request_id()},
      {"last_request_id", merge.last_request_id()},
      {"times_seen", merge.times_seen()},
      {"created_at", TimeOf(merge.has_created_at(), merge.created_at())},
      {"last_seen_at", TimeOf(merge.has_last_seen_at(), merge.last_seen_at())},
      {"steps", Json::array()},
  };
  for (const v1::MergeStep& step : merge.steps()) {
    json["steps"].push_back({{"state", StateName(step.state())},
                             {"operator", step.actor().operator_()},
                             {"reason", step.actor().reason()},
                             {"at", TimeOf(step.has_at(), step.at())}});
  }
  return json;
}

std::string StateName(v1::MergeState state) {
  constexpr absl::string_view kPrefix = "MERGE_STATE_";
  const std::string name = v1::MergeState_Name(state);
  return name.size() > kPrefix.size() ? absl::AsciiStrToLower(name.substr(kPrefix.size()))
                                      : "unknown";
}

v1::MergeState StateByName(const std::string& name) {
  v1::MergeState state = v1::MERGE_STATE_UNSPECIFIED;
  v1::MergeState_Parse(absl::StrCat("MERGE_STATE_", absl::AsciiStrToUpper(name)), &state);
  return state;
}

}  // namespace va::signinctl
