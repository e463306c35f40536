// What a signature vouches for. Only the SAML and OIDC codecs make one, and only from the very node
// that a signature covers; everything behind them reads this and never the message.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace va::gateway {

struct VerifiedAssertion {
  std::string assertion_id;
  std::string issuer;
  std::string name_id;
  std::string name_id_format;
  std::string name_qualifier;     // of the NameID, as asserted; mostly empty
  std::string sp_name_qualifier;  // likewise; ours when it is there
  std::string session_index;
  std::string authn_context;  // AuthnContextClassRef
  absl::Time authn_instant = absl::InfinitePast();
  absl::Time issued_at = absl::InfinitePast();  // by the IdP's clock
  absl::Time not_on_or_after =
      absl::InfinitePast();  // when nobody accepts it any more, skew included
  std::vector<std::pair<std::string, std::vector<std::string>>> attributes;  // document order
  bool encrypted = false;  // it arrived as an EncryptedAssertion
};

}  // namespace va::gateway
