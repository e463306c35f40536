#include "lib/http/server.h"

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

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/http/client_address.h"
#include "lib/http/ip_address.h"
#include "lib/http/refusals.h"
#include "lib/http/request_head.h"
#include "lib/http/request_parser.h"
#include "lib/http/response_writer.h"
#include "lib/http/stream.h"
#include "lib/http/tls_context.h"

namespace va::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

constexpr size_t kReadSize = 16 * 1024;
constexpr size_t kMaxLingerBytes = 16 * 1024 * 1024;
constexpr int kAcceptsPerWake = 64;
constexpr absl::string_view kHandlerThrew = RefusalReason("HANDLER_THREW").token();
constexpr auto kNever = TimePoint::max();

std::chrono::nanoseconds ToChrono(absl::Duration duration) {
  return absl::ToChronoNanoseconds(duration);
}

// Who is at the other end.
struct Peer {
  IpAddress address;
  std::string text;       // of the address
  std::string limit_key;  // empty: not counted
};

// What goes out, and what is told of it.
struct Answer {
  std::string bytes;
  int status = kNoAnswer;
  absl::string_view refusal;
};

// A fixed text for what may be any token: labels of metrics are a closed set.
absl::string_view KnownMethod(absl::string_view method) {
  for (const absl::string_view known :
       {"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"}) {
    if (method == known) return known;
  }
  return method.empty() ? absl::string_view() : absl::string_view("other");
}

class ServerImpl;
class Session;
using SessionList = std::list<std::shared_ptr<Session>>;

// One io thread with what belongs to it. Only that thread touches the lists.
struct Loop {
  Loop() : context(1), work(asio::make_work_guard(context)), sweeper(context) {}

  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::steady_timer sweeper;
  bool stopping = false;
  // Those that wait for their peer, longest first: whoever enters a state goes to the end. Those
  // whose handler is at work are apart, for they have no deadline and nobody may close them.
  SessionList waiting;
  SessionList handling;
  std::array<char, kReadSize>
      scratch;  // every read lands here first: idle connections hold nothing
  std::thread thread;
};

