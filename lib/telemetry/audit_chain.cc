#include "lib/telemetry/audit_chain.h"

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/crypto/hash.h"

namespace va::telemetry {
namespace {

using nlohmann::json;

constexpr absl::string_view kHashField = ",\"hash\":\"";
constexpr absl::string_view kLineEnd = "\"}";
constexpr size_t kHexHash = 64;

std::optional<std::string> Text(const json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end() || !at->is_string()) return std::nullopt;
  return at->get<std::string>();
}

int64_t Number(const json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_number_integer() ? at->get<int64_t>() : 0;
}

std::optional<std::string> RawHash(absl::string_view hex) {
  if (hex.size() != kHexHash) return std::nullopt;
  for (const char c : hex) {
    if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
      return std::nullopt;
    }
  }
  return absl::HexStringToBytes(hex);
}

// nullopt: there is a link, and it is malformed.
std::optional<std::optional<ChainHead>> ReadLink(const json& object) {
  const auto at = object.find("link");
  if (at == object.end()) return std::optional<ChainHead>();
  if (!at->is_object()) return std::nullopt;
  const auto chain = Text(*at, "chain");
  const auto hash = RawHash(Text(*at, "hash").value_or(""));
  const int64_t seq = Number(*at, "seq");
  if (!chain || !hash || seq < 1) return std::nullopt;
  return std::optional<ChainHead>(ChainHead{*chain, seq, *hash});
}

}  // namespace

std::string ChainSeed() { return std::string(32, '\0'); }

std::string ChainHash(absl::string_view previous, absl::string_view body) {
  return crypto::Sha256(absl::StrCat(previous, body));
}

std::string SealedLine(absl::string_view body, absl::string_view hash) {
  return absl::StrCat(body, kHashField, base::HexEncode(hash), kLineEnd, "\n");
}

std::optional<ChainedRecord> ReadChainedRecord(absl::string_view line) {
  constexpr size_t kTail = kHashField.size() + kHexHash + kLineEnd.size();
  if (line.size() <= kTail || !absl::EndsWith(line, kLineEnd)) return std::nullopt;
  ChainedRecord record;
  record.body = line.substr(0, line.size() - kTail);
  const absl::string_view tail = line.substr(record.body.size());
  const auto hash = RawHash(tail.substr(kHashField.size(), kHexHash));
  if (!absl::StartsWith(tail, kHashField) || !hash) return std::nullopt;

  const json object = json::parse(line.begin(), line.end(), nullptr, false);
  if (!object.is_object()) return std::nullopt;
  const auto chain = Text(object, "chain");
  const auto event = Text(object, "ev");
  const auto link = ReadLink(object);
  if (!chain || !event || !link) return std::nullopt;
  record.hash = *hash;
  record.chain = *chain;
  record.event = *event;
  record.link = *link;
  record.service = Text(object, "svc").value_or("");
  record.seq = Number(object, "seq");
  record.lost = Number(object, "lost");
  if (record.seq < 1 ||
      !absl::ParseTime(absl::RFC3339_full, Text(object, "ts").value_or(""), &record.at, nullptr)) {
    return std::nullopt;
  }
  return record;
}

}  // namespace va::telemetry
