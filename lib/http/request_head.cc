#include "lib/http/request_head.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace va::http {
namespace {

constexpr size_t kMaxMethod = 32;

constexpr std::array<bool, 256> MakeTokenTable() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<size_t>(c)] = true;
  constexpr char kMarks[] = "!#$%&'*+-.^_`|~";
  for (size_t i = 0; i + 1 < sizeof(kMarks); ++i) {
    table[static_cast<unsigned char>(kMarks[i])] = true;
  }
  return table;
}
constexpr std::array<bool, 256> kToken = MakeTokenTable();

bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

bool IsDigits(absl::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsFieldValue(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u >= 0x20 && u != 0x7f) || c == '\t';
  });
}

// RFC 9110 OWS and no more: a vertical tab that one server trims and another keeps hides a header.
absl::string_view TrimOws(absl::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == absl::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Origin form only: an absolute target would make the Host header a second opinion (W6).
bool IsOriginForm(absl::string_view target) {
  if (target.empty() || target.front() != '/') return false;
  const absl::string_view path = target.substr(0, target.find('?'));
  if (path.find('\\') != absl::string_view::npos) return false;
  return std::all_of(target.begin(), target.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u > 0x20 && u < 0x7f && c != '#';
  });
}

// host[:port], an IPv6 address in brackets. No userinfo, no list, no second port.
bool IsHost(absl::string_view host) {
  absl::string_view name = host;
  absl::string_view port;
  bool has_port = false;
  if (!host.empty() && host.front() == '[') {
    const size_t close = host.find(']');
    if (close == absl::string_view::npos || close < 3) return false;
    name = host.substr(1, close - 1);
    const absl::string_view rest = host.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return false;
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
    if (!std::all_of(name.begin(), name.end(), [](char c) {
          return absl::ascii_isxdigit(static_cast<unsigned char>(c)) || c == ':' || c == '.';
        })) {
      return false;
    }
  } else {
    const size_t colon = host.find(':');
    has_port = colon != absl::string_view::npos;
    if (has_port) port = host.substr(colon + 1);
    name = host.substr(0, colon);
    if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) {
          return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' ||
                 c == '_';
        })) {
      return false;
    }
  }
  return !has_port || (IsDigits(port) && port.size() <= 5);
}

// Collects what the field lines say and finds the first thing wrong with them.
class FieldCheck {
 public:
  explicit FieldCheck(RequestHead& head) : head_(head) {}

  HeadRefusal Line(absl::string_view line) {
    // A folded line starts with white space; many servers glue it to the line before.
    if (line.front() == ' ' || line.front() == '\t') return {400, "OBS_FOLD"};
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) return {400, "FIELD_WITHOUT_COLON"};
    const absl::string_view name = line.substr(0, colon);
    if (!IsToken(name)) return {400, "FIELD_NAME"};
    const absl::string_view value = TrimOws(line.substr(colon + 1));
    if (!IsFieldValue(value)) return {400, "FIELD_VALUE"};
    return Known(name, value);
  }

  HeadRefusal End(bool http_1_0) const {
    if (!host_seen_) return {400, "HOST_MISSING"};
    if (head_.chunked && head_.content_length.has_value()) return {400, "LENGTH_AND_CHUNKED"};
    if (head_.chunked && http_1_0) return {400, "CHUNKED_IN_HTTP_1_0"};
    return {};
  }

 private:
  HeadRefusal Known(absl::string_view name, absl::string_view value) {
    switch (name.size()) {
      case 4:
        if (absl::EqualsIgnoreCase(name, "Host")) return Host(value);
        break;
      case 6:
        if (absl::EqualsIgnoreCase(name, "Expect")) return {417, "EXPECT"};
        break;
      case 7:
        if (absl::EqualsIgnoreCase(name, "Upgrade")) return {400, "UPGRADE"};
        break;
      case 10:
        if (absl::EqualsIgnoreCase(name, "Connection")) Connection(value);
        break;
      case 14:
        if (absl::EqualsIgnoreCase(name, "Content-Length")) return ContentLength(value);
        break;
      case 17:
        if (absl::EqualsIgnoreCase(name, "Transfer-Encoding")) return TransferEncoding(value);
        break;
      default:
        break;
    }
    return {};
  }

  HeadRefusal Host(absl::string_view value) {
    if (host_seen_) return {400, "HOST_DUPLICATE"};
    host_seen_ = true;
    if (!IsHost(value)) return {400, "HOST_MALFORMED"};
    head_.host = value;
    return {};
  }

  void Connection(absl::string_view value) {
    while (!value.empty()) {
      const size_t comma = value.find(',');
      if (absl::EqualsIgnoreCase(TrimOws(value.substr(0, comma)), "close")) {
        head_.keep_alive = false;
      }
      value = comma == absl::string_view::npos ? absl::string_view() : value.substr(comma + 1);
    }
  }

  HeadRefusal ContentLength(absl::string_view value) {
    if (head_.content_length.has_value()) return {400, "LENGTH_DUPLICATE"};
    uint64_t length = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), length);
    if (!IsDigits(value) || parsed.ec != std::errc()) return {400, "LENGTH_MALFORMED"};
    head_.content_length = length;
    return {};
  }

  HeadRefusal TransferEncoding(absl::string_view value) {
    if (head_.chunked || !absl::EqualsIgnoreCase(value, "chunked")) {
      return {400, "TRANSFER_ENCODING"};
    }
    head_.chunked = true;
    return {};
  }

  RequestHead& head_;
  bool host_seen_ = false;
};

