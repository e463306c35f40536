#include "lib/http/server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include <openssl/err.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/http/request_head.h"
#include "lib/http/response_writer.h"
#include "lib/http/tls_context.h"

namespace va::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

constexpr size_t kReadSize = 16 * 1024;
constexpr size_t kMaxLingerBytes = 16 * 1024 * 1024;
constexpr int kAcceptsPerWake = 64;
constexpr auto kNever = TimePoint::max();

absl::string_view View(boost::core::string_view text) { return {text.data(), text.size()}; }

// Beast's grammar writing straight into a Request: no field container in between. What the gate in
// request_head.h does not see, because it comes after the head, is refused here: chunk extensions
// and trailers.
class RequestParser final : public beast::http::basic_parser<true> {
 public:
  RequestParser(Request& request, size_t body_limit) : request_(request) {
    header_limit(UINT32_MAX);  // the gate has measured already
    this->body_limit(body_limit);
  }

 private:
  void on_request_impl(beast::http::verb /*verb*/, beast::string_view method,
                       beast::string_view target, int /*version*/, error_code& /*ec*/) override {
    request_.method.assign(method.data(), method.size());
    request_.target.assign(target.data(), target.size());
    const size_t question = request_.target.find('?');
    request_.path = request_.target.substr(0, question);
    request_.query =
        question == std::string::npos ? std::string() : request_.target.substr(question + 1);
  }
  void on_response_impl(int /*code*/, beast::string_view /*reason*/, int /*version*/,
                        error_code& ec) override {
    ec = beast::http::error::bad_version;
  }
  void on_field_impl(beast::http::field /*name*/, beast::string_view name, beast::string_view value,
                     error_code& ec) override {
    if (head_done_) {
      ec = beast::http::error::bad_field;
      return;
    }
    // Some programs read X_Forwarded_For as X-Forwarded-For; nobody needs the first spelling (W7).
    if (name.find('_') != beast::string_view::npos) return;
    request_.headers.Add(View(name), View(value));
  }
  void on_header_impl(error_code& /*ec*/) override { head_done_ = true; }
  void on_body_init_impl(boost::optional<std::uint64_t> const& /*length*/,
                         error_code& /*ec*/) override {}
  size_t on_body_impl(beast::string_view body, error_code& /*ec*/) override {
    request_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t /*size*/, beast::string_view extensions,
                            error_code& ec) override {
    if (!extensions.empty()) ec = beast::http::error::bad_chunk_extension;
  }
  size_t on_chunk_body_impl(std::uint64_t /*remain*/, beast::string_view body,
                            error_code& ec) override {
    return on_body_impl(body, ec);
  }
  void on_finish_impl(error_code& /*ec*/) override {}

  Request& request_;
  bool head_done_ = false;
};

std::chrono::nanoseconds ToChrono(absl::Duration duration) {
  return absl::ToChronoNanoseconds(duration);
}

class ServerImpl;
class Session;
using SessionList = std::list<std::shared_ptr<Session>>;

// One io thread with what belongs to it. Only that thread touches `sessions`.
struct Loop {
  Loop() : context(1), work(asio::make_work_guard(context)), sweeper(context) {}

  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::steady_timer sweeper;
  bool stopping = false;
  SessionList sessions;
  std::array<char, kReadSize>
      scratch;  // every read lands here first: idle connections hold nothing
  std::thread thread;
};

