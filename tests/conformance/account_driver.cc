#include "tests/conformance/account_driver.h"

#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/reference_names.h"
#include "lib/crypto/random.h"
#include "lib/store/migrator.h"
#include "lib/testing/temp_postgres.h"
#include "services/user-attributes/domain/credential_dates.h"
#include "services/user-attributes/domain/linking.h"
#include "services/user-attributes/domain/verification.h"
#include "services/user-attributes/migrations.h"
#include "services/user-attributes/store/pg_account_directory.h"
#include "services/user-attributes/store/pg_account_store.h"

namespace va::conformance {
namespace {

using attributes::Credential;
using attributes::LinkedAccount;
using identity::Csp;
using identity::CspId;

const absl::Time kNow = absl::FromUnixSeconds(1700000000);
const absl::Time kEarlier = kNow - absl::Hours(24);
const absl::Time kNever = absl::InfiniteFuture();

// The store on a database that is made with the first row and gone with the program.
class Bench {
 public:
  static absl::StatusOr<Bench*> Get() {
    static absl::StatusOr<std::unique_ptr<Bench>> bench = Make();
    if (bench.ok()) return bench->get();
    // Not a sample that is missing elsewhere: the row fails.
    return absl::FailedPreconditionError(bench.status().message());
  }

  // Identifiers of a row are nobody else's.
  std::string NextPrefix() { return absl::StrCat(++rows_, "/"); }
  std::string Psql(const std::string& sql) {
    return database_->Psql("SET search_path = attributes; " + sql).value_or("?");
  }

  attributes::PgAccountStore& store() { return store_; }
  attributes::PgAccountDirectory& directory() { return directory_; }
  const crypto::SealedBox& box() const { return box_; }

 private:
  Bench(std::unique_ptr<testing::TempDatabase> database, std::unique_ptr<store::Pool> pool,
        const std::string& key)
      : database_(std::move(database)),
        pool_(std::move(pool)),
        box_(crypto::SealedBox::FromRing(crypto::KeyRing::FromText(key).value())),
        hasher_(crypto::LookupHasher::FromRing(crypto::KeyRing::FromText(key).value())),
        store_(*pool_, box_, hasher_, ids_),
        directory_(*pool_, box_, hasher_, ids_) {}

  static absl::StatusOr<std::unique_ptr<Bench>> Make() {
    auto database = testing::TempDatabase::Create("attributes");
    if (!database.ok()) return database.status();
    absl::Status migrated = store::Migrate((*database)->Owner(), attributes::Migrations());
    if (!migrated.ok()) return migrated;
    auto pool = store::Pool::Create((*database)->App());
    if (!pool.ok()) return pool.status();
    return std::unique_ptr<Bench>(
        new Bench(*std::move(database), *std::move(pool), "k:" + std::string(64, '1')));
  }

