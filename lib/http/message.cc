#include "lib/http/message.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace va::http {

std::optional<absl::string_view> Headers::Get(absl::string_view name) const {
  for (const Header& header : headers_) {
    if (absl::EqualsIgnoreCase(header.name, name)) return absl::string_view(header.value);
  }
  return std::nullopt;
}

std::vector<absl::string_view> Headers::GetAll(absl::string_view name) const {
  std::vector<absl::string_view> values;
  for (const Header& header : headers_) {
    if (absl::EqualsIgnoreCase(header.name, name)) values.emplace_back(header.value);
  }
  return values;
}

size_t Headers::Count(absl::string_view name) const {
  return static_cast<size_t>(std::count_if(
      headers_.begin(), headers_.end(),
      [name](const Header& header) { return absl::EqualsIgnoreCase(header.name, name); }));
}

void Headers::Add(absl::string_view name, absl::string_view value) {
  headers_.push_back({std::string(name), std::string(value)});
}

void Headers::Set(absl::string_view name, absl::string_view value) {
  Remove(name);
  Add(name, value);
}

void Headers::Remove(absl::string_view name) {
  headers_.erase(std::remove_if(headers_.begin(), headers_.end(),
                                [name](const Header& header) {
                                  return absl::EqualsIgnoreCase(header.name, name);
                                }),
                 headers_.end());
}

bool HasMediaType(const Headers& headers, absl::string_view media_type) {
  const absl::string_view value = headers.Get("Content-Type").value_or("");
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(value.substr(0, value.find(';'))),
                                media_type);
}

const std::string& Request::Param(absl::string_view name) const {
  static const std::string* const kNone = new std::string;
  for (const auto& [key, value] : path_params) {
    if (key == name) return value;
  }
  return *kNone;
}

Response Redirect(int status, absl::string_view url) {
  Response response;
  response.status = status;
  response.headers.Add("Location", url);
  return response;
}

namespace {

Response WithType(int status, absl::string_view type, std::string body) {
  Response response;
  response.status = status;
  response.headers.Add("Content-Type", type);
  response.body = std::move(body);
  return response;
}

}  // namespace

Response Html(int status, std::string body) {
  return WithType(status, "text/html; charset=utf-8", std::move(body));
}

Response Json(int status, std::string body) {
  return WithType(status, "application/json; charset=utf-8", std::move(body));
}

Response Text(int status, std::string body) {
  return WithType(status, "text/plain; charset=utf-8", std::move(body));
}

absl::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 296:
      return "OK With External Errors";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

}  // namespace va::http