// One connection: a state machine that `Drive` advances as far as the socket allows. Everything
// runs on the loop's thread; only Job::Run runs on a worker. Lives while it is in the loop's list
// or something it waits for is pending.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(ServerImpl& server, Loop& loop, tcp::socket socket, std::string peer_address);

  void Start();
  // The answer of a worker.
  void OnResponse(std::string bytes, bool close);
  // Called by the sweeper; acts only when the deadline of the state has passed.
  void OnTick(TimePoint now);
  // Closes now if nothing would be lost by it; otherwise after the answer under way.
  void Drain();
  void Close();

  // A handler is at work for it: nobody else may take the connection away.
  bool handling() const { return state_ == State::kHandling; }
  TimePoint since() const { return since_; }

  SessionList::iterator position;

 private:
  enum class State { kHandshake, kIdle, kHead, kBody, kHandling, kWriting, kLinger, kClosed };
  enum class Io { kDone, kWait, kEnd };

  void Drive();
  // Each advances one state: false when it has to wait or the session is closed.
  bool DriveHandshake();
  bool DriveHead();
  bool DriveBody();
  bool DriveWriting();
  bool DriveLinger();

  bool TakeHead(size_t head_size);
  bool Dispatch();
  // False when this body is more than all bodies may hold together.
  bool CountBody();
  void ForgetBody();
  bool Refuse(int status, absl::string_view reason, bool close = true);
  void BeginWriting(std::string bytes, bool close, bool linger);
  bool AnswerFinished();
  void Enter(State state, absl::Duration timeout);

  // Appends to `in_` what the socket holds, up to kReadSize.
  Io Read();
  Io Write();
  Io FromSsl(int result);
  void WaitFor(tcp::socket::wait_type what);

  ServerImpl& server_;
  Loop& loop_;
  tcp::socket socket_;
  Ssl ssl_;
  const std::string peer_address_;
  std::optional<PeerCertificate> peer_certificate_;

  State state_ = State::kHandshake;
  TimePoint deadline_ = kNever;
  TimePoint since_;
  bool waits_read_ = false;
  bool waits_write_ = false;
  bool established_ = false;
  bool close_after_write_ = false;
  bool linger_after_write_ = false;
  bool draining_ = false;

  std::string in_;
  std::string out_;
  size_t written_ = 0;
  size_t lingered_ = 0;
  size_t body_counted_ = 0;
  std::optional<HeadScanner> scanner_;
  std::optional<RequestParser> parser_;
  Request request_;
};

class ServerImpl final : public Server {
 public:
  ServerImpl(ServerOptions options, Handler handler, base::WorkerPool& pool)
      : options_(std::move(options)), handler_(std::move(handler)), pool_(pool) {}
  // NOLINTNEXTLINE(bugprone-exception-escape): joining threads of its own does not fail
  ~ServerImpl() override { Stop(absl::ZeroDuration()); }

  absl::Status Listen();
  int port() const override { return port_; }
  void Stop(absl::Duration drain) override;

  const ServerOptions& options() const { return options_; }
  const HeadLimits& head_limits() const { return head_limits_; }
  const Handler& handler() const { return handler_; }
  base::WorkerPool& pool() { return pool_; }
  SSL_CTX* tls() const { return tls_.get(); }
  bool draining() const { return draining_.load(std::memory_order_relaxed); }

  Response RefusalPage(const ServerRefusal& refusal) const;
  std::string Serialize(const Response& response, const WriteOptions& options) const;
  bool IsOurHost(absl::string_view host) const;

  // Bytes of request bodies in memory, all connections together; false beyond the limit.
  bool AddBodyBytes(size_t count) {
    return body_bytes_.fetch_add(count) + count <= options_.body_memory_limit;
  }
  void RemoveBodyBytes(size_t count) { body_bytes_.fetch_sub(count); }

  void HandlerStarted();
  void HandlerFinished();
  void SessionClosed();

 private:
  absl::Status Bind();
  void AcceptWhenReady();
  void AcceptAll();
  void Adopt(int fd, const sockaddr_storage& address);
  bool MakeRoom(Loop& loop);
  void Sweep(Loop& loop);
  template <typename Action>
  void OnEveryLoop(Action action);

