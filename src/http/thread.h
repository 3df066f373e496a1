// Thread: what one event-loop thread owns and shares with no other: its loop, open files, the Site in force, the clock texts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string_view>
#include <unordered_map>

#include "base/figures.h"
#include "http/file_cache.h"
#include "net/address.h"
#include "net/loop.h"

namespace bext::http {

class Site;

/// A Site in use by a thread: counted without atomics, since only its thread touches the count. Requests hold one, so
/// that each ends on the Site it began with.
class SiteUse {
public:
    static SiteUse* make(std::shared_ptr<const Site> site) { return new SiteUse(std::move(site)); }
    SiteUse* acquire() { return ++users_, this; }
    void release() {
        if (--users_ == 0) delete this;
    }
    const Site& site() const { return *site_; }

private:
    explicit SiteUse(std::shared_ptr<const Site> site) : site_(std::move(site)) {}
    std::shared_ptr<const Site> site_;
    std::uint64_t users_ = 1;
};

/// A connection between two requests, as the process that takes it over needs to know it.
struct PassedConnection {
    net::Address listen;  // the address that was listened on
    net::Address client;  // the other end, whatever a PROXY header says
    std::string_view proxy_header;  // as received; empty without
    std::uint32_t requests = 0;
    std::int64_t start_ms = 0;
};

/// A client's connection as its thread sees it.
class LiveConnection {
public:
    enum class Why : std::uint8_t { kRoom, kReload, kDrain };
    /// Ends it; it is idle.
    virtual void close(Why why) = 0;
    /// The process is to end: gives an idle connection away, or lets it wait for its last request, or on the last call
    /// closes it when it has had one.
    virtual void drain(bool last_call) = 0;
    /// The process is to end, and it may not be idle.
    virtual void wind_down() {}
    /// A new Site is in force: an idle connection goes over to it.
    virtual void follow() = 0;
    /// Time is over for what is on a Site of a generation before that one: ends it with what is under way, in its protocol's way
    /// where there is one.
    virtual void expire(Why why, std::uint64_t before) = 0;
    /// Calls for each request the Site that it is on; without any, for the connection itself.
    virtual void each_site(const std::function<void(const Site&, bool in_request)>& call) const = 0;

protected:
    ~LiveConnection() = default;

private:
    template <int>
    friend class ConnectionList;
    struct Links {
        LiveConnection* before = nullptr;
        LiveConnection* after = nullptr;
    };
    Links links_[2];
};

/// Connections in the order in which they were linked; one connection may be in one list of each number.
template <int kNumber>
class ConnectionList {
public:
    void link(LiveConnection& client) {
        of(client) = {last_, nullptr};
        (last_ ? of(*last_).after : first_) = &client;
        last_ = &client;
    }
    void unlink(LiveConnection& client) {
        auto& links = of(client);
        (links.before ? of(*links.before).after : first_) = links.after;
        (links.after ? of(*links.after).before : last_) = links.before;
    }
    LiveConnection* first() const { return first_; }
    /// Calls `each` for every one; it may unlink the one it is given.
    template <class Each>
    void each(Each each) {
        for (auto* at = first_; at;) {
            auto* next = of(*at).after;
            each(*at);
            at = next;
        }
    }

private:
    static LiveConnection::Links& of(LiveConnection& client) { return client.links_[kNumber]; }
    LiveConnection* first_ = nullptr;
    LiveConnection* last_ = nullptr;
};

class Thread {
public:
    Thread();
    ~Thread();
    static Thread& current() { return *current_; }

    net::Loop loop;
    FileCache files;
    SiteUse* site = nullptr;  // in force for new requests
    std::minstd_rand random;
    std::uint64_t connections = 0;
    std::uint64_t links = 0;  // connections to upstreams, which count as those of clients do
    std::uint64_t connection_limit = 512;
    std::function<void()> on_last_connection;  // while draining
    Figures& figures;
    ConnectionList<0> clients;
    ConnectionList<1> idle;     // the one that has waited longest first
    bool draining = false;  // no new connections
    /// While draining: gives an idle plain-text connection to the next process; empty when there is none.
    std::function<bool(int fd, const PassedConnection&)> pass;

    /// Counts by name (base/series.h).
    void count(SeriesTable::Row row, const Observation& what) { series_->count(slot_, row, what); }

    bool has_room() const { return connections + links < connection_limit; }
    /// Says that memory has run out.
    void note_shortage();

    /// Whether a connection is to end with the answer that it is given now.
    bool ends_keepalive(bool plain) const { return draining && !(plain && pass); }

    /// "Sat, 21 Nov 2026 05:03:54 GMT" of now.
    std::string_view http_date();
    /// "21/Nov/2026:05:03:54 +0000" and the ISO 8601 form, local time.
    std::string_view local_time();
    std::string_view iso_time();

    /// State of upstreams and the like that belongs to this thread and a configuration object: keyed by that object.
    std::unordered_map<const void*, std::shared_ptr<void>> local;

private:
    static thread_local Thread* current_;
    SeriesTable* series_;
    std::size_t slot_;
    void refresh();
    std::int64_t second_ = -1;
    char date_[32], local_[40], iso_[40];
    std::size_t local_size_ = 0, iso_size_ = 0;
};

}  // namespace bext::http
