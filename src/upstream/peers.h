// Peers: the servers of one upstream group, how a request chooses among them, and what is known of their failures. The
// state is shared by all threads (ngx_http_upstream_round_robin.c).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/series.h"
#include "net/address.h"

namespace bext::http {
class Request;
}

namespace bext::upstream {

/// One address of a `server` line. What follows the settings is guarded by the group's mutex.
struct Peer {
    net::Address address;
    std::string name;    ///< "127.0.0.1:80", "unix:/path"
    std::string server;  ///< as written in the configuration
    int weight = 1;
    unsigned max_conns = 0;  ///< 0: no limit
    int max_fails = 1;       ///< 0: failures are not counted
    std::int64_t fail_timeout = 10;  ///< seconds
    bool down = false;
    void* tls_session = nullptr;  ///< kept by tls/ for resumption
    SeriesTable::Row series = SeriesTable::other(SeriesKind::kPeer);  ///< where its tries are counted

    std::atomic<unsigned> conns{0};
    int effective_weight = 1, current_weight = 0, fails = 0;
    std::int64_t accessed = 0, checked = 0;

    /// Whether it may be asked now (seconds): up, not failing, below its limit of connections.
    bool available(std::int64_t now) const {
        if (down) return false;
        if (max_fails && fails >= max_fails && now - checked <= fail_timeout) return false;
        return max_conns == 0 || conns.load(std::memory_order_relaxed) < max_conns;
    }
};

/// The ordinary or the backup servers.
struct PeerSet {
    std::vector<std::unique_ptr<Peer>> peers;
    bool single = false;  ///< nothing to choose from
    int tries = 0;        ///< servers that are not marked down
};

class Group;
class Selection;

/// How a group chooses: round robin unless a directive of its block says otherwise.
class Balancer {
public:
    virtual ~Balancer() = default;
    /// Called once the group's peers are known.
    virtual void prepare(Group&) {}
    /// Called when a request begins to use the group: for what depends on the request (a key, an address).
    virtual void begin(Selection&, http::Request&) {}
    /// A peer of `selection.set()` that was not tried, null when there is none. The group's mutex is held.
    virtual Peer* pick(Selection& selection, std::int64_t now) = 0;
    /// The peer answered, or failed. The group's mutex is held.
    virtual void finished(Peer&, bool failed) { static_cast<void>(failed); }
};

/// Smooth weighted round robin.
class RoundRobin : public Balancer {
public:
    Peer* pick(Selection& selection, std::int64_t now) override;
};

/// `keepalive` and its companions.
struct KeepAlive {
    std::size_t connections = 0;  ///< idle ones kept per thread; 0: none
    std::int64_t requests = 1000, time_ms = 3600000, timeout_ms = 60000;
    bool local = false;  ///< only for the location that opened them
};

/// An `upstream` block, or the implicit group of a proxy_pass to a host.
class Group : public std::enable_shared_from_this<Group> {
public:
    std::string name;
    std::string place;  ///< " in FILE:LINE" without the " in "
    std::uint16_t port = 0;
    bool no_port = false;
    bool explicit_block = false;
    PeerSet main, backup;
    KeepAlive keepalive;
    std::unique_ptr<Balancer> balancer;
    mutable std::mutex mutex;

    /// Tries that a request has at most.
    int tries() const { return main.tries + backup.tries; }
    void add(bool to_backup, std::unique_ptr<Peer> peer);
    /// Once all peers are added.
    void finish();
    /// A group of one address that belongs to one request.
    static std::shared_ptr<Group> of(const net::Address& address, std::string name);
};

/// One request's way through the peers of a group.
class Selection {
public:
    enum class End : std::uint8_t { kDone, kFailed, kNext };

    void begin(Group& group, http::Request& request);
    /// The next peer; null when none is live.
    Peer* pick(std::int64_t now);
    /// The current peer is done with. True when this failure disables it for a while.
    bool release(End how, std::int64_t now);

    Group& group() const { return *group_; }
    PeerSet& set() const { return *set_; }
    Peer* current() const { return current_; }
    bool tried(std::size_t i) const { return bits()[i / 64] & (std::uint64_t{1} << i % 64); }
    void mark_tried(std::size_t i) { bits()[i / 64] |= std::uint64_t{1} << i % 64; }

    int tries = 0;
    void* state = nullptr;  ///< the balancer's own, in the request's arena

private:
    std::uint64_t* bits() const { return many_ ? many_ : const_cast<std::uint64_t*>(&few_); }
    void use(PeerSet& set);

    Group* group_ = nullptr;
    PeerSet* set_ = nullptr;
    Peer* current_ = nullptr;
    std::uint64_t few_ = 0;
    std::uint64_t* many_ = nullptr;
    std::size_t words_ = 1;
};

}  // namespace bext::upstream