  const ServerOptions options_;
  const Handler handler_;
  base::WorkerPool& pool_;
  HeadLimits head_limits_;
  SslContext tls_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::optional<tcp::acceptor> acceptor_;
  std::chrono::nanoseconds tick_{};
  size_t next_loop_ = 0;  // the first loop's thread only, as is the next
  bool accept_paused_ = false;
  int port_ = 0;
  std::atomic<bool> draining_{false};
  std::atomic<size_t> body_bytes_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  size_t sessions_ = 0;  // guarded by mutex_, as is handlers_
  size_t handlers_ = 0;
  bool stopped_ = false;
};

// A request on its way through the pool. Whatever becomes of it, the server learns that it is over.
class Job {
 public:
  Job(ServerImpl& server, Loop& loop, std::shared_ptr<Session> session, Request request,
      WriteOptions options)
      : server_(server),
        loop_(loop),
        session_(std::move(session)),
        request_(std::move(request)),
        options_(options) {
    server_.HandlerStarted();
  }
  ~Job() {
    session_.reset();
    server_.HandlerFinished();
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  void Run() {
    Response response = Call();
    // A stop may have begun meanwhile: then this answer is the connection's last.
    options_.close = options_.close || server_.draining();
    std::string bytes = server_.Serialize(response, options_);
    asio::post(loop_.context,
               [session = std::move(session_), out = std::move(bytes),
                close = options_.close]() mutable { session->OnResponse(std::move(out), close); });
  }

  Request TakeBack() { return std::move(request_); }

 private:
  Response Call() {
    try {
      return server_.handler()(request_);
    } catch (...) {
      return server_.RefusalPage(
          {500, "HANDLER_THREW", request_.request_id, request_.peer_address});
    }
  }

  ServerImpl& server_;
  Loop& loop_;
  std::shared_ptr<Session> session_;
  Request request_;
  WriteOptions options_;
};

// ---- Session

Session::Session(ServerImpl& server, Loop& loop, tcp::socket socket, std::string peer_address)
    : server_(server),
      loop_(loop),
      socket_(std::move(socket)),
      peer_address_(std::move(peer_address)) {}

void Session::Enter(State state, absl::Duration timeout) {
  state_ = state;
  since_ = SteadyClock::now();
  deadline_ = timeout == absl::InfiniteDuration() ? kNever : since_ + ToChrono(timeout);
}

void Session::Start() {
  if (server_.tls() != nullptr) {
    ssl_.reset(SSL_new(server_.tls()));
    if (ssl_ == nullptr || SSL_set_fd(ssl_.get(), socket_.native_handle()) != 1) {
      Close();
      return;
    }
    SSL_set_accept_state(ssl_.get());
    Enter(State::kHandshake, server_.options().handshake_timeout);
  } else {
    established_ = true;
    Enter(State::kIdle, server_.options().header_timeout);
  }
  WaitFor(tcp::socket::wait_read);
}

void Session::Drive() {
  bool more = true;
  while (more) {
    switch (state_) {
      case State::kHandshake:
        more = DriveHandshake();
        break;
      case State::kIdle:
      case State::kHead:
        more = DriveHead();
        break;
      case State::kBody:
        more = DriveBody();
        break;
      case State::kWriting:
        more = DriveWriting();
        break;
      case State::kLinger:
        more = DriveLinger();
        break;
      case State::kHandling:
      case State::kClosed:
        more = false;
        break;
    }
  }
}

bool Session::DriveHandshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) {
    if (FromSsl(result) == Io::kEnd) Close();
    return false;
  }
  established_ = true;
  peer_certificate_ = PeerCertificateOf(ssl_.get());
  Enter(State::kIdle, server_.options().header_timeout);
  return true;
}

