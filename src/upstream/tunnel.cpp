#include "upstream/tunnel.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "http/connection.h"
#include "http/core_conf.h"

namespace bext::upstream {
namespace {

void no_delay(net::Stream& stream) {
    int one = 1;
    ::setsockopt(stream.fd(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);  // fails on unix sockets, harmlessly
}

}  // namespace

/// Bytes of one direction. False: this end is closed, or the tunnel is over.
Task<bool> Tunnel::read(Way& way, std::span<char> into, std::size_t& size) {
    auto limit = static_cast<std::uint64_t>(x_.conf.read_timeout->count());
    for (;;) {
        if (over_) co_return false;
        auto now = net::Loop::current().now();
        auto timeout = way.from_peer ? (active_ + limit > now ? active_ + limit - now : 1) : 0;
        auto wait = co_await way.from.readable(timeout);
        if (over_ || wait == net::Wait::kCancelled) co_return false;
        if (wait == net::Wait::kTimeout) {
            if (net::Loop::current().now() < active_ + limit) continue;  // the other way was busy
            x_.log(Level::kInfo, "upstream timed out", ETIMEDOUT);
            co_return false;
        }
        ssize_t n = way.from.read(into);
        if (n == -EAGAIN) continue;
        if (n <= 0) co_return false;
        size = static_cast<std::size_t>(n);
        active_ = net::Loop::current().now();
        if (way.from_peer) x_.state()->bytes_received += size;
        co_return true;
    }
}

Task<bool> Tunnel::write(Way& way, std::string_view bytes) {
    auto& client = x_.request.conf<http::Client>();
    auto timeout = static_cast<std::uint64_t>((way.from_peer ? *client.send_timeout : *x_.conf.send_timeout).count());
    while (!bytes.empty()) {
        struct iovec piece {const_cast<char*>(bytes.data()), bytes.size()};
        ssize_t n = way.to.write({&piece, 1}, false);
        if (n > 0) {
            if (way.from_peer) frames_.saw(bytes.substr(0, static_cast<std::size_t>(n)));
            bytes.remove_prefix(static_cast<std::size_t>(n));
            continue;
        }
        if (n != -EAGAIN) co_return false;
        auto wait = co_await way.to.writable(timeout);
        if (wait == net::Wait::kTimeout) x_.log(Level::kInfo, way.from_peer ? "client timed out" : "upstream timed out", ETIMEDOUT);
        if (wait != net::Wait::kReady) co_return false;
    }
    co_return true;
}

Task<> Tunnel::copy(Way& way) {
    auto room = way.room;
    auto bytes = way.first;
    for (;;) {
        bool good = co_await write(way, bytes);
        if (!good) co_return;
        std::size_t got = 0;
        good = co_await read(way, room, got);
        if (!good) co_return;
        bytes = {room.data(), got};
    }
}

/// One end closed: the tunnel is over both ways.
void Tunnel::end() {
    over_ = true;
    x_.request.sink->abandon();
    if (x_.link_) x_.link_->stream().cancel();
}

Task<> Tunnel::other_way(Way& way) {
    other_runs_ = true;
    try {
        co_await copy(way);
    } catch (const std::bad_alloc&) {
        x_.log(Level::kEmerg, "malloc() failed", ENOMEM);
    }
    other_runs_ = false;
    over_ = true;
    if (x_.gate_.waiting()) {
        x_.gate_.open(net::Wait::kCancelled);
        co_return;
    }
    x_.link_->stream().cancel();  // last: the first way may end the exchange
}

/// A Close frame with 1001, "going away", where a frame of the peer's has ended. RFC 6455 section 7.4.1
std::string_view Tunnel::last_words(void* tunnel) {
    return static_cast<Tunnel*>(tunnel)->frames_.between() ? std::string_view("\x88\x02\x03\xe9", 4) : std::string_view();
}

Task<> Tunnel::run() {
    auto& r = x_.request;
    auto* upgrade = r.out.headers.find(http::Name::kUpgrade);
    if (upgrade && iequals(upgrade->value, "websocket")) {
        r.main.last_words = &Tunnel::last_words;
        r.main.last_words_context = this;
    }
    x_.log(Level::kDebug, "upgraded");
    x_.watch_.leave();
    std::string_view unread;
    auto* client = r.sink->take_over(unread);
    if (!client) {
        x_.log(Level::kError, "connection upgrade over HTTP/2");
        r.aborted = true;
        co_return;
    }
    if (*r.conf<http::Client>().tcp_nodelay) {
        no_delay(*client);
        no_delay(x_.link_->stream());
    }
    active_ = net::Loop::current().now();
    Way up{*client, x_.link_->stream(), unread, false}, down{x_.link_->stream(), *client, x_.buffer.unused(), true};
    auto size = x_.conf.buffer_size->value;
    up.room = {r.arena.bytes(size), size};
    down.room = {r.arena.bytes(size), size};
    spawn(other_way(up));
    try {
        if (!over_) co_await copy(down);
    } catch (const std::bad_alloc&) {
        x_.log(Level::kEmerg, "malloc() failed", ENOMEM);
    }
    end();
    r.main.last_words = nullptr;
    while (other_runs_) {
        auto wait = co_await net::Stream::Waiting(x_.gate_, false, 0);
        static_cast<void>(wait);
    }
}

Task<> Exchange::tunnel() {
    auto& r = request;
    r.keepalive = false;
    if (&r != &r.main) {
        log(Level::kError, "connection upgrade in subrequest");
        finish(false);
        r.aborted = true;
        co_return;
    }
    r.log_action = "proxying upgraded connection";
    http::Chain nothing(r.arena);
    bool alive = co_await r.send(nothing, false, true);
    if (alive) {
        Tunnel both(*this);
        co_await both.run();
    }
    finish(false);
    r.ended = true;
}

}  // namespace bext::upstream
