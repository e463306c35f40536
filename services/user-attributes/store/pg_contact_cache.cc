#include "services/user-attributes/store/pg_contact_cache.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace va::attributes {
namespace {

using store::Bytes;
using store::Statement;

// No question to VA Profile takes longer.
constexpr absl::Duration kMarkLives = absl::Minutes(1);

constexpr Statement kFind = {"find_contact",
                             "SELECT answer_sealed FROM contact_cache WHERE user_account_id = $1 "
                             "AND expires_at > $2 AND answer_sealed IS NOT NULL"};

// Of an account that is gone or forgotten nothing is kept: no row, no error. Of two answers the one
// to the later question stays; a mark stays against every question that is older than it.
constexpr Statement kKeep = {
    "keep_contact",
    "INSERT INTO contact_cache (user_account_id, answer_sealed, asked_at, expires_at) "
    "SELECT id, $2::bytea, $3::timestamptz, $4::timestamptz FROM user_accounts WHERE id = $1 "
    "AND forgotten_at IS NULL FOR KEY SHARE "
    "ON CONFLICT (user_account_id) DO UPDATE SET answer_sealed = excluded.answer_sealed, "
    "asked_at = excluded.asked_at, expires_at = excluded.expires_at "
    "WHERE contact_cache.asked_at <= excluded.asked_at"};

// A clock that stands behind the one of the question must not leave the answer there.
constexpr Statement kDrop = {
    "drop_contact",
    "INSERT INTO contact_cache (user_account_id, answer_sealed, asked_at, expires_at) "
    "SELECT id, NULL, $2::timestamptz, $3::timestamptz FROM user_accounts WHERE id = $1 "
    "ON CONFLICT (user_account_id) DO UPDATE SET answer_sealed = NULL, "
    "asked_at = greatest(contact_cache.asked_at, excluded.asked_at), "
    "expires_at = greatest(contact_cache.asked_at, excluded.asked_at) + interval '1 minute'"};

std::string Place(absl::string_view account_id) {
  return absl::StrCat("contact_cache/", account_id, "/answer");
}

}  // namespace

absl::StatusOr<std::optional<identity::Secret>> PgContactCache::Find(absl::string_view account_id,
                                                                     absl::Time now,
                                                                     absl::Time deadline) {
  const absl::StatusOr<store::Rows> rows = pool_.Exec(deadline, kFind, {account_id, now});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::optional<identity::Secret>();
  absl::StatusOr<std::string> opened = box_.Open((*rows)[0].Bytes(0), Place(account_id));
  if (!opened.ok()) return std::optional<identity::Secret>();
  return std::optional<identity::Secret>(identity::Secret::FromWire(*std::move(opened)));
}

absl::Status PgContactCache::Keep(absl::string_view account_id, const identity::Secret& answer,
                                  absl::Time asked_at, absl::Time expires_at, absl::Time deadline) {
  const std::string sealed = box_.Seal(answer.Reveal(), Place(account_id), ids_);
  return pool_.Exec(deadline, kKeep, {account_id, Bytes(sealed), asked_at, expires_at}).status();
}

absl::Status PgContactCache::Drop(absl::string_view account_id, absl::Time now,
                                  absl::Time deadline) {
  return pool_.Exec(deadline, kDrop, {account_id, now, now + kMarkLives}).status();
}

}  // namespace va::attributes
