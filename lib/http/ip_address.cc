#include "lib/http/ip_address.h"

#include <arpa/inet.h>

#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::http {
namespace {

constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool SameBits(const unsigned char* a, const unsigned char* b, unsigned bits) {
  const unsigned whole = bits / 8;
  if (std::memcmp(a, b, whole) != 0) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (a[whole] >> (8 - rest)) == (b[whole] >> (8 - rest));
}

}  // namespace

IpAddress::IpAddress(const unsigned char* bytes, bool v4) : v4_(v4) {
  if (!v4 && std::memcmp(bytes, kMapped.data(), kMapped.size()) == 0) {
    bytes += kMapped.size();
    v4_ = true;
  }
  std::memcpy(bytes_.data(), bytes, v4_ ? 4 : 16);
}

std::optional<IpAddress> IpAddress::Parse(absl::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != absl::string_view::npos) {
    return std::nullopt;
  }
  const std::string terminated(text);
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) {
    return IpAddress(bytes.data(), true);
  }
  if (::inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) {
    return IpAddress(bytes.data(), false);
  }
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::FromSocket(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return IpAddress(reinterpret_cast<const unsigned char*>(&v4.sin_addr), true);
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    return IpAddress(v6.sin6_addr.s6_addr, false);
  }
  return std::nullopt;
}

std::string IpAddress::ToString() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
  return text.data();
}

std::string IpAddress::LimitKey() const {
  if (v4_) return ToString();
  IpAddress network = *this;
  std::memset(network.bytes_.data() + 8, 0, 8);
  return absl::StrCat(network.ToString(), "/64");
}

std::string LimitKeyOf(absl::string_view address) {
  const std::optional<IpAddress> parsed = IpAddress::Parse(address);
  return parsed.has_value() ? parsed->LimitKey() : std::string(address);
}

absl::StatusOr<IpRange> IpRange::Parse(absl::string_view text) {
  const auto bad = [text](absl::string_view why) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "ADDRESS_RANGE",
                           absl::StrCat("\"", text, "\" is no address or CIDR: ", why));
  };
  const size_t slash = text.find('/');
  const std::optional<IpAddress> base = IpAddress::Parse(text.substr(0, slash));
  if (!base.has_value()) return bad("no IP address");
  const unsigned most = base->is_v4() ? 32 : 128;
  unsigned prefix = most;
  if (slash != absl::string_view::npos) {
    const absl::string_view bits = text.substr(slash + 1);
    if (bits.empty() || bits.size() > 3 || bits.find_first_not_of("0123456789") != bits.npos ||
        !absl::SimpleAtoi(bits, &prefix) || prefix > most) {
      return bad("the prefix length is none of this kind of address");
    }
  }
  for (unsigned bit = prefix; bit < most; ++bit) {
    if ((base->bytes_[bit / 8] & (0x80U >> (bit % 8))) != 0) {
      return bad("it has bits set beyond its prefix");
    }
  }
  return IpRange(*base, prefix);
}

bool IpRange::Contains(const IpAddress& address) const {
  return base_.v4_ == address.v4_ && SameBits(base_.bytes_.data(), address.bytes_.data(), prefix_);
}

}  // namespace va::http
