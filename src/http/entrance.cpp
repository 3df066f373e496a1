// The way into a connection, whatever is spoken on it then: the PROXY protocol's header (ngx_proxy_protocol_read and its callers), TLS.
#include <sys/socket.h>

#include <cerrno>

#include "base/text.h"
#include "http/connection.h"
#include "http/site.h"

namespace bext::http {

Task<bool> Connection::read_proxy_header(std::uint64_t timeout_ms) {
    proxy_ = std::make_unique<net::ProxyHeader>();
    proxy_bytes_.resize(net::kProxyV2Max);
    std::size_t have = 0;
    for (;;) {
        auto wait = co_await socket_->readable(timeout_ms);
        if (wait == net::Wait::kTimeout) note(Level::kInfo, "client timed out", ETIMEDOUT, "waiting for request");
        if (wait != net::Wait::kReady) co_return false;
        // Peek, so that bytes behind the header stay for TLS or the request.
        ssize_t n = ::recv(socket_->fd(), proxy_bytes_.data(), proxy_bytes_.size(), MSG_PEEK);
        if (n < 0 && errno == EAGAIN) {
            socket_->not_readable();
            continue;
        }
        if (n <= 0) co_return false;
        auto verdict = net::parse_proxy_header({proxy_bytes_.data(), static_cast<std::size_t>(n)}, *proxy_);
        if (verdict == net::ProxyParse::kAgain) {
            if (static_cast<std::size_t>(n) == have) {
                if (socket_->hung_up()) co_return false;
                socket_->not_readable();
            }
            have = static_cast<std::size_t>(n);
            continue;
        }
        if (verdict != net::ProxyParse::kDone) {
            refuse_proxy_header({proxy_bytes_.data(), static_cast<std::size_t>(n)}, verdict);
            co_return false;
        }
        ssize_t taken = ::recv(socket_->fd(), proxy_bytes_.data(), proxy_->size, 0);
        if (taken != static_cast<ssize_t>(proxy_->size)) co_return false;
        proxy_header = proxy_.get();
        co_return true;
    }
}

void Connection::refuse_proxy_header(std::string_view bytes, net::ProxyParse verdict) {
    std::string why;
    switch (verdict) {
        case net::ProxyParse::kUnknownVersion:
            why = cat({"unknown PROXY protocol version: ", std::to_string(static_cast<unsigned char>(bytes[12]) >> 4)});
            break;
        case net::ProxyParse::kTooLarge: why = "header is too large"; break;
        default: why = cat({"broken header: \"", bytes.substr(0, bytes.find_first_of("\r\n")), "\""});
    }
    note(Level::kError, why, 0, "reading PROXY protocol");
    // What was looked at is taken, else the close is a reset.
    static_cast<void>(::recv(socket_->fd(), proxy_bytes_.data(), bytes.size(), 0));
}

/// The TLS handshake. A client that speaks plain HTTP here gets nginx's answer 400 instead of a failed one.
Task<Connection::Entered> Connection::start_tls(std::uint64_t timeout_ms) {
    auto accept = tls_acceptor();
    if (!accept) co_return Entered::kNot;
    char first;
    for (;;) {
        auto wait = co_await socket_->readable(timeout_ms);
        if (wait == net::Wait::kTimeout) note(Level::kInfo, "client timed out", ETIMEDOUT, "SSL handshaking");
        if (wait != net::Wait::kReady) co_return Entered::kNot;
        ssize_t n = ::recv(socket_->fd(), &first, 1, MSG_PEEK);
        if (n == 1) break;
        if (n == 0) note(Level::kInfo, "client closed connection", 0, "SSL handshaking");
        if (n == 0 || errno != EAGAIN) co_return Entered::kNot;
        socket_->not_readable();
    }
    if ((static_cast<unsigned char>(first) & 0x80) == 0 && first != 0x16) co_return Entered::kPlainOnTls;
    auto accepted = co_await accept(*this, *socket_, timeout_ms);
    if (!accepted.stream) co_return Entered::kNot;
    tls_stream_ = std::move(accepted.stream);
    tls = accepted.session;
    stream_ = tls_stream_.get();
    co_return Entered::kYes;
}

Task<Connection::Entered> Connection::enter(std::uint64_t timeout_ms) {
    // g++ 12 miscompiles co_await inside && and ||: it always stands alone (docs/adr/0002-event-loop.md).
    bool good = true;
    if (listen->options.proxy_protocol) good = co_await read_proxy_header(timeout_ms);
    if (!good) co_return Entered::kNot;
    if (!listen->options.ssl) co_return Entered::kYes;
    co_return co_await start_tls(timeout_ms);
}

void Connection::take_proxy_header(std::string_view bytes) {
    proxy_bytes_ = bytes;
    proxy_ = std::make_unique<net::ProxyHeader>();
    if (net::parse_proxy_header(proxy_bytes_, *proxy_) == net::ProxyParse::kDone) proxy_header = proxy_.get();
}

}  // namespace bext::http
