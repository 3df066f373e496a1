#include "upstream/body_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "http/connection.h"
#include "http/core_conf.h"

namespace bext::upstream {

void BodyStream::start(Exchange& x) {
    if (*x.request.conf<http::Client>().tcp_nodelay && x.peer()->address.family() != AF_UNIX) {
        int one = 1;
        ::setsockopt(x.link_->socket->fd(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    spawn(run(x));
}

Task<> BodyStream::run(Exchange& x) {
    x.streaming_ = true;
    int status = http::status::kInternal;
    try {
        status = co_await send(x);
    } catch (const std::bad_alloc&) {
        x.log(Level::kEmerg, "malloc() failed", ENOMEM);
    }
    x.streaming_ = false;
    x.stream_status_ = status;
    if (status == 0) x.body_sent_ = true;
    x.wake();  // last: it may end the exchange
}

/// Everything in exchange.outgoing. 0, or -1 when the peer failed or the exchange wants to stop.
Task<int> BodyStream::flush(Exchange& x) {
    for (;;) {
        if (x.stop_streaming_) co_return -1;
        auto sent = x.flush();
        if (sent == Exchange::Sent::kAll) break;
        if (sent == Exchange::Sent::kFailed) co_return -1;
        auto wait = co_await x.link_->stream().writable(static_cast<std::uint64_t>(x.conf.send_timeout->count()));
        if (wait == net::Wait::kTimeout) co_return http::status::kGatewayTimeout;
    }
    x.outgoing.clear();
    x.sending_ = 0;
    x.sent_part_ = 0;
    co_return 0;
}

Task<int> BodyStream::take_beginning(http::Request& request) {
    auto& r = request.main;
    auto& body = r.body;
    body.source->send_continue();
    auto size = request.conf<http::Client>().body_buffer_size->value;
    char* bytes = r.arena.bytes(size);
    ssize_t n = -EAGAIN;
    std::size_t used = 0;
    bool whole = false;
    while (used < size && !whole) {
        n = body.source->read_now({bytes + used, size - used});
        if (n < 0) break;
        used += static_cast<std::size_t>(n);
        whole = n == 0 || body.source->finished();
    }
    if (n == -EBADMSG) {
        auto got = co_await body.source->read({bytes, size});
        http::abandon_body(r);
        co_return got.status;
    }
    if (used) body.chain.push(http::Piece::memory({bytes, used}));
    body.size = used;
    if (whole) {
        body.source = nullptr;
        body.read = true;
        r.content_length = static_cast<std::int64_t>(used);
    } else {
        body.unbuffered = true;
    }
    co_return 0;
}

Task<int> BodyStream::send(Exchange& x) {
    auto& r = x.request.main;
    auto& body = r.body;
    auto size = x.request.conf<http::Client>().body_buffer_size->value;
    char* bytes = x.request.arena.bytes(size);
    for (auto& piece : body.chain) x.protocol.frame(x, {piece.data, piece.size}, false, x.outgoing);
    body.chain.clear();
    for (;;) {
        int status = co_await flush(x);
        if (status) co_return status;
        if (!body.source) co_return 0;
        std::span<char> room{bytes, size};
        auto got = co_await body.source->read(room);
        if (x.stop_streaming_) co_return -1;
        if (got.status) co_return got.status;
        auto used = got.size;
        bool last = got.size == 0;
        while (!last && used < size) {  // and what came with it
            ssize_t n = body.source->read_now({bytes + used, size - used});
            if (n < 0) break;
            used += static_cast<std::size_t>(n);
            last = n == 0;
        }
        body.size += used;
        if (last || body.source->finished()) body.source = nullptr;
        x.protocol.frame(x, {bytes, used}, !body.source, x.outgoing);
    }
}

/// Ends the sending, whatever it waits for.
Task<> Exchange::stop_stream() {
    stop_streaming_ = true;
    request.keepalive = false;
    request.lingering = true;
    if (link_) link_->stream().cancel();
    if (streaming_) request.main.sink->abandon();
    while (streaming_) {
        auto wait = co_await net::Stream::Waiting(gate_, false, 0);
        static_cast<void>(wait);
    }
}

}  // namespace bext::upstream
