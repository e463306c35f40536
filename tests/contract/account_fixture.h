// One database and stores on it, as processes would hold them. For the contract tests of accounts.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>

#include "lib/crypto/random.h"
#include "lib/testing/temp_postgres.h"
#include "services/user-attributes/migrations.h"
#include "services/user-attributes/store/pg_account_directory.h"
#include "services/user-attributes/store/pg_account_events.h"
#include "services/user-attributes/store/pg_account_store.h"

namespace va::attributes {

inline const std::string kKeyA = "a:" + std::string(64, '1');
inline const std::string kKeyB = "b:" + std::string(64, '2');
inline const absl::Time kNow = absl::FromUnixSeconds(1700000000);

class Database {
 public:
  Database() : temp_(testing::TempDatabase::CreateMigrated("attributes", Migrations()).value()) {}

  testing::TempDatabase& temp() { return *temp_; }
  std::string Psql(const std::string& sql) {
    return temp_->Psql("SET search_path = attributes; " + sql).value();
  }

 private:
  std::unique_ptr<testing::TempDatabase> temp_;
};

class Process {
 public:
  explicit Process(Database& database, const std::string& keys = kKeyA, int pool = 4)
      : pool_(store::Pool::Create(database.temp().App(pool)).value()),
        box_(crypto::SealedBox::FromRing(crypto::KeyRing::FromText(keys).value())),
        hasher_(crypto::LookupHasher::FromRing(crypto::KeyRing::FromText(keys).value())),
        store_(*pool_, box_, hasher_, ids_),
        directory_(*pool_, box_, hasher_, ids_),
        events_(*pool_) {}

  absl::StatusOr<LinkedAccount> TryLink(const Credential& credential,
                                        const std::string& request_id = "r1", absl::Time now = kNow,
                                        bool overwrite_icn = false) {
    return store_.Link(credential, {request_id, overwrite_icn}, now, absl::InfiniteFuture());
  }
  LinkedAccount Link(const Credential& credential, const std::string& request_id = "r1",
                     absl::Time now = kNow, bool overwrite_icn = false) {
    const absl::StatusOr<LinkedAccount> linked =
        TryLink(credential, request_id, now, overwrite_icn);
    INFO(linked.status());
    REQUIRE(linked.ok());
    return *linked;
  }
  absl::StatusOr<std::optional<Standing>> TryStanding(const std::string& account_id,
                                                      const std::string& verification_id) {
    return store_.FindStanding(account_id, verification_id, absl::InfiniteFuture());
  }
  std::optional<Standing> StandingOf(const LinkedAccount& linked) {
    const auto standing = TryStanding(linked.account_id, linked.verification_id);
    INFO(standing.status());
    REQUIRE(standing.ok());
    return *standing;
  }
  Known KnownOf(const std::optional<CredentialKey>& credential,
                const std::optional<identity::Icn>& icn) {
    const auto known = store_.FindKnown(credential, icn, absl::InfiniteFuture());
    INFO(known.status());
    REQUIRE(known.ok());
    return *known;
  }
  const crypto::SealedBox& box() const { return box_; }
  store::Pool& pool() { return *pool_; }
  PgAccountDirectory& directory() { return directory_; }
  PgAccountEvents& events() { return events_; }

 private:
  crypto::SystemIdGenerator ids_;
  std::unique_ptr<store::Pool> pool_;
  crypto::SealedBox box_;
  crypto::LookupHasher hasher_;
  PgAccountStore store_;
  PgAccountDirectory directory_;
  PgAccountEvents events_;
};

inline Credential Of(identity::Csp type, const std::string& id, const std::string& icn = "",
                     const std::string& backing = "") {
  Credential out;
  out.type = type;
  out.id = identity::CspId::FromWire(id);
  if (!icn.empty()) out.icn = identity::Icn::FromWire(icn);
  if (!backing.empty()) out.backing_idme = identity::CspId::FromWire(backing);
  return out;
}

inline Credential With(Credential credential, const std::string& email,
                       const std::string& digest = "") {
  if (!email.empty()) credential.email = identity::PersonText::FromWire(email);
  credential.attributes_digest = digest;
  return credential;
}

}  // namespace va::attributes