// One connection: a state machine that `Drive` advances as far as the socket allows. Everything
// runs on the loop's thread; only Job::Run runs on a worker. Lives while it is in the loop's list
// or something it waits for is pending.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(ServerImpl& server, Loop& loop, tcp::socket socket, Peer peer);

  void Start();
  // The answer of a worker.
  void OnResponse(Answer answer, std::string route, bool close);
  // Called by the sweeper; acts only when the deadline of the state has passed.
  void OnTick(TimePoint now);
  // Closes now if nothing would be lost by it; otherwise after the answer under way.
  void Drain();
  void Close();

  SessionList::iterator position;

 private:
  enum class State { kHandshake, kIdle, kHead, kBody, kHandling, kWriting, kLinger, kClosed };
  using Io = Stream::Io;

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
  bool Refuse(int status, RefusalReason reason, bool close = true);
  void BeginWriting(Answer answer, bool close, bool linger);
  bool AnswerFinished();
  // Tells of the request that is over, if there was one.
  void TellDone(bool complete);
  // Whether the name in the TLS handshake was another than the Host: one certificate's connection
  // must not reach another name's pages (W15). A trusted proxy may name itself there.
  bool ContradictsSni() const;
  void Enter(State state, absl::Duration timeout);

  // Appends to `in_` what the socket holds, up to kReadSize; false when there was nothing: then the
  // session waits or is closed.
  bool Read();
  // False, with the session waiting or closed, unless `io` is kDone.
  bool Proceed(Io io);
  void WaitFor(tcp::socket::wait_type what);

  ServerImpl& server_;
  Loop& loop_;
  tcp::socket socket_;
  Stream stream_;
  const Peer peer_;
  std::optional<PeerCertificate> peer_certificate_;
  std::string sni_;

  State state_ = State::kHandshake;
  TimePoint deadline_ = kNever;
  bool waits_read_ = false;
  bool waits_write_ = false;
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

  // Of the request under way, for TellDone.
  bool in_request_ = false;
  TimePoint request_began_;
  absl::string_view method_;
  std::string route_;
  int status_ = kNoAnswer;
  absl::string_view refusal_;
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
  bool has_tls() const { return options_.tls.has_value(); }
  // Of the context of this moment. A session keeps the context it began with.
  Ssl NewSsl() {
    const std::lock_guard<std::mutex> lock(tls_mutex_);
    return Ssl(SSL_new(tls_.get()));
  }
  absl::Status ReloadTls() override;
  ServerStats stats() const override;
  base::Heartbeats::Count Beat() override;
  const TrustedProxies& proxies() const { return proxies_; }
  void CountFailedHandshake() { handshakes_failed_.fetch_add(1, std::memory_order_relaxed); }
  bool draining() const { return draining_.load(std::memory_order_relaxed); }

  Response RefusalPage(const ServerRefusal& refusal) const;
  Answer Serialize(const Response& response, const WriteOptions& options) const;
  bool IsOurHost(absl::string_view host) const;

  // Bytes of request bodies in memory, all connections together; false beyond the limit.
  bool AddBodyBytes(size_t count) {
    return body_bytes_.fetch_add(count) + count <= options_.body_memory_limit;
  }
  void RemoveBodyBytes(size_t count) { body_bytes_.fetch_sub(count); }

  void HandlerStarted();
  void HandlerFinished();
  void SessionClosed(const Peer& peer);

 private:
  enum class Admission { kYes, kFull, kTooManyOfOne };

  absl::Status Bind();
  void AcceptWhenReady();
  void AcceptAll();
  void Adopt(int fd, const sockaddr_storage& source);
  Peer PeerOf(const IpAddress& address) const;
  Admission Admit(const Peer& peer);
  void TurnAway(int fd, const Peer& peer);
  bool MakeRoom(Loop& loop);
  void Sweep(Loop& loop);
  template <typename Action>
  void OnEveryLoop(Action action);

  const ServerOptions options_;
  const Handler handler_;
  base::WorkerPool& pool_;
  HeadLimits head_limits_;
  TrustedProxies proxies_;
  std::mutex tls_mutex_;
  SslContext tls_;  // guarded by tls_mutex_
  std::vector<std::unique_ptr<Loop>> loops_;
  std::unique_ptr<base::Heartbeats> beats_;  // one for each loop
  std::optional<tcp::acceptor> acceptor_;
  std::chrono::nanoseconds tick_{};
  size_t next_loop_ = 0;  // the first loop's thread only, as is the next
  bool accept_paused_ = false;
  int port_ = 0;
  std::atomic<bool> draining_{false};
  std::atomic<size_t> body_bytes_{0};
  std::atomic<uint64_t> accepted_{0};
  std::atomic<uint64_t> made_room_{0};
  std::atomic<uint64_t> turned_away_{0};
  std::atomic<uint64_t> handshakes_failed_{0};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  size_t sessions_ = 0;  // guarded by mutex_, as are the next two
  size_t handlers_ = 0;
  absl::flat_hash_map<std::string, size_t> sessions_of_;  // by limit key
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
    Answer answer = server_.Serialize(response, options_);
    if (threw_) answer.refusal = kHandlerThrew;
    asio::post(loop_.context,
               [session = std::move(session_), answer = std::move(answer),
                route = std::move(request_.route), close = options_.close]() mutable {
                 session->OnResponse(std::move(answer), std::move(route), close);
               });
  }

  Request TakeBack() { return std::move(request_); }

 private:
  Response Call() {
    try {
      return server_.handler()(request_);
    } catch (...) {
      threw_ = true;
      return server_.RefusalPage({500, std::string(kHandlerThrew), request_.request_id,
                                  request_.peer_address, request_.client_address});
    }
  }

  ServerImpl& server_;
  Loop& loop_;
  std::shared_ptr<Session> session_;
  Request request_;
  WriteOptions options_;
  bool threw_ = false;
};

// ---- Session

