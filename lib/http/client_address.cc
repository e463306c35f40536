#include "lib/http/client_address.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace va::http {
namespace {

constexpr int kMaxHops = 32;

// By first letter, so that the common headers of a browser are told apart by one comparison.
constexpr std::array<absl::string_view, 26> kExact = {
    "forwarded",        // RFC 7239
    "forwarded-for",    //
    "forwarded-host",   //
    "forwarded-proto",  //
    "front-end-https",  // IIS, ISA
    "true-client-ip",   // Akamai, Cloudflare
    "client-ip",        //
    "client-cert",      // RFC 9440
    "client-cert-chain",
    "cluster-client-ip",
    "proxy",  // read as HTTP_PROXY by CGI libraries
    "smuser",
    "x-real-ip",
    "x-host",
    "x-port",
    "x-scheme",
    "x-server-name",
    "x-url-scheme",
    "x-method-override",
    "x-http-method",
    "x-cluster-client-ip",
    "x-originating-ip",
    "x-originating-url",
    "x-originally-forwarded-for",
    "x-wap-client-ip",
    "x-tls-client",
};

constexpr std::array<absl::string_view, 41> kPrefixes = {
    "x-forward",         // -For, -Host, -Proto, -Uri, -Prefix, -User, -Client-Cert, X-Forward-For
    "x-real-",           //
    "x-client-",         // -IP, -Cert, -DN, -Verify
    "x-original-",       // -URL, -URI, -Host, -Method, -Forwarded-For
    "x-rewrite-",        //
    "x-http-method-",    //
    "x-http-host-",      //
    "x-remote-",         //
    "x-auth-",           // oauth2-proxy, Authelia
    "x-authenticated-",  //
    "x-authentik-",      //
    "x-authelia-",       //
    "x-user",            // -Id, -Name, -Email
    "x-email",           //
    "x-groups",          //
    "x-roles",           //
    "x-identity",        //
    "x-subject",         //
    "x-principal",       //
    "x-webauth-",        // Grafana
    "x-consumer-",       // Kong
    "x-credential-",     //
    "x-envoy-",          //
    "x-amzn-oidc-",      // AWS ALB
    "x-amzn-mtls-",      //
    "x-goog-iap-",       //
    "x-goog-authenticated-",
    "x-ms-client-principal",
    "x-arr-",          // IIS
    "x-ssl-",          //
    "x-mtls-",         //
    "x-va-",           // ours, should we ever have any
    "x-vamf-",         //
    "x-eauth-",        //
    "va-eauth-",       //
    "ssl-client-",     //
    "remote-",         // -User, -Addr, -Groups
    "cf-",             // Cloudflare
    "fastly-client-",  //
    "iv-",             // WebSEAL
    "sm-",             // SiteMinder
};

bool FirstMayMatter(char c) {
  switch (absl::ascii_tolower(static_cast<unsigned char>(c))) {
    case 'c':
    case 'f':
    case 'i':
    case 'p':
    case 'r':
    case 's':
    case 't':
    case 'v':
    case 'x':
      return true;
    default:
      return false;
  }
}

// "1.2.3.4", "1.2.3.4:567", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:567".
std::optional<IpAddress> ParseNode(absl::string_view node) {
  absl::string_view port;
  bool has_port = false;
  if (!node.empty() && node.front() == '[') {
    const size_t close = node.find(']');
    if (close == absl::string_view::npos) return std::nullopt;
    const absl::string_view rest = node.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
    node = node.substr(1, close - 1);
    if (node.find(':') == absl::string_view::npos) return std::nullopt;
  } else if (std::count(node.begin(), node.end(), ':') == 1) {
    const size_t colon = node.find(':');
    has_port = true;
    port = node.substr(colon + 1);
    node = node.substr(0, colon);
  }
  if (has_port && (port.empty() || port.size() > 5 ||
                   port.find_first_not_of("0123456789") != absl::string_view::npos)) {
    return std::nullopt;
  }
  return IpAddress::Parse(node);
}

absl::string_view Unquoted(absl::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return value;
  return value.substr(1, value.size() - 2);
}

// The "for" of one element of Forwarded (RFC 7239). Quoted strings hold no comma, semicolon or
// backslash that would matter here: an address has none, and everything else is no address.
std::optional<IpAddress> ParseForwardedElement(absl::string_view element) {
  std::optional<IpAddress> found;
  while (!element.empty()) {
    const size_t semicolon = element.find(';');
    const absl::string_view pair = absl::StripAsciiWhitespace(element.substr(0, semicolon));
    element =
        semicolon == absl::string_view::npos ? absl::string_view() : element.substr(semicolon + 1);
    const size_t equals = pair.find('=');
    if (equals == absl::string_view::npos) return std::nullopt;
    if (!absl::EqualsIgnoreCase(pair.substr(0, equals), "for")) continue;
    if (found.has_value()) return std::nullopt;  // two answers are none
    found = ParseNode(Unquoted(pair.substr(equals + 1)));
    if (!found.has_value()) return std::nullopt;
  }
  return found;
}

// The elements of all lines from the last to the first.
class HopsFromTheRight {
 public:
  explicit HopsFromTheRight(const std::vector<std::string>& lines)
      : lines_(lines), line_(lines.size()) {}

