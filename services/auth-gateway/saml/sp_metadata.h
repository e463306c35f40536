// What we tell identity providers about ourselves: entity id, where to post and where to log out,
// which certificates sign our messages and which key to encrypt to. All certificates of a roll-over
// are listed, the current one first, since some partners read no further. Signed, and only good for
// a while: a partner that never asks again finds out, instead of trusting a retired key for ever.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/crypto/keys.h"

namespace va::gateway {

// How often partners should ask again; what we publish changes no faster than that.
inline constexpr absl::Duration kSpMetadataCache = absl::Hours(24);

struct SpMetadataSpec {
  std::string entity_id;
  std::string acs_url;
  std::string slo_url;                                    // empty: no single logout
  std::vector<crypto::Certificate> signing_certificates;  // at least one
  // Those whose private keys we hold, RSA; none: nobody can encrypt to us.
  std::vector<crypto::Certificate> encryption_certificates;
  absl::Duration validity = absl::Hours(24 * 30);  // until validUntil
};

// The EntityDescriptor with an XML declaration, signed with the key of the first certificate.
absl::StatusOr<std::string> BuildSpMetadata(const SpMetadataSpec& spec,
                                            const crypto::PrivateKey& key, absl::Time now);

}  // namespace va::gateway
