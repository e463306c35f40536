#include "lib/http/request_parser.h"

#include <cstdint>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "lib/http/client_address.h"

namespace va::http {
namespace {

namespace beast = boost::beast;
using boost::system::error_code;

absl::string_view View(boost::core::string_view text) { return {text.data(), text.size()}; }

}  // namespace

// Writes straight into the Request: no field container in between.
class RequestParser::Impl final : public beast::http::basic_parser<true> {
 public:
  Impl(Request& request, size_t body_limit, ForwardedBy forwarded_by)
      : request_(request), forwarded_by_(forwarded_by) {
    header_limit(UINT32_MAX);  // the gate has measured already
    this->body_limit(body_limit);
  }

  const std::vector<std::string>& forwarding() const { return forwarding_; }

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
    if (!IsUntrustedHeader(View(name))) {
      request_.headers.Add(View(name), View(value));
    } else if (IsForwardingHeader(View(name), forwarded_by_)) {
      forwarding_.emplace_back(value.data(), value.size());
    }
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
  const ForwardedBy forwarded_by_;
  bool head_done_ = false;
  std::vector<std::string> forwarding_;
};

RequestParser::RequestParser(Request& request, size_t body_limit, ForwardedBy forwarded_by)
    : impl_(std::make_unique<Impl>(request, body_limit, forwarded_by)) {}

RequestParser::~RequestParser() = default;

RequestParser::Result RequestParser::TakeHead(absl::string_view head) {
  error_code ec;
  const size_t used = impl_->put(boost::asio::buffer(head.data(), head.size()), ec);
  if (ec && ec != beast::http::error::need_more) return Result::kMalformed;
  // The gate and the parser must see the same head, to the byte.
  if (used != head.size() || !impl_->is_header_done()) return Result::kMalformed;
  if (impl_->is_done()) return Result::kDone;
  impl_->eager(true);
  return Result::kMore;
}

RequestParser::Result RequestParser::TakeBody(absl::string_view bytes, size_t& used) {
  error_code ec;
  used = impl_->put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
  if (ec == beast::http::error::body_limit) return Result::kBodyTooLarge;
  if (ec && ec != beast::http::error::need_more) return Result::kMalformed;
  return impl_->is_done() ? Result::kDone : Result::kMore;
}

const std::vector<std::string>& RequestParser::forwarding() const { return impl_->forwarding(); }

}  // namespace va::http
