#include "tests/conformance/cookbook.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace va::conformance {
namespace {

constexpr absl::string_view kSignatures[] = {"RS256", "PS256", "ES256", "EdDSA", "RS512", "ES384"};
// Those that give the same signature each time, among those that we sign with.
constexpr absl::string_view kSignedAgain[] = {"RS256", "EdDSA"};
constexpr absl::string_view kManagements[] = {"RSA-OAEP", "RSA-OAEP-256", "ECDH-ES"};
constexpr absl::string_view kEncryptions[] = {"A128GCM", "A256GCM", "A128CBC-HS256"};
constexpr absl::string_view kPublicMembers[] = {"kty", "kid", "use", "crv", "x", "y", "n", "e"};

template <std::size_t N>
bool Has(const absl::string_view (&list)[N], const std::string& name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

// Why a key is none of ours; empty when it is one.
std::string KeyRefusal(const Json& key) {
  const std::string type = TextMember(key, "kty");
  const std::string curve = TextMember(key, "crv");
  if (type == "oct") return "SYMMETRIC";
  if (type == "EC") return curve == "P-256" || curve == "P-384" ? "" : "CURVE_UNKNOWN";
  if (type == "OKP") return curve == "Ed25519" ? "" : "CURVE_UNKNOWN";
  return type == "RSA" ? "" : "KEY_TYPE_UNKNOWN";
}

Json KeyExpectations(const Json& key) {
  const std::string refusal = KeyRefusal(key);
  if (!refusal.empty()) return {{"expected_error", {{"key", refusal}}}};
  Json members = Json::object();
  for (const absl::string_view name : kPublicMembers) {
    const std::string text(name);
    if (key.contains(text)) members[text] = key.at(text);
  }
  return {{"expected", {{"key", members}}}};
}

// Why the compact form is refused; empty when it is accepted. In the order in which a reader comes
// across the reasons.
std::string Refusal(const Json& protected_header, bool encrypted, const Json& input) {
  if (protected_header.contains("crit")) return "HEADER_CRITICAL";
  if (protected_header.contains("zip")) return "HEADER_COMPRESSED";
  if (protected_header.contains("b64")) return "HEADER_UNENCODED";
  const std::string algorithm = TextMember(input, "alg");
  if (!encrypted) {
    if (!Has(kSignatures, algorithm)) return "ALGORITHM_UNKNOWN";
  } else {
    if (absl::StartsWith(algorithm, "PBES2-")) return "PASSWORD_BASED";
    if (!Has(kManagements, algorithm)) return "KEY_MANAGEMENT_UNKNOWN";
    if (!Has(kEncryptions, TextMember(input, "enc"))) return "CONTENT_ENCRYPTION_UNKNOWN";
  }
  return KeyRefusal(Member(input, "key")).empty() ? "" : "KEY_UNKNOWN";
}

// The JSON serializations are never accepted. A reader of compact tokens counts dots: names in a
// header that is not protected may have as many as a token, which then has parts that are none.
std::string JsonRefusal(const Json& serialization, bool encrypted) {
  const std::string text = serialization.dump();
  const auto dots = std::count(text.begin(), text.end(), '.');
  return dots == (encrypted ? 4 : 2) ? "BAD_BASE64" : "NOT_COMPACT";
}

void AddAccepted(const Json& example, bool encrypted, Json& expected) {
  const Json& input = Member(example, "input");
  const Json& output = Member(example, "output");
  expected["payload"] = Member(input, encrypted ? "plaintext" : "payload");
  if (encrypted) {
    const Json& content = Member(example, "encrypting_content");
    expected["ciphertext"] = Member(content, "ciphertext");
    expected["tag"] = Member(content, "tag");
  } else if (Has(kSignedAgain, TextMember(input, "alg"))) {
    expected["compact"] = Member(output, "compact");
  }
}

Json TokenExpectations(const Json& example) {
  const bool encrypted = example.contains("encrypting_content");
  const Json& output = Member(example, "output");
  const Json& header =
      Member(Member(example, encrypted ? "encrypting_content" : "signing"), "protected");
  Json expected = Json::object();
  Json errors = Json::object();
  if (output.contains("compact")) {
    const std::string refusal = Refusal(header, encrypted, Member(example, "input"));
    if (refusal.empty()) {
      AddAccepted(example, encrypted, expected);
    } else {
      errors["compact"] = refusal;
    }
  }
  for (const char* form : {"json", "json_flat"}) {
    if (output.contains(form)) errors[form] = JsonRefusal(output.at(form), encrypted);
  }
  Json out = Json::object();
  if (!expected.empty()) out["expected"] = expected;
  if (!errors.empty()) out["expected_error"] = errors;
  return out;
}

// A signature within an encryption: both examples, and both layers at once.
Json NestedExpectations(const Json& example) {
  Json out = Json::object();
  for (const char* layer : {"sign", "encrypt"}) {
    const Json inner = TokenExpectations(Member(example, layer));
    for (const char* side : {"expected", "expected_error"}) {
      for (const auto& [name, value] : Member(inner, side).items()) {
        out[side][absl::StrCat(layer, " ", name)] = value;
      }
    }
  }
  out["expected"]["nested payload"] = Member(Member(Member(example, "sign"), "input"), "payload");
  return out;
}

}  // namespace

bool IsCookbookExample(const Json& object) {
  return object.contains("kty") || object.contains("signing") ||
         object.contains("encrypting_content") ||
         (object.contains("sign") && object.contains("encrypt"));
}

Json CookbookExpectations(const Json& example) {
  if (example.contains("kty")) return KeyExpectations(example);
  if (example.contains("sign") && example.contains("encrypt")) return NestedExpectations(example);
  return TokenExpectations(example);
}

}  // namespace va::conformance
