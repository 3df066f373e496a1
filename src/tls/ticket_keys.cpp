#include "tls/ticket_keys.h"

#include <openssl/rand.h>

#include <cstring>
#include <map>
#include <memory>

#include "base/warm.h"
#include "base/wire.h"

namespace bext::tls {

TicketKeys& TicketKeys::own(std::int64_t lifetime) {
    static std::mutex mutex;
    static std::map<std::int64_t, std::unique_ptr<TicketKeys>> all;
    std::lock_guard lock(mutex);
    auto& keys = all[lifetime];
    if (keys) return *keys;
    keys = std::make_unique<TicketKeys>(lifetime);
    auto name = "tls ticket keys " + std::to_string(lifetime);
    if (auto bytes = warm_state().take(name)) keys->restore(*bytes);
    warm_state().keep(name, [made = keys.get()] { return std::optional(made->save()); });
    return *keys;
}

bool TicketKeys::current(TicketKey& key, std::int64_t now) {
    std::lock_guard lock(mutex_);
    if (keys_.empty() || now - keys_.front().made >= lifetime_ || now < keys_.front().made) {
        Dated fresh;
        fresh.key.long_key = true;
        fresh.made = now;
        bool random = RAND_bytes(fresh.key.name, sizeof fresh.key.name) == 1 && RAND_priv_bytes(fresh.key.aes, sizeof fresh.key.aes) == 1 &&
                      RAND_priv_bytes(fresh.key.hmac, sizeof fresh.key.hmac) == 1;
        if (!random) return false;
        keys_.insert(keys_.begin(), fresh);
        if (keys_.size() > 2) keys_.resize(2);
    }
    key = keys_.front().key;
    return true;
}

bool TicketKeys::find(const unsigned char* name, TicketKey& key, bool& older) {
    std::lock_guard lock(mutex_);
    for (auto& one : keys_) {
        if (std::memcmp(one.key.name, name, sizeof one.key.name) != 0) continue;
        key = one.key;
        older = &one != &keys_.front();
        return true;
    }
    return false;
}

std::string TicketKeys::save() {
    std::lock_guard lock(mutex_);
    WireWriter wire;
    wire.list(keys_, [&](const Dated& one) {
        wire.text({reinterpret_cast<const char*>(&one.key), sizeof one.key});
        wire.number(one.made);
    });
    return wire.take();
}

void TicketKeys::restore(std::string_view bytes) {
    WireReader wire(bytes);
    std::vector<Dated> read;
    wire.list([&] {
        Dated one;
        auto key = wire.text();
        wire.number(one.made);
        if (key.size() == sizeof one.key) {
            std::memcpy(&one.key, key.data(), key.size());
            read.push_back(one);
        }
    });
    std::lock_guard lock(mutex_);
    if (wire.at_end()) keys_ = std::move(read);
}

}  // namespace bext::tls
