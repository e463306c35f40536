#include "lib/jose/compact.h"

#include <algorithm>

#include "lib/base/encoding.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/json_object.h"

namespace va::jose {
namespace {

using nlohmann::json;

// Members that change what a token means; whoever sends them wants something we do not do.
struct Refused {
  const char* name;
  JoseReject reject;
};
constexpr Refused kRefused[] = {
    {"crit", JoseReject::kHeaderCritical},   {"zip", JoseReject::kHeaderCompressed},
    {"b64", JoseReject::kHeaderUnencoded},   {"jwk", JoseReject::kHeaderEmbeddedKey},
    {"jku", JoseReject::kHeaderEmbeddedKey}, {"x5u", JoseReject::kHeaderEmbeddedKey},
    {"x5c", JoseReject::kHeaderEmbeddedKey},
};

// Whether JSON takes the character within quotes as it stands.
bool IsPlain(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

}  // namespace

absl::Status SplitCompact(absl::string_view token, absl::Span<absl::string_view> parts) {
  if (token.size() > kMaxToken) return RejectStatus(JoseReject::kTokenTooLarge);
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool is_last = i + 1 == parts.size();
    const size_t dot = token.find('.');
    if ((dot == absl::string_view::npos) != is_last) return RejectStatus(JoseReject::kNotCompact);
    parts[i] = token.substr(0, dot);
    if (!is_last) token.remove_prefix(dot + 1);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> DecodePart(absl::string_view part) {
  absl::StatusOr<std::string> bytes = base::Base64UrlDecode(part);
  if (!bytes.ok()) return RejectStatus(JoseReject::kBadBase64);
  return bytes;
}

absl::StatusOr<json> ReadProtected(absl::string_view encoded) {
  if (encoded.size() > kMaxEncodedHeader) return RejectStatus(JoseReject::kHeaderTooLarge);
  const absl::StatusOr<std::string> text = DecodePart(encoded);
  if (!text.ok()) return text.status();
  absl::StatusOr<json> object =
      ReadObject(*text, JoseReject::kHeaderNotJson, JoseReject::kHeaderDuplicateName);
  if (!object.ok()) return object;
  for (const Refused& refused : kRefused) {
    if (object->contains(refused.name)) return RejectStatus(refused.reject);
  }
  return object;
}

absl::Status ReadHeaderText(const json& header, const char* name, std::string& out, bool* present) {
  const auto at = header.find(name);
  if (at == header.end()) return absl::OkStatus();
  if (!at->is_string()) return RejectStatus(JoseReject::kHeaderMalformed);
  out = at->get<std::string>();
  if (present != nullptr) *present = true;
  return absl::OkStatus();
}

bool AppendJsonText(absl::string_view text, std::string& out) {
  if (std::all_of(text.begin(), text.end(), IsPlain)) {
    out.push_back('"');
    out.append(text.data(), text.size());
    out.push_back('"');
    return true;
  }
  // The library escapes what a text may hold; it throws for what is not UTF-8.
  try {
    out += json(std::string(text)).dump();
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

}  // namespace va::jose