bool Session::DriveHead() {
  if (!scanner_.has_value()) scanner_.emplace(server_.head_limits());
  if (!in_.empty()) {
    if (state_ == State::kIdle) Enter(State::kHead, server_.options().header_timeout);
    const std::optional<size_t> head_size = scanner_->Scan(in_);
    if (head_size.has_value()) return TakeHead(*head_size);
    if (scanner_->refusal().status != 0) {
      return Refuse(scanner_->refusal().status, scanner_->refusal().reason);
    }
  }
  switch (Read()) {
    case Io::kDone:
      return true;
    case Io::kWait:
      return false;
    case Io::kEnd:
      Close();
      return false;
  }
  return false;
}

bool Session::TakeHead(size_t head_size) {
  const RequestHead head =
      CheckRequestHead(absl::string_view(in_).substr(0, head_size), server_.head_limits());
  request_ = Request();
  request_.headers.Reserve(16);
  request_.peer_address = peer_address_;
  if (server_.options().new_request_id) request_.request_id = server_.options().new_request_id();
  if (head.refusal.status != 0) return Refuse(head.refusal.status, head.refusal.reason);
  const size_t body_limit = server_.options().body_limit;
  if (head.content_length.value_or(0) > body_limit) return Refuse(413, "BODY_TOO_LARGE");

  request_.host = std::string(head.host);
  request_.peer_certificate = peer_certificate_;
  close_after_write_ = !head.keep_alive;
  parser_.emplace(request_, body_limit);
  error_code ec;
  const size_t used = parser_->put(asio::buffer(in_.data(), head_size), ec);
  if (ec && ec != beast::http::error::need_more) return Refuse(400, "MALFORMED");
  // The gate and the parser must see the same head, to the byte.
  if (used != head_size || !parser_->is_header_done()) return Refuse(400, "MALFORMED");
  in_.erase(0, used);
  scanner_.reset();
  if (!server_.IsOurHost(request_.host)) return Refuse(421, "FOREIGN_HOST");
  if (parser_->is_done()) return Dispatch();
  parser_->eager(true);
  Enter(State::kBody, server_.options().body_timeout);
  return true;
}

bool Session::DriveBody() {
  while (!in_.empty() && !parser_->is_done()) {
    error_code ec;
    const size_t used = parser_->put(asio::buffer(in_), ec);
    in_.erase(0, used);
    if (!CountBody()) return Refuse(503, "BODY_MEMORY");
    if (ec == beast::http::error::need_more) break;
    if (ec == beast::http::error::body_limit) return Refuse(413, "BODY_TOO_LARGE");
    if (ec) return Refuse(400, "MALFORMED");
  }
  if (parser_->is_done()) return Dispatch();
  // Whatever needs this much more to make sense is no chunk header.
  if (in_.size() >= kReadSize) return Refuse(400, "MALFORMED");
  switch (Read()) {
    case Io::kDone:
      return true;
    case Io::kWait:
      return false;
    case Io::kEnd:
      Close();
      return false;
  }
  return false;
}

bool Session::CountBody() {
  const size_t fresh = request_.body.size() - body_counted_;
  body_counted_ += fresh;
  return fresh == 0 || server_.AddBodyBytes(fresh);
}

void Session::ForgetBody() {
  if (body_counted_ != 0) server_.RemoveBodyBytes(body_counted_);
  body_counted_ = 0;
}

bool Session::Dispatch() {
  parser_.reset();
  const WriteOptions options{close_after_write_ || draining_, request_.method == "HEAD"};
  Enter(State::kHandling, absl::InfiniteDuration());
  if (server_.options().inline_handler) {
    if (std::optional<Response> answer = server_.options().inline_handler(request_)) {
      BeginWriting(server_.Serialize(*answer, options), options.close, /*linger=*/false);
      return true;
    }
  }
  auto job =
      std::make_shared<Job>(server_, loop_, shared_from_this(), std::move(request_), options);
  if (server_.pool().TrySubmit([job] { job->Run(); })) return false;
  request_ = job->TakeBack();
  return Refuse(503, "OVERLOADED", options.close);
}

void Session::OnResponse(std::string bytes, bool close) {
  if (state_ != State::kHandling) return;
  BeginWriting(std::move(bytes), close, /*linger=*/false);
  Drive();
}

