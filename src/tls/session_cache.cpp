#include "tls/session_cache.h"

#include <time.h>

#include "base/text.h"
#include "base/warm.h"
#include "base/wire.h"
#include "http/zones.h"
#include "tls/openssl.h"
#include "tls/shield.h"

namespace bext::tls {
namespace {

constexpr std::size_t kLongest = 4096;  // a longer session (a large client certificate) is not kept, as with nginx

int cache_index() {
    static int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

SessionCache* cache_of(const SSL* ssl) { return static_cast<SessionCache*>(SSL_get_ex_data(ssl, cache_index())); }

std::string_view id_of(const SSL_SESSION* session) {
    unsigned size = 0;
    auto* id = SSL_SESSION_get_id(session, &size);
    return {reinterpret_cast<const char*>(id), size};
}

int keep(SSL* ssl, SSL_SESSION* session) {
    // A ticket of TLS 1.3 holds all there is.
    if (SSL_version(ssl) == TLS1_3_VERSION && !(SSL_get_options(ssl) & SSL_OP_NO_TICKET)) return 0;
    auto* cache = cache_of(ssl);
    int size = i2d_SSL_SESSION(session, nullptr);
    if (!cache || size <= 0 || static_cast<std::size_t>(size) > kLongest) return 0;
    std::string der(static_cast<std::size_t>(size), 0);
    auto* at = reinterpret_cast<unsigned char*>(der.data());
    i2d_SSL_SESSION(session, &at);
    cache->put(id_of(session), std::move(der), ::time(nullptr) + SSL_SESSION_get_timeout(session));
    return 0;
}

SSL_SESSION* find(SSL* ssl, const unsigned char* id, int size, int* copy) {
    *copy = 0;
    auto* cache = cache_of(ssl);
    if (!cache) return nullptr;
    auto der = cache->get({reinterpret_cast<const char*>(id), static_cast<std::size_t>(size)}, ::time(nullptr));
    if (der.empty()) return nullptr;
    auto* at = reinterpret_cast<const unsigned char*>(der.data());
    return d2i_SSL_SESSION(nullptr, &at, static_cast<long>(der.size()));
}

}  // namespace

std::shared_ptr<SessionCache> SessionCache::named(const std::string& name, std::uint64_t size) {
    auto identity = cat({"ssl_session_cache ", name, " ", std::to_string(size)});
    return std::static_pointer_cast<SessionCache>(http::surviving_zone(identity, [&] {
        auto cache = std::make_shared<SessionCache>(size);
        http::keep_zone_warm(identity, cache);
        return cache;
    }));
}

void SessionCache::attach(ssl_ctx_st* ctx) {
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR);
    SSL_CTX_sess_set_new_cb(ctx, Shield<keep, 0>::call);
    SSL_CTX_sess_set_get_cb(ctx, Shield<find, nullptr>::call);
}

void SessionCache::serve(ssl_st* ssl) { SSL_set_ex_data(ssl, cache_index(), this); }

void SessionCache::erase(Entries::iterator entry) {
    room_ += cost(*entry);
    by_id_.erase(entry->id);
    entries_.erase(entry);
}

void SessionCache::put(std::string_view id, std::string session, std::int64_t expires) {
    std::lock_guard lock(mutex_);
    if (auto found = by_id_.find(id); found != by_id_.end()) erase(found->second);
    Entry entry{std::string(id), std::move(session), expires};
    while (room_ < cost(entry) && !entries_.empty()) erase(std::prev(entries_.end()));
    if (room_ < cost(entry)) return;
    room_ -= cost(entry);
    entries_.push_front(std::move(entry));
    by_id_.emplace(entries_.front().id, entries_.begin());
}

std::string SessionCache::get(std::string_view id, std::int64_t now) {
    std::lock_guard lock(mutex_);
    auto found = by_id_.find(id);
    if (found == by_id_.end()) return {};
    if (found->second->expires > now) return found->second->session;
    erase(found->second);
    return {};
}

void SessionCache::remove(std::string_view id) {
    std::lock_guard lock(mutex_);
    if (auto found = by_id_.find(id); found != by_id_.end()) erase(found->second);
}

std::string SessionCache::save() {
    std::lock_guard lock(mutex_);
    WireWriter wire;
    wire.list(entries_, [&](const Entry& entry) {
        wire.text(entry.id);
        wire.text(entry.session);
        wire.number(entry.expires);
    });
    return wire.take();
}

void SessionCache::restore(std::string_view bytes) {
    WireReader wire(bytes);
    std::list<Entry> read;
    wire.list([&] {
        Entry entry;
        wire.text(entry.id);
        wire.text(entry.session);
        wire.number(entry.expires);
        read.push_front(std::move(entry));  // the oldest first, as they are put
    });
    for (auto& entry : read) put(entry.id, std::move(entry.session), entry.expires);
}

}  // namespace bext::tls
