// Who the identity providers are at a moment: what rows of saml.idps_file pin by hand, and for the
// others the last metadata that was good. What cannot be believed changes nothing (attack S144);
// what has run out, or was never had, switches its provider off instead of loosening a check. Pure:
// bytes and time are arguments, nothing is fetched here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/crypto/keys.h"
#include "services/auth-gateway/saml/idp_metadata.h"
#include "services/auth-gateway/saml/saml_settings.h"

namespace va::gateway {

// Where metadata comes from: exactly one of file and url is set.
struct MetadataSource {
  std::string file;
  std::string url;
  std::string ca_file;  // of the url: the roots its server is known by, and no others
  MetadataTrust trust;
  // How often it is read again; a shorter cacheDuration in it counts instead.
  absl::Duration refresh = absl::Hours(1);
  // How long it serves when it can no longer be had, whatever its validUntil says.
  absl::Duration max_age = absl::Hours(24 * 14);
};

// One row: an identity provider that is pinned by hand, or one with a source.
struct IdpRow {
  std::string name;  // row of the policy
  std::string entity_id;
  // Whether a certificate counts only between its dates. Off: the key is what is pinned, and its
  // certificate no more than its envelope (attack S54).
  bool check_certificate_dates = false;
  std::optional<MetadataSource> source;
  // Without a source: all of them, and at least one certificate (attack S57).
  SamlEndpoint sso;
  std::optional<SamlEndpoint> slo;
  std::string slo_response_url;
  std::vector<crypto::Certificate> certificates;
};

// Why nobody can sign in through a provider now.
inline constexpr char kMetadataMissing[] = "METADATA_MISSING";  // never had any
inline constexpr char kMetadataExpired[] = "METADATA_EXPIRED";  // validUntil has passed
inline constexpr char kMetadataTooOld[] = "METADATA_TOO_OLD";   // not had again within max_age
inline constexpr char kCertificatesOutOfDate[] = "CERTIFICATES_OUT_OF_DATE";

class IdpDirectory {
 public:
  // What is known of one row with a source.
  struct Known {
    IdpMetadata metadata;
    std::string bytes;   // as they were read
    absl::Time read_at;  // when its source was last seen to say this
  };

  explicit IdpDirectory(std::vector<IdpRow> rows = {}) : rows_(std::move(rows)) {}

  const std::vector<IdpRow>& rows() const { return rows_; }
  // nullptr when there is none, or it never had good metadata.
  const Known* Find(absl::string_view name) const;

  // Takes over what a source said at `read_at`. Not OK: refused whole, and what was known stays;
  // MetadataRejectOf tells why. INVALID_ARGUMENT for a row without a source.
  absl::Status Accept(absl::string_view name, std::string bytes, absl::Time read_at,
                      absl::Time now);

  // Takes over what `other` knows, as far as the rows of this one believe it.
  void Inherit(const IdpDirectory& other, absl::Time now);

  // When the row's source is to be read again after it was read well.
  absl::Duration RefreshOf(const IdpRow& row) const;

  // All providers as they stand at `now`, in the order of the rows.
  std::vector<SamlIdp> At(absl::Time now) const;

 private:
  SamlIdp IdpOf(const IdpRow& row, absl::Time now) const;

  std::vector<IdpRow> rows_;
  std::map<std::string, Known, std::less<>> known_;
};

// Whether two providers are the same in everything that counts for a sign-in.
bool SameIdps(const std::vector<SamlIdp>& a, const std::vector<SamlIdp>& b);

}  // namespace va::gateway
