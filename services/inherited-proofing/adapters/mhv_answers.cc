#include "services/inherited-proofing/adapters/mhv_answers.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::proofing {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxIdDigits = 20;
constexpr size_t kMaxWord = 64;
constexpr int64_t kNoSuchAccount = 99;

absl::Status Malformed(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kUnavailable, "MHV_MALFORMED",
                         absl::StrCat("MHV's answer: ", what), true);
}

absl::Status ErrorBody() {
  return base::MakeError(absl::StatusCode::kUnavailable, "MHV_UNAVAILABLE",
                         "MHV answered with an error of its own", true);
}

bool IsDigits(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxIdDigits &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

absl::StatusOr<Json> ParseObject(absl::string_view body) {
  Json json = Json::parse(body.begin(), body.end(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Malformed("not JSON");
  if (!json.is_object()) return Malformed("not an object");
  return json;
}

// The member; null when it is not there.
const Json& Member(const Json& object, const char* name) {
  static const Json kAbsent;
  const auto found = object.find(name);
  return found == object.end() ? kAbsent : *found;
}

// Ids come as numbers, and as strings where they passed through other systems.
absl::StatusOr<identity::CspId> ReadId(const Json& value) {
  if (value.is_null()) return identity::CspId();
  std::string digits;
  if (value.is_number_unsigned()) digits = absl::StrCat(value.get<uint64_t>());
  if (value.is_string()) digits = value.get<std::string>();
  if (!IsDigits(digits)) return Malformed("an id that is no id");
  return identity::CspId::FromWire(std::move(digits));
}

// A short text as MHV writes its words and dates; anything else reads as empty, so that no text of
// unknown kind travels on.
std::string ReadWord(const Json& value) {
  if (!value.is_string()) return "";
  const std::string& text = value.get_ref<const std::string&>();
  const bool plain = text.size() <= kMaxWord && std::all_of(text.begin(), text.end(), [](char c) {
                       return absl::ascii_isprint(static_cast<unsigned char>(c));
                     });
  return plain ? text : "";
}

bool Says(const Json& value, int64_t number) {
  return value.is_number_integer() && value.get<int64_t>() == number;
}

}  // namespace

bool IsMhvId(const identity::CspId& id) { return IsDigits(id.Reveal()); }

absl::StatusOr<std::optional<MhvAccount>> ParseAccount(absl::string_view body) {
  const absl::StatusOr<Json> json = ParseObject(body);
  if (!json.ok()) return json.status();
  const Json& error = Member(*json, "errorCode");
  absl::StatusOr<identity::CspId> id = ReadId(Member(*json, "correlationId"));
  if (!id.ok()) return id.status();
  if (id->empty()) {
    if (Says(error, kNoSuchAccount)) return std::nullopt;
    if (!error.is_null()) return ErrorBody();
    if (ReadWord(Member(*json, "apiCompletionStatus")) == "Successful") return std::nullopt;
    return Malformed("neither an account nor that there is none");
  }
  if (!error.is_null()) return ErrorBody();
  MhvAccount account;
  account.mhv_id = *std::move(id);
  const Json& status = Member(*json, "accountStatus");
  account.status = ReadWord(status);
  // A status left out is not known; one that cannot be read must not pass for that.
  if (account.status.empty() && !status.is_null()) return Malformed("a status that is none");
  return account;
}

absl::StatusOr<ProofingRecord> ParseRecord(absl::string_view body) {
  const absl::StatusOr<Json> json = ParseObject(body);
  if (!json.ok()) return json.status();
  if (!Member(*json, "errorCode").is_null()) return ErrorBody();
  absl::StatusOr<identity::CspId> id = ReadId(Member(*json, "mhvId"));
  if (!id.ok()) return id.status();
  const Json& exists = Member(*json, "identityDocumentExist");
  if (id->empty() && exists.is_null()) return Malformed("no account information in it");
  ProofingRecord record;
  record.mhv_id = *std::move(id);
  // Exactly JSON true: "true", 1 and "yes" are not an answer anybody promised (section 4).
  record.identity_document_exists = exists.is_boolean() && exists.get<bool>();
  record.method = ReadWord(Member(*json, "identityProofedMethod"));
  record.proofed_on = ReadWord(Member(*json, "identityProofingDate"));
  const Json& document = Member(*json, "identityDocumentInfo");
  if (document.is_object()) {
    record.document_type = ReadWord(Member(document, "primaryIdentityDocumentType"));
    record.document_country = ReadWord(Member(document, "primaryIdentityDocumentCountry"));
    record.document_expires = ReadWord(Member(document, "primaryIdentityDocumentExpirationDate"));
  }
  return record;
}

}  // namespace va::proofing