void Session::BeginWriting(std::string bytes, bool close, bool linger) {
  ForgetBody();
  out_ = std::move(bytes);
  written_ = 0;
  close_after_write_ = close || out_.empty();
  linger_after_write_ = linger;
  Enter(State::kWriting, server_.options().write_timeout);
}

bool Session::Refuse(int status, absl::string_view reason, bool close) {
  if (request_.request_id.empty() && server_.options().new_request_id) {
    request_.request_id = server_.options().new_request_id();
  }
  const Response page =
      server_.RefusalPage({status, std::string(reason), request_.request_id, peer_address_});
  const WriteOptions options{close, request_.method == "HEAD"};
  parser_.reset();
  scanner_.reset();
  BeginWriting(server_.Serialize(page, options), close, /*linger=*/close);
  return true;
}

bool Session::DriveWriting() {
  switch (Write()) {
    case Io::kDone:
      return AnswerFinished();
    case Io::kWait:
      return false;
    case Io::kEnd:
      Close();
      return false;
  }
  return false;
}

bool Session::AnswerFinished() {
  out_.clear();
  if (out_.capacity() > 2 * kReadSize) out_.shrink_to_fit();
  request_ = Request();
  if (close_after_write_ && linger_after_write_) {
    // Bytes nobody read would turn the close into a reset, and the reset would overtake the answer.
    if (ssl_ != nullptr) SSL_shutdown(ssl_.get());
    ::shutdown(socket_.native_handle(), SHUT_WR);
    in_ = std::string();
    Enter(State::kLinger, server_.options().linger_timeout);
    return true;
  }
  if (close_after_write_ || draining_) {
    Close();
    return false;
  }
  Enter(State::kIdle, server_.options().idle_timeout);
  if (!in_.empty() || (ssl_ != nullptr && SSL_has_pending(ssl_.get()) == 1)) {
    // A pipelined request: after the others' turn.
    asio::post(loop_.context, [self = shared_from_this()] { self->Drive(); });
    return false;
  }
  in_ = std::string();
  WaitFor(tcp::socket::wait_read);
  return false;
}

bool Session::DriveLinger() {
  while (lingered_ < kMaxLingerBytes) {
    const ssize_t size =
        ::recv(socket_.native_handle(), loop_.scratch.data(), loop_.scratch.size(), 0);
    if (size > 0) {
      lingered_ += static_cast<size_t>(size);
      continue;
    }
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      WaitFor(tcp::socket::wait_read);
      return false;
    }
    break;
  }
  Close();
  return false;
}

void Session::OnTick(TimePoint now) {
  if (now < deadline_) return;
  switch (state_) {
    case State::kHead:
      Refuse(408, "HEADER_TIMEOUT");
      Drive();
      return;
    case State::kBody:
      Refuse(408, "BODY_TIMEOUT");
      Drive();
      return;
    case State::kHandshake:
    case State::kIdle:
    case State::kWriting:
    case State::kLinger:
      Close();
      return;
    case State::kHandling:
    case State::kClosed:
      return;
  }
}

void Session::Drain() {
  draining_ = true;
  if (state_ == State::kHandshake || state_ == State::kIdle || state_ == State::kLinger) Close();
}

void Session::Close() {
  if (state_ == State::kClosed) return;
  const bool polite = established_ && ssl_ != nullptr;
  state_ = State::kClosed;
  deadline_ = kNever;
  ForgetBody();
  if (polite) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ssl_.reset();
  error_code ignored;
  socket_.close(ignored);
  const std::shared_ptr<Session> self = std::move(*position);
  loop_.sessions.erase(position);
  server_.SessionClosed();
}