  std::unique_ptr<testing::TempDatabase> database_;
  std::unique_ptr<store::Pool> pool_;
  crypto::SystemIdGenerator ids_;
  crypto::SealedBox box_;
  crypto::LookupHasher hasher_;
  attributes::PgAccountStore store_;
  attributes::PgAccountDirectory directory_;
  int rows_ = 0;
};

Json ErrorJson(absl::string_view reason) {
  const base::ReferenceName* name = base::FindReferenceName(base::kAccountReasons, reason);
  Json out;
  out["class"] = name != nullptr ? std::string(name->class_name) : std::string();
  out["message"] = name != nullptr ? std::string(name->message) : std::string();
  // Rows of the SAML file have the class without its module.
  const std::string with_module = out["class"].get<std::string>();
  const std::size_t module = with_module.rfind(':');
  out["code"] = module == std::string::npos ? with_module : with_module.substr(module + 1);
  return out;
}

// The member as a text; `other` when the row leaves it open, nothing when it is null.
std::optional<std::string> TextOr(const Json& input, const std::string& name,
                                  const std::optional<std::string>& other) {
  if (!input.contains(name)) return other;
  const Json& value = input.at(name);
  if (value.is_null()) return std::nullopt;
  return value.is_string() ? value.get<std::string>() : value.dump();
}

bool BoolOr(const Json& input, const std::string& name, bool other) {
  const Json& value = Member(input, name);
  return value.is_boolean() ? value.get<bool>() : other;
}

// A row of either file, read: what comes in, and what stands there before.
struct Case {
  Csp type = Csp::kIdme;
  attributes::Claims claims;
  std::optional<std::string> icn;
  std::string digest;
  bool exists = false;
  std::string existing_account = "A";
  std::optional<std::string> existing_icn;  // of its account
  absl::Time existing_since = kNow;
  std::string existing_digest;
  std::optional<std::string> existing_backing;
  std::optional<std::string> icn_account;
  bool kind_locked = false;
};

// "verified on B", "unverified on B", "unverified".
void ReadShortVerification(const std::string& text, const std::string& other_icn, Case& out) {
  out.exists = true;
  const std::size_t on = text.find(" on ");
  if (on != std::string::npos) out.existing_account = text.substr(on + 4);
  if (absl::StartsWith(text, "verified")) {
    out.existing_icn = out.icn_account == out.existing_account ? out.icn : other_icn;
    out.existing_since = kEarlier;
  }
}

void ReadVerification(const Json& from, Case& out) {
  out.exists = true;
  out.existing_account = TextOr(from, "account", "A").value_or("A");
  // Without a word about it, the account is the one that the sign-in names.
  out.existing_icn = TextOr(from, "account_icn", out.icn);
  if (from.contains("verified_at") || out.existing_icn) out.existing_since = kEarlier;
  out.existing_digest = TextOr(from, "digest", "").value_or("");
  out.existing_backing = TextOr(from, "backing_idme_uuid", std::nullopt);
}

absl::StatusOr<Case> Decode(const Json& input, const std::string& prefix) {
  if (!input.is_object()) return absl::InvalidArgumentError("no input");
  Case out;
  const std::string type =
      TextOr(input, "login_type", TextOr(input, "type", "idme")).value_or("idme");
  const std::optional<Csp> csp = identity::CspFromString(type);
  if (!csp) return absl::InvalidArgumentError(absl::StrCat("type ", OneLine(type)));
  out.type = *csp;
  const auto id = [&](const char* name, bool own) -> std::optional<CspId> {
    const std::optional<std::string> open = TextOr(input, own ? "identifier" : "", name);
    const std::optional<std::string> text = TextOr(input, name, open);
    if (!text) return std::nullopt;
    return CspId::FromWire(prefix + *text);
  };
  out.claims.service = out.type;
  out.claims.idme_uuid = id("idme_uuid", out.type == Csp::kIdme);
  if (out.type == Csp::kLogingov) {
    out.claims.logingov_uuid = id("logingov_uuid", true);
    out.claims.idme_uuid.reset();
  }
  if (out.type == Csp::kMhv) out.claims.mhv_id = id("mhv_uuid", true);
  if (out.type == Csp::kDslogon) out.claims.edipi = id("dslogon_uuid", true);
  out.claims.uuid = out.claims.idme_uuid ? out.claims.idme_uuid : out.claims.logingov_uuid;
  out.icn = TextOr(input, "icn", std::nullopt);
  out.digest = TextOr(input, "digest", "").value_or("");
  out.icn_account =
      TextOr(input, "account_for_icn", TextOr(input, "account_with_icn", std::nullopt));
  out.kind_locked = BoolOr(input, "same_type_locked", false);
  const Json& existing = Member(input, "existing_verification");
  if (existing.is_object()) ReadVerification(existing, out);
  const std::string brief = TextMember(input, "existing_uv");
  if (!brief.empty()) ReadShortVerification(brief, "another-icn", out);
  return out;
}

// One lap of a row: the state before it, the call, and what the call left behind.
class Verifier {
 public:
  Verifier(Bench& bench, std::string prefix, const Case& row)
      : bench_(bench), prefix_(std::move(prefix)), row_(row) {}

  absl::StatusOr<Facts> Run(bool overwrite_icn);

 private:
  absl::Status Arrange();
  absl::StatusOr<LinkedAccount> Link(const Credential& credential, absl::Time now, bool overwrite);
  absl::StatusOr<Credential> Incoming() const;
  void Show(const LinkedAccount& linked, const Credential& credential, Json& out);
  std::string LabelOf(const std::string& account_id) const;
  Json Plain(const std::string& text) const {
    if (text.empty()) return nullptr;
    return absl::StartsWith(text, prefix_) ? text.substr(prefix_.size()) : text;
  }
  std::string Opened(const std::string& column, const std::string& name, const std::string& row);

