#include "upstream/keepalive.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <unordered_map>

#include "http/thread.h"

namespace bext::upstream {

Link::Link(Fd fd, bool connecting, const Peer& peer)
    : socket(new net::Socket(std::move(fd), connecting)),
      begun(net::Loop::current().now()),
      thread_(http::Thread::current()),
      address_(peer.address),
      expiry_(this) {
    ++thread_.links;
}

Link::~Link() {
    --thread_.links;
    if (tls) tls->shutdown_write();
}

Link::Expiry::Expiry(Link* l)
    : Timer([](Timer& t) {
          auto& expired = *static_cast<Expiry&>(t).link;
          expired.pool_->drop(expired);
      }),
      link(l) {}

namespace {

/// The pools of one thread.
struct Pools {
    std::unordered_map<const Group*, std::unique_ptr<IdlePool>> by_group;
};

constexpr char kPoolsKey = 0;

/// Whether bytes or the end have come on a connection that should be silent.
bool noisy(net::Socket& socket) {
    char byte;
    ssize_t n = ::recv(socket.fd(), &byte, 1, MSG_PEEK);
    if (n < 0 && errno == EAGAIN) {
        socket.not_readable();
        return false;
    }
    return true;
}

bool same(const net::Address& a, const net::Address& b) {
    return a.size() == b.size() && std::memcmp(a.raw(), b.raw(), a.size()) == 0;
}

}  // namespace

IdlePool* IdlePool::of(Group& group) {
    if (group.keepalive.connections == 0) return nullptr;
    auto& slot = http::Thread::current().local[&kPoolsKey];
    if (!slot) slot = std::make_shared<Pools>();
    auto& pools = *static_cast<Pools*>(slot.get());
    auto& pool = pools.by_group[&group];
    if (pool && pool->group_.expired()) pool.reset();  // of another group, where this one now is
    if (!pool) {
        // A new group: the time to forget those of configurations that are gone.
        std::erase_if(pools.by_group, [](auto& entry) { return entry.second && entry.second->group_.expired(); });
        auto& made = pools.by_group[&group];
        made = std::make_unique<IdlePool>(group);
        return made.get();
    }
    return pool.get();
}

bool make_room() {
    auto& thread = http::Thread::current();
    if (thread.has_room()) return true;
    if (auto* idle = thread.idle.first()) {
        idle->close(http::LiveConnection::Why::kRoom);
        return true;
    }
    return IdlePool::drop_one();
}

bool IdlePool::drop_one() {
    auto& local = http::Thread::current().local;
    auto at = local.find(&kPoolsKey);
    if (at == local.end()) return false;
    for (auto& [group, pool] : static_cast<Pools*>(at->second.get())->by_group) {
        if (!pool || !pool->last_) continue;
        pool->drop(*pool->last_);
        return true;
    }
    return false;
}

IdlePool::~IdlePool() {
    while (first_) drop(*first_);
}

void IdlePool::unlink(Link& link) {
    (link.before_ ? link.before_->after_ : first_) = link.after_;
    (link.after_ ? link.after_->before_ : last_) = link.before_;
    link.before_ = link.after_ = nullptr;
    link.pool_ = nullptr;
    link.expiry_.disarm();
    link.socket->on_input = nullptr;
    --count_;
}

void IdlePool::drop(Link& link) {
    unlink(link);
    delete &link;
}

void IdlePool::on_input(void* context) {
    auto& link = *static_cast<Link*>(context);
    if (noisy(*link.socket)) link.pool_->drop(link);
}

std::unique_ptr<Link> IdlePool::take(const Peer& peer, const KeepAlive& conf, const void* tag) {
    for (auto* link = first_; link; link = link->after_) {
        if ((conf.local && link->tag_ != tag) || !same(link->address_, peer.address)) continue;
        unlink(*link);
        link->reused = true;
        return std::unique_ptr<Link>(link);
    }
    return nullptr;
}

void IdlePool::keep(std::unique_ptr<Link> owned, const KeepAlive& conf, const void* tag) {
    if (owned->socket->hung_up() || (owned->socket->may_read() && noisy(*owned->socket))) return;
    while (count_ >= conf.connections) drop(*last_);
    auto* link = owned.release();
    link->tag_ = tag;
    link->pool_ = this;
    link->before_ = nullptr;
    link->after_ = first_;
    (first_ ? first_->before_ : last_) = link;
    first_ = link;
    ++count_;
    link->expiry_.arm(static_cast<std::uint64_t>(conf.timeout_ms));
    link->socket->on_input = &IdlePool::on_input;
    link->socket->hangup_context = link;
}

}  // namespace bext::upstream