Session::Io Session::Read() {
  char* const data = loop_.scratch.data();
  if (ssl_ != nullptr) {
    ERR_clear_error();
    size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), data, kReadSize, &got);
    if (result != 1) return FromSsl(result);
    in_.append(data, got);
    return Io::kDone;
  }
  ssize_t size = 0;
  do {
    size = ::recv(socket_.native_handle(), data, kReadSize, 0);
  } while (size < 0 && errno == EINTR);
  if (size > 0) {
    in_.append(data, static_cast<size_t>(size));
    return Io::kDone;
  }
  if (size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return Io::kEnd;
  WaitFor(tcp::socket::wait_read);
  return Io::kWait;
}

Session::Io Session::Write() {
  while (written_ < out_.size()) {
    const char* const data = out_.data() + written_;
    const size_t left = out_.size() - written_;
    if (ssl_ != nullptr) {
      ERR_clear_error();
      size_t sent = 0;
      const int result = SSL_write_ex(ssl_.get(), data, left, &sent);
      if (result != 1) return FromSsl(result);
      written_ += sent;
      continue;
    }
    const ssize_t sent = ::send(socket_.native_handle(), data, left, MSG_NOSIGNAL);
    if (sent >= 0) {
      written_ += static_cast<size_t>(sent);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return Io::kEnd;
    WaitFor(tcp::socket::wait_write);
    return Io::kWait;
  }
  return Io::kDone;
}

Session::Io Session::FromSsl(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      WaitFor(tcp::socket::wait_read);
      return Io::kWait;
    case SSL_ERROR_WANT_WRITE:
      WaitFor(tcp::socket::wait_write);
      return Io::kWait;
    case SSL_ERROR_SSL:
    case SSL_ERROR_SYSCALL:
      // OpenSSL forbids a close_notify after a fatal error.
      established_ = false;
      return Io::kEnd;
    default:
      return Io::kEnd;
  }
}

void Session::WaitFor(tcp::socket::wait_type what) {
  bool& waits = what == tcp::socket::wait_read ? waits_read_ : waits_write_;
  if (waits) return;
  waits = true;
  socket_.async_wait(what, [self = shared_from_this(), what](const error_code& ec) {
    (what == tcp::socket::wait_read ? self->waits_read_ : self->waits_write_) = false;
    if (self->state_ == State::kClosed) return;
    if (ec) {
      self->Close();
      return;
    }
    self->Drive();
  });
}

// ---- ServerImpl

Response ServerImpl::RefusalPage(const ServerRefusal& refusal) const {
  Response page;
  if (options_.error_page) {
    page = options_.error_page(refusal);
    page.status = refusal.status;
  } else {
    page = Html(refusal.status, MinimalErrorPage(refusal.status, refusal.request_id));
  }
  if (refusal.status == 503) {
    page.headers.Set("Retry-After", absl::StrCat(std::max<int64_t>(
                                        1, absl::ToInt64Seconds(options_.retry_after))));
  }
  if (refusal.status == 405) page.headers.Set("Allow", "GET, HEAD, POST");
  return page;
}

std::string ServerImpl::Serialize(const Response& response, const WriteOptions& options) const {
  std::string bytes;
  if (response.status == kNoAnswer) return bytes;
  if (WriteResponse(response, options_.default_headers, options, bytes)) return bytes;
  WriteResponse(RefusalPage({500, "HEADER_INJECTION", "", ""}), options_.default_headers, options,
                bytes);
  return bytes;
}

bool ServerImpl::IsOurHost(absl::string_view host) const {
  return options_.hosts.empty() ||
         std::any_of(options_.hosts.begin(), options_.hosts.end(), [host](const std::string& ours) {
           return absl::EqualsIgnoreCase(ours, host);
         });
}

void ServerImpl::HandlerStarted() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++handlers_;
}

// Notified under the lock: the waiting Stop may destroy the server right after.
void ServerImpl::HandlerFinished() {
  const std::lock_guard<std::mutex> lock(mutex_);
  --handlers_;
  changed_.notify_all();
}

