// The HTTP values handlers work with: headers, a parsed request, a response to send. Plain values
// that know nothing of sockets or of the library that parsed them, so every handler is testable by
// a call. Owned by whoever holds them.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace va::http {

struct Header {
  std::string name;
  std::string value;
};

// Headers in the order they came; names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> headers) : headers_(headers) {}

  // The first value of that name, if any.
  std::optional<absl::string_view> Get(absl::string_view name) const;
  std::vector<absl::string_view> GetAll(absl::string_view name) const;
  size_t Count(absl::string_view name) const;
  bool Has(absl::string_view name) const { return Get(name).has_value(); }

  void Add(absl::string_view name, absl::string_view value);
  // Replaces every header of that name.
  void Set(absl::string_view name, absl::string_view value);
  void Remove(absl::string_view name);
  void Clear() { headers_.clear(); }
  void Reserve(size_t count) { headers_.reserve(count); }

  size_t size() const { return headers_.size(); }
  bool empty() const { return headers_.empty(); }
  std::vector<Header>::const_iterator begin() const { return headers_.begin(); }
  std::vector<Header>::const_iterator end() const { return headers_.end(); }

 private:
  std::vector<Header> headers_;
};

// Whether the first Content-Type is this media type, whatever its parameters; false without one.
bool HasMediaType(const Headers& headers, absl::string_view media_type);

// What a verified client certificate says; present only where the listener demands one.
struct PeerCertificate {
  std::string subject;                 // RFC 2253 form, for logs
  std::vector<std::string> dns_names;  // SAN entries of type DNS; names with a NUL are left out
};

struct Request {
  std::string method;
  std::string target;  // as sent: path, "?", query
  std::string path;    // target up to "?", still percent-encoded
  std::string query;   // after "?", without it
  std::string host;    // the one Host header
  Headers headers;     // without those that speak of addresses and identities (trusted_headers.h)
  std::string body;
  std::string peer_address;  // of the TCP peer, without port
  // Whose request it is: the peer, or whom a trusted proxy named. What limits count by.
  std::string client_address;
  std::string request_id;  // given by the server when it has a source of ids
  // The pattern of the router's entry that answers ("/v1/sessions/{type}/new"), never the path
  // itself, which may carry data. Empty where no route matched.
  std::string route;
  std::optional<PeerCertificate> peer_certificate;
  std::vector<std::pair<std::string, std::string>> path_params;  // filled by the router, decoded

  // The named path parameter, or empty if the route has none of that name.
  const std::string& Param(absl::string_view name) const;
};

// As a status: the connection is closed without an answer, as a failing peer would do it.
inline constexpr int kNoAnswer = 0;

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

// The usual answers. None sets caching or security headers: the server's default headers do.
Response Redirect(int status, absl::string_view url);
Response Html(int status, std::string body);
Response Json(int status, std::string body);
Response Text(int status, std::string body);

// "Not Found" and the like; "Unknown" outside of the registered codes.
absl::string_view ReasonPhrase(int status);

}  // namespace va::http
