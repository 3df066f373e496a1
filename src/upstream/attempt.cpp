// One try of an exchange: a connection to a peer, the request out, the head of the answer in.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "http/core_conf.h"
#include "http/thread.h"
#include "upstream/body_stream.h"
#include "upstream/exchange.h"
#include "upstream/url.h"

namespace bext::upstream {
namespace {

constexpr std::size_t kFileBuffer = 16384;  // read at once of a body that the kernel cannot send

Level level_of(int error) {
    switch (error) {
        case ECONNREFUSED: case EAGAIN: case ECONNRESET: case EPIPE: case ENOTCONN: case ETIMEDOUT: case ENETDOWN:
        case ENETUNREACH: case EHOSTDOWN: case EHOSTUNREACH: return Level::kError;
        default: return Level::kCrit;
    }
}

void set_number(const Exchange& x, int fd, int option, std::string_view name, int value) {
    if (::setsockopt(fd, SOL_SOCKET, option, &value, sizeof value) < 0)
        x.request.log(Level::kAlert, cat({"setsockopt(", name, ") failed, ignored"}), errno);
}

/// Binds to the address of `…_bind`. False: it failed (logged).
bool bind_to(Exchange& x, int fd, const Peer& peer) {
    auto& bind = *x.conf.bind;
    auto text = bind.address.evaluate(x.request);
    if (text.empty()) return true;
    Url url;
    if (parse_url(text, 0, false, url) || !url.address) {
        x.log(Level::kError, cat({"invalid local address \"", text, "\""}));
        return true;
    }
    int one = 1;
    if (bind.transparent) {
        bool v6 = url.address->family() == AF_INET6;
        if (::setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, &one, sizeof one) < 0) {
            x.log(Level::kAlert, "setsockopt(IP_TRANSPARENT) failed", errno);
            return false;
        }
    }
    if (peer.address.family() != AF_UNIX && url.address->port() == 0)
        ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (::bind(fd, url.address->raw(), url.address->size()) == 0) return true;
    x.log(Level::kCrit, cat({"bind(", text, ") failed"}), errno);
    return false;
}

}  // namespace

Task<std::uint32_t> Exchange::attempt() {
    request.log_action = "connecting to upstream";
    begin_state();
    auto* peer = selection_.pick(now_seconds());
    if (!peer) {
        state()->peer = request.arena.copy(group_->name);
        request.upstream_name = request.arena.cat({schema, group_->name, uri});
        log(Level::kError, "no live upstreams");
        co_return kNoLive;
    }
    state()->peer = peer->name;
    series_ = peer->series;
    asked_ = true;
    request.upstream_name = request.arena.cat({schema, peer->name, peer->address.family() == AF_UNIX ? ":" : "", uri});
    if (request_sent_ || response_received_) restart();
    request_sent_ = body_sent_ = response_received_ = false;
    head_deadline_ = 0;
    if (auto* pool = IdlePool::of(*group_)) link_ = pool->take(*peer, group_->keepalive, tag);
    std::uint32_t failure = 0;
    if (!link_) failure = co_await connect();
    if (failure) co_return failure;
    ++link_->requests;
    link_sent_ = link_->stream().sent;
    state()->connect_ms = static_cast<std::int64_t>(net::Loop::current().now() - try_begun_);
    request.log_action = "sending request to upstream";
    request_sent_ = true;
    if (streams_body()) {
        BodyStream::start(*this);
        co_return 0;
    }
    switch (flush()) {
        case Sent::kAll: body_sent_ = true; co_return 0;
        case Sent::kFailed: co_return kError;
        case Sent::kBlocked: break;
    }
    failure = co_await send();
    co_return failure;
}

std::uint32_t Exchange::connect_failed(int error, std::string_view what) {
    request.log_action = "connecting to upstream";
    log(level_of(error), what, error);
    return kError;
}