void ServerImpl::SessionClosed() {
  const std::lock_guard<std::mutex> lock(mutex_);
  --sessions_;
  changed_.notify_all();
}

absl::Status ServerImpl::Bind() {
  const size_t colon = options_.listen.rfind(':');
  const auto bad = [this](absl::string_view why) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "LISTEN",
                           absl::StrCat("cannot listen on ", options_.listen, ": ", why));
  };
  if (colon == std::string::npos) return bad("expected ADDRESS:PORT");
  std::string host = options_.listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  uint16_t port = 0;
  const char* const first = options_.listen.data() + colon + 1;
  const char* const last = options_.listen.data() + options_.listen.size();
  const auto parsed = std::from_chars(first, last, port);
  if (parsed.ec != std::errc() || parsed.ptr != last) return bad("no such port");
  error_code ec;
  const asio::ip::address address = asio::ip::make_address(host, ec);
  if (ec) return bad("not an IP address");

  const tcp::endpoint endpoint(address, port);
  acceptor_.emplace(loops_.front()->context);
  acceptor_->open(endpoint.protocol(), ec);
  if (!ec) acceptor_->set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor_->bind(endpoint, ec);
  if (!ec) acceptor_->listen(asio::socket_base::max_listen_connections, ec);
  if (!ec) acceptor_->non_blocking(true, ec);
  if (ec) {
    return base::MakeError(absl::StatusCode::kUnavailable, "LISTEN",
                           absl::StrCat("cannot listen on ", options_.listen, ": ", ec.message()));
  }
  port_ = acceptor_->local_endpoint().port();
  return absl::OkStatus();
}

absl::Status ServerImpl::Listen() {
  IgnoreSigpipe();
  if (options_.tls.has_value()) {
    absl::StatusOr<SslContext> context = MakeServerContext(*options_.tls);
    if (!context.ok()) return context.status();
    tls_ = *std::move(context);
  }
  head_limits_ = {options_.header_limit, options_.header_count_limit, options_.target_limit};
  const absl::Duration shortest =
      std::min({options_.handshake_timeout, options_.header_timeout, options_.body_timeout,
                options_.write_timeout, options_.idle_timeout, options_.linger_timeout});
  tick_ = ToChrono(std::clamp(shortest / 4, absl::Milliseconds(5), absl::Milliseconds(500)));
  for (size_t i = 0; i < std::max<size_t>(1, options_.io_threads); ++i) {
    loops_.push_back(std::make_unique<Loop>());
  }
  if (absl::Status bound = Bind(); !bound.ok()) return bound;
  AcceptWhenReady();
  for (const auto& loop : loops_) {
    Sweep(*loop);
    loop->thread = std::thread([context = &loop->context] { context->run(); });
  }
  return absl::OkStatus();
}

void ServerImpl::AcceptWhenReady() {
  acceptor_->async_wait(tcp::acceptor::wait_read, [this](const error_code& ec) {
    if (ec || !acceptor_->is_open()) return;
    AcceptAll();
  });
}

