// The PROXY protocol's header, which comes before TLS and the first request (ngx_proxy_protocol_read and its callers).
#include <sys/socket.h>

#include <cerrno>

#include "base/text.h"
#include "http1/connection.h"

namespace bext::http1 {

Task<bool> ClientConnection::read_proxy_header() {
    proxy_ = std::make_unique<net::ProxyHeader>();
    proxy_bytes_.resize(net::kProxyV2Max);
    std::size_t have = 0;
    for (;;) {
        auto wait = co_await socket_->readable(static_cast<std::uint64_t>(wire_->header_timeout->count()));
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

void ClientConnection::refuse_proxy_header(std::string_view bytes, net::ProxyParse verdict) {
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

}  // namespace bext::http1
