#include "lib/http/client.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status.h"
#include "lib/base/url.h"

namespace va::http {
namespace {

constexpr size_t kMaxResponseHeaders = 64 * 1024;
constexpr long kMaxRedirects = 5;

absl::Status BadRequest(absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "BAD_REQUEST", message);
}

struct HandleCloser {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, HandleCloser>;

struct ListFreer {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListFreer>;

// What the callbacks of one transfer fill.
struct Transfer {
  ClientResponse response;
  size_t max_body = 0;
  size_t header_bytes = 0;
  bool too_large = false;
};

size_t OnBody(char* data, size_t size, size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const size_t bytes = size * count;
  if (bytes > transfer->max_body - transfer->response.body.size()) {
    transfer->too_large = true;
    return 0;
  }
  transfer->response.body.append(data, bytes);
  return bytes;
}

size_t OnHeader(char* data, size_t size, size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const size_t bytes = size * count;
  transfer->header_bytes += bytes;
  if (transfer->header_bytes > kMaxResponseHeaders) {
    transfer->too_large = true;
    return 0;
  }
  const absl::string_view line = absl::StripTrailingAsciiWhitespace(absl::string_view(data, bytes));
  // A status line begins a new answer: what came before was an interim one or a redirect.
  if (absl::StartsWith(line, "HTTP/")) {
    transfer->response.headers.Clear();
    return bytes;
  }
  const size_t colon = line.find(':');
  if (colon != absl::string_view::npos && colon > 0) {
    transfer->response.headers.Add(line.substr(0, colon),
                                   absl::StripLeadingAsciiWhitespace(line.substr(colon + 1)));
  }
  return bytes;
}

bool HasControl(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u < 0x20 && c != '\t') || u == 0x7f;
  });
}

bool IsMethod(absl::string_view method) {
  return !method.empty() && std::all_of(method.begin(), method.end(), [](char c) {
    return absl::ascii_isupper(static_cast<unsigned char>(c));
  });
}

// curl drops a header whose value is empty unless it is written with a semicolon.
std::string HeaderLine(const Header& header) {
  if (header.value.empty()) return absl::StrCat(header.name, ";");
  return absl::StrCat(header.name, ": ", header.value);
}

absl::StatusOr<HeaderList> ToList(const Headers& headers) {
  curl_slist* list = nullptr;
  // Our own bodies are small: waiting for a 100 would only add a round trip.
  list = curl_slist_append(list, "Expect:");
  for (const Header& header : headers) {
    if (header.name.empty() || HasControl(header.name) || HasControl(header.value) ||
        header.name.find_first_of(": \t") != std::string::npos) {
      curl_slist_free_all(list);
      return BadRequest("a header that cannot be sent");
    }
    list = curl_slist_append(list, HeaderLine(header).c_str());
  }
  return HeaderList(list);
}

long ToMillis(absl::Duration duration) {
  return std::max<long>(1, static_cast<long>(absl::ToInt64Milliseconds(duration)));
}

absl::Status ToStatus(CURLcode code, const Transfer& transfer, absl::string_view host) {
  if (transfer.too_large || code == CURLE_FILESIZE_EXCEEDED) {
    return base::MakeError(absl::StatusCode::kResourceExhausted, "RESPONSE_TOO_LARGE",
                           absl::StrCat("the answer of ", host, " exceeds the limit"));
  }
  const std::string message = absl::StrCat(host, ": ", curl_easy_strerror(code));
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return base::MakeError(absl::StatusCode::kDeadlineExceeded, "TIMEOUT", message, true);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return base::MakeError(absl::StatusCode::kUnavailable, "CONNECT", message, true);
    // A certificate does not mend itself between two attempts.
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_USE_SSL_FAILED:
      return base::MakeError(absl::StatusCode::kUnavailable, "TLS", message);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_TOO_MANY_REDIRECTS:
      return BadRequest(message);
    default:
      return base::MakeError(absl::StatusCode::kUnavailable, "CONNECTION_LOST", message, true);
  }
}

absl::Status CheckReadable(const std::string& path) {
  if (path.empty() || ::access(path.c_str(), R_OK) == 0) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "FILE",
                         absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
}

}  // namespace

// Hands out easy handles, each with its own connection cache; the most recently used goes first, so
// that under light load one warm connection does all the work.
class CurlClient::Impl {
 public:
  explicit Impl(TlsClientOptions options) : options_(std::move(options)) {}

  absl::StatusOr<ClientResponse> Send(const ClientRequest& request);

