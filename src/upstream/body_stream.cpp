#include "upstream/body_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "http/connection.h"
#include "http/core_conf.h"

namespace bext::upstream {

void BodyStream::start(Exchange& x) {
    x.streaming_ = true;
    if (*x.request.conf<http::Client>().tcp_nodelay && x.peer()->address.family() != AF_UNIX) {
        int one = 1;
        ::setsockopt(x.link_->socket->fd(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    spawn(run(x));
}

Task<> BodyStream::run(Exchange& x) {
    int status = co_await send(x);
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

Task<int> BodyStream::send(Exchange& x) {
    auto& r = x.request.main;
    auto size = x.request.conf<http::Client>().body_buffer_size->value;
    char* bytes = x.request.arena.bytes(size);
    std::size_t used = 0;
    bool wait = false;  // the first bytes go with the head only when they are there already
    for (;;) {
        while (r.body.source && used < size && (wait || r.body.source->ready())) {
            wait = false;
            std::span<char> room{bytes + used, size - used};
            auto got = co_await r.body.source->read(room);
            if (x.stop_streaming_) co_return -1;
            if (got.status) co_return got.status;
            used += got.size;
            r.body.size += got.size;
            if (got.size == 0 || r.body.size == static_cast<std::uint64_t>(r.content_length)) r.body.source = nullptr;
        }
        if (used || !r.body.source) x.protocol.frame(x, {bytes, used}, !r.body.source, x.outgoing);
        used = 0;
        int status = co_await flush(x);
        if (status) co_return status;
        if (!r.body.source) co_return 0;
        wait = !r.body.source->ready();
    }
}

/// Ends the sending, whatever it waits for.
Task<> Exchange::stop_stream() {
    stop_streaming_ = true;
    request.keepalive = false;
    request.lingering = true;
    if (link_) link_->stream().cancel();
    if (streaming_ && request.connection.stream) request.connection.stream->cancel();
    while (streaming_) {
        auto wait = co_await net::Stream::Waiting(gate_, false, 0);
        static_cast<void>(wait);
    }
}

}  // namespace bext::upstream