void ServerImpl::AcceptAll() {
  for (int i = 0; i < kAcceptsPerWake; ++i) {
    sockaddr_storage address = {};
    socklen_t size = sizeof(address);
    const int fd = ::accept4(acceptor_->native_handle(), reinterpret_cast<sockaddr*>(&address),
                             &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      Adopt(fd, address);
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    // Out of descriptors: the connection stays queued; free one, or let the next tick try again.
    if (!MakeRoom(*loops_.front())) {
      accept_paused_ = true;
      return;
    }
  }
  AcceptWhenReady();
}

void ServerImpl::Adopt(int fd, const sockaddr_storage& address) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  std::array<char, INET6_ADDRSTRLEN> text = {};
  const bool is_v6 = address.ss_family == AF_INET6;
  const void* const source =
      is_v6 ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr)
            : static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(address).sin_addr);
  ::inet_ntop(address.ss_family, source, text.data(), text.size());

  Loop& loop = *loops_[next_loop_];
  next_loop_ = (next_loop_ + 1) % loops_.size();
  bool full = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    full = sessions_ >= options_.max_connections;
    ++sessions_;
  }
  auto begin = [this, &loop, fd, is_v6, full, peer = std::string(text.data())] {
    // Of connections that wait, the one that has waited longest goes: a crowd of idle ones, or of
    // slow ones, pushes out itself and not the person who comes next (W4).
    if (full && !MakeRoom(loop)) {
      ::close(fd);
      SessionClosed();
      return;
    }
    tcp::socket socket(loop.context);
    error_code ec;
    socket.assign(is_v6 ? tcp::v6() : tcp::v4(), fd, ec);
    if (ec || draining()) {
      if (ec) ::close(fd);
      SessionClosed();
      return;
    }
    auto session = std::make_shared<Session>(*this, loop, std::move(socket), peer);
    session->position = loop.sessions.insert(loop.sessions.end(), session);
    session->Start();
  };
  if (&loop == loops_.front().get()) {
    begin();
  } else {
    asio::post(loop.context, std::move(begin));
  }
}

bool ServerImpl::MakeRoom(Loop& loop) {
  std::shared_ptr<Session> oldest;
  for (const std::shared_ptr<Session>& session : loop.sessions) {
    if (session->handling()) continue;
    if (oldest == nullptr || session->since() < oldest->since()) oldest = session;
  }
  if (oldest == nullptr) return false;
  oldest->Close();
  return true;
}

void ServerImpl::Sweep(Loop& loop) {
  loop.sweeper.expires_after(tick_);
  loop.sweeper.async_wait([this, &loop](const error_code& ec) {
    if (ec || loop.stopping) return;
    const TimePoint now = SteadyClock::now();
    for (auto next = loop.sessions.begin(); next != loop.sessions.end();) {
      const std::shared_ptr<Session> session = *next++;
      session->OnTick(now);
    }
    if (&loop == loops_.front().get() && accept_paused_ && acceptor_->is_open()) {
      accept_paused_ = false;
      AcceptWhenReady();
    }
    Sweep(loop);
  });
}

template <typename Action>
void ServerImpl::OnEveryLoop(Action action) {
  for (const auto& loop : loops_) {
    asio::post(loop->context, [action, each = loop.get()] { action(*each); });
  }
}

void ServerImpl::Stop(absl::Duration drain) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (stopped_) return;
  stopped_ = true;
  lock.unlock();
  draining_.store(true);
  if (!loops_.empty() && loops_.front()->thread.joinable()) {
    asio::post(loops_.front()->context, [this] {
      error_code ignored;
      acceptor_->close(ignored);
    });
    OnEveryLoop([](Loop& loop) {
      for (auto next = loop.sessions.begin(); next != loop.sessions.end();) {
        const std::shared_ptr<Session> session = *next++;
        session->Drain();
      }
    });
    lock.lock();
    changed_.wait_for(lock, ToChrono(std::min(drain, absl::Hours(1))),
                      [this] { return sessions_ == 0 && handlers_ == 0; });
    changed_.wait(lock, [this] { return handlers_ == 0; });
    lock.unlock();
    OnEveryLoop([](Loop& loop) {
      while (!loop.sessions.empty()) loop.sessions.front()->Close();
      loop.stopping = true;
      loop.sweeper.cancel();
      loop.work.reset();
    });
  }
  for (const auto& loop : loops_) {
    if (loop->thread.joinable()) loop->thread.join();
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options, Handler handler,
                                                      base::WorkerPool& pool) {
  auto server = std::make_unique<ServerImpl>(std::move(options), std::move(handler), pool);
  if (absl::Status listening = server->Listen(); !listening.ok()) return listening;
  return server;
}

}  // namespace va::http