 private:
  Handle Take();
  void Give(Handle handle);
  void SetTransport(CURL* handle) const;
  static void SetRequest(CURL* handle, const ClientRequest& request);

  const TlsClientOptions options_;
  std::mutex mutex_;
  std::vector<Handle> idle_;
};

Handle CurlClient::Impl::Take() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!idle_.empty()) {
      Handle handle = std::move(idle_.back());
      idle_.pop_back();
      return handle;
    }
  }
  Handle handle(curl_easy_init());
  if (handle != nullptr) SetTransport(handle.get());
  return handle;
}

void CurlClient::Impl::Give(Handle handle) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (idle_.size() < options_.idle_handles) idle_.push_back(std::move(handle));
}

// Set once for the life of a handle: nothing of it depends on the request.
void CurlClient::Impl::SetTransport(CURL* handle) const {
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROXY, "");  // also silences *_proxy of the environment
  const char* const protocols = options_.allow_plain_http ? "http,https" : "https";
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(handle, CURLOPT_CAINFO,
                   options_.ca_file.empty() ? nullptr : options_.ca_file.c_str());
  if (!options_.certificate_file.empty()) {
    curl_easy_setopt(handle, CURLOPT_SSLCERT, options_.certificate_file.c_str());
    curl_easy_setopt(handle, CURLOPT_SSLKEY, options_.private_key_file.c_str());
  }
  if (!options_.user_agent.empty()) {
    curl_easy_setopt(handle, CURLOPT_USERAGENT, options_.user_agent.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, ToMillis(options_.connect_timeout));
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, kMaxRedirects);
  curl_easy_setopt(handle, CURLOPT_MAXCONNECTS, 2L);
  curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, OnHeader);
}

void CurlClient::Impl::SetRequest(CURL* handle, const ClientRequest& request) {
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, nullptr);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, nullptr);
  curl_easy_setopt(handle, CURLOPT_NOBODY, 0L);
  curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
  if (request.method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET" || !request.body.empty()) {
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.c_str());
    // POST stays a POST request by itself and becomes a GET after a 303, as in a browser.
    if (request.method != "POST") {
      curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, ToMillis(request.timeout));
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, request.follow_redirects ? 1L : 0L);
}

absl::StatusOr<ClientResponse> CurlClient::Impl::Send(const ClientRequest& request) {
  if (!IsMethod(request.method)) return BadRequest("the method is not a token");
  if (request.timeout <= absl::ZeroDuration()) {
    return base::MakeError(absl::StatusCode::kDeadlineExceeded, "TIMEOUT", "no time left", true);
  }
  const absl::StatusOr<base::Url> url = base::ParseUrl(request.url);
  if (!url.ok()) return BadRequest("the URL is not usable");
  if (url->scheme != "https" && !options_.allow_plain_http) return BadRequest("plain http is off");
  absl::StatusOr<HeaderList> headers = ToList(request.headers);
  if (!headers.ok()) return headers.status();

  Handle handle = Take();
  if (handle == nullptr) {
    return base::MakeError(absl::StatusCode::kUnavailable, "CONNECT", "out of curl handles", true);
  }
  Transfer transfer;
  transfer.max_body = request.max_response;
  SetRequest(handle.get(), request);
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers->get());
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle.get(), CURLOPT_HEADERDATA, &transfer);
  const CURLcode code = curl_easy_perform(handle.get());
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  // The list, the body and the transfer die with this call: the handle must not remember them.
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, nullptr);
  curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, nullptr);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, nullptr);
  curl_easy_setopt(handle.get(), CURLOPT_HEADERDATA, nullptr);
  Give(std::move(handle));
  if (code != CURLE_OK) return ToStatus(code, transfer, url->host);
  transfer.response.status = static_cast<int>(status);
  return std::move(transfer.response);
}

CurlClient::CurlClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlClient::~CurlClient() = default;

absl::StatusOr<std::unique_ptr<CurlClient>> CurlClient::Create(TlsClientOptions options) {
  static std::once_flag initialised;
  std::call_once(initialised, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  if (options.certificate_file.empty() != options.private_key_file.empty()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "FILE",
                           "a client certificate needs its private key, and the reverse");
  }
  for (const std::string* path :
       {&options.ca_file, &options.certificate_file, &options.private_key_file}) {
    if (absl::Status readable = CheckReadable(*path); !readable.ok()) return readable;
  }
  return std::unique_ptr<CurlClient>(new CurlClient(std::make_unique<Impl>(std::move(options))));
}

absl::StatusOr<ClientResponse> CurlClient::Send(const ClientRequest& request) {
  return impl_->Send(request);
}

}  // namespace va::http
