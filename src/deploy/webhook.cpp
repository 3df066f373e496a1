#include "deploy/webhook.h"

#include <boost/asio/signal_set.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <memory>

#include "base/log.h"
#include "base/text.h"
#include "deploy/signature.h"

namespace bext::deploy {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;

namespace {

constexpr std::size_t kLargestBody = 25 * 1024 * 1024;  // GitHub sends no more
constexpr std::size_t kLargestHeader = 16 * 1024;
constexpr int kMostSessions = 32;
constexpr std::chrono::seconds kPatience{10};

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

/// One connection: one request, one answer.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(Webhook& hook, tcp::socket socket) : hook_(hook), stream_(std::move(socket)) {
        ++hook_.sessions_;
        parser_.header_limit(kLargestHeader);
        parser_.body_limit(kLargestBody);
    }
    ~Session() { --hook_.sessions_; }

    void read() {
        stream_.expires_after(kPatience);
        http::async_read(stream_, buffer_, parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (error == http::error::body_limit) return self->answer(http::status::payload_too_large, "the body is too large\n");
            if (error == http::error::header_limit) return self->answer(http::status::request_header_fields_too_large, "the header is too large\n");
            if (error && error.category() == http::make_error_code(http::error::bad_method).category() && error != http::error::end_of_stream)
                return self->answer(http::status::bad_request, "this is not HTTP/1\n");
            if (!error) self->handle();
        });
    }

private:
    void handle() {
        auto& request = parser_.get();
        if (request.method() != http::verb::post) return answer(http::status::method_not_allowed, "POST a webhook here\n");
        if (!is_signed(view(request["X-Hub-Signature-256"]), request.body(), hook_.options_.secret)) {
            process_log().write(Level::kWarn, "git_deploy: a request without the right signature was refused");
            return answer(http::status::forbidden, "the signature is missing or wrong\n");
        }
        auto event = view(request["X-GitHub-Event"]);
        if (event == "ping") return answer(http::status::ok, "pong\n");
        if (!event.empty() && event != "push") return answer(http::status::ok, "only a push does anything here\n");
        switch (hook_.runner_.run()) {
            case Runner::Started::kNow: return answer(http::status::accepted, "started\n");
            case Runner::Started::kLater: return answer(http::status::accepted, "it runs already, and once more afterwards\n");
            case Runner::Started::kFailed: return answer(http::status::internal_server_error, "it could not be started\n");
        }
    }

    void answer(http::status status, std::string_view text) {
        response_.result(status);
        response_.set(http::field::content_type, "text/plain");
        if (status == http::status::method_not_allowed) response_.set(http::field::allow, "POST");
        response_.keep_alive(false);
        response_.body() = text;
        response_.prepare_payload();
        http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code, std::size_t) {
            beast::error_code ignored;
            self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
        });
    }

    Webhook& hook_;
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_{kLargestHeader + 64 * 1024};
    http::request_parser<http::string_body> parser_;
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
        if (!error && sessions_ < kMostSessions) std::make_shared<Session>(*this, std::move(socket))->read();
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
