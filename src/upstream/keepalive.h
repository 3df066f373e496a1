// Link: a connection to a peer. IdlePool: those of one thread that wait for their next request
// (ngx_http_upstream_keepalive_module.c).
#pragma once

#include <cstdint>
#include <memory>

#include "net/address.h"
#include "net/socket.h"
#include "net/timer.h"
#include "upstream/peers.h"

namespace bext::http {
class Thread;
}

namespace bext::upstream {

class IdlePool;

class Link {
public:
    Link(Fd fd, bool connecting, const Peer& peer);
    ~Link();
    static void* operator new(std::size_t size) { return pool_allocate(size); }
    static void operator delete(void* memory, std::size_t size) noexcept { pool_release(memory, size); }

    net::Stream& stream() { return tls ? *tls : static_cast<net::Stream&>(*socket); }

    std::unique_ptr<net::Socket, net::Socket::Destroy> socket;
    std::unique_ptr<net::Stream> tls;
    std::uint64_t begun;         ///< loop's clock, ms
    std::int64_t requests = 0;
    bool reused = false;

private:
    friend class IdlePool;
    struct Expiry : net::Timer {
        explicit Expiry(Link* link);
        Link* link;
    };
    http::Thread& thread_;  // whose `links` it is counted in, also at that thread's end
    net::Address address_;
    const void* tag_ = nullptr;
    Link* before_ = nullptr;
    Link* after_ = nullptr;
    IdlePool* pool_ = nullptr;
    Expiry expiry_;
};

/// Makes room for one connection more: of those that idle, a client's that has done so longest, or one to an upstream, is
/// closed (nginx's reusable connections). False when all of worker_connections are busy.
bool make_room();

class IdlePool {
public:
    /// This thread's pool for `group`; null when the group keeps none.
    static IdlePool* of(Group& group);

    explicit IdlePool(Group& group) : group_(group.weak_from_this()) {}
    ~IdlePool();

    /// An idle connection to `peer`, the most recent first. `tag`: who opened it (keepalive … local).
    std::unique_ptr<Link> take(const Peer& peer, const KeepAlive& conf, const void* tag);
    /// Keeps `link` when it is quiet; closes the oldest when there are too many.
    void keep(std::unique_ptr<Link> link, const KeepAlive& conf, const void* tag);
    /// Closes one idle connection of this thread, the oldest of its pool. False when there is none.
    static bool drop_one();

private:
    friend class Link;
    void unlink(Link& link);
    void drop(Link& link);
    static void on_input(void* link);

    std::weak_ptr<Group> group_;  // holds the address, so that no other group can take its place as a key
    Link* first_ = nullptr;
    Link* last_ = nullptr;
    std::size_t count_ = 0;
};

}  // namespace bext::upstream