struct StartLine {
  HeadRefusal refusal;
  bool http_1_0 = false;
};

StartLine CheckStartLine(absl::string_view line, size_t target_limit) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == absl::string_view::npos || first == last) return {{400, "START_LINE"}, false};
  const absl::string_view method = line.substr(0, first);
  const absl::string_view target = line.substr(first + 1, last - first - 1);
  const absl::string_view version = line.substr(last + 1);
  if (!IsToken(method) || method.size() > kMaxMethod) return {{400, "METHOD"}, false};
  if (target.size() > target_limit) return {{414, "TARGET_TOO_LONG"}, false};
  const bool http_1_0 = version == "HTTP/1.0";
  if (version != "HTTP/1.1" && !http_1_0) return {{400, "VERSION"}, false};
  if (method == "TRACE" || method == "CONNECT") return {{405, "METHOD_REFUSED"}, false};
  if (!IsOriginForm(target)) return {{400, "TARGET"}, false};
  return {{}, http_1_0};
}

}  // namespace

std::optional<size_t> HeadScanner::Refuse(int status, RefusalReason reason) {
  refusal_ = {status, reason};
  return std::nullopt;
}

std::optional<size_t> HeadScanner::Scan(absl::string_view buffer) {
  // A request begins with its method. A TLS hello, or an empty line, does not.
  if (!buffer.empty() && !kToken[static_cast<unsigned char>(buffer.front())]) {
    return Refuse(400, "START_LINE");
  }
  for (;;) {
    const size_t newline = buffer.find('\n', searched_);
    const absl::string_view line =
        buffer.substr(line_start_, newline == absl::string_view::npos ? absl::string_view::npos
                                                                      : newline - line_start_);
    const size_t carriage = line.find('\r');
    if (newline == absl::string_view::npos) {
      // The last byte may be the CR of a CRLF that is still under way.
      if (carriage != absl::string_view::npos && carriage + 1 != line.size()) {
        return Refuse(400, "BARE_CR");
      }
      break;
    }
    if (line.empty() || line.back() != '\r') return Refuse(400, "BARE_LF");
    if (carriage + 1 != line.size()) return Refuse(400, "BARE_CR");
    line_start_ = newline + 1;
    searched_ = line_start_;
    if (line.size() == 1) {
      if (line_start_ > limits_.header_limit) return Refuse(431, "HEADER_TOO_LARGE");
      return line_start_;
    }
    first_line_done_ = true;
  }
  searched_ = buffer.size();
  if (!first_line_done_ && buffer.size() > limits_.target_limit + kMaxMethod + 16) {
    return Refuse(414, "TARGET_TOO_LONG");
  }
  if (buffer.size() >= limits_.header_limit) return Refuse(431, "HEADER_TOO_LARGE");
  return std::nullopt;
}

RequestHead CheckRequestHead(absl::string_view head, const HeadLimits& limits) {
  RequestHead result;
  size_t end = head.find("\r\n");
  const StartLine start = CheckStartLine(head.substr(0, end), limits.target_limit);
  result.refusal = start.refusal;
  if (result.refusal.status != 0) return result;
  // Nobody who matters keeps HTTP/1.0 connections open, and its rules for it are vague.
  result.keep_alive = !start.http_1_0;

  FieldCheck fields(result);
  size_t count = 0;
  for (size_t begin = end + 2;; begin = end + 2) {
    end = head.find("\r\n", begin);
    if (end == absl::string_view::npos || end == begin) break;
    if (++count > limits.header_count_limit) {
      result.refusal = {431, "TOO_MANY_HEADERS"};
      return result;
    }
    result.refusal = fields.Line(head.substr(begin, end - begin));
    if (result.refusal.status != 0) return result;
  }
  result.refusal = fields.End(start.http_1_0);
  return result;
}

}  // namespace va::http
