#include "tests/bench/bare_http.h"

#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace va::bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using TlsStream = asio::ssl::stream<tcp::socket>;

// Reads, answers, reads.
template <typename Stream>
class Connection : public std::enable_shared_from_this<Connection<Stream>> {
 public:
  Connection(Stream stream, const std::string& body) : stream_(std::move(stream)), body_(body) {}

  void Read() {
    request_ = {};
    http::async_read(stream_, buffer_, request_,
                     [self = this->shared_from_this()](error_code ec, size_t /*size*/) {
                       if (!ec) self->Answer();
                     });
  }

  Stream& stream() { return stream_; }

 private:
  void Answer() {
    response_ = {};
    response_.result(http::status::ok);
    response_.version(11);
    response_.set(http::field::content_type, "text/plain; charset=utf-8");
    response_.body() = body_;
    response_.keep_alive(request_.keep_alive());
    response_.prepare_payload();
    http::async_write(stream_, response_,
                      [self = this->shared_from_this()](error_code ec, size_t /*size*/) {
                        if (!ec && self->response_.keep_alive()) self->Read();
                      });
  }

  Stream stream_;
  const std::string& body_;
  boost::beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
};

class Bare final : public BareHttpServer {
 public:
  Bare(const std::string& body, const TlsFiles& tls)
      : body_(body), context_(1), acceptor_(context_, {asio::ip::address_v4::loopback(), 0}) {
    if (!tls.certificate_file.empty()) {
      tls_.emplace(asio::ssl::context::tls_server);
      tls_->use_certificate_chain_file(tls.certificate_file);
      tls_->use_private_key_file(tls.private_key_file, asio::ssl::context::pem);
    }
    Accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Bare() override {
    context_.stop();
    thread_.join();
  }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  int port() const override { return acceptor_.local_endpoint().port(); }

 private:
  void Accept() {
    acceptor_.async_accept([this](error_code ec, tcp::socket socket) {
      if (ec) return;
      socket.set_option(tcp::no_delay(true), ec);
      if (tls_.has_value()) {
        const auto connection =
            std::make_shared<Connection<TlsStream>>(TlsStream(std::move(socket), *tls_), body_);
        connection->stream().async_handshake(asio::ssl::stream_base::server,
                                             [connection](error_code failed) {
                                               if (!failed) connection->Read();
                                             });
      } else {
        std::make_shared<Connection<tcp::socket>>(std::move(socket), body_)->Read();
      }
      Accept();
    });
  }

  const std::string body_;
  asio::io_context context_;
  std::optional<asio::ssl::context> tls_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BareHttpServer>> BareHttpServer::Start(const std::string& body,
                                                                      const TlsFiles& tls) {
  try {
    return std::make_unique<Bare>(body, tls);
  } catch (const std::exception& fault) {
    return absl::InternalError(fault.what());
  }
}

}  // namespace va::bench