  Bench& bench_;
  const std::string prefix_;
  const Case& row_;
  std::vector<std::pair<std::string, std::string>> labels_;  // id, as the row calls it
  std::string existing_id_;
};

absl::StatusOr<LinkedAccount> Verifier::Link(const Credential& credential, absl::Time now,
                                             bool overwrite) {
  return bench_.store().Link(credential, {"row", overwrite}, now, kNever);
}

absl::StatusOr<Credential> Verifier::Incoming() const {
  std::optional<identity::Icn> icn;
  if (row_.icn) icn = identity::Icn::FromWire(prefix_ + *row_.icn);
  std::optional<Credential> credential = attributes::CredentialOf(row_.claims, icn, 3);
  if (!credential) return absl::NotFoundError("NO_CREDENTIAL_ID");
  credential->attributes_digest = row_.digest;
  return *std::move(credential);
}

absl::Status Verifier::Arrange() {
  const absl::StatusOr<Credential> incoming = Incoming();
  if (!incoming.ok()) return incoming.status();
  if (row_.exists) {
    Credential before = *incoming;
    before.icn.reset();
    if (row_.existing_icn) before.icn = identity::Icn::FromWire(prefix_ + *row_.existing_icn);
    before.attributes_digest = row_.existing_digest;
    if (before.backing_idme && row_.existing_backing) {
      before.backing_idme = CspId::FromWire(prefix_ + *row_.existing_backing);
    }
    const auto linked = Link(before, row_.existing_since, false);
    if (!linked.ok()) return linked.status();
    existing_id_ = linked->verification_id;
    labels_.emplace_back(linked->account_id, row_.existing_account);
  }
  if (row_.icn_account && !(row_.exists && row_.existing_account == *row_.icn_account)) {
    if (!row_.icn) return absl::InvalidArgumentError("an account for the ICN, and no ICN");
    Credential owner = *incoming;
    owner.id = CspId::FromWire(prefix_ + "of the owner");
    owner.icn = identity::Icn::FromWire(prefix_ + *row_.icn);
    const auto linked = Link(owner, kEarlier, false);
    if (!linked.ok()) return linked.status();
    labels_.emplace_back(linked->account_id, *row_.icn_account);
    if (row_.kind_locked) {
      const auto locked =
          bench_.directory().SetLock(linked->account_id, linked->verification_id, true,
                                     {"conformance", "row", "row"}, kEarlier, kNever);
      if (!locked.ok()) return locked.status();
    }
  }
  return absl::OkStatus();
}

std::string Verifier::LabelOf(const std::string& account_id) const {
  for (const auto& [id, label] : labels_) {
    if (id == account_id) return label;
  }
  const auto account = bench_.directory().Find(account_id, true, kNever);
  if (!account.ok() || !account->has_value()) return "?";
  const std::optional<identity::Icn>& icn = (*account)->icn;
  return absl::StrCat("new, icn ", icn ? Plain(icn->Reveal()).get<std::string>() : "null");
}

std::string Verifier::Opened(const std::string& column, const std::string& name,
                             const std::string& row) {
  const std::string hex = bench_.Psql(absl::StrCat(
      "SELECT encode(", column, ", 'hex') FROM user_verifications WHERE id = '", row, "'"));
  std::string sealed;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    sealed.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  if (sealed.empty()) return "";
  return bench_.box()
      .Open(sealed, absl::StrCat("user_verifications/", row, "/", name))
      .value_or("?");
}

void Verifier::Show(const LinkedAccount& linked, const Credential& credential, Json& out) {
  const std::string where =
      absl::StrCat(" FROM user_verifications WHERE id = '", linked.verification_id, "'");
  const std::string digest = bench_.Psql("SELECT attributes_digest" + where);
  const std::string verified_at =
      bench_.Psql("SELECT extract(epoch FROM verified_at)::bigint" + where);
  const std::string account = bench_.Psql("SELECT user_account_id" + where);
  const std::string former =
      bench_.Psql(absl::StrCat("SELECT user_account_id FROM deprecated_user_accounts WHERE "
                               "user_verification_id = '",
                               linked.verification_id, "'"));
  const auto record = bench_.directory().Find(account, true, kNever);
  const std::string label = LabelOf(account);
  const bool new_account = absl::StartsWith(label, "new, ");
  Json created = Json::array();
  if (linked.created) created.push_back("user_verification");
  if (linked.created && new_account) created.push_back("user_account");
  out["created"] = created;
  out["create_uv"] = linked.created;
  out["returns"] = linked.verification_id == existing_id_ ? "existing" : "new";
  out["user_account"] = out["uv.user_account"] = label;
  const bool has_icn = record.ok() && record->has_value() && (*record)->icn.has_value();
  out["account.icn"] = has_icn ? Plain((*record)->icn->Reveal()) : Json();
  out["verified_at"] = verified_at.empty()                                      ? Json()
                       : verified_at == absl::StrCat(absl::ToUnixSeconds(kNow)) ? Json("now")
                                                                                : Json("before");
  out["locked"] = linked.locked;
  out["backing_idme_uuid"] =
      Plain(Opened("backing_idme_uuid_sealed", "backing_idme_uuid", linked.verification_id));
  out["digest"] = out["credential_attributes_digest"] = Plain(digest);
  out["digest_updated"] = !linked.created && !digest.empty() && digest != row_.existing_digest;
  out["deprecated_user_account"] = former.empty() ? Json() : Json(LabelOf(former));
  if (!former.empty()) out["deprecated_user_account_row"]["user_account"] = LabelOf(former);
  out["merge_pending"] = linked.merge_pending;
  // Events: that the account was another one, and that the credential had no identifier of its own.
  const bool fell_back = credential.type != row_.type;
  const base::ReferenceName* name =
      base::FindReferenceName(base::kAccountReasons, "account_overwritten");
  // Of an ICN written over another one the reference says nothing.
  const bool mismatch = linked.overwritten && account != labels_.front().first;
  out["log"] = mismatch ? Json(std::string(name->message)) : Json();
  out["log_info"] = fell_back || linked.created;
  if (mismatch) {
    out["log_info"] = absl::StrCat("[Login::UserVerifier] ", name->message,
                                   " for UserVerification id=", linked.verification_id);
  }
}

absl::StatusOr<Facts> Verifier::Run(bool overwrite_icn) {
  Facts facts;
  const absl::StatusOr<Credential> incoming = Incoming();
  if (!incoming.ok()) {
    facts.error = ErrorJson(incoming.status().message());
    facts.error["log_info"] = true;
    return facts;
  }
  if (absl::Status arranged = Arrange(); !arranged.ok()) return arranged;
  const auto linked = Link(*incoming, kNow, overwrite_icn);
  if (!linked.ok()) return linked.status();
  Show(*linked, *incoming, facts.result);
  return facts;
}

std::optional<CspId> IdIn(const Json& input, const char* name) {
  const std::string text = TextMember(input, name);
  return text.empty() ? std::nullopt : std::make_optional(CspId::FromWire(text));
}

}  // namespace

absl::StatusOr<Facts> RunUserVerifier(const Row& row, const Mode& mode,
                                      const Environment& /*environment*/) {
  const absl::StatusOr<Bench*> bench = Bench::Get();
  if (!bench.ok()) return bench.status();
  const Json& input =
      row.body.contains("input") ? Member(row.body, "input") : Member(row.body, "options");
  const std::string prefix = (*bench)->NextPrefix();
  const absl::StatusOr<Case> decoded = Decode(input, prefix);
  if (!decoded.ok()) return decoded.status();
  const bool two_sides = row.body.contains("expect_ours") || row.body.contains("expect_compat");
  const bool reference = two_sides ? mode.compatible : mode.switches.count("pending_merges") == 0;
  return Verifier(**bench, prefix, *decoded).Run(reference);
}

absl::StatusOr<Facts> RunUserVerificationModel(const Row& row, const Mode& /*mode*/,
                                               const Environment& /*environment*/) {
  const Json& input = Member(row.body, "input");
  const attributes::ValidVerification valid = attributes::ValidateVerification(
      {IdIn(input, "idme_uuid"), IdIn(input, "logingov_uuid"), IdIn(input, "mhv_uuid"),
       IdIn(input, "dslogon_uuid"), IdIn(input, "backing_idme_uuid")});
  Facts facts;
  const bool sound = valid.fault == attributes::VerificationFault::kNone;
  facts.result["ok"] = sound;
  facts.result["verified"] = attributes::IsVerified(!Member(input, "verified_at").is_null(),
                                                    !Member(input, "user_account.icn").is_null());
  if (!sound) {
    facts.error = ErrorJson(attributes::ReasonOf(valid.fault));
    return facts;
  }
  facts.result["credential_type"] = std::string(identity::ToString(valid.type));
  facts.result["credential_identifier"] = valid.identifier.Reveal();
  facts.result["backing_credential_identifier"] = valid.backing_identifier.Reveal();
  return facts;
}

absl::StatusOr<Facts> RunUserAvc(const Row& row, const Mode& /*mode*/,
                                 const Environment& /*environment*/) {
  const Json& input = Member(row.body, "input");
  const auto date = [&](const char* name) {
    return TextMember(input, name).empty() ? std::nullopt : std::make_optional(kEarlier);
  };
  attributes::DatesFacts given;
  given.account_verified = BoolOr(input, "account_verified", true);
  given.dates = {date("acceptable_verified_credential_at"), date("idme_verified_credential_at")};
  // A date that stands there was set by such a credential.
  given.has_logingov = BoolOr(input, "has_logingov_uv", given.dates.acceptable.has_value());
  given.has_idme = BoolOr(input, "has_idme_uv", given.dates.idme.has_value());
  const attributes::CredentialDates dates = attributes::PlanDates(given, kNow);
  Facts facts;
  const auto show = [&](const char* name, const std::optional<absl::Time>& at) {
    facts.result[name] = !at ? Json() : *at == kNow ? Json("now") : Json(TextMember(input, name));
  };
  show("acceptable_verified_credential_at", dates.acceptable);
  show("idme_verified_credential_at", dates.idme);
  return facts;
}

}  // namespace va::conformance
