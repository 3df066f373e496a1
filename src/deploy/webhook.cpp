#include "deploy/webhook.h"

#include <array>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <ctime>
#include <memory>
#include <optional>

#include "base/log.h"
#include "base/text.h"
#include "deploy/signature.h"

namespace bext::deploy {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;

namespace {

constexpr std::uint64_t kLargestBody = 25 * 1024 * 1024;  // GitHub sends no more
constexpr std::size_t kLargestHeader = 16 * 1024;
constexpr std::size_t kPiece = 16 * 1024;
constexpr std::size_t kLongestId = 128;
constexpr std::chrono::seconds kPatience{10};  // for a whole request
constexpr std::int64_t kOldest = 24 * 3600;    // seconds since a push; a delivery may have waited

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

/// One connection: one request, one answer. The body is signed, so it is read before anything is believed, but nothing of it is
/// kept: who sends it may be anybody.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(Webhook& hook, tcp::socket socket) : hook_(hook), guests_(hook.guests_), stream_(std::move(socket)) {
        parser_.header_limit(kLargestHeader);
        parser_.body_limit(kLargestBody);
    }
    ~Session() { guests_->leave(guest_); }

    void read() {
        beast::error_code unknown;
        guest_ = guests_->enter(stream_.socket().remote_endpoint(unknown).address().to_string(), [weak = weak_from_this()] {
            if (auto self = weak.lock()) self->stream_.close();
        });
        stream_.expires_after(kPatience);
        http::async_read_header(stream_, buffer_, parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) return self->look_at_header();
            self->refuse(error);
        });
    }

private:
    void refuse(beast::error_code error) {
        if (error == http::error::body_limit) return answer(http::status::payload_too_large, "the body is too large\n");
        if (error == http::error::header_limit) return answer(http::status::request_header_fields_too_large, "the header is too large\n");
        if (error.category() == http::make_error_code(http::error::bad_method).category() && error != http::error::end_of_stream)
            return answer(http::status::bad_request, "this is not HTTP/1\n");
    }

    /// Who has no signature is not waited for.
    void look_at_header() {
        auto& request = parser_.get();
        if (request.method() != http::verb::post) return answer(http::status::method_not_allowed, "POST a webhook here\n");
        signature_.emplace(view(request["X-Hub-Signature-256"]), hook_.options_.secret);
        if (!signature_->is_plausible()) return forbid();
        read_body();
    }

    void read_body() {
        if (parser_.is_done()) return judge();
        auto& body = parser_.get().body();
        body.data = piece_.data();
        body.size = piece_.size();
        http::async_read_some(stream_, buffer_, parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (error && error != http::error::need_buffer) return self->refuse(error);
            std::string_view piece(self->piece_.data(), self->piece_.size() - self->parser_.get().body().size);
            self->signature_->add(piece);
            self->push_time_.add(piece);
            self->read_body();
        });
    }

    void judge() {
        if (!signature_->is_right()) return forbid();
        auto& request = parser_.get();
        auto event = view(request["X-GitHub-Event"]), id = view(request["X-GitHub-Delivery"]);
        if (id.empty()) id = view(request["X-Gitea-Delivery"]);
        if (event.empty() || id.size() > kLongestId) return answer(http::status::bad_request, "X-GitHub-Event does not tell what this is\n");
        if (hook_.deliveries_.has(id, signature_->field())) {
            process_log().write(Level::kWarn, "git_deploy: a delivery that was taken already was refused");
            return answer(http::status::conflict, "this delivery was taken already\n");
        }
        if (auto pushed = push_time_.seconds(); pushed && *pushed + kOldest < std::time(nullptr)) {
            process_log().write(Level::kWarn, "git_deploy: a delivery of an old push was refused");
            return answer(http::status::conflict, "this push is too long ago\n");
        }
        if (event == "push") return push(id);
        hook_.deliveries_.remember(id, signature_->field());
        answer(http::status::ok, event == "ping" ? "pong\n" : "only a push does anything here\n");
    }

    /// One that could not be started may come again.
    void push(std::string_view id) {
        auto started = hook_.runner_.run();
        if (started == Runner::Started::kFailed) return answer(http::status::internal_server_error, "it could not be started\n");
        hook_.deliveries_.remember(id, signature_->field());
        answer(http::status::accepted, started == Runner::Started::kNow ? "started\n" : "it runs already, and once more afterwards\n");
    }

    void forbid() {
        process_log().write(Level::kWarn, "git_deploy: a request without the right signature was refused");
        answer(http::status::forbidden, "the signature is missing or wrong\n");
    }

    void answer(http::status status, std::string_view text) {
        response_.result(status);
        response_.set(http::field::content_type, "text/plain");
        if (status == http::status::method_not_allowed) response_.set(http::field::allow, "POST");
        response_.keep_alive(false);
        response_.body() = text;
        response_.prepare_payload();
        http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            beast::error_code ignored;
            self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
            if (!error) self->linger();
        });
    }

    /// What is still being sent is read, up to the size of a body: a connection that is closed on it would lose the answer.
    void linger() {
        stream_.async_read_some(asio::buffer(piece_), [self = shared_from_this()](beast::error_code error, std::size_t size) {
            self->lingered_ += size;
            if (!error && self->lingered_ < kLargestBody) self->linger();
        });
    }

    Webhook& hook_;
    std::shared_ptr<Guests> guests_;  // the io_context, and what waits in it, may go after the webhook
    Guests::Id guest_ = 0;
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_{kLargestHeader + kPiece};
    std::array<char, kPiece> piece_;
    http::request_parser<http::buffer_body> parser_;
    std::optional<Signature> signature_;
    PushTime push_time_;
    std::uint64_t lingered_ = 0;
    http::response<http::string_body> response_;
};

Result<> Webhook::start() {
    auto colon = options_.listen.rfind(':');
    if (colon == std::string::npos) return Error{"\"" + options_.listen + "\" has no port to listen on"};
    auto port = parse_decimal(std::string_view(options_.listen).substr(colon + 1), 65'535);
    auto host = options_.listen.substr(0, colon);
    if (host.starts_with("[") && host.ends_with("]")) host = host.substr(1, host.size() - 2);
    beast::error_code error;
    auto address = asio::ip::make_address(host, error);
    if (error || !port) return Error{"\"" + options_.listen + "\" is no address and port to listen on"};
    if (!address.is_loopback()) return Error{"\"" + options_.listen + "\" is not a loopback address"};
    tcp::endpoint endpoint(address, static_cast<std::uint16_t>(*port));
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return Error::from_errno("listening on " + options_.listen, error.value());
    accept();
    return {};
}

void Webhook::accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
        if (error == asio::error::operation_aborted) return;
        if (!error) std::make_shared<Session>(*this, std::move(socket))->read();
        accept();
    });
}

int run(const Options& options) {
    asio::io_context io;
    Webhook hook(io, options);
    if (auto started = hook.start(); !started) {
        process_log().write(Level::kEmerg, "git_deploy: " + started.error().text);
        return 1;
    }
    process_log().write(Level::kNotice, "git_deploy: webhooks are taken on " + options.listen);
    asio::signal_set ends(io, SIGTERM, SIGINT, SIGQUIT);
    ends.async_wait([&io](auto, int) { io.stop(); });
    io.run();
    return 0;
}

}  // namespace bext::deploy
