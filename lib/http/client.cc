#include "lib/http/client.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status.h"
#include "lib/base/url.h"
#include "lib/http/client_tls.h"
#include "lib/http/tls_files.h"
#include "lib/resilience/bulkhead.h"

namespace va::http {
namespace {

constexpr size_t kMaxResponseHeaders = 64 * 1024;
constexpr long kMaxRedirects = 5;

// A connection that nobody has used for longer is not used again. Servers close theirs after a
// minute or so, a TLS close looks alive to curl, and a POST that was sent on it must not be sent
// twice: without this a crowd leaves connections behind that cost the next crowd one failure each.
constexpr long kLongestIdleSeconds = 20;

// Handshakes of one client at the same moment: a crowd that makes all of its connections at once
// gains nothing by it, and holds the buffers of all of them.
constexpr int kHandshakesAtOnce = 64;

// Of the handles that a crowd has left behind, so many go with each later request.
constexpr size_t kLetGoAtOnce = 4;

// libcurl's smallest: requests are a few KiB, and the default of 64 KiB is held by every handle.
constexpr long kUploadBuffer = 16 * 1024;
// For reading an answer; held by every request under way, and by most of them while nothing comes.
constexpr long kReadBuffer = 4 * 1024;

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

using SteadyTime = std::chrono::steady_clock::time_point;

// What the callbacks of one transfer fill.
struct Transfer {
  ClientResponse response;
  size_t max_body = 0;
  size_t header_bytes = 0;
  bool too_large = false;
  bool repeatable = false;
  bool sent = false;  // and not told to go elsewhere since
  // For its handshake, if it needs one.
  const ClientTls* tls = nullptr;
  resilience::Bulkhead* handshakes = nullptr;
  SteadyTime connected_by;
  std::optional<resilience::Bulkhead::Place> handshake{};
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
  // A status line begins a new answer: what came before was an interim one or a redirect. After a
  // redirect the request goes on to another place; whoever answers "100" has heard it.
  if (absl::StartsWith(line, "HTTP/")) {
    if (absl::StartsWith(line.substr(std::min(line.find(' '), line.size())), " 3")) {
      transfer->sent = false;
    }
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

// Called before each time the request goes out. libcurl sends it again, on its own, when a kept
// connection dies before the first byte of the answer; but the peer may have acted on it, and what
// must not happen twice is the caller's to decide.
int OnBeforeSending(void* user, char* /*peer*/, char* /*own*/, int /*peer_port*/,
                    int /*own_port*/) {
  auto* transfer = static_cast<Transfer*>(user);
  transfer->handshake.reset();
  if (transfer->sent && !transfer->repeatable) return CURL_PREREQFUNC_ABORT;
  transfer->sent = true;
  return CURL_PREREQFUNC_OK;
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

// Called by libcurl for the context of each new connection, before its handshake.
CURLcode OnContext(CURL* /*handle*/, void* context, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  transfer->handshake.reset();
  transfer->handshake = transfer->handshakes->Enter(
      absl::FromChrono(transfer->connected_by - std::chrono::steady_clock::now()));
  if (!transfer->handshake) return CURLE_OPERATION_TIMEDOUT;
  return transfer->tls->Apply(static_cast<SSL_CTX*>(context)) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

TlsFileNames NamesOf(const TlsClientOptions& options) {
  return {options.certificate_file, options.private_key_file, options.ca_file};
}

}  // namespace

// Hands out easy handles, each with its own connection cache; the most recently used goes first, so
// that under light load one warm connection does all the work.
class CurlClient::Impl {
 public:
  Impl(TlsClientOptions options, std::shared_ptr<const ClientTls> tls)
      : options_(std::move(options)), tls_(std::move(tls)) {}

  absl::StatusOr<ClientResponse> Send(const ClientRequest& request);
  absl::Status ReloadTls();

 private:
  // A handle and the certificates it was made with, which it refers to.
  struct Lease {
    std::shared_ptr<const ClientTls> tls;
    Handle handle;
  };

  Lease Take();
  void Give(Lease lease);
  void SetTransport(CURL* handle) const;
  static void SetRequest(CURL* handle, const ClientRequest& request);

  struct Idle {
    Lease lease;
    SteadyTime since;
  };

  const TlsClientOptions options_;
  std::mutex mutex_;
  std::shared_ptr<const ClientTls> tls_;  // guarded by mutex_, as is the next
  resilience::Bulkhead handshakes_{kHandshakesAtOnce};
  std::deque<Idle> idle_;  // all of tls_; the one that has been idle longest first
};

CurlClient::Impl::Lease CurlClient::Impl::Take() {
  Lease lease;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!idle_.empty()) {
      lease = std::move(idle_.back().lease);
      idle_.pop_back();
      return lease;
    }
    lease.tls = tls_;
  }
  lease.handle.reset(curl_easy_init());
  if (lease.handle != nullptr) SetTransport(lease.handle.get());
  return lease;
}

void CurlClient::Impl::Give(Lease lease) {
  const SteadyTime now = std::chrono::steady_clock::now();
  std::vector<Idle> old;  // closed after the lock: they say goodbye to their peers
  const std::lock_guard<std::mutex> lock(mutex_);
  if (lease.tls == tls_ && idle_.size() < options_.idle_handles) {
    idle_.push_back({std::move(lease), now});
  }
  // A connection this old is not used again, so its handle is only memory.
  while (!idle_.empty() && old.size() < kLetGoAtOnce &&
         now - idle_.front().since > std::chrono::seconds(kLongestIdleSeconds)) {
    old.push_back(std::move(idle_.front()));
    idle_.pop_front();
  }
}

absl::Status CurlClient::Impl::ReloadTls() {
  absl::StatusOr<TlsMaterial> material = TlsMaterial::Read(NamesOf(options_));
  if (!material.ok()) return material.status();
  if (absl::Status current = material->CheckTime(); !current.ok()) return current;
  absl::StatusOr<std::shared_ptr<const ClientTls>> tls = ClientTls::From(*material);
  if (!tls.ok()) return tls.status();
  std::deque<Idle> old;  // closed after the lock: they say goodbye to their peers
  const std::lock_guard<std::mutex> lock(mutex_);
  tls_ = *std::move(tls);
  old.swap(idle_);
  return absl::OkStatus();
}

// Set once for the life of a handle: nothing of it depends on the request.
void CurlClient::Impl::SetTransport(CURL* handle) const {
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  // A resolver that does not answer is left behind at the deadline instead of waited for (C3).
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(handle, CURLOPT_PROXY, "");  // also silences *_proxy of the environment
  const char* const protocols = options_.allow_plain_http ? "http,https" : "https";
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  // Neither the system's roots nor a folder of them: ours are in the context.
  curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(handle, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, OnContext);
  // Every connection sees the peer's certificate anew, and keeps no session for another one.
  curl_easy_setopt(handle, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options_.user_agent.empty()) {
    curl_easy_setopt(handle, CURLOPT_USERAGENT, options_.user_agent.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, ToMillis(options_.connect_timeout));
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, kMaxRedirects);
  curl_easy_setopt(handle, CURLOPT_MAXCONNECTS, 2L);
  curl_easy_setopt(handle, CURLOPT_MAXAGE_CONN, kLongestIdleSeconds);
  curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer);
  curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, kReadBuffer);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, OnBeforeSending);
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
  // What announces more than may come is refused before its body begins.
  curl_easy_setopt(handle, CURLOPT_MAXFILESIZE_LARGE,
                   static_cast<curl_off_t>(std::max<size_t>(request.max_response, 1)));
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