  std::optional<absl::string_view> Next() {
    if (done_line_) {
      if (line_ == 0) return std::nullopt;
      rest_ = lines_[--line_];
      done_line_ = false;
    }
    const size_t comma = rest_.rfind(',');
    const absl::string_view hop =
        comma == absl::string_view::npos ? rest_ : rest_.substr(comma + 1);
    done_line_ = comma == absl::string_view::npos;
    if (!done_line_) rest_ = rest_.substr(0, comma);
    return absl::StripAsciiWhitespace(hop);
  }

 private:
  const std::vector<std::string>& lines_;
  size_t line_;
  absl::string_view rest_;
  bool done_line_ = true;
};

}  // namespace

bool IsUntrustedHeader(absl::string_view name) {
  if (name.find('_') != absl::string_view::npos) return true;
  if (name.empty() || !FirstMayMatter(name.front())) return false;
  return std::any_of(
             kExact.begin(), kExact.end(),
             [name](absl::string_view exact) { return absl::EqualsIgnoreCase(name, exact); }) ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(), [name](absl::string_view prefix) {
           return absl::StartsWithIgnoreCase(name, prefix);
         });
}

bool IsForwardingHeader(absl::string_view name, ForwardedBy by) {
  switch (by) {
    case ForwardedBy::kXForwardedFor:
      return absl::EqualsIgnoreCase(name, "X-Forwarded-For");
    case ForwardedBy::kForwarded:
      return absl::EqualsIgnoreCase(name, "Forwarded");
  }
  return false;
}

absl::StatusOr<TrustedProxies> TrustedProxies::Parse(const std::vector<std::string>& ranges) {
  TrustedProxies proxies;
  for (const std::string& text : ranges) {
    absl::StatusOr<IpRange> range = IpRange::Parse(text);
    if (!range.ok()) return range.status();
    proxies.ranges_.push_back(*std::move(range));
  }
  return proxies;
}

bool TrustedProxies::Contains(const IpAddress& address) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&address](const IpRange& range) { return range.Contains(address); });
}

IpAddress TrustedProxies::ClientOf(const IpAddress& peer, const std::vector<std::string>& chain,
                                   ForwardedBy by) const {
  if (!Contains(peer)) return peer;
  IpAddress client = peer;
  HopsFromTheRight hops(chain);
  for (int seen = 0;; ++seen) {
    const std::optional<absl::string_view> hop = hops.Next();
    if (!hop.has_value()) return client;
    if (seen == kMaxHops) return peer;
    const std::optional<IpAddress> address =
        by == ForwardedBy::kForwarded ? ParseForwardedElement(*hop) : ParseNode(*hop);
    if (!address.has_value()) return peer;
    client = *address;
    if (!Contains(client)) return client;
  }
}

}  // namespace va::http
