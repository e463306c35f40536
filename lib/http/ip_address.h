// IP addresses and ranges of them as plain values. An IPv4 address inside IPv6 (::ffff:1.2.3.4) is
// the IPv4 address: one peer has one spelling, whatever socket it came through.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace va::http {

class IpAddress {
 public:
  // Dotted quad or IPv6 as inet_pton reads them: no port, no brackets, no zone, no octal.
  static std::optional<IpAddress> Parse(absl::string_view text);
  // Nullopt for another family than AF_INET and AF_INET6.
  static std::optional<IpAddress> FromSocket(const sockaddr_storage& address);

  bool is_v4() const { return v4_; }
  std::string ToString() const;
  // What limits count by: an IPv4 address itself, of IPv6 the /64, all of which one customer has.
  std::string LimitKey() const;

 private:
  friend class IpRange;
  IpAddress(const unsigned char* bytes, bool v4);

  std::array<unsigned char, 16> bytes_{};  // the first four of IPv4
  bool v4_ = false;
};

// The key that limits count a client by; the text itself where it is no address.
std::string LimitKeyOf(absl::string_view address);

class IpRange {
 public:
  // "10.0.0.0/8", "2001:db8::/32", or one address. INVALID_ARGUMENT for anything else, also for
  // bits beyond the prefix: such a line means something else than it says.
  static absl::StatusOr<IpRange> Parse(absl::string_view text);

  bool Contains(const IpAddress& address) const;

 private:
  IpRange(const IpAddress& base, unsigned prefix) : base_(base), prefix_(prefix) {}

  IpAddress base_;
  unsigned prefix_;
};

}  // namespace va::http