/// A socket on its way to the peer, in link_.
std::uint32_t Exchange::open_socket(Peer& peer) {
    if (!make_room()) {
        log(Level::kAlert, cat({std::to_string(http::Thread::current().connection_limit), " worker_connections are not enough"}));
        return kStatusBit | http::status::kInternal;
    }
    Fd fd(::socket(peer.address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) {
        log(Level::kAlert, "socket() failed", errno);
        return kStatusBit | http::status::kInternal;
    }
    if (conf.receive_buffer->value) set_number(*this, fd.get(), SO_RCVBUF, "SO_RCVBUF", static_cast<int>(conf.receive_buffer->value));
    if (conf.send_buffer->value) set_number(*this, fd.get(), SO_SNDBUF, "SO_SNDBUF", static_cast<int>(conf.send_buffer->value));
    if (*conf.socket_keepalive) set_number(*this, fd.get(), SO_KEEPALIVE, "SO_KEEPALIVE", 1);
    if (!conf.bind->address.empty() && !bind_to(*this, fd.get(), peer)) return kStatusBit | http::status::kInternal;
    bool connecting = false;
    if (::connect(fd.get(), peer.address.raw(), peer.address.size()) < 0) {
        if (errno != EINPROGRESS) return connect_failed(errno, cat({"connect() to ", peer.name, " failed"}));
        connecting = true;
    }
    link_ = std::make_unique<Link>(std::move(fd), connecting, peer);
    return 0;
}

Task<std::uint32_t> Exchange::connect() {
    auto failure = open_socket(*selection_.current());
    if (failure) co_return failure;
    auto wait = co_await link_->socket->writable(static_cast<std::uint64_t>(conf.connect_timeout->count()));
    if (gone_) co_return kStatusBit | http::status::kClientClosed;
    if (wait != net::Wait::kReady) co_return kTimeout;
    if (int error = link_->socket->connect_error()) co_return connect_failed(error, "connect() failed");
    if (!tls) co_return 0;
    failure = co_await shake_hands();
    co_return failure;
}

Task<std::uint32_t> Exchange::shake_hands() {
    auto hook = tls_connector();
    if (!hook) {
        log(Level::kError, "https protocol requires SSL support");
        co_return kError;
    }
    if (*request.conf<http::Client>().tcp_nodelay && selection_.current()->address.family() != AF_UNIX) {
        int one = 1;
        ::setsockopt(link_->socket->fd(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    auto& socket = *link_->socket;
    auto& peer = *selection_.current();
    auto timeout = static_cast<std::uint64_t>(conf.connect_timeout->count());
    auto deadline = net::Loop::current().now() + timeout;
    auto connected = co_await hook(request, socket, *tls, peer, tls_name, timeout);
    if (gone_) co_return kStatusBit | http::status::kClientClosed;
    if (connected.status) co_return kStatusBit | static_cast<std::uint32_t>(connected.status);
    if (!connected.stream) co_return net::Loop::current().now() < deadline ? kError : kTimeout;
    link_->tls = std::move(connected.stream);
    co_return 0;
}

ssize_t Exchange::send_file(http::Piece& piece) {
    auto& stream = link_->stream();
    auto from = piece.offset + static_cast<off_t>(sent_part_);
    auto left = piece.size - sent_part_;
    if (stream.sends_files()) return stream.send_file(piece.fd, from, std::min<std::uint64_t>(left, 1 << 30));
    static thread_local std::unique_ptr<char[]> bytes(new char[kFileBuffer]);
    ssize_t n = ::pread(piece.fd, bytes.get(), std::min<std::uint64_t>(left, kFileBuffer), from);
    if (n <= 0) return -EIO;
    struct iovec one {bytes.get(), static_cast<std::size_t>(n)};
    return stream.write({&one, 1}, false);
}

/// Writes what it can of the request.
Exchange::Sent Exchange::flush() {
    while (sending_ < outgoing.size()) {
        ssize_t n;
        if (outgoing[sending_].in_file()) {
            n = send_file(outgoing[sending_]);
        } else {
            struct iovec pieces[64];
            std::size_t count = 0, i = sending_;
            for (; i < outgoing.size() && count < 64 && !outgoing[i].in_file(); ++i) {
                auto skip = i == sending_ ? sent_part_ : 0;
                if (outgoing[i].size > skip) pieces[count++] = {const_cast<char*>(outgoing[i].data) + skip, outgoing[i].size - skip};
            }
            n = link_->stream().write({pieces, count}, i < outgoing.size());
        }
        if (n == -EAGAIN) return Sent::kBlocked;
        if (n <= 0) {
            log(level_of(static_cast<int>(-n)), "writev() failed", static_cast<int>(-n));
            return Sent::kFailed;
        }
        sent_part_ += static_cast<std::uint64_t>(n);
        while (sending_ < outgoing.size() && sent_part_ >= outgoing[sending_].size) sent_part_ -= outgoing[sending_++].size;
    }
    return Sent::kAll;
}

/// The rest of a request that did not go out at once. The answer may begin meanwhile: then it is read.
Task<std::uint32_t> Exchange::send() {
    auto& socket = *link_->socket;
    socket.hangup_context = this;
    for (;;) {
        if (socket.may_read()) {
            std::uint32_t failure = 0;
            auto came = read_head(failure);
            if (came != Came::kNothing) co_return failure;
        }
        request.log_action = "sending request to upstream";
        socket.on_input = [](void* self) { static_cast<Exchange*>(self)->wake(); };
        auto wait = co_await link_->stream().writable(static_cast<std::uint64_t>(conf.send_timeout->count()));
        socket.on_input = nullptr;
        if (gone_) co_return kStatusBit | http::status::kClientClosed;
        if (wait == net::Wait::kTimeout) co_return kTimeout;
        if (wait != net::Wait::kReady) continue;
        auto sent = flush();
        if (sent == Sent::kFailed) co_return kError;
        if (sent == Sent::kAll) break;
    }
    body_sent_ = true;
    co_return 0;
}

/// While a body streams, it is what a line of the log is about.
void Exchange::name_wait() { request.log_action = body_sent_ ? "reading response header from upstream" : "sending request to upstream"; }

/// Reads and parses as much as there is.
Exchange::Came Exchange::read_head(std::uint32_t& failure) {
    request.log_action = "reading response header from upstream";
    if (!buffer.data) {
        buffer.size = conf.buffer_size->value;
        buffer.data = static_cast<char*>(pool_allocate(buffer.size));
    }
    auto& stream = link_->stream();
    while (stream.readable(1).await_ready()) {
        ssize_t n = stream.read({buffer.data + buffer.end, buffer.size - buffer.end});
        if (n == -EAGAIN) return Came::kNothing;
        failure = kError;
        if (n == 0) log(Level::kError, "upstream prematurely closed connection");
        if (n < 0) log(level_of(static_cast<int>(-n)), "recv() failed", static_cast<int>(-n));
        if (n <= 0) return Came::kFailure;
        failure = 0;
        state()->bytes_received += static_cast<std::uint64_t>(n);
        buffer.end += static_cast<std::size_t>(n);
        response_received_ = true;
        switch (protocol.parse(*this)) {
            case Head::kDone: head_done_ = true; return Came::kHead;
            case Head::kInvalid: failure = kInvalidHeader; return Came::kFailure;
            case Head::kFailed: failure = kStatusBit | http::status::kInternal; return Came::kFailure;
            case Head::kAgain: break;
        }
        if (buffer.end == buffer.size) {
            log(Level::kError, "upstream sent too big header");
            failure = kInvalidHeader;
            return Came::kFailure;
        }
    }
    return Came::kNothing;
}

Task<std::uint32_t> Exchange::await_head() {
    if (head_done_) co_return 0;
    for (;;) {
        std::uint32_t failure = 0;
        auto came = read_head(failure);
        if (came != Came::kNothing) co_return failure;
        name_wait();
        if (stream_status_) co_return stream_status_ < 0 ? kError : kStatusBit | static_cast<std::uint32_t>(stream_status_);
        // For the whole head: neither parts of it nor early hints begin the time anew.
        auto now = net::Loop::current().now();
        if (body_sent_ && !head_deadline_) head_deadline_ = now + static_cast<std::uint64_t>(conf.read_timeout->count());
        if (body_sent_ && now >= head_deadline_) co_return kTimeout;
        auto wait = co_await link_->stream().readable(body_sent_ ? head_deadline_ - now : 0);
        if (gone_) co_return kStatusBit | http::status::kClientClosed;
        name_wait();
        if (wait == net::Wait::kTimeout) co_return kTimeout;
    }
}

}  // namespace bext::upstream
