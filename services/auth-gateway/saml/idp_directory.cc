#include "services/auth-gateway/saml/idp_directory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::gateway {
namespace {

// Below it a publisher's cacheDuration would make us a nuisance.
constexpr absl::Duration kShortestRefresh = absl::Minutes(1);

bool IsCurrent(const crypto::Certificate& certificate, absl::Time now) {
  return certificate.not_before() <= now && now <= certificate.not_after();
}

std::string OffReason(const IdpDirectory::Known& known, const MetadataSource& source,
                      absl::Time now) {
  if (known.metadata.valid_until && *known.metadata.valid_until <= now) return kMetadataExpired;
  return known.read_at + source.max_age <= now ? kMetadataTooOld : "";
}

// Everything listed is trusted while it is listed (attack S55).
void TakeKeys(const std::vector<crypto::Certificate>& certificates, bool check_dates,
              absl::Time now, SamlIdp& idp) {
  for (const crypto::Certificate& certificate : certificates) {
    if (check_dates && !IsCurrent(certificate, now)) continue;
    idp.keys.push_back(certificate.public_key());
  }
  if (idp.keys.empty() && idp.switched_off.empty()) idp.switched_off = kCertificatesOutOfDate;
}

// One text that differs when anything differs.
std::string PrintOf(const SamlIdp& idp) {
  const auto endpoint = [](const SamlEndpoint& one) {
    return absl::StrCat(one.url, one.binding == SamlBinding::kPost ? " post" : " redirect");
  };
  std::string print =
      absl::StrCat(idp.name, "\n", idp.entity_id, "\n", idp.switched_off, "\n", endpoint(idp.sso),
                   "\n", idp.slo ? endpoint(*idp.slo) : "", "\n", idp.slo_response_url, "\n");
  for (const crypto::PublicKey& key : idp.keys) absl::StrAppend(&print, key.Pem());
  return print;
}

}  // namespace

const IdpDirectory::Known* IdpDirectory::Find(absl::string_view name) const {
  const auto found = known_.find(name);
  return found == known_.end() ? nullptr : &found->second;
}

absl::Status IdpDirectory::Accept(absl::string_view name, std::string bytes, absl::Time read_at,
                                  absl::Time now) {
  const auto row = std::find_if(rows_.begin(), rows_.end(),
                                [name](const IdpRow& one) { return one.name == name; });
  if (row == rows_.end() || !row->source) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "NO_SOURCE",
                           absl::StrCat(name, " has no metadata source"));
  }
  MetadataTrust trust = row->source->trust;
  if (const Known* const known = Find(name)) trust.not_older_than = known->metadata.created;
  auto read = ReadIdpMetadata(bytes, trust, now);
  if (!read.ok()) return read.status();
  // A clock that was set back must not make anything serve for longer.
  known_.insert_or_assign(row->name,
                          Known{*std::move(read), std::move(bytes), std::min(read_at, now)});
  return absl::OkStatus();
}

void IdpDirectory::Inherit(const IdpDirectory& other, absl::Time now) {
  for (const IdpRow& row : rows_) {
    const Known* const known = other.Find(row.name);
    if (known == nullptr || !row.source) continue;
    // What was read from a file or a copy for the new rows may be newer.
    const Known* const own = Find(row.name);
    if (own != nullptr && own->read_at >= known->read_at) continue;
    // Under the pins of today: who was believed yesterday may be believed no more.
    static_cast<void>(Accept(row.name, known->bytes, known->read_at, now));
  }
}

absl::Duration IdpDirectory::RefreshOf(const IdpRow& row) const {
  const absl::Duration wanted = row.source ? row.source->refresh : absl::InfiniteDuration();
  const Known* const known = Find(row.name);
  if (known == nullptr || !known->metadata.cache_duration) return wanted;
  return std::min(wanted, std::max(*known->metadata.cache_duration, kShortestRefresh));
}

SamlIdp IdpDirectory::IdpOf(const IdpRow& row, absl::Time now) const {
  SamlIdp idp;
  idp.name = row.name;
  idp.entity_id = row.entity_id;
  if (!row.source) {
    idp.sso = row.sso;
    idp.slo = row.slo;
    idp.slo_response_url = row.slo_response_url;
    TakeKeys(row.certificates, row.check_certificate_dates, now, idp);
    return idp;
  }
  const Known* const known = Find(row.name);
  if (known == nullptr) {
    idp.switched_off = kMetadataMissing;
    return idp;
  }
  idp.switched_off = OffReason(*known, *row.source, now);
  // Who is switched off has no keys: nothing that forgets to ask can believe it.
  if (!idp.switched_off.empty()) return idp;
  idp.sso = known->metadata.sso;
  idp.slo = known->metadata.slo;
  idp.slo_response_url = known->metadata.slo_response_url;
  TakeKeys(known->metadata.signing_certificates, row.check_certificate_dates, now, idp);
  return idp;
}

std::vector<SamlIdp> IdpDirectory::At(absl::Time now) const {
  std::vector<SamlIdp> idps;
  idps.reserve(rows_.size());
  for (const IdpRow& row : rows_) idps.push_back(IdpOf(row, now));
  return idps;
}

bool SameIdps(const std::vector<SamlIdp>& a, const std::vector<SamlIdp>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const SamlIdp& x, const SamlIdp& y) { return PrintOf(x) == PrintOf(y); });
}

}  // namespace va::gateway