Session::Session(ServerImpl& server, Loop& loop, tcp::socket socket, Peer peer)
    : server_(server),
      loop_(loop),
      socket_(std::move(socket)),
      stream_(socket_.native_handle()),
      peer_(std::move(peer)) {}

void Session::Enter(State state, absl::Duration timeout) {
  SessionList& from = state_ == State::kHandling ? loop_.handling : loop_.waiting;
  SessionList& to = state == State::kHandling ? loop_.handling : loop_.waiting;
  to.splice(to.end(), from, position);
  state_ = state;
  deadline_ = timeout == absl::InfiniteDuration() ? kNever : SteadyClock::now() + ToChrono(timeout);
}

void Session::Start() {
  if (server_.has_tls()) {
    Enter(State::kHandshake, server_.options().handshake_timeout);
  } else {
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
  // Here something has come already, so what TLS needs is made only for those who speak.
  if (!stream_.has_tls() && !stream_.StartTls(server_.NewSsl())) {
    Close();
    return false;
  }
  const Io io = stream_.Handshake();
  if (io == Io::kEnd) server_.CountFailedHandshake();
  if (!Proceed(io)) return false;
  peer_certificate_ = PeerCertificateOf(stream_.ssl());
  const char* const sni = SSL_get_servername(stream_.ssl(), TLSEXT_NAMETYPE_host_name);
  if (sni != nullptr) sni_ = sni;
  Enter(State::kIdle, server_.options().header_timeout);
  return true;
}

bool Session::DriveHead() {
  if (!scanner_.has_value()) scanner_.emplace(server_.head_limits());
  if (!in_.empty()) {
    if (state_ == State::kIdle) {
      Enter(State::kHead, server_.options().header_timeout);
      in_request_ = true;
      request_began_ = SteadyClock::now();
    }
    const std::optional<size_t> head_size = scanner_->Scan(in_);
    if (head_size.has_value()) return TakeHead(*head_size);
    if (scanner_->refusal().status != 0) {
      return Refuse(scanner_->refusal().status, scanner_->refusal().reason);
    }
  }
  return Read();
}

bool Session::TakeHead(size_t head_size) {
  const absl::string_view bytes = absl::string_view(in_).substr(0, head_size);
  const RequestHead head = CheckRequestHead(bytes, server_.head_limits());
  request_ = Request();
  request_.headers.Reserve(16);
  request_.peer_address = peer_.text;
  request_.client_address = peer_.text;
  if (server_.options().new_request_id) request_.request_id = server_.options().new_request_id();
  if (head.refusal.status != 0) return Refuse(head.refusal.status, head.refusal.reason);
  const size_t body_limit = server_.options().body_limit;
  if (head.content_length.value_or(0) > body_limit) return Refuse(413, "BODY_TOO_LARGE");

  request_.host = std::string(head.host);
  request_.peer_certificate = peer_certificate_;
  close_after_write_ = !head.keep_alive;
  const ForwardedBy forwarded_by = server_.options().forwarded_by;
  parser_.emplace(request_, body_limit, forwarded_by);
  const RequestParser::Result result = parser_->TakeHead(bytes);
  if (result == RequestParser::Result::kBodyTooLarge) return Refuse(413, "BODY_TOO_LARGE");
  if (result == RequestParser::Result::kMalformed) return Refuse(400, "MALFORMED");
  method_ = KnownMethod(request_.method);
  if (!parser_->forwarding().empty()) {
    request_.client_address =
        server_.proxies().ClientOf(peer_.address, parser_->forwarding(), forwarded_by).ToString();
  }
  in_.erase(0, head_size);
  scanner_.reset();
  if (!server_.IsOurHost(request_.host)) return Refuse(421, "FOREIGN_HOST");
  if (ContradictsSni()) return Refuse(421, "SNI_MISMATCH");
  if (result == RequestParser::Result::kDone) return Dispatch();
  Enter(State::kBody, server_.options().body_timeout);
  return true;
}

bool Session::ContradictsSni() const {
  if (sni_.empty() || server_.proxies().Contains(peer_.address)) return false;
  return !absl::EqualsIgnoreCase(sni_, request_.host.substr(0, request_.host.rfind(':')));
}

bool Session::DriveBody() {
  while (!in_.empty()) {
    size_t used = 0;
    const RequestParser::Result result = parser_->TakeBody(in_, used);
    in_.erase(0, used);
    if (!CountBody()) return Refuse(503, "BODY_MEMORY");
    if (result == RequestParser::Result::kDone) return Dispatch();
    if (result == RequestParser::Result::kBodyTooLarge) return Refuse(413, "BODY_TOO_LARGE");
    if (result == RequestParser::Result::kMalformed) return Refuse(400, "MALFORMED");
    if (used == 0) break;
  }
  // Whatever needs this much more to make sense is no chunk header.
  if (in_.size() >= kReadSize) return Refuse(400, "MALFORMED");
  return Read();
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
      route_ = std::move(request_.route);
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

void Session::OnResponse(Answer answer, std::string route, bool close) {
  if (state_ != State::kHandling) return;
  route_ = std::move(route);
  BeginWriting(std::move(answer), close, /*linger=*/false);
  Drive();
}

void Session::BeginWriting(Answer answer, bool close, bool linger) {
  ForgetBody();
  out_ = std::move(answer.bytes);
  status_ = answer.status;
  refusal_ = answer.refusal;
  written_ = 0;
  close_after_write_ = close || out_.empty();
  linger_after_write_ = linger;
  Enter(State::kWriting, server_.options().write_timeout);
}

bool Session::Refuse(int status, RefusalReason reason, bool close) {
  if (request_.request_id.empty() && server_.options().new_request_id) {
    request_.request_id = server_.options().new_request_id();
  }
  if (request_.client_address.empty()) request_.client_address = peer_.text;
  const Response page =
      server_.RefusalPage({status, std::string(reason.token()), request_.request_id, peer_.text,
                           request_.client_address});
  const WriteOptions options{close, request_.method == "HEAD"};
  parser_.reset();
  scanner_.reset();
  Answer answer = server_.Serialize(page, options);
  answer.refusal = reason.token();
  BeginWriting(std::move(answer), close, /*linger=*/close);
  return true;
}

bool Session::DriveWriting() {
  const Io io = stream_.Write(absl::string_view(out_).substr(written_), written_);
  return Proceed(io) && AnswerFinished();
}

void Session::TellDone(bool complete) {
  if (!in_request_) return;
  in_request_ = false;
  if (server_.options().on_done) {
    RequestRecord record;
    record.method = method_;
    record.route = route_;
    record.status = status_;
    record.took = absl::FromChrono(SteadyClock::now() - request_began_);
    record.bytes_out = out_.size();
    record.refusal = refusal_;
    record.complete = complete;
    server_.options().on_done(record);
  }
  method_ = {};
  route_.clear();
  status_ = kNoAnswer;
  refusal_ = {};
}

bool Session::AnswerFinished() {
  TellDone(/*complete=*/true);
  out_.clear();
  if (out_.capacity() > 2 * kReadSize) out_.shrink_to_fit();
  request_ = Request();
  if (close_after_write_ && linger_after_write_) {
    // Bytes nobody read would turn the close into a reset, and the reset would overtake the answer.
    stream_.Finish();
    in_ = std::string();
    Enter(State::kLinger, server_.options().linger_timeout);
    return true;
  }
  if (close_after_write_ || draining_) {
    Close();
    return false;
  }
  Enter(State::kIdle, server_.options().idle_timeout);
  if (!in_.empty() || stream_.HasPending()) {
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
    size_t got = 0;
    if (!Proceed(stream_.ReadRaw(loop_.scratch.data(), loop_.scratch.size(), got))) return false;
    lingered_ += got;
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
  SessionList& list = state_ == State::kHandling ? loop_.handling : loop_.waiting;
  TellDone(/*complete=*/false);
  state_ = State::kClosed;
  deadline_ = kNever;
  ForgetBody();
  stream_.Close();
  error_code ignored;
  socket_.close(ignored);
  const std::shared_ptr<Session> self = std::move(*position);
  list.erase(position);
  server_.SessionClosed(peer_);
}

bool Session::Read() {
  size_t got = 0;
  if (!Proceed(stream_.Read(loop_.scratch.data(), kReadSize, got))) return false;
  in_.append(loop_.scratch.data(), got);
  return true;
}

bool Session::Proceed(Io io) {
  switch (io) {
    case Io::kDone:
      return true;
    case Io::kWantRead:
      WaitFor(tcp::socket::wait_read);
      return false;
    case Io::kWantWrite:
      WaitFor(tcp::socket::wait_write);
      return false;
    case Io::kEnd:
      Close();
      return false;
  }
  return false;
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

Answer ServerImpl::Serialize(const Response& response, const WriteOptions& options) const {
  Answer answer;
  answer.status = response.status;
  if (response.status == kNoAnswer) return answer;
  if (WriteResponse(response, options_.default_headers, options, answer.bytes)) return answer;
  answer.status = 500;
  answer.refusal = RefusalReason("HEADER_INJECTION").token();
  WriteResponse(RefusalPage({500, "HEADER_INJECTION", "", "", ""}), options_.default_headers,
                options, answer.bytes);
  return answer;
}

absl::Status ServerImpl::ReloadTls() {
  if (!has_tls()) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "NO_TLS",
                           "this server speaks plain HTTP");
  }
  const absl::StatusOr<TlsMaterial> material = TlsMaterial::Read(NamesOf(*options_.tls));
  if (!material.ok()) return material.status();
  if (absl::Status current = material->CheckTime(); !current.ok()) return current;
  absl::StatusOr<SslContext> context = MakeServerContext(*material);
  if (!context.ok()) return context.status();
  const std::lock_guard<std::mutex> lock(tls_mutex_);
  tls_.swap(*context);
  return absl::OkStatus();
}

ServerStats ServerImpl::stats() const {
  ServerStats stats;
  stats.accepted = accepted_.load(std::memory_order_relaxed);
  stats.made_room = made_room_.load(std::memory_order_relaxed);
  stats.turned_away = turned_away_.load(std::memory_order_relaxed);
  stats.handshakes_failed = handshakes_failed_.load(std::memory_order_relaxed);
  const std::lock_guard<std::mutex> lock(mutex_);
  stats.connections = sessions_;
  return stats;
}

base::Heartbeats::Count ServerImpl::Beat() {
  if (draining()) return {};
  return beats_->Beat([this](size_t number) {
    asio::post(loops_[number]->context, [this, number] { beats_->Answer(number); });
  });
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

void ServerImpl::SessionClosed(const Peer& peer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  --sessions_;
  if (!peer.limit_key.empty()) {
    const auto found = sessions_of_.find(peer.limit_key);
    if (found != sessions_of_.end() && --found->second == 0) sessions_of_.erase(found);
  }
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
    const absl::StatusOr<TlsMaterial> material = TlsMaterial::Read(NamesOf(*options_.tls));
    if (!material.ok()) return material.status();
    absl::StatusOr<SslContext> context = MakeServerContext(*material);
    if (!context.ok()) return context.status();
    tls_ = *std::move(context);
  }
  absl::StatusOr<TrustedProxies> proxies = TrustedProxies::Parse(options_.trusted_proxies);
  if (!proxies.ok()) return proxies.status();
  proxies_ = *std::move(proxies);
  head_limits_ = {options_.header_limit, options_.header_count_limit, options_.target_limit};
  const absl::Duration shortest =
      std::min({options_.handshake_timeout, options_.header_timeout, options_.body_timeout,
                options_.write_timeout, options_.idle_timeout, options_.linger_timeout});
  tick_ = ToChrono(std::clamp(shortest / 4, absl::Milliseconds(5), absl::Milliseconds(500)));
  for (size_t i = 0; i < std::max<size_t>(1, options_.io_threads); ++i) {
    loops_.push_back(std::make_unique<Loop>());
  }
  beats_ = std::make_unique<base::Heartbeats>(loops_.size());
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
    // Out of descriptors (C2): the connection stays queued; free one, or let the next tick try
    // again.
    if (!MakeRoom(*loops_.front())) {
      OnEveryLoop([this](Loop& loop) { MakeRoom(loop); });
      accept_paused_ = true;
      return;
    }
  }
  AcceptWhenReady();
}

Peer ServerImpl::PeerOf(const IpAddress& address) const {
  Peer peer{address, address.ToString(), ""};
  if (options_.max_connections_per_address != 0 && !proxies_.Contains(address)) {
    peer.limit_key = address.LimitKey();
  }
  return peer;
}

// Counts the connection, whatever the answer; SessionClosed takes it back.
ServerImpl::Admission ServerImpl::Admit(const Peer& peer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool full = sessions_ >= options_.max_connections;
  ++sessions_;
  if (!peer.limit_key.empty() &&
      ++sessions_of_[peer.limit_key] > options_.max_connections_per_address) {
    return Admission::kTooManyOfOne;
  }
  return full ? Admission::kFull : Admission::kYes;
}

void ServerImpl::TurnAway(int fd, const Peer& peer) {
  turned_away_.fetch_add(1, std::memory_order_relaxed);
  ::close(fd);
  SessionClosed(peer);
}

void ServerImpl::Adopt(int fd, const sockaddr_storage& source) {
  accepted_.fetch_add(1, std::memory_order_relaxed);
  const std::optional<IpAddress> address = IpAddress::FromSocket(source);
  if (!address.has_value()) {
    ::close(fd);
    return;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  Peer peer = PeerOf(*address);
  const Admission admission = Admit(peer);
  if (admission == Admission::kTooManyOfOne) {
    TurnAway(fd, peer);
    return;
  }
  Loop& loop = *loops_[next_loop_];
  next_loop_ = (next_loop_ + 1) % loops_.size();
  auto begin = [this, &loop, fd, is_v6 = source.ss_family == AF_INET6,
                full = admission == Admission::kFull, peer = std::move(peer)]() mutable {
    // Of connections that wait, the one that has waited longest goes: a crowd of idle ones, or of
    // slow ones, pushes out itself and not the person who comes next (W4).
    if (full && !MakeRoom(loop)) {
      TurnAway(fd, peer);
      return;
    }
    tcp::socket socket(loop.context);
    error_code ec;
    socket.assign(is_v6 ? tcp::v6() : tcp::v4(), fd, ec);
    if (ec || draining()) {
      if (ec) ::close(fd);
      SessionClosed(peer);
      return;
    }
    auto session = std::make_shared<Session>(*this, loop, std::move(socket), std::move(peer));
    session->position = loop.waiting.insert(loop.waiting.end(), session);
    session->Start();
  };
  if (&loop == loops_.front().get()) {
    begin();
  } else {
    asio::post(loop.context, std::move(begin));
  }
}

bool ServerImpl::MakeRoom(Loop& loop) {
  if (loop.waiting.empty()) return false;
  const std::shared_ptr<Session> oldest = loop.waiting.front();
  made_room_.fetch_add(1, std::memory_order_relaxed);
  oldest->Close();
  return true;
}

void ServerImpl::Sweep(Loop& loop) {
  loop.sweeper.expires_after(tick_);
  loop.sweeper.async_wait([this, &loop](const error_code& ec) {
    if (ec || loop.stopping) return;
    const TimePoint now = SteadyClock::now();
    for (auto next = loop.waiting.begin(); next != loop.waiting.end();) {
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
      for (SessionList* list : {&loop.waiting, &loop.handling}) {
        for (auto next = list->begin(); next != list->end();) {
          const std::shared_ptr<Session> session = *next++;
          session->Drain();
        }
      }
    });
    lock.lock();
    changed_.wait_for(lock, ToChrono(std::min(drain, absl::Hours(1))),
                      [this] { return sessions_ == 0 && handlers_ == 0; });
    changed_.wait(lock, [this] { return handlers_ == 0; });
    lock.unlock();
    OnEveryLoop([](Loop& loop) {
      while (!loop.waiting.empty()) loop.waiting.front()->Close();
      while (!loop.handling.empty()) loop.handling.front()->Close();
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
