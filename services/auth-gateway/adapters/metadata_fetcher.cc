#include "services/auth-gateway/adapters/metadata_fetcher.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/http/client.h"
#include "services/auth-gateway/adapters/metadata_files.h"

namespace va::gateway {
namespace {

absl::Status CheckStatus(int status) {
  if (status == 200) return absl::OkStatus();
  const bool elsewhere = status >= 300 && status < 400;
  return base::MakeError(absl::StatusCode::kUnavailable, elsewhere ? "REDIRECTED" : "HTTP_STATUS",
                         absl::StrCat("the metadata address answered ", status,
                                      elsewhere ? "; no redirect is followed" : ""));
}

}  // namespace

absl::StatusOr<std::string> FetchMetadata(const MetadataSource& source,
                                          const MetadataFetchLimits& limits) {
  if (!source.file.empty()) {
    auto file = ReadMetadataFile(source.file);
    if (!file.ok()) return file.status();
    return std::move(file->bytes);
  }
  // A client for each time: it is asked once an hour, and the roots may have changed.
  const auto client = http::CurlClient::Create(
      {.ca_file = source.ca_file, .connect_timeout = limits.connect_timeout, .idle_handles = 0});
  if (!client.ok()) return client.status();
  http::ClientRequest request;
  request.url = source.url;
  request.headers.Set("Accept", "application/samlmetadata+xml, application/xml;q=0.5");
  request.timeout = limits.timeout;
  request.max_response = kMaxMetadataBytes;
  request.follow_redirects = false;
  auto response = (*client)->Send(request);
  if (!response.ok()) return response.status();
  if (const absl::Status status = CheckStatus(response->status); !status.ok()) return status;
  return std::move(response->body);
}

}  // namespace va::gateway