  Lease lease = Take();
  CURL* const handle = lease.handle.get();
  if (handle == nullptr) {
    return base::MakeError(absl::StatusCode::kUnavailable, "CONNECT", "out of curl handles", true);
  }
  Transfer transfer;
  transfer.max_body = request.max_response;
  transfer.repeatable = request.repeatable || request.method == "GET" || request.method == "HEAD";
  transfer.tls = lease.tls.get();
  transfer.handshakes = &handshakes_;
  transfer.connected_by =
      std::chrono::steady_clock::now() +
      absl::ToChronoNanoseconds(std::min(request.timeout, options_.connect_timeout));
  SetRequest(handle, request);
  curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers->get());
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_PREREQDATA, &transfer);
  const CURLcode code = curl_easy_perform(handle);
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  // The list, the body and the transfer die with this call: the handle must not remember them.
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, nullptr);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, nullptr);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, nullptr);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, nullptr);
  curl_easy_setopt(handle, CURLOPT_PREREQDATA, nullptr);
  curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, nullptr);
  transfer.handshake.reset();
  Give(std::move(lease));
  if (code != CURLE_OK) return ToStatus(code, transfer, url->host);
  transfer.response.status = static_cast<int>(status);
  return std::move(transfer.response);
}

CurlClient::CurlClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlClient::~CurlClient() = default;

absl::StatusOr<std::unique_ptr<CurlClient>> CurlClient::Create(TlsClientOptions options) {
  static std::once_flag initialised;
  std::call_once(initialised, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  absl::StatusOr<TlsMaterial> material = TlsMaterial::Read(NamesOf(options));
  if (!material.ok()) return material.status();
  absl::StatusOr<std::shared_ptr<const ClientTls>> tls = ClientTls::From(*material);
  if (!tls.ok()) return tls.status();
  return std::unique_ptr<CurlClient>(
      new CurlClient(std::make_unique<Impl>(std::move(options), *std::move(tls))));
}

absl::StatusOr<ClientResponse> CurlClient::Send(const ClientRequest& request) {
  return impl_->Send(request);
}

absl::Status CurlClient::ReloadTls() { return impl_->ReloadTls(); }

}  // namespace va::http
