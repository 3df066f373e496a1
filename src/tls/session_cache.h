// SessionCache: `ssl_session_cache shared:NAME:SIZE`: sessions that every thread and every server with that name shares,
// that survive a reload and go on in the next process.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

struct ssl_ctx_st;
struct ssl_st;
struct ssl_session_st;

namespace bext::tls {

class SessionCache {
public:
    /// The cache of that name and size (bytes).
    static std::shared_ptr<SessionCache> named(const std::string& name, std::uint64_t size);

    /// Has OpenSSL ask here, and nowhere else. `ctx` must not outlive this.
    static void attach(ssl_ctx_st* ctx);
    /// The cache of a connection, once its SSL is made.
    void serve(ssl_st* ssl);

    explicit SessionCache(std::uint64_t size) : room_(size) {}
    void put(std::string_view id, std::string session, std::int64_t expires);
    /// The session in DER; empty when there is none or it has expired.
    std::string get(std::string_view id, std::int64_t now);
    void remove(std::string_view id);
    std::string save();
    void restore(std::string_view bytes);

private:
    struct Entry {
        std::string id;
        std::string session;
        std::int64_t expires = 0;  // unix seconds
    };
    using Entries = std::list<Entry>;
    void erase(Entries::iterator entry);
    static std::uint64_t cost(const Entry& entry) { return entry.session.size() + 150; }

    std::mutex mutex_;
    Entries entries_;  // the most recent first
    std::unordered_map<std::string_view, Entries::iterator> by_id_;
    std::uint64_t room_;  // bytes left
};

}  // namespace bext::tls
