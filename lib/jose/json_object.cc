#include "lib/jose/json_object.h"

#include <cmath>
#include <set>
#include <string>
#include <utility>

namespace va::jose {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 16;
constexpr double kMaxSeconds = 253402300799;  // the end of the year 9999

// Watches a parse: names within each open object, and depth.
class Watch {
 public:
  // The signature that nlohmann's parser calls; false drops the value.
  bool operator()(int depth, json::parse_event_t event, const json& parsed) {
    if (depth > kMaxDepth) too_deep_ = true;
    if (too_deep_) return false;
    if (event == json::parse_event_t::object_start) names_.emplace_back();
    if (event == json::parse_event_t::object_end && !names_.empty()) names_.pop_back();
    if (event == json::parse_event_t::key && !names_.back().insert(parsed).second) {
      duplicate_ = true;
    }
    return true;
  }

  bool too_deep() const { return too_deep_; }
  bool duplicate() const { return duplicate_; }

 private:
  std::vector<std::set<std::string>> names_;
  bool too_deep_ = false;
  bool duplicate_ = false;
};

absl::Status Malformed() { return RejectStatus(JoseReject::kClaimMalformed); }

absl::Status ReadText(const json& object, const char* name, std::optional<std::string>& out) {
  const auto at = object.find(name);
  if (at == object.end()) return absl::OkStatus();
  if (!at->is_string()) return Malformed();
  out = at->get<std::string>();
  return absl::OkStatus();
}

// RFC 7519 NumericDate: seconds since 1970, a fraction allowed.
absl::Status ReadTime(const json& object, const char* name, std::optional<absl::Time>& out) {
  const auto at = object.find(name);
  if (at == object.end()) return absl::OkStatus();
  if (!at->is_number()) return Malformed();
  const auto seconds = at->get<double>();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kMaxSeconds) return Malformed();
  out = absl::UnixEpoch() + absl::Seconds(seconds);
  return absl::OkStatus();
}

absl::Status ReadAudience(const json& object, std::vector<std::string>& out) {
  const auto at = object.find("aud");
  if (at == object.end()) return absl::OkStatus();
  if (at->is_string()) {
    out.push_back(at->get<std::string>());
    return absl::OkStatus();
  }
  if (!at->is_array() || at->empty()) return Malformed();
  for (const json& one : *at) {
    if (!one.is_string()) return Malformed();
    out.push_back(one.get<std::string>());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<json> ReadObject(absl::string_view text, JoseReject not_json, JoseReject duplicate) {
  // The library would skip a byte order mark and take a zero byte for the end; neither is JSON.
  if (text.empty() || text.front() == '\xef' || text.find('\0') != absl::string_view::npos) {
    return RejectStatus(not_json);
  }
  Watch watch;
  json object = json::parse(text.begin(), text.end(), std::ref(watch), /*allow_exceptions=*/false);
  if (watch.duplicate()) return RejectStatus(duplicate);
  if (watch.too_deep() || !object.is_object()) return RejectStatus(not_json);
  return object;
}

absl::StatusOr<json> ReadClaimsObject(absl::string_view payload) {
  return ReadObject(payload, JoseReject::kClaimsNotJson, JoseReject::kClaimsDuplicateName);
}

absl::StatusOr<Claims> RegisteredClaims(const json& object) {
  Claims claims;
  absl::Status read = ReadText(object, "iss", claims.issuer);
  read.Update(ReadText(object, "sub", claims.subject));
  read.Update(ReadText(object, "jti", claims.id));
  read.Update(ReadText(object, "azp", claims.authorized_party));
  read.Update(ReadAudience(object, claims.audience));
  read.Update(ReadTime(object, "exp", claims.expires));
  read.Update(ReadTime(object, "nbf", claims.not_before));
  read.Update(ReadTime(object, "iat", claims.issued_at));
  if (!read.ok()) return read;
  return claims;
}

}  // namespace va::jose
