#include "lib/http/response_writer.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace va::http {
namespace {

bool IsSendable(const Header& header) {
  if (header.name.empty()) return false;
  const auto is_control = [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u < 0x20 && c != '\t') || u == 0x7f;
  };
  const auto is_separator = [&](char c) { return is_control(c) || c == ':' || c == ' '; };
  return std::none_of(header.name.begin(), header.name.end(), is_separator) &&
         std::none_of(header.value.begin(), header.value.end(), is_control);
}

bool IsOurs(absl::string_view name) {
  return absl::EqualsIgnoreCase(name, "Content-Length") ||
         absl::EqualsIgnoreCase(name, "Connection") ||
         absl::EqualsIgnoreCase(name, "Transfer-Encoding");
}

void AppendHeader(const Header& header, std::string& out) {
  absl::StrAppend(&out, header.name, ": ", header.value, "\r\n");
}

bool MayHaveBody(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

bool WriteResponse(const Response& response, const std::vector<Header>& default_headers,
                   const WriteOptions& options, std::string& out) {
  for (const Header& header : response.headers) {
    if (!IsSendable(header)) return false;
  }
  const bool has_body = MayHaveBody(response.status);
  out.reserve(out.size() + 768 + response.body.size());
  absl::StrAppend(&out, "HTTP/1.1 ", response.status, " ", ReasonPhrase(response.status), "\r\n");
  for (const Header& header : response.headers) {
    if (!IsOurs(header.name)) AppendHeader(header, out);
  }
  for (const Header& header : default_headers) {
    if (!response.headers.Has(header.name)) AppendHeader(header, out);
  }
  if (options.close) out.append("Connection: close\r\n");
  if (has_body) {
    absl::StrAppend(&out, "Content-Length: ", response.body.size(), "\r\n\r\n");
    if (!options.head_only) out.append(response.body);
  } else {
    out.append("\r\n");
  }
  return true;
}

std::string MinimalErrorPage(int status, absl::string_view request_id) {
  const std::string title = absl::StrCat(status, " ", ReasonPhrase(status));
  std::string page =
      absl::StrCat("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>",
                   title, "</title></head>\n<body>\n<h1>", title,
                   "</h1>\n<p>This request could not be answered.</p>\n");
  if (!request_id.empty()) {
    absl::StrAppend(&page, "<p>Request id ",
                    absl::StrReplaceAll(request_id, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}}),
                    "</p>\n");
  }
  absl::StrAppend(&page, "</body>\n</html>\n");
  return page;
}

}  // namespace va::http
