// Whose request it is, and which headers may not say anything about it. The peer of the connection
// counts, and only a peer that the operator listed may name somebody else (W7); headers that claim
// addresses, hosts, methods or identities never reach a handler at all (W8, W10). Pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/http/ip_address.h"
#include "lib/http/server.h"

namespace va::http {

// Whether a header of this name must not reach a handler: forwarding headers of any maker,
// identities that some proxies assert, other spellings of method and target, and every name with an
// underscore, which some programs read as the hyphenated one. Without case.
bool IsUntrustedHeader(absl::string_view name);

// Which of them carry the chain of addresses.
bool IsForwardingHeader(absl::string_view name, ForwardedBy by);

class TrustedProxies {
 public:
  // INVALID_ARGUMENT for a text that is no address and no CIDR.
  static absl::StatusOr<TrustedProxies> Parse(const std::vector<std::string>& ranges);

  TrustedProxies() = default;
  bool Contains(const IpAddress& address) const;

  // The rightmost address in `chain` that is no trusted proxy: what the outermost of ours saw. Of a
  // chain of ours alone, its first. The peer itself when it is not trusted, when the chain is
  // empty, longer than any real one, or anything read of it is no address (obfuscated, "unknown"):
  // what is left of that was written by whoever likes. `chain`: the values of the header's lines in
  // the order they came.
  IpAddress ClientOf(const IpAddress& peer, const std::vector<std::string>& chain,
                     ForwardedBy by) const;

 private:
  std::vector<IpRange> ranges_;
};

}  // namespace va::http
